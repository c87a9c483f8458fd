package ginjwt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// The pages of docs show lines of this file; TestCodeInDocsIsTested compares
// them.

// How do I start?
func ExampleNew() {
	jwt := ginjwt.New(ginjwt.Config{
		SecretKey: "Gv7sWq2ZrT0nXe5bJk9uYp4dLm1cHa8f", // from the environment, in a real program
	})

	r := gin.New()
	if err := jwt.InitApp(r); err != nil {
		log.Fatal(err)
	}
	r.POST("/login", func(c *gin.Context) {
		token, err := jwt.CreateAccessToken(c, "alice") // check the password first
		if err != nil {
			_ = c.AbortWithError(http.StatusInternalServerError, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"access_token": token})
	})
	r.GET("/me", jwt.JWTRequired(), func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c)})
	})

	fmt.Println(jwttest.Do(r, "POST", "/login").Code)
	fmt.Println(jwttest.Do(r, "GET", "/me").Body)
	// Output:
	// 200
	// {"msg":"Missing Authorization Header"}
}

// What is wrong with my settings?
func ExampleJWTManager_InitApp() {
	mgr := ginjwt.New(ginjwt.Config{
		SecretKey:          "secret",
		AccessTokenExpires: -time.Minute,
		TokenLocation:      []ginjwt.Location{"header"},
	})
	fmt.Println(mgr.InitApp(nil))
	// Output:
	// ginjwt: AccessTokenExpires (JWT_ACCESS_TOKEN_EXPIRES): must be at least a second, or NeverExpires (it is -1m0s; 15 minutes are 15*time.Minute)
	// ginjwt: TokenLocation (JWT_TOKEN_LOCATION): "header" is not a location; use headers, cookies, query_string, json or ticket
	// ginjwt: SecretKey (JWT_SECRET_KEY): has 6 bytes, but must have at least the 32 of the hash (algorithm HS256); make one with: openssl rand -base64 32, or, so that nobody has to log in again, set AllowShortSecret (JWT_ALLOW_SHORT_SECRET=true) and let a new key sign beside this one (JWT_KEYS_FILE)
}

// How do I read the settings from the environment?
func ExampleLoadConfig() {
	setEnvironment(map[string]string{
		"JWT_SECRET_KEY":           "Gv7sWq2ZrT0nXe5bJk9uYp4dLm1cHa8f",
		"JWT_ACCESS_TOKEN_EXPIRES": "900",
		"JWT_TOKEN_LOCATION":       "headers,cookies",
		"JWT_COOKIE_SECURE":        "false",
	})

	config, err := ginjwt.LoadConfig(os.LookupEnv)
	if err != nil {
		log.Fatal(err)
	}
	jwt := ginjwt.New(config)

	fmt.Println(jwt.InitApp(gin.New()))
	fmt.Println(config)
	// Output:
	// <nil>
	// ginjwt.Config{SecretKey: [redacted], AccessTokenExpires: 900000000000, TokenLocation: []ginjwt.Location{"headers", "cookies"}, DisableCookieSecure: true}
}

// How do I read them from somewhere else, and what does a mistake look like?
func ExampleLoadConfig_mistakes() {
	values := map[string]string{
		"JWT_ACCESS_TOKEN_EXPIRES": "a quarter of an hour",
		"JWT_COOKIE_SECURE":        "maybe",
	}
	_, err := ginjwt.LoadConfig(func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	})
	fmt.Println(err)
	// Output:
	// ginjwt: JWT_ACCESS_TOKEN_EXPIRES: must be seconds, or a duration such as "15m" or "30d"
	// ginjwt: JWT_COOKIE_SECURE: must be true or false
}

// How do I run beside the Flask service that set the cookies so far?
func ExampleLoadConfig_besideFlask() {
	setEnvironment(map[string]string{"JWT_SECRET_KEY": "short"})

	config, err := ginjwt.LoadConfig(os.LookupEnv)
	if err != nil {
		log.Fatal(err)
	}
	config.AllowShortSecret = true                                  // D2: until the secret is changed
	config.DisableCookieSecure = true                               // D10: only if the site has no TLS
	config.CookieSameSite = http.SameSiteDefaultMode                // D10: no SameSite attribute
	config.CSRFMethods = []string{"POST", "PUT", "PATCH", "DELETE"} // D15: as in Flask

	jwt := ginjwt.New(config)
	fmt.Println(jwt.InitApp(gin.New()))
	// Output: <nil>
}

