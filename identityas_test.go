package ginjwt_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	gojwt "github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

type (
	smallID int32
	name    string
	letters struct{ text string }
)

func (l *letters) UnmarshalText(text []byte) error {
	if strings.Trim(string(text), "abcdefghijklmnopqrstuvwxyz") != "" {
		return fmt.Errorf("%q has other characters", text)
	}
	l.text = string(text)
	return nil
}

func readAs[T any](t *testing.T, identity string) (T, error) {
	t.Helper()
	return ginjwt.GetJWTIdentityAs[T](ginjwt.NewContext(t.Context(), &ginjwt.Token{Identity: identity}, nil))
}

func TestIdentitiesOfAType(t *testing.T) {
	t.Parallel()
	number, err := readAs[int](t, "42")
	require.NoError(t, err)
	assert.Equal(t, 42, number)
	negative, err := readAs[int64](t, "-9223372036854775808")
	require.NoError(t, err)
	assert.Equal(t, int64(-9223372036854775808), negative)
	unsigned, err := readAs[uint64](t, "18446744073709551615")
	require.NoError(t, err)
	assert.Equal(t, uint64(18446744073709551615), unsigned)
	named, err := readAs[smallID](t, "0")
	require.NoError(t, err)
	assert.Equal(t, smallID(0), named)
	text, err := readAs[name](t, " 007")
	require.NoError(t, err)
	assert.Equal(t, name(" 007"), text)
	read, err := readAs[letters](t, "alice")
	require.NoError(t, err)
	assert.Equal(t, letters{"alice"}, read)
	address, err := readAs[netip.Addr](t, "127.0.0.1")
	require.NoError(t, err)
	assert.Equal(t, netip.MustParseAddr("127.0.0.1"), address)
}

// Two texts that are one number would be two users in one store, and one in
// another.
func TestIdentitiesThatAreNoneOfTheType(t *testing.T) {
	t.Parallel()
	for _, identity := range []string{"007", "+7", " 7", "7 ", "7.0", "7e0", "0x7", "1_000", "-0", "٧", "alice", "2147483648", `{"id":7}`} {
		id, err := readAs[smallID](t, identity)
		require.ErrorIs(t, err, ginjwt.ErrInvalidToken, identity)
		assert.NotContains(t, err.Error(), identity)
		assert.Zero(t, id, identity)
	}
	for _, identity := range []string{"-1", "+1", "01", "18446744073709551616"} {
		id, err := readAs[uint64](t, identity)
		require.ErrorIs(t, err, ginjwt.ErrInvalidToken, identity)
		assert.Zero(t, id, identity)
	}
	id, err := readAs[letters](t, "s3cret")
	require.ErrorIs(t, err, ginjwt.ErrInvalidToken)
	assert.NotContains(t, err.Error(), "s3cret")
	assert.Zero(t, id)
}

func TestIdentitiesOfNoType(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, "ginjwt: GetJWTIdentityAs: a float64 is not an integer or a string, and has no UnmarshalText", func() { _, _ = readAs[float64](t, "1") })
	assert.PanicsWithValue(t, "ginjwt: GetJWTIdentityAs: a []string is not an integer or a string, and has no UnmarshalText", func() { _, _ = readAs[[]string](t, "1") })
	assert.PanicsWithValue(t, "ginjwt: GetJWTIdentityAs: no token was verified for this request; put JWTRequired on the route, or call VerifyJWTInRequest first",
		func() { _, _ = ginjwt.GetJWTIdentityAs[int](t.Context()) })
}

// Refuse answers the errors: 401 to anonymous visitors, 422 to identities of
// another form.
func TestIdentitiesOfATypeInRequests(t *testing.T) {
	t.Parallel()
	jwt, engine := newManager(t, jwttest.Config(nil))
	engine.GET("/", jwt.JWTRequired(ginjwt.Optional()), func(c *gin.Context) {
		id, err := ginjwt.GetJWTIdentityAs[int64](c)
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"id": id})
	})
	for _, test := range []struct {
		opts   []jwttest.RequestOption
		status int
		body   string
	}{
		{nil, 401, `{"msg":"No token was sent"}`},
		{[]jwttest.RequestOption{jwttest.Bearer(jwttest.AccessToken(t, jwt, 7))}, 200, `{"id":7}`},
		{[]jwttest.RequestOption{jwttest.Bearer(jwttest.AccessToken(t, jwt, "alice"))}, 422, `{"msg":"Subject has another form than this service expects"}`},
	} {
		r := jwttest.Do(engine, "GET", "/", test.opts...)
		assert.Equal(t, test.status, r.Code)
		assert.JSONEq(t, test.body, r.Body.String())
	}
}

// Tokens of Flask services with numbers and dicts as identities, which
// JWT_VERIFY_SUB=false takes over.
func TestIdentitiesThatAreNoText(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.DisableVerifySub = true
	jwt, engine := newManager(t, config)
	engine.GET("/number", jwt.JWTRequired(), func(c *gin.Context) {
		id, err := ginjwt.GetJWTIdentityAs[int64](c)
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"id": id})
	})
	engine.GET("/dict", jwt.JWTRequired(), func(c *gin.Context) {
		claims, err := ginjwt.GetJWTClaims[struct {
			Identity struct {
				ID   int64  `json:"id"`
				Role string `json:"role"`
			} `json:"sub"`
		}](c)
		if err != nil {
			jwt.Refuse(c, ginjwt.ErrInvalidToken)
			return
		}
		c.JSON(http.StatusOK, gin.H{"id": claims.Identity.ID, "role": claims.Identity.Role})
	})
	signed := func(sub any) jwttest.RequestOption {
		return jwttest.Bearer(signedWith(t, config.SecretKey, gojwt.MapClaims{"sub": sub, "jti": "1", "type": "access", "fresh": false}))
	}
	for _, test := range []struct {
		path   string
		sub    any
		status int
	}{
		{"/number", 7, 200},
		{"/number", "7", 200},
		{"/number", json.Number("7.0"), 422},
		{"/number", map[string]any{"id": 7, "role": "admin"}, 422},
		{"/dict", map[string]any{"id": 7, "role": "admin"}, 200},
		{"/dict", "7", 422},
	} {
		assert.Equal(t, test.status, jwttest.Do(engine, "GET", test.path, signed(test.sub)).Code, "%s %v", test.path, test.sub)
	}
}
