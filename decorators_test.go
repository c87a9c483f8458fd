package ginjwt_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func TestVerifyJWTInRequest(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	adminRequired := func(c *gin.Context) {
		token, err := mgr.VerifyJWTInRequest(c)
		switch {
		case err != nil:
			mgr.Refuse(c, err)
		case token == nil || token.Claims()["admin"] != true: // a CORS preflight has no token
			c.AbortWithStatusJSON(http.StatusForbidden, gin.H{"msg": "Admins only!"})
		}
	}
	engine.GET("/", adminRequired, identify)
	engine.OPTIONS("/", adminRequired, identify)
	options := func(r *http.Request) { r.Method = http.MethodOptions }
	admin := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"admin": true}))
	for _, test := range []struct {
		name   string
		opts   []jwttest.RequestOption
		status int
		body   string
	}{
		{"admin", []jwttest.RequestOption{jwttest.Bearer(admin)}, 200, "alice"},
		{"user", []jwttest.RequestOption{jwttest.Bearer(jwttest.AccessToken(t, mgr, "bob"))}, 403, `{"msg":"Admins only!"}`},
		{"nobody, preflight", []jwttest.RequestOption{preflight}, 403, `{"msg":"Admins only!"}`},
		{"nobody, OPTIONS", []jwttest.RequestOption{options}, 401, `{"msg":"Missing Authorization Header"}` + "\n"},
		{"user, OPTIONS", []jwttest.RequestOption{options, jwttest.Bearer(jwttest.AccessToken(t, mgr, "bob"))}, 403, `{"msg":"Admins only!"}`},
		{"nobody", nil, 401, `{"msg":"Missing Authorization Header"}` + "\n"},
	} {
		w := jwttest.Do(engine, "GET", "/", test.opts...)
		assert.Equal(t, test.status, w.Code, test.name)
		assert.Equal(t, test.body, w.Body.String(), test.name)
	}
}

func TestVerifyJWTInRequestWritesNothing(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.GET("/", func(c *gin.Context) {
		token, err := mgr.VerifyJWTInRequest(c)
		assert.Nil(t, token)
		assert.ErrorIs(t, err, ginjwt.ErrNoAuthorization)
		assert.False(t, c.IsAborted())
		assert.Empty(t, c.Errors)

		token, err = mgr.VerifyJWTInRequest(c, ginjwt.Optional())
		assert.Nil(t, token)
		assert.NoError(t, err)
		c.String(http.StatusOK, "anyway")
	})
	assert.Equal(t, "anyway", jwttest.Do(engine, "GET", "/").Body.String())
}

func TestRefuseAnswersAnyError(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	for name, test := range map[string]struct {
		err    error
		status int
		body   string
	}{
		"made by hand":  {&ginjwt.Error{Kind: ginjwt.ErrRevokedToken, Message: "Logged out"}, 401, "Logged out"},
		"unknown kind":  {&ginjwt.Error{Kind: errors.New("own kind"), Message: "No"}, 500, "No"},
		"another error": {errors.New("secret detail"), 500, "Internal server error"},
		"store is down": {fmt.Errorf("redis: %w", ginjwt.ErrUnavailable), 503, "Service unavailable"},
		"no keys":       {fmt.Errorf("jwks: %w", keys.ErrUnavailable), 503, "Service unavailable"},
		"bare kind":     {ginjwt.ErrVerification, 400, "User claims verification failed"},
		"no message":    {&ginjwt.Error{Kind: ginjwt.ErrVerification}, 400, "User claims verification failed"},
		"no text":       {&ginjwt.Error{Kind: ginjwt.ErrUserLookup}, 401, "The token is not valid"},
	} {
		engine.GET("/"+strings.ReplaceAll(name, " ", "-"), func(c *gin.Context) { mgr.Refuse(c, test.err) }, func(*gin.Context) { t.Error("not aborted") })
		w := jwttest.Do(engine, "GET", "/"+strings.ReplaceAll(name, " ", "-"))
		assert.Equal(t, test.status, w.Code, name)
		assert.Equal(t, `{"msg":"`+test.body+`"}`+"\n", w.Body.String(), name)
	}
}

func TestNoTokenComesOutOfAFailedCheck(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	stale := jwttest.AccessToken(t, mgr, "alice")
	engine.GET("/", func(c *gin.Context) {
		token, err := mgr.VerifyJWTInRequest(c, ginjwt.Fresh())
		assert.Nil(t, token)
		var e *ginjwt.Error
		require.ErrorAs(t, err, &e)
		assert.Nil(t, e.Token)
		_, ok := ginjwt.GetToken(c)
		assert.False(t, ok)
		assert.Panics(t, func() { ginjwt.GetJWTIdentity(c) })
	})
	assert.Equal(t, 200, jwttest.Do(engine, "GET", "/", jwttest.Bearer(stale)).Code)
}

func TestRequirements(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.GET("/access", mgr.JWTRequired(), identify)
	engine.GET("/fresh", mgr.JWTRequired(ginjwt.Fresh()), identify)
	engine.GET("/refresh", mgr.RefreshRequired(), identify)
	engine.GET("/refresh-option", mgr.JWTRequired(ginjwt.Refresh()), identify)
	engine.GET("/any", mgr.JWTRequired(ginjwt.AnyType()), identify)
	engine.GET("/optional-refresh", mgr.RefreshRequired(ginjwt.Optional()), identify)
	access, refresh := jwttest.AccessToken(t, mgr, "a"), jwttest.RefreshToken(t, mgr, "r")
	fresh := jwttest.AccessToken(t, mgr, "f", ginjwt.WithFresh())
	for _, test := range []struct {
		path                   string
		access, fresh, refresh int
		none                   int
	}{
		{"/access", 200, 200, 422, 401},
		{"/fresh", 401, 200, 422, 401},
		{"/refresh", 422, 422, 200, 401},
		{"/refresh-option", 422, 422, 200, 401},
		{"/any", 200, 200, 200, 401},
		{"/optional-refresh", 422, 422, 200, 200},
	} {
		assert.Equal(t, test.access, jwttest.Do(engine, "GET", test.path, jwttest.Bearer(access)).Code, test.path)
		assert.Equal(t, test.fresh, jwttest.Do(engine, "GET", test.path, jwttest.Bearer(fresh)).Code, test.path)
		assert.Equal(t, test.refresh, jwttest.Do(engine, "GET", test.path, jwttest.Bearer(refresh)).Code, test.path)
		assert.Equal(t, test.none, jwttest.Do(engine, "GET", test.path).Code, test.path)
	}
}
