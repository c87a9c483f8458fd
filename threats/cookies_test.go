package threats_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestAttackCookies(t *testing.T) {
	t.Parallel()
	a := attackNew(t, attackIn(ginjwt.InCookies))
	address := attackServer(t, a.engine)
	passed, crypto := attackPassed("alice"), attackInvalid("Invalid crypto padding")
	header := attackInvalid("Invalid header padding")
	const name = "access_token_cookie"
	for _, v := range []struct {
		name, cookie string // TOKEN is a good one; a line feed begins another Cookie header
		want         attackAnswer
	}{
		{"T231 once", name + "=TOKEN", passed},
		{"T231 once between others", "a=1; " + name + "=TOKEN; b=2", passed},
		{"T231 the same twice", name + "=TOKEN; " + name + "=TOKEN", attackTwoCookies},
		{"T231 tossed before it", name + "=x; " + name + "=TOKEN", attackTwoCookies},
		{"T231 tossed after it", name + "=TOKEN; " + name + "=x", attackTwoCookies},
		{"T231 tossed and empty", name + "=; " + name + "=TOKEN", attackTwoCookies},
		{"T231 no blank between", name + "=TOKEN;" + name + "=x", attackTwoCookies},
		{"T231 two headers", name + "=TOKEN\n" + name + "=TOKEN", attackTwoCookies},
		{"T231 two headers, the second useless", name + "=TOKEN\n" + name + "=x", attackTwoCookies},
		{"T231 tossed with a byte that no cookie may have", name + "=TOKEN; " + name + `=\`, attackTwoCookies},
		{"T232 encoded dots", name + "=ENCODED", attackSegments},
		{"T232 an encoded letter", name + "=%65TOKEN", header},
		{"T232 an encoded byte after it", name + "=TOKEN%00", crypto},
		{"T232 a plus sign", name + "=TOKEN+", crypto},
		{"T233 a quoted value", name + `="TOKEN"`, passed},
		{"T233 $Version before it", `$Version=1; ` + name + `=TOKEN; $Path=/`, passed},
		{"T233 a name with a dollar sign", "$" + name + "=TOKEN", attackNoCookie},
		{"T233 inside a quoted value", `a="b; ` + name + `=TOKEN"`, attackInvalid("Invalid crypto padding")},
		{"T233 a comma in place of the semicolon", "a=1, " + name + "=TOKEN", attackNoCookie},
		{"T233 one quote before it", name + `="TOKEN`, header},
		{"T233 one quote after it", name + `=TOKEN"`, crypto},
		{"T233 a quote inside", name + `=x"y.TOKEN`, header},
		{"T233 a backslash inside", name + `=x\y.TOKEN`, header},
		{"T233 a byte that is not ASCII", name + "=\xe9.TOKEN", header},
		{"T233 UTF-8", name + "=é.TOKEN", header},
		{"T234 another case", "Access_Token_Cookie=TOKEN", attackNoCookie},
		{"T234 __Host-", "__Host-" + name + "=TOKEN", attackNoCookie},
		{"T234 __Secure-", "__Secure-" + name + "=TOKEN", attackNoCookie},
		{"T234 a prefix of the name", "access_token=TOKEN", attackNoCookie},
		{"T234 longer", name + "s=TOKEN", attackNoCookie},
		{"T234 brackets", name + "[]=TOKEN", attackNoCookie},
		{"T234 a Unicode space before the name", "\u2000" + name + "=TOKEN", attackNoCookie},
		{"T234 a no-break space before the name", "\u00a0" + name + "=TOKEN", attackNoCookie},
		{"T234 a Unicode space after the name", name + "\u2003=TOKEN", attackNoCookie},
		{"T234 the cookie of refresh tokens", "refresh_token_cookie=TOKEN", attackNoCookie},
		{"T234 percent-encoded name", "%61ccess_token_cookie=TOKEN", attackNoCookie},
		{"T235 empty", name + "=", attackNoCookie},
		{"T235 no value", name, attackNoCookie},
		{"T235 quoted and empty", name + `=""`, attackNoCookie},
		{"T235 deleted", name + "=deleted", attackSegments},
		{"T235 null", name + "=null", attackSegments},
		{"T235 Bearer", name + "=Bearer TOKEN", header},
		{"T235 a blank before it", name + "= TOKEN", passed}, // RFC 6265 §5.2: blanks around it do not count
		{"T235 an equals sign after it", name + "=TOKEN=", crypto},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			token := a.token()
			line := strings.NewReplacer("TOKEN", token, "ENCODED", strings.ReplaceAll(token, ".", "%2E")).Replace(v.cookie)
			onOptional := v.want
			if v.want == attackNoCookie {
				onOptional = attackAnonymous
			}
			cookies := attackHeaders("Cookie", strings.Split(line, "\n")...)
			a.expect(t, v.want, "GET", "/private", cookies)
			a.expect(t, onOptional, "GET", "/optional", cookies)
			raw := "Cookie: " + strings.ReplaceAll(line, "\n", "\r\nCookie: ")
			v.want.expectRaw(t, address, attackGet("/private", raw))
			onOptional.expectRaw(t, address, attackGet("/optional", raw))
		})
	}
}

