package ginjwt_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// How do I protect cookies without a CSRF value in every page? The browser says which page
// sent a request.
func ExampleJWTManager_SameOriginRequired() {
	login := func(c *gin.Context) { c.Status(http.StatusNoContent) }
	send := func(c *gin.Context) { c.String(http.StatusOK, "sent by %s", ginjwt.GetJWTIdentity(c)) }
	router := gin.New()

	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	config.CSRFProtection = "fetch_metadata" // or JWT_CSRF_PROTECTION=fetch_metadata
	mgr := ginjwt.New(config)
	if err := mgr.InitApp(router); err != nil {
		log.Fatal(err)
	}
	router.POST("/login", mgr.SameOriginRequired(), login) // no token yet
	router.POST("/messages", mgr.JWTRequired(), send)

	token, err := mgr.CreateAccessToken(context.Background(), "alice")
	if err != nil {
		log.Fatal(err)
	}
	cookie := jwttest.Header("Cookie", "access_token_cookie="+token)
	for _, site := range []string{"same-origin", "same-site", "cross-site"} {
		from := jwttest.Header("Sec-Fetch-Site", site)
		fmt.Println(site, jwttest.Do(router, "POST", "/login", from).Code, jwttest.Do(router, "POST", "/messages", cookie, from).Code)
	}
	// Output:
	// same-origin 204 200
	// same-site 403 403
	// cross-site 403 403
}

// How does a page of another origin use the service? Its origin is trusted.
func ExampleConfig_trustedOrigins() {
	router := gin.New()
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}

	config.CSRFProtection = "fetch_metadata"
	config.CSRFTrustedOrigins = []string{"https://app.example.com"} // or JWT_CSRF_TRUSTED_ORIGINS

	mgr := ginjwt.New(config)
	if err := mgr.InitApp(router); err != nil {
		log.Fatal(err)
	}
	router.POST("/login", mgr.SameOriginRequired(), func(c *gin.Context) { c.Status(http.StatusNoContent) })
	for _, origin := range []string{"https://app.example.com", "https://blog.example.com"} {
		w := jwttest.Do(router, "POST", "/login", jwttest.Header("Sec-Fetch-Site", "same-site"), jwttest.Header("Origin", origin))
		fmt.Println(origin, w.Code)
	}
	// Output:
	// https://app.example.com 204
	// https://blog.example.com 403
}

// How do I protect a login of net/http?
func ExampleJWTManager_SameOriginMiddleware() {
	mgr := exampleManager(ginjwt.Config{})
	login := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux := http.NewServeMux()

	mux.Handle("POST /login", mgr.SameOriginMiddleware()(login))

	fmt.Println(jwttest.Do(mux, "POST", "/login", jwttest.Header("Sec-Fetch-Site", "cross-site")).Code)
	// Output:
	// 403
}
