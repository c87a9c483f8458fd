package after

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/users"
)

// WithCookies is for a service that has set SendCookie.
func WithCookies(config ginjwt.Config) ginjwt.Config {
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	config.AccessCookieName = "jwt"     // CookieName
	config.DisableSessionCookie = true  // CookieMaxAge: cookies outlive the browser
	config.RefreshCookiePath = "/token" // refresh and logout
	return config
}

// NewCookieRouter returns the routes of a service for browsers.
func NewCookieRouter(jwt *ginjwt.JWTManager) (*gin.Engine, error) {
	router := gin.Default()
	if err := jwt.InitApp(router); err != nil {
		return nil, err
	}
	router.POST("/login", cookieLogin(jwt))
	router.POST("/token/refresh", jwt.RefreshHandler())
	router.POST("/token/logout", jwt.LogoutHandler())

	auth := router.Group("/", jwt.JWTRequired())
	auth.GET("/hello", hello)
	auth.POST("/hello", hello)
	return router, nil
}

func cookieLogin(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		user := users.Login(c.PostForm("username"), c.PostForm("password"))
		if user == nil {
			c.JSON(http.StatusUnauthorized, gin.H{"code": 401, "message": "incorrect Username or Password"})
			return
		}
		pair, err := jwt.CreateTokenPair(c, user)
		if err == nil {
			err = jwt.SetPairCookies(c, pair) // SendCookie
		}
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"code": http.StatusOK})
	}
}
