package ginjwt_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// sessionsConfig returns settings with sessions in memory, and their clock.
func sessionsConfig() (ginjwt.Config, *jwttest.Clock) {
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
	return config, clock
}

// What holds by default: how long a refresh token may be repeated after it was
// traded, and how old the newest tokens are before they are traded.
const (
	grace    = time.Minute
	tradable = 2 * grace
)

func newPair(t *testing.T, mgr *ginjwt.JWTManager, opts ...ginjwt.TokenOption) ginjwt.TokenPair {
	t.Helper()
	pair, err := mgr.CreateTokenPair(t.Context(), "alice", opts...)
	require.NoError(t, err)
	return pair
}

// rotate trades a refresh token as a client would.
func rotate(t *testing.T, mgr *ginjwt.JWTManager, encoded string, opts ...ginjwt.TokenOption) (ginjwt.TokenPair, error) {
	t.Helper()
	token, err := mgr.DecodeToken(t.Context(), encoded)
	if err != nil {
		return ginjwt.TokenPair{}, err
	}
	return mgr.RotateTokens(t.Context(), token, opts...)
}

func mustRotate(t *testing.T, mgr *ginjwt.JWTManager, encoded string, opts ...ginjwt.TokenOption) ginjwt.TokenPair {
	t.Helper()
	pair, err := rotate(t, mgr, encoded, opts...)
	require.NoError(t, err)
	return pair
}

func refusedWith(t *testing.T, mgr *ginjwt.JWTManager, encoded string, kind error) {
	t.Helper()
	_, err := rotate(t, mgr, encoded)
	require.ErrorIs(t, err, kind)
}

func accepted(t *testing.T, mgr *ginjwt.JWTManager, encoded string) {
	t.Helper()
	_, err := mgr.VerifyToken(t.Context(), encoded, ginjwt.AnyType())
	require.NoError(t, err)
}

func revoked(t *testing.T, mgr *ginjwt.JWTManager, encoded string) {
	t.Helper()
	_, err := mgr.VerifyToken(t.Context(), encoded, ginjwt.AnyType())
	require.ErrorIs(t, err, ginjwt.ErrRevokedToken)
}

func TestCreateTokenPair(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	config.DisableCookieCSRFProtect = true
	config.EncodeAudience = []string{"web"}
	mgr, _ := newManager(t, config)
	pair := newPair(t, mgr, ginjwt.WithFresh(), ginjwt.WithClaims(ginjwt.Claims{"zone": 5}), ginjwt.WithExpires(5*time.Minute), ginjwt.WithDevice("Firefox"))
	now := clock.Now()

	access, err := mgr.VerifyToken(t.Context(), pair.AccessToken)
	require.NoError(t, err)
	refresh, err := mgr.VerifyToken(t.Context(), pair.RefreshToken, ginjwt.Refresh())
	require.NoError(t, err)
	assert.Equal(t, "Bearer", pair.TokenType)
	assert.EqualValues(t, 300, pair.ExpiresIn)
	assert.Equal(t, pair.SessionID, access.SessionID)
	assert.Equal(t, pair.SessionID, refresh.SessionID)
	assert.Equal(t,
		fmt.Sprintf(`{"fresh":true,"iat":%[1]d,"jti":%[2]q,"type":"access","sub":"alice","nbf":%[1]d,"aud":"web","exp":%[3]d,"sid":%[4]q,"gen":1,"zone":5}`,
			now.Unix(), access.ID, now.Unix()+300, pair.SessionID), payloadOf(t, pair.AccessToken))
	assert.Equal(t,
		fmt.Sprintf(`{"fresh":false,"iat":%[1]d,"jti":%[2]q,"type":"refresh","sub":"alice","nbf":%[1]d,"aud":"web","exp":%[3]d,"sid":%[4]q,"gen":1}`,
			now.Unix(), refresh.ID, now.Add(30*24*time.Hour).Unix(), pair.SessionID), payloadOf(t, pair.RefreshToken))

	sessions, err := mgr.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	assert.Equal(t, []ginjwt.Session{{
		ID: pair.SessionID, Identity: "alice", Device: "Firefox", Generation: 1,
		CreatedAt: now.UTC(), RotatedAt: now.UTC(), HandedOutAt: now.UTC(), ExpiresAt: now.Add(30 * 24 * time.Hour).UTC(),
	}}, sessions)
}

