package ginjwt_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// newHeaderApp is a slidingApp that renews tokens from headers too.
func newHeaderApp(t *testing.T, changes ...func(*ginjwt.Config)) *slidingApp {
	t.Helper()
	return newSlidingApp(t, func(c *ginjwt.Config) {
		c.RenewedTokenHeader = "X-Renewed-Token"
		for _, change := range changes {
			change(c)
		}
	})
}

func (a *slidingApp) withHeader(method, path string) *httptest.ResponseRecorder {
	return jwttest.Do(a.engine, method, path, jwttest.Bearer(a.pair.AccessToken))
}

func TestImplicitRefreshByAHeader(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		a := newHeaderApp(t)
		before := a.session(t)
		a.clock.Advance(10*time.Minute - time.Second)
		assert.Empty(t, a.withHeader(method, "/page").Header().Get("X-Renewed-Token"), "it lives for more than five minutes")

		a.clock.Advance(time.Second)
		w := a.withHeader(method, "/page")
		require.Equal(t, http.StatusOK, w.Code, method)
		renewed := w.Header().Get("X-Renewed-Token")
		require.NotEmpty(t, renewed, method)
		assert.Equal(t, []string{"no-store"}, w.Header().Values("Cache-Control"))
		assert.Empty(t, w.Result().Cookies())
		token, err := a.mgr.VerifyToken(t.Context(), renewed)
		require.NoError(t, err)
		assert.Equal(t, "alice", token.Identity)
		assert.Equal(t, a.pair.SessionID, token.SessionID)
		assert.False(t, token.Fresh, "nobody has typed a password")
		assert.Equal(t, a.clock.Now().Add(15*time.Minute).Unix(), token.ExpiresAt.Unix())
		after := a.session(t)
		assert.Equal(t, before.ExpiresAt.Add(10*time.Minute), after.ExpiresAt, "the session lives on")
		assert.Equal(t, before.HandedOutAt, after.HandedOutAt, "its refresh token gets no younger")
	}
}

// Who was given a token for a resource is given none for the rest of the service.
func TestATokenForAResourceIsRenewedForIt(t *testing.T) {
	t.Parallel()
	const other = "https://api.example.com/other"
	for _, test := range []struct {
		name           string
		audience, want []string
	}{
		{"a resource", []string{mcpURL}, []string{mcpURL}},
		{"two", []string{mcpURL, other}, []string{mcpURL, other}},
		{"a resource and the service", []string{mcpURL, "shop"}, []string{"shop"}},
		{"the service", []string{"shop"}, []string{"shop"}},
	} {
		a := newHeaderApp(t, func(c *ginjwt.Config) {
			c.Resources, c.EncodeAudience = []ginjwt.Resource{{URL: mcpURL}, {URL: other}}, []string{"shop"}
		})
		a.engine.GET("/mcp", a.mgr.ImplicitRefresh(5*time.Minute), a.mgr.JWTRequired(ginjwt.ForResource(mcpURL)), identify)
		a.pair = a.login(t, "alice", ginjwt.WithAudience(test.audience...))
		a.clock.Advance(12 * time.Minute)
		path := "/mcp"
		if test.audience[0] != mcpURL {
			path = "/page"
		}
		renewed := a.withHeader("GET", path).Header().Get("X-Renewed-Token")
		require.NotEmpty(t, renewed, test.name)
		token, err := a.mgr.DecodeToken(t.Context(), renewed)
		require.NoError(t, err)
		assert.Equal(t, test.want, audienceOf(token), test.name)
	}
}

// audienceOf returns "aud" as a list.
func audienceOf(token *ginjwt.Token) (audience []string) {
	switch aud := token.Claims()["aud"].(type) {
	case string:
		return []string{aud}
	case []any:
		for _, a := range aud {
			audience = append(audience, a.(string))
		}
	}
	return audience
}

func TestImplicitRefreshByAHeaderIsOffByDefault(t *testing.T) {
	t.Parallel()
	a := newSlidingApp(t, nil)
	a.clock.Advance(12 * time.Minute)
	w := a.withHeader("GET", "/page")
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Equal(t, http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, w.Header())
}

