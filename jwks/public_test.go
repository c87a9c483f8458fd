package jwks

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/untrusted"
)

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for address, public := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "172.15.0.1": true, "172.32.0.1": true, "100.63.255.255": true, "100.128.0.1": true,
		"2606:4700:4700::1111": true, "2a00:1450:4001::1": true, "::ffff:8.8.8.8": true, "64:ff9b::808:808": true,

		"127.0.0.1": false, "127.1.2.3": false, "0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "172.16.0.1": false,
		"172.31.255.255": false, "192.168.1.1": false, "169.254.169.254": false, "169.254.170.2": false, "100.64.0.1": false,
		"100.100.100.200": false, "192.0.0.192": false, "192.0.2.1": false, "198.18.0.1": false, "198.19.255.255": false,
		"198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::1": false, "::": false, "fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "fd00:ec2::254": false, "ff02::1": false,
		"fec0::1": false, "100::1": false, "2001::1": false, "2001:db8::1": false, "2002:7f00:1::": false, "2002:808:808::": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::127.0.0.1": false, "64:ff9b::7f00:1": false,
		"64:ff9b::a9fe:a9fe": false, "64:ff9b:1::808:808": false, "3fff::1": false,
	} {
		assert.Equal(t, public, isPublicAddress(netip.MustParseAddr(address)), address)
	}
	for _, odd := range []string{"", "127.0.0.1", "localhost:80", "[::1]"} {
		assert.ErrorIs(t, onlyPublic("tcp", odd, nil), ErrPrivateAddress, odd)
	}
}

// counted is a server that counts connections.
func counted(t *testing.T) (port string, connections *atomic.Int64) {
	t.Helper()
	connections = &atomic.Int64{}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL[strings.LastIndexByte(server.URL, ':'):], connections
}

func TestPublicClientReachesNoPrivateAddress(t *testing.T) {
	t.Parallel()
	port, connections := counted(t)
	for _, host := range []string{
		"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "169.254.169.254", "[fd00:ec2::254]", "10.0.0.1",
	} {
		response, err := PublicClient().Get("https://" + host + port + "/")
		if err == nil {
			_ = response.Body.Close()
		}
		require.ErrorIs(t, err, ErrPrivateAddress, host)
	}
	assert.Zero(t, connections.Load())
}

// Keys of an issuer that a stranger named come only from public addresses, unless the program
// sets another client.
func TestStrangersNameNoPrivateAddress(t *testing.T) {
	t.Parallel()
	port, connections := counted(t)
	fetch := func(options Options, marked bool) error {
		ctx := t.Context()
		if marked {
			ctx = untrusted.Mark(ctx)
		}
		remote, err := New(ctx, "https://localhost"+port+"/set", options)
		require.NoError(t, err)
		return remote.Refresh(ctx)
	}
	assert.ErrorIs(t, fetch(Options{}, true), ErrPrivateAddress)
	remote, err := Discover(untrusted.Mark(t.Context()), "https://localhost"+port, Options{})
	require.NoError(t, err)
	assert.ErrorIs(t, remote.Refresh(t.Context()), ErrPrivateAddress)
	assert.Zero(t, connections.Load())

	for name, err := range map[string]error{
		"a configured issuer": fetch(Options{}, false), "a client of the program's own": fetch(Options{Client: http.DefaultClient}, true),
	} {
		require.ErrorContains(t, err, "certificate", name)
		assert.NotErrorIs(t, err, ErrPrivateAddress, name)
	}
	assert.NotZero(t, connections.Load())
}

func TestPublicClientReadsFewHeaders(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 128<<10))
	}))
	t.Cleanup(server.Close)
	transport := PublicClient().Transport.(*http.Transport).Clone()
	transport.DialContext = nil // the address is not public
	t.Cleanup(transport.CloseIdleConnections)
	response, err := (&http.Client{Transport: transport}).Get(server.URL)
	if err == nil {
		_ = response.Body.Close()
	}
	assert.ErrorContains(t, err, "headers exceeded")
}
