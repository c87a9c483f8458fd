package main

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// testApp is a running service, and a manager with its key for tokens that no login gives.
type testApp struct {
	http.Handler
	jwt   *ginjwt.JWTManager
	clock *jwttest.Clock
}

func newTestApp(t *testing.T) testApp {
	t.Helper()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	router, err := newRouter(config)
	require.NoError(t, err)
	jwt := ginjwt.New(config)
	require.NoError(t, jwt.InitApp(nil))
	return testApp{router, jwt, clock}
}

func (a testApp) token(t *testing.T, identity, scope string) jwttest.RequestOption {
	t.Helper()
	scopes := ginjwt.WithClaims(ginjwt.Claims{"scope": scope})
	return jwttest.Bearer(jwttest.AccessToken(t, a.jwt, identity, ginjwt.WithFresh(), scopes))
}

// key has alice make a key with the scope orders:read.
func (a testApp) key(t *testing.T) (id, key string) {
	t.Helper()
	w := jwttest.Do(a, "POST", "/keys", a.token(t, "alice", "orders:read orders:write"), jwttest.JSON(`{"scopes":["orders:read"]}`))
	require.Equal(t, 201, w.Code, w.Body)
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	var body struct{ ID, Key string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
	require.Regexp(t, `^shop_[A-Z2-7]{12}_[A-Z2-7]{26}$`, body.Key)
	return body.ID, body.Key
}

func apiKeyHeader(key string) jwttest.RequestOption { return jwttest.Header("X-API-Key", key) }

// A handler finds the same identity, and a route asks for the same scopes, either way.
func TestTokensAndKeysOnOneRoute(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	_, key := a.key(t)
	reads := a.token(t, "alice", "orders:read")
	for name, with := range map[string]jwttest.RequestOption{"token": reads, "key": apiKeyHeader(key)} {
		w := jwttest.Do(a, "GET", "/orders", with)
		assert.Equal(t, 200, w.Code, name)
		assert.Equal(t, `{"identity":"alice"}`, w.Body.String(), name)
		w = jwttest.Do(a, "POST", "/orders", with)
		assert.Equal(t, 403, w.Code, name)
		assert.Equal(t, `{"msg":"Insufficient scope"}`+"\n", w.Body.String(), name)
		assert.Contains(t, w.Header().Get("WWW-Authenticate"), `scope="orders:write"`, name)
	}
	w := jwttest.Do(a, "GET", "/orders")
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Missing Authorization Header"}`+"\n", w.Body.String())
	w = jwttest.Do(a, "GET", "/orders", reads, apiKeyHeader(key))
	assert.Equal(t, 401, w.Code, "both")
	assert.Equal(t, `{"msg":"More than one token was sent"}`+"\n", w.Body.String())
}

func TestKeysThatAreRefused(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	id, key := a.key(t)
	refused := func(name, key string) {
		w := jwttest.Do(a, "GET", "/orders", apiKeyHeader(key))
		assert.Equal(t, 401, w.Code, name)
		assert.Equal(t, `{"msg":"The API key is not valid"}`+"\n", w.Body.String(), name)
		assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="api_key_invalid"`, name)
	}
	last := map[bool]string{true: "B", false: "A"}[strings.HasSuffix(key, "A")]
	for name, key := range map[string]string{
		"empty": "", "another secret": key[:len(key)-1] + last, "another prefix": "x" + key, "an unknown ID": "shop_AAAAAAAAAAAA_" + key[len(key)-26:],
		"only the ID": "shop_" + id + "_", "no parts": "x", "a part more": key + "_",
	} {
		refused(name, key)
	}

	w := jwttest.Do(a, "DELETE", "/keys/"+id, a.token(t, "bob", ""))
	assert.Equal(t, 404, w.Code, "of somebody else")
	assert.Equal(t, 200, jwttest.Do(a, "GET", "/orders", apiKeyHeader(key)).Code)
	assert.Equal(t, 204, jwttest.Do(a, "DELETE", "/keys/"+id, a.token(t, "alice", "")).Code)
	refused("deleted", key)

	_, key = a.key(t)
	a.clock.Advance(89 * 24 * time.Hour)
	assert.Equal(t, 200, jwttest.Do(a, "GET", "/orders", apiKeyHeader(key)).Code)
	a.clock.Advance(4 * 24 * time.Hour)
	refused("expired", key)
}

func TestWhoMakesKeys(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	_, key := a.key(t)
	more := jwttest.JSON(`{"scopes":["orders:read","orders:write"]}`)
	w := jwttest.Do(a, "POST", "/keys", a.token(t, "alice", "orders:read"), more)
	assert.Equal(t, 403, w.Code, "a scope that alice does not have")
	w = jwttest.Do(a, "POST", "/keys", apiKeyHeader(key), jwttest.JSON(`{"scopes":["orders:read"]}`))
	assert.Equal(t, 401, w.Code, "a key makes no keys")
	w = jwttest.Do(a, "POST", "/keys", jwttest.Bearer(jwttest.AccessToken(t, a.jwt, "alice")), more)
	assert.Equal(t, 401, w.Code, "not fresh")
	w = jwttest.Do(a, "POST", "/keys", a.token(t, "alice", "orders:read"), jwttest.JSON(`{}`))
	assert.Equal(t, 400, w.Code)
}

// What is stored lets nobody make the key.
func TestTheTableHasNoKeys(t *testing.T) {
	t.Parallel()
	key, row := newAPIKey("alice", []string{"orders:read"}, time.Now())
	text, err := json.Marshal(row)
	require.NoError(t, err)
	assert.NotContains(t, string(text), key[len(key)-26:])
	other, _ := newAPIKey("alice", nil, time.Now())
	assert.NotEqual(t, key, other)
}
