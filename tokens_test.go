package ginjwt_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// parts returns the header and the payload of a token as JSON texts.
func parts(t *testing.T, encoded string) (header, payload string) {
	t.Helper()
	segments := strings.Split(encoded, ".")
	require.Len(t, segments, 3)
	h, err := base64.RawURLEncoding.DecodeString(segments[0])
	require.NoError(t, err)
	p, err := base64.RawURLEncoding.DecodeString(segments[1])
	require.NoError(t, err)
	return string(h), string(p)
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)

// fixed is a time that tests set their clock to.
var fixed = time.Unix(1700000000, 250e6)

func fixedConfig() ginjwt.Config {
	config := jwttest.Config(nil)
	config.Now = func() time.Time { return fixed }
	return config
}

func TestTokensHaveTheOriginalsBytes(t *testing.T) {
	t.Parallel()
	config := fixedConfig()
	config.EncodeAudience, config.EncodeIssuer = []string{"orders", "returns"}, "https://id.example"
	mgr, _ := newManager(t, config)
	more := ginjwt.WithClaims(ginjwt.Claims{"vault": "<north> é", "big": int64(9007199254740993), "list": []any{1.5, nil, true}})

	header, payload := parts(t, jwttest.AccessToken(t, mgr, "alice", ginjwt.WithFreshFor(10*time.Minute), more))
	assert.Equal(t, `{"alg":"HS256","typ":"JWT"}`, header)
	assert.Equal(t, `{"fresh":1700000600.250000,"iat":1700000000,"jti":"UUID","type":"access","sub":"alice","nbf":1700000000,"csrf":"UUID",`+
		`"aud":["orders","returns"],"iss":"https://id.example","exp":1700000900,"big":9007199254740993,"list":[1.5,null,true],"vault":"<north> é"}`,
		uuids.ReplaceAllString(payload, "UUID"))

	_, payload = parts(t, jwttest.RefreshToken(t, mgr, "alice", ginjwt.WithAudience("returns"), ginjwt.WithIssuer("other"),
		ginjwt.WithID("id-1"), ginjwt.WithNotBefore(fixed.Add(time.Minute)), ginjwt.WithExpires(ginjwt.NeverExpires)))
	assert.Equal(t, `{"fresh":false,"iat":1700000000,"jti":"id-1","type":"refresh","sub":"alice","nbf":1700000060,"csrf":"UUID",`+
		`"aud":"returns","iss":"other"}`, uuids.ReplaceAllString(payload, "UUID"))
}

func TestIDsAreNeverRepeated(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	seen := map[string]bool{}
	for range 1000 {
		_, payload := parts(t, jwttest.AccessToken(t, mgr, "alice"))
		for _, id := range uuids.FindAllString(payload, -1) {
			assert.False(t, seen[id])
			seen[id] = true
		}
	}
	assert.Len(t, seen, 2000, "a jti and a csrf each")
}

type (
	userID   uint32
	userName string
)

func TestIdentities(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	for _, test := range []struct {
		identity any
		want     string
	}{
		{"alice", "alice"},
		{42, "42"},
		{int8(-1), "-1"},
		{uint64(math.MaxUint64), "18446744073709551615"},
		{userID(7), "7"},
		{ginjwt.Location("text of its own type"), "text of its own type"},
		{netip.MustParseAddr("::1"), "::1"},
	} {
		token, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, test.identity))
		require.NoError(t, err)
		assert.Equal(t, test.want, token.Identity)
	}
	var nobody *netip.Addr
	for _, identity := range []any{nil, "", userName(""), 1.5, true, []byte("alice"), struct{}{}, map[string]any{}, nobody} {
		_, err := mgr.CreateAccessToken(t.Context(), identity)
		assert.ErrorIs(t, err, ginjwt.ErrIdentity, "%T", identity)
	}
	_, err := mgr.CreateAccessToken(t.Context(), 1.5)
	assert.EqualError(t, err, "ginjwt: identity must be a string or an integer: a float64 needs a UserIdentityLoader")
	_, err = mgr.CreateAccessToken(t.Context(), nil)
	assert.EqualError(t, err, "ginjwt: identity must be a string or an integer: it is nil")
	_, err = mgr.CreateAccessToken(t.Context(), "")
	assert.EqualError(t, err, "ginjwt: identity must be a string or an integer: it is empty")
	_, err = mgr.CreateAccessToken(t.Context(), "al\xffce")
	assert.EqualError(t, err, `ginjwt: claim "sub": is not valid UTF-8`)
}

