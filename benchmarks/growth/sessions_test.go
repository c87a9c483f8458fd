package growth

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

const decades = 30 * 365 * 24 * time.Hour

// household is a user with so many sessions, beside a manager.
type household struct {
	manager *ginjwt.JWTManager
	engine  *gin.Engine
	clock   *jwttest.Clock
	store   *ginjwt.MemorySessions
	last    ginjwt.TokenPair
}

// newHousehold logs a user in so many times. limited sets MaxSessions to the same number.
func newHousehold(tb testing.TB, sessions int, limited bool) *household {
	h := &household{clock: &jwttest.Clock{}}
	h.store = &ginjwt.MemorySessions{Now: h.clock.Now}
	config := ginjwt.Config{SecretKey: secret, Sessions: h.store, Now: h.clock.Now, RefreshTokenExpires: decades, SessionGrace: -1}
	h.manager, h.engine = started(tb, config)
	for range sessions {
		h.last = must(h.manager.CreateTokenPair(tb.Context(), user))
		h.clock.Advance(time.Millisecond)
	}
	if limited {
		config.MaxSessions = sessions // only now: each login would list all
		h.manager, h.engine = started(tb, config)
	}
	require.Len(tb, must(h.manager.Sessions(tb.Context(), user)), sessions)
	return h
}

// logsIn begins a session. If it ends none, the operation removes it again.
func logsIn(limited bool) func(testing.TB, int) operation {
	return func(tb testing.TB, n int) operation {
		h, ctx := newHousehold(tb, n, limited), context.Background()
		return func() {
			pair := must(h.manager.CreateTokenPair(ctx, user))
			h.clock.Advance(time.Millisecond)
			if !limited && !must(h.store.Delete(ctx, pair.SessionID)) {
				panic("no session")
			}
		}
	}
}

// refreshes exchanges the newest refresh token of a session.
func refreshes(tb testing.TB, n int) operation {
	h := newHousehold(tb, n, true)
	h.engine.POST("/refresh", h.manager.JWTRequired(ginjwt.Refresh()), func(c *gin.Context) {
		token, _ := ginjwt.GetToken(c)
		pair, err := h.manager.RotateTokens(c, token)
		if err != nil || pair.KeepsRefreshToken {
			panic("no new refresh token")
		}
		h.last = pair
	})
	c := newClient(h.engine, http.MethodPost, "/refresh")
	return func() {
		c.send("Bearer "+h.last.RefreshToken, http.StatusOK)
		h.clock.Advance(time.Millisecond)
	}
}

// uses sends an access token of a session.
func uses(tb testing.TB, n int) operation {
	h := newHousehold(tb, n, true)
	h.engine.GET("/protected", h.manager.JWTRequired(), readIdentity)
	return newClient(h.engine, http.MethodGet, "/protected").sends(h.last.AccessToken, http.StatusOK)
}

// lists lists all sessions of the user.
func lists(tb testing.TB, n int) operation {
	h, ctx := newHousehold(tb, n, false), context.Background()
	return func() {
		if len(must(h.manager.Sessions(ctx, user))) != n {
			panic("not all sessions")
		}
	}
}

// shows sends the first page of the list.
func shows(tb testing.TB, n int) operation {
	h := newHousehold(tb, n, false)
	h.engine.GET("/sessions", h.manager.JWTRequired(), h.manager.SessionsHandler())
	return newClient(h.engine, http.MethodGet, "/sessions").sends(h.last.AccessToken, http.StatusOK)
}

// ends ends one session, and begins another.
func ends(tb testing.TB, n int) operation {
	h, ctx := newHousehold(tb, n, false), context.Background()
	return func() {
		if err := h.manager.EndSession(ctx, h.last.SessionID); err != nil {
			panic(err)
		}
		h.last = must(h.manager.CreateTokenPair(ctx, user))
		h.clock.Advance(time.Millisecond)
	}
}

var sessionCount = dimension{
	name: "sessions", unit: "sessions of the user",
	note:  "HS256, `store.MemorySessions`. All sessions are of one user. `MaxSessions` is the number of sessions, so each login ends the oldest session.",
	label: count,
	sizes: []int{1, 10, 1000, 10_000},
	few:   []int{10, 100, 1500},
	rows: []row{
		{"login", constant, logsIn(false), nil},
		{"login with `MaxSessions`", linear, logsIn(true), []int{10, 40, 160}},
		{"refresh, with a new refresh token", constant, refreshes, nil},
		{"protected request of a session", constant, uses, nil},
		{"logout and login", constant, ends, nil},
		{"`Sessions`: the list", linear, lists, []int{10, 40, 160}},
		{"`SessionsHandler`: its first page", linear, shows, []int{10, 40, 160}},
	},
}
