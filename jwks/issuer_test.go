package jwks_test

import (
	"context"
	"crypto/elliptic"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

const issuerName = "https://issuer.example"

// newService returns a service that names the user at /me.
func newService(t testing.TB, mgr *ginjwt.JWTManager) *gin.Engine {
	t.Helper()
	engine := gin.New()
	require.NoError(t, mgr.InitApp(engine))
	engine.GET("/me", mgr.JWTRequired(), func(c *gin.Context) { c.String(http.StatusOK, ginjwt.GetJWTIdentity(c)) })
	return engine
}

// services returns services that accept tokens of the issuer in both ways.
func services(t *testing.T, remote *jwks.Remote) map[string]*gin.Engine {
	t.Helper()
	listed := ginjwt.New(ginjwt.Config{
		Issuers: []ginjwt.Issuer{{Name: issuerName, KeySource: remote, IdentityPrefix: "idp:"}},
	})
	loaded := ginjwt.New(ginjwt.Config{DecodeIssuer: issuerName})
	loaded.DecodeKeyLoader(loaderOf(remote))
	return map[string]*gin.Engine{"Issuers": newService(t, listed), "DecodeKeyLoader": newService(t, loaded)}
}

// sign returns a token of the issuer. nil removes a member of the header.
func sign(t testing.TB, method jwt.SigningMethod, key any, header members) string {
	t.Helper()
	now := time.Now()
	token := jwt.NewWithClaims(method, jwt.MapClaims{
		"iss": issuerName, "sub": "alice", "jti": "1", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	})
	for name, value := range header {
		token.Header[name] = value
	}
	encoded, err := token.SignedString(key)
	require.NoError(t, err)
	return encoded
}

func TestTokensOfAnIssuer(t *testing.T) {
	t.Parallel()
	key, other := newEC(t, elliptic.P256()), newEC(t, elliptic.P256())
	secret := repeated('s', 32)
	const evil = "https://evil.example/jwks.json"
	set := []members{
		public(t, &key.PublicKey, "es", "ES256"),
		public(t, &rsaKey().PublicKey, "rs", "RS256"),
		{"kty": "oct", "kid": "hs", "alg": "HS256", "k": base64url(secret)},
	}
	hs256, es256, rs256 := jwt.SigningMethodHS256, jwt.SigningMethodES256, jwt.SigningMethodRS256
	tests := []struct {
		name   string
		method jwt.SigningMethod
		key    any
		header members
		status int
	}{
		{"good", es256, key, members{"kid": "es"}, 200},
		{"good, RSA", rs256, rsaKey(), members{"kid": "rs"}, 200},
		{"T070 kid empty", es256, key, members{"kid": ""}, 422},
		{"T073 kid unknown", es256, key, members{"kid": "other"}, 422},
		{"T074 kid of another key", es256, key, members{"kid": "rs"}, 422},
		{"T078 no kid", es256, key, nil, 422},
		{"forged", es256, other, members{"kid": "es"}, 422},
		{"T310 jku", es256, other, members{"kid": "es", "jku": evil}, 422},
		{"T310 x5u", es256, other, members{"kid": "es", "x5u": evil}, 422},
		{"T310 kid is a URL", es256, other, members{"kid": evil}, 422},
		{"T310 jwk", es256, other, members{"kid": "es", "jwk": public(t, &other.PublicKey, "es", "ES256")}, 422},
		{"T313 secret", hs256, secret, members{"kid": "hs"}, 422},
		{"T313 secret under the name of a key", hs256, secret, members{"kid": "rs"}, 422},
		{"T323 another algorithm of the same key", jwt.SigningMethodPS256, rsaKey(), members{"kid": "rs"}, 422},
		{"T323 another hash", jwt.SigningMethodRS512, rsaKey(), members{"kid": "rs"}, 422},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var issuer site
				issuer.serveSet(set...)
				remote := follow(t, &issuer, jwks.Options{})
				token := sign(t, test.method, test.key, test.header)
				for name, service := range services(t, remote) {
					w := jwttest.Do(service, "GET", "/me", jwttest.Bearer(token))
					assert.Equal(t, test.status, w.Code, "%s: %s", name, w.Body)
				}
				for _, url := range issuer.urls() {
					assert.Equal(t, setURL, url)
				}
				if test.method == hs256 {
					assert.Equal(t, 1, issuer.fetches(), "nothing is fetched for a secret's signature")
				}
			})
		})
	}
}

