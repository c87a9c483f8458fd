package ginjwt_test

import (
	"context"
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

// How do I keep the tokens of a session in cookies?
func ExampleJWTManager_SetPairCookies() {
	gin.SetMode(gin.ReleaseMode)
	mgr := ginjwt.New(ginjwt.Config{
		SecretKey:     "a secret of at least 32 random bytes", // from the environment, in real life
		Sessions:      &ginjwt.MemorySessions{},
		TokenLocation: []ginjwt.Location{ginjwt.InCookies},
	})
	r := gin.New()
	if err := mgr.InitApp(r); err != nil {
		log.Fatal(err)
	}
	r.POST("/login", func(c *gin.Context) {
		pair, err := mgr.CreateTokenPair(c, "alice") // check the password first
		if err == nil {
			err = mgr.SetPairCookies(c, pair)
		}
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"msg": "Logged in"})
	})
	r.POST("/refresh", mgr.RefreshHandler())
	r.POST("/logout", mgr.LogoutHandler())
	login := jwttest.Do(r, "POST", "/login")
	for _, cookie := range login.Result().Cookies() {
		fmt.Println(cookie.Name)
	}
	fmt.Println(jwttest.Do(r, "POST", "/refresh", jwttest.RefreshCookies(login)).Code)
	fmt.Println(jwttest.Do(r, "POST", "/logout", jwttest.Cookies(login)).Code)
	// Output:
	// access_token_cookie
	// csrf_access_token
	// refresh_token_cookie
	// csrf_refresh_token
	// 200
	// 204
}

// How do I renew the token of a client that sends it in a header?
func ExampleJWTManager_ImplicitRefresh_header() {
	gin.SetMode(gin.ReleaseMode)
	config := ginjwt.Config{
		SecretKey:          "a secret of at least 32 random bytes", // from the environment, in real life
		Sessions:           &ginjwt.MemorySessions{},
		RenewedTokenHeader: "X-Renewed-Token",
	}
	clock := &jwttest.Clock{}
	config.Now = clock.Now
	mgr := ginjwt.New(config)
	r := gin.New()
	if err := mgr.InitApp(r); err != nil {
		log.Fatal(err)
	}
	r.POST("/orders", mgr.ImplicitRefresh(5*time.Minute), mgr.JWTRequired(), func(c *gin.Context) { c.Status(http.StatusOK) })
	pair, err := mgr.CreateTokenPair(context.Background(), "alice")
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		w := jwttest.Do(r, "POST", "/orders", jwttest.Bearer(pair.AccessToken))
		fmt.Println(w.Code, w.Header().Get("X-Renewed-Token") != "")
		clock.Advance(12 * time.Minute)
	}
	// Output:
	// 200 false
	// 200 true
}
