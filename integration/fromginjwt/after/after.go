// Package after is the service of package before, moved to ginjwt.
package after

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/users"
)

// NewConfig returns the settings of the service.
func NewConfig(secret string, blocklist ginjwt.Blocklist, sessions ginjwt.SessionStore) ginjwt.Config {
	return ginjwt.Config{
		SecretKey:          secret,
		AccessTokenExpires: time.Hour,
		RolesClaim:         "role",
		Blocklist:          blocklist,
		Sessions:           sessions,
	}
}

// NewManager registers what the service adds to ginjwt.
func NewManager(config ginjwt.Config) *ginjwt.JWTManager {
	mgr := ginjwt.New(config)
	mgr.UserIdentityLoader(identityOf)
	mgr.AdditionalClaimsLoader(claimsOf)
	mgr.UserLookupLoader(userOf)
	mgr.ErrorLoader(refuse)
	return mgr
}

// identityOf is the "sub" of a token.
func identityOf(_ context.Context, user any) (string, error) {
	return strconv.FormatUint(uint64(user.(*users.User).ID), 10), nil
}

// claimsOf takes the place of PayloadFunc. It is called at every refresh too.
func claimsOf(_ context.Context, user any) (ginjwt.Claims, error) {
	return ginjwt.Claims{"role": user.(*users.User).Role}, nil
}

// userOf takes the place of IdentityHandler. It returns nil for a user who is gone.
func userOf(_ context.Context, token *ginjwt.Token) (any, error) {
	id, err := strconv.ParseUint(token.Identity, 10, strconv.IntSize)
	if err != nil {
		return nil, nil
	}
	return users.Find(uint(id)), nil
}

// messages are the messages of gin-jwt, with TokenLookup: "header: Authorization".
var messages = map[error]string{
	ginjwt.ErrNoAuthorization:   "auth header is empty",
	ginjwt.ErrInvalidHeader:     "auth header is invalid",
	ginjwt.ErrExpiredToken:      "Token is expired",
	ginjwt.ErrInsufficientScope: "you don't have permission to access this resource",
	errNoRefreshToken:           "refresh token is missing",
}

// refuse answers as gin-jwt does.
func refuse(c *gin.Context, err *ginjwt.Error) {
	status, message := http.StatusUnauthorized, err.Message
	switch {
	case errors.Is(err, ginjwt.ErrInsufficientScope), errors.Is(err, ginjwt.ErrVerification):
		status = http.StatusForbidden
	case err.Status >= http.StatusInternalServerError:
		status = err.Status // 503: a store does not answer
	}
	if text, ok := messages[err.Kind]; ok {
		message = text
	}
	c.JSON(status, gin.H{"code": status, "message": message})
}

// NewRouter returns the routes of the service.
func NewRouter(mgr *ginjwt.JWTManager) (*gin.Engine, error) {
	router := gin.Default()
	if err := mgr.InitApp(router); err != nil {
		return nil, err
	}
	router.POST("/login", login(mgr))
	router.POST("/refresh_token", refresh(mgr))
	router.POST("/logout", logout(mgr))

	auth := router.Group("/", mgr.JWTRequired())
	auth.GET("/hello", hello)
	auth.GET("/admin/users", adminOnly, report) // the role in the table
	admin := router.Group("/admin", mgr.JWTRequired(ginjwt.Roles("admin")))
	admin.GET("/report", report) // the role in the token
	return router, nil
}

// login takes the place of LoginHandler.
func login(mgr *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		if user := authenticate(c); user != nil {
			pair, err := mgr.CreateTokenPair(c, user)
			answer(c, mgr, pair, err)
		}
	}
}

// authenticate takes the place of Authenticator. It answers, and returns nil, if the
// login fails.
func authenticate(c *gin.Context) *users.User {
	var form struct {
		Username string `json:"username" binding:"required"`
		Password string `json:"password" binding:"required"`
	}
	if err := c.ShouldBindJSON(&form); err != nil {
		c.JSON(http.StatusUnauthorized, gin.H{"code": 401, "message": "missing Username or Password"})
		return nil
	}
	user := users.Login(form.Username, form.Password)
	if user == nil {
		c.JSON(http.StatusUnauthorized, gin.H{"code": 401, "message": "incorrect Username or Password"})
	}
	return user
}

// refresh exchanges a refresh token, in a JSON body, for a new pair.
func refresh(mgr *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		token, err := mgr.VerifyJWTInRequest(c, ginjwt.Refresh(), ginjwt.Locations(ginjwt.InJSON))
		if err != nil {
			refuseRefresh(c, mgr, err)
			return
		}
		pair, err := mgr.RotateTokens(c, token)
		answer(c, mgr, pair, err)
	}
}

var errNoRefreshToken = fmt.Errorf("%w: no refresh token", ginjwt.ErrNoAuthorization)

// refuseRefresh is Refuse, with another message if there is no refresh token.
func refuseRefresh(c *gin.Context, mgr *ginjwt.JWTManager, err error) {
	if errors.Is(err, ginjwt.ErrNoAuthorization) {
		err = &ginjwt.Error{Kind: errNoRefreshToken, Err: err} // the reason stays
	}
	mgr.Refuse(c, err)
}

// answer has the members of gin-jwt, and the refresh token.
func answer(c *gin.Context, mgr *ginjwt.JWTManager, pair ginjwt.TokenPair, err error) {
	if err != nil {
		mgr.Refuse(c, err)
		return
	}
	expire := mgr.Config().Now().Add(time.Duration(pair.ExpiresIn) * time.Second)
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, gin.H{
		"code":          http.StatusOK,
		"token":         pair.AccessToken,
		"expire":        expire.Format(time.RFC3339),
		"refresh_token": pair.RefreshToken,
	})
}

// logout ends the session of the token, which gin-jwt does not.
func logout(mgr *ginjwt.JWTManager) gin.HandlerFunc {
	end := mgr.LogoutHandler()
	return func(c *gin.Context) {
		if end(c); !c.IsAborted() {
			c.JSON(http.StatusOK, gin.H{"code": http.StatusOK})
		}
	}
}

// adminOnly looks at the user, not at the token.
func adminOnly(c *gin.Context) {
	if ginjwt.GetCurrentUser[*users.User](c).Role != "admin" {
		ginjwt.FromContext(c).Refuse(c, ginjwt.ErrInsufficientScope)
	}
}

func hello(c *gin.Context) {
	id, err := ginjwt.GetJWTIdentityAs[uint](c)
	if err != nil {
		ginjwt.FromContext(c).Refuse(c, err)
		return
	}
	user := ginjwt.GetCurrentUser[*users.User](c)
	c.JSON(http.StatusOK, gin.H{"id": id, "name": user.Name})
}

func report(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"report": "all is well"})
}
