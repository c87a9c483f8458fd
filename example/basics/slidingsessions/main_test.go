package main

import (
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/internal/console"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// browser keeps the cookies of the service.
type browser struct {
	*testing.T
	router  *gin.Engine
	clock   *jwttest.Clock
	answers []*httptest.ResponseRecorder
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
	router, err := newRouter(config)
	require.NoError(t, err)
	b := &browser{T: t, router: router, clock: clock}
	w := jwttest.Do(router, "POST", "/login", jwttest.JSON(`{"username":"alice","password":"correct horse"}`))
	require.Equal(t, 200, w.Code, w.Body)
	b.answers = append(b.answers, w)
	return b
}

// get asks for a page, and reports whether the answer has a new cookie.
func (b *browser) get() (status int, renewed bool) {
	b.Helper()
	w := jwttest.Do(b.router, "GET", "/me", jwttest.Cookies(b.answers...))
	b.answers = append(b.answers, w)
	return w.Code, len(w.Header()["Set-Cookie"]) > 0
}

func TestPage(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	console.Session{Page: "basics/sliding-sessions.md", Clock: b.clock}.RunOn(t, b.router)
}

func TestASessionThatIsUsedLivesUntilItsAbsoluteEnd(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	for passed := 15 * time.Minute; passed < 12*time.Hour; passed += 15 * time.Minute {
		b.clock.Advance(15 * time.Minute)
		status, _ := b.get()
		require.Equal(t, 200, status, passed)
	}
	b.clock.Advance(15 * time.Minute)
	status, renewed := b.get()
	assert.Equal(t, 401, status)
	assert.False(t, renewed)
}

func TestTheFirstTenMinutesRenewNothing(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	b.clock.Advance(10*time.Minute - time.Second)
	status, renewed := b.get()
	assert.Equal(t, 200, status)
	assert.False(t, renewed)
	b.clock.Advance(time.Second)
	status, renewed = b.get()
	assert.Equal(t, 200, status)
	assert.True(t, renewed)
}

// A user who is away loses the session after 20 to 30 minutes.
func TestASessionThatIsNotUsedEnds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		used, away time.Duration // after the login, and after that
		status     int
	}{
		"never used":                   {0, 30*time.Minute - time.Second, 200},
		"never used, and too late":     {0, 30 * time.Minute, 401},
		"not renewed":                  {9 * time.Minute, 21*time.Minute - time.Second, 200},
		"not renewed, and too late":    {9 * time.Minute, 21 * time.Minute, 401},
		"renewed":                      {10 * time.Minute, 30*time.Minute - time.Second, 200},
		"renewed once, and too late":   {10 * time.Minute, 30 * time.Minute, 401},
		"at the last moment":           {30*time.Minute - time.Second, 30*time.Minute - time.Second, 200},
		"at the last moment, too late": {30*time.Minute - time.Second, 30 * time.Minute, 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBrowser(t)
			b.clock.Advance(tt.used)
			status, _ := b.get()
			require.Equal(t, 200, status)
			b.clock.Advance(tt.away)
			status, _ = b.get()
			assert.Equal(t, tt.status, status)
		})
	}
}

func TestALogoutEndsTheSessionAtOnce(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	before := b.answers
	b.clock.Advance(15 * time.Minute)
	w := jwttest.Do(b.router, "POST", "/logout", jwttest.Cookies(b.answers...))
	require.Equal(t, 204, w.Code, w.Body)
	w = jwttest.Do(b.router, "GET", "/me", jwttest.Cookies(before...))
	assert.Equal(t, 401, w.Code, "a copy of the cookie")
	assert.Empty(t, w.Header()["Set-Cookie"])
}

func TestOtherSitesCannotLogIn(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	w := jwttest.Do(b.router, "POST", "/login", jwttest.JSON(`{"username":"alice","password":"correct horse"}`), jwttest.Header("Sec-Fetch-Site", "cross-site"))
	assert.Equal(t, 403, w.Code)
	w = jwttest.Do(b.router, "POST", "/login", jwttest.JSON(`{"username":"alice","password":"red-queen"}`))
	assert.Equal(t, 401, w.Code)
}
