package ginjwt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

var errStoreDown = errors.New("dial tcp 127.0.0.1:6379: connection refused")

// switchedSessions are sessions in memory whose store can be switched off.
type switchedSessions struct {
	ginjwt.MemorySessions
	down    atomic.Bool
	replace func() // if there is one, is called before Replace
	cancels bool   // Replace is not made for a client that has gone away
}

func (s *switchedSessions) err() error {
	if s.down.Load() {
		return errStoreDown
	}
	return nil
}

func (s *switchedSessions) Create(ctx context.Context, session ginjwt.Session) (bool, error) {
	if err := s.err(); err != nil {
		return false, err
	}
	return s.MemorySessions.Create(ctx, session)
}

func (s *switchedSessions) Get(ctx context.Context, id string) (ginjwt.Session, bool, error) {
	if err := s.err(); err != nil {
		return ginjwt.Session{}, false, err
	}
	return s.MemorySessions.Get(ctx, id)
}

func (s *switchedSessions) Replace(ctx context.Context, old, next ginjwt.Session) (bool, error) {
	if err := s.err(); err != nil {
		return false, err
	}
	if s.replace != nil {
		s.replace()
	}
	if err := ctx.Err(); err != nil && s.cancels {
		return false, err
	}
	return s.MemorySessions.Replace(ctx, old, next)
}

func (s *switchedSessions) Delete(ctx context.Context, id string) (bool, error) {
	if err := s.err(); err != nil {
		return false, err
	}
	return s.MemorySessions.Delete(ctx, id)
}

func (s *switchedSessions) List(ctx context.Context, realm, identity string) ([]ginjwt.Session, error) {
	if err := s.err(); err != nil {
		return nil, err
	}
	return s.MemorySessions.List(ctx, realm, identity)
}

// switchedBlocklist is one in memory that can be switched off.
type switchedBlocklist struct {
	ginjwt.MemoryBlocklist
	down atomic.Bool
}

func (b *switchedBlocklist) Add(ctx context.Context, id string, expires time.Time) error {
	if b.down.Load() {
		return errStoreDown
	}
	return b.MemoryBlocklist.Add(ctx, id, expires)
}

func (b *switchedBlocklist) Contains(ctx context.Context, ids ...string) (bool, error) {
	if b.down.Load() {
		return false, errStoreDown
	}
	return b.MemoryBlocklist.Contains(ctx, ids...)
}

// handlersApp is an application with all handlers on routes, and alice logged
// in to it.
type handlersApp struct {
	clock    *jwttest.Clock
	sessions *switchedSessions
	blocked  *switchedBlocklist
	mgr      *ginjwt.JWTManager
	engine   *gin.Engine
	pair     ginjwt.TokenPair
	lookups  atomic.Int64 // of users
	seen     error        // the last in c.Errors
}

func newHandlersApp(t *testing.T, setup ...func(*ginjwt.JWTManager)) *handlersApp {
	t.Helper()
	a := &handlersApp{clock: &jwttest.Clock{}, sessions: &switchedSessions{}, blocked: &switchedBlocklist{}}
	a.sessions.Now, a.blocked.Now = a.clock.Now, a.clock.Now
	config := jwttest.Config(a.clock)
	config.Sessions, config.Blocklist = a.sessions, a.blocked
	config.TokenLocation = []ginjwt.Location{ginjwt.InQueryString, ginjwt.InJSON, ginjwt.InHeaders, ginjwt.InCookies}
	config.RefreshCookiePath = "/refresh"
	setup = append(setup, func(mgr *ginjwt.JWTManager) { mgr.UserLookupLoader(a.user) })
	a.mgr, a.engine = newManager(t, config, setup...)
	a.engine.Use(func(c *gin.Context) {
		c.Next()
		if len(c.Errors) > 0 {
			a.seen = c.Errors.Last().Err
		}
	})
	authorized := func(c *gin.Context) bool { return c.GetHeader("X-Service") == "billing" }
	a.engine.POST("/refresh", a.mgr.RefreshHandler())
	a.engine.POST("/refresh/both", a.mgr.RefreshHandler(ginjwt.RequireAccessToken()))
	a.engine.POST("/logout", a.mgr.JWTRequired(ginjwt.AnyType(), ginjwt.Optional()), a.mgr.LogoutHandler())
	a.engine.POST("/refresh/logout", a.mgr.RefreshRequired(), a.mgr.LogoutHandler())
	a.engine.POST("/logout/all", a.mgr.JWTRequired(ginjwt.Optional()), a.mgr.LogoutAllHandler())
	a.engine.GET("/sessions", a.mgr.JWTRequired(ginjwt.Optional()), a.mgr.SessionsHandler())
	a.engine.DELETE("/sessions/:id", a.mgr.JWTRequired(ginjwt.Optional()), a.mgr.EndSessionHandler())
	a.engine.Any("/revoke", a.mgr.RevocationHandler())
	a.engine.Any("/introspect", a.mgr.IntrospectionHandler(authorized))
	a.engine.GET("/me", a.mgr.JWTRequired(), identify)
	a.pair = a.login(t, "alice")
	return a
}

// user looks up whom the application knows.
func (a *handlersApp) user(_ context.Context, token *ginjwt.Token) (any, error) {
	a.lookups.Add(1)
	switch token.Identity {
	case "nobody":
		return nil, nil
	case "fails":
		return nil, errors.New("secret detail")
	}
	return token.Identity, nil
}

func (a *handlersApp) login(t *testing.T, identity string, opts ...ginjwt.TokenOption) ginjwt.TokenPair {
	t.Helper()
	pair, err := a.mgr.CreateTokenPair(t.Context(), identity, opts...)
	require.NoError(t, err)
	return pair
}

// loginByCookies returns the response of a login that sets cookies.
func (a *handlersApp) loginByCookies(t *testing.T) *httptest.ResponseRecorder {
	t.Helper()
	c, w := cookieContext()
	require.NoError(t, a.mgr.SetAccessCookies(c, a.pair.AccessToken))
	require.NoError(t, a.mgr.SetRefreshCookies(c, a.pair.RefreshToken))
	return w
}

// generation returns that of a session, zero if there is none.
func (a *handlersApp) generation(t *testing.T, id string) int64 {
	t.Helper()
	s, _, err := a.sessions.MemorySessions.Get(t.Context(), id)
	require.NoError(t, err)
	return s.Generation
}

// rotate trades a refresh token, or fails the test.
func (a *handlersApp) rotate(t *testing.T, refresh string) ginjwt.TokenPair {
	t.Helper()
	token, err := a.mgr.DecodeToken(t.Context(), refresh)
	require.NoError(t, err)
	pair, err := a.mgr.RotateTokens(t.Context(), token)
	require.NoError(t, err)
	return pair
}

// signedWith signs any claims with a key of the test's.
func signedWith(t *testing.T, secret string, claims jwt.MapClaims) string {
	t.Helper()
	encoded, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	require.NoError(t, err)
	return encoded
}

// claimsIn returns the claims of a token, numbers as they are written.
func claimsIn(t *testing.T, encoded string) jwt.MapClaims {
	t.Helper()
	_, payload := parts(t, encoded)
	claims := jwt.MapClaims{}
	d := json.NewDecoder(strings.NewReader(payload))
	d.UseNumber()
	require.NoError(t, d.Decode(&claims))
	return claims
}

// changed signs the claims of a token again, some replaced.
func (a *handlersApp) changed(t *testing.T, encoded, secret string, namesAndValues ...any) string {
	t.Helper()
	claims := claimsIn(t, encoded)
	for i := 0; i < len(namesAndValues); i += 2 {
		claims[namesAndValues[i].(string)] = namesAndValues[i+1]
	}
	return signedWith(t, secret, claims)
}

func appSecret() string { return jwttest.Config(nil).SecretKey }

var otherSecret = strings.Repeat("attacker", 8)

// A carrier puts a refresh token in a request.
type carrier struct {
	name string
	put  func(t *testing.T, encoded string) []jwttest.RequestOption
}

var carriers = []carrier{
	{"header", func(_ *testing.T, encoded string) []jwttest.RequestOption {
		return []jwttest.RequestOption{jwttest.Bearer(encoded)}
	}},
	{"cookie", func(t *testing.T, encoded string) []jwttest.RequestOption {
		t.Helper()
		csrf := claimsIn(t, encoded)["csrf"].(string)
		return []jwttest.RequestOption{jwttest.Header("Cookie", "refresh_token_cookie="+encoded), jwttest.Header("X-CSRF-TOKEN", csrf)}
	}},
	{"JSON", func(_ *testing.T, encoded string) []jwttest.RequestOption {
		return []jwttest.RequestOption{jwttest.JSON(`{"refresh_token":"` + encoded + `"}`)}
	}},
	{"form", func(_ *testing.T, encoded string) []jwttest.RequestOption {
		return []jwttest.RequestOption{jwttest.Form("grant_type", "refresh_token", "refresh_token", encoded)}
	}},
}

