package ginjwt_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	gojwt "github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// items is a MethodView: one type, with a method for each HTTP method.
type items struct{ jwt *ginjwt.JWTManager }

func (items) list(c *gin.Context)   { c.JSON(http.StatusOK, []string{}) }
func (items) create(c *gin.Context) { c.JSON(http.StatusCreated, gin.H{"id": 1}) }
func (items) remove(c *gin.Context) { c.Status(http.StatusNoContent) }

// How do I write a MethodView with decorators?
func Example_methodView() {
	jwt := exampleManager(ginjwt.Config{})
	r := exampleEngine(jwt)

	view := items{jwt}
	group := r.Group("/items", jwt.JWTRequired())
	group.GET("", view.list)
	group.POST("", view.create)
	group.DELETE("/:id", jwt.JWTRequired(ginjwt.Fresh()), view.remove)

	token := jwttest.Bearer(exampleToken(jwt, "alice"))
	fmt.Println(jwttest.Do(r, "GET", "/items").Code)
	fmt.Println(jwttest.Do(r, "GET", "/items", token).Code)
	fmt.Println(jwttest.Do(r, "DELETE", "/items/1", token).Body)
	// Output:
	// 401
	// 200
	// {"msg":"Fresh token required"}
}

// How do I write a before_request with endpoints that are exempt?
func Example_beforeRequest() {
	jwt := exampleManager(ginjwt.Config{})
	r := exampleEngine(jwt)
	login := func(c *gin.Context) { c.Status(http.StatusOK) }
	me := func(c *gin.Context) { c.JSON(http.StatusOK, ginjwt.GetJWTIdentity(c)) }

	r.POST("/login", login) // exempt: not in the group
	r.GET("/health", func(c *gin.Context) { c.Status(http.StatusOK) })

	private := r.Group("/", jwt.JWTRequired())
	private.GET("/me", me)

	fmt.Println(jwttest.Do(r, "GET", "/health").Code)
	fmt.Println(jwttest.Do(r, "GET", "/me").Code)
	fmt.Println(jwttest.Do(r, "GET", "/me", jwttest.Bearer(exampleToken(jwt, "alice"))).Body)
	// Output:
	// 200
	// 401
	// "alice"
}

// How do I write int(get_jwt_identity())?
func ExampleGetJWTIdentityAs() {
	jwt := exampleManager(ginjwt.Config{})
	r := exampleEngine(jwt)
	r.GET("/me", jwt.JWTRequired(), func(c *gin.Context) {
		id, err := ginjwt.GetJWTIdentityAs[int64](c)
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"id": id})
	})

	fmt.Println(jwttest.Do(r, "GET", "/me", jwttest.Bearer(exampleToken(jwt, 7))).Body)
	fmt.Println(jwttest.Do(r, "GET", "/me", jwttest.Bearer(exampleToken(jwt, "alice"))).Body)
	// Output:
	// {"id":7}
	// {"msg":"Subject has another form than this service expects"}
}

// asIn3 are the settings for tokens of Flask-JWT-Extended 3.
func asIn3(t *testing.T) ginjwt.Config {
	t.Helper()
	secret := jwttest.Config(nil).SecretKey
	config, err := ginjwt.LoadConfig(lookup(map[string]string{
		"JWT_SECRET_KEY": secret, "JWT_IDENTITY_CLAIM": "identity", "JWT_VERIFY_SUB": "false",
	}))
	require.NoError(t, err)
	return config
}

// userClaims are the claims of a user_claims_loader.
type userClaims struct {
	Claims struct {
		Role string `json:"role"`
	} `json:"user_claims"`
}

