package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/coder/websocket"
	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// first serves a WebSocket with an access token in its first message, for clients that can read
// their token.
func (s *Service) first(c *gin.Context) {
	conn, err := websocket.Accept(c.Writer, c.Request, nil)
	if err != nil {
		return
	}
	conn.SetReadLimit(maxToken)
	late := time.AfterFunc(s.firstWait, func() { _ = conn.Close(timedOut, "no token") })
	token, err := s.firstToken(c.Request.Context(), conn)
	if !late.Stop() {
		return
	}
	if err != nil {
		_ = conn.Close(refusing(err))
		return
	}
	ctx := ginjwt.NewContext(c.Request.Context(), token, nil)
	s.coderServe(ginjwt.SessionContext(ctx), conn, token.Identity, s.afterOf(c))
}

func (s *Service) firstToken(ctx context.Context, conn *websocket.Conn) (*ginjwt.Token, error) {
	var first struct {
		Token string `json:"token"`
	}
	_, text, err := conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &first); err != nil {
		return nil, ginjwt.ErrInvalidToken
	}
	return s.JWT.VerifyToken(ctx, first.Token)
}

// refusing returns the close code and the reason for a refused token.
func refusing(err error) (code websocket.StatusCode, reason string) {
	if e, ok := errors.AsType[*ginjwt.Error](err); ok && e.Status >= http.StatusInternalServerError {
		return tryAgainLater, "unavailable"
	}
	return unauthorized, "token"
}
