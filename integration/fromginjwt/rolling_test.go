package fromginjwt_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	jwtv3 "github.com/appleboy/gin-jwt/v3"
	"github.com/gin-gonic/gin"
	golangjwt "github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/doctor"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/after"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/before"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/users"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func aheadService(t *testing.T) *gin.Engine {
	t.Helper()
	mw, err := before.NewAhead(oldKey)
	require.NoError(t, err)
	router := before.NewRouter(mw, before.RefreshAhead(mw))
	router.POST("/refresh_token", before.RefreshAhead(mw))
	return router
}

func rollingService(t *testing.T, jwt *ginjwt.JWTManager) *gin.Engine {
	t.Helper()
	router, err := after.NewRollingRouter(jwt)
	require.NoError(t, err)
	return router
}

// Old and new processes run side by side, and accept each other's tokens.
func TestRollingChange(t *testing.T) {
	t.Parallel()
	plain, ahead, is := oldService(t), aheadService(t), rollingService(t, after.NewRollingManager(newConfig()))

	// The first step: a token of before is good, and its refresh adds the claims.
	old := post(t, plain, "/login", alice)
	assert.Equal(t, 200, hello(ahead, old.Token))
	assert.Equal(t, 401, hello(is, old.Token), `without "sub" and "jti"`)
	old = read(t, ahead, "GET", "/refresh_token", jwttest.Bearer(old.Token))

	// The second step.
	now := post(t, is, "/login", alice)
	for name, token := range map[string]string{"old": old.Token, "new": now.Token} {
		for name2, service := range map[string]http.Handler{"old": ahead, "new": is} {
			w := jwttest.Do(service, "GET", "/hello", jwttest.Bearer(token))
			assert.JSONEq(t, `{"id":7,"name":"alice"}`, w.Body.String(), "%s token, %s process", name, name2)
			assert.Equal(t, 200, jwttest.Do(service, "GET", "/admin/report", jwttest.Bearer(token)).Code, "%s token, %s process", name, name2)
		}
	}
	body := jwttest.JSON(`{"refresh_token":"` + now.RefreshToken + `"}`)
	refreshed := read(t, ahead, "POST", "/refresh_token", jwttest.Bearer(now.Token), body)
	assert.Equal(t, 200, hello(is, refreshed.Token), "an old process refreshes a new token")
	assert.Equal(t, 200, hello(ahead, read(t, is, "POST", "/refresh_token", jwttest.Bearer(refreshed.Token), body).Token), "and a new process afterwards")

	session := read(t, is, "GET", "/refresh_token", jwttest.Bearer(old.Token))
	assert.Equal(t, 401, hello(is, old.Token), "exchanged")
	assert.Equal(t, 200, hello(is, session.Token))
	assert.Equal(t, 200, hello(is, post(t, is, "/refresh_token", `{"refresh_token":"`+session.RefreshToken+`"}`).Token))
	for name, token := range map[string]string{"exchanged": old.Token, "of a session": now.Token} {
		assert.Equal(t, 401, jwttest.Do(is, "GET", "/refresh_token", jwttest.Bearer(token)).Code, name)
	}

	assert.Equal(t, 200, hello(ahead, now.RefreshToken), "an old process does not look at the type")
	assert.Equal(t, 401, hello(is, now.RefreshToken))

	old = post(t, ahead, "/login", bob)
	assert.Equal(t, 200, jwttest.Do(is, "POST", "/logout", jwttest.Bearer(old.Token)).Code)
	assert.Equal(t, 401, hello(is, old.Token), "revoked")
	assert.Equal(t, 200, hello(ahead, old.Token), "an old process knows no logout")
	assert.Equal(t, 401, jwttest.Do(is, "GET", "/refresh_token", jwttest.Bearer(old.Token)).Code, "a revoked token is not exchanged")

	// A token of an old process belongs to no session: the refresh token ends it.
	body = jwttest.JSON(`{"refresh_token":"` + now.RefreshToken + `"}`)
	assert.Equal(t, 200, jwttest.Do(is, "POST", "/logout", jwttest.Bearer(refreshed.Token)).Code)
	assert.Equal(t, 200, jwttest.Do(is, "POST", "/refresh_token", body).Code)
	refreshed = read(t, ahead, "POST", "/refresh_token", jwttest.Bearer(now.Token))
	assert.Equal(t, 200, hello(is, refreshed.Token))
	assert.Equal(t, 200, jwttest.Do(is, "POST", "/logout", body, jwttest.Bearer(refreshed.Token)).Code)
	assert.Equal(t, 401, jwttest.Do(is, "POST", "/refresh_token", body).Code)
}

