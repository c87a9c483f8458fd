package threats_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestAttackContentTypes(t *testing.T) {
	t.Parallel()
	a := attackNew(t, attackIn(ginjwt.InJSON))
	for _, v := range []struct {
		contentType string
		json        bool
	}{
		{"application/json", true},
		{"application/json; charset=utf-8", true},
		{"APPLICATION/JSON", true},
		{"application/problem+json", true},
		{"", false},
		{"text/plain", false},
		{"text/plain; application/json", false},
		{"text/plain, application/json", false},
		{"application/json, text/plain", false},
		{"application/x-www-form-urlencoded", false},
		{"multipart/form-data; boundary=application/json", false},
		{"text/json", false},
		{"application/jsonp", false},
		{"application/json5", false},
		{"application/jso", false},
		{"xapplication/json", false},
		{"application/x-ndjson", false},
		{"json", false},
		{"application/json\u00a0", false},
	} {
		t.Run("T260 "+v.contentType, func(t *testing.T) {
			t.Parallel()
			opts := []jwttest.RequestOption{jwttest.JSON(`{"access_token":"` + a.token() + `"}`), jwttest.Header("Content-Type", v.contentType)}
			if v.json {
				a.expect(t, attackPassed("alice"), "POST", "/private", opts...)
				return
			}
			a.expectAbsent(t, attackNotJSON, "POST", "", opts...)
		})
	}
}

func TestAttackJSON(t *testing.T) {
	t.Parallel()
	a := attackNew(t, attackIn(ginjwt.InJSON))
	passed := attackPassed("alice")
	for _, v := range []struct {
		name, body string // TOKEN is a good one
		want       attackAnswer
	}{
		{"T261 once", `{"a":1,"access_token":"TOKEN","b":[{}]}`, passed},
		{"T261 another key twice", `{"a":1,"access_token":"TOKEN","a":2}`, passed},
		{"T261 the same twice", `{"access_token":"TOKEN","access_token":"TOKEN"}`, attackTwoKeys},
		{"T261 good and bad", `{"access_token":"TOKEN","access_token":"x"}`, attackTwoKeys},
		{"T261 bad and good", `{"access_token":"x","access_token":"TOKEN"}`, attackTwoKeys},
		{"T261 null and good", `{"access_token":null,"access_token":"TOKEN"}`, attackTwoKeys},
		{"T261 the second name escaped", `{"access_token":"TOKEN","\u0061ccess_token":"x"}`, attackTwoKeys},
		{"T262 another case", `{"Access_Token":"TOKEN"}`, attackNoKey},
		{"T262 upper case", `{"ACCESS_TOKEN":"TOKEN"}`, attackNoKey},
		{"T262 a long s", `{"acce\u017fs_token":"TOKEN"}`, attackNoKey},
		{"T262 a Kelvin sign", `{"access_to\u212aen":"TOKEN"}`, attackNoKey},
		{"T262 no underscore", `{"accessToken":"TOKEN"}`, attackNoKey},
		{"T262 a NUL after it", `{"access_token\u0000":"TOKEN"}`, attackNoKey},
		{"T262 the key of refresh tokens", `{"refresh_token":"TOKEN"}`, attackNoKey},
		{"T263 null", `{"access_token":null}`, attackNoKey},
		{"T263 false", `{"access_token":false}`, attackNoKey},
		{"T263 zero", `{"access_token":0}`, attackNoKey},
		{"T263 empty", `{"access_token":""}`, attackNoKey},
		{"T263 an empty array", `{"access_token":[ ]}`, attackNoKey},
		{"T263 an empty object", `{"access_token":{}}`, attackNoKey},
		{"T263 true", `{"access_token":true}`, attackNotText},
		{"T263 a number", `{"access_token":1}`, attackNotText},
		{"T263 a number beyond floating point", `{"access_token":1e999}`, attackNotText},
		{"T263 an array", `{"access_token":["TOKEN"]}`, attackNotText},
		{"T263 an object", `{"access_token":{"access_token":"TOKEN"}}`, attackNotText},
		{"T264 a text", `"TOKEN"`, attackNoKey},
		{"T264 an array", `["TOKEN"]`, attackNoKey},
		{"T264 an array of the object", `[{"access_token":"TOKEN"}]`, attackNoKey},
		{"T264 a number", `1`, attackNoKey},
		{"T264 null", `null`, attackNoKey},
		{"T264 nested", `{"data":{"access_token":"TOKEN"}}`, attackNoKey},
		{"T264 another key", `{"token":"TOKEN"}`, attackNoKey},
		{"T265 empty", ``, attackNoKey},
		{"T265 blanks", ` `, attackNoKey},
		{"T265 cut off", `{"access_token":"TOKEN"`, attackNoKey},
		{"T265 cut off in the token", `{"access_token":"TOKEN`, attackNoKey},
		{"T265 text after it", `{"access_token":"TOKEN"} x`, attackNoKey},
		{"T265 a second object", `{"access_token":"TOKEN"}{}`, attackNoKey},
		{"T265 a comma after it", `{"access_token":"TOKEN",}`, attackNoKey},
		{"T265 single quotes", `{'access_token':'TOKEN'}`, attackNoKey},
		{"T265 a comment", `{/**/"access_token":"TOKEN"}`, attackNoKey},
		{"T265 NaN", `{"access_token":"TOKEN","a":NaN}`, attackNoKey},
		{"T265 a line feed in the token", `{"access_token":"TOKEN\n"}`, attackInvalid("Invalid crypto padding")},
		{"T265 a NUL in the token", `{"access_token":"TOKEN\u0000"}`, attackInvalid("Invalid crypto padding")},
		{"T265 blanks around it", "\r\n\t {\"access_token\" : \"TOKEN\"} \n", passed},
		{"T270 a byte order mark", "\ufeff" + `{"access_token":"TOKEN"}`, passed},
		{"T270 two byte order marks", "\ufeff\ufeff" + `{"access_token":"TOKEN"}`, attackNoKey},
		{"T270 not UTF-8", "{\"access_token\":\"TOKEN\",\"a\":\"\xff\"}", attackNoKey},
		{"T270 the token not UTF-8", "{\"access_token\":\"\xffTOKEN\"}", attackNoKey},
		{"T270 overlong UTF-8", "{\"access_token\":\"TOKEN\",\"a\":\"\xc0\xae\"}", attackNoKey},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			body := jwttest.JSON(strings.ReplaceAll(v.body, "TOKEN", a.token()))
			if v.want == attackNoKey {
				a.expectAbsent(t, v.want, "POST", "", body)
				return
			}
			a.expect(t, v.want, "POST", "/private", body)
			a.expect(t, v.want, "POST", "/optional", body)
		})
	}
}

