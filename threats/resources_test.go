package threats_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// attackAllocated is how many bytes a request allocates: the least of three
// tries, as the runtime allocates too. The response is read by want.
func attackAllocated(t *testing.T, a *attackApp, want attackAnswer, request func() *http.Request) uint64 {
	t.Helper()
	least := ^uint64(0)
	for range 3 {
		r, w := request(), httptest.NewRecorder()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		a.engine.ServeHTTP(w, r)
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
		want.check(t, w.Code, w.Header(), w.Body.String())
	}
	return least
}

// TestAttackBigHeaders is not parallel: it measures memory. What a request
// may cost is far less than what was sent.
func TestAttackBigHeaders(t *testing.T) {
	a := attackNew(t, nil)
	const big = 900_000
	header := strings.Repeat("a", 16)
	for _, v := range []struct {
		name, header string
		want         attackAnswer
	}{
		{"T285 a token of dots", "Bearer " + strings.Repeat(".", big), attackTooLarge},
		{"T285 a header of commas", strings.Repeat(",", big), attackNoHeader},
		{"T285 a header of blanks and commas", "x" + strings.Repeat(" ,", big/2), attackTwoBearers},
		{"T285 a header of schemes", strings.Repeat("a,", big/2), attackTwoBearers},
		{"T285 a header of words", "Bearer " + strings.Repeat("a ", big/2), attackBadHeader},
		{"T285 words of another scheme", "Basic " + strings.Repeat("a ", big/2), attackNoBearer},
		{"T285 many empty credentials", strings.Repeat("Bearer,", big/7), attackTwoBearers},
		{"T286 a huge token", "Bearer " + strings.Repeat("x", big), attackTooLarge},
		{"T286 a huge header", "Bearer " + strings.Repeat("x", big) + ".e30.x", attackTooLarge},
		{"T286 a huge payload", "Bearer " + header + "." + strings.Repeat("x", big) + ".x", attackTooLarge},
		{"T290 a signature of 600 KB", "Bearer " + header + ".e30." + strings.Repeat("x", 600_000), attackTooLarge},
		{"T287 300000 nested arrays", "Bearer " + a.sign(`{"alg":"HS256"}`, strings.Repeat("[", 300_000)), attackTooLarge},
		{"T287 300000 nested arrays in the header", "Bearer " + a.sign(`{"a":`+strings.Repeat("[", 300_000), `{}`), attackTooLarge},
		{"T288 50000 members", "Bearer " + a.sign(`{"alg":"HS256"}`, attackMembers(50_000)), attackTooLarge},
		{"T288 200000 empty objects", "Bearer " + a.sign(`{"alg":"HS256"}`, `{"a":[`+strings.Repeat("{},", 200_000)+`{}]}`), attackTooLarge},
		{"T288 100000 crit names", "Bearer " + a.sign(`{"crit":[`+strings.Repeat(`"b64",`, 100_000)+`""]}`, `{}`), attackTooLarge},
		{"T289 a number of 500000 digits", "Bearer " + a.sign(`{"alg":"HS256"}`, `{"exp":`+strings.Repeat("9", 500_000)+`}`), attackTooLarge},
	} {
		t.Run(v.name, func(t *testing.T) {
			allocated := attackAllocated(t, a, v.want, func() *http.Request {
				return attackRequest("GET", "/private", jwttest.Header("Authorization", v.header))
			})
			assert.Less(t, allocated, uint64(64<<10), "bytes allocated for a header of %d", len(v.header))
		})
	}
}

// attackMembers is a JSON object of n members.
func attackMembers(n int) string {
	b := []byte{'{'}
	for i := range n {
		b = append(strconv.AppendInt(append(b, '"'), int64(i), 36), `":0,`...)
	}
	return string(b) + `"sub":"alice"}`
}

