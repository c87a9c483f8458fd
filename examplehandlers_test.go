package ginjwt_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// How do I log a user in with an access token and a refresh token?
func ExampleJWTManager_CreateTokenPair() {
	mgr := exampleManager(ginjwt.Config{Sessions: &ginjwt.MemorySessions{}})
	r := exampleEngine(mgr)
	r.POST("/login", func(c *gin.Context) {
		// Check the password first.
		pair, err := mgr.CreateTokenPair(c, "alice", ginjwt.WithFresh(), ginjwt.WithDevice(c.Request.UserAgent()))
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.Render(http.StatusOK, pair) // c.JSON, with "Cache-Control: no-store"
	})

	w := jwttest.Do(r, "POST", "/login")
	var pair ginjwt.TokenPair
	if err := json.Unmarshal(w.Body.Bytes(), &pair); err != nil {
		log.Fatal(err)
	}
	fmt.Println(w.Code, pair.TokenType, pair.ExpiresIn, "seconds")
	fmt.Println("access token:", pair.AccessToken != "", "refresh token:", pair.RefreshToken != "")
	// Output:
	// 200 Bearer 900 seconds
	// access token: true refresh token: true
}

// How does a client get a new access token, and what happens to a stolen refresh token?
func ExampleJWTManager_RefreshHandler() {
	clock := &jwttest.Clock{}
	mgr := exampleManager(ginjwt.Config{Sessions: &ginjwt.MemorySessions{Now: clock.Now}, Now: clock.Now})
	r := exampleEngine(mgr)
	r.POST("/refresh", mgr.RefreshHandler())

	pair, err := mgr.CreateTokenPair(context.Background(), "alice")
	if err != nil {
		log.Fatal(err)
	}
	for range 2 { // the second request is a thief with a copy of the same token
		clock.Advance(15 * time.Minute) // the access token expires
		w := jwttest.Do(r, "POST", "/refresh", jwttest.Bearer(pair.RefreshToken))
		var next ginjwt.TokenPair
		if err := json.Unmarshal(w.Body.Bytes(), &next); err != nil {
			log.Fatal(err)
		}
		fmt.Println(w.Code, "next refresh token:", next.RefreshToken != "")
	}
	// Output:
	// 200 next refresh token: true
	// 401 next refresh token: false
}

// How do I write a logout that also works when the access token has expired?
func ExampleJWTManager_LogoutHandler() {
	clock := &jwttest.Clock{}
	mgr := exampleManager(ginjwt.Config{Sessions: &ginjwt.MemorySessions{Now: clock.Now}, Now: clock.Now})
	r := exampleEngine(mgr)
	r.POST("/logout", mgr.LogoutHandler()) // without JWTRequired
	r.POST("/refresh", mgr.RefreshHandler())

	pair, err := mgr.CreateTokenPair(context.Background(), "alice")
	if err != nil {
		log.Fatal(err)
	}
	clock.Advance(time.Hour) // the access token has expired
	fmt.Println("logout:", jwttest.Do(r, "POST", "/logout", jwttest.Bearer(pair.AccessToken)).Code)
	fmt.Println("refresh:", jwttest.Do(r, "POST", "/refresh", jwttest.Bearer(pair.RefreshToken)).Code)
	// Output:
	// logout: 204
	// refresh: 401
}

// How do I log a user out on all devices?
func ExampleJWTManager_LogoutAllHandler() {
	mgr := exampleManager(ginjwt.Config{Sessions: &ginjwt.MemorySessions{}})
	r := exampleEngine(mgr)
	r.POST("/logout/all", mgr.JWTRequired(), mgr.LogoutAllHandler())

	phone, err := mgr.CreateTokenPair(context.Background(), "alice")
	if err != nil {
		log.Fatal(err)
	}
	laptop, err := mgr.CreateTokenPair(context.Background(), "alice")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(jwttest.Do(r, "POST", "/logout/all", jwttest.Bearer(laptop.AccessToken)).Code)
	_, err = mgr.VerifyToken(context.Background(), phone.AccessToken)
	fmt.Println("phone:", err)
	// Output:
	// 204
	// phone: ginjwt: token has been revoked (token_revoked)
}

// How do I show users where they are logged in?
func ExampleJWTManager_SessionsHandler() {
	clock := &jwttest.Clock{}
	mgr := exampleManager(ginjwt.Config{Sessions: &ginjwt.MemorySessions{Now: clock.Now}, Now: clock.Now})
	r := exampleEngine(mgr)
	r.GET("/sessions", mgr.JWTRequired(), mgr.SessionsHandler())

	var pair ginjwt.TokenPair
	for _, device := range []string{"phone", "laptop"} {
		clock.Advance(time.Second)
		var err error
		if pair, err = mgr.CreateTokenPair(context.Background(), "alice", ginjwt.WithDevice(device)); err != nil {
			log.Fatal(err)
		}
	}
	var page struct {
		Sessions []struct {
			Device  string `json:"device"`
			Current bool   `json:"current"`
		} `json:"sessions"`
		Next string `json:"next_cursor"` // for /sessions?cursor=…; empty: no more
	}
	w := jwttest.Do(r, "GET", "/sessions", jwttest.Bearer(pair.AccessToken))
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
		log.Fatal(err)
	}
	for _, s := range page.Sessions {
		fmt.Println(s.Device, s.Current)
	}
	// Output:
	// laptop true
	// phone false
}

// How does a user end the session on a lost device?
func ExampleJWTManager_EndSessionHandler() {
	mgr := exampleManager(ginjwt.Config{Sessions: &ginjwt.MemorySessions{}})
	r := exampleEngine(mgr)
	r.DELETE("/sessions/:id", mgr.JWTRequired(), mgr.EndSessionHandler())

	phone, err := mgr.CreateTokenPair(context.Background(), "alice")
	if err != nil {
		log.Fatal(err)
	}
	laptop, err := mgr.CreateTokenPair(context.Background(), "alice")
	if err != nil {
		log.Fatal(err)
	}
	mallory, err := mgr.CreateTokenPair(context.Background(), "mallory")
	if err != nil {
		log.Fatal(err)
	}
	lost := "/sessions/" + phone.SessionID // from the list of sessions
	fmt.Println("somebody else:", jwttest.Do(r, "DELETE", lost, jwttest.Bearer(mallory.AccessToken)).Code)
	fmt.Println("the user:", jwttest.Do(r, "DELETE", lost, jwttest.Bearer(laptop.AccessToken)).Code)
	_, err = mgr.VerifyToken(context.Background(), phone.AccessToken)
	fmt.Println("phone:", err)
	// Output:
	// somebody else: 404
	// the user: 204
	// phone: ginjwt: token has been revoked (token_revoked)
}