// attackJar is the responses of a route that sets all cookies and of one that
// removes them.
func attackJar(t *testing.T, settings func(*ginjwt.Config)) (set, unset *httptest.ResponseRecorder) {
	t.Helper()
	a := attackNew(t, settings)
	a.engine.POST("/login", func(c *gin.Context) {
		access := jwttest.AccessToken(t, a.mgr, "alice")
		refresh := jwttest.RefreshToken(t, a.mgr, "alice")
		require.NoError(t, a.mgr.SetAccessCookies(c, access))
		require.NoError(t, a.mgr.SetRefreshCookies(c, refresh))
		c.SetCookie("theirs", "1", 0, "/", "", false, false)
	})
	a.engine.POST("/logout", func(c *gin.Context) { a.mgr.UnsetJWTCookies(c) })
	return jwttest.Do(a.engine, "POST", "/login"), jwttest.Do(a.engine, "POST", "/logout")
}

// attackAttributes is all of a Set-Cookie but its value.
func attackAttributes(w *httptest.ResponseRecorder) (lines []string) {
	for _, line := range w.Header().Values("Set-Cookie") {
		pair, attributes, _ := strings.Cut(line, "; ")
		name, _, _ := strings.Cut(pair, "=")
		lines = append(lines, name+"; "+attributes)
	}
	return lines
}

func TestAttackCookieAttributes(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name     string
		settings func(*ginjwt.Config)
		want     []string
		removed  []string // where earlier settings may have left some
	}{
		{"T236 by default", nil, []string{
			"access_token_cookie; Path=/; HttpOnly; Secure; SameSite=Lax",
			"csrf_access_token; Path=/; Secure; SameSite=Lax",
			"refresh_token_cookie; Path=/; HttpOnly; Secure; SameSite=Lax",
			"csrf_refresh_token; Path=/; Secure; SameSite=Lax",
		}, nil},
		{"T236 __Host-", func(c *ginjwt.Config) {
			c.AccessCookieName, c.RefreshCookieName = "__Host-access", "__Host-refresh"
			c.AccessCSRFCookieName, c.RefreshCSRFCookieName = "__Host-csrf", "__Host-csrf2"
			c.CookieSameSite = http.SameSiteStrictMode
		}, []string{
			"__Host-access; Path=/; HttpOnly; Secure; SameSite=Strict",
			"__Host-csrf; Path=/; Secure; SameSite=Strict",
			"__Host-refresh; Path=/; HttpOnly; Secure; SameSite=Strict",
			"__Host-csrf2; Path=/; Secure; SameSite=Strict",
		}, nil},
		{"T236 narrow paths and a domain", func(c *ginjwt.Config) {
			c.RefreshCookiePath, c.CookieDomain, c.DisableCSRFInCookies = "/refresh", "example.com", true
		}, []string{
			"access_token_cookie; Path=/; Domain=example.com; HttpOnly; Secure; SameSite=Lax",
			"refresh_token_cookie; Path=/refresh; Domain=example.com; HttpOnly; Secure; SameSite=Lax",
		}, []string{
			"access_token_cookie; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
			"refresh_token_cookie; Path=/; Domain=example.com; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
			"refresh_token_cookie; Path=/refresh; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
			"refresh_token_cookie; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
		}},
		{"T236 without TLS", func(c *ginjwt.Config) { c.DisableCookieSecure, c.DisableCookieCSRFProtect = true, true }, []string{
			"access_token_cookie; Path=/; HttpOnly; SameSite=Lax",
			"refresh_token_cookie; Path=/; HttpOnly; SameSite=Lax",
		}, nil},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			set, unset := attackJar(t, v.settings)
			assert.ElementsMatch(t, slices.Concat(v.want, v.removed, []string{"theirs; Path=/"}), attackAttributes(set))
			assert.Equal(t, "no-store", set.Header().Get("Cache-Control"), "T301")

			removed := v.removed
			for _, line := range v.want {
				name, attributes, _ := strings.Cut(line, "; ")
				parts := strings.SplitN(attributes, "; ", 3)
				at := 1 // Expires stands after Path and Domain
				if strings.HasPrefix(parts[1], "Domain=") {
					at = 2
				}
				parts = append(append(parts[:at:at], "Expires=Thu, 01 Jan 1970 00:00:00 GMT"), parts[at:]...)
				removed = append(removed, name+"; "+strings.Join(parts, "; "))
			}
			assert.Equal(t, removed, attackAttributes(unset), "T237")
			for _, cookie := range unset.Result().Cookies() {
				assert.Empty(t, cookie.Value, "T237")
			}
			request := attackRequest("GET", "/", jwttest.Cookies(set, unset))
			assert.Equal(t, "theirs=1", request.Header.Get("Cookie"), "T237 what a browser has left")
		})
	}
}