// TestAttackLargestTokens is not parallel: it measures memory. These tokens
// are as large as is read.
func TestAttackLargestTokens(t *testing.T) {
	a := attackNew(t, nil)
	const size = 11_000
	noJSON := attackInvalid("Invalid payload string: not valid JSON")
	digits := strings.Repeat("9", size)
	for _, v := range []struct {
		name, header, payload string
		want                  attackAnswer
	}{
		{"T287 nested arrays", `{"alg":"HS256"}`, `{"sub":"alice","a":` + strings.Repeat("[", size) + strings.Repeat("]", size/100), noJSON},
		{"T287 nested arrays in the header", `{"a":` + strings.Repeat("[", size), `{}`, attackInvalid("Invalid header string: not valid JSON")},
		{"T287 nested objects", `{"alg":"HS256"}`, strings.Repeat(`{"a":`, size/5), noJSON},
		{"T288 a thousand members", `{"alg":"HS256"}`, attackMembers(1000), attackPassed("alice")},
		{"T288 a thousand members, one twice", `{"alg":"HS256"}`, attackMembers(1000)[:5000] + `,"0":0}`, noJSON},
		{"T288 empty objects", `{"alg":"HS256"}`, `{"sub":"alice","a":[` + strings.Repeat("{},", size/3) + `{}]}`, attackPassed("alice")},
		{"T288 crit names", `{"alg":"HS256","b64":true,"crit":[` + strings.Repeat(`"b64",`, size/6) + `"b64"]}`, `{"sub":"alice"}`, attackInvalid("Invalid 'crit' header: values must be different")},
		{"T289 digits in exp", `{"alg":"HS256"}`, `{"sub":"alice","exp":` + digits + `}`, attackOddEXP},
		{"T289 digits after the point of exp", `{"alg":"HS256"}`, `{"sub":"alice","exp":0.` + digits + `}`, attackExpired},
		{"T289 an exponent of 9 digits", `{"alg":"HS256"}`, `{"sub":"alice","exp":1e999999999}`, attackOddEXP},
		{"T289 a negative exponent of 9 digits", `{"alg":"HS256"}`, `{"sub":"alice","exp":1e-999999999}`, attackExpired},
		{"T289 digits in a claim nobody reads", `{"alg":"HS256"}`, `{"sub":"alice","a":` + digits + `}`, attackPassed("alice")},
		{"T289 digits in fresh", `{"alg":"HS256"}`, `{"sub":"alice","fresh":` + digits + `}`, attackPassed("alice")},
	} {
		t.Run(v.name, func(t *testing.T) {
			token := a.sign(v.header, v.payload)
			require.LessOrEqual(t, len(token), 16<<10)
			allocated := attackAllocated(t, a, v.want, func() *http.Request {
				return attackRequest("GET", "/private", jwttest.Bearer(token))
			})
			assert.Less(t, allocated, uint64(1<<20), "bytes allocated for a token of %d", len(token))
		})
	}
}

// TestAttackBigQueries is not parallel: it measures memory.
func TestAttackBigQueries(t *testing.T) {
	a := attackNew(t, attackIn(ginjwt.InQueryString))
	const big = 900_000
	for _, v := range []struct {
		name, query string
		want        attackAnswer
	}{
		{"T285 a token of dots", "jwt=" + strings.Repeat(".", big), attackTooLarge},
		{"T288 ampersands", strings.Repeat("&", big), attackNoQuery},
		{"T288 many parameters", strings.Repeat("a=b&", big/4), attackNoQuery},
		{"T288 the parameter many times", strings.Repeat("jwt&", big/4), attackTwoQueries},
	} {
		t.Run(v.name, func(t *testing.T) {
			allocated := attackAllocated(t, a, v.want, func() *http.Request {
				r := attackRequest("GET", "/private")
				r.URL.RawQuery = v.query
				return r
			})
			assert.Less(t, allocated, uint64(64<<10), "bytes allocated for a query of %d", len(v.query))
		})
	}
}

// TestAttackBigCookies is not parallel: it measures memory.
func TestAttackBigCookies(t *testing.T) {
	a := attackNew(t, attackIn(ginjwt.InCookies))
	token := a.token()
	for _, v := range []struct {
		name, cookie string
		want         attackAnswer
	}{
		{"T285 a token of dots", "access_token_cookie=" + strings.Repeat(".", 900_000), attackTooLarge},
		{"T288 2000 cookies", strings.Repeat("a=b; ", 2000), attackNoCookie},
		{"T288 2000 cookies and a good one", strings.Repeat("a=b; ", 2000) + "access_token_cookie=" + token, attackPassed("alice")},
		{"T288 2000 times the cookie", strings.Repeat("access_token_cookie=x; ", 2000), attackTwoCookies},
		{"T288 20000 cookies", strings.Repeat("a=b; ", 20_000), attackNoCookie},
	} {
		t.Run(v.name, func(t *testing.T) {
			allocated := attackAllocated(t, a, v.want, func() *http.Request {
				return attackRequest("GET", "/private", attackCookie(v.cookie))
			})
			assert.Less(t, allocated, uint64(1<<20), "bytes allocated for a cookie header of %d", len(v.cookie))
		})
	}
}

