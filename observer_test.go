package ginjwt_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// recorder is an observer that records its events.
type recorder struct {
	mu     sync.Mutex
	events []ginjwt.Event
	last   context.Context
	panics ginjwt.EventKind // at this kind
}

func (r *recorder) Observe(ctx context.Context, e ginjwt.Event) {
	r.mu.Lock()
	r.events, r.last = append(r.events, e), ctx
	r.mu.Unlock()
	if e.Kind == r.panics {
		panic("the observer is broken")
	}
}

// take returns the events since the last call, without their durations.
func (r *recorder) take() []ginjwt.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.events
	r.events = nil
	for i := range taken {
		taken[i].Duration = 0
	}
	return taken
}

// taken returns the events of take of one kind.
func (r *recorder) taken(kind ginjwt.EventKind) (of []ginjwt.Event) {
	for _, e := range r.take() {
		if e.Kind == kind {
			of = append(of, e)
		}
	}
	return of
}

// observedApp is an application with an observer, sessions and a logged-in user with
// tokens in headers.
type observedApp struct {
	*recorder
	clock    *jwttest.Clock
	sessions *switchedSessions
	blocked  *switchedBlocklist
	mgr      *ginjwt.JWTManager
	engine   *gin.Engine
	pair     ginjwt.TokenPair
}

func newObservedApp(t *testing.T, configure ...func(*ginjwt.Config)) *observedApp {
	t.Helper()
	a := &observedApp{recorder: &recorder{}, clock: &jwttest.Clock{}, sessions: &switchedSessions{}, blocked: &switchedBlocklist{}}
	a.sessions.Now, a.blocked.Now = a.clock.Now, a.clock.Now
	config := jwttest.Config(a.clock)
	config.Observer, config.Sessions, config.Blocklist = a.recorder, a.sessions, a.blocked
	for _, fn := range configure {
		fn(&config)
	}
	a.mgr, a.engine = newManager(t, config)
	a.engine.GET("/me", a.mgr.JWTRequired(ginjwt.Locations(ginjwt.InHeaders, ginjwt.InCookies)), identify)
	a.engine.GET("/optional", a.mgr.JWTRequired(ginjwt.Optional()), identify)
	a.engine.POST("/refresh", a.mgr.RefreshHandler())
	a.engine.POST("/logout", a.mgr.LogoutHandler())
	a.engine.POST("/logout/all", a.mgr.JWTRequired(), a.mgr.LogoutAllHandler())
	a.engine.DELETE("/sessions/:id", a.mgr.JWTRequired(), a.mgr.EndSessionHandler())
	a.engine.POST("/revoke", a.mgr.RevocationHandler())
	a.engine.POST("/introspect", a.mgr.IntrospectionHandler(func(*gin.Context) bool { return true }))
	a.pair = newPair(t, a.mgr)
	a.take()
	return a
}

// idOf returns the "jti" of a token.
func (a *observedApp) idOf(t *testing.T, encoded string) string {
	t.Helper()
	token, err := a.mgr.DecodeToken(t.Context(), encoded, ginjwt.AllowExpired())
	require.NoError(t, err)
	return token.ID
}

func (a *observedApp) issued(t *testing.T, typ ginjwt.TokenType, encoded string) ginjwt.Event {
	t.Helper()
	token, err := a.mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	return ginjwt.Event{Kind: ginjwt.EventIssued, TokenType: typ, SessionID: token.SessionID, TokenID: token.ID}
}

func TestEventsOfALogin(t *testing.T) {
	t.Parallel()
	a := newObservedApp(t)
	pair := newPair(t, a.mgr)
	require.NotEmpty(t, pair.SessionID)
	assert.Equal(t, []ginjwt.Event{
		a.issued(t, ginjwt.AccessToken, pair.AccessToken),
		a.issued(t, ginjwt.RefreshToken, pair.RefreshToken),
		{Kind: ginjwt.EventSessionStarted, SessionID: pair.SessionID, Cause: ginjwt.CauseLogin},
	}, a.take())

	encoded := jwttest.AccessToken(t, a.mgr, "alice", ginjwt.WithID("chosen"))
	assert.Equal(t, []ginjwt.Event{{Kind: ginjwt.EventIssued, TokenType: ginjwt.AccessToken, TokenID: "chosen"}}, a.take())
	_, err := a.mgr.CreateAccessToken(t.Context(), "")
	require.Error(t, err)
	require.NotEmpty(t, encoded)
	assert.Empty(t, a.take(), "no token, no event")
}

