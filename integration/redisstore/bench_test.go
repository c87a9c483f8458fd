package redisstore_test

import (
	"testing"

	"github.com/gin-jwt-extended/ginjwt/integration/storebench"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

func BenchmarkRedis(b *testing.B) {
	store, _ := openStore(b, redisstore.Options{})
	storebench.Run(b, storebench.Stores{
		RoundTripName: "PING",
		RoundTrip:     func() error { return store.client.Ping(b.Context()).Err() },
		Blocklist:     follow(b, store),
		Sessions:      store.Sessions(),
		Once:          store.Once(),
	})
}