// What can I say about a new token?
func ExampleJWTManager_CreateAccessToken() {
	mgr := exampleManager(ginjwt.Config{})
	ctx := context.Background()

	token, err := mgr.CreateAccessToken(ctx, "alice",
		ginjwt.WithFresh(),
		ginjwt.WithExpires(time.Hour),
		ginjwt.WithClaims(ginjwt.Claims{"role": "editor"}))
	if err != nil {
		log.Fatal(err)
	}

	decoded, err := mgr.DecodeToken(ctx, token)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(decoded.Type, decoded.Identity, decoded.Fresh, decoded.Claims()["role"])
	fmt.Println(decoded.ExpiresAt.Sub(decoded.IssuedAt))
	// Output:
	// access alice true editor
	// 1h0m0s
}

// Which claims may I not set, and what do I use instead?
func ExampleWithClaims() {
	mgr := exampleManager(ginjwt.Config{})
	_, err := mgr.CreateAccessToken(context.Background(), "alice", ginjwt.WithClaims(ginjwt.Claims{"exp": 4102444800}))
	fmt.Println(errors.Is(err, ginjwt.ErrReservedClaim))
	fmt.Println(err)
	// Output:
	// true
	// ginjwt: claim is set by this package: "exp": use WithExpires
}

// How do I protect a route?
func ExampleJWTManager_JWTRequired() {
	mgr := exampleManager(ginjwt.Config{})
	r := exampleEngine(mgr)
	r.GET("/me", mgr.JWTRequired(), func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c)})
	})
	r.DELETE("/account", mgr.JWTRequired(ginjwt.Fresh()), func(c *gin.Context) {
		c.Status(http.StatusNoContent)
	})

	token := exampleToken(mgr, "alice")
	fmt.Print(jwttest.Do(r, "GET", "/me", jwttest.Bearer(token)).Body, "\n")
	fmt.Print(jwttest.Do(r, "GET", "/me").Body)
	fmt.Print(jwttest.Do(r, "DELETE", "/account", jwttest.Bearer(token)).Body)
	// Output:
	// {"identity":"alice"}
	// {"msg":"Missing Authorization Header"}
	// {"msg":"Fresh token required"}
}

// How do I make a requirement of my own?
func ExampleJWTManager_VerifyJWTInRequest() {
	mgr := exampleManager(ginjwt.Config{})
	adminRequired := func(c *gin.Context) {
		token, err := mgr.VerifyJWTInRequest(c)
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		if token == nil || token.Claims()["role"] != "admin" { // nil in a CORS preflight
			c.AbortWithStatusJSON(http.StatusForbidden, gin.H{"msg": "Admins only"})
		}
	}
	r := exampleEngine(mgr)
	r.GET("/admin", adminRequired, func(c *gin.Context) {
		c.String(http.StatusOK, "Hello, %s", ginjwt.GetJWTIdentity(c))
	})

	admin := exampleToken(mgr, "root", ginjwt.WithClaims(ginjwt.Claims{"role": "admin"}))
	fmt.Println(jwttest.Do(r, "GET", "/admin", jwttest.Bearer(admin)).Body)
	fmt.Println(jwttest.Do(r, "GET", "/admin", jwttest.Bearer(exampleToken(mgr, "alice"))).Body)
	// Output:
	// Hello, root
	// {"msg":"Admins only"}
}

// How do I get the claims into a struct?
func ExampleGetJWTClaims() {
	type permissions struct {
		Role    string   `json:"role"`
		Folders []string `json:"folders"`
	}
	mgr := exampleManager(ginjwt.Config{})
	r := exampleEngine(mgr)
	r.GET("/folders", mgr.JWTRequired(), func(c *gin.Context) {
		claims, err := ginjwt.GetJWTClaims[permissions](c)
		if err != nil {
			_ = c.AbortWithError(http.StatusBadRequest, err)
			return
		}
		c.String(http.StatusOK, "%s of %v", claims.Role, claims.Folders)
	})

	token := exampleToken(mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"role": "editor", "folders": []string{"a", "b"}}))
	fmt.Println(jwttest.Do(r, "GET", "/folders", jwttest.Bearer(token)).Body)
	// Output: editor of [a b]
}

