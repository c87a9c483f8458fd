package ginjwt_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// login starts an own session with a login at an issuer that has just been.
func (a *upstreamApp) login(t *testing.T, issuer, sid, subject string, opts ...ginjwt.TokenOption) ginjwt.TokenPair {
	t.Helper()
	return jwttest.TokenPair(t, a.mgr, "user-"+subject, append(opts, ginjwt.WithUpstream(issuer, sid, subject, a.clock.Now()))...)
}

// lives reports whether the tokens of a pair are good, all or none, and trades the
// refresh token.
func (a *upstreamApp) lives(t *testing.T, pair *ginjwt.TokenPair) bool {
	t.Helper()
	next, err := a.rotate(t, *pair)
	lives := a.get(pair.AccessToken) == 200
	assert.Equal(t, lives, err == nil, err)
	if err != nil {
		assert.ErrorIs(t, err, ginjwt.ErrRevokedToken)
		return false
	}
	*pair = next
	return lives
}

func (a *upstreamApp) rotate(t *testing.T, pair ginjwt.TokenPair) (ginjwt.TokenPair, error) {
	t.Helper()
	token, err := a.mgr.DecodeToken(t.Context(), pair.RefreshToken)
	require.NoError(t, err)
	return a.mgr.RotateTokens(t.Context(), token)
}

func TestUpstreamLogoutEndsOneSession(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t)
	phone, laptop := a.login(t, issuerA, "phone", "alice"), a.login(t, issuerA, "laptop", "alice")
	nameless, bob, b := a.login(t, issuerA, "", "alice"), a.login(t, issuerA, "x", "bob"), a.login(t, issuerB, "phone", "alice")
	own := jwttest.TokenPair(t, a.mgr, "user-alice")
	a.clock.Advance(5 * time.Minute)
	a.logOut(t, issuerA, jwt.MapClaims{"sid": "phone"})
	for range 3 {
		assert.False(t, a.lives(t, &phone))
		assert.False(t, a.lives(t, &nameless), "it may have begun with that session")
		for _, pair := range []*ginjwt.TokenPair{&laptop, &bob, &b, &own} {
			assert.True(t, a.lives(t, pair))
		}
		a.clock.Advance(5 * time.Minute)
	}
}

func TestUpstreamLogoutEndsSessionsThatBeganBefore(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t)
	first, named := a.login(t, issuerA, "", "alice"), a.login(t, issuerA, "phone", "alice")
	a.clock.Advance(14 * 24 * time.Hour) // it is the login that counts, and not the tokens
	for _, pair := range []*ginjwt.TokenPair{&first, &named} {
		next, err := a.rotate(t, *pair)
		require.NoError(t, err)
		*pair = next
	}
	logout := a.logoutToken(t, issuerA)
	a.clock.Advance(time.Second)
	since, sinceNamed := a.login(t, issuerA, "", "alice"), a.login(t, issuerA, "phone", "alice")
	for range 2 { // it comes late, and again
		require.Equal(t, 200, a.post(logout).Code)
		assert.False(t, a.lives(t, &first))
		assert.False(t, a.lives(t, &named))
		assert.True(t, a.lives(t, &since))
		assert.True(t, a.lives(t, &sinceNamed))
	}
}

// The "sid" of an own session is no session of an issuer.
func TestUpstreamLogoutByTheIDOfAnOwnSession(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t)
	own, fromB := jwttest.TokenPair(t, a.mgr, "alice"), a.login(t, issuerB, "s", "alice")
	for _, pair := range []*ginjwt.TokenPair{&own, &fromB} {
		a.logOut(t, issuerA, jwt.MapClaims{"sid": pair.SessionID})
		a.logOut(t, issuerA, jwt.MapClaims{"sid": pair.SessionID, "sub": "alice"})
		assert.True(t, a.lives(t, pair))
	}
}

func TestSessionsThatEndedUpstreamAreNotListed(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t, func(c *ginjwt.Config) { c.MaxSessions = 2 })
	mine := jwttest.TokenPair(t, a.mgr, "user-alice")
	a.clock.Advance(time.Second)
	phone := a.login(t, issuerA, "phone", "alice")
	listed := func() (ids []string) {
		sessions, err := a.mgr.Sessions(t.Context(), "user-alice")
		require.NoError(t, err)
		for _, s := range sessions {
			ids = append(ids, s.ID)
		}
		return ids
	}
	assert.Equal(t, []string{phone.SessionID, mine.SessionID}, listed())
	a.logOut(t, issuerA, jwt.MapClaims{"sid": "phone"})
	assert.Equal(t, []string{mine.SessionID}, listed())
	a.clock.Advance(time.Second)
	again := a.login(t, issuerA, "phone2", "alice")
	assert.Equal(t, []string{again.SessionID, mine.SessionID}, listed(), "what has ended counts for no MaxSessions")
	a.list.down.Store(true)
	_, err := a.mgr.Sessions(t.Context(), "user-alice")
	require.ErrorIs(t, err, ginjwt.ErrUnavailable)
}