// The refresh of gin-jwt copies claims: the tokens that it makes never get new ones.
func TestRefreshHandlerCopiesClaims(t *testing.T) {
	t.Parallel()
	mw, err := before.NewAhead(oldKey)
	require.NoError(t, err)
	copying, is := before.NewRouter(mw, mw.RefreshHandler), newService(t, after.NewManager(newConfig()))
	old := read(t, copying, "GET", "/refresh_token", jwttest.Bearer(post(t, oldService(t), "/login", alice).Token))
	assert.Equal(t, 401, hello(is, old.Token))

	first := post(t, copying, "/login", alice)
	second := read(t, copying, "GET", "/refresh_token", jwttest.Bearer(first.Token))
	assert.Equal(t, 200, jwttest.Do(is, "POST", "/logout", jwttest.Bearer(first.Token)).Code)
	assert.Equal(t, 401, hello(is, second.Token), `it has the "jti" of the first`)
}

// A number of gin-jwt and the text of ginjwt are the same user; a field is not.
func TestNumericIdentity(t *testing.T) {
	t.Parallel()
	config := newConfig()
	config.IdentityClaim, config.Blocklist = "id", nil
	jwt := after.NewManager(config)
	newService(t, jwt)
	for token, fits := range map[string]bool{
		signed(t, golangjwt.MapClaims{"id": 7, "exp": time.Now().Add(time.Hour).Unix()}): true,
		jwttest.AccessToken(t, jwt, users.Find(7)):                                       false,
	} {
		verified, err := jwt.VerifyToken(t.Context(), token)
		require.NoError(t, err)
		ctx := ginjwt.NewContext(t.Context(), verified, nil)
		assert.Nil(t, verified.Claims()["sub"])
		id, err := ginjwt.GetJWTIdentityAs[uint](ctx)
		require.NoError(t, err)
		assert.Equal(t, uint(7), id)
		assert.Equal(t, "7", ginjwt.GetJWTIdentity(ctx))
		_, err = ginjwt.GetJWTClaims[struct {
			ID uint `json:"id"`
		}](ctx)
		assert.Equal(t, fits, err == nil)
	}
}

// A token without "exp" passes, unless it is required.
func TestTokenThatNeverExpires(t *testing.T) {
	t.Parallel()
	token := signed(t, golangjwt.MapClaims{"id": 7, "sub": "7", "jti": "1", "orig_iat": 1})
	assert.Equal(t, 400, hello(oldService(t), token))
	config := newConfig()
	assert.Equal(t, 200, hello(newService(t, after.NewManager(config)), token))
	config.RequiredClaims = []string{"exp"}
	assert.Equal(t, 401, hello(newService(t, after.NewManager(config)), token))
}

// A claim "type" of an application is not that of an access token.
func TestTypeOfTheApplication(t *testing.T) {
	t.Parallel()
	token := signed(t, golangjwt.MapClaims{"sub": "7", "jti": "1", "type": "admin", "exp": time.Now().Add(time.Hour).Unix()})
	assert.Equal(t, 401, hello(newService(t, after.NewManager(newConfig())), token))
}

// A number in "sub" needs a setting.
func TestNumericSubject(t *testing.T) {
	t.Parallel()
	token := signed(t, golangjwt.MapClaims{"sub": 7, "jti": "1", "exp": time.Now().Add(time.Hour).Unix()})
	for _, allowed := range []bool{false, true} {
		config := newConfig()
		config.DisableVerifySub = allowed
		assert.Equal(t, allowed, hello(newService(t, after.NewManager(config)), token) == 200)
	}
}

