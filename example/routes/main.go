// Command routes is a gateway with the usual middleware. Its tests check that somebody has
// decided about every route, and keep a file that shows who may call what.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"

	"github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"github.com/gin-jwt-extended/ginjwt"
)

// settings are what the gateway needs.
type settings struct {
	jwt     ginjwt.Config
	legacy  *url.URL // the server behind /legacy
	webhook []byte   // the secret that the sender of /webhook knows
}

func newRouter(s settings) (*gin.Engine, error) {
	jwt := ginjwt.New(s.jwt)
	r := gin.New()
	r.Use(gin.Logger(), gin.Recovery(), cors.Default(), limited(rate.NewLimiter(1000, 100)))
	if err := jwt.InitApp(r); err != nil {
		return nil, err
	}
	r.GET("/healthz", ok)
	r.POST("/login", login(jwt))
	r.POST("/webhook", ginjwt.Decided(webhook(s.webhook), "checks the HMAC of the sender"))

	api := r.Group("/api", jwt.JWTRequired())
	api.GET("/me", me)
	api.DELETE("/me", jwt.JWTRequired(ginjwt.FreshWithin(5*time.Minute)), ok)
	api.GET("/reports", jwt.JWTRequired(ginjwt.Scopes("reports:read")), ok)
	api.POST("/users", limited(rate.NewLimiter(1, 5)), jwt.JWTRequired(ginjwt.Roles("admin", "owner")), ok)

	r.Any("/legacy/*path", jwt.JWTRequired(), gin.WrapH(httputil.NewSingleHostReverseProxy(s.legacy)))
	r.NoRoute(notFound)
	return r, nil
}

func ok(c *gin.Context)       { c.Status(http.StatusOK) }
func me(c *gin.Context)       { c.JSON(http.StatusOK, gin.H{"user": ginjwt.GetJWTIdentity(c)}) }
func notFound(c *gin.Context) { c.JSON(http.StatusNotFound, gin.H{"msg": "Not found"}) }

// limited refuses requests that come too fast.
func limited(limit *rate.Limiter) gin.HandlerFunc {
	return func(c *gin.Context) {
		if !limit.Allow() {
			c.AbortWithStatus(http.StatusTooManyRequests)
		}
	}
}

// login stands for a login with a password.
func login(jwt *ginjwt.JWTManager) gin.HandlerFunc {
	return func(c *gin.Context) {
		var in struct{ Username, Password string }
		err := c.ShouldBindJSON(&in)
		if err != nil || in.Username != "alice" || subtle.ConstantTimeCompare([]byte(in.Password), []byte("correct horse")) != 1 {
			c.JSON(http.StatusUnauthorized, gin.H{"msg": "Bad username or password"})
			return
		}
		token, err := jwt.CreateAccessToken(c, in.Username, ginjwt.WithFresh())
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.Header("Cache-Control", "no-store")
		c.JSON(http.StatusOK, gin.H{"access_token": token})
	}
}

// maxEvent is how many bytes of an event are read.
const maxEvent = 1 << 20

// webhook accepts events whose signature proves that the sender knows the secret.
func webhook(secret []byte) gin.HandlerFunc {
	return func(c *gin.Context) {
		body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxEvent))
		sent, _ := hex.DecodeString(c.GetHeader("X-Signature"))
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		if err != nil || !hmac.Equal(sent, mac.Sum(nil)) {
			c.AbortWithStatus(http.StatusForbidden)
			return
		}
		c.Status(http.StatusNoContent)
	}
}

func run() error {
	config, err := ginjwt.LoadConfig(os.LookupEnv)
	if err != nil {
		return err
	}
	legacy, err := url.Parse(os.Getenv("LEGACY_URL"))
	if err != nil || legacy.Host == "" {
		return errors.New("set LEGACY_URL to the URL of the server behind /legacy")
	}
	secret := os.Getenv("WEBHOOK_SECRET")
	if len(secret) < 32 {
		return errors.New("set WEBHOOK_SECRET to at least 32 random characters")
	}
	r, err := newRouter(settings{config, legacy, []byte(secret)})
	if err != nil {
		return err
	}
	return r.Run("localhost:8080")
}

func main() { log.Fatal(run()) }
