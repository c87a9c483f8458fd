package ginjwt_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// keySource is a source whose keys can be changed, that counts how often it
// was asked and for which "kid" the last time.
type keySource struct {
	set   atomic.Pointer[keys.Set]
	down  atomic.Bool
	asked atomic.Int64
	kid   atomic.Value
}

func (s *keySource) KeySet(_ context.Context, kid string) (*keys.Set, error) {
	s.asked.Add(1)
	s.kid.Store(kid)
	if s.down.Load() {
		return nil, errors.New("no answer")
	}
	return s.set.Load(), nil
}

func (s *keySource) change(t *testing.T, list ...keys.Key) {
	t.Helper()
	set, err := keys.NewSet(list...)
	require.NoError(t, err)
	s.set.Store(set)
}

// issuerOf is a manager that makes the tokens of an issuer.
func issuerOf(t *testing.T, name string, config ginjwt.Config) *ginjwt.JWTManager {
	t.Helper()
	config.EncodeIssuer = name
	mgr, _ := newManager(t, config)
	return mgr
}

const issuerA, issuerB = "https://a.example/", "https://b.example/"

func TestIssuersVerifyWithTheirOwnKeysOnly(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	keyA, keyB := parsed(t, pems.P256Private), parsed(t, pems.Ed25519Private)
	keyA.ID, keyB.ID = "1", "1" // names are each issuer's own
	source := &keySource{}
	source.change(t, keyA)
	mgr, engine := newManager(t, ginjwt.Config{
		SecretKey: strings.Repeat("o", 32), EncodeIssuer: "https://own.example/",
		Issuers: []ginjwt.Issuer{
			{Name: issuerA, KeySource: source, IdentityPrefix: "a:", Audience: []string{"shop"}},
			{Name: issuerB, Keys: []keys.Key{keyB}, IdentityPrefix: "b:"},
		},
	})
	engine.GET("/", mgr.JWTRequired(), func(c *gin.Context) {
		token, _ := ginjwt.GetToken(c)
		c.String(200, "%s of %s", ginjwt.GetJWTIdentity(c), token.Issuer)
	})
	own, a, b := mgr, issuerOf(t, issuerA, ginjwt.Config{Keys: []keys.Key{keyA}}), issuerOf(t, issuerB, ginjwt.Config{Keys: []keys.Key{keyB}})
	forShop := ginjwt.WithAudience("shop")

	for _, test := range []struct {
		name, token string
		status      int
		body        string
	}{
		{"own", jwttest.AccessToken(t, own, "alice"), 200, "alice of https://own.example/"},
		{"A", jwttest.AccessToken(t, a, "alice", forShop), 200, "a:alice of https://a.example/"},
		{"B", jwttest.AccessToken(t, b, "alice"), 200, "b:alice of https://b.example/"},
		{"A with B's key", jwttest.AccessToken(t, b, "alice", ginjwt.WithIssuer(issuerA)), 422, wrongAlgorithm},
		{"B with A's key", jwttest.AccessToken(t, a, "alice", ginjwt.WithIssuer(issuerB)), 422, wrongAlgorithm},
		{"A with our key", jwttest.AccessToken(t, own, "alice", ginjwt.WithIssuer(issuerA)), 422, wrongAlgorithm},
		{"us with A's key", jwttest.AccessToken(t, a, "alice", ginjwt.WithIssuer("https://own.example/")), 422, wrongAlgorithm},
		{"nobody with A's key", jwttest.AccessToken(t, a, "alice", ginjwt.WithIssuer("")), 422, wrongAlgorithm},
		{"A for another service", jwttest.AccessToken(t, a, "alice", ginjwt.WithAudience("bank")), 422, "Audience doesn't match"},
		{"A for nobody", jwttest.AccessToken(t, a, "alice"), 422, `Token is missing the "aud" claim`},
		{"a refresh token of B", jwttest.RefreshToken(t, b, "alice"), 422, "Only access tokens of this issuer are allowed"},
	} {
		for range 2 { // with a cache that is empty, and one that is not
			w := jwttest.Do(engine, "GET", "/", jwttest.Bearer(test.token))
			assert.Equal(t, test.status, w.Code, test.name)
			if test.status == 200 {
				assert.Equal(t, test.body, w.Body.String(), test.name)
			} else {
				assert.Equal(t, `{"msg":"`+strings.ReplaceAll(test.body, `"`, `\"`)+"\"}\n", w.Body.String(), test.name)
			}
		}
	}
}

