package ginjwt_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// The differences that docs/from-flask.md lists below its table. The comments have the
// answers of Flask-JWT-Extended.
func TestSmallDifferencesFromFlask(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}
	config.HeaderName, config.CSRFCheckForm = "X-Token", true
	mgr, engine := newManager(t, config)
	engine.POST("/", mgr.JWTRequired(), identify)
	engine.POST("/fresh", mgr.JWTRequired(ginjwt.Fresh()), identify)
	token := jwttest.AccessToken(t, mgr, "alice")
	csrf, err := mgr.GetCSRFToken(t.Context(), token)
	require.NoError(t, err)

	const missing = `Missing JWT in headers or cookies (Missing X-Token Header; Missing cookie \"access_token_cookie\")`
	form := "--b\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\n" + csrf + "\r\n--b--\r\n"
	cookie := "access_token_cookie=" + token
	for name, test := range map[string]struct {
		target, body string
		header       http.Header
		want         string
	}{
		"digits of another script": {"/", "", http.Header{"X-Token": {"Bearer " + guarded(t, config, `"exp":"١"`)}}, // 401 Token has expired
			"Expiration Time claim (exp) must be an integer."},
		"fresh for ever": {"/fresh", "", http.Header{"X-Token": {"Bearer " + guarded(t, config, `"fresh":1e400`)}}, "Fresh token required"}, // 200
		"_ for -":        {"/", "", http.Header{"X_token": {"Bearer " + token}}, missing},                                                   // 200
		"a semicolon in quotes": {"/", "", http.Header{"Cookie": {`a="b;` + cookie + `"`}, "X-Csrf-Token": {csrf}}, // 401 Missing cookie
			"Invalid crypto padding"},
		"an escape in quotes": {"/", "", http.Header{"Cookie": {`access_token_cookie="\145` + token[1:] + `"`}, "X-Csrf-Token": {csrf}}, // 200
			"Invalid header padding"},
		"malformed parameters": {"/", form, http.Header{"Cookie": {cookie}, "Content-Type": {"multipart/form-data; boundary=b; charset"}}, // 200
			"Missing CSRF token"},
	} {
		r := httptest.NewRequest(http.MethodPost, test.target, strings.NewReader(test.body))
		r.Header = test.header
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, r)
		assert.Equal(t, `{"msg":"`+test.want+`"}`+"\n", w.Body.String(), name)
	}

	_, err = mgr.GetCSRFToken(t.Context(), guarded(t, config, `"csrf":5`)) // 5
	require.ErrorIs(t, err, ginjwt.ErrInvalidToken)
	_, err = ginjwt.GetUnverifiedJWTHeaders(signedHS256(`{"alg":"HS256","b64":false}`, `{}`, "x")) // the header
	require.ErrorIs(t, err, ginjwt.ErrInvalidToken)
}
