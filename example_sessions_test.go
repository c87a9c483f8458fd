package ginjwt_test

import (
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// How do I remember a user for three months, and keep claims in every token?
func ExampleWithSessionClaims() {
	gin.SetMode(gin.ReleaseMode)
	mgr := ginjwt.New(ginjwt.Config{
		SecretKey: "a secret of at least 32 random bytes", // from the environment, in real life
		Sessions:  &ginjwt.MemorySessions{},
	})
	r := gin.New()
	if err := mgr.InitApp(r); err != nil {
		log.Fatal(err)
	}
	r.POST("/login", func(c *gin.Context) {
		pair, err := mgr.CreateTokenPair(c, "alice",
			ginjwt.WithSessionClaims(ginjwt.Claims{"tenant": "acme"}),
			ginjwt.WithIdleLifetime(90*24*time.Hour))
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		fmt.Println("the refresh token lives for", time.Until(pair.RefreshExpiresAt).Round(time.Hour))
		c.JSON(http.StatusOK, pair)
	})
	fmt.Println(jwttest.Do(r, "POST", "/login").Code)
	// Output:
	// the refresh token lives for 2160h0m0s
	// 200
}
