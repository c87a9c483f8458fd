package threats_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// Whether a header holds a token, a bad one, or none.
func TestAttackHeaders(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	passed, padding := attackPassed("alice"), attackInvalid("Invalid crypto padding")
	for _, v := range []struct {
		name, header string // TOKEN is a good one
		want         attackAnswer
	}{
		{"T210 empty", "", attackNoHeader},
		{"T210 blanks", " \t ", attackNoHeader},
		{"T210 commas", ",,", attackNoHeader},
		{"T211 as it should be", "Bearer TOKEN", passed},
		{"T211 lower case", "bearer TOKEN", passed},
		{"T211 upper case", "BEARER TOKEN", passed},
		{"T211 mixed case", "bEaReR TOKEN", passed},
		{"T212 Basic", "Basic TOKEN", attackNoBearer},
		{"T212 Token", "Token TOKEN", attackNoBearer},
		{"T212 JWT", "JWT TOKEN", attackNoBearer},
		{"T212 DPoP", "DPoP TOKEN", attackNoBearer},
		{"T212 Negotiate beside Bearer", "Negotiate abc, Bearer TOKEN", passed},
		{"T213 no scheme", "TOKEN", attackNoBearer},
		{"T213 a colon", "Bearer: TOKEN", attackNoBearer},
		{"T213 a colon, no blank", "Bearer:TOKEN", attackNoBearer},
		{"T213 an equals sign", "Bearer=TOKEN", attackNoBearer},
		{"T213 run together", "BearerTOKEN", attackNoBearer},
		{"T213 quoted scheme", `"Bearer" TOKEN`, attackNoBearer},
		{"T213 longer", "Bearers TOKEN", attackNoBearer},
		{"T213 shorter", "Beare TOKEN", attackNoBearer},
		{"T214 nothing after it", "Bearer", attackEmptyHeader},
		{"T214 a blank after it", "Bearer ", attackEmptyHeader},
		{"T214 nothing, then another scheme", "Bearer, Basic abc", attackEmptyHeader},
		{"T215 a word", "Bearer TOKEN x", attackBadHeader},
		{"T215 a parameter", `Bearer TOKEN realm="x"`, attackBadHeader},
		{"T215 a word before it", "Bearer x TOKEN", attackBadHeader},
		{"T215 the scheme twice", "Bearer Bearer TOKEN", attackBadHeader},
		{"T215 a semicolon", "Bearer TOKEN;q=1", padding},
		{"T215 quotes", `Bearer "TOKEN"`, attackInvalid("Invalid header padding")},
		{"T217 the same twice", "Bearer TOKEN, Bearer TOKEN", attackTwoBearers},
		{"T217 good and bad", "Bearer TOKEN,Bearer x", attackTwoBearers},
		{"T217 bad and good", "Bearer x, bearer TOKEN", attackTwoBearers},
		{"T217 empty and good", "Bearer, Bearer TOKEN", attackTwoBearers},
		{"T217 another scheme between", "Bearer TOKEN, Basic x, BEARER TOKEN", attackTwoBearers},
		{"T217 a comma in the token", "Bearer x,TOKEN", attackSegments},
		{"T218 a tab", "Bearer\tTOKEN", passed},
		{"T218 two blanks", "Bearer  TOKEN", passed},
		{"T218 a no-break space", "Bearer\u00a0TOKEN", attackNoBearer},
		{"T218 a no-break space in Latin-1", "Bearer\xa0TOKEN", attackNoBearer},
		{"T218 an em space", "Bearer\u2003TOKEN", attackNoBearer},
		{"T218 an ideographic space before it", "\u3000Bearer TOKEN", attackNoBearer},
		{"T218 a no-break space after it", "Bearer TOKEN\u00a0", padding},
		{"T218 a next-line character after it", "Bearer TOKEN\u0085", padding},
		{"T218 a zero-width space after it", "Bearer TOKEN\u200b", padding},
		{"T218 a byte order mark before it", "\ufeffBearer TOKEN", attackNoBearer},
		{"T218 a letter that is not ASCII inside", "Bearer é.TOKEN", attackInvalid("Invalid header padding")},
		{"T218 full-width letters", "Ｂｅａｒｅｒ TOKEN", attackNoBearer},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			header := jwttest.Header("Authorization", strings.ReplaceAll(v.header, "TOKEN", a.token()))
			if strings.HasPrefix(v.want.challenge, `Bearer realm="api"`) && !strings.Contains(v.want.challenge, "error") {
				a.expectAbsent(t, v.want, "GET", "", header)
				return
			}
			a.expect(t, v.want, "GET", "/private", header)
			a.expect(t, v.want, "GET", "/optional", header)
		})
	}
}