func TestSameAlgorithmOtherIssuer(t *testing.T) {
	t.Parallel()
	keyA, keyB := secretKey("a"), secretKey("b")
	keyA.ID, keyB.ID = "1", "1"
	mgr, _ := newManager(t, ginjwt.Config{Issuers: []ginjwt.Issuer{
		{Name: issuerA, Keys: []keys.Key{keyA}, IdentityPrefix: "a:"},
		{Name: issuerB, Keys: []keys.Key{keyB}, IdentityPrefix: "b:"},
	}})
	b := issuerOf(t, issuerB, ginjwt.Config{Keys: []keys.Key{keyB}})
	assert.Equal(t, unknownKey, refusalOf(t, mgr, jwttest.AccessToken(t, b, "alice", ginjwt.WithIssuer(issuerA))))
	_, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, b, "alice"))
	require.NoError(t, err)
}

func TestOnlyOtherIssuers(t *testing.T) {
	t.Parallel()
	key := parsed(t, keytest.Generate(t).P256Private)
	source := &keySource{}
	source.change(t, key)
	mgr, _ := newManager(t, ginjwt.Config{Issuers: []ginjwt.Issuer{{Name: issuerA, KeySource: source}}})
	a := issuerOf(t, issuerA, ginjwt.Config{Keys: []keys.Key{key}})

	token, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, a, "alice"))
	require.NoError(t, err)
	assert.Equal(t, "alice", token.Identity, "there is nobody else to confuse it with")
	_, err = mgr.CreateAccessToken(t.Context(), "alice")
	require.ErrorIs(t, err, ginjwt.ErrNoSigningKey)

	asked := source.asked.Load()
	assert.Equal(t, "Invalid issuer", refusalOf(t, mgr, jwttest.AccessToken(t, a, "alice", ginjwt.WithIssuer(issuerB))))
	assert.Equal(t, `Token is missing the "iss" claim`, refusalOf(t, mgr, jwttest.AccessToken(t, a, "alice", ginjwt.WithIssuer(""))))
	hmac := issuerOf(t, issuerA, ginjwt.Config{SecretKey: strings.Repeat("s", 32)})
	assert.Equal(t, wrongAlgorithm, refusalOf(t, mgr, jwttest.AccessToken(t, hmac, "alice")))
	assert.Equal(t, asked, source.asked.Load(), "nobody was asked for these")
}

func TestKeysOfAnIssuerChange(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	first, second := parsed(t, pems.P256Private), parsed(t, pems.Ed25519Private)
	source := &keySource{}
	source.change(t, first)
	mgr, engine := newManager(t, ginjwt.Config{Issuers: []ginjwt.Issuer{{Name: issuerA, KeySource: source}}})
	engine.GET("/", mgr.JWTRequired(), identify)
	a := issuerOf(t, issuerA, ginjwt.Config{Keys: []keys.Key{first}})
	status := func(encoded string) int { return jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Code }
	old := jwttest.AccessToken(t, a, "alice")
	require.Equal(t, 200, status(old))
	assert.Equal(t, keytest.Must(first.Thumbprint()), source.kid.Load())

	require.NoError(t, a.SetKeys(second, first))
	assert.Equal(t, 422, status(jwttest.AccessToken(t, a, "alice")), "not known yet")
	source.change(t, first, second)
	assert.Equal(t, 200, status(jwttest.AccessToken(t, a, "alice")))
	assert.Equal(t, 200, status(old))

	source.change(t, second)
	assert.Equal(t, 422, status(old), "remembered, but its key is gone")

	source.down.Store(true)
	w := jwttest.Do(engine, "GET", "/", jwttest.Bearer(jwttest.AccessToken(t, a, "alice")))
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, `{"msg":"Service unavailable"}`+"\n", w.Body.String())
	source.down.Store(false)
	source.set.Store(nil)
	assert.Equal(t, 422, status(jwttest.AccessToken(t, a, "alice")), "a source without keys")
}

func TestAnIssuerWithoutAudience(t *testing.T) {
	t.Parallel()
	key := secretKey("a")
	take := func(audience []string) error {
		mgr, _ := newManager(t, ginjwt.Config{DecodeAudience: []string{"shop"}, Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: []keys.Key{key}, Audience: audience}}})
		_, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, issuerOf(t, issuerA, ginjwt.Config{Keys: []keys.Key{key}}), "alice"))
		return err
	}
	assert.EqualError(t, take(nil), `ginjwt: token is not valid (token_claims_invalid): token is missing required claim: Token is missing the "aud" claim`)
	assert.NoError(t, take([]string{}))
}