func TestEventsOfRequests(t *testing.T) {
	t.Parallel()
	a := newObservedApp(t)
	accepted := ginjwt.Event{
		Kind: ginjwt.EventAccepted, TokenType: ginjwt.AccessToken, Location: ginjwt.InHeaders,
		SessionID: a.pair.SessionID, TokenID: a.idOf(t, a.pair.AccessToken),
	}
	require.Equal(t, 200, jwttest.Do(a.engine, "GET", "/me", jwttest.Bearer(a.pair.AccessToken)).Code)
	assert.Equal(t, []ginjwt.Event{accepted}, a.take())

	accepted.Location = ginjwt.InCookies
	require.Equal(t, 200, jwttest.Do(a.engine, "GET", "/me", jwttest.Header("Cookie", "access_token_cookie="+a.pair.AccessToken)).Code)
	assert.Equal(t, []ginjwt.Event{accepted}, a.take())

	accepted.Location = ""
	_, err := a.mgr.VerifyToken(t.Context(), a.pair.AccessToken)
	require.NoError(t, err)
	assert.Equal(t, []ginjwt.Event{accepted}, a.take())

	require.Equal(t, 200, jwttest.Do(a.engine, "GET", "/optional").Code)
	assert.Empty(t, a.take(), "a visitor without a token")

	a.clock.Advance(15 * time.Minute)
	refused := accepted
	refused.Kind, refused.Reason, refused.Fault = ginjwt.EventRefused, "token_expired", ginjwt.FaultCaller
	for location, option := range map[ginjwt.Location]jwttest.RequestOption{
		ginjwt.InHeaders: jwttest.Bearer(a.pair.AccessToken), ginjwt.InCookies: jwttest.Header("Cookie", "access_token_cookie="+a.pair.AccessToken),
	} {
		refused.Location = location
		require.Equal(t, 401, jwttest.Do(a.engine, "GET", "/me", option).Code)
		assert.Equal(t, []ginjwt.Event{refused}, a.take())
	}
	forged := signedWith(t, otherSecret, jwt.MapClaims{"sub": "alice", "jti": "forged", "sid": "forged"})
	require.Equal(t, 422, jwttest.Do(a.engine, "GET", "/me", jwttest.Bearer(forged)).Code)
	assert.Equal(t, []ginjwt.Event{{Kind: ginjwt.EventRefused, Fault: ginjwt.FaultCaller, Reason: "signature_invalid", Location: ginjwt.InHeaders}},
		a.take(), "nothing of a token that is not verified")
	require.Equal(t, 401, jwttest.Do(a.engine, "GET", "/me").Code)
	assert.Equal(t, []ginjwt.Event{{Kind: ginjwt.EventRefused, Fault: ginjwt.FaultCaller, Reason: "token_missing"}}, a.take())
}

// Every refusal is one event, with the reason of the answer.
func TestEveryRefusalIsAnEvent(t *testing.T) {
	t.Parallel()
	for _, test := range refusedForReasons {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			told := &recorder{}
			w := test.send(t, newReasonsApp(t, "flask", func(config *ginjwt.Config) { config.Observer = told }))
			require.Equal(t, test.status, w.Code)
			events := told.taken(ginjwt.EventRefused)
			require.Len(t, events, 1)
			fault := ginjwt.FaultCaller
			if test.status >= 500 {
				fault = ginjwt.FaultService
			}
			assert.Equal(t, test.reason, events[0].Reason)
			assert.Equal(t, fault, events[0].Fault)
			assert.NoError(t, events[0].Err)
		})
	}
}

// A refusal is one event, no matter which part detects it and which part answers.
func TestARefusalIsToldOnce(t *testing.T) {
	t.Parallel()
	a := newObservedApp(t)
	a.engine.GET("/own", func(c *gin.Context) {
		if _, err := a.mgr.VerifyJWTInRequest(c, ginjwt.Roles("admin")); err != nil {
			a.mgr.Refuse(c, err)
		}
	})
	a.engine.GET("/later", a.mgr.JWTRequired(), func(c *gin.Context) {
		a.mgr.Refuse(c, &ginjwt.Error{Kind: ginjwt.ErrVerification, Reason: "admins_only"})
	})
	a.engine.GET("/socket", func(c *gin.Context) {
		_, err := a.mgr.VerifyToken(c, "x")
		a.mgr.Refuse(c, err)
	})
	token := jwttest.Bearer(a.pair.AccessToken)
	for name, test := range map[string]struct {
		send   func() int
		status int
		reason string
	}{
		"a middleware":         {func() int { return jwttest.Do(a.engine, "GET", "/own", token).Code }, 403, "insufficient_scope"},
		"a handler":            {func() int { return jwttest.Do(a.engine, "GET", "/later", token).Code }, 400, "admins_only"},
		"VerifyToken":          {func() int { return jwttest.Do(a.engine, "GET", "/socket").Code }, 422, "token_malformed"},
		"a token of a form":    {func() int { return a.refreshForm("x") }, 400, "token_malformed"},
		"introspection":        {func() int { return jwttest.Do(a.engine, "POST", "/introspect", jwttest.Form("token", "x")).Code }, 200, "token_malformed"},
		"a logout":             {func() int { return jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer("x")).Code }, 422, "token_malformed"},
		"a refresh by headers": {func() int { return jwttest.Do(a.engine, "POST", "/refresh", token).Code }, 422, "token_wrong_type"},
	} {
		assert.Equal(t, test.status, test.send(), name)
		events := a.taken(ginjwt.EventRefused)
		require.Len(t, events, 1, name)
		assert.Equal(t, test.reason, events[0].Reason, name)
	}
	a.blocked.down.Store(true)
	assert.Equal(t, 503, jwttest.Do(a.engine, "POST", "/introspect", jwttest.Form("token", a.pair.AccessToken)).Code)
	assert.Len(t, a.taken(ginjwt.EventRefused), 1, "an introspection that fails")
}

func (a *observedApp) refreshForm(token string) int {
	return jwttest.Do(a.engine, "POST", "/refresh", jwttest.Form("grant_type", "refresh_token", "refresh_token", token)).Code
}

