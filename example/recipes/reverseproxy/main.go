// Command reverseproxy serves an API behind nginx, Caddy or HAProxy, and answers the
// auth_request of nginx for services that know no tokens.
package main

import (
	"log"
	"net/http"
	"os"
	"time"

	"github.com/coder/websocket"
	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		log.Fatal(err)
	}
	router, err := newRouter(config, "127.0.0.1")
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Addr:              "127.0.0.1:8080", // only the proxy reaches it
		Handler:           router,
		ReadHeaderTimeout: 5 * time.Second,
		MaxHeaderBytes:    64 << 10, // more than the proxy lets through
	}
	log.Fatal(server.ListenAndServe())
}

// newRouter returns the API. proxies are the addresses from which the proxy connects.
func newRouter(config ginjwt.Config, proxies ...string) (*gin.Engine, error) {
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}
	config.MaxTokenSize = 6 << 10 // nginx and HAProxy limit headers to 8 or 16 KiB
	jwt := ginjwt.New(config)
	router := gin.New()
	router.Use(gin.Recovery())
	if err := router.SetTrustedProxies(proxies); err != nil { // by default, Gin trusts everybody
		return nil, err
	}
	if err := jwt.InitApp(router); err != nil {
		return nil, err
	}
	router.POST("/login", login(jwt))
	router.GET("/me", jwt.JWTRequired(), me)
	router.POST("/ticket", jwt.TicketHandler())
	router.GET("/live", jwt.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), live)
	router.GET("/authorize", gin.WrapH(authorize(jwt)))
	return router, nil
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

func me(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c), "ip": c.ClientIP()})
}

// live serves a WebSocket, which a ticket opens.
func live(c *gin.Context) {
	conn, err := websocket.Accept(c.Writer, c.Request, nil) // compares Origin with Host
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	ctx := c.Request.Context()
	if conn.Write(ctx, websocket.MessageText, []byte("hello "+ginjwt.GetJWTIdentity(c))) == nil {
		_ = conn.Close(websocket.StatusNormalClosure, "")
	}
}
