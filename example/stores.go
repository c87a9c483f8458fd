package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// stores hold sessions and revoked tokens. Other processes on the same server share
// both.
type stores struct {
	sessions  ginjwt.SessionStore
	blocklist ginjwt.Blocklist
	ready     func(ctx context.Context) error // the server answers and can be used
	close     func() error
}

// maxStaleness is how late a process may learn of a revocation by another process. It
// polls a database four times as often; Redis reports revocations by itself.
const maxStaleness = time.Second

// openStores uses the Redis server of REDIS_URL or, if that is not set, the database. The
// blocklist follows the server until ctx ends. The context start limits how long the
// server may take to answer now.
func openStores(ctx, start context.Context, db database, lookup lookupFunc, log *slog.Logger) (*stores, error) {
	if address, ok := lookup("REDIS_URL"); ok && address != "" {
		s, err := inRedis(ctx, start, address)
		if err != nil {
			return nil, fmt.Errorf("REDIS_URL: %w", err)
		}
		return s, nil
	}
	return inDatabase(ctx, start, db, log)
}

func inDatabase(ctx, start context.Context, db database, log *slog.Logger) (*stores, error) {
	store, err := sqlstore.New(db.DB, db.dialect, sqlstore.Options{MaxStaleness: maxStaleness})
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(start); err != nil { // creates missing tables
		return nil, err
	}
	blocklist := store.Blocklist(ctx)
	if err := blocklist.Ready(start); err != nil {
		return nil, err
	}
	ticker := time.NewTicker(purgePause)
	go purge(ctx, store, ticker.C, log)
	return &stores{store.Sessions(), blocklist, store.Ready, func() error { return nil }}, nil
}

// A detailed error could contain the password in the URL.
var errNotRedis = errors.New("must be like redis://user:password@host:6379/0, or rediss:// for TLS")

func inRedis(ctx, start context.Context, address string) (*stores, error) {
	options, err := redis.ParseURL(address)
	if err != nil {
		return nil, errNotRedis
	}
	options.ContextTimeoutEnabled = true
	client := redis.NewClient(options)
	if err := client.Ping(start).Err(); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	store, err := redisstore.New(client, redisstore.Options{MaxStaleness: maxStaleness})
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	if err := store.Migrate(start); err != nil { // stores the version of the data format
		return nil, errors.Join(err, client.Close())
	}
	blocklist := store.Blocklist(ctx)
	if err := blocklist.Ready(start); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return &stores{store.Sessions(), blocklist, store.Ready, client.Close}, nil
}
