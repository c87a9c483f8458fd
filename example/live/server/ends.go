package server

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// errStopping is the cause of connections that end because the server stops.
var errStopping = errors.New("the server stops")

// Close codes of WebSockets, from RFC 6455 §7.4.1 and the IANA registry.
const (
	goingAway     = 1001
	tryAgainLater = 1013
	unauthorized  = 3000
	timedOut      = 3008
)

// closing returns the close code and the reason for the cause of an end.
func closing(cause error) (code int, reason string) {
	switch end, ok := errors.AsType[*ginjwt.SessionEnd](cause); {
	case ok:
		return unauthorized, string(end.Cause)
	case errors.Is(cause, ginjwt.ErrUnavailable): // for longer than AccessTokenExpires
		return tryAgainLater, "unavailable"
	}
	return goingAway, "shutdown" // a client that has disconnected reads neither
}

// withoutDeadlines lifts the deadlines of the server, which are for short requests. The end of
// http.Server.ReadTimeout would also end the context of the request. It must come after the
// check of the token: otherwise a stranger could hold a connection with a body that never comes.
func withoutDeadlines(c *gin.Context) {
	control := http.NewResponseController(c.Writer)
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Time{})
}

// untilStopped ends the context of a request when the server stops, so that the server does not
// wait for a handler that never ends.
func (s *Service) untilStopped(c *gin.Context) {
	s.open.Add(1)
	defer s.open.Done()
	ctx, cancel := context.WithCancelCause(c.Request.Context())
	defer cancel(nil)
	defer context.AfterFunc(s.stopping, func() { cancel(errStopping) })()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}

// outlive returns a context for a connection that goes on after its handler returns. The context
// ends with the session, when the server stops, or when the caller calls end. The caller must
// call end.
func (s *Service) outlive(c *gin.Context) (ctx context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(c.Request.Context()))
	unregister := context.AfterFunc(s.stopping, func() { cancel(errStopping) })
	s.open.Add(1)
	end = sync.OnceFunc(func() {
		unregister()
		cancel(nil)
		s.open.Done()
	})
	return ginjwt.SessionContext(ctx), end
}

// follow calls send for each message after an ID, and beat after a time without messages. It
// stops when ctx ends or a call fails, and returns the cause.
func (s *Service) follow(ctx context.Context, after int, send func(message) error, beat func() error) error {
	idle := time.NewTicker(s.beatEvery)
	defer idle.Stop()
	for {
		newer, changed := s.feed.after(after)
		for _, m := range newer {
			if err := send(m); err != nil {
				return cmp.Or(context.Cause(ctx), err)
			}
			after = m.ID
			idle.Reset(s.beatEvery)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		case <-idle.C:
			if err := beat(); err != nil {
				return cmp.Or(context.Cause(ctx), err)
			}
		}
	}
}