// As long as no user has logged out upstream, one question does for all sessions of a list.
func TestQuestionsForAListOfSessions(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t)
	calls := func(live ...ginjwt.TokenPair) int64 {
		before := a.list.calls.Load()
		sessions, err := a.mgr.Sessions(t.Context(), "user-alice")
		require.NoError(t, err)
		var got, want []string
		for _, s := range sessions {
			got = append(got, s.ID)
		}
		for _, pair := range live {
			want = append(want, pair.SessionID)
		}
		assert.ElementsMatch(t, want, got)
		return a.list.calls.Load() - before
	}
	assert.EqualValues(t, 0, calls())
	own := jwttest.TokenPair(t, a.mgr, "user-alice")
	assert.EqualValues(t, 0, calls(own), "it did not begin elsewhere")
	phone, laptop, b := a.login(t, issuerA, "phone", "alice"), a.login(t, issuerA, "laptop", "alice"), a.login(t, issuerB, "x", "alice")
	assert.EqualValues(t, 1, calls(own, phone, laptop, b))
	a.logOut(t, issuerA, jwt.MapClaims{"sid": "laptop"})
	assert.EqualValues(t, 1+3, calls(own, phone, b), "which one it was is asked then")

	live := []ginjwt.TokenPair{own, phone, b}
	for range 100 {
		live = append(live, a.login(t, issuerB, "x", "alice"))
	}
	require.NoError(t, a.mgr.EndSession(t.Context(), laptop.SessionID))
	before := a.list.asked.Load()
	asked := calls(live...)
	assert.EqualValues(t, (a.list.asked.Load()-before+499)/500, asked, "500 IDs at most in one question")
	assert.Greater(t, asked, int64(1))
}

// Whichever of its questions fails, there is no list: a session that ended must not be in it.
func TestAListOfSessionsWhileTheBlocklistFails(t *testing.T) {
	t.Parallel()
	failing := &interposed{}
	a := newUpstreamApp(t, func(c *ginjwt.Config) { failing.list, c.Blocklist = c.Blocklist, failing })
	a.login(t, issuerA, "phone", "alice")
	a.login(t, issuerA, "laptop", "alice")
	a.logOut(t, issuerA, jwt.MapClaims{"sid": "phone"})
	for question := range 3 { // about both, about one, about the other
		failing.left, failing.act = question, func() { a.list.down.Store(true) }
		sessions, err := a.mgr.Sessions(t.Context(), "user-alice")
		require.ErrorIs(t, err, ginjwt.ErrUnavailable, question)
		assert.Empty(t, sessions)
		a.list.down.Store(false)
	}
}

// An issuer may log out a user before the service has answered the login.
func TestLogoutBeforeTheLoginIsFinished(t *testing.T) {
	t.Parallel()
	for _, claims := range []jwt.MapClaims{nil, {"sid": "s"}} {
		a := newUpstreamApp(t)
		idToken := a.clock.Now()
		a.clock.Advance(time.Second)
		a.logOut(t, issuerA, claims)
		a.clock.Advance(time.Second)
		_, err := a.mgr.CreateTokenPair(t.Context(), "user-alice", ginjwt.WithUpstream(issuerA, "s", "alice", idToken))
		require.ErrorIs(t, err, ginjwt.ErrSessionEnded)
		sessions, err := a.mgr.Sessions(t.Context(), "user-alice")
		require.NoError(t, err)
		assert.Empty(t, sessions)
		_, err = a.mgr.CreateTokenPair(t.Context(), "user-alice", ginjwt.WithUpstream(issuerA, "s2", "alice", a.clock.Now()))
		require.NoError(t, err, "a new login")
		a.list.down.Store(true)
		_, err = a.mgr.CreateTokenPair(t.Context(), "user-alice", ginjwt.WithUpstream(issuerA, "s3", "alice", a.clock.Now()))
		require.ErrorIs(t, err, ginjwt.ErrUnavailable)
	}
}

