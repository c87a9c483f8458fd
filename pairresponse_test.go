package ginjwt_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// c.Render writes the members that c.JSON writes, in the same order.
func TestAPairIsRenderedAsItsJSON(t *testing.T) {
	t.Parallel()
	full := ginjwt.TokenPair{
		AccessToken: "a.b.c", TokenType: "Bearer", ExpiresIn: 900, RefreshToken: "d.e.f", RefreshExpiresIn: 86_400, CSRFToken: "csrf",
		SessionID: "session", CSRF: "never in the body",
	}
	for name, pair := range map[string]ginjwt.TokenPair{
		"everything":             full,
		"in cookies":             {TokenType: "Bearer", ExpiresIn: 900},
		"only the refresh token": {TokenType: "Bearer", RefreshToken: "d.e.f"},
		"odd strings":            {TokenType: "Bearer", AccessToken: "quote \" backslash \\ line\n é \U0001f600", CSRFToken: "\x7f"},
	} {
		engine := gin.New()
		engine.GET("/render", func(c *gin.Context) { c.Render(http.StatusCreated, pair) })
		w := jwttest.Do(engine, "GET", "/render")
		assert.Equal(t, http.StatusCreated, w.Code, name)
		want, err := json.Marshal(pair)
		require.NoError(t, err)
		assert.JSONEq(t, string(want), w.Body.String(), name)
		assert.Equal(t, http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}, "Pragma": {"no-cache"}}, w.Header(), name)
		if name != "odd strings" {
			assert.Equal(t, string(want)+"\n", w.Body.String(), name)
		}
	}
}

// Without sessions the two tokens are made one by one.
func TestAPairOfAManagerWithoutSessionsIsOfTheTypeBearer(t *testing.T) {
	t.Parallel()
	engine := gin.New()
	engine.GET("/", func(c *gin.Context) { c.Render(http.StatusOK, ginjwt.TokenPair{AccessToken: "a", RefreshToken: "r"}) })
	assert.Equal(t, `{"access_token":"a","token_type":"Bearer","refresh_token":"r"}`+"\n", jwttest.Do(engine, "GET", "/").Body.String())
}
