package main

import (
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

func main() {
	jwt := ginjwt.New(ginjwt.Config{SecretKey: os.Getenv("JWT_SECRET_KEY")})

	r := gin.Default()
	if err := jwt.InitApp(r); err != nil {
		log.Fatal(err)
	}
	r.POST("/login", func(c *gin.Context) {
		token, err := jwt.CreateAccessToken(c, "alice") // check the password first
		if err != nil {
			c.AbortWithError(http.StatusInternalServerError, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"access_token": token})
	})
	r.GET("/me", jwt.JWTRequired(), func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c)})
	})
	log.Fatal(r.Run()) // on the port 8080, or $PORT
}
