package main

import (
	"context"
	"log/slog"
	"time"
)

// purgePause is how often a database is rid of what has expired.
const purgePause = 10 * time.Minute

type purger interface {
	Purge(ctx context.Context) (removed int64, err error)
}

// purge removes what has expired at every tick, until ctx ends. A process that
// does not run then is no loss: another one, or a later tick, does it.
func purge(ctx context.Context, store purger, ticks <-chan time.Time, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		if _, err := store.Purge(ctx); err != nil && ctx.Err() == nil {
			log.Warn("expired rows were not removed", "error", err)
		}
	}
}
