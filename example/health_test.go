package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// Probes need no token. A token in a probe is neither checked nor logged.
func TestHealthOfAService(t *testing.T) {
	t.Parallel()
	s := newService(t)
	access, _ := s.tokens(t)
	logged := s.log.String()
	for path, body := range map[string]string{"/healthz": `{"alive":true}`, "/readyz": `{"ready":true}`} {
		for _, token := range []string{"", access, "x"} {
			w := s.do("GET", path, jwttest.Bearer(token))
			assert.Equal(t, http.StatusOK, w.Code)
			assert.Equal(t, body, w.Body.String())
		}
	}
	assert.Equal(t, logged, s.log.String())
}

func TestReadinessWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	s := newService(t)
	require.NoError(t, s.db.Close())
	w := s.do("GET", "/readyz")
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Equal(t, `{"not_ready":["sessions","users"],"ready":false}`, w.Body.String())
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	assert.Contains(t, s.log.String(), "not ready")
	assert.Equal(t, http.StatusOK, s.do("GET", "/healthz").Code, "a restart would not help")
}

// A server that does not answer counts as down after a short time.
func TestReadinessWithoutRedis(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	s := startService(t, filepath.Join(t.TempDir(), "data"), map[string]string{"REDIS_URL": "redis://" + server.Addr()}, &jwttest.Clock{})
	require.Equal(t, `{"ready":true}`, s.do("GET", "/readyz").Body.String())
	server.Pause()
	t.Cleanup(server.Resume)
	require.Eventually(t, func() bool {
		began := time.Now()
		w := s.do("GET", "/readyz")
		assert.Less(t, time.Since(began), checkTime+2*time.Second)
		return w.Body.String() == `{"not_ready":["sessions"],"ready":false}`
	}, time.Minute, 10*time.Millisecond)
	assert.NotContains(t, s.do("GET", "/readyz").Body.String(), server.Addr())
	server.Resume()
	require.Eventually(t, func() bool { return s.do("GET", "/readyz").Code == http.StatusOK }, time.Minute, 10*time.Millisecond)
	assert.Contains(t, s.log.String(), "ready again")
}

// statusList is a shared blocklist whose status a test chooses.
type statusList struct {
	store.MemoryBlocklist
	status store.ListStatus
}

func (l *statusList) Watch(func(store.ListEvent)) {}
func (l *statusList) Status() store.ListStatus    { return l.status }

func TestReadinessOfABlocklist(t *testing.T) {
	t.Parallel()
	complete := time.Unix(1e9, 0)
	for name, test := range map[string]struct {
		list ginjwt.Blocklist
		want string // of the error; empty: none
	}{
		"in memory":          {&store.MemoryBlocklist{}, ""},
		"never complete":     {&statusList{status: store.ListStatus{Err: errors.New("down")}}, "the replica was never complete\ndown"},
		"complete":           {&statusList{status: store.ListStatus{Complete: complete}}, ""},
		"old, asks a server": {&statusList{status: store.ListStatus{Complete: complete, Err: errors.New("down")}}, ""},
		"lost":               {&statusList{status: store.ListStatus{Complete: complete, Restoring: true}}, "the server has lost a part of the list, which is being restored"},
	} {
		err := listReady(test.list)
		if test.want == "" {
			assert.NoError(t, err, name)
			continue
		}
		assert.EqualError(t, err, test.want, name)
	}
}

// A store is asked once a second, however many probes arrive.
func TestReadinessIsNotAWayToLoadAStore(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	h := &health{log: slog.New(slog.DiscardHandler), checks: map[string]func(context.Context) error{
		"sessions": func(context.Context) error {
			asked.Add(1)
			return errors.New("secret detail")
		},
	}}
	engine := gin.New()
	h.routes(engine)
	began := time.Now()
	for range 50 {
		w := jwttest.Do(engine, "GET", "/readyz")
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.Equal(t, `{"not_ready":["sessions"],"ready":false}`, w.Body.String())
	}
	assert.LessOrEqual(t, asked.Load(), 1+int64(time.Since(began)/checkRest))
}

// A probe that hangs up does not make the service unready for other probes.
func TestReadinessForAProbeThatWentAway(t *testing.T) {
	t.Parallel()
	h := &health{log: slog.New(slog.DiscardHandler), checks: map[string]func(context.Context) error{
		"sessions": func(ctx context.Context) error { return ctx.Err() },
	}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Empty(t, h.check(ctx))
}

func TestMetricsAreApart(t *testing.T) {
	t.Parallel()
	s := newService(t)
	access, _ := s.tokens(t)
	require.Equal(t, 200, s.do("GET", "/me", jwttest.Bearer(access)).Code)
	requireAnswer(t, s.do("GET", "/metrics"), http.StatusNotFound, `{"msg":"Not found"}`)
	w := jwttest.Do(s.metrics, "GET", "/metrics")
	require.Equal(t, http.StatusOK, w.Code)
	assert.Contains(t, w.Body.String(), `ginjwt_accepted_total{bound="false",issuer="",location="headers"} 1`)
	assert.NotContains(t, w.Body.String(), "eyJ")
	assert.Equal(t, http.StatusNotFound, jwttest.Do(s.metrics, "GET", "/me").Code)
}

func TestMetricsOfASharedBlocklist(t *testing.T) {
	t.Parallel()
	var config ginjwt.Config
	metrics, err := observe(&config, &statusList{status: store.ListStatus{Entries: 7, Restoring: true}}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	text := jwttest.Do(metrics, "GET", "/metrics").Body.String()
	for _, line := range []string{"ginjwt_blocklist_entries 7\n", "ginjwt_blocklist_restoring 1\n", "ginjwt_blocklist_staleness_seconds +Inf\n"} {
		assert.Contains(t, text, line)
	}
}

func TestRunServesMetrics(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	out, written := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-addr", "127.0.0.1:0", "-admin", "127.0.0.1:0", "-data", filepath.Join(t.TempDir(), "data")},
			environment(map[string]string{"GIN_MODE": "release"}), io.Discard, written)
	}()
	address := regexp.MustCompile(`msg=metrics address=(\S+)`)
	var log bytes.Buffer
	for buffer := make([]byte, 4096); !address.Match(log.Bytes()); {
		n, err := out.Read(buffer)
		require.NoError(t, err)
		log.Write(buffer[:n])
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	response, err := http.Get("http://" + address.FindStringSubmatch(log.String())[1] + "/metrics")
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, errors.Join(err, response.Body.Close()))
	assert.Contains(t, string(body), "ginjwt_refreshes_total")
	cancel()
	require.NoError(t, <-ended)

	_, err = serveAdmin(t.Context(), "256.0.0.1:0", http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	assert.Error(t, err)
}
