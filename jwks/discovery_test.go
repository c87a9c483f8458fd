package jwks_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwks"
)

// discover follows an issuer whose site has these pages, by path.
func discover(t *testing.T, issuer string, pages map[string]string) (*jwks.Remote, *site) {
	t.Helper()
	s := &site{}
	s.servePages(pages)
	remote, err := jwks.Discover(t.Context(), issuer, jwks.Options{Client: &http.Client{Transport: s}})
	require.NoError(t, err)
	synctest.Wait()
	return remote, s
}

func metadata(issuer, set string) string {
	return members{"issuer": issuer, "jwks_uri": set, "response_types_supported": []string{"code"}}.text()
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, issuer, page string
		asked              []string
	}{
		{"OpenID Connect", "https://issuer.example", "/.well-known/openid-configuration", []string{
			"https://issuer.example/.well-known/openid-configuration",
			"https://keys.example/set",
		}},
		{"slash at the end", "https://issuer.example/", "/.well-known/openid-configuration", []string{
			"https://issuer.example/.well-known/openid-configuration",
			"https://keys.example/set",
		}},
		{"OpenID Connect with a path", "https://issuer.example/realms/a", "/realms/a/.well-known/openid-configuration", []string{
			"https://issuer.example/realms/a/.well-known/openid-configuration",
			"https://keys.example/set",
		}},
		{"RFC 8414", "https://issuer.example", "/.well-known/oauth-authorization-server", []string{
			"https://issuer.example/.well-known/openid-configuration",
			"https://issuer.example/.well-known/oauth-authorization-server",
			"https://keys.example/set",
		}},
		{"RFC 8414 with a path", "https://issuer.example:8443/a%2Fb/c/", "/.well-known/oauth-authorization-server/a%2Fb/c", []string{
			"https://issuer.example:8443/a%2Fb/c/.well-known/openid-configuration",
			"https://issuer.example:8443/.well-known/oauth-authorization-server/a%2Fb/c",
			"https://keys.example/set",
		}},
		{"path that looks like a host", "https://issuer.example//evil.example", "//evil.example/.well-known/openid-configuration", []string{
			"https://issuer.example//evil.example/.well-known/openid-configuration",
			"https://keys.example/set",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				remote, s := discover(t, test.issuer, map[string]string{
					test.page: metadata(test.issuer, "https://keys.example/set"),
					"/set":    setOf(newKey(t, "a")),
				})
				require.NoError(t, remote.Status().Err)
				assert.Equal(t, []string{"a"}, remote.Status().Keys)
				assert.Equal(t, test.asked, s.asked)
			})
		})
	}
}

// RFC 8259 §8.1 allows readers to ignore a byte order mark, as in a set.
func TestMetadataAfterAByteOrderMark(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		remote, _ := discover(t, "https://issuer.example", map[string]string{
			"/.well-known/openid-configuration": "\ufeff" + metadata("https://issuer.example", "https://issuer.example/set"),
			"/set":                              setOf(newKey(t, "a")),
		})
		require.NoError(t, remote.Status().Err)
		assert.Equal(t, []string{"a"}, remote.Status().Keys)
	})
}

