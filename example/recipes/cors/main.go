// Command cors serves an API with cookies to pages of another origin.
package main

import (
	"log"
	"net/http"
	"os"
	"time"

	"github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY and JWT_CSRF_COOKIE_DOMAIN
	if err != nil {
		log.Fatal(err)
	}
	router, err := newRouter(config, "https://app.example.com")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(router.Run("localhost:8080"))
}

// newRouter returns the API. Pages of origin, such as "https://app.example.com", may use it.
func newRouter(config ginjwt.Config, origin string) (*gin.Engine, error) {
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	jwt := ginjwt.New(config)
	router := gin.Default()
	router.Use(cors.New(cors.Config{ // before everything that can refuse a request
		AllowOrigins:     []string{origin},
		AllowCredentials: true, // cookies
		AllowMethods:     []string{"GET", "POST", "PUT", "PATCH", "DELETE"},
		AllowHeaders:     []string{"Content-Type", "X-CSRF-TOKEN"},
		ExposeHeaders:    []string{"WWW-Authenticate", "Retry-After"}, // why a request was refused
		MaxAge:           10 * time.Minute,                            // of the preflight
	}))
	if err := jwt.InitApp(router); err != nil {
		return nil, err
	}
	router.POST("/login", onlyFrom(origin), login(jwt))
	router.POST("/logout", jwt.LogoutHandler())
	orders := router.Group("/orders", jwt.JWTRequired())
	orders.GET("", list)
	orders.POST("", list)
	return router, nil
}

// onlyFrom refuses requests from pages of other origins than the API's own and origin. The
// login needs this check because there is no CSRF value yet: another site could log a
// visitor in as somebody else.
func onlyFrom(origin string) gin.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin(origin); err != nil {
		panic(err)
	}
	return func(c *gin.Context) {
		if err := protection.Check(c.Request); err != nil {
			c.AbortWithStatusJSON(http.StatusForbidden, gin.H{"msg": "Log in from this site"})
		}
	}
}

func login(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		token, err := jwt.CreateAccessToken(c, "alice") // check the password first
		if err == nil {
			err = jwt.SetAccessCookies(c, token)
		}
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"msg": "Logged in"})
	}
}

func list(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"orders_of": ginjwt.GetJWTIdentity(c)}) }
