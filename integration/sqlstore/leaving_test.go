package sqlstore_test

import (
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
)

var leaving = flag.Duration("leaving", 3*time.Second, "for how long clients leave in the middle of requests")

// TestClientsThatLeave is not parallel, as it counts goroutines.
func TestClientsThatLeave(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *database{"PostgreSQL": newPostgres, "MariaDB": newMariaDB} {
		t.Run(name, func(t *testing.T) {
			d := start(t)
			proxy := testserver.NewProxy(t, d.server.Addr())
			proxy.Delay(2 * time.Millisecond)
			dsn := strings.Replace(d.dsn, d.server.Addr(), proxy.Addr(), 1)
			faults.RunLeaving(t, faults.Leaving{
				For: *leaving, MostDelay: 50 * time.Millisecond,
				Open: func(t *testing.T) faults.Stores { return processOn(t.Context(), t, d.dialect, d.driver, dsn) },
			})
		})
	}
}
