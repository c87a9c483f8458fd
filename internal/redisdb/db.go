// Package redisdb talks to Redis for package redisstore: calls with a deadline, writes that
// wait for replicas, and the list of revoked IDs. Its errors begin with "redisstore",
// because that is the package that users know.
package redisdb

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// DB calls a server or a cluster. Its methods may be called by any number of goroutines.
type DB struct {
	Client   redis.UniversalClient
	Timeout  time.Duration // of each call
	Replicas int           // how many must have a write

	mayNotAsk     atomic.Bool // about the server itself
	needsExpiring atomic.Bool // see NeedsExpiring
}

// NeedsExpiring makes CheckServer also refuse a server that may evict keys with an expiry.
func (db *DB) NeedsExpiring() { db.needsExpiring.Store(true) }

type answer[T any] struct {
	value T
	err   error
}

// Ask runs question, and gives up after the timeout or when ctx ends. The question may
// then still run, so it must not write to variables of its caller.
func Ask[T any](ctx context.Context, db *DB, question func(context.Context) (T, error)) (T, error) {
	return ask(ctx, db.Timeout, question)
}

// ask gives up after most. It does not rely on the client for that: a cluster client, for
// example, looks up commands with a timeout of its own.
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

// failure adds the name of the package, and what to do if that is known. It cuts off the
// arguments that a server repeats for an unknown command, because they may contain IDs.
func failure(err error) error {
	if err == nil {
		return nil
	}
	if text, _, cut := strings.Cut(err.Error(), ", with args"); cut {
		return fmt.Errorf("redisstore: %s; %s", text, adviceCommands)
	}
	for _, a := range advices {
		if strings.HasPrefix(err.Error(), a.prefix) {
			return fmt.Errorf("redisstore: %w; %s", err, a.text)
		}
	}
	return fmt.Errorf("redisstore: %w", err)
}

const (
	adviceCommands = "the store needs Redis 6.2 or newer, without renamed commands; the address must not be the address of a Sentinel"
	adviceRights   = "allow the user the commands and keys that the documentation of redisstore lists"
	adviceCluster  = "the server is a node of a cluster: use redis.NewClusterClient"
)

// advices say what to do about errors. A prefix is an error code of the server, with its
// text if the code alone says little.
var advices = []struct{ prefix, text string }{
	{"READONLY ", "the server is a replica: connect to the master"},
	{"NOPERM ", adviceRights},
	{"ERR The user executing the script can't run this command", adviceRights},
	{"ERR ACL failure in script", adviceRights}, // the same, in later versions
	{"WRONGTYPE ", "check whether another program writes to the keys of this prefix"},
	{"MOVED ", adviceCluster},
	{"CROSSSLOT ", adviceCluster},
	{"ERR This instance has cluster support disabled", "the server is not a cluster: use redis.NewClient"},
	{"OOM ", "give the server more memory (maxmemory), or remove keys of other programs"},
	{"NOREPLICAS ", "start the replicas again: min-replicas-to-write says how many the server needs"},
}