// anyUUID is one of any version that tokens have.
var anyUUID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[248][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)

// checkPair compares all that is in the tokens of a pair but its random IDs.
func (a *handlersApp) checkPair(t *testing.T, access, refresh, identity string, generation int64) {
	t.Helper()
	now := a.clock.Now().Unix()
	_, payload := parts(t, access)
	assert.Equal(t, fmt.Sprintf(`{"fresh":false,"iat":%d,"jti":"UUID","type":"access","sub":%q,"nbf":%d,"csrf":"UUID","exp":%d,"sid":"UUID","gen":%d}`,
		now, identity, now, now+900, generation), anyUUID.ReplaceAllString(payload, "UUID"))
	_, payload = parts(t, refresh)
	assert.Equal(t, fmt.Sprintf(`{"fresh":false,"iat":%d,"jti":"UUID","type":"refresh","sub":%q,"nbf":%d,"csrf":"UUID","exp":%d,"sid":"UUID","gen":%d}`,
		now, identity, now, now+30*24*3600, generation), anyUUID.ReplaceAllString(payload, "UUID"))
	assert.Equal(t, claimsIn(t, refresh)["sid"], claimsIn(t, access)["sid"])
	assert.Equal(t, claimsIn(t, a.pair.RefreshToken)["csrf"], claimsIn(t, access)["csrf"])
	assert.Equal(t, claimsIn(t, a.pair.RefreshToken)["csrf"], claimsIn(t, refresh)["csrf"])
}

// keptOutOfCaches compares the headers that all answers of these handlers have.
func keptOutOfCaches(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	assert.Equal(t, []string{"no-store"}, w.Header().Values("Cache-Control"))
	assert.Equal(t, []string{"no-cache"}, w.Header().Values("Pragma"))
}

func TestRefreshHandlerAnswersAPair(t *testing.T) {
	t.Parallel()
	for _, from := range carriers {
		if from.name == "cookie" {
			continue
		}
		t.Run(from.name, func(t *testing.T) {
			t.Parallel()
			a := newHandlersApp(t)
			a.clock.Advance(time.Hour)
			w := jwttest.Do(a.engine, "POST", "/refresh", from.put(t, a.pair.RefreshToken)...)
			var pair ginjwt.TokenPair
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &pair))
			a.checkPair(t, pair.AccessToken, pair.RefreshToken, "alice", 2)
			assert.Equal(t, 200, w.Code)
			assert.Equal(t, `{"access_token":"`+pair.AccessToken+`","token_type":"Bearer","expires_in":900,"refresh_token":"`+pair.RefreshToken+`"}`+"\n", w.Body.String())
			assert.Equal(t, http.Header{
				"Cache-Control": {"no-store"}, "Pragma": {"no-cache"}, "Content-Type": {"application/json"},
			}, w.Header())
			assert.Equal(t, a.pair.SessionID, claimsIn(t, pair.RefreshToken)["sid"])
			assert.Equal(t, int64(2), a.generation(t, a.pair.SessionID))
			assert.Equal(t, int64(1), a.lookups.Load(), "the user is looked up once")
			assert.Equal(t, "alice", jwttest.Do(a.engine, "GET", "/me", jwttest.Bearer(pair.AccessToken)).Body.String())
		})
	}
}

func TestRefreshHandlerKeepsTokensInCookies(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	login := a.loginByCookies(t)
	a.clock.Advance(time.Hour)
	w := jwttest.Do(a.engine, "POST", "/refresh", jwttest.RefreshCookies(login))
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, `{"token_type":"Bearer","expires_in":900}`+"\n", w.Body.String())
	keptOutOfCaches(t, w)

	cookies := w.Result().Cookies()
	require.Len(t, cookies, 5)
	access, refresh := cookies[1].Value, cookies[3].Value
	a.checkPair(t, access, refresh, "alice", 2)
	assert.Equal(t, []string{
		"refresh_token_cookie=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
		"access_token_cookie=" + access + "; Path=/; HttpOnly; Secure; SameSite=Lax",
		"csrf_access_token=" + claimsIn(t, access)["csrf"].(string) + "; Path=/; Secure; SameSite=Lax",
		"refresh_token_cookie=" + refresh + "; Path=/refresh; HttpOnly; Secure; SameSite=Lax",
		"csrf_refresh_token=" + claimsIn(t, refresh)["csrf"].(string) + "; Path=/; Secure; SameSite=Lax",
	}, w.Header().Values("Set-Cookie"))

	a.clock.Advance(tradable)
	again := jwttest.Do(a.engine, "POST", "/refresh", jwttest.RefreshCookies(login, w))
	assert.Equal(t, 200, again.Code)
	assert.Equal(t, int64(3), a.generation(t, a.pair.SessionID))
	assert.Equal(t, "alice", jwttest.Do(a.engine, "GET", "/me", jwttest.Cookies(login, w, again)).Body.String())
}

func TestRefreshHandlerDemandsCSRFValues(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	login := a.loginByCookies(t)
	a.clock.Advance(tradable)
	none := func(r *http.Request) { r.Header.Del("X-CSRF-TOKEN") }
	for _, test := range []struct {
		name string
		opts []jwttest.RequestOption
		body string
	}{
		{"none", []jwttest.RequestOption{jwttest.RefreshCookies(login), none}, "Missing CSRF token"},
		{"none, in a form of a site", []jwttest.RequestOption{jwttest.Form("a", "b"), jwttest.RefreshCookies(login), none}, "Missing CSRF token"},
		{"that of another session", []jwttest.RequestOption{jwttest.RefreshCookies(login), jwttest.Header("X-CSRF-TOKEN", a.login(t, "alice").CSRF)}, "CSRF double submit tokens do not match"},
	} {
		w := jwttest.Do(a.engine, "POST", "/refresh", test.opts...)
		assert.Equal(t, 401, w.Code, test.name)
		assert.Equal(t, `{"msg":"`+test.body+`"}`+"\n", w.Body.String(), test.name)
		assert.Empty(t, w.Header().Values("Set-Cookie"), test.name)
		keptOutOfCaches(t, w)
	}
	assert.Equal(t, int64(1), a.generation(t, a.pair.SessionID))
}

// refreshRefusal is a refresh token that is refused, whatever carries it.
type refreshRefusal struct {
	name  string
	token func(t *testing.T, a *handlersApp) string

	status             int // in the default profile
	msg                string
	bearer             int // in that of RFC 6750
	code, text         string
	form               int // by RFC 6749
	formCode, formText string
	alive              int64 // the generation that the session of alice has then
	logged             error // in c.Errors, for the application
	reason             string
}

const badGrant = "The token is invalid, expired or revoked"