// A token without "kid" is for the only key of a set, or for a key without a name.
func TestT078TokensWithoutKeyID(t *testing.T) {
	t.Parallel()
	key, other := newEC(t, elliptic.P256()), newEC(t, elliptic.P256())
	named := public(t, &key.PublicKey, "a", "ES256")
	encryption := public(t, &other.PublicKey, "b", "ES256").with("use", "enc")
	tests := []struct {
		name   string
		list   []members
		status int
	}{
		{"one key without a name", []members{named.with("kid", nil)}, 200},
		{"one key with a name", []members{named}, 200},
		{"one key, and one for encryption", []members{named, encryption}, 200},
		{"two keys", []members{named, encryption.with("use", "sig")}, 422},
		{"two keys, one of them without a name", []members{named.with("kid", nil), encryption.with("use", "sig")}, 200},
		{"two keys, the other without a name", []members{named, encryption.with("use", "sig").with("kid", nil)}, 422},
		{"two keys, with an empty name", []members{named.with("kid", ""), encryption.with("use", "sig")}, 200},
		{"another key", []members{encryption.with("use", "sig")}, 422},
		{"no key", nil, 422},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var issuer site
				issuer.serveSet(test.list...)
				remote := follow(t, &issuer, jwks.Options{})
				unnamed := sign(t, jwt.SigningMethodES256, key, nil)
				empty := sign(t, jwt.SigningMethodES256, key, members{"kid": ""})
				for name, service := range services(t, remote) {
					w := jwttest.Do(service, "GET", "/me", jwttest.Bearer(unnamed))
					assert.Equal(t, test.status, w.Code, "%s: %s", name, w.Body)
					w = jwttest.Do(service, "GET", "/me", jwttest.Bearer(empty))
					assert.Equal(t, test.status, w.Code, "T070, %s: an empty name is none: %s", name, w.Body)
				}
			})
		})
	}
}

// A key that names no algorithm gets the default of its type, or the allowed algorithms.
func TestKeyWithoutAlgorithm(t *testing.T) {
	t.Parallel()
	rs256, ps256, ps512 := jwt.SigningMethodRS256, jwt.SigningMethodPS256, jwt.SigningMethodPS512
	tests := []struct {
		name     string
		allowed  []string
		accepted []jwt.SigningMethod
		refused  []jwt.SigningMethod
	}{
		{"nothing said", nil, []jwt.SigningMethod{rs256}, []jwt.SigningMethod{ps256, ps512}},
		{"one", []string{"PS256"}, []jwt.SigningMethod{ps256}, []jwt.SigningMethod{rs256, ps512}},
		{"several", []string{"PS512", "RS256"}, []jwt.SigningMethod{rs256, ps512}, []jwt.SigningMethod{ps256}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var issuer site
				issuer.serveSet(public(t, &rsaKey().PublicKey, "a", "").with("alg", nil))
				remote := follow(t, &issuer, jwks.Options{Algorithms: test.allowed})
				status := func(method jwt.SigningMethod, header members) {
					for name, service := range services(t, remote) {
						want := map[bool]int{true: 200, false: 422}[slices.Contains(test.accepted, method)]
						w := jwttest.Do(service, "GET", "/me", jwttest.Bearer(sign(t, method, rsaKey(), header)))
						assert.Equal(t, want, w.Code, "%s, %s %v: %s", name, method.Alg(), header, w.Body)
					}
				}
				for _, method := range slices.Concat(test.accepted, test.refused) {
					status(method, members{"kid": "a"})
					status(method, nil)
				}
			})
		})
	}
}