// Where there are so many cookies that none is read, a bad token among them
// does not become none.
func TestAttackCookieFlood(t *testing.T) {
	t.Parallel()
	a := attackNew(t, attackIn(ginjwt.InCookies))
	for name, token := range map[string]string{"T288 20000 cookies and a bad one": "x", "T288 20000 cookies and an expired one": a.token("exp", a.at(0))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := jwttest.Do(a.engine, "GET", "/optional", attackCookie(strings.Repeat("a=b; ", 20_000)+"access_token_cookie="+token))
			assert.GreaterOrEqual(t, w.Code, 400, w.Body)
			assert.Empty(t, w.Header().Get("X-Ran"))
		})
	}
}

// TestAttackBigBodies is not parallel: it measures memory. The limits leave
// room for what the race detector adds.
func TestAttackBigBodies(t *testing.T) {
	a := attackNew(t, attackIn(ginjwt.InJSON))
	const big, most = 8 << 20, 1 << 20
	for _, v := range []struct {
		name, body string
		chunked    bool
		want       attackAnswer
		limit      uint64
	}{
		{"T266 8 MiB", strings.Repeat(" ", big), false, attackNoKey, 64 << 10},
		{"T266 8 MiB, chunked", strings.Repeat(" ", big), true, attackNoKey, 6 << 20},
		{"T269 200000 nested arrays", `{"a":` + strings.Repeat("[", 200_000), false, attackNoKey, 6 << 20},
		{"T269 a megabyte of nested arrays", strings.Repeat("[", most), false, attackNoKey, 6 << 20},
		{"T288 50000 members", attackMembers(50_000), false, attackNoKey, 6 << 20},
		{"T288 300000 empty objects", `{"a":[` + strings.Repeat("{},", 300_000) + `{}]}`, false, attackNoKey, 6 << 20},
		{"T288 the key 50000 times", `{` + strings.Repeat(`"access_token":0,`, 50_000) + `"a":0}`, false, attackTwoKeys, 6 << 20},
		{"T289 a number of 900000 digits", `{"access_token":` + strings.Repeat("9", 900_000) + `}`, false, attackNotText, 8 << 20},
		{"T285 a token of dots", `{"access_token":"` + strings.Repeat(".", 900_000) + `"}`, false, attackTooLarge, 8 << 20},
	} {
		t.Run(v.name, func(t *testing.T) {
			allocated := attackAllocated(t, a, v.want, func() *http.Request {
				r := attackRequest("POST", "/private", jwttest.JSON(v.body))
				if v.chunked {
					r.ContentLength = -1
				}
				return r
			})
			assert.Less(t, allocated, v.limit, "bytes allocated for a body of %d", len(v.body))
		})
	}
}

// TestAttackBigForms is not parallel: it measures memory.
func TestAttackBigForms(t *testing.T) {
	a := attackNew(t, func(c *ginjwt.Config) { c.TokenLocation, c.CSRFCheckForm = []ginjwt.Location{ginjwt.InCookies}, true })
	const most = 1 << 20
	for _, v := range []struct {
		name, contentType, body string
		want                    attackAnswer
	}{
		{"T266 8 MiB", "application/x-www-form-urlencoded", strings.Repeat("x", 8<<20), attackNoCSRF},
		{"T288 many fields", "application/x-www-form-urlencoded", strings.ReplaceAll(attackMembers(150_000)[1:most], `":0,"`, "&"), attackNoCSRF},
		{"T288 the field many times", "application/x-www-form-urlencoded", strings.Repeat("csrf_token&", most/11), attackInvalid("Not enough segments")},
		{"T288 many escapes", "application/x-www-form-urlencoded", strings.Repeat("%61&", most/4), attackNoCSRF},
		{"T288 many parts", "multipart/form-data; boundary=b", strings.Repeat("--b\r\n\r\n\r\n", most/9), attackNoCSRF},
		{"T288 many headers of a part", "multipart/form-data; boundary=b", "--b\r\n" + strings.Repeat("a: b\r\n", most/6), attackNoCSRF},
	} {
		t.Run(v.name, func(t *testing.T) {
			allocated := attackAllocated(t, a, v.want, func() *http.Request {
				return attackRequest("POST", "/private", attackCookie("access_token_cookie=x"),
					jwttest.JSON(v.body), jwttest.Header("Content-Type", v.contentType))
			})
			assert.Less(t, allocated, uint64(16<<20), "bytes allocated for a body of %d", len(v.body))
		})
	}
}

