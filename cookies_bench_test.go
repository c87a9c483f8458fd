package ginjwt_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A POST with the token in a cookie, and the CSRF value in a cookie and a header.
func BenchmarkCookies(b *testing.B) {
	mgr, engine := protected(b, inCookies())
	good := cookieRequest(b, mgr)
	b.Run("floor/bare handler reads the cookie", func(b *testing.B) {
		engine := bare(func(c *gin.Context) {
			if cookie, err := c.Request.Cookie("access_token_cookie"); err == nil && cookie.Value != "" {
				respondAlice(c)
			}
		})
		newSender(engine, good).benchmark(b, 200, "alice")
	})
	b.Run("good", func(b *testing.B) { newSender(engine, good).benchmark(b, 200, "alice") })
	for _, h := range hostileCookies {
		b.Run("hostile/"+h.name, func(b *testing.B) {
			newSender(engine, good, h.change).benchmark(b, h.status, h.text)
		})
	}
}

func inCookies() ginjwt.Config {
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	return config
}

// cookieRequest sends a new token of alice as a browser does.
func cookieRequest(tb testing.TB, mgr *ginjwt.JWTManager) jwttest.RequestOption {
	token := jwttest.AccessToken(tb, mgr, "alice")
	csrf, err := mgr.GetCSRFToken(tb.Context(), token)
	require.NoError(tb, err)
	return func(r *http.Request) {
		r.Header.Set("X-CSRF-TOKEN", csrf)
		r.AddCookie(&http.Cookie{Name: "access_token_cookie", Value: token})
		r.AddCookie(&http.Cookie{Name: "csrf_access_token", Value: csrf})
	}
}

// hostileCookies are changes of a good request, and the response.
var hostileCookies = []struct {
	name   string
	change jwttest.RequestOption
	status int
	text   string
}{
	{"no CSRF value", func(r *http.Request) { r.Header.Del("X-CSRF-TOKEN") }, 401, `{"msg":"Missing CSRF token"}`},
	{"wrong CSRF value", jwttest.Header("X-CSRF-TOKEN", "00000000-0000-0000-0000-000000000000"), 401, `{"msg":"CSRF double submit tokens do not match"}`},
	{"a hundred other cookies", hundredCookies("other"), 200, "alice"},
	{"a hundred tokens", hundredCookies("access_token_cookie"), 401, `{"msg":"More than one cookie \"access_token_cookie\""}`},
}

// hundredCookies adds cookies with one name, or with names that begin with it.
func hundredCookies(name string) jwttest.RequestOption {
	return func(r *http.Request) {
		for i := range 100 {
			cookie := &http.Cookie{Name: name, Value: "a.b.c"}
			if name == "other" {
				cookie.Name = fmt.Sprint(name, i)
			}
			r.AddCookie(cookie)
		}
	}
}
