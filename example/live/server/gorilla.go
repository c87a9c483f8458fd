package server

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"

	"github.com/gin-jwt-extended/ginjwt"
)

// upgrader has no CheckOrigin, so it refuses pages of other hosts. The ticket does too.
var upgrader = websocket.Upgrader{HandshakeTimeout: writeWait}

// gorilla serves a WebSocket with gorilla/websocket: one goroutine reads, and one writes. The
// handler returns at once, like the examples of that library.
func (s *Service) gorilla(c *gin.Context) {
	ctx, end := s.outlive(c) // before Upgrade hijacks the connection
	conn, err := upgrader.Upgrade(c.Writer, c.Request, nil)
	if err != nil {
		end()
		return // the library has responded
	}
	go s.gorillaRead(ctx, end, conn, ginjwt.GetJWTIdentity(c))
	go s.gorillaWrite(ctx, conn, s.afterOf(c))
}

// gorillaRead reads until the connection is closed. No other function closes the connection.
func (s *Service) gorillaRead(ctx context.Context, end func(), conn *websocket.Conn, from string) {
	defer end()
	defer func() { _ = conn.Close() }()
	alive := func(string) error { return conn.SetReadDeadline(time.Now().Add(pongWait)) }
	_ = alive("")
	conn.SetPongHandler(alive)
	conn.SetReadLimit(maxMessage)
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if ctx.Err() == nil { // ignore what a client sends before it has read the close frame
			s.feed.post(from, string(text))
		}
	}
}

func (s *Service) gorillaWrite(ctx context.Context, conn *websocket.Conn, after int) {
	cause := s.follow(ctx, after, func(m message) error {
		_ = conn.SetWriteDeadline(time.Now().Add(writeWait))
		return conn.WriteJSON(m)
	}, func() error {
		return conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWait))
	})
	code, reason := closing(cause)
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(writeWait))
	// The client answers. If the server closes before that, the client may not get the code.
	time.AfterFunc(closeWait, func() { _ = conn.Close() })
}