func TestTokenPairsShowNoToken(t *testing.T) {
	t.Parallel()
	pair := ginjwt.TokenPair{AccessToken: "secret", TokenType: "Bearer", RefreshToken: "secret", SessionID: "id"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		assert.Equal(t, "ginjwt.TokenPair{session id}", fmt.Sprintf(verb, pair), verb)
		assert.NotContains(t, fmt.Sprintf(verb, []any{pair, &pair}), "secret", verb)
	}
	var logged bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&logged, nil), slog.NewTextHandler(&logged, nil)} {
		slog.New(handler).Info("login", "pair", pair, "pointer", &pair)
	}
	assert.Equal(t, 4, strings.Count(logged.String(), "ginjwt.TokenPair{session id}"))
	assert.NotContains(t, logged.String(), "secret")
}

func TestTokenPairsAreRefused(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	mgr, _ := newManager(t, config)
	for name, test := range map[string]struct {
		identity any
		opts     []ginjwt.TokenOption
		kind     error
		text     string
	}{
		"nobody":                  {"", nil, ginjwt.ErrIdentity, "it is empty"},
		"a long identity":         {strings.Repeat("x", 256), nil, ginjwt.ErrIdentity, "1 to 255 bytes"},
		"a NUL":                   {"a\x00", nil, ginjwt.ErrIdentity, "without NUL"},
		"a longer life":           {"alice", []ginjwt.TokenOption{ginjwt.WithExpires(time.Hour)}, ginjwt.ErrLifetime, "at most Config.AccessTokenExpires"},
		"an endless life":         {"alice", []ginjwt.TokenOption{ginjwt.WithExpires(ginjwt.NeverExpires)}, ginjwt.ErrLifetime, "at most Config.AccessTokenExpires"},
		"a session of the caller": {"alice", []ginjwt.TokenOption{ginjwt.WithClaims(ginjwt.Claims{"sid": "x"})}, ginjwt.ErrReservedClaim, "use CreateTokenPair"},
		"a generation":            {"alice", []ginjwt.TokenOption{ginjwt.WithClaims(ginjwt.Claims{"gen": 1})}, ginjwt.ErrReservedClaim, "use CreateTokenPair"},
	} {
		pair, err := mgr.CreateTokenPair(t.Context(), test.identity, test.opts...)
		require.ErrorIs(t, err, test.kind, name)
		assert.ErrorContains(t, err, test.text, name)
		assert.Zero(t, pair, name)
	}
	sessions, err := mgr.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	assert.Empty(t, sessions)
	_, err = mgr.CreateAccessToken(t.Context(), "alice", ginjwt.WithDevice("Firefox"))
	assert.EqualError(t, err, "ginjwt: WithDevice is for CreateTokenPair: it applies when a session begins")
}

// Without a store nothing is different from before; nothing rotates silently,
// or not at all.
func TestWithoutSessions(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	_, err := mgr.CreateTokenPair(t.Context(), "alice")
	require.ErrorIs(t, err, ginjwt.ErrNoSessions)
	refresh := jwttest.RefreshToken(t, mgr, "alice")
	refusedWith(t, mgr, refresh, ginjwt.ErrNoSessions)
	accepted(t, mgr, refresh)
	require.ErrorIs(t, mgr.EndSession(t.Context(), "id"), ginjwt.ErrNoSessions)
	require.ErrorIs(t, mgr.EndSessions(t.Context(), "alice"), ginjwt.ErrNoSessions)
	_, err = mgr.Sessions(t.Context(), "alice")
	require.ErrorIs(t, err, ginjwt.ErrNoSessions)
	own := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"sid": 7, "gen": "x"}))
	token, err := mgr.DecodeToken(t.Context(), own)
	require.NoError(t, err)
	assert.Empty(t, token.SessionID)
	require.NoError(t, mgr.EndSessionForToken(t.Context(), token), "the token is revoked")
	revoked(t, mgr, own)
}