func TestEventsOfRefreshing(t *testing.T) {
	t.Parallel()
	a := newObservedApp(t)
	sent := ginjwt.Event{TokenType: ginjwt.RefreshToken, SessionID: a.pair.SessionID, TokenID: a.idOf(t, a.pair.RefreshToken)}
	of := func(kind ginjwt.EventKind) ginjwt.Event {
		e := sent
		e.Kind = kind
		return e
	}
	same := mustRotate(t, a.mgr, a.pair.RefreshToken)
	assert.Equal(t, []ginjwt.Event{a.issued(t, ginjwt.AccessToken, same.AccessToken), of(ginjwt.EventRepeated)}, a.take())

	a.clock.Advance(tradable)
	next := mustRotate(t, a.mgr, a.pair.RefreshToken)
	assert.Equal(t, []ginjwt.Event{
		a.issued(t, ginjwt.AccessToken, next.AccessToken), a.issued(t, ginjwt.RefreshToken, next.RefreshToken), of(ginjwt.EventRotated),
	}, a.take())

	again := mustRotate(t, a.mgr, a.pair.RefreshToken)
	assert.Equal(t, []ginjwt.Event{
		a.issued(t, ginjwt.AccessToken, again.AccessToken), a.issued(t, ginjwt.RefreshToken, again.RefreshToken), of(ginjwt.EventRepeated),
	}, a.take(), "a lost answer is repeated")

	a.clock.Advance(grace)
	require.Equal(t, 401, jwttest.Do(a.engine, "POST", "/refresh", jwttest.Bearer(a.pair.RefreshToken)).Code)
	reused := of(ginjwt.EventReused)
	reused.Fault, reused.Location = ginjwt.FaultCaller, ginjwt.InHeaders
	refused := reused
	refused.Kind, refused.Reason = ginjwt.EventRefused, "session_reused"
	assert.Equal(t, []ginjwt.Event{
		reused, {Kind: ginjwt.EventSessionEnded, SessionID: a.pair.SessionID, Cause: ginjwt.CauseReuse}, refused,
	}, a.take())
	require.Equal(t, 401, jwttest.Do(a.engine, "POST", "/refresh", jwttest.Bearer(a.pair.RefreshToken)).Code)
	assert.Empty(t, a.taken(ginjwt.EventReused), "once a session")
}

// A refresh token from the time before sessions starts a session.
func TestEventsOfATokenThatStartsASession(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	config.Sessions = nil
	before, _ := newManager(t, config)
	encoded := jwttest.RefreshToken(t, before, "alice")
	a := newObservedApp(t, func(c *ginjwt.Config) { c.Now = clock.Now })
	pair := mustRotate(t, a.mgr, encoded)
	events := a.take()
	require.Len(t, events, 4)
	assert.Equal(t, ginjwt.Event{Kind: ginjwt.EventSessionStarted, SessionID: pair.SessionID, Cause: ginjwt.CauseRefresh}, events[2])
	assert.Equal(t, ginjwt.EventRotated, events[3].Kind)
	assert.Equal(t, pair.SessionID, events[3].SessionID)
}

func TestEventsOfTheEndOfASession(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cause ginjwt.Cause
		end   func(t *testing.T, a *observedApp)
	}{
		"LogoutHandler": {ginjwt.CauseLogout, func(t *testing.T, a *observedApp) {
			require.Equal(t, 204, jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer(a.pair.RefreshToken)).Code)
		}},
		"LogoutAllHandler": {ginjwt.CauseLogout, func(t *testing.T, a *observedApp) {
			require.Equal(t, 204, jwttest.Do(a.engine, "POST", "/logout/all", jwttest.Bearer(a.pair.AccessToken)).Code)
		}},
		"LogoutAllHandler by another session": {ginjwt.CauseLogout, func(t *testing.T, a *observedApp) {
			require.Equal(t, 204, jwttest.Do(a.engine, "POST", "/logout/all", jwttest.Bearer(newPair(t, a.mgr).AccessToken)).Code)
		}},
		"EndSessionHandler": {ginjwt.CauseUser, func(t *testing.T, a *observedApp) {
			require.Equal(t, 204, jwttest.Do(a.engine, "DELETE", "/sessions/"+a.pair.SessionID, jwttest.Bearer(a.pair.AccessToken)).Code)
		}},
		"RevocationHandler": {ginjwt.CauseRevocation, func(t *testing.T, a *observedApp) {
			require.Equal(t, 200, jwttest.Do(a.engine, "POST", "/revoke", jwttest.Form("token", a.pair.RefreshToken)).Code)
		}},
		"EndSession": {ginjwt.CauseApplication, func(t *testing.T, a *observedApp) {
			require.NoError(t, a.mgr.EndSession(t.Context(), a.pair.SessionID))
			require.NoError(t, a.mgr.EndSession(t.Context(), a.pair.SessionID), "which is no second event")
		}},
		"EndSessions": {ginjwt.CauseApplication, func(t *testing.T, a *observedApp) {
			require.NoError(t, a.mgr.EndSessions(t.Context(), "alice"))
		}},
		"EndSessionForToken": {ginjwt.CauseApplication, func(t *testing.T, a *observedApp) {
			token, err := a.mgr.DecodeToken(t.Context(), a.pair.AccessToken)
			require.NoError(t, err)
			require.NoError(t, a.mgr.EndSessionForToken(t.Context(), token))
		}},
		"MaxSessions": {ginjwt.CauseMaxSessions, func(t *testing.T, a *observedApp) {
			for range 3 {
				a.clock.Advance(time.Second)
				newPair(t, a.mgr)
			}
		}},
		"reuse": {ginjwt.CauseReuse, func(t *testing.T, a *observedApp) {
			a.clock.Advance(tradable)
			mustRotate(t, a.mgr, a.pair.RefreshToken)
			a.clock.Advance(grace)
			refusedWith(t, a.mgr, a.pair.RefreshToken, ginjwt.ErrSessionReused)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newObservedApp(t, func(c *ginjwt.Config) { c.MaxSessions = 3 })
			test.end(t, a)
			var ended []ginjwt.Event
			for _, e := range a.taken(ginjwt.EventSessionEnded) {
				assert.Equal(t, test.cause, e.Cause)
				if e.SessionID == a.pair.SessionID {
					ended = append(ended, e)
				}
			}
			assert.Equal(t, []ginjwt.Event{{Kind: ginjwt.EventSessionEnded, SessionID: a.pair.SessionID, Cause: test.cause}}, ended)
		})
	}
}