func TestAnIssuerWithTwoNames(t *testing.T) {
	t.Parallel()
	key := parsed(t, keytest.Generate(t).P256Private)
	source := &keySource{}
	source.change(t, key)
	issuers := []ginjwt.Issuer{{Name: issuerA, KeySource: source, IdentityPrefix: "a:"}, {Name: issuerB, KeySource: source, IdentityPrefix: "a:"}}
	mgr, _ := newManager(t, ginjwt.Config{Issuers: issuers})
	for _, name := range []string{issuerA, issuerB} {
		token, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, issuerOf(t, name, ginjwt.Config{Keys: []keys.Key{key}}), "alice"))
		require.NoError(t, err)
		assert.Equal(t, "a:alice", token.Identity)
		assert.Equal(t, name, token.Issuer)
	}
	issuers[1].KeySource = &keySource{}
	assert.ErrorContains(t, ginjwt.New(ginjwt.Config{Issuers: issuers}).InitApp(nil), `the issuer could name users of "https://b.example/"`)
}

// TestDjangoSimpleJWT takes a token of djangorestframework-simplejwt as it is,
// but for its times.
func TestDjangoSimpleJWT(t *testing.T) {
	t.Parallel()
	secret := "django-insecure-" + strings.Repeat("k", 40)
	django := ginjwt.Issuer{
		Name: "https://django.example", Keys: []keys.Key{{Verify: []byte(secret), AllowMissingKeyID: true}},
		IdentityClaim: "user_id", TypeClaim: "token_type", AllowSharedIdentities: true,
	}
	mgr, engine := newManager(t, ginjwt.Config{SecretKey: strings.Repeat("o", 32), Issuers: []ginjwt.Issuer{django}})
	engine.GET("/", mgr.JWTRequired(), identify)
	const head = `{"alg":"HS256","typ":"JWT"}`
	token := func(members string) string {
		return signedHS256(head, `{"token_type":"access","exp":253402300799,"iat":1577836800,"jti":"90bb8eb7dd2b4b1bb4a0b4f3a4a7c6e1","iss":"https://django.example",`+members+`}`, secret)
	}
	for members, want := range map[string]string{
		`"user_id":42`:               "42", // before version 5.5
		`"user_id":"42"`:             "42",
		`"user_id":42.5`:             `{"msg":"Subject must be a string"}` + "\n",
		`"user_id":null`:             `{"msg":"Subject must be a string"}` + "\n",
		`"user_id":""`:               `{"msg":"Empty claim: user_id"}` + "\n",
		`"user_id":["42"]`:           `{"msg":"Subject must be a string"}` + "\n",
		`"sub":"42"`:                 `{"msg":"Missing claim: user_id"}` + "\n",
		`"user_id":9007199254740993`: "9007199254740993",
	} {
		assert.Equal(t, want, jwttest.Do(engine, "GET", "/", jwttest.Bearer(token(members))).Body.String(), members)
	}
	untyped := signedHS256(head, `{"type":"refresh","exp":253402300799,"user_id":"42","iss":"https://django.example"}`, secret)
	assert.Equal(t, `Token is missing the "token_type" claim`, refusalOf(t, mgr, untyped))
	refresh := signedHS256(head, `{"token_type":"refresh","exp":253402300799,"iat":1577836800,"jti":"90bb8eb7dd2b4b1bb4a0b4f3a4a7c6e1","user_id":"42","iss":"https://django.example"}`, secret)
	assert.Equal(t, "Only access tokens of this issuer are allowed", refusalOf(t, mgr, refresh))
}

