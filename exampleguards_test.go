package ginjwt_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// How do I let a client read, but not write?
func ExampleScopes() {
	mgr := exampleManager(ginjwt.Config{})
	r := exampleEngine(mgr)
	r.GET("/notes", mgr.JWTRequired(ginjwt.Scopes("notes:read")), hello)
	r.PUT("/notes", mgr.JWTRequired(ginjwt.Scopes("notes:read", "notes:write")), hello) // needs both

	reader := exampleToken(mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"scope": "notes:read profile"}))
	fmt.Println(jwttest.Do(r, "GET", "/notes", jwttest.Bearer(reader)).Body)
	w := jwttest.Do(r, "PUT", "/notes", jwttest.Bearer(reader))
	fmt.Print(w.Code, " ", w.Body)
	fmt.Println(w.Header().Get("WWW-Authenticate")) // tells the client which scopes to request
	// Output:
	// Hello, alice
	// 403 {"msg":"Insufficient scope"}
	// Bearer realm="api", error="insufficient_scope", error_description="The token does not allow this request", reason="insufficient_scope", scope="notes:read notes:write"
}

// How do I accept one of several scopes?
func ExampleAnyScope() {
	mgr := exampleManager(ginjwt.Config{})
	r := exampleEngine(mgr)
	r.GET("/search", mgr.JWTRequired(ginjwt.AnyScope("search", "notes:read")), hello)

	for _, scope := range []string{"search", "notes:read", "notes:write"} {
		token := exampleToken(mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"scope": scope}))
		fmt.Println(scope, jwttest.Do(r, "GET", "/search", jwttest.Bearer(token)).Code)
	}
	// Output:
	// search 200
	// notes:read 200
	// notes:write 403
}

// How do I protect all routes of a group for administrators?
func ExampleRoles() {
	mgr := exampleManager(ginjwt.Config{})
	r := exampleEngine(mgr)
	admin := r.Group("/admin", mgr.JWTRequired(ginjwt.Roles("admin", "owner"))) // one of them is enough
	admin.GET("/users", hello)

	owner := exampleToken(mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"roles": []string{"editor", "owner"}}))
	editor := exampleToken(mgr, "bob", ginjwt.WithClaims(ginjwt.Claims{"roles": []string{"editor"}}))
	fmt.Println(jwttest.Do(r, "GET", "/admin/users", jwttest.Bearer(owner)).Body)
	fmt.Print(jwttest.Do(r, "GET", "/admin/users", jwttest.Bearer(editor)).Body)
	// Output:
	// Hello, alice
	// {"msg":"Insufficient scope"}
}

// How do I require that a user has both of two roles?
func ExampleRoles_all() {
	mgr := exampleManager(ginjwt.Config{})
	r := exampleEngine(mgr)
	r.GET("/payroll", mgr.JWTRequired(ginjwt.Roles("staff"), ginjwt.Roles("accounting")), hello)

	staff := exampleToken(mgr, "bob", ginjwt.WithClaims(ginjwt.Claims{"roles": []string{"staff"}}))
	fmt.Println(jwttest.Do(r, "GET", "/payroll", jwttest.Bearer(staff)).Code)
	// Output: 403
}

// How do I require a claim of my own, or one inside of another claim?
func ExampleClaim() {
	mgr := exampleManager(ginjwt.Config{})
	r := exampleEngine(mgr)
	r.GET("/statistics", mgr.JWTRequired(ginjwt.Claim("plan", "pro", "team")), hello) // one of these values
	r.GET("/beta", mgr.JWTRequired(ginjwt.Claim("beta")), hello)                      // any value except false, 0, "" and null
	r.GET("/vat", mgr.JWTRequired(ginjwt.Claim("/address/country", "DE")), hello)     // a JSON Pointer

	token := exampleToken(mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{
		"plan": "team", "beta": false, "address": map[string]string{"country": "DE"},
	}))
	for _, path := range []string{"/statistics", "/beta", "/vat"} {
		fmt.Println(path, jwttest.Do(r, "GET", path, jwttest.Bearer(token)).Code)
	}
	// Output:
	// /statistics 200
	// /beta 403
	// /vat 200
}

