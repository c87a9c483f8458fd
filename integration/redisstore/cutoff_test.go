package redisstore_test

import (
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
	for name, harm := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testserver.Redis(t)
			proxy := testserver.NewProxy(t, server.Addr())
			cut, other := by(t, proxy.Addr())(t.Context()), by(t, server.Addr())(t.Context())
			faults.CutOff(t, cut.Blocklist, other.Blocklist, func() { harm(proxy) }, proxy.Restore)
		})
	}
}