// The blocklist forgets a token that has expired: a lookup then proves nothing.
func TestRevokedTokenThatHasExpired(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	config := newConfig()
	config.Now = clock.Now
	list := &ginjwt.MemoryBlocklist{Now: clock.Now}
	config.Blocklist = list
	jwt := after.NewManager(config)
	is := newService(t, jwt)
	encoded := jwttest.AccessToken(t, jwt, users.Find(7))
	assert.Equal(t, 200, jwttest.Do(is, "POST", "/logout", jwttest.Bearer(encoded)).Code)
	assert.Equal(t, 401, hello(is, encoded))

	clock.Advance(2 * time.Hour)
	for i := range 100_000 { // others log out: the list drops what has expired as it grows
		require.NoError(t, list.Add(t.Context(), strconv.Itoa(i), clock.Now().Add(time.Hour)))
	}
	token, err := jwt.DecodeToken(t.Context(), encoded, ginjwt.AllowExpired())
	require.NoError(t, err, "DecodeToken asks nobody")
	revoked, err := list.Contains(t.Context(), token.ID)
	require.NoError(t, err)
	assert.False(t, revoked)
	_, err = jwt.VerifyToken(t.Context(), encoded)
	assert.ErrorIs(t, err, ginjwt.ErrExpiredToken)
}

// A key of ten bytes is refused, unless a setting allows it; then it is replaced.
func TestShortKey(t *testing.T) {
	t.Parallel()
	config := newConfig()
	config.AllowShortSecret = false
	require.ErrorContains(t, ginjwt.New(config).InitApp(nil), "AllowShortSecret")

	clock := &jwttest.Clock{}
	config.Now, config.AllowShortSecret = clock.Now, true
	was := after.NewManager(config)
	is := after.NewManager(after.WithNewSecret(config, secret, clock.Now().Add(time.Hour)))
	old, now := newService(t, was), newService(t, is)
	first, second := jwttest.AccessToken(t, was, users.Find(7)), jwttest.AccessToken(t, is, users.Find(7))
	for _, token := range []string{first, second, post(t, aheadService(t), "/login", alice).Token} {
		assert.Equal(t, 200, hello(old, token))
		assert.Equal(t, 200, hello(now, token))
	}
	clock.Advance(time.Hour)
	third := jwttest.AccessToken(t, is, users.Find(7))
	assert.Equal(t, 200, hello(now, third))
	assert.Equal(t, 401, hello(old, third), "signed with the new secret")

	month := 30 * 24 * time.Hour // the last refresh token with the old key has expired
	last := signed(t, golangjwt.MapClaims{"sub": "7", "jti": "1", "exp": clock.Now().Add(2 * month).Unix()})
	assert.Equal(t, 200, hello(now, last))
	clock.Advance(month)
	assert.Equal(t, 401, hello(now, last), "the old key has retired")
	assert.NotContains(t, fmt.Sprint(doctor.Diagnose(after.WithNewSecret(config, secret, clock.Now()))), "NotAfter")
}

// Access tokens of gin-jwt v3 are as those of v2, and the answers of ginjwt as those of v3.
func TestVersion3(t *testing.T) {
	t.Parallel()
	mw, err := jwtv3.New(&jwtv3.GinJWTMiddleware{
		Key:         []byte(oldKey),
		IdentityKey: "sub",
		PayloadFunc: func(any) golangjwt.MapClaims { return golangjwt.MapClaims{"sub": "7", "role": "admin", "jti": "1"} },
	})
	require.NoError(t, err)
	pair, err := mw.TokenGenerator(context.Background(), users.Find(7))
	require.NoError(t, err)
	jwt := after.NewManager(newConfig())
	is := newService(t, jwt)
	assert.Equal(t, 200, hello(is, pair.AccessToken))
	assert.Equal(t, 401, jwttest.Do(is, "POST", "/refresh_token", jwttest.JSON(`{"refresh_token":"`+pair.RefreshToken+`"}`)).Code)

	was := gin.New()
	was.GET("/hello", mw.MiddlewareFunc(), func(c *gin.Context) { c.Status(200) })
	assert.Equal(t, 200, hello(was, jwttest.AccessToken(t, jwt, users.Find(7))))
}

