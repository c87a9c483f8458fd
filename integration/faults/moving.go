package faults

import (
	"context"
	"net"
	"sync/atomic"
)

// Moving is the address of a server that another may take over.
type Moving struct{ at atomic.Pointer[string] }

// Move makes new connections go to addr.
func (m *Moving) Move(addr string) { m.at.Store(&addr) }

// Dial connects to where the server is now, whatever the address is that the client
// knows.
func (m *Moving) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, *m.at.Load())
}
