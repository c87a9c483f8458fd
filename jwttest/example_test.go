package jwttest_test

import (
	"context"
	"fmt"
	"log"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
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

// exampleT stands for the *testing.T of a test, which examples do not have.
type exampleT struct {
	testing.TB

	ends []func()
}

func (*exampleT) Helper() {}

func (*exampleT) Context() context.Context { return context.Background() }

func (t *exampleT) Cleanup(f func()) { t.ends = append(t.ends, f) }

func (t *exampleT) end() {
	for _, f := range t.ends {
		f()
	}
}

// How do I test an application whose tokens are bound to a key of the client?
func ExampleNewDPoPKey() {
	t := &exampleT{} // in a test, t is its *testing.T
	defer t.end()
	mgr := ginjwt.New(jwttest.Config(nil))
	app := newApp(mgr)

	key := jwttest.NewDPoPKey(t, nil)
	token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	fmt.Println(jwttest.Do(app, "GET", "/me", key.Sign(t, token)).Body)
	fmt.Print(jwttest.Do(app, "GET", "/me", jwttest.Bearer(token)).Body)

	thief := jwttest.NewDPoPKey(t, nil)
	fmt.Print(jwttest.Do(app, "GET", "/me", thief.Sign(t, token)).Body)
	// Output:
	// Hello, alice
	// {"msg":"The token is bound to a key: send it with the scheme DPoP and a DPoP proof"}
	// {"msg":"The DPoP proof is of another key than the token"}
}

// How do I test an application that accepts tokens of an identity provider?
func ExampleNewIssuer() {
	t := &exampleT{} // in a test, t is its *testing.T
	defer t.end()
	ctx, stop := context.WithCancel(context.Background()) // in a test: t.Context()
	defer stop()

	issuer := jwttest.NewIssuer(t, nil)
	keys, err := jwks.Discover(ctx, issuer.URL, jwks.Options{AllowLoopbackHTTP: true})
	if err != nil {
		log.Fatal(err)
	}
	config := jwttest.Config(nil)
	config.Issuers = []ginjwt.Issuer{
		{Name: issuer.URL, KeySource: keys, Audience: []string{"shop"}, IdentityPrefix: "idp:"},
	}
	app := newApp(ginjwt.New(config))

	token := issuer.Token("alice", ginjwt.Claims{"aud": "shop"})
	fmt.Println(jwttest.Do(app, "GET", "/me", jwttest.Bearer(token)).Body)

	token = issuer.Token("alice", ginjwt.Claims{"aud": "bank"})
	fmt.Print(jwttest.Do(app, "GET", "/me", jwttest.Bearer(token)).Body)

	issuer.RotateKey()
	if err := keys.Refresh(ctx); err != nil { // without it the application fetches the new key within 2 seconds
		log.Fatal(err)
	}
	token = issuer.Token("bob", ginjwt.Claims{"aud": "shop"})
	fmt.Println(jwttest.Do(app, "GET", "/me", jwttest.Bearer(token)).Body)
	// Output:
	// Hello, idp:alice
	// {"msg":"Audience doesn't match"}
	// Hello, idp:bob
}