func TestMetadataThatIsRefused(t *testing.T) {
	t.Parallel()
	const issuer, page = "https://issuer.example", "/.well-known/openid-configuration"
	const of = "the metadata of " + issuer + ": "
	set := "https://issuer.example/set"
	tests := []struct{ name, text, why string }{
		{"of another issuer", metadata("https://evil.example", set), of + `names another issuer, "https://evil.example"`},
		{"with a slash more", metadata(issuer+"/", set), of + `names another issuer, "https://issuer.example/"`},
		{"in another case", metadata("https://Issuer.example", set), of + `names another issuer, "https://Issuer.example"`},
		{"of a template", metadata("https://issuer.example/{tenantid}", set), of + `names another issuer, "https://issuer.example/{tenantid}"`},
		{"of nobody", `{"jwks_uri":"` + set + `"}`, of + `names another issuer, ""`},
		{"without a set", `{"issuer":"` + issuer + `"}`, of + "has no jwks_uri"},
		{"with an empty set", metadata(issuer, ""), of + "has no jwks_uri"},
		{"set is null", `{"issuer":"` + issuer + `","jwks_uri":null}`, of + "has no jwks_uri"},
		{"set is relative", metadata(issuer, "/set"), of + "jwks_uri: is relative, but must begin with https://"},
		{"set on http", metadata(issuer, "http://issuer.example/set"), of + "jwks_uri: is not https"},
		{"issuer twice", `{"issuer":"x",` + metadata(issuer, set)[1:], of + "is not valid JSON, or has a member twice"},
		{"set is a number", `{"issuer":"` + issuer + `","jwks_uri":1}`, of + "has a member of the wrong type"},
		{"list", `[]`, of + "has a member of the wrong type"},
		{"other spelling", `{"Issuer":"` + issuer + `","JWKS_URI":"` + set + `"}`, of + `names another issuer, ""`},
		{"trailing data", metadata(issuer, set) + "{}", of + "is not valid JSON, or has a member twice"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				remote, s := discover(t, issuer, map[string]string{page: test.text, "/set": setOf(newKey(t, "a"))})
				assert.EqualError(t, remote.Status().Err, test.why)
				assert.Equal(t, []string{issuer + page}, s.urls(), "and nothing after it")
			})
		})
	}
}

// The second URL is tried only if the first page does not exist. After any other answer the
// issuer is down, or refuses.
func TestDiscoverStopsAtErrors(t *testing.T) {
	t.Parallel()
	for _, status := range []int{302, 401, 403, 500, 503} {
		synctest.Test(t, func(t *testing.T) {
			s := &site{}
			s.serveStatus(status)
			_, err := jwks.Discover(t.Context(), "https://issuer.example", jwks.Options{Client: &http.Client{Transport: s}})
			require.NoError(t, err)
			synctest.Wait()
			assert.Equal(t, 1, s.fetches(), status)
		})
	}
}

// Metadata is JSON, and not a JWK Set.
func TestMetadataContentType(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &site{}
		s.serve(textHandler("application/jwk-set+json", metadata("https://issuer.example", setURL)))
		remote, err := jwks.Discover(t.Context(), "https://issuer.example", jwks.Options{Client: &http.Client{Transport: s}})
		require.NoError(t, err)
		synctest.Wait()
		assert.EqualError(t, remote.Status().Err, "https://issuer.example/.well-known/openid-configuration: "+
			`has the Content-Type "application/jwk-set+json", not application/json`)
	})
}

// A pause that the server asks for counts for metadata too.
func TestRetryAfterOfMetadata(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &site{}
		s.serve(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "300")
			w.WriteHeader(http.StatusTooManyRequests)
		})
		remote, err := jwks.Discover(t.Context(), "https://issuer.example", jwks.Options{Client: &http.Client{Transport: s}})
		require.NoError(t, err)
		for range 299 {
			advance(time.Second)
			_, err := remote.KeySet(t.Context(), "a")
			require.ErrorContains(t, err, "Retry-After 5m0s")
		}
		assert.Equal(t, 1, s.fetches())
		advance(time.Second)
		assert.Equal(t, 2, s.fetches())
	})
}

func TestSetMoves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const issuer = "https://issuer.example"
		pages := func(issuer, set string) map[string]string {
			return map[string]string{
				"/.well-known/openid-configuration": metadata(issuer, set),
				"/old":                              setOf(newKey(t, "old")),
				"/new":                              setOf(newKey(t, "new")),
			}
		}
		remote, s := discover(t, issuer, pages(issuer, issuer+"/old"))
		assert.Equal(t, []string{"old"}, remote.Status().Keys)
		s.servePages(pages(issuer, issuer+"/new"))
		advance(15 * time.Minute)
		assert.Equal(t, []string{"new"}, remote.Status().Keys)

		s.servePages(pages("https://evil.example", issuer+"/old"))
		advance(15 * time.Minute)
		assert.Equal(t, []string{"new"}, remote.Status().Keys, "metadata that is refused changes nothing")
	})
}
