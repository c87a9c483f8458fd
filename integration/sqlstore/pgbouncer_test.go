package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
	"github.com/gin-jwt-extended/ginjwt/storetest"
)

// bySetting are drivers, and what their DSN needs to send each statement with its
// parameters.
var bySetting = map[string]struct{ driver, setting string }{
	"pgx, exec":                 {"pgx", "&default_query_exec_mode=exec"},
	"pgx, simple protocol":      {"pgx", "&default_query_exec_mode=simple_protocol"},
	"pgx, cache describe":       {"pgx", "&default_query_exec_mode=cache_describe"},
	"lib/pq, binary parameters": {"postgres", "&binary_parameters=yes"},
}

// newPgBouncer starts a PgBouncer that has two connections to a PostgreSQL server,
// and lends them for a transaction.
func newPgBouncer(t *testing.T) *testserver.Server {
	return testserver.PgBouncer(t, testserver.Postgres(t))
}

func TestPgBouncer(t *testing.T) {
	t.Parallel()
	bouncer := newPgBouncer(t)
	for name, by := range bySetting {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := bouncer.DSN() + by.setting
			d := &database{sqlstore.PostgreSQL, by.driver, dsn, bouncer, open(t, by.driver, dsn)}
			testIdentities(t, d, d.newStore(t, patient))
			testChanged(t, d, d.newStore(t, patient))
			testPlaces(t, d, d.newStore(t, patient))
			testBatches(t, d, d.newStore(t, patient))
			testOrder(t, d, d.newStore(t, patient))
			testPurge(t, d, nil)
			testClaims(t, d, d.newStore(t, patient))
			testPurgeAndProlong(t, d, d.newStore(t, patient))
			options := patient
			options.Prefix = "m" + strings.ToLower(strings.NewReplacer(", ", "_", " ", "_", "/", "_").Replace(name)) + "_"
			testManyClients(t, d, options)
			storetest.Plays(t, func(t *testing.T) (ginjwt.SessionStore, ginjwt.Blocklist) {
				store := d.newStore(t, patient)
				return store.Sessions(), d.newBlocklist(t, store)
			}, storetest.PlayCount(2))
		})
	}
}

// testManyClients is what many processes do at once, each with a pool of its own.
func testManyClients(t *testing.T, d *database, options sqlstore.Options) {
	t.Helper()
	var running sync.WaitGroup
	for client := range 6 {
		store := newTested(t, open(t, d.driver, d.dsn), d.dialect, options)
		running.Go(func() {
			assert.NoError(t, store.Migrate(t.Context()))
			b := store.Blocklist(t.Context())
			for i := range 25 {
				assert.NoError(t, useOnce(t.Context(), store, b, client*1000+i))
			}
		})
	}
	running.Wait()
}

// useOnce calls what a process calls, and looks at the answers.
func useOnce(ctx context.Context, store *tested, b *sqlstore.Blocklist, n int) error {
	sessions, s, id := store.Sessions(), newSession(sessionID(n), fmt.Sprint("user ", n)), fmt.Sprint("id ", n)
	created, err := sessions.Create(ctx, s)
	got, ok, err2 := sessions.Get(ctx, s.ID)
	next := s
	next.Generation++
	replaced, err3 := sessions.Replace(ctx, s, next)
	all, err4 := sessions.List(ctx, "", s.Identity)
	err5 := b.Add(ctx, id, time.Now().Add(time.Hour))
	blocked, err6 := b.Contains(ctx, "another", id)
	_, err7 := store.Purge(ctx)
	first, err9 := store.Once().Claim(ctx, id, time.Now().Add(time.Hour))
	again, err10 := store.Once().Claim(ctx, id, time.Now().Add(time.Hour))
	deleted, err8 := sessions.Delete(ctx, s.ID)
	if err := errors.Join(err, err2, err3, err4, err5, err6, err7, err8, err9, err10, store.Check(ctx), store.Ready(ctx)); err != nil {
		return err
	}
	if !created || !ok || got.ID != s.ID || !replaced || len(all) != 1 || all[0].Identity != s.Identity || !blocked || !deleted || !first || again {
		return errors.New("a wrong answer")
	}
	return nil
}

// Drivers that prepare statements, and use them in the next transaction, find them
// missing, or find those of others. The error says what to set.
func TestPgBouncerAndPreparedStatements(t *testing.T) {
	t.Parallel()
	bouncer := newPgBouncer(t)
	const advice = "set default_query_exec_mode=exec for pgx, binary_parameters=yes for lib/pq"
	for name, by := range map[string]struct{ driver, setting string }{
		"pgx":                {"pgx", ""},
		"pgx, describe exec": {"pgx", "&default_query_exec_mode=describe_exec"},
		"lib/pq":             {"postgres", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := patient
			options.Prefix = "w" + strings.ToLower(strings.NewReplacer(", ", "_", " ", "_", "/", "_").Replace(name)) + "_"
			require.NoError(t, newTested(t, open(t, "pgx", bouncer.DSN()+"&default_query_exec_mode=exec"), sqlstore.PostgreSQL, options).Migrate(t.Context()))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			told := make(chan error, 1)
			var running sync.WaitGroup
			for client := range 6 {
				store := newTested(t, open(t, by.driver, bouncer.DSN()+by.setting), sqlstore.PostgreSQL, options)
				running.Go(func() {
					b := store.Blocklist(ctx)
					for i := 0; ctx.Err() == nil; i++ {
						if err := useOnce(ctx, store, b, client*100_000+i); err != nil && strings.Contains(err.Error(), advice) {
							select {
							case told <- err:
							default:
							}
							cancel()
							return
						}
					}
				})
			}
			running.Wait()
			require.NotEmpty(t, told)
			assert.Regexp(t, `42P05|26000|08P01|panicked`, <-told)
		})
	}
}

// TestPgBouncerRestarted restarts it under use.
func TestPgBouncerRestarted(t *testing.T) {
	t.Parallel()
	for name, by := range bySetting {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bouncer := newPgBouncer(t)
			faults.Run(t, func(ctx context.Context) faults.Stores {
				return processOn(ctx, t, sqlstore.PostgreSQL, by.driver, bouncer.DSN()+by.setting)
			}, faults.Fault{Do: func() {
				for range 3 {
					bouncer.Kill()
					bouncer.Start()
					pass(faults.MaxStaleness / 2)
				}
				bouncer.Kill()
				pass(outage)
				bouncer.Start()
			}})
		})
	}
}
