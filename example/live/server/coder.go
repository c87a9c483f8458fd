package server

import (
	"context"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// coder serves a WebSocket with coder/websocket. The handler runs until the connection closes.
func (s *Service) coder(c *gin.Context) {
	conn, err := websocket.Accept(c.Writer, c.Request, nil) // refuses pages of other hosts
	if err != nil {
		return // the library has responded
	}
	s.coderServe(ginjwt.SessionContext(c), conn, ginjwt.GetJWTIdentity(c), s.afterOf(c))
}

// coderServe serves until ctx ends, and then closes the connection with a code. It does not
// pass ctx to the library: when the context of a call ends, the library closes the connection
// without a code.
func (s *Service) coderServe(ctx context.Context, conn *websocket.Conn, from string, after int) {
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(maxMessage)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel()
		s.coderRead(ctx, conn, from)
	}()
	cause := s.follow(ctx, after, func(m message) error {
		wait, done := context.WithTimeout(context.WithoutCancel(ctx), writeWait)
		defer done()
		return wsjson.Write(wait, conn, m)
	}, func() error {
		go coderPing(ctx, conn, cancel) // waits for the pong
		return nil
	})
	code, reason := closing(cause)
	_ = conn.Close(websocket.StatusCode(code), reason) // waits for the client's close frame
}

func coderPing(ctx context.Context, conn *websocket.Conn, gone func()) {
	wait, done := context.WithTimeout(context.WithoutCancel(ctx), pongWait)
	defer done()
	if conn.Ping(wait) != nil {
		gone()
	}
}

func (s *Service) coderRead(ctx context.Context, conn *websocket.Conn, from string) {
	for {
		_, text, err := conn.Read(context.WithoutCancel(ctx))
		if err != nil {
			return
		}
		if ctx.Err() == nil { // ignore what a client sends before it has read the close frame
			s.feed.post(from, string(text))
		}
	}
}
