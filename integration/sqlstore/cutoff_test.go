package sqlstore_test

import (
	"strings"
	"testing"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
)

// outages are ways in which one process cannot ask the server.
var outages = map[string]func(*testserver.Proxy){
	"cut": (*testserver.Proxy).Cut, "no answers": (*testserver.Proxy).DropReplies, "hangs": (*testserver.Proxy).Stall,
}

// One process cannot ask the server, and another revokes.
func TestOneProcessIsCutOff(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *database{"PostgreSQL": newPostgres, "MariaDB": newMariaDB} {
		for how, harm := range outages {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				d := start(t)
				proxy := testserver.NewProxy(t, d.server.Addr())
				proxied := strings.Replace(d.dsn, d.server.Addr(), proxy.Addr(), 1)
				cut, other := processOn(t.Context(), t, d.dialect, d.driver, proxied), processOn(t.Context(), t, d.dialect, d.driver, d.dsn)
				faults.CutOff(t, cut.Blocklist, other.Blocklist, func() { harm(proxy) }, proxy.Restore)
			})
		}
	}
}