// Tokens of Flask-JWT-Extended 3 are read, and those made here have the same
// claims.
func TestTokensOfFlaskJWTExtended3(t *testing.T) {
	t.Parallel()
	config := asIn3(t)
	jwt, engine := newManager(t, config, func(jwt *ginjwt.JWTManager) {
		jwt.AdditionalClaimsLoader(func(_ context.Context, identity any) (ginjwt.Claims, error) {
			return ginjwt.Claims{"user_claims": map[string]any{"role": "admin"}}, nil
		})
	})
	engine.GET("/", jwt.JWTRequired(), func(c *gin.Context) {
		claims, err := ginjwt.GetJWTClaims[userClaims](c)
		if err != nil {
			jwt.Refuse(c, ginjwt.ErrInvalidToken)
			return
		}
		id, err := ginjwt.GetJWTIdentityAs[int64](c)
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"id": id, "role": claims.Claims.Role})
	})
	of3 := signedWith(t, config.SecretKey, gojwt.MapClaims{
		"identity": 7, "jti": "b3a0b1a4-6a0a-4a51-9b0a-3b8a5f3a0c11", "type": "access", "fresh": true, "user_claims": gojwt.MapClaims{"role": "admin"},
	})
	for _, encoded := range []string{of3, jwttest.AccessToken(t, jwt, 7)} {
		r := jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded))
		assert.Equal(t, 200, r.Code, r.Body)
		assert.JSONEq(t, `{"id":7,"role":"admin"}`, r.Body.String())
	}

	token, err := jwt.DecodeToken(t.Context(), jwttest.AccessToken(t, jwt, 7))
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"role": "admin"}, token.Claims()["user_claims"])
	assert.Equal(t, "7", token.Claims()["identity"])
}

// The optional and the refresh tokens of version 3 need no setting.
func TestRefreshTokensOfFlaskJWTExtended3(t *testing.T) {
	t.Parallel()
	config := asIn3(t)
	jwt, engine := newManager(t, config)
	engine.POST("/refresh", jwt.RefreshRequired(), func(c *gin.Context) { c.String(http.StatusOK, ginjwt.GetJWTIdentity(c)) })
	of3 := signedWith(t, config.SecretKey, gojwt.MapClaims{
		"identity": map[string]any{"id": 7}, "jti": "b3a0b1a4-6a0a-4a51-9b0a-3b8a5f3a0c11", "type": "refresh",
	})
	r := jwttest.Do(engine, "POST", "/refresh", jwttest.Bearer(of3))
	assert.Equal(t, 200, r.Code)
	assert.JSONEq(t, `{"id":7}`, r.Body.String())
}

// How do I go on with identities that are dicts?
func TestADictAsIdentity(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.DisableVerifySub = true
	jwt, engine := newManager(t, config, func(jwt *ginjwt.JWTManager) {
		jwt.UserIdentityLoader(func(_ context.Context, user any) (string, error) {
			text, err := json.Marshal(user)
			return string(text), err
		})
	})
	engine.GET("/", jwt.JWTRequired(), func(c *gin.Context) {
		var user struct {
			ID int64 `json:"id"`
		}
		if err := json.Unmarshal([]byte(ginjwt.GetJWTIdentity(c)), &user); err != nil || user.ID == 0 {
			jwt.Refuse(c, ginjwt.ErrInvalidToken)
			return
		}
		c.JSON(http.StatusOK, gin.H{"id": user.ID})
	})
	inFlask := signedWith(t, config.SecretKey, gojwt.MapClaims{"sub": map[string]any{"id": 7}, "jti": "1", "type": "access"})
	here := jwttest.AccessToken(t, jwt, map[string]any{"id": 7})
	for _, encoded := range []string{inFlask, here} {
		assert.Equal(t, 200, jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Code)
	}
	for _, sub := range []any{"alice", nil, map[string]any{"name": "alice"}} { // no user 0
		encoded := signedWith(t, config.SecretKey, gojwt.MapClaims{"sub": sub, "jti": "1", "type": "access"})
		assert.Equal(t, 422, jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Code, sub)
	}
}

// A claim "type" of an additional_claims_loader replaces that of the token in
// Flask. Here it is refused, both when a token is made and when one comes in.
func TestAnAdditionalClaimOfTheNameType(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	jwt, engine := newManager(t, config, func(jwt *ginjwt.JWTManager) {
		jwt.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) { return ginjwt.Claims{"type": "staff"}, nil })
	})
	_, err := jwt.CreateAccessToken(t.Context(), "alice")
	require.ErrorIs(t, err, ginjwt.ErrReservedClaim)
	engine.GET("/", jwt.JWTRequired(), func(c *gin.Context) { c.Status(http.StatusNoContent) })
	ofFlask := signedWith(t, config.SecretKey, gojwt.MapClaims{"sub": "alice", "jti": "1", "type": "staff"})
	r := jwttest.Do(engine, "GET", "/", jwttest.Bearer(ofFlask))
	assert.Equal(t, 422, r.Code)
	assert.True(t, strings.Contains(r.Body.String(), "Only access tokens are allowed"), r.Body)
}