// How does somebody log out?
func ExampleJWTManager_RevokeToken() {
	mgr := exampleManager(ginjwt.Config{})
	r := exampleEngine(mgr)
	r.DELETE("/logout", mgr.JWTRequired(), func(c *gin.Context) {
		token, ok := ginjwt.GetToken(c)
		if !ok {
			return
		}
		if err := mgr.RevokeToken(c, token); err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.Status(http.StatusNoContent)
	})

	token := exampleToken(mgr, "alice")
	fmt.Println(jwttest.Do(r, "DELETE", "/logout", jwttest.Bearer(token)).Code)
	fmt.Print(jwttest.Do(r, "DELETE", "/logout", jwttest.Bearer(token)).Body)
	// Output:
	// 204
	// {"msg":"Token has been revoked"}
}

// How do I ask the table of revoked tokens that the Flask service writes?
func ExampleJWTManager_TokenInBlocklistLoader() {
	revoked := map[string]bool{"9f6c3a52-0000-4000-8000-000000000001": true} // a query, in a real program
	jwt := ginjwt.New(jwttest.Config(nil))
	jwt.TokenInBlocklistLoader(func(_ context.Context, token *ginjwt.Token) (bool, error) {
		return revoked[token.ID], nil
	})
	r := exampleEngine(jwt)
	r.GET("/me", jwt.JWTRequired(), func(c *gin.Context) { c.Status(http.StatusNoContent) })

	token := exampleToken(jwt, "alice", ginjwt.WithID("9f6c3a52-0000-4000-8000-000000000001"))
	fmt.Print(jwttest.Do(r, "GET", "/me", jwttest.Bearer(token)).Body)
	fmt.Println(jwttest.Do(r, "GET", "/me", jwttest.Bearer(exampleToken(jwt, "alice"))).Code)
	// Output:
	// {"msg":"Token has been revoked"}
	// 204
}

// How do I offer a "remember me" box, which decides whether a login outlives the browser?
func ExamplePersistent() {
	mgr := exampleManager(ginjwt.Config{Sessions: &ginjwt.MemorySessions{}})
	r := exampleEngine(mgr)
	r.POST("/login", func(c *gin.Context) {
		remember := c.PostForm("remember") == "on"
		pair, err := mgr.CreateTokenPair(c, "alice")
		if err == nil {
			err = mgr.SetPairCookies(c, pair, ginjwt.Persistent(remember))
		}
		if err != nil {
			mgr.Refuse(c, err)
		}
	})

	for _, remember := range []string{"on", "off"} {
		login := jwttest.Do(r, "POST", "/login", jwttest.Form("remember", remember))
		refresh := login.Result().Cookies()[2]
		fmt.Println(refresh.Name, refresh.MaxAge > 0)
	}
	// Output:
	// refresh_token_cookie true
	// refresh_token_cookie false
}

// How do I put tokens in cookies?
func ExampleJWTManager_SetAccessCookies() {
	mgr := exampleManager(ginjwt.Config{TokenLocation: []ginjwt.Location{ginjwt.InCookies}})
	r := exampleEngine(mgr)
	r.POST("/login", func(c *gin.Context) {
		token, err := mgr.CreateAccessToken(c, "alice")
		if err == nil {
			err = mgr.SetAccessCookies(c, token)
		}
		if err != nil {
			_ = c.AbortWithError(http.StatusInternalServerError, err)
		}
	})
	r.POST("/notes", mgr.JWTRequired(), func(c *gin.Context) {
		c.String(http.StatusOK, "Noted, %s", ginjwt.GetJWTIdentity(c))
	})

	login := jwttest.Do(r, "POST", "/login")
	for _, cookie := range login.Result().Cookies() {
		fmt.Printf("%s: HttpOnly %t, Secure %t, Lax %t\n",
			cookie.Name, cookie.HttpOnly, cookie.Secure, cookie.SameSite == http.SameSiteLaxMode)
	}
	fmt.Println(jwttest.Do(r, "POST", "/notes", jwttest.Cookies(login)).Body)
	fmt.Print(jwttest.Do(r, "POST", "/notes", jwttest.Cookies(login), jwttest.Header("X-CSRF-TOKEN", "")).Body)
	// Output:
	// access_token_cookie: HttpOnly true, Secure true, Lax true
	// csrf_access_token: HttpOnly false, Secure true, Lax true
	// Noted, alice
	// {"msg":"Missing CSRF token"}
}

