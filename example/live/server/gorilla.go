package server

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"

	"github.com/gin-jwt-extended/ginjwt"
)

// upgrader has no CheckOrigin: then it refuses pages of other hosts, as the ticket does.
var upgrader = websocket.Upgrader{HandshakeTimeout: writeWait}

// gorilla serves a WebSocket by gorilla/websocket, with a goroutine that reads and one
// that writes. It returns at once, as the examples of that library do.
func (s *Service) gorilla(c *gin.Context) {
	ctx, end := s.outlive(c) // before the server gives the connection away
	conn, err := upgrader.Upgrade(c.Writer, c.Request, nil)
	if err != nil {
		end()
		return // it has answered
	}
	go s.gorillaRead(ctx, end, conn, ginjwt.GetJWTIdentity(c))
	go s.gorillaWrite(ctx, conn, s.afterOf(c))
}

// gorillaRead reads until the connection is closed, and only it closes it.
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
		if ctx.Err() == nil { // or the client has not read yet that this is closed
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
	// The client answers. Whoever closes before that may take the code away from it.
	time.AfterFunc(closeWait, func() { _ = conn.Close() })
}
