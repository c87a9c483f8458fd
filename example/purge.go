package main

import (
	"context"
	"log/slog"
	"time"
)

// purgePause is the time between two purges of expired rows.
const purgePause = 10 * time.Minute

type purger interface {
	Purge(ctx context.Context) (removed int64, err error)
}

// purge removes expired rows at every tick, until ctx ends. Missing a tick is harmless:
// another process, or a later tick, removes the rows.
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