var refreshRefusals = []refreshRefusal{
	{"forged", func(t *testing.T, a *handlersApp) string {
		return a.changed(t, a.pair.RefreshToken, otherSecret)
	}, 422, "Signature verification failed", 401, "invalid_token", "The token is not valid", 400, "invalid_grant", badGrant, 1, ginjwt.ErrInvalidToken, "signature_invalid"},
	{"expired", func(_ *testing.T, a *handlersApp) string {
		a.clock.Advance(30 * 24 * time.Hour)
		return a.pair.RefreshToken
	}, 401, "Token has expired", 401, "invalid_token", "The token has expired", 400, "invalid_grant", badGrant, 1, ginjwt.ErrExpiredToken, "token_expired"},
	{"access token", func(_ *testing.T, a *handlersApp) string {
		return a.pair.AccessToken
	}, 422, "Only refresh tokens are allowed", 401, "invalid_token", "The token is not valid", 400, "invalid_grant", badGrant, 1, ginjwt.ErrWrongToken, "token_wrong_type"},
	{"used before", func(t *testing.T, a *handlersApp) string {
		a.clock.Advance(tradable)
		a.rotate(t, a.pair.RefreshToken)
		a.clock.Advance(grace)
		return a.pair.RefreshToken
	}, 401, "Refresh token has already been used", 401, "invalid_token", "The session has ended", 400, "invalid_grant", badGrant, 0, ginjwt.ErrSessionReused, "session_reused"},
	{"of a session that was ended", func(t *testing.T, a *handlersApp) string {
		require.NoError(t, a.mgr.EndSession(t.Context(), a.pair.SessionID))
		return a.pair.RefreshToken
	}, 401, "Token has been revoked", 401, "invalid_token", "The token has been revoked", 400, "invalid_grant", badGrant, 0, ginjwt.ErrRevokedToken, "token_revoked"},
	{"of a session that is gone", func(t *testing.T, a *handlersApp) string {
		_, err := a.sessions.Delete(t.Context(), a.pair.SessionID)
		require.NoError(t, err)
		return a.pair.RefreshToken
	}, 401, "Session has ended", 401, "invalid_token", "The session has ended", 400, "invalid_grant", badGrant, 0, ginjwt.ErrSessionEnded, "session_ended"},
	{"revoked", func(t *testing.T, a *handlersApp) string {
		require.NoError(t, a.blocked.Add(t.Context(), claimsIn(t, a.pair.RefreshToken)["jti"].(string), time.Time{}))
		return a.pair.RefreshToken
	}, 401, "Token has been revoked", 401, "invalid_token", "The token has been revoked", 400, "invalid_grant", badGrant, 1, ginjwt.ErrRevokedToken, "token_revoked"},
	{"of nobody", func(t *testing.T, a *handlersApp) string {
		return a.login(t, "nobody").RefreshToken
	}, 401, "Error loading the user nobody", 401, "invalid_token", "The token is not valid", 400, "invalid_grant", badGrant, 1, ginjwt.ErrUserLookup, "user_not_found"},
	{"sessions are down", func(_ *testing.T, a *handlersApp) string {
		a.sessions.down.Store(true)
		return a.pair.RefreshToken
	}, 503, "Service unavailable", 503, "temporarily_unavailable", "Service unavailable", 503, "temporarily_unavailable", "Try again", 1, errStoreDown, "store_unavailable"},
	{"the blocklist is down", func(_ *testing.T, a *handlersApp) string {
		a.blocked.down.Store(true)
		return a.pair.RefreshToken
	}, 503, "Service unavailable", 503, "temporarily_unavailable", "Service unavailable", 503, "temporarily_unavailable", "Try again", 1, errStoreDown, "store_unavailable"},
	{"the lookup of users fails", func(t *testing.T, a *handlersApp) string {
		return a.login(t, "fails").RefreshToken
	}, 500, "Internal server error", 500, "server_error", "Internal server error", 500, "server_error", "Internal server error", 1, ginjwt.ErrCallback, "internal_error"},
}

// oauthBody is what RFC 6749 says.
func oauthBody(code, text string) string {
	return `{"error":"` + code + `","error_description":"` + text + `"}` + "\n"
}

// bearerBody is what BearerError answers.
func bearerBody(code, text, reason string) string {
	return `{"error":"` + code + `","error_description":"` + text + `","reason":"` + reason + `"}`
}

func TestRefreshHandlerRefuses(t *testing.T) {
	t.Parallel()
	bearer := func(mgr *ginjwt.JWTManager) { mgr.ErrorLoader(ginjwt.BearerError) }
	for _, test := range refreshRefusals {
		for _, from := range carriers {
			t.Run(test.name+" in a "+from.name, func(t *testing.T) {
				t.Parallel()
				if from.name == "form" { // answered by RFC 6749, whatever the profile
					test.refuse(t, newHandlersApp(t), from, test.form, oauthBody(test.formCode, test.formText))
					test.refuse(t, newHandlersApp(t, bearer), from, test.form, oauthBody(test.formCode, test.formText))
					return
				}
				test.refuse(t, newHandlersApp(t), from, test.status, `{"msg":"`+test.msg+`"}`+"\n")
				test.refuse(t, newHandlersApp(t, bearer), from, test.bearer, bearerBody(test.code, test.text, test.reason))
			})
		}
	}
}

func (test refreshRefusal) refuse(t *testing.T, a *handlersApp, from carrier, status int, body string) {
	t.Helper()
	encoded := test.token(t, a)
	w := jwttest.Do(a.engine, "POST", "/refresh", from.put(t, encoded)...)
	assert.Equal(t, status, w.Code)
	assert.Equal(t, body, w.Body.String())
	keptOutOfCaches(t, w)
	assert.Empty(t, w.Header().Values("Set-Cookie"))
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), `, reason="`+test.reason+`"`)
	assert.Equal(t, from.name == "form" && status == 503, w.Header().Get("Retry-After") == "1")
	require.ErrorIs(t, a.seen, test.logged)
	assert.Equal(t, test.alive, a.generation(t, a.pair.SessionID))
}

func TestRefreshHandlerWithoutAToken(t *testing.T) {
	t.Parallel()
	const missing = "Missing JWT in json, headers or cookies (Invalid content-type. Must be application/json.; " +
		`Missing Authorization Header; Missing cookie "refresh_token_cookie")`
	a := newHandlersApp(t)
	b := newHandlersApp(t, func(mgr *ginjwt.JWTManager) { mgr.ErrorLoader(ginjwt.BearerError) })
	for _, test := range []struct {
		name, target string
		opts         func(refresh string) []jwttest.RequestOption
	}{
		{"nothing", "/refresh", func(string) []jwttest.RequestOption { return nil }},
		{"in the query", "/refresh?jwt=TOKEN&refresh_token=TOKEN&grant_type=refresh_token", func(string) []jwttest.RequestOption { return nil }},
		{"in the query, beside a form", "/refresh?jwt=TOKEN&refresh_token=TOKEN&grant_type=refresh_token", func(string) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.Form("a", "b")}
		}},
		{"in the cookie of access tokens", "/refresh", func(refresh string) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.Header("Cookie", "access_token_cookie="+refresh)}
		}},
		{"in a form of another type", "/refresh", func(refresh string) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.Form("grant_type", "refresh_token", "refresh_token", refresh), jwttest.Header("Content-Type", "text/plain")}
		}},
	} {
		w := jwttest.Do(a.engine, "POST", strings.ReplaceAll(test.target, "TOKEN", a.pair.RefreshToken), test.opts(a.pair.RefreshToken)...)
		assert.Equal(t, 401, w.Code, test.name)
		flask, err := json.Marshal(gin.H{"msg": missing})
		require.NoError(t, err)
		assert.Equal(t, string(flask)+"\n", w.Body.String(), test.name)
		keptOutOfCaches(t, w)
		assert.Equal(t, `Bearer realm="api", reason="token_missing"`, w.Header().Get("WWW-Authenticate"), test.name)

		w = jwttest.Do(b.engine, "POST", strings.ReplaceAll(test.target, "TOKEN", b.pair.RefreshToken), test.opts(b.pair.RefreshToken)...)
		assert.Equal(t, 401, w.Code, test.name)
		assert.Equal(t, `{"reason":"token_missing"}`, w.Body.String(), test.name)
		keptOutOfCaches(t, w)
	}
	assert.Equal(t, int64(1), a.generation(t, a.pair.SessionID))
	assert.Equal(t, int64(1), b.generation(t, b.pair.SessionID))
}

func TestRefreshHandlerRefusesFormsOfRFC6749(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	refresh := a.pair.RefreshToken
	for _, test := range []struct {
		name       string
		fields     []string
		code, text string
	}{
		{"no grant_type", []string{"refresh_token", refresh}, "invalid_request", "Missing parameter: grant_type"},
		{"empty grant_type", []string{"grant_type", "", "refresh_token", refresh}, "invalid_request", "Missing parameter: grant_type"},
		{"no refresh_token", []string{"grant_type", "refresh_token"}, "invalid_request", "Missing parameter: refresh_token"},
		{"empty refresh_token", []string{"grant_type", "refresh_token", "refresh_token", ""}, "invalid_request", "Missing parameter: refresh_token"},
		{"other grant_type", []string{"grant_type", "password", "refresh_token", refresh}, "unsupported_grant_type", "Only refresh_token is supported"},
		{"grant_type in another case", []string{"grant_type", "Refresh_Token", "refresh_token", refresh}, "unsupported_grant_type", "Only refresh_token is supported"},
		{"grant_type twice", []string{"grant_type", "refresh_token", "grant_type", "refresh_token", "refresh_token", refresh}, "invalid_request", "Parameters must not be repeated: grant_type"},
		{"refresh_token twice", []string{"grant_type", "refresh_token", "refresh_token", refresh, "refresh_token", refresh}, "invalid_request", "Parameters must not be repeated: refresh_token"},
		{"another twice", []string{"grant_type", "refresh_token", "refresh_token", refresh, "sc\"o\\p\ne\x00é", "a", "sc\"o\\p\ne\x00é", "a"}, "invalid_request", "Parameters must not be repeated: sc?o?p?e??"},
		{"a long one twice", []string{"grant_type", "refresh_token", strings.Repeat("s", 99), "a", strings.Repeat("s", 99), "a"}, "invalid_request", "Parameters must not be repeated: " + strings.Repeat("s", 50)},
		{"no token", []string{"grant_type", "refresh_token", "refresh_token", "x"}, "invalid_grant", badGrant},
		{"a good token in quotes", []string{"grant_type", "refresh_token", "refresh_token", `"` + refresh + `"`}, "invalid_grant", badGrant},
	} {
		w := jwttest.Do(a.engine, "POST", "/refresh", jwttest.Form(test.fields...), jwttest.Header("Cookie", "refresh_token_cookie="+refresh))
		assert.Equal(t, 400, w.Code, test.name)
		assert.Equal(t, oauthBody(test.code, test.text), w.Body.String(), test.name)
		header := http.Header{"Cache-Control": {"no-store"}, "Pragma": {"no-cache"}, "Content-Type": {"application/json"}}
		if test.code == "invalid_grant" { // the token, not the form
			header.Set("WWW-Authenticate", `Bearer realm="api", error="invalid_token", error_description="The token is not valid", reason="token_malformed"`)
		}
		assert.Equal(t, header, w.Header(), test.name)
	}
	assert.Equal(t, int64(1), a.generation(t, a.pair.SessionID))

	others := []string{"grant_type", "refresh_token", "refresh_token", refresh, "client_id", "app", "scope", "read"}
	assert.Equal(t, 200, jwttest.Do(a.engine, "POST", "/refresh", jwttest.Form(others...)).Code, "other parameters are for others")
}