// How do I answer as RFC 6750 says?
func ExampleBearerError() {
	mgr := ginjwt.New(jwttest.Config(nil))
	mgr.ErrorLoader(ginjwt.BearerError)
	r := exampleEngine(mgr)
	r.GET("/me", mgr.JWTRequired(), func(*gin.Context) {})

	w := jwttest.Do(r, "GET", "/me", jwttest.Bearer("not.a.token"))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	fmt.Println(w.Body)
	// Output:
	// 401 Bearer realm="api", error="invalid_token", error_description="The token is not valid", reason="token_malformed"
	// {"error":"invalid_token","error_description":"The token is not valid","reason":"token_malformed"}
}

// How do I answer as RFC 9457 says?
func ExampleProblemError() {
	config := jwttest.Config(nil)
	config.ErrorProfile = "problem" // or JWT_ERROR_PROFILE=problem
	mgr := ginjwt.New(config)
	r := exampleEngine(mgr)
	r.GET("/me", mgr.JWTRequired(), func(*gin.Context) {})

	// problem answers with an error of your own in the same format.
	problem := func(c *gin.Context, status int, detail string) {
		c.Header("Content-Type", "application/problem+json")
		c.AbortWithStatusJSON(status, gin.H{
			"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail,
		})
	}
	r.POST("/login", func(c *gin.Context) { problem(c, http.StatusUnauthorized, "Bad username or password") })

	w := jwttest.Do(r, "POST", "/login")
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	fmt.Println(w.Body)
	w = jwttest.Do(r, "GET", "/me", jwttest.Bearer("not.a.token"))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	fmt.Println(w.Body)
	// Output:
	// 401 application/problem+json
	// {"detail":"Bad username or password","status":401,"title":"Unauthorized","type":"about:blank"}
	// 401 application/problem+json
	// {"detail":"The token is not valid","error":"invalid_token","reason":"token_malformed","status":401,"title":"Unauthorized","type":"about:blank"}
}

// How do I word a response myself?
func ExampleErrorHandler() {
	clock := &jwttest.Clock{}
	mgr := ginjwt.New(jwttest.Config(clock))
	mgr.ExpiredTokenLoader(func(c *gin.Context, err *ginjwt.Error) {
		c.JSON(err.Status, gin.H{"code": "expired", "who": err.Token.Identity})
	})
	r := exampleEngine(mgr)
	r.GET("/me", mgr.JWTRequired(), func(*gin.Context) {})

	token := exampleToken(mgr, "alice")
	clock.Advance(15 * time.Minute)
	w := jwttest.Do(r, "GET", "/me", jwttest.Bearer(token))
	fmt.Println(w.Code, w.Body)
	// Output: 401 {"code":"expired","who":"alice"}
}

// How do I get the user, not just the identity?
func ExampleJWTManager_UserLookupLoader() {
	type user struct{ ID, Mail string }
	users := map[string]*user{"1": {"1", "alice@example.com"}} // a table, in a real program

	mgr := ginjwt.New(jwttest.Config(nil))
	mgr.UserIdentityLoader(func(_ context.Context, u any) (string, error) {
		return u.(*user).ID, nil
	})
	mgr.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
		return users[token.Identity], nil // nil: no such user
	})
	r := exampleEngine(mgr)
	r.GET("/me", mgr.JWTRequired(), func(c *gin.Context) {
		c.String(http.StatusOK, ginjwt.GetCurrentUser[*user](c).Mail)
	})

	fmt.Println(jwttest.Do(r, "GET", "/me", jwttest.Bearer(exampleToken(mgr, users["1"]))).Body)
	fmt.Print(jwttest.Do(r, "GET", "/me", jwttest.Bearer(exampleToken(mgr, &user{ID: "2"}))).Body)
	// Output:
	// alice@example.com
	// {"msg":"Error loading the user 2"}
}

