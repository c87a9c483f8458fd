package sqldb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// errLocked says that another client holds a lock or runs the same change.
var errLocked = errors.New("another client holds a lock")

// The pauses between two tries, in which other clients get their locks.
const (
	firstPause = 50 * time.Millisecond
	maxPause   = time.Second
)

// Migrate creates what is missing. ctx bounds it; the timeout does not.
func (db *DB) Migrate(ctx context.Context) error {
	_, err := promptly(ctx, func() (struct{}, error) {
		return onFile(ctx, db, func(ctx context.Context) (struct{}, error) { return struct{}{}, db.migrate(ctx) })
	})
	return err
}

// migrate fills all gaps, and tries again if it met a lock.
func (db *DB) migrate(ctx context.Context) error {
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		err := db.fill(ctx)
		if !db.dialect.locked(err) {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// fill fills all gaps. After an error it reads the catalog again: another process may have
// made the same change. It fails only if the gaps stay the same.
func (db *DB) fill(ctx context.Context) error {
	var tried []change
	failed := errors.New("migrating: a statement succeeded, but its change is not there: check the role and the schema of the connection")
	if err := db.refusal(ctx); err != nil {
		return err
	}
	for {
		have, err := db.readCatalog(ctx)
		if err != nil {
			return err
		}
		changes, err := db.changes(have)
		switch {
		case err != nil || len(changes) == 0:
			return err
		case slices.Equal(changes, tried):
			return failed
		}
		if err := db.checkServer(ctx); err != nil {
			return err
		}
		if err := db.apply(ctx, changes); err != nil {
			if db.dialect.locked(err) || ctx.Err() != nil {
				return err
			}
			failed = err
		}
		tried = changes
	}
}

func (db *DB) apply(ctx context.Context, changes []change) error {
	for _, c := range changes {
		if err := db.dialect.apply(ctx, db.pool, c); err != nil {
			return fmt.Errorf("migrating: %w", err)
		}
	}
	return nil
}

func (db *DB) changes(have catalog) (all []change, err error) {
	if settled, err := settled(have); settled {
		return nil, err
	}
	if err := db.foreign(have); err != nil {
		return nil, err
	}
	for _, g := range db.gaps(have) {
		all = append(all, g.changes...)
	}
	return all, nil
}