func TestRefreshHandlerWhenTheNewTokensCannotBeMade(t *testing.T) {
	t.Parallel()
	fails := func(mgr *ginjwt.JWTManager) {
		var calls atomic.Int64
		mgr.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) {
			if calls.Add(1) > 2 {
				return nil, errors.New("secret detail")
			}
			return nil, nil
		})
	}
	for _, from := range carriers {
		a := newHandlersApp(t, fails)
		a.clock.Advance(tradable)
		w := jwttest.Do(a.engine, "POST", "/refresh", from.put(t, a.pair.RefreshToken)...)
		assert.Equal(t, 500, w.Code, from.name)
		want := `{"msg":"Internal server error"}` + "\n"
		if from.name == "form" {
			want = oauthBody("server_error", "Internal server error")
		}
		assert.Equal(t, want, w.Body.String(), from.name)
		keptOutOfCaches(t, w)
		assert.Equal(t, int64(1), a.generation(t, a.pair.SessionID), "%s: the token can still be used", from.name)
		assert.Empty(t, w.Header().Values("Set-Cookie"))
	}
}

func TestRefreshHandlerAnswersOPTIONS(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	a.engine.OPTIONS("/refresh", a.mgr.RefreshHandler())
	w := jwttest.Do(a.engine, "OPTIONS", "/refresh", preflight, jwttest.Bearer(a.pair.RefreshToken))
	assert.Equal(t, 401, w.Code, "a preflight is given no tokens")
	assert.Equal(t, `{"msg":"Missing refresh token"}`+"\n", w.Body.String())
	assert.Equal(t, int64(1), a.generation(t, a.pair.SessionID))
}

// besides puts an access token beside a refresh token.
var besides = []struct {
	name string
	put  func(t *testing.T, refresh, access string) []jwttest.RequestOption
}{
	{"header, refresh token in JSON", func(_ *testing.T, refresh, access string) []jwttest.RequestOption {
		return []jwttest.RequestOption{jwttest.JSON(`{"refresh_token":"` + refresh + `"}`), jwttest.Bearer(access)}
	}},
	{"header, refresh token in a form", func(_ *testing.T, refresh, access string) []jwttest.RequestOption {
		return []jwttest.RequestOption{jwttest.Form("grant_type", "refresh_token", "refresh_token", refresh), jwttest.Bearer(access)}
	}},
	{"cookie, both", func(t *testing.T, refresh, access string) []jwttest.RequestOption {
		t.Helper()
		return []jwttest.RequestOption{
			jwttest.Header("Cookie", "refresh_token_cookie="+refresh+"; access_token_cookie="+access),
			jwttest.Header("X-CSRF-TOKEN", claimsIn(t, refresh)["csrf"].(string)),
		}
	}},
	{"cookie, refresh token in the header", func(_ *testing.T, refresh, access string) []jwttest.RequestOption {
		return []jwttest.RequestOption{jwttest.Bearer(refresh), jwttest.Header("Cookie", "access_token_cookie="+access)}
	}},
	{"form, both", func(_ *testing.T, refresh, access string) []jwttest.RequestOption {
		return []jwttest.RequestOption{jwttest.Form("grant_type", "refresh_token", "refresh_token", refresh, "access_token", access)}
	}},
	{"form, refresh token in the header", func(_ *testing.T, refresh, access string) []jwttest.RequestOption {
		return []jwttest.RequestOption{jwttest.Bearer(refresh), jwttest.Form("access_token", access)}
	}},
}

func TestRefreshHandlerRequireAccessToken(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		access func(t *testing.T, a *handlersApp) string
		status int
		body   string // of a refusal, in the default profile
	}{
		{"of the session", func(_ *testing.T, a *handlersApp) string { return a.pair.AccessToken }, 200, ""},
		{"expired", func(_ *testing.T, a *handlersApp) string {
			a.clock.Advance(24 * time.Hour)
			return a.pair.AccessToken
		}, 200, ""},
		{"forged", func(t *testing.T, a *handlersApp) string {
			return a.changed(t, a.pair.AccessToken, otherSecret)
		}, 422, "Signature verification failed"},
		{"of another session", func(t *testing.T, a *handlersApp) string {
			return a.login(t, "alice").AccessToken
		}, 422, "Token is not of its session"},
		{"of no session", func(t *testing.T, a *handlersApp) string {
			return jwttest.AccessToken(t, a.mgr, "alice")
		}, 422, "Token is not of its session"},
		{"of another identity", func(t *testing.T, a *handlersApp) string {
			return a.changed(t, a.pair.AccessToken, appSecret(), "sub", "mallory")
		}, 422, "Token is not of its session"},
		{"refresh token", func(_ *testing.T, a *handlersApp) string {
			return a.pair.RefreshToken
		}, 422, "Only non-refresh tokens are allowed"},
		{"of another type", func(t *testing.T, a *handlersApp) string {
			return a.changed(t, a.pair.AccessToken, appSecret(), "type", "reset")
		}, 422, "Only non-refresh tokens are allowed"},
		{"none", func(*testing.T, *handlersApp) string { return "" }, 401, "Missing access token beside the refresh token"},
	} {
		for _, at := range besides {
			t.Run(test.name+" in a "+at.name, func(t *testing.T) {
				t.Parallel()
				a := newHandlersApp(t)
				a.clock.Advance(tradable)
				opts := at.put(t, a.pair.RefreshToken, test.access(t, a))
				w := jwttest.Do(a.engine, "POST", "/refresh/both", opts...)
				keptOutOfCaches(t, w)
				if test.status == 200 {
					assert.Equal(t, 200, w.Code)
					assert.Equal(t, int64(2), a.generation(t, a.pair.SessionID))
					return
				}
				status, body := test.status, `{"msg":"`+test.body+`"}`+"\n"
				if strings.Contains(at.name, "refresh token in a form") || at.name == "form, both" {
					status, body = 400, oauthBody("invalid_grant", badGrant)
				}
				assert.Equal(t, status, w.Code)
				assert.Equal(t, body, w.Body.String())
				assert.Empty(t, w.Header().Values("Set-Cookie"))
				assert.Equal(t, int64(1), a.generation(t, a.pair.SessionID), "not rotated")
				assert.Equal(t, 200, jwttest.Do(a.engine, "POST", "/refresh", jwttest.Bearer(a.pair.RefreshToken)).Code)
			})
		}
	}
}

func TestAccessTokensBesideAreNotGuessed(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	good := a.pair.AccessToken
	for name, opts := range map[string][]jwttest.RequestOption{
		"two cookies":  {jwttest.Bearer(a.pair.RefreshToken), jwttest.Header("Cookie", "access_token_cookie="+good+"; access_token_cookie="+good)},
		"two fields":   {jwttest.Bearer(a.pair.RefreshToken), jwttest.Form("access_token", good, "access_token", good)},
		"in the query": {jwttest.Bearer(a.pair.RefreshToken), func(r *http.Request) { r.URL.RawQuery = "jwt=" + good + "&access_token=" + good }},
	} {
		w := jwttest.Do(a.engine, "POST", "/refresh/both", opts...)
		assert.Equal(t, 401, w.Code, name)
		assert.Equal(t, `{"msg":"Missing access token beside the refresh token"}`+"\n", w.Body.String(), name)
	}
	w := jwttest.Do(a.engine, "POST", "/refresh/both", jwttest.Bearer(a.pair.RefreshToken), jwttest.Header("Cookie", "refresh_token_cookie="+good))
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Missing CSRF token"}`+"\n", w.Body.String(), "in the cookie of refresh tokens it is taken for one")
	assert.Equal(t, int64(1), a.generation(t, a.pair.SessionID))
}

