package threats_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

var attackNoCSRFClaim = attackInvalid("Missing claim: csrf")

// A cookie that the browser sends by itself, and what an attacker's page can
// add to it.
func TestAttackCSRF(t *testing.T) {
	t.Parallel()
	a := attackNew(t, attackIn(ginjwt.InCookies))
	const good = attackCSRFValue
	for _, v := range []struct {
		name  string
		lines []string // of X-CSRF-TOKEN
		claim string   // JSON
		want  attackAnswer
	}{
		{"T240 the right value", []string{good}, `"` + good + `"`, attackPassed("alice")},
		{"T240 no header", nil, `"` + good + `"`, attackNoCSRF},
		{"T240 an empty header", []string{""}, `"` + good + `"`, attackNoCSRF},
		{"T241 wrong", []string{"x"}, `"` + good + `"`, attackWrongCSRF},
		{"T241 the first letter differs", []string{"X" + good[1:]}, `"` + good + `"`, attackWrongCSRF},
		{"T254 the last letter differs", []string{good[:len(good)-1] + "X"}, `"` + good + `"`, attackWrongCSRF},
		{"T244 no claim", []string{good}, "", attackNoCSRFClaim},
		{"T244 no claim, no header", nil, "", attackNoCSRF},
		{"T244 an empty claim", []string{good}, `""`, attackWrongCSRF},
		{"T244 an empty claim, no header", nil, `""`, attackNoCSRF},
		{"T244 an empty claim, an empty header", []string{""}, `""`, attackNoCSRF},
		{"T244 an empty claim, two empty headers", []string{"", ""}, `""`, attackWrongCSRF},
		{"T245 a number", []string{"7"}, "7", attackWrongCSRF},
		{"T245 null", []string{"null"}, "null", attackWrongCSRF},
		{"T245 true", []string{"true"}, "true", attackWrongCSRF},
		{"T245 an array", []string{good}, `["` + good + `"]`, attackWrongCSRF},
		{"T245 the JSON of the array", []string{`["x"]`}, `["x"]`, attackWrongCSRF},
		{"T246 the header twice", []string{good, good}, `"` + good + `"`, attackWrongCSRF},
		{"T246 good and bad", []string{good, "x"}, `"` + good + `"`, attackWrongCSRF},
		{"T246 bad and good", []string{"x", good}, `"` + good + `"`, attackWrongCSRF},
		{"T246 empty and good", []string{"", good}, `"` + good + `"`, attackWrongCSRF},
		{"T246 joined by a comma", []string{good + "," + good}, `"` + good + `"`, attackWrongCSRF},
		{"T247 another case", []string{strings.ToUpper(good)}, `"` + good + `"`, attackWrongCSRF},
		{"T247 a prefix", []string{good[:8]}, `"` + good + `"`, attackWrongCSRF},
		{"T247 longer", []string{good + "0"}, `"` + good + `"`, attackWrongCSRF},
		{"T247 quoted", []string{`"` + good + `"`}, `"` + good + `"`, attackWrongCSRF},
		{"T247 a blank after it", []string{good + " "}, `"` + good + `"`, attackWrongCSRF},
		{"T252 not ASCII", []string{"é"}, `"` + good + `"`, attackWrongCSRF},
		{"T252 not UTF-8", []string{"\xff\xfe"}, `"` + good + `"`, attackWrongCSRF},
		{"T252 huge", []string{strings.Repeat("é", 200_000)}, `"` + good + `"`, attackWrongCSRF},
		{"T252 not ASCII, but the same", []string{"é"}, `"é"`, attackPassed("alice")},
		{"T252 a replacement character for bad bytes", []string{"\xff"}, `"\ufffd"`, attackWrongCSRF},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			cookie := attackCookie("access_token_cookie=" + a.token("csrf", v.claim))
			a.expect(t, v.want, "POST", "/private", cookie, attackHeaders("X-CSRF-TOKEN", v.lines...))
			a.expect(t, v.want, "POST", "/optional", cookie, attackHeaders("X-CSRF-TOKEN", v.lines...))
		})
	}
}