// Nobody has to wait for the keys before the first request.
func TestFirstRequestWaitsForTheKeys(t *testing.T) {
	t.Parallel()
	key := newEC(t, elliptic.P256())
	set := setOf(public(t, &key.PublicKey, "a", "ES256"))
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		status int
		waits  time.Duration
	}{
		"slow issuer": {func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(600 * time.Millisecond)
			textHandler("application/json", set)(w, r)
		}, 200, 600 * time.Millisecond},
		"silent issuer": {hang, 503, 5 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			var issuer site
			issuer.serve(test.answer)
			start, remote := time.Now(), open(t, &issuer, jwks.Options{})
			service := services(t, remote)["Issuers"]
			token := sign(t, jwt.SigningMethodES256, key, members{"kid": "a"})
			assert.Equal(t, test.status, jwttest.Do(service, "GET", "/me", jwttest.Bearer(token)).Code, name)
			assert.Equal(t, test.waits, time.Since(start), name)
		})
	}
}

func TestIssuerIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		remote := follow(t, &issuer, jwks.Options{})
		key := newEC(t, elliptic.P256())
		token := sign(t, jwt.SigningMethodES256, key, members{"kid": "a"})
		engines := services(t, remote)
		for name, service := range engines {
			w := jwttest.Do(service, "GET", "/me", jwttest.Bearer(token))
			assert.Equal(t, 503, w.Code, "%s: %s", name, w.Body)
			assert.JSONEq(t, `{"msg": "Service unavailable"}`, w.Body.String(), name)
		}
		issuer.serveSet(public(t, &key.PublicKey, "a", "ES256"))
		advance(time.Second)
		for name, service := range engines {
			assert.Equal(t, 200, jwttest.Do(service, "GET", "/me", jwttest.Bearer(token)).Code, name)
		}
	})
}

// A token in the token cache is refused as soon as its key is removed, or too old.
func TestVerifiedTokenIsRefusedWithoutItsKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		key := newEC(t, elliptic.P256())
		jwk := public(t, &key.PublicKey, "a", "ES256")
		issuer.serveSet(jwk)
		remote := follow(t, &issuer, jwks.Options{MaxStale: 30 * time.Minute})
		token := sign(t, jwt.SigningMethodES256, key, members{"kid": "a"})
		for name, service := range services(t, remote) {
			status := func(want int) {
				t.Helper()
				for range 3 {
					assert.Equal(t, want, jwttest.Do(service, "GET", "/me", jwttest.Bearer(token)).Code, name)
				}
			}
			status(200)
			issuer.serveSet()
			require.NoError(t, remote.Refresh(t.Context()))
			status(422)

			issuer.serveSet(jwk)
			require.NoError(t, remote.Refresh(t.Context()))
			status(200)
			issuer.serveStatus(500)
			advance(31 * time.Minute)
			token = sign(t, jwt.SigningMethodES256, key, members{"kid": "a"})
			status(503)

			issuer.serveSet(jwk)
			require.NoError(t, remote.Refresh(t.Context()))
		}
	})
}

// identityProvider is an issuer made with ginjwt, on its own server.
type identityProvider struct {
	*ginjwt.JWTManager
	name  string
	first keys.Key
}

func newIdentityProvider(t *testing.T) (provider identityProvider, client *http.Client) {
	t.Helper()
	provider.first = signingKey(t, "key 0")
	engine := gin.New()
	server := httptest.NewUnstartedServer(engine)
	provider.name = "https://" + server.Listener.Addr().String()
	provider.JWTManager = ginjwt.New(ginjwt.Config{
		Keys:         []keys.Key{provider.first},
		EncodeIssuer: provider.name,
	})
	require.NoError(t, provider.InitApp(engine))
	engine.GET("/.well-known/openid-configuration", provider.MetadataHandler(ginjwt.Metadata{JWKSURI: provider.name + "/jwks.json"}))
	engine.GET("/jwks.json", provider.JWKSHandler())
	server.StartTLS()
	t.Cleanup(server.Close)
	return provider, server.Client()
}

