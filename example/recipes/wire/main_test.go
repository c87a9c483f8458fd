package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// start starts the application with a clock to advance, and returns a manager with its key
// for tokens that no login gives.
func start(t *testing.T) (router *gin.Engine, jwt *ginjwt.JWTManager, clock *jwttest.Clock) {
	t.Helper()
	clock = &jwttest.Clock{}
	config := jwttest.Config(clock)
	router, cleanup, err := newApplication(t.Context(), config, databaseFile(filepath.Join(t.TempDir(), "app.db")))
	require.NoError(t, err)
	t.Cleanup(cleanup)
	jwt = ginjwt.New(config)
	require.NoError(t, jwt.InitApp(nil))
	return router, jwt, clock
}

func TestTokensExpire(t *testing.T) {
	t.Parallel()
	router, jwt, clock := start(t)
	token := jwttest.Bearer(jwttest.AccessToken(t, jwt, "alice"))
	assert.Equal(t, 200, jwttest.Do(router, "GET", "/me", token).Code)
	clock.Advance(15 * time.Minute)
	assert.Equal(t, 401, jwttest.Do(router, "GET", "/me", token).Code)
}

func TestLogout(t *testing.T) {
	t.Parallel()
	router, jwt, _ := start(t)
	token := jwttest.Bearer(jwttest.AccessToken(t, jwt, "alice"))
	require.Equal(t, 204, jwttest.Do(router, "POST", "/logout", token).Code)
	w := jwttest.Do(router, "GET", "/me", token)
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Token has been revoked"}`+"\n", w.Body.String())
}

// The cleanup closes what the constructors have opened.
func TestCleanup(t *testing.T) {
	t.Parallel()
	file := databaseFile(filepath.Join(t.TempDir(), "app.db"))
	db, closeDatabase, err := newDatabase(file)
	require.NoError(t, err)
	store, err := newStore(t.Context(), db)
	require.NoError(t, err)
	_, stop, err := newBlocklist(t.Context(), store)
	require.NoError(t, err)
	stop()
	closeDatabase()
	assert.ErrorContains(t, db.PingContext(t.Context()), "closed")
	_, _, err = newApplication(t.Context(), ginjwt.Config{}, file)
	assert.ErrorContains(t, err, "JWT_SECRET_KEY")
}