func TestAttackCSRFMethods(t *testing.T) {
	t.Parallel()
	a := attackNew(t, attackIn(ginjwt.InCookies))
	cookie := attackCookie("access_token_cookie=" + a.token())
	for _, v := range []struct {
		name, method string
		want         attackAnswer
	}{
		{"T240", "POST", attackNoCSRF},
		{"T240", "PUT", attackNoCSRF},
		{"T240", "PATCH", attackNoCSRF},
		{"T240", "DELETE", attackNoCSRF},
		{"T248", "CONNECT", attackNoCSRF},
		{"T248", "PROPFIND", attackNoCSRF},
		{"T248", "QUERY", attackNoCSRF},
		{"T248", "LOCK", attackNoCSRF},
		{"T248", "GETX", attackNoCSRF},
		{"T249", "GET", attackPassed("alice")},
		{"T249", "HEAD", attackPassed("alice")},
		{"T249", "TRACE", attackPassed("alice")},
		{"T249", "OPTIONS", attackPassed("alice")},
	} {
		t.Run(v.name+" "+v.method, func(t *testing.T) {
			t.Parallel()
			a := attackNew(t, attackIn(ginjwt.InCookies))
			a.engine.Handle(v.method, "/method", a.mgr.JWTRequired(), attackHandler)
			a.expect(t, v.want, v.method, "/method", attackCookie("access_token_cookie="+a.token())) // by its own clock
		})
	}
	for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
		t.Run("T257 "+name, func(t *testing.T) {
			t.Parallel()
			a.expect(t, attackNoCSRF, "POST", "/private", cookie, jwttest.Header(name, "GET"))
		})
	}
	t.Run("T257 _method in the query", func(t *testing.T) {
		t.Parallel()
		a.expect(t, attackNoCSRF, "POST", "/private?_method=GET", cookie)
	})
	t.Run("T249 methods of the settings", func(t *testing.T) {
		t.Parallel()
		b := attackNew(t, func(c *ginjwt.Config) {
			c.SecretKey, c.TokenLocation, c.CSRFMethods = a.config.SecretKey, []ginjwt.Location{ginjwt.InCookies}, []string{"GET"}
		})
		b.expect(t, attackNoCSRF, "GET", "/private", attackCookie("access_token_cookie="+b.token()))
		b.expect(t, attackPassed("alice"), "POST", "/private", attackCookie("access_token_cookie="+b.token()))
	})
}

func TestAttackCSRFElsewhere(t *testing.T) {
	t.Parallel()
	a := attackNew(t, attackIn(ginjwt.InCookies))
	token := a.token()
	refresh := a.token("type", `"refresh"`, "csrf", `"of-refresh"`)
	form := func(body string) jwttest.RequestOption {
		return func(r *http.Request) {
			jwttest.JSON(body)(r)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	for _, v := range []struct {
		name, target, cookie, header string
		body                         jwttest.RequestOption
		want                         attackAnswer
	}{
		{"T242 only in the readable cookie", "/private", "access_token_cookie=" + token + "; csrf_access_token=" + attackCSRFValue, "", form(""), attackNoCSRF},
		{"T243 the attacker's value in cookie and header", "/private", "access_token_cookie=" + token + "; csrf_access_token=evil", "evil", form(""), attackWrongCSRF},
		{"T251 in the query", "/private?csrf_token=" + attackCSRFValue + "&X-CSRF-TOKEN=" + attackCSRFValue, "access_token_cookie=" + token, "", form(""), attackNoCSRF},
		{"T256 in a form, which is off", "/private", "access_token_cookie=" + token, "", form("csrf_token=" + attackCSRFValue), attackNoCSRF},
		{"T253 of the access token for the refresh token", "/refresh", "refresh_token_cookie=" + refresh, attackCSRFValue, form(""), attackWrongCSRF},
		{"T253 of the refresh token for the access token", "/private", "access_token_cookie=" + token, "of-refresh", form(""), attackWrongCSRF},
		{"T204 a refresh without one", "/refresh", "refresh_token_cookie=" + refresh, "", form(""), attackNoCSRF},
		{"T253 of the refresh token", "/refresh", "refresh_token_cookie=" + refresh, "of-refresh", form(""), attackPassed("alice")},
		{"T250 no CSRF value and a useless token", "/private", "access_token_cookie=x", "", form(""), attackNoCSRF},
		{"T250 a CSRF value and a useless token", "/private", "access_token_cookie=x", "x", form(""), attackSegments},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a.expect(t, v.want, "POST", v.target, attackCookie(v.cookie), jwttest.Header("X-CSRF-TOKEN", v.header), v.body)
		})
	}
}