func signingKey(t *testing.T, id string) keys.Key {
	t.Helper()
	return keys.Key{ID: id, Sign: newEC(t, elliptic.P256())}
}

// An issuer rotates its keys many times, and no request is refused.
func TestRotationUnderLoad(t *testing.T) {
	t.Parallel()
	provider, client := newIdentityProvider(t)
	remote, err := jwks.Discover(t.Context(), provider.name, jwks.Options{Client: client, Cooldown: time.Millisecond})
	require.NoError(t, err)
	listed := ginjwt.New(ginjwt.Config{
		Issuers: []ginjwt.Issuer{{Name: provider.name, KeySource: remote, IdentityPrefix: "idp:"}},
	})
	loaded := ginjwt.New(ginjwt.Config{DecodeIssuer: provider.name})
	loaded.DecodeKeyLoader(loaderOf(remote))
	engines := []*gin.Engine{newService(t, listed), newService(t, loaded)} // before the first fetch

	var inFlight sync.RWMutex // a token is used while it is read-locked
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan struct{}, 1)
	var load sync.WaitGroup
	for i := range 4 {
		load.Go(func() {
			for ctx.Err() == nil {
				inFlight.RLock()
				token := jwttest.AccessToken(t, provider.JWTManager, "alice")
				w := jwttest.Do(engines[i%2], "GET", "/me", jwttest.Bearer(token))
				inFlight.RUnlock()
				if !assert.Equal(t, 200, w.Code, w.Body) {
					stop()
				}
				select {
				case served <- struct{}{}:
				default:
				}
			}
		})
	}
	for i, old := 1, provider.first; i <= 10 && ctx.Err() == nil; i++ {
		next := signingKey(t, fmt.Sprint("key ", i))
		require.NoError(t, provider.SetKeys(old, next)) // published
		require.NoError(t, provider.SetKeys(next, old)) // signs
		receive(ctx, served, 10)
		inFlight.Lock() // until no token of the old key is under way
		require.NoError(t, provider.SetKeys(next))
		inFlight.Unlock()
		if i%2 == 0 {
			require.NoError(t, remote.Refresh(t.Context()))
			assert.Equal(t, []string{next.ID}, remote.Status().Keys)
		}
		old = next
	}
	stop()
	load.Wait()
}

// receive waits for n events.
func receive(ctx context.Context, events <-chan struct{}, n int) {
	for range n {
		select {
		case <-events:
		case <-ctx.Done():
			return
		}
	}
}

func TestDecodeKeyOfADiscoveredIssuerIsForItsTokensOnly(t *testing.T) {
	t.Parallel()
	provider, client := newIdentityProvider(t)
	remote, err := jwks.Discover(t.Context(), provider.name, jwks.Options{Client: client})
	require.NoError(t, err)
	mgr := ginjwt.New(ginjwt.Config{})
	mgr.DecodeKeyLoader(loaderOf(remote))
	engine := newService(t, mgr)
	status := func(opts ...ginjwt.TokenOption) int {
		token := jwttest.AccessToken(t, provider.JWTManager, "alice", opts...)
		return jwttest.Do(engine, "GET", "/me", jwttest.Bearer(token)).Code
	}
	assert.Equal(t, 200, status())
	assert.Equal(t, 422, status(ginjwt.WithIssuer("https://other.example")))
	assert.Equal(t, 422, status(ginjwt.WithIssuer("")))
}

// loaderOf returns a DecodeKeyLoader that uses a Remote.
func loaderOf(remote *jwks.Remote) func(context.Context, *ginjwt.Token) (keys.Key, error) {
	return func(ctx context.Context, unverified *ginjwt.Token) (keys.Key, error) {
		return remote.DecodeKey(ctx, unverified.Issuer, unverified.Header())
	}
}
