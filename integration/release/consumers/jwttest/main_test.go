// The tests of a service.
package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestTokensExpire(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	jwt := ginjwt.New(jwttest.Config(clock))
	engine := gin.New()
	if err := jwt.InitApp(engine); err != nil {
		t.Fatal(err)
	}
	engine.GET("/me", jwt.JWTRequired(), func(c *gin.Context) { c.String(http.StatusOK, ginjwt.GetJWTIdentity(c)) })

	token := jwttest.AccessToken(t, jwt, "alice")
	if w := jwttest.Do(engine, "GET", "/me", jwttest.Bearer(token)); w.Body.String() != "alice" {
		t.Errorf("got %s", w.Body)
	}
	clock.Advance(time.Hour)
	if w := jwttest.Do(engine, "GET", "/me", jwttest.Bearer(token)); w.Code != http.StatusUnauthorized {
		t.Errorf("an expired token got %d", w.Code)
	}
}