// The settings of a site that takes forms.
func TestAttackCSRFForms(t *testing.T) {
	t.Parallel()
	a := attackNew(t, func(c *ginjwt.Config) { c.TokenLocation, c.CSRFCheckForm = []ginjwt.Location{ginjwt.InCookies}, true })
	const good = attackCSRFValue
	const urlencoded, multipart = "application/x-www-form-urlencoded", `multipart/form-data; boundary="b"`
	part := func(value string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\n" + value + "\r\n"
	}
	file := "--b\r\nContent-Disposition: form-data; name=\"csrf_token\"; filename=\"a\"\r\n\r\n" + good + "\r\n"
	for _, v := range []struct {
		name, contentType, body string
		want                    attackAnswer
	}{
		{"T256 in a form", urlencoded, "a=1&csrf_token=" + good, attackPassed("alice")},
		{"T256 wrong", urlencoded, "csrf_token=x", attackWrongCSRF},
		{"T256 empty", urlencoded, "csrf_token=", attackNoCSRF},
		{"T246 two fields", urlencoded, "csrf_token=" + good + "&csrf_token=" + good, attackWrongCSRF},
		{"T246 two fields, one wrong", urlencoded, "csrf_token=" + good + "&csrf_token=x", attackWrongCSRF},
		{"T247 another name", urlencoded, "CSRF_TOKEN=" + good, attackNoCSRF},
		{"T256 text/plain, as a form can send it", "text/plain", "csrf_token=" + good, attackNoCSRF},
		{"T256 JSON", "application/json", `{"csrf_token":"` + good + `"}`, attackNoCSRF},
		{"T256 no content type", "", "csrf_token=" + good, attackNoCSRF},
		{"T256 behind a megabyte", urlencoded, "a=" + strings.Repeat("x", 1<<20) + "&csrf_token=" + good, attackNoCSRF},
		{"T256 multipart", multipart, part(good) + "--b--\r\n", attackPassed("alice")},
		{"T256 multipart, wrong", multipart, part("x") + "--b--\r\n", attackWrongCSRF},
		{"T256 multipart, a file", multipart, file + "--b--\r\n", attackNoCSRF},
		{"T256 multipart, a kilobyte more", multipart, part(good+strings.Repeat(" ", 1<<11)) + "--b--\r\n", attackWrongCSRF},
		{"T246 multipart, two fields", multipart, part(good) + part(good) + "--b--\r\n", attackWrongCSRF},
		{"T246 multipart, two fields, the second wrong", multipart, part(good) + part("x") + "--b--\r\n", attackWrongCSRF},
		{"T256 multipart without a boundary", "multipart/form-data", part(good) + "--b--\r\n", attackNoCSRF},
		{"T256 multipart cut off", multipart, part(good)[:40], attackNoCSRF},
		{"T256 not UTF-8", urlencoded, "csrf_token=%ff%fe", attackWrongCSRF},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a.expect(t, v.want, "POST", "/private",
				attackCookie("access_token_cookie="+a.token()), jwttest.JSON(v.body), jwttest.Header("Content-Type", v.contentType))
		})
	}
}

func TestAttackCSRFBesideHeader(t *testing.T) {
	t.Parallel()
	a := attackNew(t, attackIn(ginjwt.InHeaders, ginjwt.InCookies))
	cookie := "access_token_cookie=" + a.token()
	for _, v := range []struct {
		name, header string
		want         attackAnswer
	}{
		{"T250 a good header needs no CSRF value", "Bearer " + a.token("sub", `"bob"`), attackPassed("bob")},
		{"T250 no header", "", attackNoCSRF},
		{"T250 another scheme does not dodge the check", "Basic YTpi", attackNoCSRF},
		{"T250 no scheme does not dodge the check", a.token(), attackNoCSRF},
		{"T250 a bad header never falls through", "Bearer x", attackSegments},
		{"T250 a malformed header never falls through", "Bearer", attackEmptyHeader},
		{"T250 two headers never fall through", "Bearer x, Bearer y", attackTwoBearers},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a.expect(t, v.want, "POST", "/private", attackCookie(cookie), jwttest.Header("Authorization", v.header))
			a.expect(t, v.want, "POST", "/optional", attackCookie(cookie), jwttest.Header("Authorization", v.header))
		})
	}
}

func TestAttackLoginCSRF(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	evil := a.token("sub", `"mallory"`)
	t.Run("T255 planted by a link", func(t *testing.T) {
		t.Parallel()
		a.expectAbsent(t, attackNoHeader, "GET", "?jwt="+evil)
	})
	t.Run("T255 planted as a cookie where headers are configured", func(t *testing.T) {
		t.Parallel()
		a.expectAbsent(t, attackNoHeader, "GET", "", attackCookie("access_token_cookie="+evil))
	})
	t.Run("T255 planted under the name of a __Host- cookie", func(t *testing.T) {
		t.Parallel()
		a := attackNew(t, func(c *ginjwt.Config) {
			c.TokenLocation, c.AccessCookieName = []ginjwt.Location{ginjwt.InCookies}, "__Host-access"
		})
		missing := attackNoToken(`Missing cookie "__Host-access"`)
		for _, name := range []string{"access", "__host-access", "__Host-Access", "\u2000__Host-access", "=__Host-access"} {
			a.expectAbsent(t, missing, "GET", "", attackCookie(name+"="+a.token("sub", `"mallory"`)))
		}
	})
}
