package redisstore_test

import (
	"context"
	"flag"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
	"github.com/gin-jwt-extended/ginjwt/store"
)

var (
	entriesLost = flag.Int("lost.entries", 400_000, "how many entries a list has that is lost")
	followers   = flag.Int("lost.followers", 5, "how many processes follow it")
)

func TestListIsLost(t *testing.T) {
	server := testserver.Redis(t)
	filling := newStore(t, newClient(t, server.Addr()), redisstore.Options{})
	faults.RunLostList(t, faults.LostList{
		Entries: *entriesLost, Followers: *followers,
		Open: func(ctx context.Context) store.WatchedBlocklist {
			client := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
			t.Cleanup(func() { _ = client.Close() })
			s, err := redisstore.New(client, redisstore.Options{Timeout: faults.Timeout, MaxStaleness: faults.MaxStaleness})
			require.NoError(t, err)
			return s.Blocklist(ctx)
		},
		Fill: func(entries []idset.Entry) { require.NoError(t, filling.log.Append(t.Context(), entries)) },
		Lose: func() { require.NoError(t, filling.client.FlushAll(t.Context()).Err()) },
	})
}