func TestAttackHeaderLines(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	good := "Bearer " + a.token()
	for _, v := range []struct {
		name  string
		lines []string
		want  attackAnswer
	}{
		{"T216 two Authorization lines", []string{good, good}, attackTwoBearers},
		{"T216 good and bad", []string{good, "Bearer x"}, attackTwoBearers},
		{"T216 bad and good", []string{"Bearer x", good}, attackTwoBearers},
		{"T216 the second in lower case", []string{good, "bearer x"}, attackTwoBearers},
		{"T216 the second without a token", []string{good, "Bearer"}, attackTwoBearers},
		{"T216 one that is empty", []string{"", good}, attackPassed("alice")},
		{"T216 another scheme first", []string{"Basic YTpi", good}, attackPassed("alice")},
		{"T216 another scheme last", []string{good, `Digest username="x", uri="/"`}, attackPassed("alice")},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			lines := attackHeaders("Authorization", v.lines...)
			a.expect(t, v.want, "GET", "/private", lines)
			a.expect(t, v.want, "GET", "/optional", lines)
		})
	}
}

func TestAttackHeaderSettings(t *testing.T) {
	t.Parallel()
	typed := attackNew(t, func(c *ginjwt.Config) { c.HeaderType = "Token" })
	bare := attackNew(t, func(c *ginjwt.Config) { c.HeaderName, c.DisableHeaderType = "X-Token", true })
	noType := attackNoToken("Missing 'Token' type in 'Authorization' header. Expected 'Authorization: Token <JWT>'")
	noType.challenge = `Token realm="api", reason="token_missing"`
	t.Run("T218 a letter that folds to one of the scheme", func(t *testing.T) {
		t.Parallel()
		typed.expect(t, attackPassed("alice"), "GET", "/private", jwttest.Header("Authorization", "tOKEN "+typed.token()))
		typed.expect(t, noType, "GET", "/private", jwttest.Header("Authorization", "To\u212aen "+typed.token()))
	})
	for _, v := range []struct {
		name  string
		lines []string
		want  attackAnswer
	}{
		{"T213 the token alone", []string{"TOKEN"}, attackPassed("alice")},
		{"T215 a scheme in front of it", []string{"Bearer TOKEN"}, attackHeader("Bad X-Token header. Expected 'X-Token: <JWT>'", "header_malformed")},
		{"T217 two in one line", []string{"TOKEN,TOKEN"}, attackInvalid("Invalid payload padding")},
		{"T216 two lines", []string{"TOKEN", "TOKEN"}, attackInvalid("Invalid payload padding")},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			var lines []string
			for _, line := range v.lines {
				lines = append(lines, strings.ReplaceAll(line, "TOKEN", bare.token()))
			}
			bare.expect(t, v.want, "GET", "/private", attackHeaders("X-Token", lines...))
			bare.expect(t, v.want, "GET", "/optional", attackHeaders("X-Token", lines...))
		})
	}
}

func TestAttackOtherHeaders(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	for _, name := range []string{
		"X-Authorization", "Proxy-Authorization", "X-Forwarded-Authorization", "X-Original-Authorization", "X-Access-Token",
		"X-Auth-Token", "Authorization2", "Authorization_", "WWW-Authenticate", "Sec-WebSocket-Protocol", "Cookie",
	} {
		t.Run("T219 "+name, func(t *testing.T) {
			t.Parallel()
			a.expectAbsent(t, attackNoHeader, "GET", "", jwttest.Header(name, "Bearer "+a.token()))
		})
	}
	for _, name := range []string{
		"X-Forwarded-User", "X-Remote-User", "Remote-User", "X-User", "X-Forwarded-For", "X-Real-IP", "X-Original-URL",
		"X-Rewrite-URL", "X-HTTP-Method-Override", "X-Forwarded-Client-Cert", "Authorization-Identity",
	} {
		t.Run("T221 "+name, func(t *testing.T) {
			t.Parallel()
			a.expectAbsent(t, attackNoHeader, "POST", "", jwttest.Header(name, "alice"))
		})
	}
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"} {
		t.Run("T221 "+method, func(t *testing.T) {
			t.Parallel()
			a.expectAbsent(t, attackNoHeader, method, "")
		})
	}
	for _, path := range []string{
		"//private", "/private/", "/PRIVATE", "/./private", "/x/../private", "/private%2f", "/%70rivate", "/private;x", "/private%00", "/private?jwt",
	} {
		t.Run("T221 "+path, func(t *testing.T) {
			t.Parallel()
			w := jwttest.Do(a.engine, "GET", path)
			assert.Empty(t, w.Header().Get("X-Ran"))
			assert.Contains(t, []int{301, 401, 404}, w.Code)
		})
	}
	t.Run("T221 a group and its middleware", func(t *testing.T) {
		t.Parallel()
		a := attackNew(t, nil)
		a.engine.Group("/v1", a.mgr.JWTRequired()).Group("/admin").GET("/x", attackHandler)
		a.expect(t, attackNoHeader, "GET", "/v1/admin/x")
		a.expect(t, attackPassed("alice"), "GET", "/v1/admin/x", jwttest.Bearer(a.token()))
	})
}

