// Package server is a service with long-lived connections: WebSockets, server-sent events,
// downloads and long polls. A page opens them with tickets, and they end with the session of
// their user.
package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

const (
	writeWait = 10 * time.Second // for a client to accept a message
	pongWait  = 60 * time.Second // for a client to answer a ping
	closeWait = time.Second      // for a client to answer a close frame
	pollWait  = 25 * time.Second // shorter than the limits of proxies

	maxMessage = 4 << 10 // bytes
	maxToken   = 8 << 10
)

// Service is the service. JWT is the manager of its tokens.
type Service struct {
	JWT *ginjwt.JWTManager

	feed      *feed
	firstWait time.Duration // for the first message of a WebSocket
	beatEvery time.Duration // proxies cut silent connections, often after 60 seconds
	open      sync.WaitGroup
	stopping  context.Context
	stop      context.CancelCauseFunc
}

// New returns the service and its routes. It writes the log of requests to log.
func New(config ginjwt.Config, log io.Writer) (*Service, *gin.Engine, error) {
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies, ginjwt.InHeaders}
	s := &Service{JWT: ginjwt.New(config), feed: newFeed(), firstWait: 5 * time.Second, beatEvery: 25 * time.Second}
	s.stopping, s.stop = context.WithCancelCause(context.Background())

	router := gin.New()
	router.RedirectTrailingSlash = false // in debug mode Gin logs redirects with the query
	router.Use(
		gin.LoggerWithConfig(gin.LoggerConfig{Output: log, SkipQueryString: true}), // the query has tickets
		gin.CustomRecoveryWithWriter(nil, recovered(log)),                          // the log of gin.Recovery has tickets too
	)
	if err := s.JWT.InitApp(router); err != nil {
		return nil, nil, err
	}
	s.routes(router)
	return s, router, nil
}

// recovered responds after a panic, and logs the panic without the request.
func recovered(log io.Writer) gin.RecoveryFunc {
	return func(c *gin.Context, reason any) {
		_, _ = fmt.Fprintf(log, "panic: %v\n%s", reason, debug.Stack())
		c.AbortWithStatus(http.StatusInternalServerError)
	}
}

func (s *Service) routes(router *gin.Engine) {
	required := s.JWT.JWTRequired()
	api := router.Group("/api")
	api.POST("/login", fromHere, s.login) // sets the tokens as cookies
	api.POST("/token", s.token)           // responds with the tokens
	api.POST("/refresh", s.JWT.RefreshHandler())
	api.POST("/logout", s.JWT.LogoutHandler())
	api.DELETE("/sessions/:id", required, s.JWT.EndSessionHandler())
	api.GET("/me", required, s.me)
	api.POST("/messages", required, s.send)
	api.GET("/next", required, withoutDeadlines, s.untilStopped, s.next)
	router.GET("/first", s.untilStopped, s.first) // checks a token itself

	// Pages send a ticket, programs send a header.
	api.POST("/ticket", s.JWT.TicketHandler())
	live := router.Group("/live", s.JWT.JWTRequired(ginjwt.Locations(ginjwt.InTicket, ginjwt.InHeaders)), withoutDeadlines)
	live.GET("/gorilla", s.gorilla)
	live.GET("/coder", s.untilStopped, s.coder)
	live.GET("/events", s.untilStopped, s.events)
	live.GET("/export", s.export)

	servePages(router)
}

// Stop ends all connections. Pass it to http.Server.RegisterOnShutdown.
func (s *Service) Stop() { s.stop(errStopping) }

// Wait waits until all connections have ended. http.Server.Shutdown does not wait for the
// hijacked connections of WebSockets.
func (s *Service) Wait(ctx context.Context) error {
	ended := make(chan struct{})
	go func() {
		s.open.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// afterOf returns the ID after which a client wants messages. Without an ID, or with an ID from
// before a restart, the client gets only new messages.
func (s *Service) afterOf(c *gin.Context) int {
	newest := s.feed.newest()
	if id, err := strconv.Atoi(c.Query("after")); err == nil {
		return min(id, newest)
	}
	return newest
}
