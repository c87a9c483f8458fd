package redisstore

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/store"
)

var errRefused = errors.New("connection refused")

// silence keeps the client from logging each failure.
type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

// The cost of requests while the server is down, beside a list in memory. The benchmark with a
// server is in integration/redisstore.
func BenchmarkServerIsDown(b *testing.B) {
	redis.SetLogger(silence{})
	client := redis.NewClient(&redis.Options{
		Dialer:                func(context.Context, string, string) (net.Conn, error) { return nil, errRefused },
		ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1, DialerRetryTimeout: 1,
	})
	b.Cleanup(func() { require.NoError(b, client.Close()) })
	server, err := New(client, Options{})
	require.NoError(b, err)
	list, memory := server.Blocklist(b.Context()), &store.MemoryBlocklist{}
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
		{"floor/PING", func() (bool, error) { return false, client.Ping(b.Context()).Err() }, false, errRefused},
		{"floor/Contains in memory", func() (bool, error) { return memory.Contains(b.Context(), revoked) }, true, nil},
		{"Contains, revoked by this process", func() (bool, error) { return list.Contains(b.Context(), revoked) }, true, nil},
		{"hostile/Contains", func() (bool, error) { return list.Contains(b.Context(), other) }, false, errRefused},
		{"hostile/Claim", func() (bool, error) { return server.Once().Claim(b.Context(), other, expires) }, false, errRefused},
		{"hostile/Get a session", func() (bool, error) {
			_, ok, err := server.Sessions().Get(b.Context(), other)
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
