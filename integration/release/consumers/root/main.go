// Command root is a service with sessions in memory.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

func main() {
	mgr := ginjwt.New(ginjwt.Config{SecretKey: os.Getenv("JWT_SECRET_KEY"), Sessions: new(ginjwt.MemorySessions)})
	mgr.OnReuse(func(_ context.Context, s ginjwt.Session, _ *ginjwt.Token) { log.Print("stolen: ", s.ID) })
	app := gin.Default()
	if err := mgr.InitApp(app); err != nil {
		log.Fatal(err)
	}
	app.POST("/login", func(c *gin.Context) {
		pair, err := mgr.CreateTokenPair(c, "alice")
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, pair)
	})
	app.POST("/refresh", mgr.RefreshHandler())
	app.GET("/me", mgr.JWTRequired(ginjwt.Fresh()), func(c *gin.Context) {
		c.String(http.StatusOK, ginjwt.GetJWTIdentity(c))
	})
	log.Fatal(app.Run())
}
