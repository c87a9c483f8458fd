// A service with sessions, roles and settings from the environment.
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv)
	if err != nil {
		log.Fatal(err)
	}
	config.Sessions = &ginjwt.MemorySessions{}
	config.Blocklist = &ginjwt.MemoryBlocklist{}
	engine := gin.New()
	if err := routes(engine, ginjwt.New(config)); err != nil {
		log.Fatal(err)
	}
	log.Fatal(engine.Run())
}

func routes(engine *gin.Engine, jwt *ginjwt.JWTManager) error {
	jwt.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) {
		return ginjwt.Claims{"roles": []string{"reader"}}, nil
	})
	jwt.ErrorLoader(ginjwt.BearerError)
	if err := jwt.InitApp(engine); err != nil {
		return err
	}
	engine.POST("/login", func(c *gin.Context) { login(c, jwt) })
	engine.POST("/refresh", jwt.RefreshHandler())
	engine.POST("/logout", jwt.LogoutHandler())
	engine.GET("/me", jwt.JWTRequired(ginjwt.Roles("reader")), func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c), "claims": ginjwt.GetJWT(c)})
	})
	return nil
}

func login(c *gin.Context, jwt *ginjwt.JWTManager) {
	pair, err := jwt.CreateTokenPair(c, "alice", ginjwt.WithFresh())
	if err != nil {
		status := http.StatusInternalServerError
		if errors.Is(err, ginjwt.ErrIdentity) {
			status = http.StatusBadRequest
		}
		_ = c.AbortWithError(status, err)
		return
	}
	c.JSON(http.StatusOK, pair)
}