func TestReservedClaimsNameTheOptionToUse(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.IdentityClaim = "member"
	mgr, _ := newManager(t, config)
	for claim, instead := range map[string]string{
		"fresh": "use WithFresh", "iat": "set Config.Now", "jti": "use WithID",
		"type": "use CreateAccessToken or CreateRefreshToken", "member": "pass it as the identity, and leave it out of AdditionalClaimsLoader and WithClaims: it is Config.IdentityClaim",
		"nbf": "use WithNotBefore", "csrf": "it is a random value", "aud": "use WithAudience",
		"iss": "use WithIssuer", "exp": "use WithExpires",
	} {
		_, err := mgr.CreateAccessToken(t.Context(), "alice", ginjwt.WithClaims(ginjwt.Claims{claim: "x"}))
		require.ErrorIs(t, err, ginjwt.ErrReservedClaim)
		assert.EqualError(t, err, `ginjwt: claim is set by this package: "`+claim+`": `+instead)
	}
}

func TestSubIsAClaimLikeOthersWhereTheIdentityIsElsewhere(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.IdentityClaim = "member"
	mgr, _ := newManager(t, config)
	token, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, "m-17", ginjwt.WithClaims(ginjwt.Claims{"sub": "alice"})))
	require.NoError(t, err)
	assert.Equal(t, "m-17", token.Identity)
	assert.Equal(t, "alice", token.Claims()["sub"])
	_, err = mgr.CreateAccessToken(t.Context(), "m-17", ginjwt.WithClaims(ginjwt.Claims{"sub": 5}))
	assert.EqualError(t, err, `ginjwt: claim is set by this package: "sub": must be a string`)
}

func TestWhatCannotBeMinted(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	header := func(name string, value any) ginjwt.TokenOption { return ginjwt.WithHeaders(ginjwt.Header{name: value}) }
	claim := func(value any) ginjwt.TokenOption { return ginjwt.WithClaims(ginjwt.Claims{"x": value}) }
	for name, test := range map[string]struct {
		option ginjwt.TokenOption
		kind   error
		says   string
	}{
		"other algorithm":       {header("alg", "none"), ginjwt.ErrReservedHeader, `ginjwt: header parameter is set by this package: "alg"`},
		"critical extension":    {header("crit", []string{"x"}), ginjwt.ErrReservedHeader, `ginjwt: header parameter is set by this package: "crit"`},
		"key in the header":     {header("jwk", "x"), ginjwt.ErrReservedHeader, `ginjwt: header parameter is set by this package: "jwk"`},
		"kid is a number":       {header("kid", 5), ginjwt.ErrReservedHeader, `ginjwt: header parameter is set by this package: "kid" must be a string`},
		"typ is a number":       {header("typ", 5), ginjwt.ErrReservedHeader, `ginjwt: header parameter is set by this package: "typ" must be a string`},
		"negative lifetime":     {ginjwt.WithExpires(-time.Second), ginjwt.ErrLifetime, "ginjwt: lifetime is out of range: WithExpires was given -1s; use at least a second, such as 15*time.Minute, or NeverExpires"},
		"lifetime of no second": {ginjwt.WithExpires(15), ginjwt.ErrLifetime, "ginjwt: lifetime is out of range: WithExpires was given 15ns; use at least a second, such as 15*time.Minute, or NeverExpires"},
		"negative freshness":    {ginjwt.WithFreshFor(-time.Second), nil, "ginjwt: WithFreshFor: the duration must be more than zero"},
		"fresh for no time":     {ginjwt.WithFreshFor(0), nil, "ginjwt: WithFreshFor: the duration must be more than zero"},
		"empty audience":        {ginjwt.WithAudience("a", ""), nil, "ginjwt: WithAudience: an audience is empty: pass names of services only"},
		"too large":             {claim(strings.Repeat("x", 16<<10)), ginjwt.ErrTokenTooLarge, ""},
		"not JSON":              {claim(func() {}), nil, ""},
		"no number":             {claim(math.NaN()), nil, ""},
		"not UTF-8":             {claim("\xff"), nil, ""},
	} {
		token, err := mgr.CreateAccessToken(t.Context(), "alice", test.option)
		require.Error(t, err, name)
		assert.Empty(t, token, name)
		if test.kind != nil {
			assert.ErrorIs(t, err, test.kind, name)
		}
		if test.says != "" {
			assert.EqualError(t, err, test.says, name)
		}
	}
	for _, option := range []ginjwt.TokenOption{ginjwt.WithFresh(), ginjwt.WithFreshFor(time.Minute), ginjwt.WithFreshUntil(time.Now())} {
		_, err := mgr.CreateRefreshToken(t.Context(), "alice", option)
		assert.EqualError(t, err, "ginjwt: a refresh token is never fresh; use WithFresh for access tokens only")
	}
}