// How do I choose a key by its "kid", to change keys without logging anyone out?
func ExampleJWTManager_DecodeKeyLoader() {
	byID := map[string]keys.Key{
		"2025": {ID: "2025", Algorithm: "HS256", Sign: []byte("mB3xQz8LwV6tRk1nYc5hJf9pGd2sTa7u")},
		"2026": {ID: "2026", Algorithm: "HS256", Sign: []byte("Yt4rEw9qPl2oIu7yHg5fDs3aKj8nBv6c")},
	}
	signsWith := "2025"

	mgr := ginjwt.New(ginjwt.Config{})
	mgr.EncodeKeyLoader(func(context.Context, any) (keys.Key, error) {
		return byID[signsWith], nil
	})
	mgr.DecodeKeyLoader(func(_ context.Context, unverified *ginjwt.Token) (keys.Key, error) {
		kid, _ := unverified.Header()["kid"].(string)
		return byID[kid], nil // a zero Key: there is none, the token is refused
	})
	r := exampleEngine(mgr)
	r.GET("/me", mgr.JWTRequired(), func(c *gin.Context) {
		c.String(http.StatusOK, "signed with %v", ginjwt.GetJWTHeader(c)["kid"])
	})

	old := exampleToken(mgr, "alice")
	signsWith = "2026"
	fmt.Println(jwttest.Do(r, "GET", "/me", jwttest.Bearer(old)).Body)
	fmt.Println(jwttest.Do(r, "GET", "/me", jwttest.Bearer(exampleToken(mgr, "alice"))).Body)
	delete(byID, "2025")
	fmt.Print(jwttest.Do(r, "GET", "/me", jwttest.Bearer(old)).Body)
	// Output:
	// signed with 2025
	// signed with 2026
	// {"msg":"Signature verification failed"}
}

// How do I check tokens in a program without the private key, or without Gin?
func ExampleJWTManager_DecodeToken() {
	clock := &jwttest.Clock{}
	mgr := ginjwt.New(jwttest.Config(clock))
	if err := mgr.InitApp(nil); err != nil { // nil: no routes
		log.Fatal(err)
	}
	ctx := context.Background()
	encoded := exampleToken(mgr, "alice")
	clock.Advance(time.Hour)

	_, err := mgr.DecodeToken(ctx, encoded)
	fmt.Println(errors.Is(err, ginjwt.ErrExpiredToken))

	token, err := mgr.DecodeToken(ctx, encoded, ginjwt.AllowExpired()) // for a log: never make a new token of it
	fmt.Println(token.Identity, err)
	// Output:
	// true
	// alice <nil>
}

// How do I check a token that comes in the first message of a WebSocket?
func ExampleJWTManager_VerifyToken() {
	type user struct{ Name string }
	mgr := ginjwt.New(jwttest.Config(nil))
	mgr.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
		return &user{"Alice Liddell"}, nil // from a table, in a real program
	})
	if err := mgr.InitApp(nil); err != nil {
		log.Fatal(err)
	}
	greet := func(ctx context.Context) string { return "Hello, " + ginjwt.GetCurrentUser[*user](ctx).Name }

	serve := func(ctx context.Context, firstMessage string) {
		token, err := mgr.VerifyToken(ctx, firstMessage)
		if err != nil {
			fmt.Println("closed:", err)
			return
		}
		ctx, cancel := context.WithDeadline(ctx, token.ExpiresAt) // no longer than the token
		defer cancel()
		ctx = ginjwt.NewContext(ctx, token, nil) // the getters work with it, GetCurrentUser too
		fmt.Println(greet(ctx))
	}
	serve(context.Background(), exampleToken(mgr, "alice"))
	serve(context.Background(), "let me in")
	// Output:
	// Hello, Alice Liddell
	// closed: ginjwt: token is not valid (token_malformed): token is malformed: Not enough segments
}

// How do I test a service that takes the identity from its context?
func ExampleNewContext() {
	greet := func(ctx context.Context) string { return "Hello, " + ginjwt.GetJWTIdentity(ctx) }

	ctx := ginjwt.NewContext(context.Background(), &ginjwt.Token{Identity: "alice"}, nil)
	fmt.Println(greet(ctx))
	// Output: Hello, alice
}

