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

// export serves a file that takes a while: as many rows as the query asks for.
func (s *Service) export(c *gin.Context) {
	ctx := ginjwt.SessionContext(c)
	defer cutAtEnd(ctx, c.Writer)()
	rows, _ := strconv.Atoi(c.Query("rows"))
	c.Header("Content-Type", "text/csv")
	c.Header("Content-Disposition", `attachment; filename="export.csv"`)
	c.Header("Cache-Control", "no-store")
	pace := time.NewTicker(50 * time.Millisecond) // nobody takes the whole line
	defer pace.Stop()
	for row := range rows {
		if _, err := fmt.Fprintf(c.Writer, "%d,%s\n", row, ginjwt.GetJWTIdentity(c)); err != nil {
			return // the client is gone, or the session
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

// cutAtEnd cuts the connection when ctx ends before the function that it returns is
// called, also while a client reads nothing and a write waits. A response that just ends
// would look like a whole file. Gin's Recovery keeps a panic with http.ErrAbortHandler
// from doing it.
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
			<-done // nobody may use the writer when the handler has returned
		}
		if ctx.Err() != nil {
			cut() // before the server writes the end
		}
	}
}