// TestAServiceThatWasDjango takes over the tokens of simplejwt as its own, and
// makes such tokens.
func TestAServiceThatWasDjango(t *testing.T) {
	t.Parallel()
	secret := "django-insecure-" + strings.Repeat("k", 40)
	mgr, engine := newManager(t, ginjwt.Config{SecretKey: secret, IdentityClaim: "user_id", TypeClaim: "token_type", FreshClaim: "is_fresh"})
	engine.GET("/", mgr.JWTRequired(), identify)
	engine.POST("/", mgr.RefreshRequired(), identify)
	const head = `{"alg":"HS256","typ":"JWT"}`
	access := signedHS256(head, `{"token_type":"access","exp":253402300799,"iat":1577836800,"jti":"90bb8eb7dd2b4b1bb4a0b4f3a4a7c6e1","user_id":"42"}`, secret)
	refresh := signedHS256(head, `{"token_type":"refresh","exp":253402300799,"iat":1577836800,"jti":"90bb8eb7dd2b4b1bb4a0b4f3a4a7c6e1","user_id":"42"}`, secret)
	assert.Equal(t, "42", jwttest.Do(engine, "GET", "/", jwttest.Bearer(access)).Body.String())
	assert.Equal(t, 422, jwttest.Do(engine, "GET", "/", jwttest.Bearer(refresh)).Code)
	assert.Equal(t, "42", jwttest.Do(engine, "POST", "/", jwttest.Bearer(refresh)).Body.String())

	untyped := signedHS256(head, `{"type":"refresh","exp":253402300799,"jti":"1","user_id":"42"}`, secret)
	assert.Equal(t, `Token is missing the "token_type" claim`, refusalOf(t, mgr, untyped), "no access token either")

	made, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, "7", ginjwt.WithFresh(), ginjwt.WithClaims(ginjwt.Claims{"type": "member", "fresh": "fish"})))
	require.NoError(t, err)
	assert.True(t, made.Fresh)
	claims := made.Claims()
	for name, want := range map[string]any{"token_type": "access", "is_fresh": true, "user_id": "7", "type": "member", "fresh": "fish"} {
		assert.Equal(t, want, claims[name], name)
	}
	for name, instead := range map[string]string{"token_type": "use CreateAccessToken or CreateRefreshToken", "is_fresh": "use WithFresh"} {
		_, err = mgr.CreateAccessToken(t.Context(), "7", ginjwt.WithClaims(ginjwt.Claims{name: "x"}))
		assert.EqualError(t, err, `ginjwt: claim is set by this package: "`+name+`": `+instead)
	}
}

func TestRevocationOfOtherIssuersTokens(t *testing.T) {
	t.Parallel()
	keyA, keyB := secretKey("a"), secretKey("b")
	mgr, engine := newManager(t, ginjwt.Config{
		SecretKey: strings.Repeat("o", 32), Sessions: &ginjwt.MemorySessions{},
		Issuers: []ginjwt.Issuer{
			{Name: issuerA, Keys: []keys.Key{keyA}, IdentityPrefix: "a:"},
			{Name: issuerB, Keys: []keys.Key{keyB}, IdentityPrefix: "b:"},
		},
	})
	engine.GET("/", mgr.JWTRequired(), identify)
	engine.POST("/logout", mgr.JWTRequired(), mgr.LogoutHandler())
	a, b := issuerOf(t, issuerA, ginjwt.Config{Keys: []keys.Key{keyA}}), issuerOf(t, issuerB, ginjwt.Config{Keys: []keys.Key{keyB}})
	status := func(encoded string) int { return jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Code }
	logout := func(encoded string) int { return jwttest.Do(engine, "POST", "/logout", jwttest.Bearer(encoded)).Code }

	pair := jwttest.TokenPair(t, mgr, "alice")
	session, err := mgr.DecodeToken(t.Context(), pair.AccessToken)
	require.NoError(t, err)
	ofA := jwttest.AccessToken(t, a, "alice", ginjwt.WithID("the-same"))
	ofB := jwttest.AccessToken(t, b, "alice", ginjwt.WithID("the-same"), ginjwt.WithClaims(ginjwt.Claims{"sid": session.SessionID}))
	own := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithID("the-same"))

	assert.Equal(t, 204, logout(ofB))
	assert.Equal(t, 401, status(ofB))
	assert.Equal(t, 200, status(ofA), "no issuer revokes the tokens of another,")
	assert.Equal(t, 200, status(own), "nor ours,")
	assert.Equal(t, 200, status(pair.AccessToken), "nor ends our sessions")

	foreign, err := mgr.DecodeToken(t.Context(), ofA)
	require.NoError(t, err)
	assert.Equal(t, "the-same", foreign.ID)
	assert.Empty(t, foreign.SessionID)
}