func TestWhatIsNotRenewedByAHeader(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]func(a *slidingApp, c *gin.Context){
		"an error":            func(_ *slidingApp, c *gin.Context) { c.Status(http.StatusBadRequest) },
		"an error that flows": func(_ *slidingApp, c *gin.Context) { c.Status(http.StatusBadGateway); c.Writer.Flush() },
		"a logout": func(a *slidingApp, c *gin.Context) {
			token, _ := ginjwt.GetToken(c)
			assert.NoError(t, a.mgr.EndSessionForToken(c, token))
		},
		"a logout everywhere": func(a *slidingApp, c *gin.Context) {
			assert.NoError(t, a.mgr.EndSessions(c, "alice"))
		},
		"a revocation": func(a *slidingApp, c *gin.Context) {
			token, _ := ginjwt.GetToken(c)
			assert.NoError(t, a.mgr.RevokeToken(c, token))
		},
		"its own header":     func(_ *slidingApp, c *gin.Context) { c.Header("X-Renewed-Token", "own") },
		"a store that fails": func(a *slidingApp, _ *gin.Context) { a.sessions.down.Store(true) },
	} {
		a := newHeaderApp(t)
		a.handle = func(c *gin.Context) { handle(a, c) }
		a.clock.Advance(12 * time.Minute)
		header := a.withHeader("POST", "/page").Header().Get("X-Renewed-Token")
		if name == "its own header" {
			assert.Equal(t, "own", header)
			continue
		}
		assert.Empty(t, header, name)
	}
}

// A stream has its headers before its first byte.
// An application may answer the errors of its handlers in a middleware in front of all.
func TestAnErrorThatAMiddlewareAnswersBringsNoToken(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(c *gin.Context){
		"with a body":    func(c *gin.Context) { c.JSON(http.StatusBadGateway, gin.H{}) },
		"without a body": func(c *gin.Context) { c.Status(http.StatusBadGateway) },
		"aborted":        func(c *gin.Context) { c.AbortWithStatus(http.StatusBadGateway) },
	} {
		a := newHeaderApp(t)
		a.engine.Use(func(c *gin.Context) {
			c.Next()
			if len(c.Errors) > 0 {
				http.SetCookie(c.Writer, &http.Cookie{Name: "seen", Value: "1"})
				answer(c)
			}
		})
		a.engine.GET("/error", a.mgr.ImplicitRefresh(5*time.Minute), a.mgr.JWTRequired(), func(c *gin.Context) { _ = c.Error(io.ErrUnexpectedEOF) })
		a.clock.Advance(12 * time.Minute)
		w := a.get("/error")
		assert.Equal(t, http.StatusBadGateway, w.Code, name)
		assert.Equal(t, []string{"seen=1"}, w.Header().Values("Set-Cookie"), name)

		a.clock.Advance(time.Minute)
		w = a.withHeader("GET", "/error")
		assert.Equal(t, http.StatusBadGateway, w.Code, name)
		assert.Empty(t, w.Header().Values("X-Renewed-Token"), name)
	}
}

func TestImplicitRefreshOfAStreamByAHeader(t *testing.T) {
	t.Parallel()
	a := newHeaderApp(t)
	a.handle = func(c *gin.Context) {
		_, _ = c.Writer.WriteString("data: 1\n\n")
		c.Writer.Flush()
		_, _ = c.Writer.WriteString("data: 2\n\n")
	}
	a.clock.Advance(12 * time.Minute)
	w := a.withHeader("GET", "/page")
	assert.Equal(t, "data: 1\n\ndata: 2\n\n", w.Body.String())
	assert.NotEmpty(t, w.Result().Header.Get("X-Renewed-Token"))
}

// What is renewed again and again ends with the session.
func TestImplicitRefreshByAHeaderEndsWithTheSession(t *testing.T) {
	t.Parallel()
	a := newHeaderApp(t, func(c *ginjwt.Config) { c.SessionLifetime = time.Hour })
	encoded := a.pair.AccessToken
	ends := a.clock.Now().Add(time.Hour)
	for range 20 {
		a.clock.Advance(12 * time.Minute)
		w := jwttest.Do(a.engine, "GET", "/page", jwttest.Bearer(encoded))
		if !a.clock.Now().Before(ends) {
			assert.Equal(t, http.StatusUnauthorized, w.Code)
			return
		}
		require.Equal(t, http.StatusOK, w.Code)
		if renewed := w.Header().Get("X-Renewed-Token"); renewed != "" {
			encoded = renewed
		}
		token, err := a.mgr.DecodeToken(t.Context(), encoded)
		require.NoError(t, err)
		assert.False(t, token.ExpiresAt.After(ends))
	}
	t.Error("the session did not end")
}

func TestRenewedTokenHeaderIsChecked(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	config.RenewedTokenHeader = "X Renewed"
	assert.ErrorContains(t, ginjwt.New(config).InitApp(nil), "RenewedTokenHeader (JWT_RENEWED_TOKEN_HEADER): ")
	config.RenewedTokenHeader, config.Sessions = "X-Renewed", nil
	assert.EqualError(t, ginjwt.New(config).InitApp(nil), "ginjwt: RenewedTokenHeader (JWT_RENEWED_TOKEN_HEADER): has no effect without a store of sessions; set Sessions")
}