// Bytes that no client library would send.
func TestAttackRawHeaders(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	address := attackServer(t, a.engine)
	token := a.token()
	for _, v := range []struct {
		name, target string
		lines        []string
		want         attackAnswer
	}{
		{"T211 the name in upper case", "/private", []string{"AUTHORIZATION: Bearer " + token}, attackPassed("alice")},
		{"T211 no blank after the colon", "/private", []string{"authorization:Bearer " + token}, attackPassed("alice")},
		{"T216 two lines", "/private", []string{"Authorization: Bearer " + token, "authorization: bearer " + token}, attackTwoBearers},
		{"T216 two lines, optional", "/optional", []string{"Authorization: Bearer " + token, "Authorization: Bearer x"}, attackTwoBearers},
		{"T220 a folded line is unfolded", "/private", []string{"Authorization: Bearer", "  " + token}, attackPassed("alice")},
		{"T220 a folded line inside the token", "/private", []string{"Authorization: Bearer " + token[:30], " " + token[30:]}, attackBadHeader},
		{"T220 a second credential in a folded line", "/optional", []string{"Authorization: Bearer " + token, " , Bearer x"}, attackTwoBearers},
		{"T221 an absolute target", "http://other.example/private", nil, attackNoHeader},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			v.want.expectRaw(t, address, attackGet(v.target, v.lines...))
		})
	}
	for _, v := range []struct{ name, line string }{
		{"T220 a bare CR", "Authorization: Bearer\r " + token},
		{"T220 a NUL", "Authorization: Bearer " + token + "\x00"},
		{"T220 a NUL in the name", "Authorization\x00: Bearer " + token},
		{"T220 a control character", "Authorization: Bearer \x0b" + token},
		{"T220 a delete character", "Authorization: Bearer \x7f" + token},
		{"T220 a blank before the colon", "Authorization : Bearer " + token},
		{"T220 no colon", "Authorization Bearer " + token},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			status, header, body := attackRaw(t, address, attackGet("/optional", v.line))
			assert.Equal(t, http.StatusBadRequest, status)
			assert.Empty(t, header.Get("X-Ran"))
			attackKeepsQuiet(t, v.line, header, body)
		})
	}
	t.Run("T221 a method in lower case", func(t *testing.T) {
		t.Parallel()
		status, header, _ := attackRaw(t, address, strings.Replace(attackGet("/private"), "GET", "options", 1))
		assert.Equal(t, http.StatusNotFound, status)
		assert.Empty(t, header.Get("X-Ran"))
	})
}

var attackEverywhere = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InQueryString, ginjwt.InJSON}

// attackPut puts a token in a location of a request.
func attackPut(location ginjwt.Location, token string) jwttest.RequestOption {
	return func(r *http.Request) {
		switch location {
		case ginjwt.InHeaders:
			jwttest.Bearer(token)(r)
		case ginjwt.InCookies:
			attackCookie("access_token_cookie=" + token)(r)
		case ginjwt.InQueryString:
			r.URL.RawQuery = "jwt=" + token
		case ginjwt.InJSON:
			jwttest.JSON(`{"access_token":"` + token + `"}`)(r)
		}
	}
}

