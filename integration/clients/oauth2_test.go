package clients

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/gin-jwt-extended/ginjwt/example/dpopclient"
)

// TestOAuth2ClientsWithKeys lets golang.org/x/oauth2 log in, use its tokens and refresh them, on
// two processes behind a proxy.
func TestOAuth2ClientsWithKeys(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]string{
		"demanded with nonces": {"JWT_DPOP=demanded", "JWT_DPOP_NONCE=true"},
		"accepted":             {"JWT_DPOP=accepted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newCluster(t, settings...)
			config := &oauth2.Config{ClientID: "program", Endpoint: oauth2.Endpoint{TokenURL: s.url + "/token", AuthStyle: oauth2.AuthStyleInParams}}
			ctx := s.withKey(t)
			token, err := config.PasswordCredentialsToken(ctx, "alice", "secret")
			require.NoError(t, err)
			assert.Equal(t, "DPoP", token.TokenType)
			client, err := dpopclient.NewClient(ctx, config, token)
			require.NoError(t, err)
			for range 2 { // one on each process
				assert.Equal(t, "alice at /messages", userOf(t, client, s.url+"/messages?unread=yes"))
				assert.Equal(t, "alice at /files/a b/c", userOf(t, client, s.url+"/files/a%20b/c"))
				assert.Equal(t, "alice at /bound", userOf(t, client, s.url+"/bound"))
			}

			thief, err := dpopclient.NewClient(s.withKey(t), config, token)
			require.NoError(t, err)
			assert.Equal(t, "401 key_mismatch", userOf(t, thief, s.url+"/messages"))
			bearer := config.Client(context.WithValue(t.Context(), oauth2.HTTPClient, s.client), &oauth2.Token{AccessToken: token.AccessToken})
			assert.Equal(t, "401 key_scheme", userOf(t, bearer, s.url+"/messages"))

			expired := *token
			expired.Expiry = time.Now().Add(-time.Second)
			for ctx, refusal := range map[context.Context]string{
				s.withKey(t): "invalid_grant", // of the thief
				context.WithValue(t.Context(), oauth2.HTTPClient, s.client): "invalid_dpop_proof",
			} {
				_, err := config.TokenSource(ctx, &expired).Token()
				var refused *oauth2.RetrieveError
				require.ErrorAs(t, err, &refused)
				assert.Equal(t, refusal, refused.ErrorCode)
				assert.Equal(t, http.StatusBadRequest, refused.Response.StatusCode)
			}
			client, err = dpopclient.NewClient(ctx, config, &expired)
			require.NoError(t, err)
			assert.Equal(t, "alice at /bound", userOf(t, client, s.url+"/bound"))
			for i := range s.requests {
				assert.NotZero(t, s.requests[i].Load(), "process %d", i)
			}
		})
	}
}

// withKey returns a context in which oauth2 sends proofs with a new key.
func (s *cluster) withKey(t *testing.T) context.Context {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	transport, err := dpopclient.NewTransport(key, s.client.Transport)
	require.NoError(t, err)
	return dpopclient.WithTransport(t.Context(), transport)
}

// userOf returns what the service says about a request: "alice at /path", or "401 key_mismatch".
func userOf(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	response, err := client.Get(url)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		_, reason, _ := strings.Cut(response.Header.Get("WWW-Authenticate"), `reason="`)
		return response.Status[:len("401 ")] + strings.TrimSuffix(reason, `"`)
	}
	var answer struct{ User, Path string }
	require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	return answer.User + " at " + answer.Path
}
