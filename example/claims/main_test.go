package main

import (
	"encoding/json"
	"io"
	"os"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/internal/console"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	gin.DefaultWriter = io.Discard
	os.Exit(m.Run())
}

// setUp returns the router, a manager with the same key, and the clock of both.
// The manager makes tokens that no login makes.
func setUp(t *testing.T) (*gin.Engine, *ginjwt.JWTManager, *jwttest.Clock) {
	t.Helper()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	r, err := newRouter(config)
	require.NoError(t, err)
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	return r, mgr, clock
}

// logIn returns alice's token.
func logIn(t *testing.T, r *gin.Engine) string {
	t.Helper()
	w := jwttest.Do(r, "POST", "/login", jwttest.JSON(`{"username":"alice","password":"correct horse"}`))
	require.Equal(t, 200, w.Code, w.Body)
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	var body map[string]string
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
	require.Len(t, body, 1)
	return body["access_token"]
}

func TestPage(t *testing.T) {
	t.Parallel()
	r, _, _ := setUp(t)
	console.Session{Page: "additional-claims.md"}.RunOn(t, r)
}

func TestLoginNeedsThePassword(t *testing.T) {
	t.Parallel()
	r, _, _ := setUp(t)
	for _, body := range []string{
		`{"username":"alice","password":"wrong"}`,
		`{"username":"alice","password":""}`,
		`{"username":"eve","password":"correct horse"}`,
		`{}`, `[]`, ``,
	} {
		w := jwttest.Do(r, "POST", "/login", jwttest.JSON(body))
		assert.Equal(t, 401, w.Code, body)
		assert.Equal(t, `{"msg":"Bad username or password"}`, w.Body.String(), body)
	}
}

func get(r *gin.Engine, path, token string) (status int, body string) {
	w := jwttest.Do(r, "GET", path, jwttest.Bearer(token))
	return w.Code, w.Body.String()
}

func TestTheLoginsTokenHasBothClaims(t *testing.T) {
	t.Parallel()
	r, mgr, _ := setUp(t)
	encoded := logIn(t, r)

	status, body := get(r, "/roles", encoded)
	assert.Equal(t, 200, status)
	assert.Equal(t, `{"identity":"alice","roles":["author","editor"]}`, body)

	status, body = get(r, "/login_method", encoded)
	assert.Equal(t, 200, status)
	assert.Equal(t, `{"login_method":"password"}`, body)

	token, err := mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	own := map[string]any{"roles": token.Claims()["roles"], "login_method": token.Claims()["login_method"]}
	assert.Equal(t, map[string]any{"roles": []any{"author", "editor"}, "login_method": "password"}, own)
}

func TestTokensWithoutTheClaims(t *testing.T) {
	t.Parallel()
	r, mgr, _ := setUp(t)
	token := jwttest.AccessToken(t, mgr, "alice")

	status, body := get(r, "/roles", token)
	assert.Equal(t, 200, status)
	assert.Equal(t, `{"identity":"alice","roles":null}`, body)

	status, body = get(r, "/login_method", token)
	assert.Equal(t, 200, status)
	assert.Equal(t, `{"login_method":"unknown"}`, body)
}

func TestClaimsOfAnotherType(t *testing.T) {
	t.Parallel()
	r, mgr, _ := setUp(t)
	token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"roles": "author", "login_method": 1}))

	status, body := get(r, "/roles", token)
	assert.Equal(t, 500, status)
	assert.Equal(t, `{"msg":"Internal server error"}`+"\n", body)

	status, body = get(r, "/login_method", token)
	assert.Equal(t, 200, status)
	assert.Equal(t, `{"login_method":"unknown"}`, body)
}

func TestRoutesNeedAToken(t *testing.T) {
	t.Parallel()
	r, _, clock := setUp(t)
	expired := logIn(t, r)
	clock.Advance(15 * time.Minute)
	for _, path := range []string{"/roles", "/login_method"} {
		w := jwttest.Do(r, "GET", path)
		assert.Equal(t, 401, w.Code, path)
		assert.Equal(t, `{"msg":"Missing Authorization Header"}`+"\n", w.Body.String(), path)

		status, body := get(r, path, expired)
		assert.Equal(t, 401, status, path)
		assert.Equal(t, `{"msg":"Token has expired"}`+"\n", body, path)
	}
}

func TestWithClaimsWinsOverTheLoader(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(jwttest.Config(nil))
	mgr.AdditionalClaimsLoader(rolesOf)
	require.NoError(t, mgr.InitApp(nil))
	encoded := jwttest.RefreshToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"roles": []string{"reader"}}))
	token, err := mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	assert.Equal(t, []any{"reader"}, token.Claims()["roles"])
}

func TestClaimsOfThePackageCannotBeSet(t *testing.T) {
	t.Parallel()
	_, mgr, _ := setUp(t)
	_, err := mgr.CreateAccessToken(t.Context(), "alice", ginjwt.WithClaims(ginjwt.Claims{"exp": 0}))
	assert.ErrorIs(t, err, ginjwt.ErrReservedClaim)
	assert.EqualError(t, err, `ginjwt: claim is set by this package: "exp": use WithExpires`)
}

func TestLoaderRefusesOtherIdentities(t *testing.T) {
	t.Parallel()
	_, err := rolesOf(t.Context(), 7)
	assert.EqualError(t, err, "claims: the identity is a int")
}

func TestContextOfARealTokenHasClaims(t *testing.T) {
	t.Parallel()
	_, mgr, _ := setUp(t)
	claims := ginjwt.WithClaims(ginjwt.Claims{"roles": []string{"editor"}})

	token, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, "alice", claims))
	require.NoError(t, err)
	ctx := ginjwt.NewContext(t.Context(), token, nil)

	mine, err := ginjwt.GetJWTClaims[myClaims](ctx)
	require.NoError(t, err)
	assert.Equal(t, myClaims{Roles: []string{"editor"}}, mine)
}

func TestContextOfATokenMadeByHandHasNoClaims(t *testing.T) {
	t.Parallel()
	ctx := ginjwt.NewContext(t.Context(), &ginjwt.Token{Identity: "alice"}, nil)
	assert.Equal(t, "alice", ginjwt.GetJWTIdentity(ctx))
	assert.Equal(t, ginjwt.Claims{"type": "access", "fresh": false, "jti": nil}, ginjwt.GetJWT(ctx))
	_, err := ginjwt.GetJWTClaims[myClaims](ctx)
	assert.Error(t, err)
}
