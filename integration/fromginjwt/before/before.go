// Package before is a typical service with gin-jwt v2.
package before

import (
	"net/http"
	"strings"
	"time"

	jwt "github.com/appleboy/gin-jwt/v2"
	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/users"
)

// NewMiddleware returns the settings of the service.
func NewMiddleware(key string) (*jwt.GinJWTMiddleware, error) {
	return jwt.New(&jwt.GinJWTMiddleware{
		Realm:       "shop",
		Key:         []byte(key),
		Timeout:     time.Hour,
		MaxRefresh:  24 * time.Hour,
		IdentityKey: "id",
		TokenLookup: "header: Authorization, query: token, cookie: jwt",
		Authenticator: func(c *gin.Context) (any, error) {
			var form struct {
				Username string `json:"username" binding:"required"`
				Password string `json:"password" binding:"required"`
			}
			if err := c.ShouldBindJSON(&form); err != nil {
				return nil, jwt.ErrMissingLoginValues
			}
			user := users.Login(form.Username, form.Password)
			if user == nil {
				return nil, jwt.ErrFailedAuthentication
			}
			return user, nil
		},
		PayloadFunc: func(data any) jwt.MapClaims {
			user := data.(*users.User)
			return jwt.MapClaims{"id": user.ID, "role": user.Role}
		},
		IdentityHandler: func(c *gin.Context) any {
			id := jwt.ExtractClaims(c)["id"].(float64)
			return users.Find(uint(id))
		},
		Authorizator: func(data any, c *gin.Context) bool {
			user, _ := data.(*users.User)
			return user != nil && (user.Role == "admin" || !strings.HasPrefix(c.FullPath(), "/admin"))
		},
	})
}

// NewRouter returns the routes of the service.
func NewRouter(mw *jwt.GinJWTMiddleware, refresh gin.HandlerFunc) *gin.Engine {
	router := gin.Default()
	router.POST("/login", mw.LoginHandler)
	router.GET("/refresh_token", refresh) // mw.RefreshHandler
	router.POST("/logout", mw.LogoutHandler)

	auth := router.Group("/", mw.MiddlewareFunc())
	auth.GET("/hello", hello)
	auth.GET("/admin/report", report)
	auth.GET("/admin/users", report)
	return router
}

func hello(c *gin.Context) {
	user, _ := c.Get("id")
	id := jwt.ExtractClaims(c)["id"].(float64)
	c.JSON(http.StatusOK, gin.H{"id": uint(id), "name": user.(*users.User).Name})
}

func report(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"report": "all is well"})
}