// The same over a connection, where net/http has limits of its own.
func TestAttackBigRaw(t *testing.T) {
	t.Parallel()
	a := attackNew(t, attackIn(ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InJSON))
	address := attackServer(t, a.engine)
	nowhere := attackNoToken(`Missing JWT in headers, cookies or json (Missing Authorization Header; ` +
		`Missing cookie "access_token_cookie"; Invalid content-type. Must be application/json.)`)
	for _, v := range []struct {
		name, line string
		want       attackAnswer
	}{
		{"T285 a token of dots", "Authorization: Bearer " + strings.Repeat(".", 900_000), attackTooLarge},
		{"T286 a huge token", "Authorization: Bearer " + strings.Repeat("x", 900_000), attackTooLarge},
		{"T287 300000 nested arrays", "Authorization: Bearer " + a.sign(`{"alg":"HS256"}`, strings.Repeat("[", 300_000)), attackTooLarge},
		{"T288 50000 members", "Authorization: Bearer " + a.sign(`{"alg":"HS256"}`, attackMembers(50_000)), attackTooLarge},
		{"T288 20000 cookies", "Cookie: " + strings.Repeat("a=b; ", 20_000), nowhere},
		{"T289 a number of 500000 digits", "Authorization: Bearer " + a.sign(`{"alg":"HS256"}`, `{"exp":`+strings.Repeat("9", 500_000)+`}`), attackTooLarge},
		{"T290 a signature of 600 KB", "Authorization: Bearer e30.e30." + strings.Repeat("x", 600_000), attackTooLarge},
		{"T285 a cookie of dots", "Cookie: access_token_cookie=" + strings.Repeat(".", 900_000), attackTooLarge},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			v.want.expectRaw(t, address, attackGet("/private", v.line))
		})
	}
	t.Run("T286 more than net/http reads", func(t *testing.T) {
		t.Parallel()
		status, header, _ := attackRaw(t, address, attackGet("/private", "Authorization: Bearer "+strings.Repeat("x", 3<<20)))
		assert.Equal(t, http.StatusRequestHeaderFieldsTooLarge, status)
		assert.Empty(t, header.Get("X-Ran"))
	})
	t.Run("T266 a body that claims 8 GiB and does not come", func(t *testing.T) {
		t.Parallel()
		tooMuch := attackNoToken(`Missing JWT in headers, cookies or json (Missing Authorization Header; ` +
			`Missing cookie "access_token_cookie"; Missing "access_token" key in json data.)`)
		raw := attackGet("/private", "Content-Type: application/json", "Content-Length: 8589934592")
		tooMuch.expectRaw(t, address, raw)
	})
}

// Keys that cost more to use are not used for what cannot be a token.
func TestAttackCheapRefusals(t *testing.T) {
	t.Parallel()
	asked := 0
	a := attackNew(t, nil, func(m *ginjwt.JWTManager) {
		m.DecodeKeyLoader(attackCountKeys(&asked))
	})
	for _, v := range []struct {
		name, token string
		want        attackAnswer
	}{
		{"T286 too large", strings.Repeat("x", 16<<10+1), attackTooLarge},
		{"T290 a signature that is no base64", "e30.e30.!", attackInvalid("Invalid crypto padding")},
		{"T290 no object", a.sign("{}", "[]"), attackInvalid("Invalid payload string: must be a json object")},
		{"T290 an unknown extension", a.sign(`{"alg":"HS256","crit":["x"]}`, "{}"), attackInvalid("Unsupported critical extension: x")},
	} {
		a.expectBoth(t, v.want, v.token)
		require.Zero(t, asked, v.name)
	}
	a.expectBoth(t, attackBadKey, a.sign(`{"alg":"HS256"}`, "{}"))
	require.Equal(t, 2, asked)
}

func TestAttackSizeInSettings(t *testing.T) {
	t.Parallel()
	a := attackNew(t, func(c *ginjwt.Config) { c.MaxTokenSize = 200 })
	fits := a.sign(`{"alg":"HS256"}`, `{"sub":"alice"}`)
	large := a.sign(`{"alg":"HS256"}`, `{"sub":"alice","a":"`+strings.Repeat("x", 200)+`"}`)
	t.Run("T286 MaxTokenSize", func(t *testing.T) {
		a.expectBoth(t, attackPassed("alice"), fits)
		a.expectBoth(t, attackTooLarge, large)
		_, err := a.mgr.CreateAccessToken(t.Context(), "alice")
		require.ErrorIs(t, err, ginjwt.ErrTokenTooLarge)
	})
	t.Run("T286 headers that are not verified", func(t *testing.T) {
		_, err := ginjwt.GetUnverifiedJWTHeaders(strings.Repeat(".", 900_000))
		require.ErrorIs(t, err, ginjwt.ErrInvalidToken)
	})
}

// attackCountKeys is a DecodeKeyLoader that knows no keys.
func attackCountKeys(asked *int) func(context.Context, *ginjwt.Token) (keys.Key, error) {
	return func(context.Context, *ginjwt.Token) (keys.Key, error) {
		*asked++
		return keys.Key{}, nil
	}
}