func TestAttackOtherLocations(t *testing.T) {
	t.Parallel()
	missing := map[ginjwt.Location]attackAnswer{
		ginjwt.InHeaders: attackNoHeader, ginjwt.InCookies: attackNoCookie,
		ginjwt.InQueryString: attackNoQuery, ginjwt.InJSON: attackNotJSON,
	}
	for _, configured := range attackEverywhere {
		for _, sent := range attackEverywhere {
			t.Run("T225 "+string(sent)+" where "+string(configured)+" is configured", func(t *testing.T) {
				t.Parallel()
				a := attackNew(t, attackIn(configured))
				good, bad := attackPut(sent, a.token()), attackPut(sent, "x")
				if sent == configured {
					a.expect(t, attackPassed("alice"), "GET", "/private", good)
					a.expect(t, attackSegments, "GET", "/private", bad)
					a.expect(t, attackSegments, "GET", "/optional", bad)
					return
				}
				a.expectAbsent(t, missing[configured], "GET", "", good)
				a.expectAbsent(t, missing[configured], "GET", "", bad)
			})
		}
	}
	t.Run("T225 a form is no location", func(t *testing.T) {
		t.Parallel()
		a := attackNew(t, attackIn(ginjwt.InHeaders, ginjwt.InQueryString))
		form := jwttest.JSON("jwt=" + a.token() + "&access_token=" + a.token())
		a.expectAbsent(t, attackNoToken("Missing JWT in headers or query_string (Missing Authorization Header; Missing 'jwt' query paramater)"),
			"POST", "", form, jwttest.Header("Content-Type", "application/x-www-form-urlencoded"))
	})
	t.Run("T225 the locations of the route, not of the settings", func(t *testing.T) {
		t.Parallel()
		a := attackNew(t, attackIn(attackEverywhere...))
		a.engine.GET("/header", a.mgr.JWTRequired(ginjwt.Locations(ginjwt.InHeaders)), attackHandler)
		a.expect(t, attackNoHeader, "GET", "/header", attackPut(ginjwt.InQueryString, a.token()))
	})
}

func TestAttackQueryString(t *testing.T) {
	t.Parallel()
	a := attackNew(t, attackIn(ginjwt.InQueryString))
	passed, crypto := attackPassed("alice"), attackInvalid("Invalid crypto padding")
	header := attackInvalid("Invalid header padding")
	for _, v := range []struct {
		name, query string // TOKEN is a good one
		want        attackAnswer
	}{
		{"T226 once", "jwt=TOKEN", passed},
		{"T226 once between others", "a=1&jwt=TOKEN&b=2", passed},
		{"T226 the same twice", "jwt=TOKEN&jwt=TOKEN", attackTwoQueries},
		{"T226 good and bad", "jwt=TOKEN&jwt=x", attackTwoQueries},
		{"T226 bad and good", "jwt=x&a=1&jwt=TOKEN", attackTwoQueries},
		{"T226 empty and good", "jwt=&jwt=TOKEN", attackTwoQueries},
		{"T226 good and no value", "jwt=TOKEN&jwt", attackTwoQueries},
		{"T226 the second name percent-encoded", "jwt=TOKEN&%6Awt=x", attackTwoQueries},
		{"T226 empty", "jwt=", attackNoQuery},
		{"T226 no value", "jwt", attackNoQuery},
		{"T227 brackets", "jwt[]=TOKEN", attackNoQuery},
		{"T227 an index", "jwt[0]=TOKEN", attackNoQuery},
		{"T227 another case", "JWT=TOKEN", attackNoQuery},
		{"T227 a prefix of the name", "jw=TOKEN", attackNoQuery},
		{"T227 a blank before the name", "+jwt=TOKEN", attackNoQuery},
		{"T227 a NUL after the name", "jwt%00=TOKEN", attackNoQuery},
		{"T227 a second question mark", "?jwt=TOKEN", attackNoQuery},
		{"T227 a semicolon before it", "a=1;jwt=TOKEN", attackNoQuery},
		{"T227 a semicolon after it", "jwt=TOKEN;a=1", crypto},
		{"T227 an encoded ampersand", "a=1%26jwt=TOKEN", attackNoQuery},
		{"T227 an encoded equals sign", "jwt%3DTOKEN", attackNoQuery},
		{"T227 a prefix that is not configured", "jwt=Bearer%20TOKEN", header},
		{"T227 a fragment", "jwt=TOKEN%23x", crypto},
		{"T228 encoded dots", "jwt=ENCODED", passed},
		{"T228 encoded twice", "jwt=TWICE", attackSegments},
		{"T228 a broken escape after it", "jwt=TOKEN%", crypto},
		{"T228 half an escape after it", "jwt=TOKEN%2", crypto},
		{"T228 a broken escape before it", "jwt=%zzTOKEN", header},
		{"T228 a broken escape alone", "jwt=%", attackSegments},
		{"T228 a broken escape in another parameter", "a=%zz&jwt=TOKEN", passed},
		{"T228 a plus sign", "jwt=+TOKEN", header},
		{"T228 a NUL after it", "jwt=TOKEN%00", crypto},
		{"T228 a line feed after it", "jwt=TOKEN%0a", crypto},
		{"T228 overlong UTF-8", "jwt=%c0%aeTOKEN", header},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			token := a.token()
			query := "?" + strings.NewReplacer(
				"TOKEN", token,
				"ENCODED", strings.ReplaceAll(token, ".", "%2E"),
				"TWICE", strings.ReplaceAll(token, ".", "%252E"),
			).Replace(v.query)
			if v.want == attackNoQuery {
				a.expectAbsent(t, v.want, "GET", query)
				return
			}
			a.expect(t, v.want, "GET", "/private"+query)
			a.expect(t, v.want, "GET", "/optional"+query)
		})
	}
}

