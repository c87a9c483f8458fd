package live_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/faults"
)

// service is all processes, and what happened at them.
type service struct {
	t         *testing.T
	own       *faults.OwnTime
	processes []*process
	issuer    *ginjwt.JWTManager // at which all users have logged in
	sessions  []*session
	next      int // the first session that goes on
	windows   []window
}

// session is a login, with a socket at each process.
type session struct {
	user, sid string
	login
	sockets []*socket

	cause        ginjwt.Cause // for which it ended; empty: it goes on
	begun, ended time.Time    // the end
}

// causes are those for which somebody ends sessions.
var causes = []ginjwt.Cause{
	ginjwt.CauseLogout, ginjwt.CauseUser, ginjwt.CauseRevocation, ginjwt.CauseApplication,
	ginjwt.CauseMaxSessions, ginjwt.CauseReuse, ginjwt.CauseUpstreamLogout,
}

// expiringLife is how long the sessions live that are left to expire: about until the
// faults.
func expiringLife() time.Duration {
	if *long {
		return time.Minute
	}
	return 15 * time.Second
}

func (s *service) logIn(e *session) {
	query := url.Values{"user": {e.user}, "sid": {e.sid}, "lifetime": {"1h"}}
	if rand.IntN(20) == 0 {
		life, now := expiringLife(), time.Now()
		query.Set("lifetime", life.String())
		e.cause, e.begun, e.ended = ginjwt.CauseExpired, now.Add(life-2*time.Second), now.Add(life+time.Second)
	}
	status, body := s.any().do(s.t, "POST", "/login?"+query.Encode(), "", nil)
	require.Equal(s.t, 200, status, body)
	require.NoError(s.t, json.Unmarshal([]byte(body), &e.login))
}

// end ends a session for a cause of chance, and repeats that until a process says that it
// is done.
func (s *service) end(e *session) {
	e.cause, e.begun = causes[rand.IntN(len(causes))], time.Now()
	status, body := s.endAt(s.any(), e)
	isDone := map[int]bool{200: e.cause != ginjwt.CauseReuse, 204: true, 401: e.cause == ginjwt.CauseReuse}
	for status == 503 {
		require.Less(s.t, time.Since(e.begun), time.Minute)
		pass(20 * time.Millisecond)
		status, body = s.endAt(s.any(), e)
		isDone[401], isDone[404] = true, true // perhaps it was done before
	}
	assert.True(s.t, isDone[status], "%s: %d %s", e.cause, status, body)
	e.ended = time.Now()
}

func (s *service) endAt(p *process, e *session) (status int, body string) {
	switch e.cause {
	case ginjwt.CauseLogout:
		status, body = p.do(s.t, "POST", "/logout", e.AccessToken, nil)
	case ginjwt.CauseUser:
		status, body = p.do(s.t, "DELETE", "/sessions/"+e.SessionID, e.AccessToken, nil)
	case ginjwt.CauseRevocation:
		status, body = p.do(s.t, "POST", "/revoke", "", url.Values{"token": {e.RefreshToken}})
	case ginjwt.CauseApplication:
		status, body = p.do(s.t, "POST", "/end?session="+e.SessionID, "", nil)
	case ginjwt.CauseMaxSessions:
		status, body = p.do(s.t, "POST", "/login?lifetime=1h&user="+e.user, "", nil)
	case ginjwt.CauseUpstreamLogout:
		status, body = p.do(s.t, "POST", "/backchannel", "", url.Values{"logout_token": {s.logoutToken(e)}})
	case ginjwt.CauseReuse:
		status, body = p.do(s.t, "POST", "/refresh", e.RefreshToken, nil)
		if status == 200 { // the thief, or the owner
			status, body = p.do(s.t, "POST", "/refresh", e.RefreshToken, nil)
		}
	}
	return status, body
}

func issuerOf(t *testing.T, secret string) *ginjwt.JWTManager {
	t.Helper()
	issuer := ginjwt.New(ginjwt.Config{SecretKey: otherSecret(secret), EncodeIssuer: otherIssuer})
	require.NoError(t, issuer.InitApp(nil))
	return issuer
}

// logoutToken is that of OpenID Connect Back-Channel Logout 1.0 §2.4.
func (s *service) logoutToken(e *session) string {
	encoded, err := s.issuer.CreateAccessToken(context.Background(), e.user, ginjwt.WithAudience(logoutClient), ginjwt.WithClaims(ginjwt.Claims{
		"sid": e.sid, "events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}))
	require.NoError(s.t, err)
	return encoded
}

func (s *service) any() *process { return s.processes[rand.IntN(len(s.processes))] }

func (p *process) do(t *testing.T, method, path, bearer string, form url.Values) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := p.client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

// usage waits until the connections of requests before are closed.
func (p *process) usage(t *testing.T) (u usage) {
	t.Helper()
	p.client.CloseIdleConnections()
	pass(200 * time.Millisecond)
	status, body := p.do(t, "GET", "/usage", "", nil)
	require.Equal(t, 200, status)
	require.NoError(t, json.Unmarshal([]byte(body), &u))
	return u
}

// learnUnanswered asks the process when its list did not reply.
func (p *process) learnUnanswered(t *testing.T) {
	t.Helper()
	status, body := p.do(t, "GET", "/unanswered", "", nil)
	require.Equal(t, 200, status)
	require.NoError(t, json.Unmarshal([]byte(body), &p.unanswered))
}

// hadNoAnswer reports whether the list of the process did not reply to a question between two
// times. Then the process may not know why a session has ended: see SessionEnd.
func (p *process) hadNoAnswer(from, to time.Time) bool {
	return slices.ContainsFunc(p.unanswered, func(at time.Time) bool { return !at.Before(from) && !at.After(to) })
}

// socket is a connection with a handler that takes long.
type socket struct {
	mu   sync.Mutex
	last string // line
	at   time.Time
}

// openSocket returns when the handler says that it is open.
func openSocket(t *testing.T, p *process, token string) *socket {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "GET /socket HTTP/1.1\r\nHost: service\r\nAuthorization: Bearer %s\r\n\r\n", token)
	require.NoError(t, err)
	s, open := new(socket), make(chan struct{})
	go s.read(conn, open)
	select {
	case <-open:
	case <-time.After(time.Minute):
		require.Fail(t, "the socket does not open")
	}
	return s
}

// read reads what the handler writes, and passes by headers and lengths.
func (s *socket) read(conn net.Conn, open chan<- struct{}) {
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		word, _, _ := strings.Cut(lines.Text(), " ")
		if word != "open" && word != "ended" && word != "failed" {
			continue
		}
		s.mu.Lock()
		s.last, s.at = lines.Text(), time.Now()
		s.mu.Unlock()
		if word == "open" {
			close(open)
		}
	}
}

func (s *socket) state() (at time.Time, last string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at, s.last
}

// socketsEach returns how many sockets each process has.
func socketsEach(t *testing.T) int {
	if !*long {
		return 1000
	}
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	const others = 500
	return min(10_000, (int(limit.Cur)-others)/processes)
}