func TestLoadersMakeTokens(t *testing.T) {
	t.Parallel()
	type user struct{ ID, Role string }
	shared := ginjwt.Claims{"role": "?", "level": 3}
	mgr, _ := newManager(t, jwttest.Config(nil), func(mgr *ginjwt.JWTManager) {
		mgr.UserIdentityLoader(func(_ context.Context, u any) (string, error) { return u.(user).ID, nil })
		mgr.AdditionalClaimsLoader(func(_ context.Context, u any) (ginjwt.Claims, error) {
			if u.(user).Role == "" {
				return nil, errors.New("no role")
			}
			return shared, nil
		})
		mgr.AdditionalHeadersLoader(func(context.Context, any) (ginjwt.Header, error) {
			return ginjwt.Header{"kid": "k1", "cty": "x"}, nil
		})
	})
	token, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, user{"m-17", "admin"},
		ginjwt.WithClaims(ginjwt.Claims{"role": "admin"}), ginjwt.WithHeaders(ginjwt.Header{"kid": "k2"})))
	require.NoError(t, err)
	assert.Equal(t, "m-17", token.Identity)
	assert.Equal(t, "admin", token.Claims()["role"])
	assert.Equal(t, json.Number("3"), token.Claims()["level"])
	assert.Equal(t, ginjwt.Header{"alg": "HS256", "cty": "x", "kid": "k2", "typ": "JWT"}, token.Header())
	assert.Equal(t, ginjwt.Claims{"role": "?", "level": 3}, shared, "the loader's map is not changed")

	_, err = mgr.CreateAccessToken(t.Context(), user{"m-18", ""})
	assert.EqualError(t, err, "ginjwt: AdditionalClaimsLoader: no role")
}

func TestClaimsAreExact(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	given := ginjwt.Claims{"big": json.Number("9007199254740993"), "nested": map[string]any{"n": json.Number("0.10")}, "wait": time.Second}
	token, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, "alice", ginjwt.WithClaims(given)))
	require.NoError(t, err)
	assert.Equal(t, json.Number("9007199254740993"), token.Claims()["big"])
	assert.Equal(t, map[string]any{"n": json.Number("0.10")}, token.Claims()["nested"])
	assert.Equal(t, json.Number("1000000000"), token.Claims()["wait"])

	var claims struct {
		Sub string `json:"sub"`
		Big int64  `json:"big"`
		SUB string `json:"SUB"`
	}
	require.NoError(t, token.Decode(&claims))
	assert.Equal(t, "alice", claims.Sub)
	assert.Equal(t, int64(9007199254740993), claims.Big)
	assert.Empty(t, claims.SUB, "names match exactly")
}

