package storetest

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// service is two processes that share a store. Their clocks differ by a second.
type service struct {
	*stage
	t      *testing.T
	user   string
	clock  *jwttest.Clock
	mgrs   []*ginjwt.JWTManager
	routes []http.Handler
	told   int // how often OnReuse was called
}

const (
	grace    = time.Minute
	margin   = time.Minute // of clocks
	idle     = 30 * 24 * time.Hour
	lifetime = 15 * time.Minute // of access tokens
)

func newService(t *testing.T, sessions ginjwt.SessionStore, list ginjwt.Blocklist, seed uint64) *service {
	s := &service{t: t, user: newID(), clock: &jwttest.Clock{}}
	if list == nil {
		list = &ginjwt.MemoryBlocklist{Now: s.clock.Now}
	}
	s.stage = &stage{
		sessions: sessions, list: list, between: func() {},
		rng: rand.New(rand.NewPCG(seed, 1)), //nolint:gosec // it guards nothing
		now: s.clock.Now, until: map[string]time.Time{},
	}
	return s
}

// start starts the two processes. change may change their settings.
func (s *service) start(change func(*ginjwt.Config)) {
	s.t.Helper()
	for _, ahead := range []time.Duration{0, time.Second} {
		config := jwttest.Config(s.clock)
		config.Now = func() time.Time { return s.clock.Now().Add(ahead) }
		config.Sessions, config.Blocklist = s.stage, blocklist{s.stage}
		config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}
		config.AccessTokenExpires, config.DecodeLeeway, config.SessionGrace = lifetime, 2*time.Second, grace
		change(&config)
		mgr := ginjwt.New(config)
		mgr.OnReuse(func(context.Context, ginjwt.Session, *ginjwt.Token) { s.told++ })
		engine := gin.New()
		require.NoError(s.t, mgr.InitApp(engine))
		engine.POST("/login", s.login(mgr))
		engine.POST("/refresh", mgr.RefreshHandler())
		engine.POST("/logout", mgr.LogoutHandler())
		engine.GET("/page", mgr.ImplicitRefresh(config.AccessTokenExpires-time.Second), mgr.JWTRequired(), func(c *gin.Context) { c.Status(http.StatusOK) })
		s.mgrs, s.routes = append(s.mgrs, mgr), append(s.routes, engine)
	}
}

// login returns a token pair, in the body and in cookies.
func (s *service) login(mgr *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		pair, err := mgr.CreateTokenPair(c, s.user)
		if err == nil {
			err = mgr.SetPairCookies(c, pair)
		}
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, pair)
	}
}

// send lets a random process serve a request.
func (s *service) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.routes[s.rng.IntN(len(s.routes))].ServeHTTP(w, r)
	return w
}

// request returns a request with a token and an Idempotency-Key, unless they are empty.
func request(ctx context.Context, method, target, token, key string) *http.Request {
	r := httptest.NewRequestWithContext(ctx, method, "https://example.com"+target, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return r
}

// cancelled returns r as if the client had disconnected.
func cancelled(r *http.Request) *http.Request {
	ctx, cancel := context.WithCancel(r.Context())
	cancel()
	return r.WithContext(ctx)
}

// pair is a response with tokens.
type pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Message string `json:"msg"`
}

func pairIn(t *testing.T, w *httptest.ResponseRecorder) (p pair) {
	t.Helper()
	if w.Body.Len() > 0 {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	}
	return p
}

// signIn returns the first tokens of a session.
func (s *service) signIn() pair {
	s.t.Helper()
	w := s.send(request(s.t.Context(), "POST", "/login", "", ""))
	require.Equal(s.t, http.StatusOK, w.Code)
	return pairIn(s.t, w)
}

// refresh exchanges a token, and must not fail.
func (s *service) refresh(token, key string) pair {
	s.t.Helper()
	w := s.send(request(s.t.Context(), "POST", "/refresh", token, key))
	require.Equal(s.t, http.StatusOK, w.Code)
	return pairIn(s.t, w)
}

func (s *service) read(token string) *ginjwt.Token {
	s.t.Helper()
	read, err := s.mgrs[0].DecodeToken(s.t.Context(), token, ginjwt.AllowExpired())
	require.NoError(s.t, err)
	return read
}
