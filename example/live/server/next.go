package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// next is a long poll: it waits for messages after an ID.
func (s *Service) next(c *gin.Context) {
	ctx, cancel := context.WithTimeout(ginjwt.SessionContext(c), pollWait)
	defer cancel()
	after := s.afterOf(c)
	for {
		newer, changed := s.feed.after(after)
		if len(newer) > 0 {
			c.JSON(http.StatusOK, newer)
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			s.nothingNew(c, context.Cause(ctx))
			return
		}
	}
}

// nothingNew responds to a long poll without new messages.
func (s *Service) nothingNew(c *gin.Context, cause error) {
	if errors.Is(cause, ginjwt.ErrSessionEnded) || errors.Is(cause, ginjwt.ErrUnavailable) {
		s.JWT.Refuse(c, cause) // like JWTRequired
		return
	}
	c.Status(http.StatusNoContent) // the client asks again
}
