package sqldb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// Schema returns the statements that create all tables. They may be run again.
func (db *DB) Schema() []string { return db.statements(newCatalog()) }

// Upgrade returns the statements that upgrade the tables of the previous version.
func (db *DB) Upgrade() []string { return db.statements(db.catalogOf(version.Number - 1)) }

func (db *DB) statements(have catalog) (all []string) {
	for _, g := range db.gaps(have) {
		for _, c := range g.changes {
			all = append(all, c.text)
		}
	}
	return all
}

// Check returns an error if the server cannot be used, or an error that names everything
// that is missing.
func (db *DB) Check(ctx context.Context) error {
	have, err := answer(ctx, db, func(ctx context.Context) (catalog, error) {
		if err := db.checkServer(ctx); err != nil {
			return catalog{}, err
		}
		return db.readCatalog(ctx)
	})
	if err != nil {
		return err
	}
	if err := db.check(have); err != nil {
		return err
	}
	db.checked.Store(&have.version)
	return nil
}

func (db *DB) check(have catalog) error {
	if settled, err := settled(have); settled {
		if err != nil {
			return fmt.Errorf("sqlstore: %w", err)
		}
		return nil
	}
	if err := db.foreign(have); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	var problems []error
	for _, g := range db.gaps(have) {
		for _, problem := range g.problems {
			problems = append(problems, fmt.Errorf("sqlstore: %s; call Migrate", problem))
		}
	}
	return errors.Join(problems...)
}

// settled reports whether the version alone decides. A version that is too new is an error.
// The next version may allow this code to use it, whatever it has changed in the tables.
func settled(have catalog) (bool, error) {
	if have.version.Number <= version.Number {
		return false, nil
	}
	return true, have.version.Check(version)
}

// Ready reads the version, the row of {head}, the refusal of the server and the time in one
// statement. It calls Check only if one of these has changed since the last Check without an
// error.
func (db *DB) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, db.timeout)
	defer cancel()
	asked := time.Now()
	states, err := Rows(ctx, db, scanReady, db.Queries.Ready)
	known := err == nil && len(states) == 1
	var skew time.Duration
	if known && !db.dialect.embedded {
		skew = replica.Skew(states[0].now, asked)
	}
	if checked := db.checked.Load(); !known || checked == nil || !states[0].isAsAt(*checked) {
		if err := db.Check(ctx); err != nil { // its error says more
			return err
		}
	}
	return checkSkew(skew)
}

func checkSkew(skew time.Duration) error {
	if err := replica.CheckSkew(skew); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	return nil
}
