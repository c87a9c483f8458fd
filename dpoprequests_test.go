package ginjwt_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A proof that one manager has accepted does not pass the stricter rules of another manager in
// the same request.
func TestAProofIsJudgedByEachManager(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	open, _ := dpopService(t, clock, func(c *ginjwt.Config) { c.DPoPWindow = 10 * time.Minute })
	key := jwttest.NewDPoPKey(t, clock)
	token := jwttest.AccessToken(t, open, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	for name, change := range map[string]func(*ginjwt.Config){
		"nonce": func(c *ginjwt.Config) { c.DPoPNonce = true }, "origin": func(c *ginjwt.Config) { c.DPoPOrigins = []string{"https://api.example.com"} },
		"time": func(c *ginjwt.Config) { c.DPoPWindow = time.Minute }, "": nil,
	} {
		strict, _ := dpopService(t, clock, change)
		engine := gin.New()
		engine.GET("/", open.JWTRequired(), strict.JWTRequired(), whoAmI)
		proof := key.Proof(t, "GET", "http://example.com/", token, func(_, claims map[string]any) { claims["iat"] = clock.Now().Add(-5 * time.Minute).Unix() })
		if name != "time" {
			proof = key.Proof(t, "GET", "http://example.com/", token)
		}
		w := jwttest.Do(engine, "GET", "/", jwttest.Header("Authorization", "DPoP "+token), jwttest.Header("DPoP", proof))
		assert.Equal(t, name == "", w.Code == 200, "%s: %s", name, w.Body)
	}
}

// A request that was made inside of another one, with its context and its headers, is a request
// of its own: the proof is not for it.
func TestAProofIsNotForInnerRequests(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	mgr, engine := dpopService(t, clock, nil)
	key := jwttest.NewDPoPKey(t, clock)
	inner := httptest.NewRecorder()
	engine.POST("/batch", mgr.JWTRequired(), func(c *gin.Context) {
		r := httptest.NewRequest(c.Query("method"), c.Query("path"), nil).WithContext(c.Request.Context())
		r.Header = c.Request.Header.Clone()
		inner = httptest.NewRecorder()
		engine.ServeHTTP(inner, r)
	})
	pair := pairOf(t, engine, key)
	for _, query := range []string{"?method=GET&path=/me", "?method=POST&path=/me", "?method=GET&path=/bound"} {
		require.Equal(t, 200, jwttest.Do(engine, "POST", "/batch"+query, key.Sign(t, pair.AccessToken)).Code)
		assert.Equal(t, 401, inner.Code, "%s: %s", query, inner.Body)
	}
}

// A login finds its proof by every context of its request.
func TestALoginFindsItsProofByEachContext(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.DPoP, config.Sessions = "accepted", &ginjwt.MemorySessions{Now: clock.Now}
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	key := jwttest.NewDPoPKey(t, clock)
	thumbprintOf := func(ctx context.Context) string {
		pair, err := mgr.CreateTokenPair(ctx, "alice")
		require.NoError(t, err)
		token, err := mgr.DecodeToken(ctx, pair.AccessToken)
		require.NoError(t, err)
		return token.KeyThumbprint()
	}
	engine, mux := gin.New(), http.NewServeMux()
	contexts := map[string]func(c *gin.Context) context.Context{
		"itself": func(c *gin.Context) context.Context { return c }, "copy": func(c *gin.Context) context.Context { return c.Copy() },
		"derived": func(c *gin.Context) context.Context { return context.WithoutCancel(c) },
	}
	for name, of := range contexts {
		engine.POST("/"+name, func(c *gin.Context) { c.String(200, thumbprintOf(of(c))) })
	}
	mux.Handle("POST /net", mgr.Middleware(ginjwt.Optional())(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(thumbprintOf(r.Context())))
	})))
	mux.Handle("POST /verified", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r, err := mgr.VerifyRequest(r, ginjwt.Optional())
		assert.NoError(t, err)
		_, _ = w.Write([]byte(thumbprintOf(r.Context())))
	}))
	for path, h := range map[string]http.Handler{"/itself": engine, "/copy": engine, "/derived": engine, "/net": mux, "/verified": mux} {
		assert.Equal(t, key.Thumbprint(t), jwttest.Do(h, "POST", path, key.Sign(t, "")).Body.String(), path)
	}
}

// A copy of a gin.Context has no response, so nothing can bring the nonce to the client.
func TestALoginWithACopyOfItsContext(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	mgr, engine := dpopService(t, clock, func(c *ginjwt.Config) { c.DPoPNonce = true })
	engine.POST("/copy", func(c *gin.Context) {
		pair, err := mgr.CreateTokenPair(c.Copy(), "alice")
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.Render(http.StatusOK, pair)
	})
	key := jwttest.NewDPoPKey(t, clock)
	w := jwttest.Do(engine, "POST", "/copy", key.Sign(t, ""))
	require.Equal(t, http.StatusBadRequest, w.Code, w.Body)
	key.Nonce = w.Header().Get("DPoP-Nonce")
	w = jwttest.Do(engine, "POST", "/copy", key.Sign(t, ""))
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	assert.Contains(t, w.Body.String(), `"token_type":"DPoP"`)
}

// A Token is safe for concurrent use, also while its proof is checked. One proof rotates it.
func TestATokenIsProvenConcurrently(t *testing.T) {
	t.Parallel()
	mgr, engine := dpopService(t, &jwttest.Clock{}, func(c *ginjwt.Config) { // the mutex of a clock would order the goroutines
		c.Now, c.Sessions = nil, &ginjwt.MemorySessions{}
	})
	key := jwttest.NewDPoPKey(t, nil)
	pair := pairOf(t, engine, key)
	token, err := mgr.DecodeToken(t.Context(), pair.RefreshToken)
	require.NoError(t, err)
	engine.POST("/rotate", func(c *gin.Context) {
		next, err := mgr.RotateTokens(c, token)
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.Render(200, next)
	})
	var group sync.WaitGroup
	start := make(chan struct{})
	for range 16 {
		proof := key.Proof(t, "POST", "http://example.com/rotate", "")
		group.Go(func() {
			<-start
			w := jwttest.Do(engine, "POST", "/rotate", jwttest.Header("DPoP", proof))
			assert.Equal(t, 200, w.Code, w.Body)
			var next ginjwt.TokenPair
			assert.NoError(t, json.Unmarshal(w.Body.Bytes(), &next))
			assert.Equal(t, "DPoP", next.TokenType)
		})
	}
	close(start)
	group.Wait()
}
