package testserver

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAPortThatWasGivenStaysReserved(t *testing.T) {
	t.Parallel()
	addr, err := FreeAddress()
	require.NoError(t, err)
	_, err = net.ListenPacket("udp", addr)
	require.Error(t, err, "as another process sees it")
	l, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	assert.NoError(t, l.Close())
}