func TestAttackCookieSettings(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name     string
		settings func(*ginjwt.Config)
		want     string
	}{
		{"T236 __Host- with a domain", func(c *ginjwt.Config) { c.AccessCookieName, c.CookieDomain = "__Host-a", "example.com" }, `"__Host-a" must not have a domain`},
		{"T236 __Host- with a path", func(c *ginjwt.Config) { c.AccessCookieName, c.AccessCookiePath = "__Host-a", "/x" }, `"__Host-a" must have the path /`},
		{"T236 __host- in lower case", func(c *ginjwt.Config) { c.AccessCookieName, c.AccessCookiePath = "__host-a", "/x" }, `"__host-a" must have the path /`},
		{"T236 __Host- that is not secure", func(c *ginjwt.Config) { c.RefreshCookieName, c.DisableCookieSecure = "__Host-a", true }, `"__Host-a" must be Secure`},
		{"T236 __Secure- that is not secure", func(c *ginjwt.Config) { c.AccessCookieName, c.DisableCookieSecure = "__Secure-a", true }, `"__Secure-a" must be Secure`},
		{"T236 SameSite=None that is not secure", func(c *ginjwt.Config) { c.CookieSameSite, c.DisableCookieSecure = http.SameSiteNoneMode, true }, "SameSite=None"},
		{"T234 access and refresh in one cookie", func(c *ginjwt.Config) { c.RefreshCookieName = "access_token_cookie" }, "has the same name as AccessCookieName; choose another name"},
		{"T234 the token in the readable cookie", func(c *ginjwt.Config) { c.AccessCSRFCookieName = "access_token_cookie" }, "has the same name as AccessCookieName; choose another name"},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			config := jwttest.Config(nil)
			v.settings(&config)
			require.ErrorContains(t, ginjwt.New(config).InitApp(nil), v.want)
		})
	}
}

func TestAttackCookieSize(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	for _, v := range []struct {
		name string
		size int
		want error
	}{
		{"T238 a small token", 100, nil},
		{"T238 a token of 4 KB", 2900, ginjwt.ErrTokenTooLarge},
		{"T238 a token of 12 KB", 8000, ginjwt.ErrTokenTooLarge},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			token := jwttest.AccessToken(t, a.mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"x": strings.Repeat("x", v.size)}))
			w := httptest.NewRecorder()
			c, _ := gin.CreateTestContext(w)
			c.Request = attackRequest("POST", "/")
			err := a.mgr.SetAccessCookies(c, token)
			require.ErrorIs(t, err, v.want)
			if v.want == nil {
				assert.Len(t, w.Header().Values("Set-Cookie"), 2)
				return
			}
			assert.Empty(t, w.Header(), "none of the two cookies is set")
			assert.NotContains(t, err.Error(), token[:40])
		})
	}
	t.Run("T238 a token of more than MaxTokenSize is not made", func(t *testing.T) {
		t.Parallel()
		_, err := a.mgr.CreateAccessToken(t.Context(), strings.Repeat("x", 16<<10))
		require.ErrorIs(t, err, ginjwt.ErrTokenTooLarge)
	})
}

func TestAttackSetCookies(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	for _, v := range []struct {
		name, token string
		want        error
	}{
		{"T236 a token of a stranger", attackSign(strings.Repeat("k", 32), `{"alg":"HS256"}`, `{"sub":"alice"}`), ginjwt.ErrInvalidToken},
		{"T236 an expired token", a.token("exp", a.at(0)), ginjwt.ErrExpiredToken},
		{"T236 a header injection", a.token() + "\r\nSet-Cookie: a=b", ginjwt.ErrInvalidToken},
		{"T244 a token without a CSRF value", a.token("csrf", ""), ginjwt.ErrInvalidToken},
		{"T244 a token with an empty CSRF value", a.token("csrf", `""`), ginjwt.ErrInvalidToken},
		{"T245 a token with a number as CSRF value", a.token("csrf", "7"), ginjwt.ErrInvalidToken},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			c, _ := gin.CreateTestContext(w)
			c.Request = attackRequest("POST", "/")
			require.ErrorIs(t, a.mgr.SetAccessCookies(c, v.token), v.want)
			assert.Empty(t, w.Header())
		})
	}
	t.Run("T236 a CSRF value that is no cookie", func(t *testing.T) {
		t.Parallel()
		w := httptest.NewRecorder()
		c, _ := gin.CreateTestContext(w)
		c.Request = attackRequest("POST", "/")
		require.Error(t, a.mgr.SetAccessCookies(c, a.token("csrf", `"a; Domain=evil.example"`)))
		assert.Empty(t, w.Header())
	})
	t.Run("T236 a lasting cookie lives as long as its token", func(t *testing.T) {
		t.Parallel()
		set, _ := attackJar(t, func(c *ginjwt.Config) { c.DisableSessionCookie, c.AccessTokenExpires = true, time.Minute })
		assert.Equal(t, 60, set.Result().Cookies()[0].MaxAge)
	})
}