// A session that is not used has ended before its logout is forgotten.
func TestHowLongUpstreamLogoutsAreRemembered(t *testing.T) {
	t.Parallel()
	const refresh, leeway = 48 * time.Hour, 10 * time.Second
	dated := &datedBlocklist{}
	a := newUpstreamApp(t, func(c *ginjwt.Config) {
		dated.Now = c.Now
		c.Blocklist, c.RefreshTokenExpires, issuerNamed(c, issuerA).Leeway = dated, refresh, leeway
	})
	pair := a.login(t, issuerA, "s", "alice")
	a.logOut(t, issuerA, jwt.MapClaims{"sid": "s"})
	until := a.clock.Now().Add(refresh + time.Hour + leeway + time.Minute).UTC().Format(time.RFC3339Nano)
	added := dated.added()
	require.NotEmpty(t, added)
	for id, expires := range added {
		assert.Equal(t, until, expires, id)
	}
	for range 60 {
		token, err := a.mgr.DecodeToken(t.Context(), pair.RefreshToken)
		if err == nil {
			_, err = a.mgr.RotateTokens(t.Context(), token)
		}
		require.Error(t, err)
		a.clock.Advance(time.Hour)
	}
}

// Settings that change hold for sessions from before.
func TestUpstreamSessionsAfterASettingHasChanged(t *testing.T) {
	t.Parallel()
	sessions, clock := &ginjwt.MemorySessions{}, &jwttest.Clock{}
	sessions.Now = clock.Now
	app := func(refresh time.Duration, required ...string) *upstreamApp {
		a := newUpstreamApp(t, func(c *ginjwt.Config) {
			c.Now, c.Sessions, c.RefreshTokenExpires, issuerNamed(c, issuerA).RequiredClaims = clock.Now, sessions, refresh, required
		})
		a.clock, a.list.Now = clock, clock.Now
		return a
	}
	before, shorter, named := app(48*time.Hour), app(time.Hour), app(48*time.Hour, "sid")
	from, nameless := before.login(t, issuerA, "s", "alice"), before.login(t, issuerA, "", "alice")
	own := jwttest.TokenPair(t, before.mgr, "bob")
	clock.Advance(2 * time.Hour) // for shorter, a logout may have been forgotten since
	for _, test := range []struct {
		name string
		app  *upstreamApp
		pair ginjwt.TokenPair
		want error
	}{
		{"a shorter time", shorter, from, ginjwt.ErrSessionEnded},
		{"a shorter time, own", shorter, own, nil},
		{"all name their session", named, nameless, ginjwt.ErrSessionEnded}, // which no logout would find
		{"all name their session, and so does this", named, from, nil},
		{"all name their session, own", named, own, nil},
	} {
		_, err := test.app.rotate(t, test.pair)
		assert.ErrorIs(t, err, test.want, test.name)
	}
}

