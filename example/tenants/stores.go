package main

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/redis/go-redis/v9"
	_ "modernc.org/sqlite" // the driver "sqlite", in Go

	"github.com/gin-jwt-extended/ginjwt/redisstore"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// openDatabase opens PostgreSQL or, without a URL, a SQLite file. It creates missing tables.
func openDatabase(ctx context.Context, postgres string) (*sql.DB, sqlstore.Dialect, error) {
	driver, source, dialect := "sqlite", "file:tenants.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)", sqlstore.SQLite
	if postgres != "" {
		driver, source, dialect = "pgx", postgres, sqlstore.PostgreSQL
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return nil, dialect, err
	}
	_, err = db.ExecContext(ctx, schema)
	return db, dialect, err
}

// openStores fills the stores, which all tenants share. One goroutine follows the blocklist for
// all of them, until ctx ends.
func (s *shared) openStores(ctx context.Context, db *sql.DB, dialect sqlstore.Dialect, redisURL string) error {
	if redisURL != "" {
		return s.openRedis(ctx, redisURL)
	}
	store, err := sqlstore.New(db, dialect, sqlstore.Options{})
	if err != nil {
		return err
	}
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	s.sessions, s.blocklist, s.once = store.Sessions(), store.Blocklist(ctx), store.Once()
	go purge(ctx, store)
	return nil
}

func (s *shared) openRedis(ctx context.Context, url string) error {
	options, err := redis.ParseURL(url)
	if err != nil {
		return errors.New("-redis must be like redis://user:password@host:6379/0") // the error could contain the password
	}
	options.ContextTimeoutEnabled = true
	store, err := redisstore.New(redis.NewClient(options), redisstore.Options{})
	if err != nil {
		return err
	}
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	s.sessions, s.blocklist, s.once = store.Sessions(), store.Blocklist(ctx), store.Once()
	return nil
}

// purge deletes expired rows every hour.
func purge(ctx context.Context, store *sqlstore.Store) {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		if _, err := store.Purge(ctx); err != nil && ctx.Err() == nil {
			log.Print("purge: ", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
