package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/gin-gonic/gin"
	golangjwt "github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/internal/console"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	gin.DefaultWriter = io.Discard // the load would write a line for every request
	os.Exit(m.Run())
}

// program is the program of main, on a port of its own.
type program struct {
	url    string
	path   string // of the key file
	jwt    *ginjwt.JWTManager
	hangup chan os.Signal
}

func start(t *testing.T, list ...keys.Key) *program {
	t.Helper()
	p := &program{path: filepath.Join(t.TempDir(), "keys.json"), hangup: make(chan os.Signal)}
	p.write(t, list...)
	server := httptest.NewUnstartedServer(nil)
	p.url = "http://" + server.Listener.Addr().String()
	text, err := os.ReadFile(p.path)
	require.NoError(t, err)
	config, err := ginjwt.LoadConfig(func(name string) (string, bool) {
		value, ok := map[string]string{
			"JWT_KEYS": string(text), "JWT_ENCODE_ISSUER": p.url, "JWT_ENCODE_AUDIENCE": "shop",
		}[name]
		return value, ok
	})
	require.NoError(t, err)
	p.jwt = ginjwt.New(config)
	server.Config.Handler, err = newRouter(p.jwt)
	require.NoError(t, err)
	server.Start()
	t.Cleanup(server.Close)

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		(&keyFile{path: p.path}).follow(ctx, p.jwt, p.hangup, nil)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return p
}

// write replaces the file with a JWK Set, in one step.
func (p *program) write(t *testing.T, list ...keys.Key) {
	t.Helper()
	require.NoError(t, os.WriteFile(p.path+".new", setOf(t, list...), 0o600))
	require.NoError(t, os.Rename(p.path+".new", p.path))
}

func setOf(t *testing.T, list ...keys.Key) []byte {
	t.Helper()
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	for _, key := range list {
		text, err := key.MarshalJWK()
		require.NoError(t, err)
		set.Keys = append(set.Keys, text)
	}
	text, err := json.Marshal(set)
	require.NoError(t, err)
	return text
}

// rotate writes the file, sends the signal, and waits until exactly these keys are
// published.
func (p *program) rotate(t *testing.T, list ...keys.Key) {
	t.Helper()
	p.write(t, list...)
	p.hangup <- syscall.SIGHUP
	var want []string
	for _, key := range list {
		want = append(want, key.ID)
	}
	require.Eventually(t, func() bool { return assert.ObjectsAreEqual(want, p.published(t)) }, time.Minute, time.Millisecond)
}

// published returns the IDs of the published keys.
func (p *program) published(t *testing.T) (ids []string) {
	t.Helper()
	response, err := http.Get(p.url + "/.well-known/jwks.json")
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var set struct{ Keys []map[string]string }
	require.NoError(t, json.NewDecoder(response.Body).Decode(&set))
	for _, key := range set.Keys {
		assert.Empty(t, key["d"], "the private key")
		ids = append(ids, key["kid"])
	}
	return ids
}

func (p *program) login() (token string, err error) {
	body := strings.NewReader(`{"username":"alice","password":"correct horse"}`)
	response, err := http.Post(p.url+"/login", "application/json", body)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the login was answered %d", response.StatusCode)
	}
	return answer.AccessToken, json.NewDecoder(response.Body).Decode(&answer)
}

func (p *program) mustLogin(t *testing.T) string {
	t.Helper()
	token, err := p.login()
	require.NoError(t, err)
	return token
}