func TestWithUpstreamIsChecked(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t, func(c *ginjwt.Config) { issuerNamed(c, issuerB).RequiredClaims = []string{"sid"} })
	now := a.clock.Now()
	long := strings.Repeat("x", 256)
	const texts = "ginjwt: WithUpstream: strings must be UTF-8 without NUL, of at most 255 bytes"
	const time1 = `ginjwt: WithUpstream: the time is missing, or in the future; pass the "iat" of the ID token`
	const old = "ginjwt: WithUpstream: the ID token is older than MaxTokenAge of its issuer"
	const noLogout = "ginjwt: WithUpstream: the issuer is unknown, or has no LogoutAudience, so that its logouts would not end the session"
	for name, test := range map[string]struct {
		opts []ginjwt.TokenOption
		want string
	}{
		"an issuer that cannot log out": {[]ginjwt.TokenOption{ginjwt.WithUpstream(issuerC, "s", "alice", now)}, noLogout},
		"an unknown issuer":             {[]ginjwt.TokenOption{ginjwt.WithUpstream("https://d.example", "s", "alice", now)}, noLogout},
		"nothing":                       {[]ginjwt.TokenOption{ginjwt.WithUpstream("", "", "", time.Time{})}, noLogout},
		"no subject":                    {[]ginjwt.TokenOption{ginjwt.WithUpstream(issuerA, "s", "", now)}, `ginjwt: WithUpstream: the subject is empty; pass the "sub" of the ID token`},
		"no sid":                        {[]ginjwt.TokenOption{ginjwt.WithUpstream(issuerB, "", "alice", now)}, "ginjwt: WithUpstream: the sid is empty, but RequiredClaims of the issuer lists it"},
		"a long sid":                    {[]ginjwt.TokenOption{ginjwt.WithUpstream(issuerA, long, "alice", now)}, texts},
		"a long subject":                {[]ginjwt.TokenOption{ginjwt.WithUpstream(issuerA, "s", long, now)}, texts},
		"NUL":                           {[]ginjwt.TokenOption{ginjwt.WithUpstream(issuerA, "\x00", "alice", now)}, texts},
		"no UTF-8":                      {[]ginjwt.TokenOption{ginjwt.WithUpstream(issuerA, "s", "\xff", now)}, texts},
		"no time":                       {[]ginjwt.TokenOption{ginjwt.WithUpstream(issuerA, "s", "alice", time.Time{})}, time1},
		"the future":                    {[]ginjwt.TokenOption{ginjwt.WithUpstream(issuerA, "s", "alice", now.Add(2*time.Second))}, time1},
		"long ago":                      {[]ginjwt.TokenOption{ginjwt.WithUpstream(issuerA, "s", "alice", now.Add(-maxTokenAge-time.Second))}, old},
		"a session that may sleep long": {[]ginjwt.TokenOption{ginjwt.WithUpstream(issuerA, "s", "alice", now), ginjwt.WithIdleLifetime(31 * 24 * time.Hour)},
			ginjwt.ErrLifetime.Error() + ": WithIdleLifetime with WithUpstream is longer than Config.RefreshTokenExpires, and logouts are remembered only so long"},
	} {
		_, err := a.mgr.CreateTokenPair(t.Context(), "alice", test.opts...)
		assert.EqualError(t, err, test.want, name)
	}
	_, err := a.mgr.CreateAccessToken(t.Context(), "alice", ginjwt.WithUpstream(issuerA, "s", "alice", now))
	require.EqualError(t, err, "ginjwt: WithUpstream is for CreateTokenPair: it applies when a session begins")
	_, err = a.mgr.CreateAccessToken(t.Context(), "alice", ginjwt.WithClaims(ginjwt.Claims{"upstream": "x"}))
	require.ErrorIs(t, err, ginjwt.ErrReservedClaim)
	pair := a.login(t, issuerA, strings.Repeat("s", 255), strings.Repeat("a", 200), ginjwt.WithIdleLifetime(30*24*time.Hour))
	token, err := a.mgr.DecodeToken(t.Context(), pair.AccessToken)
	require.NoError(t, err)
	assert.NotContains(t, token.Claims()["upstream"], "aaa", "the holder learns nothing")
}

// A token of an own session that says where it began in a way that cannot be read is
// refused: no logout would find it.
func TestUpstreamClaimThatCannotBeRead(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
	mgr, engine := newManager(t, config)
	now := clock.Now().Unix()
	engine.GET("/", mgr.JWTRequired(), identify)
	signed := func(claims jwt.MapClaims) string {
		all := jwt.MapClaims{"sub": "alice", "type": "access", "jti": "1", "csrf": "x", "sid": "s", "gen": 1, "iat": now, "exp": now + 900}
		for name, value := range claims {
			all[name] = value
		}
		encoded, err := jwt.NewWithClaims(jwt.SigningMethodHS256, all).SignedString([]byte(config.SecretKey))
		require.NoError(t, err)
		return encoded
	}
	assert.Equal(t, 200, jwttest.Do(engine, "GET", "/", jwttest.Bearer(signed(nil))).Code)
	for _, bad := range []any{"", "x", 7, map[string]any{}, "a.b.1"} {
		assert.Equal(t, `Token has no valid "upstream" claim`, refusalOf(t, mgr, signed(jwt.MapClaims{"upstream": bad})), bad)
	}
}

// interposed is a store of sessions, and a blocklist, that call something before the n-th
// call of either, so that it happens in the middle of what calls them.
type interposed struct {
	ginjwt.SessionStore
	list  ginjwt.Blocklist
	left  int // calls until then
	calls int
	act   func()
}

func (i *interposed) step() {
	i.calls++
	if act := i.act; act != nil {
		if i.left == 0 {
			i.act = nil
			act()
		}
		i.left--
	}
}

func (i *interposed) Create(ctx context.Context, s ginjwt.Session) (bool, error) {
	i.step()
	return i.SessionStore.Create(ctx, s)
}

func (i *interposed) Get(ctx context.Context, id string) (ginjwt.Session, bool, error) {
	i.step()
	return i.SessionStore.Get(ctx, id)
}

