package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// events serves server-sent events. The last event says that the session has ended. Without it
// the client would open the stream again.
func (s *Service) events(c *gin.Context) {
	ctx := ginjwt.SessionContext(c)
	c.Header("Content-Type", "text/event-stream")
	c.Header("Cache-Control", "no-store")
	c.Header("X-Accel-Buffering", "no") // nginx passes events on at once
	stream := eventStream{c.Writer, http.NewResponseController(c.Writer)}
	if stream.write(":\n\n") != nil { // sends the headers, so that the page knows that it is connected
		return
	}
	cause := s.follow(ctx, s.afterOf(c), stream.send, stream.beat)
	if end, ok := errors.AsType[*ginjwt.SessionEnd](cause); ok {
		_ = stream.write("event: session-end\ndata: %s\n\n", end.Cause)
	}
}

type eventStream struct {
	writer  gin.ResponseWriter
	control *http.ResponseController
}

func (e eventStream) send(m message) error {
	data, err := json.Marshal(m) // JSON without line breaks
	if err != nil {
		return err
	}
	return e.write("id: %d\ndata: %s\n\n", m.ID, data)
}

func (e eventStream) beat() error { return e.write(":\n\n") }

// write has a deadline, and removes it afterwards: over HTTP/2 a deadline that passes between two
// writes ends the stream.
func (e eventStream) write(format string, args ...any) error {
	if err := e.control.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return err
	}
	defer func() { _ = e.control.SetWriteDeadline(time.Time{}) }()
	if _, err := fmt.Fprintf(e.writer, format, args...); err != nil {
		return err
	}
	return e.control.Flush()
}
