package ginjwt_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// A cached token is still checked for everything that can change.
func TestAKnownTokenIsStillChecked(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}
	suspended := false
	mgr, engine := newManager(t, config, func(mgr *ginjwt.JWTManager) {
		mgr.TokenVerificationLoader(func(context.Context, *ginjwt.Token) (bool, error) { return !suspended, nil })
	})
	for path, handler := range map[string]gin.HandlerFunc{
		"/access": mgr.JWTRequired(), "/fresh": mgr.JWTRequired(ginjwt.Fresh()), "/refresh": mgr.RefreshRequired(),
	} {
		engine.POST(path, handler, identify)
	}
	encoded := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithFreshFor(time.Minute))
	status := func(path string) int { return jwttest.Do(engine, "POST", path, jwttest.Bearer(encoded)).Code }
	for range 2 {
		assert.Equal(t, 200, status("/access"))
		assert.Equal(t, 200, status("/fresh"))
		assert.Equal(t, 422, status("/refresh"))
		inCookie := jwttest.Do(engine, "POST", "/access", jwttest.Header("Cookie", "access_token_cookie="+encoded), jwttest.Header("X-CSRF-TOKEN", "x"))
		assert.Equal(t, `{"msg":"CSRF double submit tokens do not match"}`+"\n", inCookie.Body.String())
	}
	forged := jwttest.Do(engine, "POST", "/access", jwttest.Bearer(encoded[:len(encoded)-4]+"AAAA"))
	assert.Equal(t, `{"msg":"Signature verification failed"}`+"\n", forged.Body.String())

	suspended = true
	assert.Equal(t, 400, status("/access"))
	suspended = false
	clock.Advance(2 * time.Minute)
	assert.Equal(t, 200, status("/access"))
	assert.Equal(t, 401, status("/fresh"))

	token, err := mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	require.NoError(t, mgr.RevokeToken(t.Context(), token))
	assert.Equal(t, 401, status("/access"))

	encoded = jwttest.AccessToken(t, mgr, "alice")
	assert.Equal(t, 200, status("/access"))
	clock.Advance(-time.Minute)
	assert.Equal(t, 422, status("/access"), "issued in the future")
	clock.Advance(time.Hour)
	expired := jwttest.Do(engine, "POST", "/access", jwttest.Bearer(encoded))
	assert.Equal(t, `{"msg":"Token has expired"}`+"\n", expired.Body.String())
}

func TestRequestsDoNotShareTheClaimsOfAKnownToken(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.GET("/", mgr.JWTRequired(), func(c *gin.Context) {
		token, _ := ginjwt.GetToken(c)
		assert.Equal(t, []any{"a"}, token.Claims()["list"])
		token.Claims()["list"].([]any)[0] = "changed"
		token.Claims()["sub"] = "changed"
		identify(c)
	})
	encoded := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"list": []string{"a"}}))
	for range 3 {
		assert.Equal(t, "alice", jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Body.String())
	}
}

func TestADecodeKeyLoaderIsAskedEveryTime(t *testing.T) {
	t.Parallel()
	key, asked := keys.Key{Sign: []byte(strings.Repeat("k", 32))}, 0
	mgr, _ := newManager(t, ginjwt.Config{}, func(mgr *ginjwt.JWTManager) {
		mgr.EncodeKeyLoader(func(context.Context, any) (keys.Key, error) { return key, nil })
		mgr.DecodeKeyLoader(func(context.Context, *ginjwt.Token) (keys.Key, error) {
			asked++
			return key, nil
		})
	})
	encoded := jwttest.AccessToken(t, mgr, "alice")
	for range 3 {
		_, err := mgr.DecodeToken(t.Context(), encoded)
		require.NoError(t, err)
	}
	assert.Equal(t, 3, asked)
	key = keys.Key{Sign: []byte(strings.Repeat("l", 32))}
	_, err := mgr.DecodeToken(t.Context(), encoded)
	assert.ErrorIs(t, err, ginjwt.ErrInvalidToken)
}
