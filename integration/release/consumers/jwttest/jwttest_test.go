package jwttest_test

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMyService(t *testing.T) {
	mgr, app := ginjwt.New(jwttest.Config(nil)), gin.New()
	if err := mgr.InitApp(app); err != nil {
		t.Fatal(err)
	}
	app.GET("/me", mgr.JWTRequired(), func(c *gin.Context) { c.String(http.StatusOK, ginjwt.GetJWTIdentity(c)) })
	answer := jwttest.Do(app, "GET", "/me", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")))
	if answer.Body.String() != "alice" {
		t.Error(answer.Code, answer.Body)
	}
}
