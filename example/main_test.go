package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// service is the complete service with its own database.
type service struct {
	http.Handler
	metrics http.Handler
	dir     string
	db      database
	clock   *jwttest.Clock
	log     *bytes.Buffer
	stop    func()
}

func newService(t *testing.T) *service {
	t.Helper()
	return startService(t, filepath.Join(t.TempDir(), "data"), nil, &jwttest.Clock{})
}

// startService starts a service as run does, with a cheap hash and a clock.
func startService(t *testing.T, dir string, settings map[string]string, clock *jwttest.Clock) *service {
	t.Helper()
	require.NoError(t, makeDataDir(dir))
	config, err := loadConfig(dir, true, environment(settings))
	require.NoError(t, err)
	config.Now = clock.Now
	ctx, cancel := context.WithCancel(t.Context())
	db, err := openDatabase(ctx, dir, environment(settings))
	require.NoError(t, err)
	s, err := openStores(ctx, ctx, db, environment(settings), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	stop := sync.OnceFunc(func() {
		cancel()
		assert.NoError(t, errors.Join(s.close(), db.Close()))
	})
	t.Cleanup(stop)
	log := &bytes.Buffer{}
	metrics, err := observe(&config, s.blocklist, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	engine, err := newEngine(db, s, config, bcrypt.MinCost, slog.New(slog.NewTextHandler(log, nil)))
	require.NoError(t, err)
	return &service{engine, metrics, dir, db, clock, log, stop}
}

// restart ends the service and starts it again on its data.
func (s *service) restart(t *testing.T) *service {
	t.Helper()
	s.stop()
	return startService(t, s.dir, nil, s.clock)
}

func environment(settings map[string]string) lookupFunc {
	return func(name string) (string, bool) {
		value, ok := settings[name]
		return value, ok
	}
}

// do sends a request. Requests for browsers come from the page of the service.
func (s *service) do(method, target string, opts ...jwttest.RequestOption) *httptest.ResponseRecorder {
	if strings.HasPrefix(target, "/web") {
		opts = append([]jwttest.RequestOption{fromPage("same-origin")}, opts...)
	}
	return jwttest.Do(s, method, target, opts...)
}

// fromPage says what a browser says about the page that sends a request.
func fromPage(site string) jwttest.RequestOption { return jwttest.Header("Sec-Fetch-Site", site) }

const (
	alice = `{"name":"alice","password":"correct horse"}`
	bob   = `{"name":"bob","password":"battery staple"}`
)

// register makes the user of credentials.
func (s *service) register(t *testing.T, credentials string) {
	t.Helper()
	w := s.do("POST", "/register", jwttest.JSON(credentials))
	require.Equal(t, http.StatusCreated, w.Code, w.Body)
}

// login returns the tokens of credentials.
func (s *service) login(t *testing.T, credentials string) (access, refresh string) {
	t.Helper()
	answer := tokensIn(t, s.do("POST", "/login", jwttest.JSON(credentials)))
	return answer.AccessToken, answer.RefreshToken
}

// tokensIn reads an answer that has the members of a token pair and no others.
func tokensIn(t *testing.T, w *httptest.ResponseRecorder) (pair ginjwt.TokenPair) {
	t.Helper()
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Regexp(t, `^\{"access_token":"[\w.-]+","token_type":"Bearer","expires_in":900,"refresh_token":"[\w.-]+"\}\n?$`, w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &pair))
	return pair
}

// refresh trades a refresh token.
func (s *service) refresh(t *testing.T, refresh string) ginjwt.TokenPair {
	t.Helper()
	return tokensIn(t, s.do("POST", "/refresh", jwttest.Bearer(refresh)))
}

// requireAnswer compares a whole answer; body is given without its line break.
func requireAnswer(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	require.Equal(t, body, strings.TrimSuffix(w.Body.String(), "\n"))
	require.Equal(t, status, w.Code)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.True(t, strings.HasSuffix(w.Body.String(), "}\n"), "an answer ends with a line break")
}

// requireNoContent requires the answer to a logout.
func requireNoContent(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	require.Equal(t, "", w.Body.String())
	require.Equal(t, http.StatusNoContent, w.Code)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
}

// listedSession is an element of the list of sessions.
type listedSession struct {
	ID        string    `json:"id"`
	Device    string    `json:"device"`
	CreatedAt time.Time `json:"created_at"`
	LastUsed  time.Time `json:"last_used_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Current   bool      `json:"current"`
}

// sessionsIn reads a whole list of sessions.
func sessionsIn(t *testing.T, w *httptest.ResponseRecorder) []listedSession {
	t.Helper()
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	var list struct {
		Sessions []listedSession `json:"sessions"`
	}
	decoder := json.NewDecoder(w.Body)
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&list))
	return list.Sessions
}
