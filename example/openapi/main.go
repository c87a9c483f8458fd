// Command openapi has an OpenAPI document that a person has written. It adds what the
// guards of the routes know: who may call what, and how others are refused.
package main

import (
	_ "embed"
	"encoding/json"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

//go:embed openapi.json
var written []byte

// newRouter returns the routes of the service.
func newRouter(config ginjwt.Config) (*gin.Engine, error) {
	jwt := ginjwt.New(config)
	r := gin.Default()
	if err := jwt.InitApp(r); err != nil {
		return nil, err
	}
	r.POST("/login", login(jwt))
	r.GET("/notes", jwt.JWTRequired(ginjwt.Scopes("notes:read")), notes)
	r.PUT("/notes/:id", jwt.JWTRequired(ginjwt.Scopes("notes:read", "notes:write")), notes)
	r.DELETE("/users/:id", jwt.JWTRequired(ginjwt.Roles("admin", "owner")), notes)
	return r, nil
}

// document returns the OpenAPI document: what is written, and what the routes require. It
// returns an error if they differ, for example in a route that nobody has documented.
func document(r *gin.Engine) ([]byte, error) {
	parts, err := ginjwt.OpenAPI(r, ginjwt.Public("POST /login"))
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(written, &doc); err != nil {
		return nil, err
	}
	if err := parts.MergeInto(doc); err != nil {
		return nil, err
	}
	return json.MarshalIndent(doc, "", "  ")
}

// serveDocument serves the document. The route is added last, so the document does not
// contain it.
func serveDocument(r *gin.Engine) error {
	doc, err := document(r)
	if err != nil {
		return err
	}
	r.GET("/openapi.json", func(c *gin.Context) { c.Data(http.StatusOK, "application/json", doc) })
	return nil
}

// login stands for a login with a password: everybody is alice.
func login(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		token, err := jwt.CreateAccessToken(c, "alice", ginjwt.WithClaims(ginjwt.Claims{"scope": "notes:read"}))
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, gin.H{"access_token": token})
	}
}

// notes stands for your handlers.
func notes(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c)})
}

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // JWT_SECRET_KEY, at least 32 bytes
	if err != nil {
		log.Fatal(err)
	}
	r, err := newRouter(config)
	if err != nil {
		log.Fatal(err)
	}
	if err := serveDocument(r); err != nil {
		log.Fatal(err)
	}
	log.Fatal(r.Run("localhost:8080"))
}
