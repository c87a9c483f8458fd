package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// parts are what tests take out of the container.
type parts struct {
	fx.In

	JWT    *ginjwt.JWTManager
	Router *gin.Engine
	DB     *sql.DB
	List   *sqlstore.Blocklist
}

// start starts the application with a clock to advance, and a database of its own.
func start(t *testing.T) (p parts, clock *jwttest.Clock, app *fxtest.App) {
	t.Helper()
	clock = &jwttest.Clock{}
	app = fxtest.New(t, application, fx.Populate(&p),
		fx.Replace(jwttest.Config(clock), databaseFile(filepath.Join(t.TempDir(), "app.db")), listenAddress("127.0.0.1:0")))
	return p, clock, app.RequireStart()
}

func TestTokensExpire(t *testing.T) {
	t.Parallel()
	p, clock, app := start(t)
	defer app.RequireStop()
	token := jwttest.Bearer(jwttest.TokenPair(t, p.JWT, "alice").AccessToken)
	assert.Equal(t, 200, jwttest.Do(p.Router, "GET", "/me", token).Code)
	clock.Advance(15 * time.Minute)
	assert.Equal(t, 401, jwttest.Do(p.Router, "GET", "/me", token).Code)
}

func TestLogout(t *testing.T) {
	t.Parallel()
	p, _, app := start(t)
	defer app.RequireStop()
	token := jwttest.Bearer(jwttest.TokenPair(t, p.JWT, "alice").AccessToken)
	require.Equal(t, 204, jwttest.Do(p.Router, "POST", "/logout", token).Code)
	w := jwttest.Do(p.Router, "GET", "/me", token)
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Token has been revoked"}`+"\n", w.Body.String())
}

// What works in the background goes on after the start, and ends with the stop.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	p, _, app := start(t)
	assert.False(t, p.List.Status().Complete.IsZero(), "the start waits for the list")
	other, err := sqlstore.New(p.DB, sqlstore.SQLite, sqlstore.Options{})
	require.NoError(t, err)
	changed := p.List.Changed()
	require.NoError(t, other.Blocklist(t.Context()).Add(t.Context(), "of another process", time.Now().Add(time.Hour)))
	select {
	case <-changed:
	case <-time.After(time.Minute):
		assert.Fail(t, "nobody follows the list")
	}
	app.RequireStop()
	assert.ErrorContains(t, p.DB.PingContext(t.Context()), "closed")
}

func TestEverythingIsProvided(t *testing.T) {
	t.Parallel()
	require.NoError(t, fx.ValidateApp(application))
}
