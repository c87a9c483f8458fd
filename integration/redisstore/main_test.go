package redisstore_test

import (
	"context"
	"flag"
	"os"
	"testing"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"

	"github.com/redis/go-redis/v9"
)

// silence keeps the client from telling of every connection that a test cuts.
type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

func TestMain(m *testing.M) {
	redis.SetLogger(silence{})
	flag.Parse()
	testserver.Configure()
	os.Exit(m.Run())
}
