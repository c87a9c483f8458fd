package server

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// export serves a slow download: as many rows as the query asks for.
func (s *Service) export(c *gin.Context) {
	ctx := ginjwt.SessionContext(c)
	defer cutAtEnd(ctx, c.Writer)()
	rows, _ := strconv.Atoi(c.Query("rows"))
	c.Header("Content-Type", "text/csv")
	c.Header("Content-Disposition", `attachment; filename="export.csv"`)
	c.Header("Cache-Control", "no-store")
	pace := time.NewTicker(50 * time.Millisecond) // no client takes the whole bandwidth
	defer pace.Stop()
	for row := range rows {
		if _, err := fmt.Fprintf(c.Writer, "%d,%s\n", row, ginjwt.GetJWTIdentity(c)); err != nil {
			return // the client has disconnected, or the session has ended
		}
		if row%1000 != 999 {
			continue
		}
		c.Writer.Flush()
		select {
		case <-pace.C:
		case <-ctx.Done():
			return
		}
	}
}

// cutAtEnd cuts the connection if ctx ends before the caller calls whole, even while a write
// waits for a client that reads nothing. A response that just ends would look like a complete
// file. A panic with http.ErrAbortHandler does not work here, because gin.Recovery catches it.
func cutAtEnd(ctx context.Context, w http.ResponseWriter) (whole func()) {
	control := http.NewResponseController(w)
	cut := func() { _ = control.SetWriteDeadline(time.Unix(1, 0)) }
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		cut()
	})
	return func() {
		if !stop() {
			<-done // cut must not use the writer after the handler has returned
		}
		if ctx.Err() != nil {
			cut() // before the server ends the response
		}
	}
}