func (p *program) status(token string) (int, error) {
	request, err := http.NewRequest(http.MethodGet, p.url+"/protected", nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode, err
}

func newEdDSA(t *testing.T, id string) keys.Key {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return keys.Key{ID: id, Algorithm: "EdDSA", Sign: private}
}

func newES256(t *testing.T, id string) keys.Key {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return keys.Key{ID: id, Algorithm: "ES256", Sign: private}
}

func keyOf(t *testing.T, token string) any {
	t.Helper()
	header, err := ginjwt.GetUnverifiedJWTHeaders(token)
	require.NoError(t, err)
	return header["kid"]
}

func TestPage(t *testing.T) {
	t.Parallel()
	p := start(t, newEdDSA(t, strings.Repeat("k", 43))) // the command makes IDs of this length
	console.Session{
		Page: "keys.md", From: "## Publish keys",
		Servers: map[string]string{"localhost:8080": strings.TrimPrefix(p.url, "http://")},
	}.Run(t)
}

// Publish, sign, retire: no request is refused during a rotation.
func TestRotationUnderLoad(t *testing.T) {
	t.Parallel()
	first, second := newES256(t, "2026-11"), newEdDSA(t, "2026-12")
	p := start(t, first)
	load := p.underLoad()
	load.work(t)
	old := p.mustLogin(t)
	require.Equal(t, "2026-11", keyOf(t, old))

	p.rotate(t, first, second) // published
	load.work(t)
	assert.Equal(t, "2026-11", keyOf(t, p.mustLogin(t)))

	p.rotate(t, second, first) // signs
	load.work(t)
	assert.Equal(t, "2026-12", keyOf(t, p.mustLogin(t)))
	load.renew(t)

	p.rotate(t, second) // the old one is retired
	load.work(t)
	load.end(t)
	status, err := p.status(old)
	require.NoError(t, err)
	assert.Equal(t, 422, status)
}

// A key with a later NotBefore is published at once, and signs without a second signal.
func TestKeyWithNotBefore(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	old, planned := newES256(t, "old"), newEdDSA(t, "planned")
	planned.NotBefore = clock.Now().Add(time.Hour)
	old.NotAfter = clock.Now().Add(2 * time.Hour)
	jwt := ginjwt.New(ginjwt.Config{Keys: []keys.Key{planned, old}, EncodeIssuer: "https://example.com", Now: clock.Now})
	router, err := newRouter(jwt)
	require.NoError(t, err)
	published := func() string { return jwttest.Do(router, "GET", "/.well-known/jwks.json").Body.String() }

	assert.Equal(t, "old", keyOf(t, jwttest.AccessToken(t, jwt, "alice")))
	assert.Contains(t, published(), `"kid":"planned"`)
	clock.Advance(time.Hour)
	assert.Equal(t, "planned", keyOf(t, jwttest.AccessToken(t, jwt, "alice")))
	assert.Contains(t, published(), `"kid":"old"`)
	clock.Advance(time.Hour)
	assert.NotContains(t, published(), `"kid":"old"`)
}

// An invalid file changes nothing.
func TestBadFilesChangeNothing(t *testing.T) {
	t.Parallel()
	key, other := newEdDSA(t, "good"), newEdDSA(t, "other")
	jwt := ginjwt.New(ginjwt.Config{Keys: []keys.Key{key}})
	require.NoError(t, jwt.InitApp(gin.New()))
	f := &keyFile{path: filepath.Join(t.TempDir(), "keys.json")}
	whole := setOf(t, other)
	verifies := keys.Key{ID: "verifies", Algorithm: "EdDSA", Verify: other.Sign.(ed25519.PrivateKey).Public()}
	planned := other
	planned.NotBefore = time.Now().Add(time.Hour)
	for _, test := range []struct {
		name, text, want string
	}{
		{"half", string(whole[:len(whole)/2]), "keys: not valid JSON, or it has a member twice"},
		{"empty", "", "keys: neither a key in PEM form nor a JWK found"},
		{"no keys", `{"keys":[]}`, "keys: the JWK Set is empty"},
		{"public", string(setOf(t, verifies)), "ginjwt: SetKeys: none of the keys signs access tokens now"},
		{"later", string(setOf(t, planned)), "ginjwt: SetKeys: none of the keys signs access tokens now"},
	} {
		require.NoError(t, os.WriteFile(f.path, []byte(test.text), 0o600))
		changed, err := f.load(jwt)
		require.EqualError(t, err, test.want, test.name)
		assert.False(t, changed, test.name)
		assert.Equal(t, "good", keyOf(t, jwttest.AccessToken(t, jwt, "alice")), test.name)
	}
	require.NoError(t, os.WriteFile(f.path, whole, 0o600))
	changed, err := f.load(jwt)
	require.NoError(t, err)
	assert.True(t, changed)
	changed, err = f.load(jwt)
	require.NoError(t, err)
	assert.False(t, changed, "what was verified stays in memory")
	assert.Equal(t, "other", keyOf(t, jwttest.AccessToken(t, jwt, "alice")))
	require.NoError(t, os.Remove(f.path))
	_, err = f.load(jwt)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// A tick is enough, because Kubernetes sends no signal.
func TestChangedFileIsReadWithoutSignal(t *testing.T) {
	t.Parallel()
	key, other := newEdDSA(t, "first"), newEdDSA(t, "second")
	jwt := ginjwt.New(ginjwt.Config{Keys: []keys.Key{key}})
	require.NoError(t, jwt.InitApp(gin.New()))
	f := &keyFile{path: filepath.Join(t.TempDir(), "keys.json")}
	require.NoError(t, os.WriteFile(f.path, setOf(t, other), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f.follow(ctx, jwt, nil, nil)
	assert.Equal(t, "second", keyOf(t, jwttest.AccessToken(t, jwt, "alice")), "at the start")

	require.NoError(t, os.WriteFile(f.path, setOf(t, key), 0o600))
	ctx, cancel = context.WithCancel(t.Context())
	tick := make(chan time.Time)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		(&keyFile{path: f.path, sum: f.sum}).follow(ctx, jwt, nil, tick)
	}()
	tick <- time.Now() // the program has read the file once
	assert.Equal(t, "first", keyOf(t, jwttest.AccessToken(t, jwt, "alice")))
	require.NoError(t, os.WriteFile(f.path, setOf(t, other), 0o600))
	tick <- time.Now()
	tick <- time.Now() // the tick before is done
	assert.Equal(t, "second", keyOf(t, jwttest.AccessToken(t, jwt, "alice")))
	cancel()
	<-ended
}

// Another program finds the keys by the name of the issuer. It verifies tokens with them
// before and after a rotation.
func TestGoOIDCVerifies(t *testing.T) {
	t.Parallel()
	first, second := newES256(t, "1"), newEdDSA(t, "2")
	p := start(t, first, second)
	provider, err := oidc.NewProvider(t.Context(), p.url)
	require.NoError(t, err)
	verifier := provider.VerifierContext(t.Context(), &oidc.Config{ClientID: "shop"})
	check := func() {
		token, err := verifier.Verify(t.Context(), p.mustLogin(t))
		require.NoError(t, err)
		assert.Equal(t, "alice", token.Subject)
		assert.Equal(t, p.url, token.Issuer)
		assert.Equal(t, []string{"shop"}, token.Audience)
	}
	check()
	p.rotate(t, second, first)
	check()

	elsewhere := provider.VerifierContext(t.Context(), &oidc.Config{ClientID: "bank"})
	_, err = elsewhere.Verify(t.Context(), p.mustLogin(t))
	require.ErrorContains(t, err, "expected audience")
}

func TestKeyfuncVerifies(t *testing.T) {
	t.Parallel()
	first, second := newES256(t, "1"), newEdDSA(t, "2")
	p := start(t, first, second)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	keyfuncs, err := keyfunc.NewDefaultCtx(ctx, []string{p.url + "/.well-known/jwks.json"})
	require.NoError(t, err)
	options := []golangjwt.ParserOption{
		golangjwt.WithIssuer(p.url), golangjwt.WithAudience("shop"), golangjwt.WithValidMethods([]string{"ES256", "EdDSA"}),
	}
	check := func() {
		token, err := golangjwt.Parse(p.mustLogin(t), keyfuncs.Keyfunc, options...)
		require.NoError(t, err)
		subject, err := token.Claims.GetSubject()
		require.NoError(t, err)
		assert.Equal(t, "alice", subject)
	}
	check()
	p.rotate(t, second, first)
	check()
	stranger := ginjwt.New(ginjwt.Config{Keys: []keys.Key{newEdDSA(t, "2")}, EncodeIssuer: p.url, EncodeAudience: []string{"shop"}})
	require.NoError(t, stranger.InitApp(gin.New()))
	_, err = golangjwt.Parse(jwttest.AccessToken(t, stranger, "alice"), keyfuncs.Keyfunc, options...)
	require.ErrorIs(t, err, golangjwt.ErrTokenSignatureInvalid)
}

// No published document contains secret parts of a key.
func TestSecretsAreNotPublished(t *testing.T) {
	t.Parallel()
	secret := keys.Key{ID: "hs", Algorithm: "HS256", Sign: bytes.Repeat([]byte("s"), 32)}
	jwt := ginjwt.New(ginjwt.Config{Keys: []keys.Key{secret}, EncodeIssuer: "https://example.com"})
	router, err := newRouter(jwt)
	require.NoError(t, err)
	w := jwttest.Do(router, "GET", "/.well-known/jwks.json")
	assert.Equal(t, `{"keys":[]}`, w.Body.String())
}
