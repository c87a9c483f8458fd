package fromginjwt_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	jwtv2 "github.com/appleboy/gin-jwt/v2"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// member is a user who is known by name, as in the example that gin-jwt comes with.
type member struct{ name string }

type memberLogin struct {
	Username string `form:"username" json:"username" binding:"required"`
	Password string `form:"password" json:"password" binding:"required"`
}

func (l memberLogin) check() *member {
	if l.Username == l.Password && (l.Username == "admin" || l.Username == "test") {
		return &member{l.Username}
	}
	return nil
}

func notFound(c *gin.Context) {
	c.JSON(404, gin.H{"code": "PAGE_NOT_FOUND", "message": "Page not found"})
}

// exampleBefore is built like the example: one Authorizator for all, a refresh behind
// the middleware, and a token for unknown routes too.
func exampleBefore(t *testing.T) *gin.Engine {
	t.Helper()
	mw, err := jwtv2.New(&jwtv2.GinJWTMiddleware{
		Realm: "test zone", Key: []byte(oldKey), Timeout: time.Hour, MaxRefresh: time.Hour, IdentityKey: "id",
		TokenLookup: "header: Authorization, query: token, cookie: jwt",
		PayloadFunc: func(data any) jwtv2.MapClaims { return jwtv2.MapClaims{"id": data.(*member).name} },
		IdentityHandler: func(c *gin.Context) any {
			return &member{jwtv2.ExtractClaims(c)["id"].(string)}
		},
		Authenticator: func(c *gin.Context) (any, error) {
			var form memberLogin
			if err := c.ShouldBind(&form); err != nil {
				return "", jwtv2.ErrMissingLoginValues
			}
			if m := form.check(); m != nil {
				return m, nil
			}
			return nil, jwtv2.ErrFailedAuthentication
		},
		Authorizator: func(data any, _ *gin.Context) bool {
			m, ok := data.(*member)
			return ok && m.name == "admin"
		},
	})
	require.NoError(t, err)
	r := gin.New()
	r.POST("/login", mw.LoginHandler)
	r.NoRoute(mw.MiddlewareFunc(), notFound)
	auth := r.Group("/auth", mw.MiddlewareFunc())
	auth.GET("/refresh_token", mw.RefreshHandler)
	auth.GET("/hello", func(c *gin.Context) {
		user, _ := c.Get("id")
		c.JSON(200, gin.H{"userID": jwtv2.ExtractClaims(c)["id"], "userName": user.(*member).name, "text": "Hello World."})
	})
	return r
}

// exampleAfter follows the page.
func exampleAfter(t *testing.T, config ginjwt.Config, claims ginjwt.Claims) *gin.Engine {
	t.Helper()
	jwt := ginjwt.New(config)
	jwt.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) { return claims, nil })
	jwt.UserIdentityLoader(func(_ context.Context, user any) (string, error) { return user.(*member).name, nil })
	jwt.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) { return &member{token.Identity}, nil })
	jwt.ErrorLoader(func(c *gin.Context, err *ginjwt.Error) {
		status, message := http.StatusUnauthorized, err.Message
		if errors.Is(err, ginjwt.ErrInsufficientScope) {
			status, message = http.StatusForbidden, "you don't have permission to access this resource"
		}
		c.JSON(status, gin.H{"code": status, "message": message})
	})
	r := gin.New()
	require.NoError(t, jwt.InitApp(r))
	adminOnly := func(c *gin.Context) {
		if ginjwt.GetCurrentUser[*member](c).name != "admin" {
			jwt.Refuse(c, ginjwt.ErrInsufficientScope)
		}
	}
	r.POST("/login", func(c *gin.Context) {
		var form memberLogin
		if err := c.ShouldBind(&form); err != nil {
			c.JSON(401, gin.H{"code": 401, "message": "missing Username or Password"})
			return
		}
		m := form.check()
		if m == nil {
			c.JSON(401, gin.H{"code": 401, "message": "incorrect Username or Password"})
			return
		}
		pair, err := jwt.CreateTokenPair(c, m)
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		expire := jwt.Config().Now().Add(time.Duration(pair.ExpiresIn) * time.Second)
		c.JSON(200, gin.H{"code": 200, "token": pair.AccessToken, "expire": expire.Format(time.RFC3339), "refresh_token": pair.RefreshToken})
	})
	r.NoRoute(jwt.JWTRequired(), adminOnly, notFound)
	r.POST("/auth/refresh_token", jwt.RefreshHandler())
	auth := r.Group("/auth", jwt.JWTRequired(), adminOnly)
	auth.GET("/hello", func(c *gin.Context) {
		user := ginjwt.GetCurrentUser[*member](c)
		c.JSON(200, gin.H{"userID": ginjwt.GetJWTIdentity(c), "userName": user.name, "text": "Hello World."})
	})
	return r
}

// Another service, which was moved by the page alone.
func TestExampleOfGinJWT(t *testing.T) {
	t.Parallel()
	was, is := exampleBefore(t), exampleAfter(t, ginjwt.Config{
		SecretKey: secret, AccessTokenExpires: time.Hour,
		Blocklist: &ginjwt.MemoryBlocklist{}, Sessions: &ginjwt.MemorySessions{},
	}, nil)
	for _, form := range [][]string{{"username", "admin", "password", "x"}, {"username", "admin"}} {
		old, now := jwttest.Do(was, "POST", "/login", jwttest.Form(form...)), jwttest.Do(is, "POST", "/login", jwttest.Form(form...))
		assert.Equal(t, 401, now.Code)
		assert.JSONEq(t, old.Body.String(), now.Body.String())
	}
	for _, name := range []string{"admin", "test"} {
		login := jwttest.Form("username", name, "password", name)
		old, now := read(t, was, "POST", "/login", login), read(t, is, "POST", "/login", login)
		for _, path := range []string{"/auth/hello", "/unknown"} {
			old, now := jwttest.Do(was, "GET", path, jwttest.Bearer(old.Token)), jwttest.Do(is, "GET", path, jwttest.Bearer(now.Token))
			assert.Equal(t, old.Code, now.Code)
			assert.JSONEq(t, old.Body.String(), now.Body.String())
			assert.Equal(t, 401, jwttest.Do(is, "GET", path).Code)
		}
		assert.Equal(t, 200, jwttest.Do(is, "POST", "/auth/refresh_token", jwttest.JSON(`{"refresh_token":"`+now.RefreshToken+`"}`)).Code)
	}
}
