package ginjwt_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// Each benchmark has the least that its work can cost (floor), what everybody sends, and what an
// attacker can send (hostile). Compare only figures of one run. Package benchmarks compares with
// other libraries.

// sender sends one request over and over, without a network. It is the http.ResponseWriter of the
// response, and reuses its memory.
type sender struct {
	handler http.Handler
	request *http.Request
	header  http.Header
	status  int
	body    []byte
}

func newSender(h http.Handler, opts ...jwttest.RequestOption) *sender {
	s := &sender{handler: h, request: httptest.NewRequest(http.MethodPost, "/", nil), header: http.Header{}}
	for _, opt := range opts {
		opt(s.request)
	}
	return s
}

func (s *sender) send() {
	clear(s.header)
	s.status, s.body = http.StatusOK, s.body[:0]
	s.handler.ServeHTTP(s, s.request)
}

func (s *sender) Header() http.Header    { return s.header }
func (s *sender) WriteHeader(status int) { s.status = status }

func (s *sender) Write(p []byte) (int, error) {
	s.body = append(s.body, p...)
	return len(p), nil
}

func (s *sender) WriteString(text string) (int, error) {
	s.body = append(s.body, text...)
	return len(text), nil
}

// must sends the request. The response must have the status, and a body that begins with text.
func (s *sender) must(tb testing.TB, status int, text string) {
	s.send()
	if s.status != status || !strings.HasPrefix(string(s.body), text) {
		tb.Fatalf("the response is %d %s", s.status, s.body)
	}
}

// benchmark is must for as long as the benchmark takes.
func (s *sender) benchmark(b *testing.B, status int, text string) {
	s.must(b, status, text) // a cache knows the token now
	b.ReportAllocs()
	for b.Loop() {
		s.must(b, status, text)
	}
}

// respond writes the identity with the least cost.
func respond(c *gin.Context) { _, _ = c.Writer.WriteString(ginjwt.GetJWTIdentity(c)) }

func respondAlice(c *gin.Context) { _, _ = c.Writer.WriteString("alice") }

// newRoute returns a manager and an engine with one route: POST /.
func newRoute(tb testing.TB, config ginjwt.Config, handlers func(*ginjwt.JWTManager) []gin.HandlerFunc) (*ginjwt.JWTManager, *gin.Engine) {
	mgr, engine := newManager(tb, config)
	engine.POST("/", handlers(mgr)...)
	return mgr, engine
}

// protected is newRoute with JWTRequired.
func protected(tb testing.TB, config ginjwt.Config) (*ginjwt.JWTManager, *gin.Engine) {
	return newRoute(tb, config, func(mgr *ginjwt.JWTManager) []gin.HandlerFunc {
		return []gin.HandlerFunc{mgr.JWTRequired(), respond}
	})
}

// bare is an engine without ginjwt.
func bare(handlers ...gin.HandlerFunc) *gin.Engine {
	engine := gin.New()
	engine.POST("/", handlers...)
	return engine
}

// configFor returns settings with a new key for algorithm.
func configFor(tb testing.TB, algorithm string) ginjwt.Config {
	config, pems := jwttest.Config(nil), keytest.Generate(tb)
	config.Algorithm = algorithm
	config.PrivateKey = map[string]string{"RS256": pems.RSAPrivate, "ES256": pems.P256Private, "EdDSA": pems.Ed25519Private}[algorithm]
	return config
}

// withoutCache returns config with the token cache off.
func withoutCache(config ginjwt.Config) ginjwt.Config {
	config.TokenCacheSize = -1
	return config
}

// forged returns token with one wrong bit in its signature.
func forged(tb testing.TB, token string) string {
	at := strings.LastIndexByte(token, '.') + 1
	signature, err := base64.RawURLEncoding.DecodeString(token[at:])
	require.NoError(tb, err)
	signature[len(signature)/2] ^= 1
	return token[:at] + base64.RawURLEncoding.EncodeToString(signature)
}

// nestedArrays returns a token with deeply nested arrays as its claims.
func nestedArrays() string {
	encode := base64.RawURLEncoding.EncodeToString
	claims := `{"sub":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`
	return encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode([]byte(claims)) + "." + encode(make([]byte, 32))
}

// hostileHeaders are values of the Authorization header that anybody can send, and what a
// protected route responds.
var hostileHeaders = []struct {
	name, value string
	status      int
	text        string
}{
	{"no token", "", 401, `{"msg":"Missing Authorization Header"}`},
	{"garbage", "Bearer garbage", 422, `{"msg":"Not enough segments"}`},
	{"ten thousand commas", "Bearer " + strings.Repeat("a,", 10_000), 401, `{"msg":"Missing 'Bearer' type in 'Authorization' header.`},
	{"1 MB header", "Bearer " + strings.Repeat("a", 1_000_000), 422, `{"msg":"Token is too large"}`},
	{"nested arrays", "Bearer " + nestedArrays(), 422, `{"msg":"Signature verification failed"}`},
}