// A session that expires ends without an event.
func TestNoEventOfASessionThatExpires(t *testing.T) {
	t.Parallel()
	a := newObservedApp(t, func(c *ginjwt.Config) { c.SessionLifetime = time.Hour })
	a.clock.Advance(time.Hour)
	require.Equal(t, 401, jwttest.Do(a.engine, "POST", "/refresh", jwttest.Bearer(a.pair.RefreshToken)).Code)
	for _, e := range a.take() {
		assert.Equal(t, ginjwt.EventRefused, e.Kind)
	}
}

// A session whose login fails at the end has a start event and an end event.
func TestEventsOfALoginThatFails(t *testing.T) {
	t.Parallel()
	failing := &failsToList{}
	a := newObservedApp(t, func(c *ginjwt.Config) {
		failing.SessionStore, c.Sessions, c.MaxSessions = c.Sessions, failing, 3
	})
	failing.after = 1
	_, err := a.mgr.CreateTokenPair(t.Context(), "alice")
	require.ErrorIs(t, err, ginjwt.ErrUnavailable)
	var kinds []ginjwt.EventKind
	var causes []ginjwt.Cause
	for _, e := range a.take() {
		kinds, causes = append(kinds, e.Kind), append(causes, e.Cause)
	}
	assert.Equal(t, []ginjwt.EventKind{
		ginjwt.EventIssued, ginjwt.EventIssued, ginjwt.EventSessionStarted, ginjwt.EventStoreFailed, ginjwt.EventSessionEnded,
	}, kinds)
	assert.Equal(t, []ginjwt.Cause{"", "", ginjwt.CauseLogin, "", ginjwt.CauseFailure}, causes)
}

// failsToList fails at List after the given number of calls; zero means never.
type failsToList struct {
	ginjwt.SessionStore
	after int
}

func (f *failsToList) List(ctx context.Context, realm, identity string) ([]ginjwt.Session, error) {
	if f.after > 0 {
		if f.after--; f.after == 0 {
			f.after = -1
		}
		return f.SessionStore.List(ctx, realm, identity)
	}
	if f.after < 0 {
		return nil, errStoreDown
	}
	return f.SessionStore.List(ctx, realm, identity)
}

func TestEventsOfRevokedTokens(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cause  ginjwt.Cause
		revoke func(t *testing.T, a *observedApp, encoded string)
	}{
		"RevokeToken": {ginjwt.CauseApplication, func(t *testing.T, a *observedApp, encoded string) {
			token, err := a.mgr.DecodeToken(t.Context(), encoded)
			require.NoError(t, err)
			require.NoError(t, a.mgr.RevokeToken(t.Context(), token))
		}},
		"LogoutHandler": {ginjwt.CauseLogout, func(t *testing.T, a *observedApp, encoded string) {
			require.Equal(t, 204, jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer(encoded)).Code)
		}},
		"RevocationHandler": {ginjwt.CauseRevocation, func(t *testing.T, a *observedApp, encoded string) {
			require.Equal(t, 200, jwttest.Do(a.engine, "POST", "/revoke", jwttest.Form("token", encoded)).Code)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newObservedApp(t)
			encoded := jwttest.AccessToken(t, a.mgr, "alice")
			a.take()
			test.revoke(t, a, encoded)
			events := a.take()
			require.Len(t, events, 1)
			events[0].Location = ""
			assert.Equal(t, ginjwt.Event{
				Kind: ginjwt.EventRevoked, TokenType: ginjwt.AccessToken, TokenID: a.idOf(t, encoded), Cause: test.cause,
			}, events[0])
		})
	}
}

func TestEventsOfStoresThatFail(t *testing.T) {
	t.Parallel()
	type failure struct {
		operation ginjwt.Operation
		do        func(t *testing.T, a *observedApp) error
	}
	noTokens := func(_ ginjwt.TokenPair, err error) error { return err }
	for _, test := range []failure{
		{ginjwt.OperationBlocklistAdd, func(t *testing.T, a *observedApp) error { return a.mgr.EndSession(t.Context(), a.pair.SessionID) }},
		{ginjwt.OperationBlocklistContains, func(t *testing.T, a *observedApp) error {
			_, err := a.mgr.VerifyToken(t.Context(), a.pair.AccessToken)
			return err
		}},
		{ginjwt.OperationSessionCreate, func(t *testing.T, a *observedApp) error { return noTokens(a.mgr.CreateTokenPair(t.Context(), "bob")) }},
		{ginjwt.OperationSessionGet, func(t *testing.T, a *observedApp) error { return noTokens(rotate(t, a.mgr, a.pair.RefreshToken)) }},
		{ginjwt.OperationSessionReplace, func(t *testing.T, a *observedApp) error {
			a.clock.Advance(tradable)
			return noTokens(rotate(t, a.mgr, a.pair.RefreshToken))
		}},
		{ginjwt.OperationSessionDelete, func(t *testing.T, a *observedApp) error { return a.mgr.EndSession(t.Context(), a.pair.SessionID) }},
		{ginjwt.OperationSessionList, func(t *testing.T, a *observedApp) error {
			_, err := a.mgr.Sessions(t.Context(), "alice")
			return err
		}},
	} {
		t.Run(string(test.operation), func(t *testing.T) {
			t.Parallel()
			failing := &failsAt{}
			a := newObservedApp(t, func(c *ginjwt.Config) {
				failing.SessionStore, failing.Blocklist = c.Sessions, c.Blocklist
				c.Sessions, c.Blocklist = failing, failing
			})
			failing.operation = test.operation
			require.ErrorIs(t, test.do(t, a), errStoreDown)
			assert.Equal(t, []ginjwt.Event{
				{Kind: ginjwt.EventStoreFailed, Fault: ginjwt.FaultService, Operation: test.operation, Err: errStoreDown},
			}, a.failures())
		})
	}
}

