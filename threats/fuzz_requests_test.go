package threats_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// attackFuzz sends what was made up, and checks what holds for all requests:
// a client's mistake at most, and the identity of the good token or none.
func attackFuzz(t *testing.T, a *attackApp, target string, change func(*http.Request)) (identity any) {
	t.Helper()
	r, w := attackRequest("POST", target, jwttest.Header("X-CSRF-TOKEN", attackCSRFValue)), httptest.NewRecorder()
	change(r)
	a.engine.ServeHTTP(w, r)
	var body struct{ Msg, Identity any }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%d %q: %v", w.Code, w.Body, err)
	}
	switch w.Code {
	case http.StatusOK:
		if body.Msg != nil || body.Identity != nil && body.Identity != "alice" {
			t.Fatalf("200 %s", w.Body)
		}
	case http.StatusUnauthorized, http.StatusUnprocessableEntity:
		if body.Msg == nil || w.Header().Get("X-Ran") != "" {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	default:
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if (w.Code != http.StatusOK) != strings.Contains(w.Header().Get("WWW-Authenticate"), `, reason="`) {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	if w.Code != http.StatusOK {
		return "refused"
	}
	return body.Identity
}

func FuzzAuthorizationHeader(f *testing.F) {
	a := attackNew(f, nil)
	good := a.token("exp", "253402300799")
	for _, seed := range []string{
		"", "Bearer", "Bearer TOKEN", "bearer\tTOKEN", "Basic x, Bearer TOKEN", "Bearer TOKEN, Bearer TOKEN", "Bearer TOKEN x",
		"TOKEN", ",,", "Bearer ..", "Bearer e30.e30.e30", "Bearer TOKEN=", "\x00", "Bearer \xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		header = strings.ReplaceAll(header, "TOKEN", good)
		set := jwttest.Header("Authorization", header)
		required, optional := attackFuzz(t, a, "/private", set), attackFuzz(t, a, "/optional", set)
		if required == "alice" && !strings.Contains(header, good) {
			t.Fatalf("%q is no good token", header)
		}
		if required == nil || required == "alice" != (optional == "alice") {
			t.Fatalf("%v where required, %v where optional", required, optional)
		}
		first, _, _ := strings.Cut(header, " ")
		if optional == nil && strings.EqualFold(first, "bearer") {
			t.Fatalf("%q is no anonymous request", header)
		}
	})
}

func FuzzQueryString(f *testing.F) {
	a := attackNew(f, attackIn(ginjwt.InQueryString))
	good := a.token("exp", "253402300799")
	for _, seed := range []string{
		"", "jwt=TOKEN", "a=1&jwt=TOKEN&b", "jwt=TOKEN&jwt=TOKEN", "%6awt=TOKEN", "jwt=%zz", "jwt", "jwt=", "jwt=TOKEN;a=1", "+jwt=TOKEN",
		"jwt[]=TOKEN", "jwt=%", "&&=&", "jwt=\x00", "jwt==", "%=jwt",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		query = strings.ReplaceAll(query, "TOKEN", good)
		set := func(r *http.Request) { r.URL = &url.URL{Path: r.URL.Path, RawQuery: query} }
		required, optional := attackFuzz(t, a, "/private", set), attackFuzz(t, a, "/optional", set)
		if required == nil || required == "alice" != (optional == "alice") {
			t.Fatalf("%v where required, %v where optional", required, optional)
		}
		values := attackValues(query, "&", "jwt")
		if required == "alice" && len(values) != 1 {
			t.Fatalf("%q has %d tokens", query, len(values))
		}
		if optional == nil && strings.Join(values, "") != "" {
			t.Fatalf("%q is no anonymous request", query)
		}
	})
}

// attackValues are the values of what is called name, in its plain spelling
// or percent-encoded.
func attackValues(list, separator, name string) (values []string) {
	for pair := range strings.SplitSeq(list, separator) {
		key, value, _ := strings.Cut(pair, "=")
		if separator == ";" {
			key, value = strings.Trim(key, " \t"), strings.Trim(value, " \t")
		} else if plain, err := url.QueryUnescape(key); err == nil {
			key = plain
		}
		if key == name {
			values = append(values, value)
		}
	}
	return values
}

func FuzzCookieHeader(f *testing.F) {
	a := attackNew(f, attackIn(ginjwt.InCookies))
	good := a.token("exp", "253402300799")
	const name = "access_token_cookie"
	for _, seed := range []string{
		"", name + "=TOKEN", "a=b; " + name + "=TOKEN", name + "=TOKEN; " + name + "=x", name + `="TOKEN"`, name, name + "=", "$Version=1; " + name + "=TOKEN",
		name + "=%54OKEN", ";;;", "=TOKEN", name + `=x\y`, name + "=\xff", "refresh_token_cookie=TOKEN",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		header = strings.ReplaceAll(header, "TOKEN", good)
		set := jwttest.Header("Cookie", header)
		required, optional := attackFuzz(t, a, "/private", set), attackFuzz(t, a, "/optional", set)
		if required == nil || required == "alice" != (optional == "alice") {
			t.Fatalf("%v where required, %v where optional", required, optional)
		}
		values := attackValues(header, ";", name)
		if required == "alice" && (len(values) != 1 || strings.Trim(values[0], `"`) != good) {
			t.Fatalf("%q is no good token", header)
		}
		if optional == nil && strings.Trim(strings.Join(values, ""), `"`) != "" {
			t.Fatalf("%q is no anonymous request", header)
		}
	})
}

func FuzzJSONBody(f *testing.F) {
	a := attackNew(f, attackIn(ginjwt.InJSON))
	good := a.token("exp", "253402300799")
	var read []byte
	a.engine.POST("/read", a.mgr.JWTRequired(ginjwt.Optional()), func(c *gin.Context) {
		read, _ = io.ReadAll(c.Request.Body)
		attackHandler(c)
	})
	for _, seed := range []string{
		"", "{}", `{"access_token":"TOKEN"}`, `{"access_token":"TOKEN","access_token":"x"}`, `{"access_token":1}`, `[]`, `"TOKEN"`, `null`,
		`{"a":{"access_token":"TOKEN"}}`, `{"access_token":"TOKEN"`, `{"access_token":"\ud800"}`, "\ufeff{}", "\x00", "{\"access_token\":\"\xff\"}", `{"\u0061ccess_token":"TOKEN"}`,
	} {
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, sent []byte, chunked bool) {
		body := strings.ReplaceAll(string(sent), "TOKEN", good)
		set := func(r *http.Request) {
			jwttest.JSON(body)(r)
			if chunked {
				r.ContentLength = -1
			}
		}
		read = nil
		required, optional := attackFuzz(t, a, "/private", set), attackFuzz(t, a, "/read", set)
		if required == nil || required == "alice" != (optional == "alice") {
			t.Fatalf("%v where required, %v where optional", required, optional)
		}
		if optional != "refused" && string(read) != body {
			t.Fatalf("the handler read %q of %q", read, body)
		}
		var object map[string]any
		if err := json.Unmarshal([]byte(body), &object); required == "alice" && err == nil && object["access_token"] != good {
			t.Fatalf("%q is no good token", body)
		}
	})
}
