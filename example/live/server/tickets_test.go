package server

import (
	"io"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	"github.com/gin-gonic/gin"
	gorilla "github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var livePaths = []string{"/live/gorilla", "/live/coder", "/live/events", "/live/export?rows=3"}

// refusal opens a path, and returns the status and the reason of the refusal.
func (p *played) refusal(path string, headers ...string) string {
	p.t.Helper()
	answer := p.do("GET", path, "", headers...)
	_ = answer.Body.Close()
	return refusalOf(answer)
}

func TestATicketOpensOneConnection(t *testing.T) {
	t.Parallel()
	for _, path := range livePaths {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			p := play(t)
			assert.Equal(t, "401 token_missing", p.refusal(path))

			used := p.ticketed(path)
			if strings.Contains(path, "export") {
				body, err := io.ReadAll(open(p, used))
				require.NoError(t, err)
				require.Equal(t, "0,alice\n1,alice\n2,alice\n", string(body))
			} else if strings.Contains(path, "events") {
				open(p, used)
			} else {
				dialGorilla(p, used)
			}
			assert.Equal(t, "401 token_consumed", p.refusal(used))

			_, other, _ := strings.Cut(p.ticketed("/live/other"), "?")
			assert.Equal(t, "422 ticket_mismatch", p.refusal(withQuery(path, other)))
			assert.Equal(t, "422 ticket_mismatch", p.refusal(p.ticketed(path)+"&more=1"))
			assert.Equal(t, "403 csrf_cross_origin", p.refusal(p.ticketed(path), "Origin", "https://evil.test"))

			old := p.ticketed(path)
			p.clock.Advance(31 * time.Second)
			assert.Equal(t, "401 token_expired", p.refusal(old))

			late := p.ticketed(path)
			p.post("/api/logout", p.pair.AccessToken, "")
			assert.Equal(t, "401 token_revoked", p.refusal(late))
		})
	}
}

// Clients other than browsers see the status of a refused handshake.
func TestARefusedHandshake(t *testing.T) {
	t.Parallel()
	p := play(t)
	ws := strings.Replace(p.url, "http", "ws", 1)
	for _, path := range []string{"/live/gorilla", "/live/coder"} {
		used := p.ticketed(path)
		dialGorilla(p, used)
		_, answer, err := gorilla.DefaultDialer.DialContext(t.Context(), ws+used, nil)
		require.ErrorIs(t, err, gorilla.ErrBadHandshake)
		_ = answer.Body.Close()
		assert.Equal(t, "401 token_consumed", refusalOf(answer))
		_, answer, err = coder.Dial(t.Context(), ws+used, nil) //nolint:bodyclose // the library has read the body
		require.Error(t, err)
		assert.Equal(t, "401 token_consumed", refusalOf(answer))
	}
}

// A token in a header is not bound to an origin. The check of the libraries applies.
func TestAPageOfAnotherHostOpensNoWebSocket(t *testing.T) {
	t.Parallel()
	p := play(t)
	for _, path := range []string{"/live/gorilla", "/live/coder", "/first"} {
		header := headers(append(bearer(p), "Origin", "https://evil.test"))
		_, answer, err := gorilla.DefaultDialer.DialContext(t.Context(), strings.Replace(p.url, "http", "ws", 1)+path, header)
		require.ErrorIs(t, err, gorilla.ErrBadHandshake)
		_ = answer.Body.Close()
		assert.Equal(t, 403, answer.StatusCode, path)
	}
}

// The log has the routes, and no ticket, accepted or refused.
func TestTheLogHasNoTickets(t *testing.T) {
	t.Parallel()
	p := play(t)
	for _, path := range livePaths {
		used := p.ticketed(path)
		unused := p.ticketed(path)
		if path == "/live/events" {
			open(p, used)
			p.Stop()
		} else {
			p.refusal(used)
		}
		for _, refused := range []string{p.refusal(used), p.refusal(unused + "&more=1"), p.refusal(withQuery(path, "ticket=malformed"))} {
			assert.Contains(t, []string{"401 token_consumed", "422 ticket_mismatch", "422 token_malformed"}, refused)
		}
		target, err := url.Parse(used)
		require.NoError(t, err)
		ticket := target.Query().Get("ticket")
		require.Greater(t, len(ticket), 100)
		require.Contains(t, p.log.String(), `"`+target.Path+`"`)
		assert.NotContains(t, p.log.String(), ticket[len(ticket)-20:])
		assert.NotContains(t, p.log.String(), "ticket=")
	}
}

// Gin writes redirects without asking any logger.
func TestNoTicketIsRedirected(t *testing.T) {
	t.Parallel()
	p := play(t)
	for _, path := range []string{"/live/gorilla", "/live/coder", "/live/events", "/live/export"} {
		assert.Equal(t, "404 none", p.refusal(path+"/?ticket=secret"), path)
	}
}

// gin.Recovery logs the request.
func TestALoggedPanicHasNoTicket(t *testing.T) {
	t.Parallel()
	log := &lockedBuffer{}
	router := gin.New()
	router.Use(gin.CustomRecoveryWithWriter(nil, recovered(log)))
	router.GET("/live", func(*gin.Context) { panic("the reason") })
	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequest("GET", "/live?ticket=secret", nil))
	assert.Equal(t, 500, w.Code)
	assert.Contains(t, log.String(), "panic: the reason")
	assert.NotContains(t, log.String(), "secret")
}
