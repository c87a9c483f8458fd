package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// service is the whole service on a database of its own.
type service struct {
	http.Handler
	dir   string
	db    *sql.DB
	clock *jwttest.Clock
	log   *bytes.Buffer
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
	db, err := openDatabase(t.Context(), filepath.Join(dir, "example.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	log := &bytes.Buffer{}
	engine, err := newEngine(db, config, bcrypt.MinCost, slog.New(slog.NewTextHandler(log, nil)))
	require.NoError(t, err)
	return &service{engine, dir, db, clock, log}
}

// restart ends the service and starts it again on its data.
func (s *service) restart(t *testing.T) *service {
	t.Helper()
	require.NoError(t, s.db.Close())
	return startService(t, s.dir, nil, s.clock)
}

func environment(settings map[string]string) lookupFunc {
	return func(name string) (string, bool) {
		value, ok := settings[name]
		return value, ok
	}
}

func (s *service) do(method, target string, opts ...jwttest.RequestOption) *httptest.ResponseRecorder {
	return jwttest.Do(s, method, target, opts...)
}

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

// tokensIn reads an answer with tokens, which has no members but those of
// tokenAnswer.
func tokensIn(t *testing.T, w *httptest.ResponseRecorder) tokenAnswer {
	t.Helper()
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	var answer tokenAnswer
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	whole, err := json.Marshal(answer)
	require.NoError(t, err)
	require.Equal(t, string(whole)+"\n", w.Body.String())
	return answer
}

// requireAnswer compares a whole answer, given without its line break.
func requireAnswer(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	require.Equal(t, body, strings.TrimSuffix(w.Body.String(), "\n"))
	require.Equal(t, status, w.Code)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.True(t, strings.HasSuffix(w.Body.String(), "}\n"), "an answer ends with a line break")
}
