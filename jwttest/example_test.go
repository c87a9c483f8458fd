package jwttest_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// newApp is the application under test: it takes its manager, so that a test can make one.
func newApp(mgr *ginjwt.JWTManager) *gin.Engine {
	app := gin.New()
	if err := mgr.InitApp(app); err != nil {
		log.Fatal(err)
	}
	app.POST("/login", func(c *gin.Context) {
		token, err := mgr.CreateAccessToken(c, "alice")
		if err == nil {
			err = mgr.SetAccessCookies(c, token)
		}
		if err != nil {
			mgr.Refuse(c, err)
		}
	})
	app.Any("/me", mgr.JWTRequired(), func(c *gin.Context) { c.String(200, "Hello, %s", ginjwt.GetJWTIdentity(c)) })
	app.POST("/logout", mgr.LogoutHandler())
	return app
}

// How do I send a request with a token? In a test, AccessToken makes the token in one line.
func ExampleBearer() {
	mgr := ginjwt.New(jwttest.Config(nil))
	app := newApp(mgr)
	token, err := mgr.CreateAccessToken(context.Background(), "alice")
	if err != nil {
		log.Fatal(err)
	}

	fmt.Println(jwttest.Do(app, "GET", "/me", jwttest.Bearer(token)).Body)
	fmt.Println(jwttest.Do(app, "GET", "/me").Code)
	// Output:
	// Hello, alice
	// 401
}

// How do I test what happens when a token expires?
func ExampleClock() {
	clock := &jwttest.Clock{}
	mgr := ginjwt.New(jwttest.Config(clock))
	app := newApp(mgr)
	token, err := mgr.CreateAccessToken(context.Background(), "alice")
	if err != nil {
		log.Fatal(err)
	}

	clock.Advance(15*time.Minute - time.Second)
	fmt.Println(jwttest.Do(app, "GET", "/me", jwttest.Bearer(token)).Body)
	clock.Advance(time.Second)
	fmt.Println(jwttest.Do(app, "GET", "/me", jwttest.Bearer(token)).Body)
	// Output:
	// Hello, alice
	// {"msg":"Token has expired"}
}

// How do I test as a browser that logs in, changes something, and logs out?
func ExampleCookies() {
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	app := newApp(ginjwt.New(config))

	login := jwttest.Do(app, "POST", "/login")
	fmt.Println(jwttest.Do(app, "POST", "/me", jwttest.Cookies(login)).Body)

	otherSite := jwttest.Header("X-CSRF-TOKEN", "a guess") // after Cookies, which sends the right value
	fmt.Println(jwttest.Do(app, "POST", "/me", jwttest.Cookies(login), otherSite).Code)

	logout := jwttest.Do(app, "POST", "/logout", jwttest.Cookies(login))
	fmt.Println(jwttest.Do(app, "POST", "/me", jwttest.Cookies(login, logout)).Code) // the browser has no cookie
	fmt.Print(jwttest.Do(app, "POST", "/me", jwttest.Cookies(login)).Body)           // somebody has copied it
	// Output:
	// Hello, alice
	// 401
	// 401
	// {"msg":"Token has been revoked"}
}
