package sqldb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// Schema returns the statements that make all tables. They may be run again.
func (db *DB) Schema() []string { return db.statements(newCatalog()) }

// Upgrade returns the statements that make the tables of this version of those of
// the one before.
func (db *DB) Upgrade() []string { return db.statements(db.catalogOf(version.Number - 1)) }

func (db *DB) statements(have catalog) (all []string) {
	for _, g := range db.gaps(have) {
		for _, c := range g.changes {
			all = append(all, c.text)
		}
	}
	return all
}

// Check returns an error for a server that cannot be used, or for all that is
// missing.
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
	var problems []error
	for _, g := range db.gaps(have) {
		for _, problem := range g.problems {
			problems = append(problems, fmt.Errorf("sqlstore: %s; call Migrate", problem))
		}
	}
	return errors.Join(problems...)
}

// settled reports whether the version alone decides: one that is too new is an
// error, and the next one promises that this code may use it, whatever has become
// of what this code would make.
func settled(have catalog) (bool, error) {
	if have.version.Number <= version.Number {
		return false, nil
	}
	return true, have.version.Check(version)
}

// Ready asks for the version, the row of {head}, what the server says of itself and
// the time, and for all else only if something is another than at the last Check
// that found nothing.
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
		if err := db.Check(ctx); err != nil { // knows more about an error, too
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