func TestDevices(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	mgr, _ := newManager(t, config)
	for given, kept := range map[string]string{
		"Mozilla/5.0 (X11)":          "Mozilla/5.0 (X11)",
		"a\x00b\r\nc\x7f\u202ed\xff": "abcd",
		strings.Repeat("é", 200):     strings.Repeat("é", 127),
		strings.Repeat("x", 1<<20):   strings.Repeat("x", 255),
		"":                           "",
	} {
		pair, err := mgr.CreateTokenPair(t.Context(), "alice", ginjwt.WithDevice(given))
		require.NoError(t, err)
		sessions, err := mgr.Sessions(t.Context(), "alice")
		require.NoError(t, err)
		for _, s := range sessions {
			if s.ID == pair.SessionID {
				assert.Equal(t, kept, s.Device)
			}
		}
	}
}

func TestEndSession(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	mgr, _ := newManager(t, config)
	first, other := newPair(t, mgr), newPair(t, mgr)
	clock.Advance(tradable)
	second := mustRotate(t, mgr, first.RefreshToken)
	require.NoError(t, mgr.EndSession(t.Context(), first.SessionID))
	for _, pair := range []ginjwt.TokenPair{first, second} {
		revoked(t, mgr, pair.AccessToken)
		revoked(t, mgr, pair.RefreshToken)
		refusedWith(t, mgr, pair.RefreshToken, ginjwt.ErrRevokedToken)
	}
	accepted(t, mgr, other.AccessToken)
	mustRotate(t, mgr, other.RefreshToken)
	require.NoError(t, mgr.EndSession(t.Context(), first.SessionID), "a second time")

	clock.Advance(time.Hour) // the block of the session has expired
	refusedWith(t, mgr, second.RefreshToken, ginjwt.ErrRevokedToken)
}

// What was blocked is forgotten in time; the session stays ended.
func TestEndedSessionsStayEnded(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	config.Blocklist = forgetful{}
	mgr, _ := newManager(t, config)
	pair := newPair(t, mgr)
	require.NoError(t, mgr.EndSession(t.Context(), pair.SessionID))
	_, err := mgr.VerifyToken(t.Context(), pair.RefreshToken, ginjwt.Refresh())
	require.ErrorIs(t, err, ginjwt.ErrSessionEnded)
	refusedWith(t, mgr, pair.RefreshToken, ginjwt.ErrSessionEnded)
}

type forgetful struct{}

func (forgetful) Add(context.Context, string, time.Time) error      { return nil }
func (forgetful) Contains(context.Context, ...string) (bool, error) { return false, nil }

func TestEndSessions(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	mgr, _ := newManager(t, config)
	pairs := []ginjwt.TokenPair{newPair(t, mgr), newPair(t, mgr), newPair(t, mgr)}
	bob, err := mgr.CreateTokenPair(t.Context(), "bob")
	require.NoError(t, err)
	require.NoError(t, mgr.EndSessions(t.Context(), "alice", pairs[1].SessionID))
	revoked(t, mgr, pairs[0].AccessToken)
	accepted(t, mgr, pairs[1].AccessToken)
	revoked(t, mgr, pairs[2].AccessToken)
	require.NoError(t, mgr.EndSessions(t.Context(), "alice"))
	revoked(t, mgr, pairs[1].AccessToken)
	accepted(t, mgr, bob.AccessToken)
	mustRotate(t, mgr, bob.RefreshToken)
}

