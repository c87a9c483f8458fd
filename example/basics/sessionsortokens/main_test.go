package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/example/internal/console"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

const alice = `{"username":"alice","password":"correct horse"}`

func newService(t *testing.T) (*gin.Engine, *jwttest.Clock) {
	t.Helper()
	clock := &jwttest.Clock{}
	router, err := newRouter(jwttest.Config(clock))
	require.NoError(t, err)
	return router, clock
}

func logIn(t *testing.T, router *gin.Engine, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := jwttest.Do(router, "POST", path, jwttest.JSON(alice))
	require.Equal(t, 200, w.Code, w.Body)
	return w
}

func tokenIn(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var answer map[string]string
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	return answer["access_token"]
}

func TestPage(t *testing.T) {
	t.Parallel()
	router, clock := newService(t)
	console.Session{Page: "basics/sessions-or-tokens.md", Clock: clock}.RunOn(t, router)
}

func TestASessionEndsAtItsLogout(t *testing.T) {
	t.Parallel()
	router, _ := newService(t)
	phone, laptop := logIn(t, router, "/session/login"), logIn(t, router, "/session/login")
	assert.Equal(t, 200, jwttest.Do(router, "POST", "/session/logout", jwttest.Cookies(phone)).Code)
	w := jwttest.Do(router, "GET", "/session/me", jwttest.Cookies(phone))
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Log in"}`, w.Body.String())
	assert.Equal(t, 200, jwttest.Do(router, "GET", "/session/me", jwttest.Cookies(laptop)).Code)
}

func TestASessionExpires(t *testing.T) {
	t.Parallel()
	router, clock := newService(t)
	w := logIn(t, router, "/session/login")
	assert.Regexp(t, `^session=[A-Z2-7]{26}; Path=/; HttpOnly; Secure; SameSite=Lax$`, w.Header().Get("Set-Cookie"))
	clock.Advance(12*time.Hour - time.Second)
	assert.Equal(t, 200, jwttest.Do(router, "GET", "/session/me", jwttest.Cookies(w)).Code)
	clock.Advance(time.Second)
	assert.Equal(t, 401, jwttest.Do(router, "GET", "/session/me", jwttest.Cookies(w)).Code)
	assert.Equal(t, 401, jwttest.Do(router, "GET", "/session/me").Code)
}

// A token works in every process with the key. A session works only where it is stored.
func TestASecondProcess(t *testing.T) {
	t.Parallel()
	first, _ := newService(t)
	second, _ := newService(t)
	token := tokenIn(t, logIn(t, first, "/token/login"))
	assert.Equal(t, 200, jwttest.Do(second, "GET", "/token/me", jwttest.Bearer(token)).Code)
	cookie := logIn(t, first, "/session/login")
	assert.Equal(t, 401, jwttest.Do(second, "GET", "/session/me", jwttest.Cookies(cookie)).Code)
}

func TestOneDoesNotOpenTheOther(t *testing.T) {
	t.Parallel()
	router, _ := newService(t)
	token := tokenIn(t, logIn(t, router, "/token/login"))
	cookie := logIn(t, router, "/session/login")
	assert.Equal(t, 401, jwttest.Do(router, "GET", "/session/me", jwttest.Bearer(token)).Code)
	assert.Equal(t, 401, jwttest.Do(router, "GET", "/token/me", jwttest.Cookies(cookie)).Code)
}

func TestLoginsNeedThePasswordAndThisSite(t *testing.T) {
	t.Parallel()
	router, _ := newService(t)
	for _, path := range []string{"/session/login", "/token/login"} {
		for _, sent := range []string{`{"username":"alice","password":"red-queen"}`, `{"username":"bob","password":"correct horse"}`, ``} {
			w := jwttest.Do(router, "POST", path, jwttest.JSON(sent))
			assert.Equal(t, 401, w.Code, path)
			assert.Equal(t, `{"msg":"Bad username or password"}`, w.Body.String())
		}
	}
	elsewhere := jwttest.Header("Sec-Fetch-Site", "cross-site")
	cookie := logIn(t, router, "/session/login")
	assert.Equal(t, 403, jwttest.Do(router, "POST", "/session/login", jwttest.JSON(alice), elsewhere).Code)
	assert.Equal(t, 403, jwttest.Do(router, "POST", "/session/logout", jwttest.Cookies(cookie), elsewhere).Code)
	assert.Equal(t, 200, jwttest.Do(router, "GET", "/session/me", jwttest.Cookies(cookie)).Code)
}
