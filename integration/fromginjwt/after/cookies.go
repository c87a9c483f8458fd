package after

import (
	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// WithCookies is for a service that has set SendCookie, with the TokenLookup
// "header: Authorization, query: token, cookie: jwt".
func WithCookies(config ginjwt.Config) ginjwt.Config {
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InQueryString, ginjwt.InCookies}
	config.QueryStringName = "token"
	config.AccessCookieName = "jwt"    // CookieName
	config.DisableSessionCookie = true // CookieMaxAge: cookies outlive the browser
	return config
}

// WithOldCookies is WithCookies until the last cookie of gin-jwt has expired. Cookies of
// gin-jwt have no CSRF value.
func WithOldCookies(config ginjwt.Config) ginjwt.Config {
	config = WithCookies(config)
	config.CSRFMethods = []string{"NONE"} // ginjwt sets CSRF values, and does not check them
	return config
}

// NewCookieRouter is NewRouter for clients with headers and for browsers.
func NewCookieRouter(mgr *ginjwt.JWTManager) (*gin.Engine, error) {
	router := gin.Default()
	if err := mgr.InitApp(router); err != nil {
		return nil, err
	}
	router.POST("/login", cookieLogin(mgr))
	router.POST("/refresh_token", cookieRefresh(mgr))
	router.POST("/logout", logout(mgr)) // removes the cookies too

	auth := router.Group("/", mgr.JWTRequired())
	auth.GET("/hello", hello)
	auth.POST("/hello", hello)
	return router, nil
}

func cookieLogin(mgr *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		if user := authenticate(c); user != nil {
			pair, err := mgr.CreateTokenPair(c, user)
			answerWithCookies(c, mgr, pair, err)
		}
	}
}

// cookieRefresh takes the refresh token of a JSON body or of a cookie.
func cookieRefresh(mgr *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		token, err := mgr.VerifyJWTInRequest(c, ginjwt.Refresh(), ginjwt.Locations(ginjwt.InJSON, ginjwt.InCookies))
		if err != nil {
			refuseRefresh(c, mgr, err)
			return
		}
		pair, err := mgr.RotateTokens(c, token)
		answerWithCookies(c, mgr, pair, err)
	}
}

// answerWithCookies sets the cookies, as SendCookie does, and answers as before.
func answerWithCookies(c *gin.Context, mgr *ginjwt.JWTManager, pair ginjwt.TokenPair, err error) {
	if err == nil {
		err = mgr.SetPairCookies(c, pair)
	}
	answer(c, mgr, pair, err)
}
