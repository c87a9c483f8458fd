package ginjwt_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// form writes a form of both kinds with the same fields.
func form(t *testing.T, fields ...string) map[string]string {
	t.Helper()
	encoded := url.Values{}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		encoded.Add(fields[i], fields[i+1])
		require.NoError(t, w.WriteField(fields[i], fields[i+1]))
	}
	require.NoError(t, w.Close())
	return map[string]string{"application/x-www-form-urlencoded": encoded.Encode(), w.FormDataContentType(): b.String()}
}

func TestCSRFValuesInForms(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.TokenLocation, config.CSRFCheckForm = []ginjwt.Location{ginjwt.InCookies}, true
	mgr, engine := newManager(t, config)
	var sent string
	engine.POST("/", mgr.JWTRequired(), func(c *gin.Context) {
		body, err := io.ReadAll(c.Request.Body)
		require.NoError(t, err)
		assert.Equal(t, sent, string(body), "the handler gets all of the body")
		identify(c)
	})
	encoded := jwttest.AccessToken(t, mgr, "alice")
	csrf, err := mgr.GetCSRFToken(t.Context(), encoded)
	require.NoError(t, err)

	const missing, differ = `{"msg":"Missing CSRF token"}` + "\n", `{"msg":"CSRF double submit tokens do not match"}` + "\n"
	for _, test := range []struct {
		name   string
		bodies map[string]string
		want   string
	}{
		{"good", form(t, "amount", "10", "csrf_token", csrf), "alice"},
		{"large upload behind it", form(t, "csrf_token", csrf, "file", strings.Repeat("x", 2<<20)), "alice"},
		{"wrong", form(t, "csrf_token", "x"), differ},
		{"twice", form(t, "csrf_token", csrf, "csrf_token", csrf), differ},
		{"good, then another", form(t, "csrf_token", csrf, "csrf_token", "x"), differ},
		{"huge", form(t, "csrf_token", csrf+strings.Repeat("x", 5000)), differ},
		{"missing", form(t, "amount", "10"), missing},
		{"no form", map[string]string{"text/plain": "csrf_token=" + csrf, "": "csrf_token=" + csrf, "multipart/form-data": "x"}, missing},
	} {
		for contentType, body := range test.bodies {
			sent = body
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
			r.Header.Set("Content-Type", contentType)
			r.Header.Set("Cookie", "access_token_cookie="+encoded)
			w := httptest.NewRecorder()
			engine.ServeHTTP(w, r)
			assert.Equal(t, test.want, w.Body.String(), "%s, %s", test.name, contentType)
		}
	}
}
