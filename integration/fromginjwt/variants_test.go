package fromginjwt_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/after"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/before"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/users"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A user who is made of claims keeps the role at the login and at every refresh, if
// UserLookupLoader decodes it.
func TestUserOfClaims(t *testing.T) {
	t.Parallel()
	for status, lookup := range map[int]func(context.Context, *ginjwt.Token) (any, error){
		200: after.UserOfClaims,
		403: func(_ context.Context, token *ginjwt.Token) (any, error) {
			return &users.User{Name: token.Identity}, nil
		},
	} {
		mgr := after.NewManager(newConfig())
		mgr.UserIdentityLoader(func(_ context.Context, user any) (string, error) { return user.(*users.User).Name, nil })
		mgr.UserLookupLoader(lookup)
		is := newService(t, mgr)
		login := post(t, is, "/login", alice)
		next := post(t, is, "/refresh_token", `{"refresh_token":"`+login.RefreshToken+`"}`)
		for _, token := range []string{login.Token, next.Token} {
			for _, path := range []string{"/admin/users", "/admin/report"} {
				assert.Equal(t, status, jwttest.Do(is, "GET", path, jwttest.Bearer(token)).Code, path)
			}
		}
	}
}

// Sessions with loaders that take users need a UserLookupLoader.
func TestLoadersOfUsersNeedALookup(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(newConfig())
	mgr.UserIdentityLoader(func(context.Context, any) (string, error) { return "7", nil })
	mgr.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) { return nil, nil })
	require.ErrorContains(t, mgr.InitApp(gin.New()), "UserLookupLoader")
}

// The lifetime of an access token depends on the user.
func TestRefreshByRole(t *testing.T) {
	t.Parallel()
	mgr := after.NewManager(newConfig())
	r := newService(t, mgr)
	r.POST("/refresh", after.RefreshByRole(mgr))
	for login, lifetime := range map[string]time.Duration{alice: time.Minute, bob: time.Hour} {
		body := `{"refresh_token":"` + post(t, r, "/login", login).RefreshToken + `"}`
		assert.WithinDuration(t, time.Now().Add(lifetime), post(t, r, "/refresh", body).Expire, 30*time.Second)
		assert.WithinDuration(t, time.Now().Add(time.Hour), post(t, r, "/refresh_token", body).Expire, 30*time.Second, "without the option")
	}
}

// A refresh soon after another one returns the same refresh token, unless there is no grace
// period.
func TestRefreshTokenStaysForAWhile(t *testing.T) {
	t.Parallel()
	for grace, same := range map[time.Duration]bool{0: true, -1: false} {
		clock := &jwttest.Clock{}
		config := newConfig()
		config.Now, config.SessionGrace = clock.Now, grace
		config.Sessions, config.Blocklist = &ginjwt.MemorySessions{Now: clock.Now}, &ginjwt.MemoryBlocklist{Now: clock.Now}
		is := newService(t, after.NewManager(config))
		token := post(t, is, "/login", alice).RefreshToken
		clock.Advance(119 * time.Second)
		next := post(t, is, "/refresh_token", `{"refresh_token":"`+token+`"}`).RefreshToken
		assert.Equal(t, same, next == token)
		clock.Advance(2 * time.Minute)
		assert.NotEqual(t, next, post(t, is, "/refresh_token", `{"refresh_token":"`+next+`"}`).RefreshToken)
	}
}

// With a TokenLookup that ends in "cookie: jwt", one message differs.
func TestMessageOfTheLastPlace(t *testing.T) {
	t.Parallel()
	mw, err := before.NewMiddleware(oldKey)
	require.NoError(t, err)
	mgr := after.NewManager(after.WithCookies(newConfig()))
	mgr.ErrorLoader(func(c *gin.Context, err *ginjwt.Error) {
		message := err.Message
		if errors.Is(err.Kind, ginjwt.ErrNoAuthorization) {
			message = "cookie token is empty"
		}
		c.JSON(401, gin.H{"code": 401, "message": message})
	})
	was := before.NewRouter(mw, mw.RefreshHandler)
	is, err := after.NewCookieRouter(mgr)
	require.NoError(t, err)
	for _, opts := range [][]jwttest.RequestOption{nil, {jwttest.Header("Authorization", "Basic YTpi")}} {
		old, now := jwttest.Do(was, "GET", "/hello", opts...), jwttest.Do(is, "GET", "/hello", opts...)
		assert.JSONEq(t, `{"code":401,"message":"cookie token is empty"}`, old.Body.String())
		assert.Equal(t, old.Body.String(), now.Body.String())
		assert.Contains(t, now.Header().Get("WWW-Authenticate"), `Bearer realm="api"`)
	}
	rolling, err := after.NewRollingCookieRouter(after.NewRollingManager(after.WithCookies(newConfig())))
	require.NoError(t, err)
	login := jwttest.Do(rolling, "POST", "/login", jwttest.JSON(alice))
	for _, header := range []string{"Bearer", "Bearer "} {
		empty := jwttest.Header("Authorization", header)
		assert.Equal(t, 200, jwttest.Do(was, "GET", "/hello", jwttest.Cookies(login), empty).Code, "gin-jwt goes on to the cookie")
		assert.Equal(t, 401, jwttest.Do(rolling, "GET", "/hello", jwttest.Cookies(login), empty).Code)
	}
	assert.Equal(t, 200, jwttest.Do(rolling, "GET", "/hello", jwttest.Cookies(login)).Code)
	bare := jwttest.Header("Authorization", "Bearer")
	assert.Contains(t, jwttest.Do(was, "GET", "/hello", bare).Body.String(), "cookie token is empty")
	assert.NotContains(t, jwttest.Do(is, "GET", "/hello", bare).Body.String(), "cookie token is empty")
}