func TestTokensOfOtherIssuersNeedNoID(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("a", 32)
	mgr, engine := newManager(t, ginjwt.Config{
		Blocklist: &ginjwt.MemoryBlocklist{},
		Issuers:   []ginjwt.Issuer{{Name: issuerA, Keys: []keys.Key{{Verify: []byte(secret), AllowMissingKeyID: true}}}},
	})
	engine.GET("/", mgr.JWTRequired(), identify)
	engine.POST("/logout", mgr.JWTRequired(), mgr.LogoutHandler())
	token := func(sub string) string {
		return signedHS256(`{"alg":"HS256"}`, `{"iss":"`+issuerA+`","exp":253402300799,"sub":"`+sub+`"}`, secret)
	}
	alice, bob := token("alice"), token("bob")
	require.Equal(t, "alice", jwttest.Do(engine, "GET", "/", jwttest.Bearer(alice)).Body.String())
	require.Equal(t, 204, jwttest.Do(engine, "POST", "/logout", jwttest.Bearer(alice)).Code)
	assert.Equal(t, 401, jwttest.Do(engine, "GET", "/", jwttest.Bearer(alice)).Code)
	assert.Equal(t, "bob", jwttest.Do(engine, "GET", "/", jwttest.Bearer(bob)).Body.String())
}

func TestTypesOfOtherIssuersTokens(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("a", 32)
	issuer := ginjwt.Issuer{Name: issuerA, Keys: []keys.Key{{Verify: []byte(secret), AllowMissingKeyID: true}}}
	any, _ := newManager(t, ginjwt.Config{Issuers: []ginjwt.Issuer{issuer}, DecodeTypes: []string{"x+jwt"}})
	issuer.Types = []string{"at+jwt"}
	only, _ := newManager(t, ginjwt.Config{Issuers: []ginjwt.Issuer{issuer}, DecodeTypes: []string{"x+jwt"}})
	for header, accepted := range map[string][2]bool{
		`{"alg":"HS256"}`:                            {true, false},
		`{"alg":"HS256","typ":"JWT"}`:                {true, false},
		`{"alg":"HS256","typ":"x+jwt"}`:              {true, false},
		`{"alg":"HS256","typ":"at+jwt"}`:             {true, true},
		`{"alg":"HS256","typ":"application/AT+JWT"}`: {true, true},
		`{"alg":"HS256","typ":""}`:                   {false, false},
		`{"alg":"HS256","typ":null}`:                 {false, false},
		`{"alg":"HS256","typ":["at+jwt"]}`:           {false, false},
		`{"alg":"HS256","typ":"at+jwt at+jwt"}`:      {false, false},
	} {
		encoded := signedHS256(header, `{"iss":"`+issuerA+`","exp":253402300799,"sub":"alice"}`, secret)
		for i, mgr := range []*ginjwt.JWTManager{any, only} {
			_, err := mgr.DecodeToken(t.Context(), encoded)
			assert.Equal(t, accepted[i], err == nil, "%s %d %v", header, i, err)
		}
	}
}

