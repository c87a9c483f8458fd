package redisstore_test

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/internal/redisdb"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

var scriptsRun = regexp.MustCompile(`cmdstat_(?:eval|evalsha|zmscore|xrange|xread|zrange):calls=(\d+)`)

// TestReconnectStorm is not parallel, as it counts goroutines.
func TestReconnectStorm(t *testing.T) {
	server := testserver.Redis(t)
	client := newClient(t, server.Addr())
	proxy := testserver.NewProxy(t, server.Addr())
	faults.RunStorm(t, faults.Storm{
		Proxy: proxy,
		Open: func() (replica.Log, func()) {
			client := redis.NewClient(&redis.Options{Addr: proxy.Addr(), ContextTimeoutEnabled: true})
			return (&redisdb.DB{Client: client, Timeout: faults.Timeout}).List("ginjwt"), func() { _ = client.Close() }
		},
		Asked: func() (n int) {
			info, err := client.Info(t.Context(), "commandstats").Result()
			require.NoError(t, err)
			for _, calls := range scriptsRun.FindAllStringSubmatch(info, -1) {
				number, err := strconv.Atoi(calls[1])
				require.NoError(t, err)
				n += number
			}
			return n
		},
	})
}