// removedCookies are the lines that remove the cookies of handlersApp.
var removedCookies = []string{
	"refresh_token_cookie=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
	"access_token_cookie=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
	"csrf_access_token=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; SameSite=Lax",
	"refresh_token_cookie=; Path=/refresh; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
	"csrf_refresh_token=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; SameSite=Lax",
}

// loggedOut compares a whole answer with status 204.
func loggedOut(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	assert.Equal(t, 204, w.Code)
	assert.Empty(t, w.Body.String())
	assert.Equal(t, http.Header{"Cache-Control": {"no-store"}, "Pragma": {"no-cache"}, "Set-Cookie": removedCookies}, w.Header())
}

// isRefused reports whether a token opens nothing any more.
func (a *handlersApp) isRefused(encoded string) bool {
	access := jwttest.Do(a.engine, "GET", "/me", jwttest.Bearer(encoded)).Code
	refresh := jwttest.Do(a.engine, "POST", "/refresh", jwttest.Bearer(encoded)).Code
	return access != 200 && refresh != 200
}

func TestLogoutHandler(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		send func(a *handlersApp) (path string, opts []jwttest.RequestOption)
	}{
		{"access token", func(a *handlersApp) (string, []jwttest.RequestOption) {
			return "/logout", []jwttest.RequestOption{jwttest.Bearer(a.pair.AccessToken)}
		}},
		{"refresh token", func(a *handlersApp) (string, []jwttest.RequestOption) {
			return "/logout", []jwttest.RequestOption{jwttest.Bearer(a.pair.RefreshToken)}
		}},
		{"cookies", func(a *handlersApp) (string, []jwttest.RequestOption) {
			return "/logout", []jwttest.RequestOption{jwttest.Cookies(a.loginByCookies(t))}
		}},
		{"refresh cookie", func(a *handlersApp) (string, []jwttest.RequestOption) {
			return "/refresh/logout", []jwttest.RequestOption{jwttest.RefreshCookies(a.loginByCookies(t))}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newHandlersApp(t)
			other := a.login(t, "alice")
			path, opts := test.send(a)
			loggedOut(t, jwttest.Do(a.engine, "POST", path, opts...))
			assert.Zero(t, a.generation(t, a.pair.SessionID))
			assert.True(t, a.isRefused(a.pair.AccessToken))
			assert.True(t, a.isRefused(a.pair.RefreshToken))
			assert.False(t, a.isRefused(other.AccessToken), "other sessions go on")
			assert.False(t, a.isRefused(other.RefreshToken))
		})
	}
}

func TestLogoutHandlerRevokesTokensWithoutASession(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	access, refresh, kept := jwttest.AccessToken(t, a.mgr, "alice"), jwttest.RefreshToken(t, a.mgr, "alice"), jwttest.AccessToken(t, a.mgr, "alice")
	loggedOut(t, jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer(access)))
	loggedOut(t, jwttest.Do(a.engine, "POST", "/logout", jwttest.Bearer(refresh)))
	assert.True(t, a.isRefused(access))
	assert.True(t, a.isRefused(refresh))
	assert.False(t, a.isRefused(kept))
	assert.False(t, a.isRefused(a.pair.AccessToken))
}

func TestLogoutHandlerWithoutSessions(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	mgr, engine := newManager(t, config)
	engine.POST("/logout", mgr.JWTRequired(), mgr.LogoutHandler())
	engine.GET("/me", mgr.JWTRequired(), identify)
	encoded := jwttest.AccessToken(t, mgr, "alice")
	assert.Equal(t, 204, jwttest.Do(engine, "POST", "/logout", jwttest.Bearer(encoded)).Code)
	assert.Equal(t, 401, jwttest.Do(engine, "GET", "/me", jwttest.Bearer(encoded)).Code)
}

func TestLogoutHandlersOfAnonymousVisitors(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	loggedOut(t, jwttest.Do(a.engine, "POST", "/logout"))
	loggedOut(t, jwttest.Do(a.engine, "POST", "/logout/all"))
	assert.Equal(t, int64(1), a.generation(t, a.pair.SessionID))
}

// Who is told that he is logged out must be.
func TestLogoutHandlersWhenAStoreIsDown(t *testing.T) {
	t.Parallel()
	skips := func(a *handlersApp) { // the routes, without asking the blocklist first
		a.engine.POST("/skips/logout", a.mgr.JWTRequired(ginjwt.SkipRevocationCheck()), a.mgr.LogoutHandler())
		a.engine.POST("/skips/all", a.mgr.JWTRequired(ginjwt.SkipRevocationCheck()), a.mgr.LogoutAllHandler())
		a.engine.GET("/skips/sessions", a.mgr.JWTRequired(ginjwt.SkipRevocationCheck()), a.mgr.SessionsHandler())
		a.engine.DELETE("/skips/sessions/:id", a.mgr.JWTRequired(ginjwt.SkipRevocationCheck()), a.mgr.EndSessionHandler())
	}
	bearer := func(mgr *ginjwt.JWTManager) { mgr.ErrorLoader(ginjwt.BearerError) }
	for _, test := range []struct {
		name         string
		down         func(a *handlersApp) *atomic.Bool
		method, path string
	}{
		{"sessions, logout", func(a *handlersApp) *atomic.Bool { return &a.sessions.down }, "POST", "/skips/logout"},
		{"blocklist, logout", func(a *handlersApp) *atomic.Bool { return &a.blocked.down }, "POST", "/skips/logout"},
		{"sessions, logout everywhere", func(a *handlersApp) *atomic.Bool { return &a.sessions.down }, "POST", "/skips/all"},
		{"blocklist, logout everywhere", func(a *handlersApp) *atomic.Bool { return &a.blocked.down }, "POST", "/skips/all"},
		{"sessions, list", func(a *handlersApp) *atomic.Bool { return &a.sessions.down }, "GET", "/skips/sessions"},
		{"sessions, end one", func(a *handlersApp) *atomic.Bool { return &a.sessions.down }, "DELETE", "/skips/sessions/SID"},
		{"blocklist, end one", func(a *handlersApp) *atomic.Bool { return &a.blocked.down }, "DELETE", "/skips/sessions/SID"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, b := newHandlersApp(t), newHandlersApp(t, bearer)
			for app, body := range map[*handlersApp]string{
				a: `{"msg":"Service unavailable"}` + "\n",
				b: bearerBody("temporarily_unavailable", "Service unavailable", "store_unavailable"),
			} {
				skips(app)
				path := strings.ReplaceAll(test.path, "SID", app.pair.SessionID)
				test.down(app).Store(true)
				w := jwttest.Do(app.engine, test.method, path, jwttest.Bearer(app.pair.AccessToken))
				assert.Equal(t, 503, w.Code)
				assert.Equal(t, body, w.Body.String())
				assert.Empty(t, w.Header().Values("Set-Cookie"), "the cookies are kept")
				assert.ErrorIs(t, app.seen, errStoreDown)

				test.down(app).Store(false)
				if test.method == "GET" {
					continue
				}
				w = jwttest.Do(app.engine, test.method, path, jwttest.Bearer(app.pair.AccessToken))
				assert.Equal(t, 204, w.Code, "and again")
				assert.True(t, app.isRefused(app.pair.RefreshToken))
				assert.True(t, app.isRefused(app.pair.AccessToken))
			}
		})
	}
}

func TestLogoutAllHandler(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	second, bob := a.login(t, "alice"), a.login(t, "bob")
	loose, looseToo := jwttest.AccessToken(t, a.mgr, "alice"), jwttest.AccessToken(t, a.mgr, "alice")
	loggedOut(t, jwttest.Do(a.engine, "POST", "/logout/all", jwttest.Bearer(loose)))
	for _, encoded := range []string{a.pair.AccessToken, a.pair.RefreshToken, second.AccessToken, second.RefreshToken, loose} {
		assert.True(t, a.isRefused(encoded))
	}
	assert.False(t, a.isRefused(bob.AccessToken))
	assert.False(t, a.isRefused(looseToo), "nobody knows of tokens without a session")
	sessions, err := a.mgr.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	assert.Empty(t, sessions)
}

// sessionJSON is how SessionsHandler writes a session: times of use are rounded to
// ten minutes.
func sessionJSON(id, device string, created, used, expires time.Time, current bool) string {
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999Z") }
	const rounded = 10 * time.Minute
	if used = used.Truncate(rounded); used.Before(created) {
		used = created
	}
	if !expires.Equal(expires.Truncate(rounded)) {
		expires = expires.Truncate(rounded).Add(rounded)
	}
	return fmt.Sprintf(`{"id":%q,"device":"%s","created_at":%q,"last_used_at":%q,"expires_at":%q,"current":%t}`,
		id, device, at(created), at(used), at(expires), current)
}