func TestAttackQueryIsOff(t *testing.T) {
	t.Parallel()
	t.Run("T229 by default", func(t *testing.T) {
		t.Parallel()
		a := attackNew(t, nil)
		a.expectAbsent(t, attackNoHeader, "GET", "?jwt="+a.token())
	})
	t.Run("T229 responses are not stored and name no referrer", func(t *testing.T) {
		t.Parallel()
		a := attackNew(t, attackIn(ginjwt.InHeaders, ginjwt.InQueryString))
		w := jwttest.Do(a.engine, "GET", "/private?jwt="+a.token())
		attackPassed("alice").check(t, w.Code, w.Header(), w.Body.String())
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		assert.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
		w = jwttest.Do(a.engine, "GET", "/private", jwttest.Bearer(a.token()))
		assert.Empty(t, w.Header().Get("Cache-Control"))
	})
}

// Two different locations are read in order. The first that holds a token
// decides, good or bad.
func TestAttackTwoLocations(t *testing.T) {
	t.Parallel()
	for _, order := range [][]ginjwt.Location{
		{ginjwt.InHeaders, ginjwt.InCookies}, {ginjwt.InCookies, ginjwt.InHeaders},
		{ginjwt.InQueryString, ginjwt.InHeaders}, {ginjwt.InHeaders, ginjwt.InJSON},
		{ginjwt.InJSON, ginjwt.InQueryString}, {ginjwt.InCookies, ginjwt.InJSON},
	} {
		a := attackNew(t, attackIn(order...))
		alice, bob := a.token(), a.token("sub", `"bob"`)
		stranger := attackSign(strings.Repeat("k", 32), `{"alg":"HS256"}`, `{"sub":"bob"}`)
		for _, v := range []struct {
			name, first, second string
			want                attackAnswer
		}{
			{"T230 two users", bob, alice, attackPassed("bob")},
			{"T230 the same user", alice, alice, attackPassed("alice")},
			{"T230 useless, then good", "x", alice, attackSegments},
			{"T230 of a stranger, then good", stranger, alice, attackBadKey},
			{"T230 expired, then good", a.token("exp", a.at(0)), alice, attackExpired},
			{"T230 refresh, then good", a.token("type", `"refresh"`), alice, attackInvalid("Only non-refresh tokens are allowed")},
			{"T230 good, then useless", alice, "x", attackPassed("alice")},
		} {
			t.Run(v.name+", "+string(order[0])+" before "+string(order[1]), func(t *testing.T) {
				t.Parallel()
				opts := []jwttest.RequestOption{attackPut(order[0], v.first), attackPut(order[1], v.second)}
				a.expect(t, v.want, "GET", "/private", opts...)
				a.expect(t, v.want, "GET", "/optional", opts...)
			})
		}
	}
}

func TestAttackPreflight(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	origin, method := jwttest.Header("Origin", "https://evil.example"), jwttest.Header("Access-Control-Request-Method", "DELETE")
	for _, header := range []string{"", "Bearer x", "Bearer " + a.token()} {
		a.expect(t, attackAnonymous, "OPTIONS", "/private", origin, method, jwttest.Header("Authorization", header))
	}
	for name, opts := range map[string][]jwttest.RequestOption{
		"nothing": nil, "origin": {origin}, "method": {method},
		"empty origin": {jwttest.Header("Origin", ""), method}, "empty method": {origin, jwttest.Header("Access-Control-Request-Method", "")},
	} {
		t.Run("no preflight: "+name, func(t *testing.T) {
			t.Parallel()
			a.expect(t, attackNoHeader, "OPTIONS", "/private", opts...)
			a.expect(t, attackInvalid("Not enough segments"), "OPTIONS", "/private", append(opts, jwttest.Header("Authorization", "Bearer x"))...)
			a.expect(t, attackPassed("alice"), "OPTIONS", "/private", append(opts, jwttest.Header("Authorization", "Bearer "+a.token()))...)
		})
	}
}
