package ginjwt_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A middleware may change the headers of a response in place, as slices.DeleteFunc does. This
// must not change the headers of other responses, such as the Cache-Control that keeps tokens
// out of caches.
func TestHeadersOfAResponseBelongToItAlone(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"flask", "bearer", "problem"} {
		config := jwttest.Config(nil)
		config.ErrorProfile = profile
		config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}
		config.Sessions = &ginjwt.MemorySessions{}
		config.Resources = []ginjwt.Resource{{URL: "https://api.example.com/mcp", AuthorizationServers: []string{"https://id.example.com"}}}
		mgr, engine := newManager(t, config)
		engine.GET("/", mgr.JWTRequired(), identify)
		engine.GET("/scoped", mgr.JWTRequired(ginjwt.Scopes("write")), identify)
		engine.GET("/fresh", mgr.JWTRequired(ginjwt.Fresh()), identify)
		engine.GET("/mcp", mgr.JWTRequired(ginjwt.ForResource("https://api.example.com/mcp")), identify)
		engine.POST("/login", func(c *gin.Context) {
			pair, err := mgr.CreateTokenPair(c, "alice")
			require.NoError(t, err)
			c.Render(http.StatusOK, pair)
		})
		engine.POST("/refresh", mgr.RefreshHandler())
		engine.POST("/logout", mgr.LogoutHandler())
		spoiled := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			engine.ServeHTTP(w, r)
			for name, values := range w.Header() {
				if name != "Content-Type" || values[0] == "application/json" { // Gin shares others
					clear(values)
				}
			}
		})
		token := jwttest.AccessToken(t, mgr, "alice")
		pair := jwttest.TokenPair(t, mgr, "alice")
		for _, test := range []struct {
			method, path string
			opts         []jwttest.RequestOption
		}{
			{"GET", "/", nil},
			{"GET", "/", []jwttest.RequestOption{jwttest.Bearer("x")}},
			{"GET", "/", []jwttest.RequestOption{jwttest.Bearer("a, Bearer b")}},
			{"GET", "/", []jwttest.RequestOption{jwttest.Header("Cookie", "access_token_cookie="+token)}},
			{"GET", "/scoped", []jwttest.RequestOption{jwttest.Bearer(token)}},
			{"GET", "/fresh", []jwttest.RequestOption{jwttest.Bearer(token)}},
			{"GET", "/mcp", []jwttest.RequestOption{jwttest.Bearer(token)}},
			{"POST", "/login", nil},
			{"POST", "/refresh", []jwttest.RequestOption{jwttest.Bearer("x")}},
			{"POST", "/logout", []jwttest.RequestOption{jwttest.Bearer("x")}},
			{"POST", "/refresh", []jwttest.RequestOption{jwttest.Bearer(pair.RefreshToken)}},
		} {
			send := func(h http.Handler) *httptest.ResponseRecorder {
				return jwttest.Do(h, test.method, test.path, test.opts...)
			}
			headers := func(w *httptest.ResponseRecorder) http.Header {
				h := w.Result().Header
				h.Del("Content-Length")
				return h
			}
			want := headers(send(engine))
			send(spoiled)
			assert.Equal(t, want, headers(send(engine)), "%s: %s %s", profile, test.method, test.path)
		}
	}
}
