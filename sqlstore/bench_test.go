package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/sqlstore"
	"github.com/gin-jwt-extended/ginjwt/store"
)

var errRefused = errors.New("connection refused")

// refusing is a driver of a database that is down.
type refusing struct{}

func (refusing) Connect(context.Context) (driver.Conn, error) { return nil, errRefused }
func (refusing) Driver() driver.Driver                        { return nil }

// The cost of requests while the database is down, beside a list in memory. The benchmark with a
// database is in integration/sqlstore.
func BenchmarkDatabaseIsDown(b *testing.B) {
	db := sql.OpenDB(refusing{})
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	tables, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{})
	require.NoError(b, err)
	list, memory := tables.Blocklist(b.Context()), &store.MemoryBlocklist{}
	const revoked, other = "9f6c3a52-5d0e-4b7e-9a51-0c1d2e3f4a5b", "1d2e7c40-88aa-4c0b-b6f3-3a9d5e7f1b20"
	expires := time.Now().Add(time.Hour)
	require.ErrorIs(b, list.Add(b.Context(), revoked, expires), errRefused) // this process refuses it
	require.NoError(b, memory.Add(b.Context(), revoked, expires))
	for _, of := range []struct {
		name string
		call func() (bool, error)
		want bool
		err  error
	}{
		{"floor/Ping", func() (bool, error) { return false, db.PingContext(b.Context()) }, false, errRefused},
		{"floor/Contains in memory", func() (bool, error) { return memory.Contains(b.Context(), revoked) }, true, nil},
		{"Contains, revoked by this process", func() (bool, error) { return list.Contains(b.Context(), revoked) }, true, nil},
		{"hostile/Contains", func() (bool, error) { return list.Contains(b.Context(), other) }, false, errRefused},
		{"hostile/Claim", func() (bool, error) { return tables.Once().Claim(b.Context(), other, expires) }, false, errRefused},
		{"hostile/Get a session", func() (bool, error) {
			_, ok, err := tables.Sessions().Get(b.Context(), other)
			return ok, err
		}, false, errRefused},
	} {
		b.Run(of.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got, err := of.call(); got != of.want || !errors.Is(err, of.err) {
					b.Fatal(got, err)
				}
			}
		})
	}
}