func TestAttackJSONEncodings(t *testing.T) {
	t.Parallel()
	a := attackNew(t, attackIn(ginjwt.InJSON))
	body := `{"access_token":"` + a.token() + `"}`
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err := io.WriteString(w, body)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	for _, v := range []struct {
		name, body string
		opt        jwttest.RequestOption
	}{
		{"T267 gzip is not decoded", zipped.String(), jwttest.Header("Content-Encoding", "gzip")},
		{"T267 gzip, and nothing said", zipped.String(), func(*http.Request) {}},
		{"T270 UTF-16, big-endian", attackUTF16(body, 1), jwttest.Header("Content-Type", "application/json; charset=utf-16")},
		{"T270 UTF-16, little-endian", attackUTF16(body, 0), jwttest.Header("Content-Type", "application/json; charset=utf-16le")},
		{"T269 200000 nested arrays", `{"a":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `,"access_token":"` + a.token() + `"}`, func(*http.Request) {}},
		{"T269 200000 nested arrays as the token", `{"access_token":` + strings.Repeat("[", 200_000), func(*http.Request) {}},
		{"T269 100000 nested objects", strings.Repeat(`{"a":`, 100_000), func(*http.Request) {}},
		{"T266 8 MiB", `{"a":"` + strings.Repeat("x", 8<<20) + `",` + body[1:], func(*http.Request) {}},
		{"T266 8 MiB, the token first", body[:len(body)-1] + `,"a":"` + strings.Repeat("x", 8<<20) + `"}`, func(*http.Request) {}},
		{"T266 8 MiB of an unknown length", `{"a":"` + strings.Repeat("x", 8<<20) + `",` + body[1:], func(r *http.Request) { r.ContentLength = -1 }},
		{"T266 8 MiB that claim to be short", `{"a":"` + strings.Repeat("x", 8<<20) + `",` + body[1:], func(r *http.Request) { r.ContentLength = 10 }},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a.expect(t, attackNoKey, "POST", "/private", jwttest.JSON(v.body), v.opt)
		})
	}
	t.Run("T270 the charset is not asked", func(t *testing.T) {
		t.Parallel()
		a.expect(t, attackPassed("alice"), "POST", "/private", jwttest.JSON(body), jwttest.Header("Content-Type", "application/json; charset=utf-16"))
	})
}

// attackUTF16 encodes text, with the low byte of each unit at position low.
func attackUTF16(text string, low int) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		pair := [2]byte{}
		pair[low], pair[1-low] = byte(unit), byte(unit>>8)
		b = append(b, pair[:]...)
	}
	return string(b)
}

// What the middleware has read, the handler can read again.
func TestAttackBodyIsWhole(t *testing.T) {
	t.Parallel()
	a := attackNew(t, attackIn(ginjwt.InJSON, ginjwt.InHeaders))
	token := a.token()
	a.engine.POST("/echo", a.mgr.JWTRequired(ginjwt.Optional()), a.mgr.JWTRequired(ginjwt.Optional()), attackEcho)
	for _, v := range []struct {
		name, body string
		length     int64 // -1: chunked
	}{
		{"T268 a good token", `{"access_token":"` + token + `"}`, 0},
		{"T268 no token", ` {"a" : 1} `, 0},
		{"T268 no JSON", "\x00\xff{{{", 0},
		{"T268 empty", "", 0},
		{"T268 as much as is read", strings.Repeat("x", 1<<20), 0},
		{"T268 a byte more", strings.Repeat("x", 1<<20+1), 0},
		{"T268 a byte more, chunked", strings.Repeat("x", 1<<20+1), -1},
		{"T268 3 MiB, chunked", strings.Repeat("0123456789abcdef", 3<<16), -1},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			w := jwttest.Do(a.engine, "POST", "/echo", jwttest.JSON(v.body), func(r *http.Request) {
				if v.length < 0 {
					r.ContentLength = v.length
				}
			})
			require.Equal(t, http.StatusOK, w.Code)
			assert.True(t, v.body == w.Body.String(), "%d bytes came, %d were sent", w.Body.Len(), len(v.body))
		})
	}
	t.Run("T268 over a connection", func(t *testing.T) {
		t.Parallel()
		address := attackServer(t, a.engine)
		body := `{"access_token":"` + token + `","a":"` + strings.Repeat("x", 3<<20) + `"}`
		response, err := http.Post("http://"+address+"/echo", "application/json", struct{ io.Reader }{strings.NewReader(body)})
		require.NoError(t, err)
		defer response.Body.Close()
		got, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		assert.True(t, body == string(got), "%d bytes came, %d were sent", len(got), len(body))
	})
}

// attackEcho answers with the body that it reads.
func attackEcho(c *gin.Context) {
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		c.Status(http.StatusTeapot)
		return
	}
	c.Data(http.StatusOK, "application/octet-stream", body)
}

func TestAttackBrokenBody(t *testing.T) {
	t.Parallel()
	a := attackNew(t, attackIn(ginjwt.InJSON))
	a.engine.POST("/echo", a.mgr.JWTRequired(ginjwt.Optional()), attackEcho)
	broken := func(r *http.Request) {
		r.Header.Set("Content-Type", "application/json")
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"access_token":"`+a.token()+`"}`), attackBrokenReader{}))
	}
	t.Run("T265 the connection breaks", func(t *testing.T) {
		t.Parallel()
		r, w := attackRequest("POST", "/private", broken), httptest.NewRecorder()
		a.engine.ServeHTTP(w, r)
		attackNoKey.check(t, w.Code, w.Header(), w.Body.String())
	})
	t.Run("T268 the handler sees the error too", func(t *testing.T) {
		t.Parallel()
		w := jwttest.Do(a.engine, "POST", "/echo", broken)
		assert.Equal(t, http.StatusTeapot, w.Code)
	})
}

type attackBrokenReader struct{}

func (attackBrokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
