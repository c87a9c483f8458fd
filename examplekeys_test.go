package ginjwt_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// exampleKey returns a key that is the same in every run. A program makes its keys with
// "ginjwt key new", and reads them with LoadConfig.
func exampleKey(id string) keys.Key {
	seed := bytes.Repeat([]byte(id), ed25519.SeedSize)[:ed25519.SeedSize]
	return keys.Key{ID: id, Sign: ed25519.NewKeyFromSeed(seed)}
}

// How do I accept the tokens of another service? It keeps the private key, and this
// program has the public one. Package jwks fetches public keys from a URL.
func ExampleIssuer() {
	const name = "https://login.example.com"
	key := exampleKey("login-1")
	login := ginjwt.New(ginjwt.Config{Keys: []keys.Key{key}, EncodeIssuer: name}) // the other service
	public, err := key.Public()
	if err != nil {
		log.Fatal(err)
	}

	mgr := ginjwt.New(ginjwt.Config{Issuers: []ginjwt.Issuer{{
		Name:           name,
		Keys:           []keys.Key{{ID: "login-1", Verify: public}},
		Audience:       []string{"shop"}, // tokens for other services are refused
		IdentityPrefix: "login:",
	}}})
	r := exampleEngine(mgr)
	r.GET("/me", mgr.JWTRequired(), func(c *gin.Context) { c.String(http.StatusOK, ginjwt.GetJWTIdentity(c)) })

	exampleEngine(login)
	for _, audience := range []string{"shop", "billing"} {
		token := exampleToken(login, "alice", ginjwt.WithAudience(audience))
		fmt.Println(jwttest.Do(r, "GET", "/me", jwttest.Bearer(token)).Body)
	}
	// Output:
	// login:alice
	// {"msg":"Audience doesn't match"}
}

// How do I rotate a key without a restart, and without logging anybody out?
func ExampleJWTManager_SetKeys() {
	var clock jwttest.Clock
	current := exampleKey("2026-11")
	mgr := ginjwt.New(ginjwt.Config{Keys: []keys.Key{current}, Now: clock.Now})
	r := exampleEngine(mgr)
	r.GET("/me", mgr.JWTRequired(), func(c *gin.Context) { c.String(http.StatusOK, "signed with %v", ginjwt.GetJWTHeader(c)["kid"]) })
	before := exampleToken(mgr, "alice")

	next := exampleKey("2026-12")
	next.NotBefore = clock.Now().Add(time.Minute)       // until then, others learn the public key
	current.NotAfter = next.NotBefore.AddDate(0, 0, 31) // longer than a refresh token lives
	if err := mgr.SetKeys(next, current); err != nil {  // the server keeps serving
		log.Fatal(err)
	}

	clock.Advance(time.Minute)
	after := exampleToken(mgr, "alice")
	fmt.Println(jwttest.Do(r, "GET", "/me", jwttest.Bearer(before)).Body)
	fmt.Println(jwttest.Do(r, "GET", "/me", jwttest.Bearer(after)).Body)
	// Output:
	// signed with 2026-11
	// signed with 2026-12
}

// How do others verify my tokens? They fetch the public keys.
func ExampleJWTManager_JWKSHandler() {
	refresh := keys.Key{ID: "refresh-1", Sign: []byte("Gv7sWq2ZrT0nXe5bJk9uYp4dLm1cHa8f"), TokenType: keys.RefreshToken}
	mgr := ginjwt.New(ginjwt.Config{Keys: []keys.Key{exampleKey("2026-11"), refresh}})
	r := exampleEngine(mgr)
	r.GET("/.well-known/jwks.json", mgr.JWKSHandler())

	answer := jwttest.Do(r, "GET", "/.well-known/jwks.json")
	fmt.Println(answer.Header().Get("Cache-Control"))
	fmt.Println(answer.Body) // without the secret
	// Output:
	// public, max-age=300
	// {"keys":[{"kty":"OKP","kid":"2026-11","use":"sig","alg":"EdDSA","crv":"Ed25519","x":"Y86QEHUGuF66oja_jSsAXzWNaC4SL4hoRW8QN4819Dk"}]}
}