// failures returns the events of failed stores.
func (r *recorder) failures() []ginjwt.Event { return r.taken(ginjwt.EventStoreFailed) }

// failsAt has stores that fail at one operation.
type failsAt struct {
	ginjwt.SessionStore
	ginjwt.Blocklist
	operation ginjwt.Operation
}

func (f *failsAt) at(operation ginjwt.Operation) error {
	if f.operation == operation {
		return errStoreDown
	}
	return nil
}

func (f *failsAt) Add(ctx context.Context, id string, expires time.Time) error {
	if err := f.at(ginjwt.OperationBlocklistAdd); err != nil {
		return err
	}
	return f.Blocklist.Add(ctx, id, expires)
}

func (f *failsAt) Contains(ctx context.Context, ids ...string) (bool, error) {
	if err := f.at(ginjwt.OperationBlocklistContains); err != nil {
		return false, err
	}
	return f.Blocklist.Contains(ctx, ids...)
}

func (f *failsAt) Create(ctx context.Context, s ginjwt.Session) (bool, error) {
	if err := f.at(ginjwt.OperationSessionCreate); err != nil {
		return false, err
	}
	return f.SessionStore.Create(ctx, s)
}

func (f *failsAt) Get(ctx context.Context, id string) (ginjwt.Session, bool, error) {
	if err := f.at(ginjwt.OperationSessionGet); err != nil {
		return ginjwt.Session{}, false, err
	}
	return f.SessionStore.Get(ctx, id)
}

func (f *failsAt) Replace(ctx context.Context, old, next ginjwt.Session) (bool, error) {
	if err := f.at(ginjwt.OperationSessionReplace); err != nil {
		return false, err
	}
	return f.SessionStore.Replace(ctx, old, next)
}

func (f *failsAt) Delete(ctx context.Context, id string) (bool, error) {
	if err := f.at(ginjwt.OperationSessionDelete); err != nil {
		return false, err
	}
	return f.SessionStore.Delete(ctx, id)
}

func (f *failsAt) List(ctx context.Context, realm, identity string) ([]ginjwt.Session, error) {
	if err := f.at(ginjwt.OperationSessionList); err != nil {
		return nil, err
	}
	return f.SessionStore.List(ctx, realm, identity)
}

func TestEventsOfABlocklistLoaderThatFails(t *testing.T) {
	t.Parallel()
	told := &recorder{}
	config := jwttest.Config(nil)
	config.Observer = told
	mgr, _ := newManager(t, config, func(mgr *ginjwt.JWTManager) {
		mgr.TokenInBlocklistLoader(func(context.Context, *ginjwt.Token) (bool, error) { return false, errStoreDown })
	})
	_, err := mgr.VerifyToken(t.Context(), jwttest.AccessToken(t, mgr, "alice"))
	require.ErrorIs(t, err, ginjwt.ErrUnavailable)
	assert.Equal(t, []ginjwt.Event{
		{Kind: ginjwt.EventStoreFailed, Fault: ginjwt.FaultService, Operation: ginjwt.OperationBlocklistLoader, Err: errStoreDown},
	}, told.failures())
}

// A store that fails because the client disconnected is no event: it must raise no alarm.
func TestFaultOfAClientThatWentAway(t *testing.T) {
	t.Parallel()
	a := newObservedApp(t)
	a.blocked.down.Store(true)
	for cause, want := range map[error]ginjwt.Fault{context.Canceled: ginjwt.FaultCaller, context.DeadlineExceeded: ginjwt.FaultService} {
		ctx, cancel := context.WithCancel(t.Context())
		if cause == context.DeadlineExceeded {
			ctx, cancel = context.WithDeadline(t.Context(), time.Unix(0, 0))
		}
		cancel()
		_, err := a.mgr.VerifyToken(ctx, a.pair.AccessToken)
		require.ErrorIs(t, err, ginjwt.ErrUnavailable)
		events := a.take()
		require.Len(t, events, 2)
		assert.Equal(t, want, events[0].Fault, "the store: %v", cause)
		assert.Equal(t, want, events[1].Fault, "the refusal: %v", cause)
	}
}

func TestEventsOfKeys(t *testing.T) {
	t.Parallel()
	a := newObservedApp(t)
	require.Error(t, a.mgr.SetKeys())
	assert.Empty(t, a.take())
	require.NoError(t, a.mgr.SetKeys(keys.Key{ID: "next", Algorithm: "HS256", Sign: []byte(otherSecret)}))
	assert.Equal(t, []ginjwt.Event{{Kind: ginjwt.EventKeysChanged}}, a.take())
}

