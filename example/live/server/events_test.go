package server

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// deadlined is a response that notes whether a deadline is set, and was during each write.
type deadlined struct {
	*httptest.ResponseRecorder
	set    bool
	writes []bool
}

func (d *deadlined) SetWriteDeadline(deadline time.Time) error {
	d.set = !deadline.IsZero()
	return nil
}

func (d *deadlined) Write(text []byte) (int, error) {
	d.writes = append(d.writes, d.set)
	return d.ResponseRecorder.Write(text)
}

// Over HTTP/2 a deadline ends the stream when it passes, also between two events.
func TestAnEventHasADeadlineAndTheTimeAfterItHasNone(t *testing.T) {
	t.Parallel()
	w := &deadlined{ResponseRecorder: httptest.NewRecorder()}
	c, _ := gin.CreateTestContext(w)
	stream := eventStream{c.Writer, http.NewResponseController(c.Writer)}
	for range 2 {
		require.NoError(t, stream.send(message{ID: 1, Text: "hello"}))
		assert.False(t, w.set)
		require.NoError(t, stream.beat())
		assert.False(t, w.set)
	}
	assert.Equal(t, []bool{true, true, true, true}, w.writes)
}
