package ginjwt_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A header may have 64 credentials, in one line or in many. With more, nobody looks for the
// token among them, and the visitor is not anonymous either.
func TestAHeaderHasALimitedNumberOfCredentials(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.GET("/", mgr.JWTRequired(ginjwt.Optional()), func(c *gin.Context) { c.String(http.StatusOK, "hello "+ginjwt.GetJWTIdentity(c)) })
	bearer := "Bearer " + jwttest.AccessToken(t, mgr, "alice")
	lines := func(n int) []string {
		all := make([]string, n)
		for i := range all {
			all[i] = "Other x"
		}
		return append(all, bearer)
	}
	const missing = `{"msg":"Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'"}` + "\n"
	for name, test := range map[string]struct {
		header []string
		status int
		body   string
	}{
		"64 in one line":   {[]string{strings.Join(lines(63), ",")}, 200, "hello alice"},
		"64 lines":         {lines(63), 200, "hello alice"},
		"65 in one line":   {[]string{strings.Join(lines(64), ", ")}, 401, missing},
		"65 lines":         {lines(64), 401, missing},
		"65 empty ones":    {[]string{bearer + strings.Repeat(",", 64)}, 401, missing},
		"none but commas":  {[]string{strings.Repeat(",", 10_000)}, 200, "hello "},
		"a comma, a blank": {[]string{", "}, 200, "hello "},
	} {
		w := jwttest.Do(engine, "GET", "/", func(r *http.Request) { r.Header["Authorization"] = test.header })
		assert.Equal(t, test.status, w.Code, name)
		assert.Equal(t, test.body, w.Body.String(), name)
	}
}

// A bare token is no list. So commas in it are not counted, and no refusal names a scheme.
func TestABareTokenIsNoListOfCredentials(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.DisableHeaderType = true
	mgr, engine := newManager(t, config)
	engine.GET("/", mgr.JWTRequired(), func(c *gin.Context) { c.String(http.StatusOK, "hello "+ginjwt.GetJWTIdentity(c)) })
	token := jwttest.AccessToken(t, mgr, "alice")
	for name, test := range map[string]struct {
		header []string
		status int
		body   string
	}{
		"the token":            {[]string{token}, 200, "hello alice"},
		"commas around it":     {[]string{strings.Repeat(",", 64) + token + ","}, 200, "hello alice"},
		"none but commas":      {[]string{strings.Repeat(",", 10_000)}, 401, `{"msg":"Missing Authorization Header"}` + "\n"},
		"commas in it":         {[]string{"x" + strings.Repeat(",", 1000) + "x"}, 422, `{"msg":"Not enough segments"}` + "\n"},
		"commas between words": {[]string{"x" + strings.Repeat(" ,", 1000) + " x"}, 422, `{"msg":"Bad Authorization header. Expected 'Authorization: <JWT>'"}` + "\n"},
	} {
		w := jwttest.Do(engine, "GET", "/", func(r *http.Request) { r.Header["Authorization"] = test.header })
		assert.Equal(t, test.status, w.Code, name)
		assert.Equal(t, test.body, w.Body.String(), name)
	}
}
