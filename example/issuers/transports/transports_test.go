package transports_test

import (
	"crypto/ed25519"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/example/issuers/transports"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// set is a handler that answers with the set of a new key, of the given type.
func set(t *testing.T, contentType string) http.HandlerFunc {
	t.Helper()
	public, _, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	key, err := keys.Key{ID: "k", Verify: public}.MarshalPublicJWK()
	require.NoError(t, err)
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{contentType}
		if contentType == "" {
			w.Header()["Content-Type"] = nil // or the server finds one
		}
		_, _ = io.WriteString(w, `{"keys":[`+string(key)+`]}`)
	}
}

// fetch returns why the keys at url cannot be fetched.
func fetch(t *testing.T, url string, transport http.RoundTripper) error {
	t.Helper()
	remote, err := jwks.New(t.Context(), url, jwks.Options{Client: &http.Client{Transport: transport}})
	require.NoError(t, err)
	return remote.Refresh(t.Context())
}

func TestAnyContentType(t *testing.T) {
	t.Parallel()
	for contentType, readable := range map[string]bool{
		"application/octet-stream": true, "binary/octet-stream": true, "text/plain; charset=utf-8": true, "text/json": true,
		"application/jwk+json": true, "": true, "application/json": true, "application/jwk-set+json": true,
		"text/html": false, "application/jose": false,
	} {
		server := httptest.NewTLSServer(set(t, contentType))
		t.Cleanup(server.Close)
		err := fetch(t, server.URL, transports.AnyContentType{RoundTripper: server.Client().Transport})
		assert.Equal(t, readable, err == nil, "%s: %v", contentType, err)
	}
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	require.ErrorContains(t, fetch(t, server.URL, transports.AnyContentType{RoundTripper: server.Client().Transport}), "404")
}

func TestInnerHTTP(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(set(t, "application/json"))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	require.NoError(t, fetch(t, "https://"+host, transports.InnerHTTP{Host: host, RoundTripper: http.DefaultTransport}))
	require.Error(t, fetch(t, "https://"+host, transports.InnerHTTP{Host: "other.svc:8080", RoundTripper: http.DefaultTransport}))
}

func TestWithAuthority(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(set(t, "application/json"))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of the client that refuses it
	server.StartTLS()
	t.Cleanup(server.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	transport, err := transports.WithAuthority(authority)
	require.NoError(t, err)
	require.NoError(t, fetch(t, server.URL, transport))
	require.ErrorContains(t, fetch(t, server.URL, http.DefaultTransport), "certificate")
	_, err = transports.WithAuthority([]byte("none"))
	require.EqualError(t, err, "there is no certificate in PEM form")
}