func TestMaxSessions(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	config.MaxSessions = 2
	mgr, _ := newManager(t, config)
	var pairs []ginjwt.TokenPair
	for range 4 {
		pairs = append(pairs, newPair(t, mgr))
		clock.Advance(time.Second)
	}
	revoked(t, mgr, pairs[0].AccessToken)
	revoked(t, mgr, pairs[1].AccessToken)
	accepted(t, mgr, pairs[2].AccessToken)
	accepted(t, mgr, pairs[3].AccessToken)
	sessions, err := mgr.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	require.Len(t, sessions, 2)
	assert.Equal(t, pairs[3].SessionID, sessions[0].ID, "the newest first")

	together := make(chan ginjwt.TokenPair, 32)
	for range cap(together) {
		go func() {
			pair, err := mgr.CreateTokenPair(context.Background(), "bob")
			assert.NoError(t, err)
			together <- pair
		}()
	}
	alive := 0
	for _, pair := range collect(together) {
		if _, err := mgr.VerifyToken(t.Context(), pair.AccessToken); err == nil {
			alive++
		}
	}
	assert.Equal(t, 2, alive, "of logins at the same time")
}

func collect[T any](results chan T) (all []T) {
	for range cap(results) {
		all = append(all, <-results)
	}
	return all
}

func TestSessionsOfLoginsThatFailed(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	store := &failingStore{SessionStore: config.Sessions}
	config.Sessions, config.MaxSessions = store, 1
	mgr, _ := newManager(t, config)
	first := newPair(t, mgr)
	store.failing = map[string]bool{"List": true}
	_, err := mgr.CreateTokenPair(t.Context(), "alice")
	require.ErrorIs(t, err, ginjwt.ErrUnavailable)
	store.failing = nil
	sessions, err := mgr.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	require.Len(t, sessions, 1)
	assert.Equal(t, first.SessionID, sessions[0].ID)
}

// failingStore fails in the methods that are named.
type failingStore struct {
	ginjwt.SessionStore
	failing map[string]bool
}

var errDown = errors.New("the store is down")

func (f *failingStore) Create(ctx context.Context, s ginjwt.Session) (bool, error) {
	if f.failing["Create"] {
		return false, errDown
	}
	return f.SessionStore.Create(ctx, s)
}

func (f *failingStore) Get(ctx context.Context, id string) (ginjwt.Session, bool, error) {
	if f.failing["Get"] {
		return ginjwt.Session{}, false, errDown
	}
	return f.SessionStore.Get(ctx, id)
}

func (f *failingStore) Replace(ctx context.Context, old, next ginjwt.Session) (bool, error) {
	if f.failing["Replace"] {
		return false, errDown
	}
	return f.SessionStore.Replace(ctx, old, next)
}

func (f *failingStore) Delete(ctx context.Context, id string) (bool, error) {
	if f.failing["Delete"] {
		return false, errDown
	}
	return f.SessionStore.Delete(ctx, id)
}

func (f *failingStore) List(ctx context.Context, realm, identity string) ([]ginjwt.Session, error) {
	if f.failing["List"] {
		return nil, errDown
	}
	return f.SessionStore.List(ctx, realm, identity)
}

func TestStoresThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	store := &failingStore{SessionStore: config.Sessions}
	config.Sessions = store
	mgr, engine := newManager(t, config)
	engine.POST("/refresh", mgr.RefreshRequired(), func(c *gin.Context) { c.Status(http.StatusNoContent) })
	engine.GET("/me", mgr.JWTRequired(), func(c *gin.Context) { c.Status(http.StatusNoContent) })
	pair := newPair(t, mgr)
	store.failing = map[string]bool{"Create": true, "Get": true, "Replace": true, "Delete": true, "List": true}

	_, err := mgr.CreateTokenPair(t.Context(), "alice")
	assert.ErrorIs(t, err, ginjwt.ErrUnavailable)
	assert.ErrorIs(t, err, errDown)
	refusedWith(t, mgr, pair.RefreshToken, ginjwt.ErrUnavailable)
	assert.ErrorIs(t, mgr.EndSession(t.Context(), pair.SessionID), ginjwt.ErrUnavailable)
	assert.ErrorIs(t, mgr.EndSessions(t.Context(), "alice"), ginjwt.ErrUnavailable)
	_, err = mgr.Sessions(t.Context(), "alice")
	assert.ErrorIs(t, err, ginjwt.ErrUnavailable)

	w := jwttest.Do(engine, "POST", "/refresh", jwttest.Bearer(pair.RefreshToken))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Equal(t, "{\"msg\":\"Service unavailable\"}\n", w.Body.String())
	w = jwttest.Do(engine, "GET", "/me", jwttest.Bearer(pair.AccessToken))
	assert.Equal(t, http.StatusNoContent, w.Code, "an access token costs no question")
}

func TestMistakesInSettingsOfSessions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*ginjwt.Config)
		text   string
	}{
		"grace without a store":    {func(c *ginjwt.Config) { c.Sessions, c.SessionGrace = nil, time.Second }, "ginjwt: SessionGrace (JWT_SESSION_GRACE): has no effect without a store of sessions; set Sessions"},
		"lifetime without a store": {func(c *ginjwt.Config) { c.Sessions, c.SessionLifetime = nil, time.Hour }, "ginjwt: SessionLifetime (JWT_SESSION_LIFETIME): has no effect without a store of sessions; set Sessions"},
		"limit without a store":    {func(c *ginjwt.Config) { c.Sessions, c.MaxSessions = nil, 3 }, "ginjwt: MaxSessions (JWT_MAX_SESSIONS): has no effect without a store of sessions; set Sessions"},
		"details without a store":  {func(c *ginjwt.Config) { c.Sessions, c.DetailedPairs = nil, true }, "ginjwt: DetailedPairs (JWT_DETAILED_PAIRS): has no effect without a store of sessions; set Sessions"},
		"negative limit":           {func(c *ginjwt.Config) { c.MaxSessions = -1 }, "ginjwt: MaxSessions (JWT_MAX_SESSIONS): must not be negative"},
		"short lifetime":           {func(c *ginjwt.Config) { c.SessionLifetime = 8 }, "ginjwt: SessionLifetime (JWT_SESSION_LIFETIME): must be at least a second, or zero for none (it is 8ns)"},
		"nil pointer":              {func(c *ginjwt.Config) { c.Sessions = (*ginjwt.MemorySessions)(nil) }, "ginjwt: Sessions: is a nil pointer"},
		"endless access tokens": {func(c *ginjwt.Config) { c.AccessTokenExpires = ginjwt.NeverExpires },
			"ginjwt: AccessTokenExpires (JWT_ACCESS_TOKEN_EXPIRES): must not be NeverExpires with Sessions, which remember an ended session for as long as its access tokens live; set a lifetime"},
		"endless refresh tokens": {func(c *ginjwt.Config) { c.RefreshTokenExpires = ginjwt.NeverExpires },
			"ginjwt: RefreshTokenExpires (JWT_REFRESH_TOKEN_EXPIRES): must not be NeverExpires with Sessions, which would never end; set a lifetime"},
		"identity in sid": {func(c *ginjwt.Config) { c.IdentityClaim = "sid" }, `ginjwt: IdentityClaim (JWT_IDENTITY_CLAIM): "sid" is a claim of sessions; use another name`},
	} {
		config, _ := sessionsConfig()
		test.change(&config)
		assert.EqualError(t, ginjwt.New(config).InitApp(nil), test.text, name)
	}
}

// payloadOf returns the JSON of the claims of a token.
func payloadOf(t *testing.T, encoded string) string {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(encoded, ".")[1])
	require.NoError(t, err)
	return string(payload)
}
