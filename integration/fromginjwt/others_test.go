package fromginjwt_test

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/jwtauth/v5"
	golangjwt "github.com/golang-jwt/jwt/v5"
	echojwt "github.com/labstack/echo-jwt/v4"
	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/byhand"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/togin"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/users"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

const secret = "q7RzXw2KpV9tLj4HnBf6YdQs8GmZc3vTa5EuKx1WiP0="

func signedBy(t *testing.T, method golangjwt.SigningMethod, claims golangjwt.Claims) string {
	t.Helper()
	token, err := golangjwt.NewWithClaims(method, claims).SignedString([]byte(secret))
	require.NoError(t, err)
	return token
}

// signedText signs claims as they are written.
func signedText(t *testing.T, claims string) string {
	t.Helper()
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode([]byte(claims))
	signature, err := golangjwt.SigningMethodHS256.Sign(text, []byte(secret))
	require.NoError(t, err)
	return text + "." + encode(signature)
}

// What a middleware that was written by hand lets through, and ginjwt does not.
func TestByHand(t *testing.T) {
	t.Parallel()
	was, is, mgr := gin.New(), gin.New(), byhand.New(secret)
	was.GET("/profile", byhand.AuthMiddleware([]byte(secret)), byhand.Profile)
	require.NoError(t, mgr.InitApp(is))
	is.Group("/", byhand.Protected(mgr)...).GET("/profile", byhand.Profile)

	alice, hour := users.Find(7), golangjwt.NewNumericDate(time.Now().Add(time.Hour))
	old, err := byhand.GenerateToken([]byte(secret), alice)
	require.NoError(t, err)
	var fresh string
	jwttest.Do(func() http.Handler {
		r := gin.New()
		r.POST("/", func(c *gin.Context) { fresh, err = byhand.NewToken(c, mgr, alice) })
		return r
	}(), "POST", "/")
	require.NoError(t, err)
	for name, a := range map[string]struct {
		header   string
		was, now int
	}{
		"a token from before":        {"Bearer " + old, 200, 200},
		"a new token":                {"Bearer " + fresh, 401, 200}, // its user_id is text
		"no token":                   {"", 401, 401},
		"no scheme":                  {old, 200, 401},
		"another algorithm":          {"Bearer " + signedBy(t, golangjwt.SigningMethodHS512, byhand.Claims{UserID: 7, RegisteredClaims: golangjwt.RegisteredClaims{ExpiresAt: hour}}), 200, 401},
		"no exp":                     {"Bearer " + signedBy(t, golangjwt.SigningMethodHS256, golangjwt.MapClaims{"user_id": 7}), 200, 401},
		"two members of one name":    {"Bearer " + signedText(t, `{"user_id":8,"user_id":7,"exp":`+strconv.FormatInt(hour.Unix(), 10)+`}`), 200, 401},
		"no user":                    {"Bearer " + signedBy(t, golangjwt.SigningMethodHS256, golangjwt.MapClaims{"exp": hour.Unix()}), 500, 401},
		"a refresh token, same key":  {"Bearer " + jwttest.RefreshToken(t, mgr, alice.ID), 401, 401},
		"a refresh token by numbers": {"Bearer " + signedBy(t, golangjwt.SigningMethodHS256, golangjwt.MapClaims{"user_id": 7, "type": "refresh", "exp": hour.Unix()}), 200, 401},
	} {
		do := func(h http.Handler) (status int) {
			defer func() {
				if recover() != nil {
					status = 500
				}
			}()
			return jwttest.Do(h, "GET", "/profile", jwttest.Header("Authorization", a.header)).Code
		}
		assert.Equal(t, a.was, do(was), "before: %s", name)
		assert.Equal(t, a.now, do(is), "after: %s", name)
	}
	assert.JSONEq(t, `{"error":"invalid token"}`, jwttest.Do(is, "GET", "/profile").Body.String())
	require.ErrorContains(t, byhand.New(oldKey).InitApp(nil), "SecretKey")
}

// Old processes by hand and new ones run side by side: "sub" for the new, a number for the
// old.
func TestByHandSideBySide(t *testing.T) {
	t.Parallel()
	alice, hour := users.Find(7), time.Now().Add(time.Hour).Unix()
	mgr := ginjwt.New(ginjwt.Config{SecretKey: secret, RequiredClaims: []string{"exp"}})
	was, is := gin.New(), gin.New()
	require.NoError(t, mgr.InitApp(is))
	was.GET("/profile", byhand.AuthMiddleware([]byte(secret)), byhand.Profile)
	is.Group("/", byhand.Protected(mgr)...).GET("/profile", byhand.Profile)
	var now string
	is.POST("/login", func(c *gin.Context) {
		var err error
		now, err = byhand.NewTokenForBoth(c, mgr, alice)
		assert.NoError(t, err)
	})
	jwttest.Do(is, "POST", "/login")
	ahead := signedBy(t, golangjwt.SigningMethodHS256, golangjwt.MapClaims{"sub": "7", "user_id": 7, "role": "admin", "exp": hour})
	for _, token := range []string{ahead, now} {
		for _, service := range []http.Handler{was, is} {
			assert.JSONEq(t, `{"name":"alice","role":"admin"}`, jwttest.Do(service, "GET", "/profile", jwttest.Bearer(token)).Body.String())
		}
	}
	parsed, err := golangjwt.Parse(now, func(*golangjwt.Token) (any, error) { return []byte(secret), nil })
	require.NoError(t, err)
	assert.InDelta(t, 7, parsed.Claims.(golangjwt.MapClaims)["user_id"], 0, "code with .(float64) goes on")

	ofIdentityClaim := byhand.New(secret)
	require.NoError(t, ofIdentityClaim.InitApp(nil))
	parsed, err = golangjwt.Parse(jwttest.AccessToken(t, ofIdentityClaim, 7), func(*golangjwt.Token) (any, error) { return []byte(secret), nil })
	require.NoError(t, err)
	assert.Equal(t, "7", parsed.Claims.(golangjwt.MapClaims)["user_id"], "and panics with this token")
	_, err = ofIdentityClaim.CreateAccessToken(t.Context(), 7, ginjwt.WithClaims(ginjwt.Claims{"user_id": 7}))
	require.ErrorIs(t, err, ginjwt.ErrReservedClaim)
}