func TestSessionsHandler(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	start := a.clock.Now()
	a.clock.Advance(1500 * time.Millisecond)
	phone := a.login(t, "alice", ginjwt.WithDevice(`Phone <1> "é"`))
	a.login(t, "bob", ginjwt.WithDevice("Bob's"))
	a.clock.Advance(5 * time.Minute)
	a.rotate(t, a.pair.RefreshToken)

	const month = 30 * 24 * time.Hour
	phoneStart, used := start.Add(1500*time.Millisecond), start.Add(5*time.Minute+1500*time.Millisecond)
	list := func(current string) string {
		return `{"sessions":[` +
			sessionJSON(phone.SessionID, `Phone \u003c1\u003e \"é\"`, phoneStart, phoneStart, start.Add(month+time.Second), current == phone.SessionID) + "," +
			sessionJSON(a.pair.SessionID, "", start, used, start.Add(month+5*time.Minute+time.Second), current == a.pair.SessionID) + `]}`
	}
	for _, test := range []struct{ name, encoded, body string }{
		{"of the phone", phone.AccessToken, list(phone.SessionID)},
		{"of the first", a.pair.AccessToken, list(a.pair.SessionID)},
		{"of no session", jwttest.AccessToken(t, a.mgr, "alice"), list("")},
		{"who has none", jwttest.AccessToken(t, a.mgr, "carol"), `{"sessions":[]}`},
	} {
		w := jwttest.Do(a.engine, "GET", "/sessions", jwttest.Bearer(test.encoded))
		assert.Equal(t, 200, w.Code, test.name)
		assert.Equal(t, test.body+"\n", w.Body.String(), test.name)
		assert.Equal(t, http.Header{
			"Cache-Control": {"no-store"}, "Pragma": {"no-cache"}, "Content-Type": {"application/json"},
		}, w.Header(), test.name)
	}
	assert.Equal(t, `{"sessions":[]}`+"\n", jwttest.Do(a.engine, "GET", "/sessions").Body.String(), "of an anonymous visitor")
}

func TestEndSessionHandler(t *testing.T) {
	t.Parallel()
	const notFound = `{"msg":"There is no such session"}` + "\n"
	bearer := func(mgr *ginjwt.JWTManager) { mgr.ErrorLoader(ginjwt.BearerError) }
	for _, profile := range [][]func(*ginjwt.JWTManager){nil, {bearer}} {
		a := newHandlersApp(t, profile...)
		phone, bob := a.login(t, "alice"), a.login(t, "bob")
		gone := a.login(t, "alice").SessionID
		require.NoError(t, a.mgr.EndSession(t.Context(), gone))
		for _, test := range []struct {
			name, id string
			opts     []jwttest.RequestOption
			status   int
			body     string
			cookies  []string
		}{
			{"of another user", bob.SessionID, []jwttest.RequestOption{jwttest.Bearer(a.pair.AccessToken)}, 404, notFound, nil},
			{"unknown", "x", []jwttest.RequestOption{jwttest.Bearer(a.pair.AccessToken)}, 404, notFound, nil},
			{"ended before", gone, []jwttest.RequestOption{jwttest.Bearer(a.pair.AccessToken)}, 404, notFound, nil},
			{"another case", strings.ToUpper(phone.SessionID), []jwttest.RequestOption{jwttest.Bearer(a.pair.AccessToken)}, 404, notFound, nil},
			{"anonymous", phone.SessionID, nil, 404, "", nil},
			{"another of the user", phone.SessionID, []jwttest.RequestOption{jwttest.Bearer(a.pair.AccessToken)}, 204, "", nil},
			{"that of the request", a.pair.SessionID, []jwttest.RequestOption{jwttest.Bearer(a.pair.AccessToken)}, 204, "", removedCookies},
		} {
			w := jwttest.Do(a.engine, "DELETE", "/sessions/"+test.id, test.opts...)
			assert.Equal(t, test.status, w.Code, test.name)
			assert.Equal(t, test.body, w.Body.String(), test.name)
			assert.Equal(t, test.cookies, w.Header()["Set-Cookie"], test.name)
			if test.status == 204 {
				keptOutOfCaches(t, w)
			}
		}
		for _, pair := range []ginjwt.TokenPair{phone, a.pair} {
			assert.True(t, a.isRefused(pair.AccessToken))
			assert.True(t, a.isRefused(pair.RefreshToken))
		}
		assert.False(t, a.isRefused(bob.AccessToken))
		assert.False(t, a.isRefused(bob.RefreshToken))
	}
}

func TestRevocationHandler(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name          string
		token         func(t *testing.T, a *handlersApp) string
		access, whole bool // what is refused then: the access token, the session
	}{
		{"refresh token", func(_ *testing.T, a *handlersApp) string { return a.pair.RefreshToken }, true, true},
		{"access token", func(_ *testing.T, a *handlersApp) string { return a.pair.AccessToken }, true, false},
		{"refresh token that was used", func(t *testing.T, a *handlersApp) string {
			a.rotate(t, a.pair.RefreshToken)
			return a.pair.RefreshToken
		}, true, true},
		{"forged refresh token", func(t *testing.T, a *handlersApp) string {
			return a.changed(t, a.pair.RefreshToken, otherSecret)
		}, false, false},
		{"forged access token", func(t *testing.T, a *handlersApp) string {
			return a.changed(t, a.pair.AccessToken, otherSecret)
		}, false, false},
		{"no token", func(*testing.T, *handlersApp) string { return "x" }, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newHandlersApp(t)
			encoded := test.token(t, a)
			for range 2 { // the RFC wants the same answer again
				w := jwttest.Do(a.engine, "POST", "/revoke", jwttest.Form("token", encoded, "token_type_hint", "whatever"))
				assert.Equal(t, 200, w.Code)
				assert.Empty(t, w.Body.String())
				assert.Equal(t, http.Header{"Cache-Control": {"no-store"}, "Pragma": {"no-cache"}}, w.Header())
			}
			assert.Equal(t, test.whole, a.generation(t, a.pair.SessionID) == 0)
			assert.Equal(t, test.access, a.isRefused(a.pair.AccessToken))
			assert.Equal(t, test.whole, a.isRefused(a.pair.RefreshToken))
		})
	}
}

func TestRevocationHandlerOfExpiredTokens(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	a.clock.Advance(29 * 24 * time.Hour)
	current := a.rotate(t, a.pair.RefreshToken)
	a.clock.Advance(2 * 24 * time.Hour)
	_, err := a.mgr.DecodeToken(t.Context(), a.pair.RefreshToken)
	require.ErrorIs(t, err, ginjwt.ErrExpiredToken)
	assert.Equal(t, 200, jwttest.Do(a.engine, "POST", "/revoke", jwttest.Form("token", a.pair.AccessToken)).Code)
	assert.False(t, contains(t, a.blocked, claimsIn(t, a.pair.AccessToken)["jti"].(string)), "what has expired takes no room")
	assert.Equal(t, int64(2), a.generation(t, a.pair.SessionID))

	assert.Equal(t, 200, jwttest.Do(a.engine, "POST", "/revoke", jwttest.Form("token", a.pair.RefreshToken)).Code)
	assert.True(t, a.isRefused(current.RefreshToken), "its session still lived")
}

func TestRevocationHandlerOfTokensWithoutASession(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	access, refresh := jwttest.AccessToken(t, a.mgr, "alice"), jwttest.RefreshToken(t, a.mgr, "alice")
	adopted := jwttest.RefreshToken(t, a.mgr, "alice")
	pair := a.rotate(t, adopted)
	for _, encoded := range []string{access, refresh, adopted} {
		assert.Equal(t, 200, jwttest.Do(a.engine, "POST", "/revoke", jwttest.Form("token", encoded)).Code)
		assert.True(t, a.isRefused(encoded))
	}
	assert.True(t, a.isRefused(pair.AccessToken), "the session that it became has ended")
	assert.True(t, a.isRefused(pair.RefreshToken))
	assert.False(t, a.isRefused(a.pair.AccessToken))
}

const oneToken = "Send one token, in a form (application/x-www-form-urlencoded)"