// watchedKeys is a key set that reports events.
type watchedKeys struct {
	keySource
	tell func(keys.Fetch)
}

func (w *watchedKeys) Watch(f func(keys.Fetch)) { w.tell = f }

func TestEventsOfKeySets(t *testing.T) {
	t.Parallel()
	source, down := &watchedKeys{}, errors.New("no answer")
	a := newObservedApp(t, func(c *ginjwt.Config) {
		c.Issuers = []ginjwt.Issuer{{Name: issuerA, KeySource: source, Audience: []string{"shop"}, IdentityPrefix: "a:"}}
	})
	source.tell(keys.Fetch{Duration: time.Second})
	assert.Equal(t, time.Second, a.events[0].Duration)
	assert.Equal(t, []ginjwt.Event{{Kind: ginjwt.EventKeySetFetched, Issuer: issuerA}}, a.take())
	source.tell(keys.Fetch{Changed: true})
	assert.Equal(t, []ginjwt.Event{{Kind: ginjwt.EventKeySetFetched, Issuer: issuerA}, {Kind: ginjwt.EventKeysChanged, Issuer: issuerA}}, a.take())
	source.tell(keys.Fetch{Err: down, Duration: 2 * time.Second})
	assert.Equal(t, 2*time.Second, a.events[0].Duration)
	assert.Equal(t, []ginjwt.Event{{Kind: ginjwt.EventKeySetFailed, Fault: ginjwt.FaultService, Issuer: issuerA, Err: down}}, a.take())
}

// watchedList is a blocklist that reports events.
type watchedList struct {
	store.MemoryBlocklist
	tell func(store.ListEvent)
}

func (w *watchedList) Watch(f func(store.ListEvent)) { w.tell = f }
func (w *watchedList) Status() store.ListStatus      { return store.ListStatus{} }

func TestEventsOfASharedBlocklist(t *testing.T) {
	t.Parallel()
	list := &watchedList{}
	a := newObservedApp(t, func(c *ginjwt.Config) { c.Blocklist = list })
	for in, want := range map[store.ListEvent]ginjwt.Event{
		{Kind: store.ListComplete}:                 {Kind: ginjwt.EventListComplete},
		{Kind: store.ListStale, Err: errStoreDown}: {Kind: ginjwt.EventListStale, Fault: ginjwt.FaultService, Err: errStoreDown},
		{Kind: store.ListLost}:                     {Kind: ginjwt.EventListLost, Fault: ginjwt.FaultService},
		{Kind: store.ListWhole}:                    {Kind: ginjwt.EventListWhole},
	} {
		list.tell(in)
		assert.Equal(t, []ginjwt.Event{want}, a.take())
	}
	list.tell(store.ListEvent{Kind: 99})
	assert.Empty(t, a.take(), "a kind of a later version")
}

// A manager without an observer does not take the events of a list from another manager.
func TestAListTellsOneObserver(t *testing.T) {
	t.Parallel()
	list, source := &watchedList{}, &watchedKeys{}
	shared := func(c *ginjwt.Config) {
		c.Blocklist = list
		c.Issuers = []ginjwt.Issuer{{Name: issuerA, KeySource: source, Audience: []string{"shop"}, IdentityPrefix: "a:"}}
	}
	a := newObservedApp(t, shared)
	config := jwttest.Config(nil)
	shared(&config)
	newManager(t, config)
	list.tell(store.ListEvent{Kind: store.ListWhole})
	source.tell(keys.Fetch{})
	assert.Len(t, a.take(), 2)
}

// Durations come from the real clock.
func TestEventsHaveDurations(t *testing.T) {
	t.Parallel()
	a := newObservedApp(t)
	a.clock.Advance(tradable)
	require.Equal(t, 200, jwttest.Do(a.engine, "POST", "/refresh", jwttest.Bearer(a.pair.RefreshToken)).Code)
	require.Equal(t, 401, jwttest.Do(a.engine, "GET", "/me").Code)
	a.blocked.down.Store(true)
	require.Equal(t, 503, jwttest.Do(a.engine, "GET", "/me", jwttest.Bearer(a.pair.AccessToken)).Code)
	timed := map[ginjwt.EventKind]bool{}
	for _, e := range a.events {
		assert.Positive(t, e.Duration, e.Kind)
		timed[e.Kind] = true
	}
	assert.Len(t, timed, 5, "accepted, issued, rotated, refused, store failed")
}

// Observe gets the context of the request, with the values of tracing.
func TestContextOfEvents(t *testing.T) {
	t.Parallel()
	type traceKey struct{}
	a := newObservedApp(t)
	engine := gin.New()
	engine.Use(func(c *gin.Context) {
		c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), traceKey{}, "trace"))
	})
	require.NoError(t, a.mgr.InitApp(engine))
	engine.GET("/me", a.mgr.JWTRequired(), identify)
	engine.POST("/refresh", a.mgr.RefreshHandler())
	engine.POST("/logout", a.mgr.LogoutHandler())
	engine.GET("/login", func(c *gin.Context) {
		_, err := a.mgr.CreateTokenPair(c, "alice")
		assert.NoError(t, err)
	})
	for _, r := range [][]string{{"GET", "/login"}, {"GET", "/me"}, {"POST", "/refresh"}, {"POST", "/logout"}} {
		for _, token := range []string{"x", newPair(t, a.mgr).AccessToken, newPair(t, a.mgr).RefreshToken} {
			a.last = nil
			jwttest.Do(engine, r[0], r[1], jwttest.Bearer(token))
			require.NotNil(t, a.last, r)
			assert.Equal(t, "trace", a.last.Value(traceKey{}), r)
		}
	}
}

