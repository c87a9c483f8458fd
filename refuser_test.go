package ginjwt_test

import (
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// The default format has a path of its own. It keeps a challenge of the application, and a
// status that is no refusal gets none.
func TestTheChallengeOfTheDefaultFormat(t *testing.T) {
	t.Parallel()
	const basic = `Basic realm="staff"`
	const bearer = `Bearer realm="api", error="invalid_token", error_description="The token has been revoked", reason="token_revoked"`
	for name, test := range map[string]struct {
		own    []string
		status int
		want   []string
	}{
		"refused":          {nil, 401, []string{bearer}},
		"refused, empty":   {[]string{""}, 401, []string{bearer}},
		"refused, own":     {[]string{basic}, 401, []string{basic}},
		"a failure":        {nil, 503, []string{bearer}},
		"not found":        {nil, 404, nil},
		"not found, own":   {[]string{basic}, 404, []string{basic}},
		"no longer there":  {nil, 410, nil},
		"status of a kind": {nil, 0, []string{bearer}},
	} {
		mgr, engine := newManager(t, jwttest.Config(nil))
		engine.GET("/", func(c *gin.Context) {
			if test.own != nil {
				c.Writer.Header()["Www-Authenticate"] = test.own
			}
			mgr.Refuse(c, &ginjwt.Error{Kind: ginjwt.ErrRevokedToken, Status: test.status})
		})
		w := jwttest.Do(engine, "GET", "/")
		assert.Equal(t, test.want, w.Header().Values("WWW-Authenticate"), name)
		assert.JSONEq(t, `{"msg":"Token has been revoked"}`, w.Body.String(), name)
	}
}
