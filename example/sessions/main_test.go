package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/internal/console"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

const alice = `{"username":"alice","password":"correct horse"}`

func newTestRouter(t *testing.T) (*gin.Engine, *jwttest.Clock) {
	t.Helper()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
	router, err := newRouter(config)
	require.NoError(t, err)
	return router, clock
}

func login(t *testing.T, router *gin.Engine, device string) ginjwt.TokenPair {
	t.Helper()
	w := jwttest.Do(router, "POST", "/login", jwttest.JSON(alice), jwttest.Header("User-Agent", device))
	require.Equal(t, 200, w.Code, w.Body)
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	return pairIn(t, w)
}

func pairIn(t *testing.T, w *httptest.ResponseRecorder) (pair ginjwt.TokenPair) {
	t.Helper()
	require.Regexp(t, `^\{"access_token":"[\w.-]+","token_type":"Bearer","expires_in":900,"refresh_token":"[\w.-]+"\}\n?$`, w.Body.String())
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &pair))
	return pair
}

func refresh(t *testing.T, router *gin.Engine, token string) ginjwt.TokenPair {
	t.Helper()
	w := jwttest.Do(router, "POST", "/refresh", jwttest.Bearer(token))
	require.Equal(t, 200, w.Code, w.Body)
	return pairIn(t, w)
}

func assertAnswer(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	assert.Equal(t, status, w.Code)
	assert.Equal(t, body, w.Body.String())
}

func TestPage(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions, config.SessionGrace = &ginjwt.MemorySessions{Now: clock.Now}, 5*time.Second
	router, err := newRouter(config)
	require.NoError(t, err)
	console.Session{Page: "sessions.md", Clock: clock}.RunOn(t, router)
}

func TestLoginRefusesAllButTheRightPassword(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	for sent, want := range map[string]string{
		`{"username":"alice","password":"red-queen"}`: `401 {"msg":"Bad username or password"}`,
		`{"username":"alice"}`:                        `400 {"msg":"Send username and password as JSON"}`,
	} {
		w := jwttest.Do(router, "POST", "/login", jwttest.JSON(sent))
		assert.Equal(t, want, fmt.Sprint(w.Code, " ", w.Body), sent)
	}
}

func TestRefreshTokensAreUsedOnce(t *testing.T) {
	t.Parallel()
	router, clock := newTestRouter(t)
	first := login(t, router, "phone")
	assert.Equal(t, first.RefreshToken, refresh(t, router, first.RefreshToken).RefreshToken, "tokens that are new are not traded")
	clock.Advance(2 * time.Minute)
	second := refresh(t, router, first.RefreshToken)
	refresh(t, router, first.RefreshToken) // the answer may have been lost
	w := jwttest.Do(router, "GET", "/protected", jwttest.Bearer(second.AccessToken))
	assertAnswer(t, w, 200, `{"logged_in_as":"alice"}`)

	clock.Advance(time.Minute)
	w = jwttest.Do(router, "POST", "/refresh", jwttest.Bearer(first.RefreshToken))
	assertAnswer(t, w, 401, `{"msg":"Refresh token has already been used"}`+"\n")
	w = jwttest.Do(router, "GET", "/protected", jwttest.Bearer(second.AccessToken))
	assertAnswer(t, w, 401, `{"msg":"Token has been revoked"}`+"\n")
}

