package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// patience is a time limit for events that take milliseconds on an idle machine.
const patience = 30 * time.Second

// played is a listening service, and one of its users, who sends tokens in headers.
type played struct {
	*Service
	t     *testing.T
	url   string
	clock *jwttest.Clock
	list  *brokenList
	log   *lockedBuffer
	pair  ginjwt.TokenPair
}

func play(t *testing.T, configure ...func(*ginjwt.Config, *http.Server)) *played {
	t.Helper()
	p := listen(t, configure...)
	p.pair = p.login()
	return p
}

// listen starts the service, and nobody logs in.
func listen(t *testing.T, configure ...func(*ginjwt.Config, *http.Server)) *played {
	t.Helper()
	p := &played{t: t, clock: &jwttest.Clock{}, list: &brokenList{}, log: &lockedBuffer{}}
	p.list.Now = p.clock.Now
	config := jwttest.Config(p.clock)
	config.MaxSessions = 1
	config.Sessions = &ginjwt.MemorySessions{Now: p.clock.Now}
	config.Blocklist = p.list
	server := httptest.NewUnstartedServer(nil)
	for _, f := range configure {
		f(&config, server.Config)
	}
	service, router, err := New(config, p.log)
	require.NoError(t, err)
	p.Service = service
	server.Config.Handler = router
	server.Start()
	t.Cleanup(func() {
		service.Stop()
		server.Close()
	})
	p.url = server.URL
	return p
}

func (p *played) login() (pair ginjwt.TokenPair) {
	p.t.Helper()
	answer := p.post("/api/token", "", `{"username":"alice","password":"correct horse"}`)
	require.NoError(p.t, json.Unmarshal([]byte(answer), &pair))
	return pair
}

// post sends a request with the token in a header, and returns the body of the response.
func (p *played) post(path, token, body string) string {
	p.t.Helper()
	answer := p.do("POST", path, body, "Content-Type", "application/json", "Authorization", "Bearer "+token)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(p.t, err)
	require.Less(p.t, answer.StatusCode, 300, "%s: %s", path, text)
	return string(text)
}

func (p *played) do(method, path, body string, headers ...string) *http.Response {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	require.NoError(p.t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(p.t, err)
	return answer
}

// ticketed returns the path with a ticket.
func (p *played) ticketed(path string) string {
	p.t.Helper()
	var answer struct {
		Ticket string `json:"ticket"`
	}
	body, err := json.Marshal(map[string]string{"method": "GET", "url": path})
	require.NoError(p.t, err)
	require.NoError(p.t, json.Unmarshal([]byte(p.post("/api/ticket", p.pair.AccessToken, string(body))), &answer))
	return withQuery(path, "ticket="+answer.Ticket)
}

func withQuery(path, more string) string {
	if strings.Contains(path, "?") {
		return path + "&" + more
	}
	return path + "?" + more
}

// rotate trades the refresh token.
func (p *played) rotate() {
	p.t.Helper()
	require.NoError(p.t, json.Unmarshal([]byte(p.post("/api/refresh", p.pair.RefreshToken, "")), &p.pair))
}

// say sends a message to everybody.
func (p *played) say(text string) { p.feed.post("bob", text) }

// brokenList is a blocklist that can be made to fail.
type brokenList struct {
	ginjwt.MemoryBlocklist
	broken atomic.Bool
}

func (l *brokenList) Contains(ctx context.Context, ids ...string) (bool, error) {
	if l.broken.Load() {
		return false, errors.New("out of reach")
	}
	return l.MemoryBlocklist.Contains(ctx, ids...)
}

// lockedBuffer is a log for several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(text)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
