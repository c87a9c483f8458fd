package redisstore_test

import (
	"flag"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
)

var leaving = flag.Duration("leaving", 3*time.Second, "for how long clients leave in the middle of requests")

// TestClientsThatLeave is not parallel, as it counts goroutines.
func TestClientsThatLeave(t *testing.T) {
	server := testserver.Redis(t)
	proxy := testserver.NewProxy(t, server.Addr())
	proxy.Delay(2 * time.Millisecond)
	faults.RunLeaving(t, faults.Leaving{
		For: *leaving, MostDelay: 30 * time.Millisecond,
		Open: func(t *testing.T) faults.Stores { return by(t, proxy.Addr())(t.Context()) },
	})
}