// How do I ask for the password again before a dangerous action?
func ExampleFresh() {
	mgr := exampleManager(ginjwt.Config{})
	r := exampleEngine(mgr)
	r.GET("/profile", mgr.JWTRequired(), hello)
	r.DELETE("/profile", mgr.JWTRequired(ginjwt.Fresh()), hello)

	refreshed := exampleToken(mgr, "alice")                    // in the refresh handler
	loggedIn := exampleToken(mgr, "alice", ginjwt.WithFresh()) // in the login handler
	fmt.Println(jwttest.Do(r, "GET", "/profile", jwttest.Bearer(refreshed)).Body)
	fmt.Print(jwttest.Do(r, "DELETE", "/profile", jwttest.Bearer(refreshed)).Body)
	fmt.Println(jwttest.Do(r, "DELETE", "/profile", jwttest.Bearer(loggedIn)).Body)
	// Output:
	// Hello, alice
	// {"msg":"Fresh token required"}
	// Hello, alice
}

// How do I require a login in the last five minutes?
func ExampleFreshWithin() {
	clock := &jwttest.Clock{}
	mgr := ginjwt.New(jwttest.Config(clock))
	r := exampleEngine(mgr)
	r.POST("/payments", mgr.JWTRequired(ginjwt.FreshWithin(5*time.Minute)), hello)

	token := exampleToken(mgr, "alice", ginjwt.WithFresh())
	fmt.Println(jwttest.Do(r, "POST", "/payments", jwttest.Bearer(token)).Body)
	clock.Advance(6 * time.Minute) // the token is still valid, but the login is too old
	fmt.Print(jwttest.Do(r, "POST", "/payments", jwttest.Bearer(token)).Body)
	// Output:
	// Hello, alice
	// {"msg":"Fresh token required"}
}

// How do I greet users on a public page?
func ExampleOptional() {
	mgr := exampleManager(ginjwt.Config{})
	r := exampleEngine(mgr)
	r.GET("/", mgr.JWTRequired(ginjwt.Optional()), func(c *gin.Context) {
		token, ok := ginjwt.GetToken(c)
		if !ok {
			c.String(http.StatusOK, "Hello, stranger")
			return
		}
		c.String(http.StatusOK, "Hello, %s", token.Identity)
	})

	fmt.Println(jwttest.Do(r, "GET", "/").Body)
	fmt.Println(jwttest.Do(r, "GET", "/", jwttest.Bearer(exampleToken(mgr, "alice"))).Body)
	fmt.Println(jwttest.Do(r, "GET", "/", jwttest.Bearer("an.invalid.token")).Code) // not anonymous
	// Output:
	// Hello, stranger
	// Hello, alice
	// 422
}

// How do I check a token from a queue, and what it allows?
func ExampleJWTManager_VerifyToken_options() {
	mgr := exampleManager(ginjwt.Config{})
	ctx := context.Background()
	work := func(encoded string) {
		token, err := mgr.VerifyToken(ctx, encoded, ginjwt.Scopes("reports:write"))
		switch {
		case errors.Is(err, ginjwt.ErrUnavailable):
			fmt.Println("a store is down: put the job back")
		case err != nil:
			fmt.Println("drop the job:", errors.Is(err, ginjwt.ErrInsufficientScope))
		default:
			fmt.Println("write the report of", token.Identity)
		}
	}

	work(exampleToken(mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"scope": "reports:write"})))
	work(exampleToken(mgr, "bob"))
	// Output:
	// write the report of alice
	// drop the job: true
}

// hello stands for the handlers of the application.
func hello(c *gin.Context) { c.String(http.StatusOK, "Hello, %s", ginjwt.GetJWTIdentity(c)) }
