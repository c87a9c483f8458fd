package jwks_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwks"
)

const setURL = "https://issuer.example/jwks.json"

// site is the web site of an issuer. Tests can change it between requests.
// The zero value answers 404.
type site struct {
	mu     sync.Mutex
	answer http.HandlerFunc
	asked  []string // the URLs
}

// serve makes fn answer from now on.
func (s *site) serve(fn http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = fn
}

// serveSet answers with a JWK Set of these keys.
func (s *site) serveSet(keys ...members) { s.serveText(setOf(keys...)) }

func (s *site) serveText(text string) { s.serve(textHandler("application/json", text)) }

func (s *site) serveStatus(status int) {
	s.serve(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

// servePages answers with texts by the path of their URL.
func (s *site) servePages(pages map[string]string) {
	s.serve(func(w http.ResponseWriter, r *http.Request) {
		text, ok := pages[r.URL.EscapedPath()]
		if !ok {
			http.NotFound(w, r)
			return
		}
		textHandler("application/json", text)(w, r)
	})
}

func textHandler(contentType, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write([]byte(text))
	}
}

// hang answers nothing until the client gives up.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.String())
	answer := s.answer
	s.mu.Unlock()
	if answer == nil {
		answer = http.NotFound
	}
	answer(w, r)
}

// RoundTrip calls the site without a network, so that tests can run in a bubble.
func (s *site) RoundTrip(r *http.Request) (*http.Response, error) {
	answered := make(chan *http.Response, 1)
	go func() {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		answered <- w.Result()
	}()
	select {
	case response := <-answered:
		return response, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// urls returns what the site was asked for.
func (s *site) urls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// fetches returns how often the site was asked.
func (s *site) fetches() int { return len(s.urls()) }

// errorLog is an Options.OnError.
type errorLog struct {
	mu   sync.Mutex
	errs []error
}

func (l *errorLog) add(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errs = append(l.errs, err)
}

// texts returns what was added since the last call.
func (l *errorLog) texts() (texts []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, err := range l.errs {
		texts = append(texts, err.Error())
	}
	l.errs = nil
	return texts
}

// follow returns the keys of s, in a bubble, after the first fetch.
func follow(t *testing.T, s *site, options jwks.Options) *jwks.Remote {
	t.Helper()
	remote := open(t, s, options)
	synctest.Wait()
	return remote
}

// open is follow before the first fetch.
func open(t *testing.T, s *site, options jwks.Options) *jwks.Remote {
	t.Helper()
	options.Client = &http.Client{Transport: s}
	remote, err := jwks.New(t.Context(), setURL, options)
	require.NoError(t, err)
	return remote
}

// advance lets d pass in a bubble, and all that happens then happen.
func advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// ids returns the IDs of the keys that are used for a token with kid.
func ids(t *testing.T, remote *jwks.Remote, kid string) []string {
	t.Helper()
	_, err := remote.KeySet(t.Context(), kid)
	require.NoError(t, err)
	return remote.Status().Keys
}

// members are those of a JWK.
type members map[string]any

// with returns a copy of m with another member; nil removes it.
func (m members) with(name string, value any) members {
	changed := maps.Clone(m)
	changed[name] = value
	if value == nil {
		delete(changed, name)
	}
	return changed
}

func (m members) text() string {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func setOf(keys ...members) string {
	if keys == nil {
		keys = []members{}
	}
	return members{"keys": keys}.text()
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func newEC(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	require.NoError(t, err)
	return key
}

// rsaKey is made once, because that is slow.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// public returns the JWK of a public key.
func public(t testing.TB, key any, kid, algorithm string) members {
	t.Helper()
	m := members{"kid": kid, "alg": algorithm, "use": "sig"}
	switch key := key.(type) {
	case *rsa.PublicKey:
		m["kty"], m["n"], m["e"] = "RSA", base64url(key.N.Bytes()), base64url(big.NewInt(int64(key.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		require.NoError(t, err)
		x, y := point[1:1+len(point)/2], point[1+len(point)/2:]
		m["kty"], m["crv"], m["x"], m["y"] = "EC", key.Params().Name, base64url(x), base64url(y)
	case ed25519.PublicKey:
		m["kty"], m["crv"], m["x"] = "OKP", "Ed25519", base64url(key)
	default:
		t.Fatalf("no JWK for a %T", key)
	}
	return m
}

// newKey returns the JWK of a new key for ES256.
func newKey(t testing.TB, kid string) members {
	t.Helper()
	return public(t, &newEC(t, elliptic.P256()).PublicKey, kid, "ES256")
}

// serveTLS runs s on its own server, and returns the URL of its set and a client that trusts
// the server.
func serveTLS(t *testing.T, s http.Handler) (url string, client *http.Client) {
	t.Helper()
	server := httptest.NewUnstartedServer(s)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that refuse it
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL + "/jwks.json", server.Client()
}

// fetchOnce returns the error of the first fetch from a real server.
func fetchOnce(t *testing.T, s http.Handler, options jwks.Options) (*jwks.Remote, error) {
	t.Helper()
	url, client := serveTLS(t, s)
	options.Client = client
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	remote, err := jwks.New(ctx, url, options)
	require.NoError(t, err)
	return remote, remote.Refresh(ctx)
}

func repeated(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n) }

// certificateOf returns the "x5c" of a self-signed certificate of key. Go does not read
// certificates with a negative serial number.
func certificateOf(t testing.TB, key crypto.Signer, serial int64) []string {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(0x11223344), Subject: pkix.Name{CommonName: "issuer.example"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	if serial < 0 {
		der = bytes.Replace(der, []byte{2, 4, 0x11, 0x22, 0x33, 0x44}, []byte{2, 4, 0x91, 0x22, 0x33, 0x44}, 1)
	}
	return []string{base64.StdEncoding.EncodeToString(der)}
}
