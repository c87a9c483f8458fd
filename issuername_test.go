package ginjwt

import (
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A name that is accepted is one URL, however it is read, of a host that is no address.
func FuzzIssuerName(f *testing.F) {
	for _, name := range []string{
		"https://idp.example/a", "https://idp.example:8443", "https://a@b.example", "https://127.0.0.1/", "https://[::1]/", "https://0x7f.1/",
		"https://idp.example/%2e%2e", "https://idp.example/..", "https://idp.example?x", "https://idp.example\\@evil.example", "https:///a.b", "https://a.b:/",
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if !isIssuerName(name) {
			return
		}
		assert.LessOrEqual(t, len(name), maxIssuerName)
		u, err := url.Parse(name)
		require.NoError(t, err)
		assert.Equal(t, name, u.String())
		assert.Equal(t, name, "https://"+u.Host+u.Path)
		assert.Nil(t, net.ParseIP(u.Hostname()))
		assert.Contains(t, u.Hostname(), ".")
		assert.Equal(t, strings.ToLower(u.Hostname()), u.Hostname())
		assert.NotContains(t, u.Path+"/", "/../")
	})
}