func (i *interposed) Replace(ctx context.Context, old, next ginjwt.Session) (bool, error) {
	i.step()
	return i.SessionStore.Replace(ctx, old, next)
}

func (i *interposed) Delete(ctx context.Context, id string) (bool, error) {
	i.step()
	return i.SessionStore.Delete(ctx, id)
}

func (i *interposed) List(ctx context.Context, realm, identity string) ([]ginjwt.Session, error) {
	i.step()
	return i.SessionStore.List(ctx, realm, identity)
}

func (i *interposed) Add(ctx context.Context, id string, expires time.Time) error {
	i.step()
	return i.list.Add(ctx, id, expires)
}

func (i *interposed) Contains(ctx context.Context, ids ...string) (bool, error) {
	i.step()
	return i.list.Contains(ctx, ids...)
}

// A logout comes in the middle of a login, a refresh or the use of a token, and each of
// these in the middle of a logout, before each call of a store: in the end nothing is good that began
// before the logout, and all that began after it.
func TestLogoutsAtTheSameTime(t *testing.T) {
	t.Parallel()
	kinds := map[string]jwt.MapClaims{"of the session": {"sid": "s"}, "of the user": nil}
	acts := map[string]func(*race, *testing.T) error{
		"login": (*race).login, "refresh": (*race).refresh, "use": (*race).use,
	}
	for kind, claims := range kinds {
		for name, act := range acts {
			for _, logoutFirst := range []bool{false, true} {
				for at, more := 0, true; more; at++ {
					require.Less(t, at, 100)
					r := newRace(t, claims)
					outer, inner := act, (*race).logout
					if logoutFirst {
						outer, inner = inner, act
					}
					r.stores.left, r.stores.act = at, func() { _ = inner(r, t) }
					_ = outer(r, t)
					more = r.stores.act == nil
					if more {
						assert.True(t, r.allEnded(t), "%s in a logout %s, at %d: %v", name, kind, at, logoutFirst)
						assert.True(t, r.newLoginLives(t), "%s in a logout %s, at %d: %v", name, kind, at, logoutFirst)
					}
				}
			}
		}
	}
}

// race is an application in which something happens while something else does.
type race struct {
	*upstreamApp
	stores   *interposed
	idToken  time.Time
	encoded  string // the logout token
	pairs    []ginjwt.TokenPair
	answered int // of the logout
}

func newRace(t *testing.T, claims jwt.MapClaims) *race {
	t.Helper()
	r := &race{stores: &interposed{}}
	r.upstreamApp = newUpstreamApp(t, func(c *ginjwt.Config) {
		r.stores.SessionStore, r.stores.list = c.Sessions, c.Blocklist
		c.Sessions, c.Blocklist, c.SessionGrace = r.stores, r.stores, time.Second
	})
	r.idToken = r.clock.Now()
	require.NoError(t, r.login(t))
	r.clock.Advance(time.Minute)
	r.encoded = r.logoutToken(t, issuerA, claims)
	r.clock.Advance(time.Second)
	r.stores.calls = 0
	return r
}

func (r *race) login(t *testing.T) error {
	t.Helper()
	pair, err := r.mgr.CreateTokenPair(t.Context(), "user", ginjwt.WithUpstream(issuerA, "s", "alice", r.idToken))
	if err == nil {
		r.pairs = append(r.pairs, pair)
	}
	return err
}

func (r *race) refresh(t *testing.T) error {
	t.Helper()
	pair, err := r.rotate(t, r.pairs[0])
	if err == nil {
		r.pairs = append(r.pairs, pair)
	}
	return err
}

func (r *race) use(t *testing.T) error {
	t.Helper()
	r.get(r.pairs[0].AccessToken)
	return nil
}

func (r *race) logout(t *testing.T) error {
	t.Helper()
	if r.answered = r.post(r.encoded).Code; r.answered != 200 {
		return errors.New("it was refused")
	}
	return nil
}

func (r *race) allEnded(t *testing.T) bool {
	t.Helper()
	for _, pair := range r.pairs {
		if r.answered != 200 || r.get(pair.AccessToken) != 401 {
			return false
		}
		if _, err := r.rotate(t, pair); !errors.Is(err, ginjwt.ErrRevokedToken) {
			return false
		}
	}
	return true
}

func (r *race) newLoginLives(t *testing.T) bool {
	t.Helper()
	pair := r.upstreamApp.login(t, issuerA, "s2", "alice")
	return r.lives(t, &pair)
}