// exampleApp returns the application with the settings of mgr.
func exampleApp(mgr *ginjwt.JWTManager) *gin.Engine {
	r := exampleEngine(mgr)
	r.POST("/login", func(c *gin.Context) {
		token, err := mgr.CreateAccessToken(c, "alice")
		if err == nil {
			err = mgr.SetAccessCookies(c, token)
		}
		if err != nil {
			_ = c.AbortWithError(http.StatusInternalServerError, err)
		}
	})
	r.Any("/me", mgr.JWTRequired(), func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c)})
	})
	return r
}

func TestAppNeedsAToken(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(jwttest.Config(nil))
	app := exampleApp(mgr)

	w := jwttest.Do(app, "GET", "/me")
	assert.Equal(t, 401, w.Code)

	w = jwttest.Do(app, "GET", "/me", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")))
	assert.JSONEq(t, `{"identity":"alice"}`, w.Body.String())
}

func TestAppTokensExpire(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	mgr := ginjwt.New(jwttest.Config(clock))
	app := exampleApp(mgr)
	token := jwttest.AccessToken(t, mgr, "alice")

	clock.Advance(15 * time.Minute)
	w := jwttest.Do(app, "GET", "/me", jwttest.Bearer(token))
	assert.JSONEq(t, `{"msg":"Token has expired"}`, w.Body.String())
}

func TestAppCookiesNeedACSRFValue(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	app := exampleApp(ginjwt.New(config))
	login := jwttest.Do(app, "POST", "/login")

	assert.Equal(t, 200, jwttest.Do(app, "POST", "/me", jwttest.Cookies(login)).Code)

	forged := jwttest.Do(app, "POST", "/me", jwttest.Cookies(login), jwttest.Header("X-CSRF-TOKEN", "guess"))
	assert.JSONEq(t, `{"msg":"CSRF double submit tokens do not match"}`, forged.Body.String())
}

func TestAppAcceptsTokensOfAProvider(t *testing.T) {
	t.Parallel()
	issuer := jwttest.NewIssuer(t, nil)
	remote, err := jwks.Discover(t.Context(), issuer.URL, jwks.Options{AllowLoopbackHTTP: true})
	require.NoError(t, err)
	config := jwttest.Config(nil)
	config.Issuers = []ginjwt.Issuer{
		{Name: issuer.URL, KeySource: remote, Audience: []string{"shop"}, IdentityPrefix: "idp:"},
	}
	app := exampleApp(ginjwt.New(config))

	token := issuer.Token("alice", ginjwt.Claims{"aud": "shop", "roles": []string{"admin"}})
	w := jwttest.Do(app, "GET", "/me", jwttest.Bearer(token))
	assert.JSONEq(t, `{"identity":"idp:alice"}`, w.Body.String())

	token = issuer.Token("alice", ginjwt.Claims{"aud": "another service"})
	w = jwttest.Do(app, "GET", "/me", jwttest.Bearer(token))
	assert.JSONEq(t, `{"msg":"Audience doesn't match"}`, w.Body.String())
}

func TestAppHandlerAlone(t *testing.T) {
	t.Parallel()
	me := func(c *gin.Context) { c.String(http.StatusOK, ginjwt.GetJWTIdentity(c)) }

	w := httptest.NewRecorder()
	c, _ := gin.CreateTestContext(w)
	c.Request = httptest.NewRequest("GET", "/", nil)
	c.Request = c.Request.WithContext(ginjwt.NewContext(t.Context(), &ginjwt.Token{Identity: "alice"}, nil))
	me(c)
	assert.Equal(t, "alice", w.Body.String())
}

// How do I let a user log out everywhere?
func ExampleJWTManager_EndSessions() {
	mgr := exampleManager(ginjwt.Config{Sessions: &ginjwt.MemorySessions{}})
	ctx := context.Background()
	phone, err := mgr.CreateTokenPair(ctx, "alice", ginjwt.WithDevice("phone"))
	if err != nil {
		log.Fatal(err)
	}
	laptop, err := mgr.CreateTokenPair(ctx, "alice", ginjwt.WithDevice("laptop"))
	if err != nil {
		log.Fatal(err)
	}
	if err := mgr.EndSessions(ctx, "alice", laptop.SessionID); err != nil { // all but this one
		log.Fatal(err)
	}
	_, err = mgr.VerifyToken(ctx, phone.AccessToken)
	fmt.Println("phone:", err)
	_, err = mgr.VerifyToken(ctx, laptop.AccessToken)
	fmt.Println("laptop:", err)
	// Output:
	// phone: ginjwt: token has been revoked (token_revoked)
	// laptop: <nil>
}

// How do I write a refresh handler of my own?
func ExampleJWTManager_RotateTokens() {
	mgr := exampleManager(ginjwt.Config{Sessions: &ginjwt.MemorySessions{}})
	r := exampleEngine(mgr)
	r.POST("/refresh", mgr.RefreshRequired(), func(c *gin.Context) {
		token, _ := ginjwt.GetToken(c)
		pair, err := mgr.RotateTokens(c, token)
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.Render(http.StatusOK, pair) // c.JSON, with "Cache-Control: no-store"
	})
	first, err := mgr.CreateTokenPair(context.Background(), "alice")
	if err != nil {
		log.Fatal(err)
	}
	w := jwttest.Do(r, "POST", "/refresh", jwttest.Bearer(first.RefreshToken))
	var second ginjwt.TokenPair
	if err := json.Unmarshal(w.Body.Bytes(), &second); err != nil {
		log.Fatal(err)
	}
	fmt.Println(w.Code, second.TokenType, second.ExpiresIn)
	// Output: 200 Bearer 900
}

// How do cookies renew themselves while a user is active?
func ExampleJWTManager_ImplicitRefresh() {
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	config.AccessTokenExpires = time.Hour   // idle lifetime: without requests, the cookie works for this long
	config.SessionLifetime = 12 * time.Hour // absolute end, even if the session is in use
	mgr := ginjwt.New(config)
	r := exampleEngine(mgr)
	r.POST("/login", func(c *gin.Context) {
		pair, err := mgr.CreateTokenPair(c, "alice") // check the password first
		if err == nil {
			err = mgr.SetAccessCookies(c, pair.AccessToken) // nothing needs the refresh token
		}
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.Redirect(http.StatusSeeOther, "/messages")
	})
	pages := r.Group("/", mgr.ImplicitRefresh(30*time.Minute), mgr.JWTRequired())
	pages.GET("/messages", func(c *gin.Context) { c.String(http.StatusOK, "no news") })

	login := jwttest.Do(r, "POST", "/login")
	for range 2 {
		w := jwttest.Do(r, "GET", "/messages", jwttest.Cookies(login))
		fmt.Println(w.Code, w.Body, len(w.Result().Cookies()), "new cookies")
		clock.Advance(40 * time.Minute)
	}
	// Output:
	// 200 no news 0 new cookies
	// 200 no news 2 new cookies
}

// exampleManager returns a manager that is ready to make tokens.
func exampleManager(config ginjwt.Config) *ginjwt.JWTManager {
	config.SecretKey = jwttest.Config(nil).SecretKey
	mgr := ginjwt.New(config)
	if err := mgr.InitApp(nil); err != nil {
		log.Fatal(err)
	}
	return mgr
}

// exampleEngine returns an engine that mgr is attached to.
func exampleEngine(mgr *ginjwt.JWTManager) *gin.Engine {
	r := gin.New()
	if err := mgr.InitApp(r); err != nil {
		log.Fatal(err)
	}
	return r
}

func exampleToken(mgr *ginjwt.JWTManager, identity any, opts ...ginjwt.TokenOption) string {
	token, err := mgr.CreateAccessToken(context.Background(), identity, opts...)
	if err != nil {
		log.Fatal(err)
	}
	return token
}

// setEnvironment puts settings in the environment, in place of all others.
// Examples run one after the other, when the tests have ended.
func setEnvironment(values map[string]string) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "JWT_") {
			_ = os.Unsetenv(name)
		}
	}
	for name, value := range values {
		if err := os.Setenv(name, value); err != nil {
			log.Fatal(err)
		}
	}
}