// JWTRequired with a role may stand on a route of a group that has JWTRequired.
func TestRoleInAProtectedGroup(t *testing.T) {
	t.Parallel()
	mgr, is := byhand.New(secret), gin.New()
	require.NoError(t, mgr.InitApp(is))
	is.Group("/", byhand.Protected(mgr)...).GET("/admin", mgr.JWTRequired(ginjwt.Roles("admin")), byhand.Profile)
	for role, status := range map[string]int{"admin": 200, "user": 403} {
		w := jwttest.Do(is, "GET", "/admin", jwttest.Bearer(jwttest.AccessToken(t, mgr, 7, ginjwt.WithClaims(ginjwt.Claims{"role": role}))))
		assert.Equal(t, status, w.Code)
		if status == 403 {
			assert.JSONEq(t, `{"error":"forbidden"}`, w.Body.String())
		}
	}
}

// A token that has "sub" beside "user_id" outlives the change of IdentityClaim.
func TestIdentityMovesToSub(t *testing.T) {
	t.Parallel()
	was, is := byhand.New(secret), ginjwt.New(ginjwt.Config{SecretKey: secret})
	require.NoError(t, was.InitApp(nil))
	require.NoError(t, is.InitApp(nil))
	encoded := jwttest.AccessToken(t, was, 7, ginjwt.WithClaims(ginjwt.Claims{"sub": "7"}))
	for _, mgr := range []*ginjwt.JWTManager{was, is} {
		token, err := mgr.VerifyToken(t.Context(), encoded)
		require.NoError(t, err)
		assert.Equal(t, "7", token.Identity)
	}
	_, err := is.VerifyToken(t.Context(), jwttest.AccessToken(t, was, 7))
	require.ErrorIs(t, err, ginjwt.ErrInvalidToken)
}

// A service in Gin and one in Echo or chi take each other's tokens.
func TestToGin(t *testing.T) {
	t.Parallel()
	is, err := togin.NewRouter(secret)
	require.NoError(t, err)
	me := func(encoded string) string {
		return jwttest.Do(is, "GET", "/me", jwttest.Bearer(encoded)).Body.String()
	}
	hour := time.Now().Add(time.Hour).Unix()
	assert.Equal(t, "Hello, alice", me(signedBy(t, golangjwt.SigningMethodHS256, golangjwt.MapClaims{"sub": "alice", "exp": hour})))
	auth := jwtauth.New("HS256", []byte(secret), nil)
	_, encoded, err := auth.Encode(map[string]any{"sub": "alice", "exp": hour})
	require.NoError(t, err)
	assert.Equal(t, "Hello, alice", me(encoded))
	assert.Equal(t, "Hello, alice", jwttest.Do(is, "GET", "/me", jwttest.Header("Cookie", "jwt="+encoded)).Body.String())
	assert.Equal(t, "Hello, ", jwttest.Do(is, "GET", "/").Body.String())
	assert.Equal(t, 401, jwttest.Do(is, "GET", "/", jwttest.Bearer("x")).Code, "a bad token is refused on an optional route")
	assert.Equal(t, 401, jwttest.Do(is, "GET", "/me").Code)

	login := jwttest.Do(is, "POST", "/login", jwttest.Form("username", "alice"))
	require.Equal(t, 200, login.Code)
	own := login.Body.String()[len(`{"token":"`) : login.Body.Len()-len(`"}`)]
	e := echo.New()
	e.Use(echojwt.JWT([]byte(secret)))
	e.GET("/me", func(c echo.Context) error {
		subject, err := c.Get("user").(*golangjwt.Token).Claims.GetSubject()
		assert.NoError(t, err)
		return c.String(200, subject)
	})
	assert.Equal(t, "alice", jwttest.Do(e, "GET", "/me", jwttest.Bearer(own)).Body.String())
	token, err := jwtauth.VerifyToken(auth, own)
	require.NoError(t, err)
	subject, _ := token.Subject()
	assert.Equal(t, "alice", subject)

	verifierAlone := jwtauth.Verifier(auth)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }))
	assert.Equal(t, 200, jwttest.Do(verifierAlone, "GET", "/", jwttest.Bearer("x")).Code, "jwtauth refuses in its Authenticator only")
}