// Events name only issuers of the settings. Otherwise clients could choose the labels of a
// metric.
func TestIssuersInEvents(t *testing.T) {
	t.Parallel()
	told := &recorder{}
	config := jwttest.Config(nil)
	config.Observer, config.EncodeIssuer, config.DecodeIssuers = told, "me", []string{"old me", "me"}
	mgr, _ := newManager(t, config)
	for issuer, want := range map[string]string{"me": "me", "old me": "old me"} {
		_, err := mgr.VerifyToken(t.Context(), jwttest.AccessToken(t, mgr, "alice", ginjwt.WithIssuer(issuer)))
		require.NoError(t, err)
		for _, e := range told.take() {
			assert.Equal(t, want, e.Issuer, e.Kind)
		}
	}
	config.DecodeIssuers = nil // any
	mgr, _ = newManager(t, config)
	_, err := mgr.VerifyToken(t.Context(), jwttest.AccessToken(t, mgr, "alice", ginjwt.WithIssuer("anybody")))
	require.NoError(t, err)
	events := told.take()
	require.Len(t, events, 2)
	for _, e := range events {
		assert.Empty(t, e.Issuer, e.Kind)
	}
}

// The type of a token in events is access or refresh, because clients can choose others.
func TestTokenTypesInEvents(t *testing.T) {
	t.Parallel()
	a := newObservedApp(t)
	encoded := signedWith(t, appSecret(), jwt.MapClaims{"sub": "alice", "jti": "1", "type": "stranger"})
	require.Equal(t, 422, jwttest.Do(a.engine, "GET", "/me", jwttest.Bearer(encoded)).Code)
	events := a.take()
	require.Len(t, events, 1)
	assert.Equal(t, "token_wrong_type", events[0].Reason)
	assert.Empty(t, events[0].TokenType)
	assert.Equal(t, "1", events[0].TokenID)
}

// No event shows a token, its identity, a CSRF value or a key.
func TestEventsHoldNothingSecret(t *testing.T) {
	t.Parallel()
	a := newObservedApp(t)
	pair, err := a.mgr.CreateTokenPair(t.Context(), "identity-of-alice")
	require.NoError(t, err)
	jwttest.Do(a.engine, "GET", "/me", jwttest.Bearer(pair.AccessToken))
	jwttest.Do(a.engine, "GET", "/me", jwttest.Bearer(pair.RefreshToken))
	a.clock.Advance(tradable)
	next := mustRotate(t, a.mgr, pair.RefreshToken)
	a.clock.Advance(grace)
	jwttest.Do(a.engine, "POST", "/refresh", jwttest.Bearer(pair.RefreshToken))
	jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer(next.AccessToken))
	a.sessions.down.Store(true)
	jwttest.Do(a.engine, "POST", "/refresh", jwttest.Bearer(next.RefreshToken))
	var told strings.Builder
	for _, e := range a.take() {
		fmt.Fprintf(&told, "%+v\n", e)
	}
	require.NotEmpty(t, told.String())
	for _, secret := range []string{"identity-of-alice", "eyJ", pair.CSRF, next.CSRF, appSecret()} {
		require.NotEmpty(t, secret)
		assert.NotContains(t, told.String(), secret)
	}
}

// A request in which the observer panics does not reach the handler, even if a middleware
// recovers and forgets to abort.
func TestAnObserverThatPanicsLetsNobodyIn(t *testing.T) {
	t.Parallel()
	for kind, send := range map[ginjwt.EventKind]func(a *observedApp, engine *gin.Engine) int{
		ginjwt.EventAccepted: func(a *observedApp, engine *gin.Engine) int {
			return jwttest.Do(engine, "GET", "/guarded", jwttest.Bearer(a.pair.AccessToken)).Code
		},
		ginjwt.EventRefused: func(_ *observedApp, engine *gin.Engine) int {
			return jwttest.Do(engine, "GET", "/guarded", jwttest.Bearer("x")).Code
		},
		ginjwt.EventStoreFailed: func(a *observedApp, engine *gin.Engine) int {
			a.blocked.down.Store(true)
			return jwttest.Do(engine, "GET", "/guarded", jwttest.Bearer(a.pair.AccessToken)).Code
		},
	} {
		for name, recovers := range map[string]gin.HandlerFunc{
			"Recovery": gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, _ any) { c.AbortWithStatus(http.StatusInternalServerError) }),
			"careless": func(c *gin.Context) {
				defer func() {
					if recover() != nil {
						c.Status(http.StatusInternalServerError)
					}
				}()
				c.Next()
			},
		} {
			a := newObservedApp(t)
			a.panics = kind
			engine := gin.New()
			engine.Use(recovers)
			require.NoError(t, a.mgr.InitApp(engine))
			reached := false
			engine.GET("/guarded", a.mgr.JWTRequired(), func(*gin.Context) { reached = true })
			assert.Equal(t, 500, send(a, engine), "%v %s", kind, name)
			assert.False(t, reached, "%v %s", kind, name)
		}
	}
}