func TestTokensComeInForms(t *testing.T) {
	t.Parallel()
	bearer := func(mgr *ginjwt.JWTManager) { mgr.ErrorLoader(ginjwt.BearerError) }
	for _, a := range []*handlersApp{newHandlersApp(t), newHandlersApp(t, bearer)} {
		refresh := a.pair.RefreshToken
		for _, test := range []struct {
			name, method, query string
			opts                []jwttest.RequestOption
		}{
			{"nothing", "POST", "", nil},
			{"no token", "POST", "", []jwttest.RequestOption{jwttest.Form("refresh_token", refresh)}},
			{"an empty token", "POST", "", []jwttest.RequestOption{jwttest.Form("token", "")}},
			{"two tokens", "POST", "", []jwttest.RequestOption{jwttest.Form("token", refresh, "token", refresh)}},
			{"in the query", "POST", "?token=" + refresh, nil},
			{"in the query beside a form", "POST", "?token=" + refresh, []jwttest.RequestOption{jwttest.Form("a", "b")}},
			{"in the query of a GET", "GET", "?token=" + refresh, nil},
			{"in JSON", "POST", "", []jwttest.RequestOption{jwttest.JSON(`{"token":"` + refresh + `"}`)}},
			{"in the header", "POST", "", []jwttest.RequestOption{jwttest.Bearer(refresh)}},
			{"in a form that is no form", "POST", "", []jwttest.RequestOption{jwttest.Form("token", refresh), jwttest.Header("Content-Type", "text/plain")}},
			{"in a form of 2 MB", "POST", "", []jwttest.RequestOption{jwttest.Form("token", refresh, "z", strings.Repeat("z", 2<<20))}},
			{"beside what is malformed", "POST", "", []jwttest.RequestOption{jwttest.JSON("token=" + refresh + "&a=%zz"), jwttest.Header("Content-Type", gin.MIMEPOSTForm)}},
		} {
			for _, path := range []string{"/revoke", "/introspect"} {
				opts := append(test.opts, jwttest.Header("X-Service", "billing"))
				w := jwttest.Do(a.engine, test.method, path+test.query, opts...)
				assert.Equal(t, 400, w.Code, test.name+path)
				assert.Equal(t, oauthBody("invalid_request", oneToken), w.Body.String(), test.name+path)
				keptOutOfCaches(t, w)
			}
		}
		assert.Equal(t, int64(1), a.generation(t, a.pair.SessionID))
	}
}

func TestRevocationHandlerWhenItCannot(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		down func(a *handlersApp) *atomic.Bool
	}{
		{"sessions are down", func(a *handlersApp) *atomic.Bool { return &a.sessions.down }},
		{"the blocklist is down", func(a *handlersApp) *atomic.Bool { return &a.blocked.down }},
	} {
		a := newHandlersApp(t)
		test.down(a).Store(true)
		w := jwttest.Do(a.engine, "POST", "/revoke", jwttest.Form("token", a.pair.RefreshToken))
		assert.Equal(t, 503, w.Code, test.name)
		assert.Equal(t, oauthBody("temporarily_unavailable", "Try again"), w.Body.String(), test.name)
		assert.Equal(t, "1", w.Header().Get("Retry-After"), "RFC 7009 §2.2.1")
		assert.ErrorIs(t, a.seen, errStoreDown, test.name)
		keptOutOfCaches(t, w)
	}

	a := newHandlersApp(t)
	claims := claimsIn(t, jwttest.AccessToken(t, a.mgr, "alice"))
	delete(claims, "jti")
	w := jwttest.Do(a.engine, "POST", "/revoke", jwttest.Form("token", signedWith(t, appSecret(), claims)))
	assert.Equal(t, 400, w.Code)
	assert.Equal(t, oauthBody("unsupported_token_type", "The token has no ID to revoke it by"), w.Body.String())
}

func (a *handlersApp) introspect(encoded string) *httptest.ResponseRecorder {
	return jwttest.Do(a.engine, "POST", "/introspect", jwttest.Form("token", encoded), jwttest.Header("X-Service", "billing"))
}

func TestIntrospectionHandlerOfGoodTokens(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	pair := a.login(t, "alice", ginjwt.WithFresh(), ginjwt.WithAudience("orders"), ginjwt.WithClaims(ginjwt.Claims{
		"scope": "read", "big": json.Number("9007199254740993"), "active": false,
	}))
	now := a.clock.Now().Unix()
	for _, test := range []struct{ name, encoded, claims string }{
		{"access token", pair.AccessToken, fmt.Sprintf(`{"active":true,"token_type":"Bearer","fresh":true,"iat":%d,"jti":%q,"type":"access",`+
			`"sub":"alice","nbf":%d,"aud":"orders","exp":%d,"sid":%q,"gen":1,"scope":"read","big":9007199254740993}`,
			now, claimsIn(t, pair.AccessToken)["jti"], now, now+900, pair.SessionID)},
		{"refresh token", pair.RefreshToken, fmt.Sprintf(`{"active":true,"fresh":false,"iat":%d,"jti":%q,"type":"refresh",`+
			`"sub":"alice","nbf":%d,"exp":%d,"sid":%q,"gen":1}`,
			now, claimsIn(t, pair.RefreshToken)["jti"], now, now+30*24*3600, pair.SessionID)},
	} {
		w := a.introspect(test.encoded)
		assert.Equal(t, 200, w.Code, test.name)
		assert.JSONEq(t, test.claims, w.Body.String(), test.name)
		assert.Contains(t, w.Body.String(), fmt.Sprintf(`"exp":%s`, claimsIn(t, test.encoded)["exp"]), "numbers are exact")
		assert.Equal(t, http.Header{
			"Cache-Control": {"no-store"}, "Pragma": {"no-cache"}, "Content-Type": {"application/json"},
		}, w.Header(), test.name)
	}
	assert.Contains(t, a.introspect(pair.AccessToken).Body.String(), `"big":9007199254740993`)
	assert.Equal(t, int64(1), a.generation(t, pair.SessionID), "to ask is no use")
}

func TestIntrospectionHandlerOfOtherTokens(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		token func(t *testing.T, a *handlersApp) string
		alive int64 // the generation that the session of alice has then
	}{
		{"no token", func(*testing.T, *handlersApp) string { return "x" }, 1},
		{"forged", func(t *testing.T, a *handlersApp) string { return a.changed(t, a.pair.AccessToken, otherSecret) }, 1},
		{"expired", func(_ *testing.T, a *handlersApp) string {
			a.clock.Advance(15 * time.Minute)
			return a.pair.AccessToken
		}, 1},
		{"revoked", func(t *testing.T, a *handlersApp) string {
			token, err := a.mgr.DecodeToken(t.Context(), a.pair.AccessToken)
			require.NoError(t, err)
			require.NoError(t, a.mgr.RevokeToken(t.Context(), token))
			return a.pair.AccessToken
		}, 1},
		{"access token of an ended session", func(t *testing.T, a *handlersApp) string {
			require.NoError(t, a.mgr.EndSession(t.Context(), a.pair.SessionID))
			return a.pair.AccessToken
		}, 0},
		{"refresh token of an ended session", func(t *testing.T, a *handlersApp) string {
			require.NoError(t, a.mgr.EndSession(t.Context(), a.pair.SessionID))
			return a.pair.RefreshToken
		}, 0},
		{"used refresh token", func(t *testing.T, a *handlersApp) string {
			a.clock.Advance(tradable)
			a.rotate(t, a.pair.RefreshToken)
			a.clock.Advance(grace)
			return a.pair.RefreshToken
		}, 2},
		{"very old refresh token", func(t *testing.T, a *handlersApp) string {
			a.clock.Advance(tradable)
			second := a.rotate(t, a.pair.RefreshToken)
			a.clock.Advance(tradable)
			a.rotate(t, second.RefreshToken)
			return a.pair.RefreshToken
		}, 3},
		{"another type", func(t *testing.T, a *handlersApp) string {
			return a.changed(t, a.pair.AccessToken, appSecret(), "type", "reset")
		}, 1},
		{"of nobody", func(t *testing.T, a *handlersApp) string { return a.login(t, "nobody").AccessToken }, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := newHandlersApp(t)
			encoded := test.token(t, a)
			w := a.introspect(encoded)
			assert.Equal(t, 200, w.Code)
			assert.Equal(t, `{"active":false}`+"\n", w.Body.String())
			keptOutOfCaches(t, w)
			assert.Equal(t, test.alive, a.generation(t, a.pair.SessionID), "to ask is no use")
		})
	}
}

func TestIntrospectionHandlerWhenItCannot(t *testing.T) {
	t.Parallel()
	unavailable := oauthBody("temporarily_unavailable", "Try again")
	for _, test := range []struct {
		name   string
		token  func(t *testing.T, a *handlersApp) string
		status int
		body   string
	}{
		{"the blocklist is down", func(_ *testing.T, a *handlersApp) string {
			a.blocked.down.Store(true)
			return a.pair.AccessToken
		}, 503, unavailable},
		{"sessions are down", func(_ *testing.T, a *handlersApp) string {
			a.sessions.down.Store(true)
			return a.pair.RefreshToken
		}, 503, unavailable},
		{"the lookup of users fails", func(t *testing.T, a *handlersApp) string {
			return a.login(t, "fails").AccessToken
		}, 500, oauthBody("server_error", "Internal server error")},
	} {
		a := newHandlersApp(t)
		w := a.introspect(test.token(t, a))
		assert.Equal(t, test.status, w.Code, test.name)
		assert.Equal(t, test.body, w.Body.String(), test.name)
		assert.Equal(t, test.status == 503, w.Header().Get("Retry-After") == "1", test.name)
		keptOutOfCaches(t, w)
	}
}