func TestDecodeErrorsHoldNoValues(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	token, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"born": "s3cr3t"})))
	require.NoError(t, err)
	var claims struct {
		Born time.Time `json:"born"`
	}
	assert.EqualError(t, token.Decode(&claims), `ginjwt: claim "/born" does not fit a time.Time`)
}

func TestTheLastOptionAboutFreshnessCounts(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, fixedConfig())
	always, hour, until := ginjwt.WithFresh(), ginjwt.WithFreshFor(time.Hour), ginjwt.WithFreshUntil(time.Unix(1800000000, 0))
	for _, test := range []struct {
		opts []ginjwt.TokenOption
		want any
	}{
		{nil, false},
		{[]ginjwt.TokenOption{hour, until, always}, true},
		{[]ginjwt.TokenOption{always, hour}, json.Number("1700003600.250000")},
		{[]ginjwt.TokenOption{always, hour, until}, json.Number("1800000000")},
	} {
		token, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, "alice", test.opts...))
		require.NoError(t, err)
		assert.Equal(t, test.want, token.Claims()["fresh"])
	}
}

// As the ExpiredSignatureError of the original has jwt_header and jwt_data.
func TestOnlyAnExpiredTokenComesOutOfDecodeToken(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	mgr, _ := newManager(t, jwttest.Config(clock))
	encoded := jwttest.AccessToken(t, mgr, "alice")
	forged := encoded[:len(encoded)-8] + "AAAAAAAA"
	clock.Advance(time.Hour)
	decode := func(encoded string, opts ...ginjwt.DecodeOption) *ginjwt.Error {
		token, err := mgr.DecodeToken(t.Context(), encoded, opts...)
		assert.Nil(t, token)
		var refused *ginjwt.Error
		require.ErrorAs(t, err, &refused)
		return refused
	}
	expired := decode(encoded)
	require.ErrorIs(t, expired, ginjwt.ErrExpiredToken)
	assert.Equal(t, "alice", expired.Token.Identity)
	assert.Equal(t, "JWT", expired.Token.Header()["typ"])
	assert.Equal(t, "access", expired.Token.Claims()["type"])
	assert.NotContains(t, fmt.Sprintf("%+v %#v", expired, expired), "alice")

	assert.Nil(t, decode(forged).Token)
	assert.Nil(t, decode(encoded, ginjwt.RequireCSRF("x")).Token)
	_, err := mgr.VerifyToken(t.Context(), encoded)
	require.ErrorAs(t, err, &expired)
	require.ErrorIs(t, expired, ginjwt.ErrExpiredToken)
	assert.Nil(t, expired.Token)
}

// docs/from-flask.md names these as differences.
func TestValuesThatPythonWritesInAnotherWay(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	encoded := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"day": time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}),
		ginjwt.WithHeaders(ginjwt.Header{"typ": ""}))
	header, payload := parts(t, encoded)
	assert.Equal(t, `{"alg":"HS256"}`, header)
	assert.Contains(t, payload, `"day":"2020-01-01T00:00:00Z"`)
	for _, opt := range []ginjwt.TokenOption{
		ginjwt.WithClaims(ginjwt.Claims{"a": math.NaN()}), ginjwt.WithClaims(ginjwt.Claims{"a": math.Inf(1)}), ginjwt.WithClaims(ginjwt.Claims{"a": "\xed\xa0\x80"}),
		ginjwt.WithHeaders(ginjwt.Header{"typ": nil}), ginjwt.WithHeaders(ginjwt.Header{"typ": 5}), ginjwt.WithFreshFor(0), ginjwt.WithFreshFor(-time.Minute),
	} {
		_, err := mgr.CreateAccessToken(t.Context(), "alice", opt)
		require.Error(t, err)
	}
}
