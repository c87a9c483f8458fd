package jwks_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func Example() {
	ctx := context.Background() // or a context that ends after the server has stopped

	const issuer = "https://example.eu.auth0.com/"
	remote, err := jwks.Discover(ctx, issuer, jwks.Options{
		OnError: func(err error) { log.Print(err) },
	})
	if err != nil {
		log.Fatal(err)
	}

	app := gin.Default()
	mgr := ginjwt.New(ginjwt.Config{
		Issuers: []ginjwt.Issuer{{
			Name:           issuer,
			KeySource:      remote,
			Audience:       []string{"https://api.example.com"},
			IdentityPrefix: "auth0:",
		}},
	})
	if err := mgr.InitApp(app); err != nil {
		log.Fatal(err)
	}
	app.GET("/me", mgr.JWTRequired(), func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"user": ginjwt.GetJWTIdentity(c)})
	})
	log.Fatal(app.Run())
}

// newIssuer starts a service that issues tokens, and publishes its keys.
func newIssuer(key keys.Key) (mgr *ginjwt.JWTManager, server *httptest.Server) {
	app := gin.New()
	server = httptest.NewUnstartedServer(app)
	url := "http://" + server.Listener.Addr().String()
	mgr = ginjwt.New(ginjwt.Config{Keys: []keys.Key{key}, EncodeIssuer: url})
	if err := mgr.InitApp(app); err != nil {
		log.Fatal(err)
	}
	app.GET("/jwks.json", mgr.JWKSHandler())
	app.GET("/.well-known/openid-configuration", mgr.MetadataHandler(ginjwt.Metadata{JWKSURI: url + "/jwks.json"}))
	server.Start()
	return mgr, server
}

// How does a service accept tokens of another one? It needs only the name of the issuer, and
// keeps working when the issuer rotates its keys.
func ExampleDiscover() {
	first := newSigningKey("first")
	issuer, server := newIssuer(first)
	defer server.Close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	remote, err := jwks.Discover(ctx, server.URL, jwks.Options{AllowLoopbackHTTP: true})
	if err != nil {
		log.Fatal(err)
	}
	app := gin.New()
	mgr := ginjwt.New(ginjwt.Config{
		Issuers: []ginjwt.Issuer{{Name: server.URL, KeySource: remote, IdentityPrefix: "login:"}},
	})
	if err := mgr.InitApp(app); err != nil {
		log.Fatal(err)
	}
	app.GET("/me", mgr.JWTRequired(), func(c *gin.Context) { c.String(http.StatusOK, ginjwt.GetJWTIdentity(c)) })

	ask := func(user string) {
		token, err := issuer.CreateAccessToken(ctx, user)
		if err != nil {
			log.Fatal(err)
		}
		w := jwttest.Do(app, "GET", "/me", jwttest.Bearer(token))
		fmt.Println(w.Code, w.Body)
	}
	ask("alice")

	// A new key signs; the old one is published until its tokens have expired.
	if err := issuer.SetKeys(newSigningKey("second"), first); err != nil {
		log.Fatal(err)
	}
	ask("bob")
	fmt.Println(remote.Status().Keys)
	// Output:
	// 200 login:alice
	// 200 login:bob
	// [first second]
}

// How do I accept tokens of a single issuer only?
func ExampleRemote_DecodeKey() {
	issuer, server := newIssuer(newSigningKey("first"))
	defer server.Close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	remote, err := jwks.New(ctx, server.URL+"/jwks.json", jwks.Options{AllowLoopbackHTTP: true})
	if err != nil {
		log.Fatal(err)
	}
	mgr := ginjwt.New(ginjwt.Config{DecodeIssuer: server.URL})
	mgr.DecodeKeyLoader(func(ctx context.Context, unverified *ginjwt.Token) (keys.Key, error) {
		return remote.DecodeKey(ctx, unverified.Issuer, unverified.Header())
	})
	if err := mgr.InitApp(nil); err != nil {
		log.Fatal(err)
	}

	encoded, err := issuer.CreateAccessToken(ctx, "alice")
	if err != nil {
		log.Fatal(err)
	}
	token, err := mgr.DecodeToken(ctx, encoded)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Identity, token.Header()["kid"])
	// Output: alice first
}

// How do I avoid 503 answers after startup? Wait for the keys before you take requests.
func ExampleRemote_Ready() {
	_, server := newIssuer(newSigningKey("first"))
	defer server.Close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	remote, err := jwks.New(ctx, server.URL+"/jwks.json", jwks.Options{AllowLoopbackHTTP: true})
	if err != nil {
		log.Fatal(err)
	}
	patience, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := remote.Ready(patience); err != nil {
		log.Print("tokens of the issuer get 503 for now: ", err)
	}
	fmt.Println(remote.Status().Keys)
	// Output: [first]
}

func newSigningKey(id string) keys.Key {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	return keys.Key{ID: id, Sign: private}
}