func TestIntrospectionHandlerAsksFirstWhoMayAsk(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	a.blocked.down.Store(true)
	for name, opts := range map[string][]jwttest.RequestOption{
		"good token": {jwttest.Form("token", a.pair.AccessToken)},
		"no token":   {jwttest.Form("token", "x")},
		"nothing":    nil,
	} {
		w := jwttest.Do(a.engine, "POST", "/introspect", opts...)
		assert.Equal(t, 401, w.Code, name)
		assert.Equal(t, oauthBody("invalid_client", "The caller may not introspect tokens"), w.Body.String(), name)
		assert.Equal(t, http.Header{
			"Cache-Control": {"no-store"}, "Pragma": {"no-cache"}, "Content-Type": {"application/json"},
			"Www-Authenticate": {`Basic realm="introspection"`},
		}, w.Header(), name)
	}
	assert.Zero(t, a.lookups.Load(), "nothing was looked at")

	a.engine.POST("/own", a.mgr.IntrospectionHandler(func(c *gin.Context) bool {
		c.AbortWithStatusJSON(http.StatusForbidden, gin.H{"no": true})
		return false
	}))
	w := jwttest.Do(a.engine, "POST", "/own", jwttest.Form("token", a.pair.AccessToken))
	assert.Equal(t, 403, w.Code)
	assert.Equal(t, `{"no":true}`, w.Body.String(), "the application's own answer")
}

func TestHandlersPanicOnWrongSetUp(t *testing.T) {
	t.Parallel()
	unready := ginjwt.New(jwttest.Config(nil))
	plain, _ := newManager(t, jwttest.Config(nil))
	config := jwttest.Config(nil)
	config.Sessions, config.TokenLocation = &ginjwt.MemorySessions{}, []ginjwt.Location{ginjwt.InQueryString}
	query, _ := newManager(t, config)
	may := func(*gin.Context) bool { return true }
	const after, none = " must be called after InitApp", ": there are no sessions; set Config.Sessions"
	for says, call := range map[string]func(){
		"ginjwt: RefreshHandler" + after:       func() { unready.RefreshHandler() },
		"ginjwt: LogoutHandler" + after:        func() { unready.LogoutHandler() },
		"ginjwt: LogoutAllHandler" + after:     func() { unready.LogoutAllHandler() },
		"ginjwt: SessionsHandler" + after:      func() { unready.SessionsHandler() },
		"ginjwt: EndSessionHandler" + after:    func() { unready.EndSessionHandler() },
		"ginjwt: RevocationHandler" + after:    func() { unready.RevocationHandler() },
		"ginjwt: IntrospectionHandler" + after: func() { unready.IntrospectionHandler(may) },
		"ginjwt: ImplicitRefresh" + after:      func() { unready.ImplicitRefresh(time.Minute) },
		"ginjwt: RefreshHandler" + none:        func() { plain.RefreshHandler() },
		"ginjwt: LogoutAllHandler" + none:      func() { plain.LogoutAllHandler() },
		"ginjwt: SessionsHandler" + none:       func() { plain.SessionsHandler() },
		"ginjwt: EndSessionHandler" + none:     func() { plain.EndSessionHandler() },
		"ginjwt: ImplicitRefresh" + none:       func() { plain.ImplicitRefresh(time.Minute) },

		"ginjwt: IntrospectionHandler: authorized is nil; pass a function that says who may ask":       func() { plain.IntrospectionHandler(nil) },
		"ginjwt: RefreshHandler: refresh tokens are not read from query strings; add another location": func() { query.RefreshHandler() },
	} {
		assert.PanicsWithValue(t, says, call)
	}
	for _, d := range []time.Duration{-time.Second, 0, 15 * time.Minute, time.Hour} {
		assert.PanicsWithValue(t, "ginjwt: ImplicitRefresh: the time must be more than zero, and less than Config.AccessTokenExpires",
			func() { query.ImplicitRefresh(d) }, d)
	}
	assert.NotPanics(t, func() { query.ImplicitRefresh(15*time.Minute - 1) })
	assert.NotPanics(t, func() { plain.LogoutHandler(); plain.RevocationHandler(); plain.IntrospectionHandler(may) })
}

func TestHandlersPanicWithoutJWTRequired(t *testing.T) {
	t.Parallel()
	a := newHandlersApp(t)
	for name, handler := range map[string]gin.HandlerFunc{
		"LogoutAllHandler":  a.mgr.LogoutAllHandler(),
		"SessionsHandler":   a.mgr.SessionsHandler(),
		"EndSessionHandler": a.mgr.EndSessionHandler(),
	} {
		engine := gin.New()
		engine.POST("/", handler)
		assert.PanicsWithValue(t, "ginjwt: "+name+": no token was verified for this request; put JWTRequired on the route, or call VerifyJWTInRequest first",
			func() { jwttest.Do(engine, "POST", "/", jwttest.Bearer(a.pair.AccessToken)) })
	}
	assert.Equal(t, int64(1), a.generation(t, a.pair.SessionID))
}

// A route for browsers takes cookies alone; one for programs does not.
func TestRefreshFrom(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}
	mgr, engine := newManager(t, config)
	engine.POST("/login", func(c *gin.Context) { require.NoError(t, mgr.SetPairCookies(c, newPair(t, mgr))) })
	engine.POST("/web", mgr.RefreshHandler(ginjwt.RefreshFrom(ginjwt.InCookies)))
	engine.POST("/api", mgr.RefreshHandler(ginjwt.RefreshFrom(ginjwt.InHeaders, ginjwt.InQueryString)))
	pair := newPair(t, mgr)
	form := jwttest.Form("grant_type", "refresh_token", "refresh_token", pair.RefreshToken)
	for _, test := range []struct {
		path string
		opt  jwttest.RequestOption
		want string
	}{
		{"/web", jwttest.Bearer(pair.RefreshToken), `401 {"msg":"Missing cookie \"refresh_token_cookie\""}` + "\n"},
		{"/web", form, `401 {"msg":"Missing cookie \"refresh_token_cookie\""}` + "\n"},
		{"/api", form, `401 {"msg":"Missing Authorization Header"}` + "\n"},
		{"/api?jwt=" + pair.RefreshToken, form, `401 {"msg":"Missing Authorization Header"}` + "\n"},
		{"/web", jwttest.RefreshCookies(jwttest.Do(engine, "POST", "/login")), `200 {"token_type":"Bearer","expires_in":900}` + "\n"},
	} {
		w := jwttest.Do(engine, "POST", test.path, test.opt)
		assert.Equal(t, test.want, fmt.Sprint(w.Code, " ", w.Body))
	}
	assert.Equal(t, 200, jwttest.Do(engine, "POST", "/api", jwttest.Bearer(pair.RefreshToken)).Code)
	assert.PanicsWithValue(t, "ginjwt: RefreshHandler: refresh tokens are not read from query strings; add another location",
		func() { mgr.RefreshHandler(ginjwt.RefreshFrom(ginjwt.InQueryString)) })
	assert.PanicsWithValue(t, `ginjwt: Locations: "body" is not a location; use headers, cookies, query_string, json or ticket`,
		func() { mgr.RefreshHandler(ginjwt.RefreshFrom("body")) })
}

// Mistakes that are not about the token are answered in the format of the profile.
func TestHandlersAnswerInTheProfile(t *testing.T) {
	t.Parallel()
	const missing = "There is no such session"
	for profile, want := range map[string][2]string{
		"flask":   {"application/json", `{"msg":"` + missing + `"}` + "\n"},
		"bearer":  {"application/json", `{"error":"invalid_request","error_description":"` + missing + `"}` + "\n"},
		"problem": {"application/problem+json", `{"detail":"` + missing + `","status":404,"title":"Not Found","type":"about:blank"}`},
	} {
		config := jwttest.Config(nil)
		config.Sessions, config.ErrorProfile = &ginjwt.MemorySessions{}, profile
		mgr, r := ginjwt.New(config), gin.New()
		require.NoError(t, mgr.InitApp(r))
		r.DELETE("/sessions/:id", mgr.JWTRequired(), mgr.EndSessionHandler())
		w := jwttest.Do(r, "DELETE", "/sessions/1", jwttest.Bearer(jwttest.TokenPair(t, mgr, "alice").AccessToken))
		assert.Equal(t, 404, w.Code, profile)
		assert.Equal(t, want, [2]string{w.Header().Get("Content-Type"), w.Body.String()}, profile)
	}
}