// A protected request with a token of HS256.
func BenchmarkJWTRequired(b *testing.B) {
	b.Run("floor/bare handler", func(b *testing.B) {
		newSender(bare(respondAlice)).benchmark(b, 200, "alice")
	})
	b.Run("floor/one c.Set", func(b *testing.B) {
		set := func(c *gin.Context) { c.Set("identity", "alice") }
		newSender(bare(set, func(c *gin.Context) { _, _ = c.Writer.WriteString(c.GetString("identity")) })).benchmark(b, 200, "alice")
	})
	mgr, engine := protected(b, jwttest.Config(nil))
	token := jwttest.AccessToken(b, mgr, "alice")
	b.Run("token known", func(b *testing.B) {
		newSender(engine, jwttest.Bearer(token)).benchmark(b, 200, "alice")
	})
	b.Run("token unknown, cache off", func(b *testing.B) {
		mgr, engine := protected(b, withoutCache(jwttest.Config(nil)))
		newSender(engine, jwttest.Bearer(jwttest.AccessToken(b, mgr, "alice"))).benchmark(b, 200, "alice")
	})
	b.Run("hostile/expired known token", func(b *testing.B) {
		expiredSender(b).benchmark(b, 401, `{"msg":"Token has expired"}`)
	})
	b.Run("hostile/forged", func(b *testing.B) {
		newSender(engine, jwttest.Bearer(forged(b, token))).benchmark(b, 422, `{"msg":"Signature verification failed"}`)
	})
	for _, h := range hostileHeaders {
		b.Run("hostile/"+h.name, func(b *testing.B) {
			newSender(engine, jwttest.Header("Authorization", h.value)).benchmark(b, h.status, h.text)
		})
	}
}

// expiredSender sends a token that the cache knows, and that has expired since.
func expiredSender(tb testing.TB) *sender {
	clock := &jwttest.Clock{}
	mgr, engine := protected(tb, jwttest.Config(clock))
	s := newSender(engine, jwttest.Bearer(jwttest.AccessToken(tb, mgr, "alice")))
	s.must(tb, 200, "alice")
	clock.Advance(mgr.Config().AccessTokenExpires)
	return s
}

// A known token costs the same with each algorithm.
func BenchmarkAlgorithms(b *testing.B) {
	b.Run("floor/bare handler", func(b *testing.B) {
		newSender(bare(respondAlice)).benchmark(b, 200, "alice")
	})
	for _, algorithm := range []string{"HS256", "RS256", "ES256", "EdDSA"} {
		b.Run(algorithm+"/token known", func(b *testing.B) {
			mgr, engine := protected(b, configFor(b, algorithm))
			newSender(engine, jwttest.Bearer(jwttest.AccessToken(b, mgr, "alice"))).benchmark(b, 200, "alice")
		})
		b.Run(algorithm+"/token unknown, cache off", func(b *testing.B) {
			mgr, engine := protected(b, withoutCache(configFor(b, algorithm)))
			newSender(engine, jwttest.Bearer(jwttest.AccessToken(b, mgr, "alice"))).benchmark(b, 200, "alice")
		})
		b.Run("hostile/"+algorithm+" forged", func(b *testing.B) {
			mgr, engine := protected(b, configFor(b, algorithm))
			newSender(engine, jwttest.Bearer(forged(b, jwttest.AccessToken(b, mgr, "alice")))).benchmark(b, 422, `{"msg":"Signature verification failed"}`)
		})
	}
}

// benchmarkError is the benchmark of a call that must return the error want.
func benchmarkError(b *testing.B, want error, call func() error) {
	b.ReportAllocs()
	for b.Loop() {
		if err := call(); !errors.Is(err, want) {
			b.Fatal(err)
		}
	}
}

// benchmarkHMAC is the least that signing or verifying a token with HS256 can cost.
func benchmarkHMAC(b *testing.B, token string) {
	signed := []byte(token[:strings.LastIndexByte(token, '.')])
	mac, sum := hmac.New(sha256.New, make([]byte, 32)), []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		mac.Reset()
		_, _ = mac.Write(signed) // never fails
		if sum = mac.Sum(sum[:0]); len(sum) != 32 {
			b.Fatal(sum)
		}
	}
}
