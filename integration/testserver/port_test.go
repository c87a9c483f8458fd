package testserver

import (
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAPortThatWasGivenStaysReserved(t *testing.T) {
	t.Parallel()
	port, err := freePort()
	require.NoError(t, err)
	addr := net.JoinHostPort(loopback, strconv.Itoa(port))
	_, err = net.ListenPacket("udp", addr)
	require.Error(t, err, "as another process sees it")
	l, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	assert.NoError(t, l.Close())
}
