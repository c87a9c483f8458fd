package fromginjwt_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	golangjwt "github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/after"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/before"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/users"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

const (
	oldKey = "secret key" // as in the README of gin-jwt
	alice  = `{"username":"alice","password":"wonderland"}`
	bob    = `{"username":"bob","password":"builder"}`
)

// newConfig has the key of gin-jwt, and stores for one process.
func newConfig() ginjwt.Config {
	config := after.NewConfig(oldKey, &ginjwt.MemoryBlocklist{}, &ginjwt.MemorySessions{})
	config.AllowShortSecret = true
	return config
}

func oldService(t *testing.T) *gin.Engine {
	t.Helper()
	mw, err := before.NewMiddleware(oldKey)
	require.NoError(t, err)
	return before.NewRouter(mw, mw.RefreshHandler)
}

func newService(t *testing.T, jwt *ginjwt.JWTManager) *gin.Engine {
	t.Helper()
	router, err := after.NewRouter(jwt)
	require.NoError(t, err)
	return router
}

// answer is what both services answer to a login and a refresh.
type answer struct {
	Code         int
	Token        string
	Expire       time.Time
	RefreshToken string `json:"refresh_token"`
}

func post(t *testing.T, h http.Handler, path, body string) answer {
	t.Helper()
	return read(t, h, "POST", path, jwttest.JSON(body))
}

func read(t *testing.T, h http.Handler, method, path string, opts ...jwttest.RequestOption) (a answer) {
	t.Helper()
	w := jwttest.Do(h, method, path, opts...)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &a))
	require.Equal(t, http.StatusOK, a.Code)
	return a
}

func hello(h http.Handler, token string) int {
	return jwttest.Do(h, "GET", "/hello", jwttest.Bearer(token)).Code
}

// signed is a token with the key of gin-jwt.
func signed(t *testing.T, claims golangjwt.MapClaims) string {
	t.Helper()
	token, err := golangjwt.NewWithClaims(golangjwt.SigningMethodHS256, claims).SignedString([]byte(oldKey))
	require.NoError(t, err)
	return token
}

// The new service answers what the old one answers: see the table of the page.
func TestSameAnswers(t *testing.T) {
	t.Parallel()
	was, is := oldService(t), newService(t, after.NewManager(newConfig()))
	an, hour := func(s string) jwttest.RequestOption { return jwttest.Header("Authorization", s) }, time.Now().Add(time.Hour)
	expired := signed(t, golangjwt.MapClaims{"id": 7, "sub": "7", "jti": "1", "exp": hour.Add(-2 * time.Hour).Unix()})
	forged := strings.TrimSuffix(expired, expired[len(expired)-8:]) + "AAAAAAAA"
	for name, r := range map[string]struct {
		method, path string
		opts         []jwttest.RequestOption
		status       int
		sameBody     bool
	}{
		"wrong password": {"POST", "/login", []jwttest.RequestOption{jwttest.JSON(`{"username":"alice","password":"x"}`)}, 401, true},
		"no password":    {"POST", "/login", []jwttest.RequestOption{jwttest.JSON(`{}`)}, 401, true},
		"no token":       {"GET", "/hello", nil, 401, false}, // gin-jwt names the last place of TokenLookup
		"other scheme":   {"GET", "/hello", []jwttest.RequestOption{an("Basic YTpi")}, 401, false},
		"no JWT":         {"GET", "/hello", []jwttest.RequestOption{an("Bearer x")}, 401, false},
		"forged":         {"GET", "/hello", []jwttest.RequestOption{an("Bearer " + forged)}, 401, false},
		"expired":        {"GET", "/hello", []jwttest.RequestOption{an("Bearer " + expired)}, 401, true},
		"logout":         {"POST", "/logout", nil, 200, true},
	} {
		t.Run(name, func(t *testing.T) {
			old, now := jwttest.Do(was, r.method, r.path, r.opts...), jwttest.Do(is, r.method, r.path, r.opts...)
			assert.Equal(t, r.status, old.Code)
			assert.Equal(t, r.status, now.Code)
			if r.sameBody {
				assert.JSONEq(t, old.Body.String(), now.Body.String())
			}
			if r.status == 401 {
				assert.Regexp(t, `^\{"code":401,"message":".+"\}$`, old.Body.String())
				assert.Regexp(t, `^\{"code":401,"message":".+"\}$`, now.Body.String())
			}
		})
	}
	for name, login := range map[string]string{"alice": alice, "bob": bob} {
		old, now := post(t, was, "/login", login), post(t, is, "/login", login)
		assert.WithinDuration(t, hour, old.Expire, time.Minute)
		assert.WithinDuration(t, hour, now.Expire, time.Minute)
		for _, path := range []string{"/hello", "/admin/report", "/admin/users"} {
			old, now := jwttest.Do(was, "GET", path, jwttest.Bearer(old.Token)), jwttest.Do(is, "GET", path, jwttest.Bearer(now.Token))
			assert.Equal(t, old.Code, now.Code, "%s %s", name, path)
			assert.Equal(t, old.Body.String(), now.Body.String(), "%s %s", name, path)
		}
	}
}

// Without a place that is asked after the header, the texts are the same too.
func TestHeaderAloneAnswersTheSameTexts(t *testing.T) {
	t.Parallel()
	mw, err := before.NewMiddleware(oldKey)
	require.NoError(t, err)
	mw.TokenLookup = "header: Authorization"
	was, is := before.NewRouter(mw, mw.RefreshHandler), newService(t, after.NewManager(newConfig()))
	for _, opts := range [][]jwttest.RequestOption{nil, {jwttest.Header("Authorization", "Bearer")}} {
		old, now := jwttest.Do(was, "GET", "/hello", opts...), jwttest.Do(is, "GET", "/hello", opts...)
		assert.Equal(t, old.Body.String(), now.Body.String())
		assert.Equal(t, "JWT realm=shop", old.Header().Get("WWW-Authenticate"))
		assert.Contains(t, now.Header().Get("WWW-Authenticate"), "reason=")
	}
}

