package redisstore_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/redisdb"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// wrongClock changes the scripts of a client: the time of the server is another.
type wrongClock struct{ ahead *atomic.Int64 }

func (wrongClock) DialHook(next redis.DialHook) redis.DialHook { return next }

func (wrongClock) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (w wrongClock) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		args := cmd.Args()
		switch cmd.Name() {
		case "evalsha":
			args[1] = "0000000000000000000000000000000000000000" // unknown, so that the script itself is sent
		case "eval":
			const another = `(function() local t = redis.call('TIME') return {string.format('%%.0f', t[1] + %d), t[2]} end)()`
			seconds := int64(time.Duration(w.ahead.Load()).Seconds())
			args[1] = strings.ReplaceAll(args[1].(string), `redis.call('TIME')`, fmt.Sprintf(another, seconds))
		}
		return next(ctx, cmd)
	}
}

func TestClocksThatAreSet(t *testing.T) {
	t.Parallel()
	faults.RunClocks(t, func(t *testing.T) faults.Clocks {
		server := testserver.Redis(t)
		var ahead atomic.Int64
		open := func() *redisdb.List {
			client := newClient(t, server.Addr())
			client.AddHook(wrongClock{&ahead})
			return (&redisdb.DB{Client: client, Timeout: patience}).List("ginjwt")
		}
		return faults.Clocks{
			Open: func() replica.Log { return open() },
			Set:  func(d time.Duration) { ahead.Store(int64(d)) },
			Tidy: func() { mustAppend(t, open(), idset.EntryOf(fmt.Sprint("at ", time.Now()), hour)) },
			Lose: func() { require.NoError(t, newClient(t, server.Addr()).FlushAll(t.Context()).Err()) },
		}
	})
}