// The same holds for every callback and store of the application.
func TestACallbackThatPanicsLetsNobodyIn(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil), func(mgr *ginjwt.JWTManager) {
		mgr.UserLookupLoader(func(context.Context, *ginjwt.Token) (any, error) { panic("broken") })
	})
	engine := gin.New()
	engine.Use(func(c *gin.Context) {
		defer func() { _ = recover() }()
		c.Next()
	})
	engine.GET("/guarded", mgr.JWTRequired(), func(*gin.Context) { t.Error("reached") })
	jwttest.Do(engine, "GET", "/guarded", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")))
}

// A panic in the background would end the program, because nothing recovers it.
func TestAnObserverThatPanicsInTheBackground(t *testing.T) {
	t.Parallel()
	list, source := &watchedList{}, &watchedKeys{}
	a := newObservedApp(t, func(c *ginjwt.Config) {
		c.Blocklist = list
		c.Issuers = []ginjwt.Issuer{{Name: issuerA, KeySource: source, Audience: []string{"shop"}, IdentityPrefix: "a:"}}
	})
	a.panics = ginjwt.EventListLost
	assert.NotPanics(t, func() { list.tell(store.ListEvent{Kind: store.ListLost}) })
	a.panics = ginjwt.EventKeySetFailed
	assert.NotPanics(t, func() { source.tell(keys.Fetch{Err: errStoreDown}) })
	assert.Len(t, a.take(), 2)
}

func TestManyRequestsTellAtOnce(t *testing.T) {
	t.Parallel()
	a := newObservedApp(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				jwttest.Do(a.engine, "GET", "/me", jwttest.Bearer(a.pair.AccessToken))
				jwttest.Do(a.engine, "GET", "/me", jwttest.Bearer("x"))
			}
		})
	}
	all.Wait()
	assert.Len(t, a.take(), 2*8*20)
}

func TestWordsOfEvents(t *testing.T) {
	t.Parallel()
	words := map[string]bool{}
	for _, kind := range ginjwt.EventKinds() {
		assert.Regexp(t, regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`), kind.String())
		assert.NotEqual(t, "unknown", kind.String())
		words[kind.String()] = true
	}
	assert.Len(t, words, int(ginjwt.EventStoreFailed))
	assert.Equal(t, "unknown", ginjwt.EventKind(0).String())
	assert.Equal(t, "unknown", (ginjwt.EventStoreFailed + 1).String())
	assert.Equal(t, "unknown", ginjwt.EventKind(-1).String())
	assert.Equal(t, "session_started", ginjwt.EventSessionStarted.String())
}

func TestObserversThatAreNone(t *testing.T) {
	t.Parallel()
	for _, none := range []ginjwt.Observer{(*recorder)(nil), ginjwt.ObserverFunc(nil)} {
		config := jwttest.Config(nil)
		config.Observer = none
		assert.ErrorContains(t, config.Validate(), "Observer")
	}
	config := jwttest.Config(nil)
	config.Observer = ginjwt.SlogObserver(nil)
	require.NoError(t, config.Validate())
	assert.Contains(t, config.String(), "Observer: ginjwt.slogObserver")
}

// The cost of an observer for an accepted request: compare both with benchstat.
func BenchmarkObserver(b *testing.B) {
	for name, observer := range map[string]ginjwt.Observer{
		"none": nil, "that does nothing": ginjwt.ObserverFunc(func(context.Context, ginjwt.Event) {}),
	} {
		b.Run(name, func(b *testing.B) {
			config := jwttest.Config(nil)
			config.Observer = observer
			mgr, engine := ginjwt.New(config), gin.New()
			require.NoError(b, mgr.InitApp(engine))
			engine.GET("/", mgr.JWTRequired(), func(c *gin.Context) {
				if ginjwt.GetJWTIdentity(c) != "alice" {
					b.Error("not alice")
				}
			})
			r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "/", nil)
			require.NoError(b, err)
			r.Header.Set("Authorization", "Bearer "+jwttest.AccessToken(b, mgr, "alice"))
			w := nowhere{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				engine.ServeHTTP(w, r)
			}
		})
	}
}

// nowhere is a response writer that costs nothing.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) WriteHeader(int)             {}
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }

// docs/operating.md names every event, cause and operation, and every number of a list.
func TestEventsInTheDocs(t *testing.T) {
	t.Parallel()
	page := docRead(t, "docs/operating.md")
	for _, kind := range ginjwt.EventKinds() {
		assert.Contains(t, page, "\n| `"+kind.String()+"` | ")
	}
	for _, cause := range []ginjwt.Cause{
		ginjwt.CauseLogin, ginjwt.CauseRefresh, ginjwt.CauseLogout, ginjwt.CauseUser, ginjwt.CauseRevocation, ginjwt.CauseApplication,
		ginjwt.CauseMaxSessions, ginjwt.CauseReuse, ginjwt.CauseFailure,
	} {
		assert.Contains(t, page, "\n| `"+string(cause)+"` | ")
	}
	for _, operation := range []ginjwt.Operation{
		ginjwt.OperationBlocklistAdd, ginjwt.OperationBlocklistContains, ginjwt.OperationBlocklistLoader, ginjwt.OperationSessionCreate,
		ginjwt.OperationSessionGet, ginjwt.OperationSessionReplace, ginjwt.OperationSessionDelete, ginjwt.OperationSessionList,
		ginjwt.OperationOnceClaim, ginjwt.OperationIssuerResolver,
	} {
		assert.Contains(t, page, "`"+string(operation)+"`")
	}
	for field := range reflect.TypeFor[store.ListStatus]().Fields() {
		assert.Contains(t, page, "\n| `"+field.Name+"` | `ginjwt_blocklist_")
	}
}