// A refresh gives new tokens, and the logout ends them.
func TestRefreshAndLogout(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	config := after.NewConfig(secret, &ginjwt.MemoryBlocklist{Now: clock.Now}, &ginjwt.MemorySessions{Now: clock.Now})
	config.Now = clock.Now
	is, err := after.NewRouter(after.NewManager(config))
	require.NoError(t, err)
	login := post(t, is, "/login", bob)
	clock.Advance(time.Hour)
	assert.Equal(t, 401, hello(is, login.Token), "expired")

	second := post(t, is, "/refresh_token", `{"refresh_token":"`+login.RefreshToken+`"}`)
	assert.Equal(t, 200, hello(is, second.Token))
	assert.Equal(t, 200, jwttest.Do(is, "POST", "/logout", jwttest.Bearer(second.Token)).Code)
	assert.Equal(t, 401, hello(is, second.Token), "revoked")
	again := jwttest.Do(is, "POST", "/refresh_token", jwttest.JSON(`{"refresh_token":"`+second.RefreshToken+`"}`))
	assert.JSONEq(t, `{"code":401,"message":"Token has been revoked"}`, again.Body.String())
}

// Differences to gin-jwt that the page names.
func TestOtherAnswers(t *testing.T) {
	t.Parallel()
	was, is := oldService(t), newService(t, after.NewManager(newConfig()))
	gone := map[string]any{"id": 9, "sub": "9", "jti": "1", "exp": time.Now().Add(time.Hour).Unix()}
	token := post(t, is, "/login", alice).Token
	for name, a := range map[string]struct {
		authorization string
		old, now      int
		before, after string
	}{
		"deleted user": {"Bearer " + signed(t, gone), 403, 401, "you don't have permission to access this resource", "Error loading the user 9"},
		"Bearer alone": {"Bearer", 401, 401, "cookie token is empty", "auth header is invalid"},
		"lower case":   {"bearer " + token, 401, 200, "cookie token is empty", ""},
	} {
		header := jwttest.Header("Authorization", a.authorization)
		old, now := jwttest.Do(was, "GET", "/hello", header), jwttest.Do(is, "GET", "/hello", header)
		assert.Equal(t, a.old, old.Code, name)
		assert.Equal(t, a.now, now.Code, name)
		assert.Contains(t, old.Body.String(), a.before, name)
		assert.Contains(t, now.Body.String(), a.after, name)
	}
	for _, opts := range [][]jwttest.RequestOption{nil, {jwttest.Bearer(token)}, {jwttest.Form("refresh_token", token)}} {
		w := jwttest.Do(is, "POST", "/refresh_token", opts...)
		assert.Equal(t, 401, w.Code)
		assert.JSONEq(t, `{"code":401,"message":"refresh token is missing"}`, w.Body.String())
		assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="token_missing"`, "a client must not repeat the request")
	}
	assert.Equal(t, 401, jwttest.Do(is, "POST", "/refresh_token", jwttest.JSON(`{"refresh_token":"`+token+`"}`)).Code, "an access token")

	mw, err := before.NewMiddleware(oldKey)
	require.NoError(t, err)
	behind := gin.New()
	behind.POST("/logout", mw.MiddlewareFunc(), mw.LogoutHandler)
	expired := signed(t, golangjwt.MapClaims{"id": 7, "sub": "7", "jti": "1", "exp": time.Now().Add(-time.Hour).Unix()})
	for _, opts := range [][]jwttest.RequestOption{nil, {jwttest.Bearer(expired)}} {
		assert.Equal(t, 401, jwttest.Do(behind, "POST", "/logout", opts...).Code)
		assert.Equal(t, 200, jwttest.Do(is, "POST", "/logout", opts...).Code)
	}
}

// WithExpires takes the place of TimeoutFunc: AccessTokenExpires is the longest time, and
// each call applies to the access token that it makes.
func TestTimeoutFunc(t *testing.T) {
	t.Parallel()
	mgr := after.NewManager(newConfig()) // one hour
	require.NoError(t, mgr.InitApp(gin.New()))
	_, err := mgr.CreateTokenPair(t.Context(), users.Find(7), ginjwt.WithExpires(2*time.Hour))
	require.ErrorIs(t, err, ginjwt.ErrLifetime)
	pair, err := mgr.CreateTokenPair(t.Context(), users.Find(7), ginjwt.WithExpires(time.Minute))
	require.NoError(t, err)
	assert.Equal(t, 60, int(pair.ExpiresIn))
	for want, opts := range map[int][]ginjwt.TokenOption{3600: nil, 60: {ginjwt.WithExpires(time.Minute)}} {
		token, err := mgr.DecodeToken(t.Context(), pair.RefreshToken)
		require.NoError(t, err)
		next, err := mgr.RotateTokens(t.Context(), token, opts...)
		require.NoError(t, err)
		assert.Equal(t, want, int(next.ExpiresIn))
	}
}

// With gin-jwt a token is good after a logout, and gin-jwt exchanges it for another one.
func TestLogoutOfGinJWTEndsNothing(t *testing.T) {
	t.Parallel()
	was := oldService(t)
	login := post(t, was, "/login", alice)
	assert.Equal(t, 200, jwttest.Do(was, "POST", "/logout", jwttest.Bearer(login.Token)).Code)
	assert.Equal(t, 200, hello(was, login.Token))
	assert.NotEmpty(t, read(t, was, "GET", "/refresh_token", jwttest.Bearer(login.Token)).Token)
}