func TestMistakesInIssuers(t *testing.T) {
	t.Parallel()
	key := []keys.Key{secretKey("a")}
	var none *keySource
	nobody := func(context.Context, *ginjwt.Token) (string, error) { return "", nil }
	for want, config := range map[string]ginjwt.Config{
		`Issuers[0].Name: is empty; set the "iss" of its tokens`: {Issuers: []ginjwt.Issuer{{Keys: key}}},
		`Issuers[0].Name: "https://a.example/" is also an issuer of the manager itself; use different names`: {SecretKey: strings.Repeat("o", 32), DecodeIssuers: []string{issuerA},
			Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, IdentityPrefix: "a:"}}},
		`Issuers[1].Name: "https://a.example/" is the name of two issuers; remove one`:                    {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, IdentityPrefix: "a:"}, {Name: issuerA, Keys: key, IdentityPrefix: "b:"}}},
		`Issuers[0].Keys: is empty; set Keys, KeySource or both`:                                          {Issuers: []ginjwt.Issuer{{Name: issuerA}}},
		`Issuers[0].KeySource: is a nil pointer`:                                                          {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, KeySource: none}}},
		`Issuers[0].AccessTypes: contains an empty value; remove it`:                                      {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, AccessTypes: []string{"app", ""}}}},
		`Issuers[0].AccessTypes: contains a type of refresh tokens, which are never accepted; remove it`:  {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, AccessTypes: []string{"Offline"}}}},
		`Issuers[0].AccessTypes: contains a type of refresh tokens, which are never accepted; remove it `: {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, AccessTypes: []string{"app", "Refresh_Token"}}}},
		`Issuers[0].IdentityClaims: contains an empty value; remove it`:                                   {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, IdentityClaims: []string{"oid", ""}}}},
		`Issuers[0].IdentityClaims: "exp" already has another meaning; use another name`:                  {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, IdentityClaims: []string{"oid", "exp"}}}},
		`Issuers[0].RolesClaim: "oid" already has another meaning; use another name`:                      {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, IdentityClaims: []string{"sub", "oid"}, RolesClaim: "oid"}}},
		`Issuers[0].IdentityClaims: replaces IdentityClaim; set only one of them`:                         {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, IdentityClaim: "sub", IdentityClaims: []string{"oid"}}}},
		`Issuers[0].Identity: replaces IdentityClaim and IdentityClaims; set only one of them`:            {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, IdentityClaims: []string{"oid"}, Identity: nobody}}},
		`Issuers[0].Leeway: must be at most 100 years`:                                                    {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, Leeway: math.MaxInt64}}},
		`Issuers[0].Leeway: is 30ns; write 30*time.Second for 30 seconds, or a negative value for none`:   {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, Leeway: 30}}},
		`Issuers[0].Keys: there is no key`:                                                                {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: []keys.Key{{}}}}},
		`Issuers[0].Algorithms: "none" is not a signing algorithm`:                                        {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, Algorithms: []string{"none"}}}},
		`Issuers[0].Audience: contains an empty value; remove it`:                                         {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, Audience: []string{""}}}},
		`Issuers[0].TypeClaim: "sub" already has another meaning; use another name`:                       {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, TypeClaim: "sub", IdentityClaim: "id"}}},
		`Issuers[0].RolesClaim: "/a~2b" starts with a slash, but is not a JSON Pointer (RFC 6901)`:        {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, RolesClaim: "/a~2b"}}},
		`Issuers[0].IdentityPrefix: the issuer could name users of the manager itself; set another prefix, or AllowSharedIdentities if they are the same users`: {SecretKey: strings.Repeat("o", 32),
			Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key}}},
		`Issuers[0].IdentityPrefix: the issuer could name users of "https://b.example/"; set another prefix, or AllowSharedIdentities if they are the same users`: {
			Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, IdentityPrefix: "a:"}, {Name: issuerB, Keys: key, IdentityPrefix: "a:b:"}}},
		`RolesClaim (JWT_ROLES_CLAIM): "name" already has another meaning; use another name`:                                                      {SecretKey: strings.Repeat("o", 32), RolesClaim: "name", IdentityClaim: "name"},
		`Issuers[0].ScopeClaim: "jti" already has another meaning; use another name`:                                                              {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, ScopeClaim: "jti"}}},
		`IdentityClaim (JWT_IDENTITY_CLAIM): "/user/id" looks like a JSON Pointer, which only ScopeClaim and RolesClaim may be; remove the slash`: {SecretKey: strings.Repeat("o", 32), IdentityClaim: "/user/id"},
		`Issuers[0].Types: contains a type of single-use tokens, which are never accepted; remove it`:                                             {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, Types: []string{"JWT", "ticket+JWT"}}}},
		`Issuers[0].Types: contains an empty value; remove it`:                                                                                    {Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: key, Types: []string{""}}}},
		`TypeClaim (JWT_TYPE_CLAIM): "sub" already has another meaning; use another name`:                                                         {SecretKey: strings.Repeat("o", 32), TypeClaim: "sub", IdentityClaim: "id"},
		`IdentityClaim (JWT_IDENTITY_CLAIM): "at" is a claim of single-use tokens; use another name`:                                              {SecretKey: strings.Repeat("o", 32), IdentityClaim: "at"},
		`FreshClaim (JWT_FRESH_CLAIM): "type" already has another meaning; use another name`:                                                      {SecretKey: strings.Repeat("o", 32), FreshClaim: "type"},
		`TypeClaim (JWT_TYPE_CLAIM): "gen" is a claim of sessions; use another name`:                                                              {SecretKey: strings.Repeat("o", 32), TypeClaim: "gen", Sessions: &ginjwt.MemorySessions{}},
		`ScopeClaim (JWT_SCOPE_CLAIM): "/~" starts with a slash, but is not a JSON Pointer (RFC 6901)`:                                            {SecretKey: strings.Repeat("o", 32), ScopeClaim: "/~"},
	} {
		assert.EqualError(t, ginjwt.New(config).InitApp(nil), "ginjwt: "+strings.TrimRight(want, " "))
	}
}

// signedHS256 makes a token by hand, as other libraries do.
func signedHS256(header, payload, secret string) string {
	signed := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
