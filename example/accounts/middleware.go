package main

import (
	"fmt"
	"log"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"
)

// logged writes a line for every request, without the query, which holds the token of a link.
// gin.Default and gin.Logger write the query.
func logged(log *log.Logger) gin.HandlerFunc {
	return gin.LoggerWithConfig(gin.LoggerConfig{
		Output:          log.Writer(),
		SkipQueryString: true,
		Formatter: func(p gin.LogFormatterParams) string {
			return fmt.Sprintf("%s %d %v %s %s %q %s\n", p.TimeStamp.Format(time.DateTime), p.StatusCode, p.Latency, p.ClientIP, p.Method, p.Path, p.ErrorMessage)
		},
	})
}

// recovered responds after a panic. gin.Recovery would write the request with its query to the log.
func recovered(log *log.Logger) gin.HandlerFunc {
	return gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, reason any) {
		log.Printf("%s", debug.Stack())
		fail(c, fmt.Errorf("panic: %v", reason))
	})
}

// maxBody is more than the largest form needs, in bytes.
const maxBody = 64 << 10

func limited(c *gin.Context) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
}

// noReferrer is for pages with a token in their URL. Their requests, even the request for the
// style sheet, then do not send the URL. Use it on no other page: a browser sends the forms of
// such a page with "Origin: null", which sameOrigin refuses if the browser does not send
// Sec-Fetch-Site either. The forms of links need no sameOrigin, because other sites do not know
// the token.
func noReferrer(c *gin.Context) { c.Header("Referrer-Policy", "no-referrer") }

// sameOrigin refuses forms of other sites. Another site could log its visitors in as somebody
// else, or ask for a magic link in the browser of a visitor.
func sameOrigin(c *gin.Context) {
	var protection http.CrossOriginProtection
	if err := protection.Check(c.Request); err != nil {
		_ = c.Error(err)
		show(c, http.StatusForbidden, "message.html", view{Title: "Please use our own form", Text: "This form was sent by another site."})
		c.Abort()
	}
}
