package main

import (
	"encoding/json"
	"io"
	"os"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/internal/console"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	gin.DefaultWriter = io.Discard
	os.Exit(m.Run())
}

func setUp(t *testing.T, profile ginjwt.ErrorHandler) (*gin.Engine, *jwttest.Clock) {
	t.Helper()
	clock := &jwttest.Clock{}
	r, err := newRouter(jwttest.Config(clock), profile)
	require.NoError(t, err)
	return r, clock
}

// logIn returns alice's token.
func logIn(t *testing.T, r *gin.Engine) string {
	t.Helper()
	w := jwttest.Do(r, "POST", "/login", jwttest.JSON(`{"username":"alice","password":"correct horse"}`))
	require.Equal(t, 200, w.Code, w.Body)
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	var body map[string]string
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
	require.Len(t, body, 1)
	return body["access_token"]
}

func TestPage(t *testing.T) {
	t.Parallel()
	r, _ := setUp(t, ginjwt.BearerError)
	console.Session{Page: "custom-errors.md"}.RunOn(t, r)
}

func TestLoginNeedsThePassword(t *testing.T) {
	t.Parallel()
	r, _ := setUp(t, ginjwt.BearerError)
	for _, body := range []string{
		`{"username":"alice","password":"wrong"}`,
		`{"username":"alice","password":""}`,
		`{"username":"eve","password":"correct horse"}`,
		`{}`, `[]`, ``,
	} {
		w := jwttest.Do(r, "POST", "/login", jwttest.JSON(body))
		assert.Equal(t, 401, w.Code, body)
		assert.Equal(t, `{"msg":"Bad username or password"}`, w.Body.String(), body)
	}
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	const problem = `{"detail":"The token is not valid","error":"invalid_token","reason":"token_malformed","status":401,"title":"Unauthorized","type":"about:blank"}`
	const nothing = `{"detail":"No token was sent","reason":"token_missing","status":401,"title":"Unauthorized","type":"about:blank"}`
	const header = `{"detail":"A header of the request is malformed","error":"invalid_request","reason":"token_empty","status":400,"title":"Bad Request","type":"about:blank"}`
	for _, test := range []struct {
		name          string
		profile       ginjwt.ErrorHandler
		authorization string
		status        int
		mediaType     string
		body          string
	}{
		{"Flask", ginjwt.FlaskError, "", 401, "application/json", `{"msg":"Missing Authorization Header"}` + "\n"},
		{"Flask", ginjwt.FlaskError, "Bearer abc", 422, "application/json", `{"msg":"Not enough segments"}` + "\n"},
		{"Flask", ginjwt.FlaskError, "Bearer", 422, "application/json", `{"msg":"Bad Authorization header. Expected 'Authorization: Bearer <JWT>'"}` + "\n"},
		{"Bearer", ginjwt.BearerError, "", 401, "application/json; charset=utf-8", `{"reason":"token_missing"}`},
		{"Bearer", ginjwt.BearerError, "Bearer abc", 401, "application/json; charset=utf-8", `{"error":"invalid_token","error_description":"The token is not valid","reason":"token_malformed"}`},
		{"Bearer", ginjwt.BearerError, "Bearer", 400, "application/json; charset=utf-8", `{"error":"invalid_request","error_description":"A header of the request is malformed","reason":"token_empty"}`},
		{"Problem", ginjwt.ProblemError, "", 401, "application/problem+json", nothing},
		{"Problem", ginjwt.ProblemError, "Bearer abc", 401, "application/problem+json", problem},
		{"Problem", ginjwt.ProblemError, "Bearer", 400, "application/problem+json", header},
	} {
		r, _ := setUp(t, test.profile)
		w := jwttest.Do(r, "GET", "/who_am_i", jwttest.Header("Authorization", test.authorization))
		assert.Equal(t, test.status, w.Code, "%s %q", test.name, test.authorization)
		assert.Equal(t, test.mediaType, w.Header().Get("Content-Type"), "%s %q", test.name, test.authorization)
		assert.Equal(t, test.body, w.Body.String(), "%s %q", test.name, test.authorization)
	}
}

func TestExpiredTokensHaveAnAnswerOfTheirOwn(t *testing.T) {
	t.Parallel()
	r, clock := setUp(t, ginjwt.BearerError)
	token := logIn(t, r)

	w := jwttest.Do(r, "GET", "/who_am_i", jwttest.Bearer(token))
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, `{"identity":"alice"}`, w.Body.String())

	clock.Advance(15 * time.Minute)
	w = jwttest.Do(r, "GET", "/who_am_i", jwttest.Bearer(token))
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"error":"expired","login":"/login"}`, w.Body.String())
	assert.Equal(t, `Bearer realm="api", error="invalid_token", error_description="The token has expired", reason="token_expired"`,
		w.Header().Get("WWW-Authenticate"))
}

func TestBrowsersGetAPage(t *testing.T) {
	t.Parallel()
	r, _ := setUp(t, ginjwt.BearerError)
	for name, test := range map[string]struct{ accept, authorization, body string }{
		"a browser":             {"text/html,*/*;q=0.8", "", `<h1>Please log in</h1>`},
		"a program":             {"application/json", "", `{"reason":"token_missing"}`},
		"curl":                  {"*/*", "", `{"reason":"token_missing"}`},
		"nothing said":          {"", "", `{"reason":"token_missing"}`},
		"two tokens, a browser": {"text/html", "Bearer a, Bearer b", `{"error":"invalid_request","error_description":"More than one token was sent","reason":"multiple_tokens"}`},
	} {
		w := jwttest.Do(r, "GET", "/who_am_i", jwttest.Header("Accept", test.accept), jwttest.Header("Authorization", test.authorization))
		assert.Equal(t, test.body, w.Body.String(), name)
		if test.authorization == "" {
			assert.Equal(t, 401, w.Code, name)
			assert.Equal(t, `Bearer realm="api", reason="token_missing"`, w.Header().Get("WWW-Authenticate"), name)
		}
	}
}

func TestTheMessageKeyIsASetting(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.ErrorMessageKey = "message"
	r, err := newRouter(config, ginjwt.FlaskError)
	require.NoError(t, err)
	w := jwttest.Do(r, "GET", "/who_am_i")
	assert.Equal(t, `{"message":"Missing Authorization Header"}`+"\n", w.Body.String())
}