// The refresh of gin-jwt takes an expired token, and ginjwt does not: the user logs in.
func TestExpiredTokenIsNotExchanged(t *testing.T) {
	t.Parallel()
	now := time.Now()
	expired := jwttest.Bearer(signed(t, golangjwt.MapClaims{
		"id": 7, "sub": "7", "jti": "1", "exp": now.Add(-time.Minute).Unix(), "orig_iat": now.Add(-time.Hour).Unix(),
	}))
	assert.Equal(t, 200, jwttest.Do(oldService(t), "GET", "/refresh_token", expired).Code)
	w := jwttest.Do(rollingService(t, after.NewRollingManager(newConfig())), "GET", "/refresh_token", expired)
	assert.Equal(t, 401, w.Code)
	assert.JSONEq(t, `{"code":401,"message":"Token is expired"}`, w.Body.String())
}

// An old process refreshes by the access token. A new process names a reason, an old one does not.
func TestRefreshByPostAtAnOldProcess(t *testing.T) {
	t.Parallel()
	ahead, is := aheadService(t), rollingService(t, after.NewRollingManager(newConfig()))
	now := post(t, is, "/login", alice)
	body := jwttest.JSON(`{"refresh_token":"` + now.RefreshToken + `"}`)
	old := jwttest.Do(ahead, "POST", "/refresh_token", body)
	assert.Equal(t, 401, old.Code)
	assert.JSONEq(t, `{"code":401,"message":"cookie token is empty"}`, old.Body.String())
	assert.NotContains(t, old.Header().Get("WWW-Authenticate"), "reason=")
	assert.Equal(t, 200, jwttest.Do(is, "POST", "/refresh_token", body).Code, "the refresh token is good")
	assert.Equal(t, 200, jwttest.Do(is, "POST", "/logout", body).Code)
	ended := jwttest.Do(is, "POST", "/refresh_token", body)
	assert.Equal(t, 401, ended.Code)
	assert.Contains(t, ended.Header().Get("WWW-Authenticate"), "reason=")
}

// The way back: a process with gin-jwt takes over the users of a process with ginjwt. It
// needs the claims of claimsForBoth.
func TestWayBack(t *testing.T) {
	t.Parallel()
	ahead, config := aheadService(t), newConfig()
	both := post(t, rollingService(t, after.NewRollingManager(config)), "/login", alice)
	assert.Equal(t, 200, hello(ahead, both.Token))
	assert.NotEmpty(t, read(t, ahead, "POST", "/refresh_token", jwttest.Bearer(both.Token)).Token)

	without := post(t, newService(t, after.NewManager(config)), "/login", alice)
	assert.Equal(t, 500, hello(ahead, without.Token), "the IdentityHandler panics")
	mgr := after.NewManager(config)
	mgr.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) { return ginjwt.Claims{"id": 7}, nil })
	noOrigIAT := post(t, newService(t, mgr), "/login", alice)
	mw, err := before.NewAhead(oldKey)
	require.NoError(t, err)
	assert.Equal(t, 500, jwttest.Do(before.NewRouter(mw, mw.RefreshHandler), "GET", "/refresh_token", jwttest.Bearer(noOrigIAT.Token)).Code,
		`gin-jwt reads "orig_iat" without looking whether it is there`)
}

// MemorySessions is empty after a restart: every refresh is refused.
func TestRestartWithMemorySessions(t *testing.T) {
	t.Parallel()
	config := newConfig()
	login := post(t, newService(t, after.NewManager(config)), "/login", alice)
	body := jwttest.JSON(`{"refresh_token":"` + login.RefreshToken + `"}`)
	assert.Equal(t, 200, jwttest.Do(newService(t, after.NewManager(config)), "POST", "/refresh_token", body).Code, "a store that stays")
	config.Sessions = &ginjwt.MemorySessions{}
	w := jwttest.Do(newService(t, after.NewManager(config)), "POST", "/refresh_token", body)
	assert.JSONEq(t, `{"code":401,"message":"Session has ended"}`, w.Body.String())
}

// Everybody logs in again: a new SecretKey refuses every old token.
func TestNewSecretRefusesOldTokens(t *testing.T) {
	t.Parallel()
	is := newService(t, after.NewManager(after.NewConfig(secret, &ginjwt.MemoryBlocklist{}, &ginjwt.MemorySessions{})))
	for _, service := range []http.Handler{oldService(t), aheadService(t)} {
		token := post(t, service, "/login", alice).Token
		assert.Equal(t, 401, hello(is, token))
		assert.Equal(t, 401, jwttest.Do(is, "POST", "/logout", jwttest.Bearer(token)).Code)
	}
}