func TestLogoutEndsOneSession(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	phone, laptop := login(t, router, "phone"), login(t, router, "laptop")
	w := jwttest.Do(router, "POST", "/logout", jwttest.Bearer(phone.RefreshToken))
	assertAnswer(t, w, 204, "")
	w = jwttest.Do(router, "GET", "/protected", jwttest.Bearer(phone.AccessToken))
	assertAnswer(t, w, 401, `{"msg":"Token has been revoked"}`+"\n")
	w = jwttest.Do(router, "GET", "/protected", jwttest.Bearer(laptop.AccessToken))
	assertAnswer(t, w, 200, `{"logged_in_as":"alice"}`)
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	router, clock := newTestRouter(t)
	phone := login(t, router, "phone")
	clock.Advance(time.Second)
	laptop := login(t, router, "laptop")

	var list struct {
		Sessions []struct {
			ID, Device string
			Current    bool
		}
	}
	w := jwttest.Do(router, "GET", "/sessions", jwttest.Bearer(laptop.AccessToken))
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &list))
	require.Len(t, list.Sessions, 2)
	assert.Equal(t, "laptop", list.Sessions[0].Device)
	assert.True(t, list.Sessions[0].Current)
	assert.Equal(t, "phone", list.Sessions[1].Device)
	assert.False(t, list.Sessions[1].Current)

	w = jwttest.Do(router, "DELETE", "/sessions/"+list.Sessions[1].ID, jwttest.Bearer(laptop.AccessToken))
	assertAnswer(t, w, 204, "")
	w = jwttest.Do(router, "GET", "/protected", jwttest.Bearer(phone.AccessToken))
	assertAnswer(t, w, 401, `{"msg":"Token has been revoked"}`+"\n")
	w = jwttest.Do(router, "DELETE", "/sessions/unknown", jwttest.Bearer(laptop.AccessToken))
	assertAnswer(t, w, 404, `{"msg":"There is no such session"}`+"\n")

	w = jwttest.Do(router, "POST", "/logout/all", jwttest.Bearer(laptop.AccessToken))
	assertAnswer(t, w, 204, "")
	w = jwttest.Do(router, "POST", "/refresh", jwttest.Bearer(laptop.RefreshToken))
	assertAnswer(t, w, 401, `{"msg":"Token has been revoked"}`+"\n")
}

func TestChangeOfPasswordLogsOutElsewhere(t *testing.T) {
	t.Parallel()
	router, _ := newTestRouter(t)
	phone, laptop := login(t, router, "phone"), login(t, router, "laptop")
	refreshed := refresh(t, router, laptop.RefreshToken)
	w := jwttest.Do(router, "POST", "/password", jwttest.Bearer(refreshed.AccessToken))
	assertAnswer(t, w, 401, `{"msg":"Fresh token required"}`+"\n")
	w = jwttest.Do(router, "POST", "/password", jwttest.Bearer(laptop.AccessToken))
	assertAnswer(t, w, 200, `{"msg":"All other sessions have ended"}`)
	w = jwttest.Do(router, "GET", "/protected", jwttest.Bearer(phone.AccessToken))
	assertAnswer(t, w, 401, `{"msg":"Token has been revoked"}`+"\n")
	refresh(t, router, refreshed.RefreshToken)
}

// An OAuth 2.0 client refreshes by itself; it only needs the address.
func TestOAuth2Client(t *testing.T) {
	t.Parallel()
	router, clock := newTestRouter(t)
	server := httptest.NewServer(router)
	defer server.Close()
	pair := login(t, router, "program")

	config := oauth2.Config{ClientID: "program", Endpoint: oauth2.Endpoint{TokenURL: server.URL + "/refresh"}}
	client := config.Client(t.Context(), &oauth2.Token{
		AccessToken: pair.AccessToken, TokenType: pair.TokenType, RefreshToken: pair.RefreshToken,
		Expiry: time.Now().Add(-time.Second), // it refreshes before the first request
	})
	clock.Advance(15 * time.Minute)
	response, err := client.Get(server.URL + "/protected")
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	assert.Equal(t, http.StatusOK, response.StatusCode)

	source := config.TokenSource(t.Context(), &oauth2.Token{RefreshToken: pair.RefreshToken})
	clock.Advance(time.Minute)
	_, err = source.Token()
	var refused *oauth2.RetrieveError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "invalid_grant", refused.ErrorCode, "that token was used by the client")
}
