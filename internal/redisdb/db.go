// Package redisdb is what package redisstore says to Redis: questions that are
// answered in time, writes that reach replicas, and the list of revoked IDs. Its
// errors bear the name of redisstore, which is the package that users know.
package redisdb

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// DB asks a server, or a cluster. Its methods may be called by any number of
// goroutines.
type DB struct {
	Client   redis.UniversalClient
	Timeout  time.Duration // of each question
	Replicas int           // that must have a write

	mayNotAsk     atomic.Bool // about the server itself
	needsExpiring atomic.Bool // see NeedsExpiring
}

// NeedsExpiring has CheckServer refuse a server that forgets keys that expire before
// they do.
func (db *DB) NeedsExpiring() { db.needsExpiring.Store(true) }

type answer[T any] struct {
	value T
	err   error
}

// Ask puts a question to the server and gives up after the timeout, or when ctx
// ends; then the question still runs, so it must not write to what its caller
// reads.
func Ask[T any](ctx context.Context, db *DB, question func(context.Context) (T, error)) (T, error) {
	return ask(ctx, db.Timeout, question)
}

// ask gives up after most. It does not rely on the client for that: a cluster
// client, for one, looks up commands in time of its own.
func ask[T any](ctx context.Context, most time.Duration, question func(context.Context) (T, error)) (value T, err error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	answers := make(chan answer[T], 1)
	go func() {
		value, err := question(ctx)
		answers <- answer[T]{value, err}
	}()
	select {
	case a := <-answers:
		return a.value, failure(a.err)
	case <-ctx.Done():
		return value, fmt.Errorf("redisstore: no answer: %w", ctx.Err())
	}
}

// failure names the package. It cuts off the arguments that a server repeats
// when it does not know a command: there are IDs among them.
func failure(err error) error {
	if err == nil {
		return nil
	}
	if text, _, cut := strings.Cut(err.Error(), ", with args"); cut {
		return fmt.Errorf("redisstore: %s", text)
	}
	if strings.HasPrefix(err.Error(), "READONLY ") {
		return fmt.Errorf("redisstore: %w; the server is a replica: connect to the master", err)
	}
	return fmt.Errorf("redisstore: %w", err)
}
