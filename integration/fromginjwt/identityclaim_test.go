package fromginjwt_test

import (
	"context"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/after"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/users"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A token of gin-jwt without the step ahead: what refuses it, and what lets it pass.
func TestTokensWithoutSubAndID(t *testing.T) {
	t.Parallel()
	token := post(t, oldService(t), "/login", alice).Token
	for name, a := range map[string]struct {
		claim       string
		blocklist   bool
		answer, log string
	}{
		"no setting":                  {"", false, "Missing claim: sub", `let it add "sub"; or, if it cannot, set Config.IdentityClaim`},
		"no setting, blocklist":       {"", true, "Missing claim: sub", `let it add "sub"; or, if it cannot, set Config.IdentityClaim`},
		"IdentityClaim":               {"id", false, "", ""},
		"IdentityClaim and Blocklist": {"id", true, `Token is missing the \"jti\" claim`, `let the library that makes these tokens add a unique "jti"`},
	} {
		config := newConfig()
		config.IdentityClaim = a.claim
		if !a.blocklist {
			config.Blocklist = nil
		}
		mgr := after.NewManager(config)
		is := newService(t, mgr)
		_, err := mgr.VerifyToken(t.Context(), token)
		w := jwttest.Do(is, "GET", "/hello", jwttest.Bearer(token))
		if a.answer == "" {
			require.NoError(t, err, name)
			assert.JSONEq(t, `{"id":7,"name":"alice"}`, w.Body.String(), name)
		} else {
			require.ErrorContains(t, err, a.log, name)
			assert.JSONEq(t, `{"code":401,"message":"`+a.answer+`"}`, w.Body.String(), "%s: clients do not read the advice", name)
		}
		if a.claim != "" {
			w = jwttest.Do(is, "POST", "/logout", jwttest.Bearer(token))
			assert.JSONEq(t, `{"code":401,"message":"Token is missing the \"jti\" claim"}`, w.Body.String(), name)
		}
	}
}

// Later the identity moves to "sub", and sessions go on.
func TestIdentityOfSessionsMovesToSub(t *testing.T) {
	t.Parallel()
	config := newConfig()
	config.IdentityClaim = "id"
	withBoth := after.NewManager(config)
	withBoth.AdditionalClaimsLoader(func(_ context.Context, user any) (ginjwt.Claims, error) {
		u := user.(*users.User)
		return ginjwt.Claims{"role": u.Role, "sub": "7"}, nil
	})
	first := post(t, newService(t, withBoth), "/login", alice)
	config.IdentityClaim = ""
	late := after.NewManager(config)
	late.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) { return ginjwt.Claims{"sub": "7"}, nil })
	assert.Equal(t, 500, jwttest.Do(newService(t, late), "POST", "/login", jwttest.JSON(alice)).Code, "remove the claim in the same deployment")
	second := newService(t, after.NewManager(config))
	assert.Equal(t, 200, hello(second, first.Token))
	assert.NotEmpty(t, post(t, second, "/refresh_token", `{"refresh_token":"`+first.RefreshToken+`"}`).Token)
}

// A loader must not return the claim that IdentityClaim names: the log says so.
func TestLoaderReturnsTheIdentityClaim(t *testing.T) {
	t.Parallel()
	config := newConfig()
	config.IdentityClaim, config.Blocklist = "id", nil
	mgr, logged, r := after.NewRollingManager(config), "", gin.New()
	r.Use(func(c *gin.Context) {
		c.Next()
		logged = c.Errors.String()
	})
	require.NoError(t, mgr.InitApp(r))
	r.POST("/login", func(c *gin.Context) {
		_, err := mgr.CreateTokenPair(c, users.Find(7))
		mgr.Refuse(c, err)
	})
	r.GET("/hello", mgr.JWTRequired())
	assert.Equal(t, 500, jwttest.Do(r, "POST", "/login").Code)
	assert.Contains(t, logged, `"id": pass it as the identity, and leave it out of AdditionalClaimsLoader`)
	assert.Equal(t, 401, jwttest.Do(r, "GET", "/hello").Code)
	assert.NotEmpty(t, logged, "gin.Logger prints c.Errors")
}

// An exchange that fails costs nothing: the token of gin-jwt is revoked last.
func TestFailedTradeKeepsTheToken(t *testing.T) {
	t.Parallel()
	mgr, fails := after.NewManager(newConfig()), true
	mgr.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) {
		if fails {
			return nil, ginjwt.ErrUnavailable
		}
		return nil, nil
	})
	is := rollingService(t, mgr)
	old := jwttest.Bearer(post(t, aheadService(t), "/login", alice).Token)
	assert.Equal(t, 503, jwttest.Do(is, "GET", "/refresh_token", old).Code)
	fails = false
	assert.Equal(t, 200, jwttest.Do(is, "GET", "/refresh_token", old).Code)
	assert.Equal(t, 401, jwttest.Do(is, "GET", "/refresh_token", old).Code)
}
