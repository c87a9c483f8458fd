package ginjwt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/internal/keytest"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// theirs is an issuer that signs with a secret, and an application that accepts the
// issuer's tokens beside its own.
type theirs struct {
	clock  *jwttest.Clock
	mgr    *ginjwt.JWTManager
	engine *gin.Engine
}

const theirSecret = "the secret of somebody else, long enough"

func newTheirs(t *testing.T, change func(c *ginjwt.Config, i *ginjwt.Issuer)) *theirs {
	t.Helper()
	p := &theirs{clock: &jwttest.Clock{}}
	config := jwttest.Config(p.clock)
	issuer := ginjwt.Issuer{
		Name: issuerA, IdentityPrefix: "a:", Keys: []keys.Key{{Verify: []byte(theirSecret), AllowMissingKeyID: true}},
	}
	change(&config, &issuer)
	config.Issuers = []ginjwt.Issuer{issuer}
	p.mgr, p.engine = newManager(t, config)
	p.engine.GET("/", p.mgr.JWTRequired(), identify)
	p.engine.POST("/logout", p.mgr.LogoutHandler())
	return p
}

// token makes a token that expires in a minute, with other claims in place of those; nil
// removes one.
func (p *theirs) token(t *testing.T, claims ginjwt.Claims) string {
	t.Helper()
	all := ginjwt.Claims{"iss": issuerA, "sub": "alice", "exp": p.clock.Now().Unix() + 60}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	text, err := json.Marshal(all)
	require.NoError(t, err)
	return signedHS256(`{"alg":"HS256"}`, string(text), theirSecret)
}

// get answers with the identity, or the message of the refusal.
func (p *theirs) get(encoded string) string {
	w := jwttest.Do(p.engine, "GET", "/", jwttest.Bearer(encoded))
	var refused struct {
		Message string `json:"msg"`
	}
	if json.Unmarshal(w.Body.Bytes(), &refused) == nil {
		return fmt.Sprint(w.Code, " ", refused.Message)
	}
	return w.Body.String()
}

func TestFixedAndFetchedKeysOfAnIssuer(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	fixed, fetched := parsed(t, pems.P256Private), parsed(t, pems.Ed25519Private)
	fixed.ID, fetched.ID = "fixed", "fetched"
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	forged := keys.Key{ID: "fixed", Sign: other}
	signedWith := func(key keys.Key) string {
		return jwttest.AccessToken(t, issuerOf(t, issuerA, ginjwt.Config{Keys: []keys.Key{key}}), "alice")
	}
	// with takes tokens of keys, and of a source that has others under the same names.
	with := func(list ...keys.Key) (*ginjwt.JWTManager, *keySource) {
		source := &keySource{}
		source.change(t, fetched, forged)
		mgr, _ := newManager(t, ginjwt.Config{Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: list, KeySource: source}}})
		return mgr, source
	}
	mgr, source := with(fixed)
	for range 2 { // with a cache that is empty, and one that is not
		_, err := mgr.DecodeToken(t.Context(), signedWith(fixed))
		require.NoError(t, err)
	}
	assert.Equal(t, "Signature verification failed", refusalOf(t, mgr, signedWith(forged)))
	ed := fetched
	ed.ID = "fixed"
	assert.Equal(t, wrongAlgorithm, refusalOf(t, mgr, signedWith(ed)), "the fixed key has another algorithm")
	assert.Zero(t, source.asked.Load(), "nothing is fetched for a key that is known")

	_, err = mgr.DecodeToken(t.Context(), signedWith(fetched))
	require.NoError(t, err, "the algorithms of both count")
	assert.NotZero(t, source.asked.Load())

	retired := fixed
	retired.NotAfter = time.Now().Add(-time.Hour)
	mgr, source = with(retired)
	assert.Equal(t, unknownKey, refusalOf(t, mgr, signedWith(forged)), "a key that was retired does not come back from elsewhere")
	namesNone := jwttest.AccessToken(t, issuerOf(t, issuerA, ginjwt.Config{Algorithm: "ES256", PrivateKey: pems.P256Private}), "alice")
	source.change(t, keys.Key{ID: "fixed", Sign: fixed.Sign, AllowMissingKeyID: true})
	assert.Equal(t, unknownKey, refusalOf(t, mgr, namesNone), "nor by a token that does not name it")
	mgr, source = with(fixed)
	source.change(t, keys.Key{ID: "fixed", Sign: fixed.Sign, AllowMissingKeyID: true})
	for range 2 {
		_, err = mgr.DecodeToken(t.Context(), namesNone)
		require.NoError(t, err, "the fixed key is good")
	}

	unnamed := fixed
	unnamed.ID = ""
	mgr, _ = with(unnamed)
	_, err = mgr.DecodeToken(t.Context(), signedWith(unnamed))
	require.NoError(t, err, "by its thumbprint")
}

func TestTokensWithoutKeyIDOfAnIssuerWithBothKinds(t *testing.T) {
	t.Parallel()
	for allowed, want := range map[bool]string{true: "a:alice", false: "422 " + wrongAlgorithm} {
		source := &keySource{}
		source.change(t, parsed(t, keytest.Generate(t).P256Private))
		p := newTheirs(t, func(_ *ginjwt.Config, i *ginjwt.Issuer) {
			i.Keys[0].AllowMissingKeyID, i.KeySource = allowed, source
		})
		assert.Equal(t, want, p.get(p.token(t, nil)), "a source has no secrets")
	}
}

func TestAccessTypesOfAnIssuer(t *testing.T) {
	t.Parallel()
	const onlyAccess, noType = "422 Only access tokens of this issuer are allowed", `422 Token is missing the "type" claim`
	for _, row := range []struct {
		types  []string
		claims ginjwt.Claims
		want   string
	}{
		{nil, nil, "a:alice"},
		{nil, ginjwt.Claims{"type": "access"}, "a:alice"},
		{nil, ginjwt.Claims{"type": "app"}, onlyAccess},
		{[]string{"app"}, ginjwt.Claims{"type": "app"}, "a:alice"}, // as Cloudflare Access writes it
		{[]string{"app"}, ginjwt.Claims{"type": "App"}, onlyAccess},
		{[]string{"app"}, ginjwt.Claims{"type": []string{"app"}}, onlyAccess},
		{[]string{"app"}, ginjwt.Claims{"type": "access"}, onlyAccess},
		{[]string{"app"}, ginjwt.Claims{"type": "org"}, onlyAccess},
		{[]string{"app"}, ginjwt.Claims{"type": "refresh"}, onlyAccess},
		{[]string{"app"}, ginjwt.Claims{"type": "app", "token_use": "refresh"}, onlyAccess},
		{[]string{"app"}, ginjwt.Claims{"type": "app", "typ": "Offline"}, onlyAccess},
		{[]string{"app"}, ginjwt.Claims{"type": "app", "token_type": "refresh_token"}, onlyAccess},
		{[]string{"app"}, nil, noType},
		{[]string{"app"}, ginjwt.Claims{"typ": "app"}, noType},
		{[]string{"Bearer", "at+jwt"}, ginjwt.Claims{"type": "at+jwt"}, "a:alice"},
		{[]string{"access", "app"}, ginjwt.Claims{"type": "access"}, "a:alice"},
	} {
		p := newTheirs(t, func(_ *ginjwt.Config, i *ginjwt.Issuer) { i.AccessTypes = row.types })
		encoded := p.token(t, row.claims)
		for range 2 { // with a cache that is empty, and one that is not
			assert.Equal(t, row.want, p.get(encoded), "%v %v", row.types, row.claims)
		}
	}

	keycloak := newTheirs(t, func(_ *ginjwt.Config, i *ginjwt.Issuer) { i.TypeClaim, i.AccessTypes = "typ", []string{"Bearer"} })
	for typ, want := range map[any]string{"Bearer": "a:alice", "ID": onlyAccess, "Refresh": onlyAccess, nil: `422 Token is missing the "typ" claim`} {
		assert.Equal(t, want, keycloak.get(keycloak.token(t, ginjwt.Claims{"typ": typ})))
	}
}

func TestATypeOfTheirsIsAnAccessTokenOfOurs(t *testing.T) {
	t.Parallel()
	p := newTheirs(t, func(_ *ginjwt.Config, i *ginjwt.Issuer) {
		i.AccessTypes, i.Keys[0].TokenType = []string{"app"}, keys.AccessToken
	})
	token, err := p.mgr.DecodeToken(t.Context(), p.token(t, ginjwt.Claims{"type": "app"}))
	require.NoError(t, err)
	assert.Equal(t, ginjwt.AccessToken, token.Type)
	assert.Equal(t, "app", token.Claims()["type"])
}

func TestIdentityClaimsOfAnIssuer(t *testing.T) {
	t.Parallel()
	const notText = "422 Subject must be a string"
	p := newTheirs(t, func(_ *ginjwt.Config, i *ginjwt.Issuer) { i.IdentityClaims = []string{"oid", "client_id", "sub"} })
	for _, row := range []struct {
		claims ginjwt.Claims
		want   string
	}{
		{ginjwt.Claims{"oid": "1", "client_id": "2"}, "a:1"},
		{ginjwt.Claims{"client_id": "2"}, "a:2"},
		{ginjwt.Claims{}, "a:alice"},
		{ginjwt.Claims{"oid": "", "client_id": json.RawMessage("null")}, "a:alice"},
		{ginjwt.Claims{"oid": 42}, "a:42"},
		{ginjwt.Claims{"oid": []string{"1"}}, notText}, // and not "alice"
		{ginjwt.Claims{"oid": true}, notText},
		{ginjwt.Claims{"oid": 4.2}, notText},
		{ginjwt.Claims{"oid": "1", "sub": 7}, "a:1"},
		{ginjwt.Claims{"oid": "1", "sub": ""}, "a:1"},
		{ginjwt.Claims{"oid": "1", "sub": nil}, "a:1"},
		{ginjwt.Claims{"sub": 7}, notText},
		{ginjwt.Claims{"sub": nil}, "422 Missing claim: oid"},
		{ginjwt.Claims{"sub": ""}, "422 Missing claim: oid"},
	} {
		assert.Equal(t, row.want, p.get(p.token(t, row.claims)), "%v", row.claims)
	}
	// the order of the list counts, not the order in the token
	assert.Equal(t, "a:1", p.get(signedHS256(`{"alg":"HS256"}`, `{"sub":"3","client_id":"2","oid":"1","iss":"`+issuerA+`"}`, theirSecret)))
	assert.Equal(t, "a:1", p.get(signedHS256(`{"alg":"HS256"}`, `{"oid":"1","client_id":"2","sub":"3","iss":"`+issuerA+`"}`, theirSecret)))
}

// A "sub" that does not name the user may be anything, also where DisableVerifySub is
// not set.
func TestASubjectThatIsNoIdentity(t *testing.T) {
	t.Parallel()
	p := newTheirs(t, func(_ *ginjwt.Config, i *ginjwt.Issuer) { i.IdentityClaim = "user_id" })
	for _, sub := range []any{7, "", []string{"x"}, json.RawMessage("null"), nil} {
		assert.Equal(t, "a:1", p.get(p.token(t, ginjwt.Claims{"user_id": 1, "sub": sub})), "%v", sub)
	}
	assert.Equal(t, "422 Subject must be a string",
		newTheirs(t, func(*ginjwt.Config, *ginjwt.Issuer) {}).get(p.token(t, ginjwt.Claims{"sub": 7})), "it names the user")
}

func TestTheIdentityOfAnIssuerByAFunction(t *testing.T) {
	t.Parallel()
	var asked int
	byType := func(_ context.Context, token *ginjwt.Token) (string, error) {
		asked++
		assert.Empty(t, token.Identity)
		assert.Equal(t, ginjwt.AccessToken, token.Type)
		if client, ok := token.Claims()["client_id"].(string); ok {
			return "client/" + client, nil
		}
		user, _ := token.Claims()["user"].(string)
		return user, nil
	}
	p := newTheirs(t, func(_ *ginjwt.Config, i *ginjwt.Issuer) { i.Identity, i.Audience = byType, []string{"shop"} })
	forShop := func(claims ginjwt.Claims) string {
		claims["aud"] = "shop"
		return p.token(t, claims)
	}
	user := forShop(ginjwt.Claims{"user": "bob", "sub": nil})
	for i := range 3 {
		assert.Equal(t, "a:bob", p.get(user))
		assert.Equal(t, i+1, asked, "on every request")
	}
	assert.Equal(t, "a:client/7", p.get(forShop(ginjwt.Claims{"client_id": "7", "sub": 42})))
	assert.Equal(t, "422 Token names no user", p.get(forShop(ginjwt.Claims{})), "and not the sub")

	asked = 0
	assert.Equal(t, "422 Audience doesn't match", p.get(p.token(t, ginjwt.Claims{"aud": "bank"})))
	assert.Equal(t, "422 Signature verification failed", p.get(user[:len(user)-4]+"AAAA"))
	assert.Zero(t, asked, "it sees nothing that is not verified")

	expired := forShop(ginjwt.Claims{"user": "bob", "exp": p.clock.Now().Unix() - 3600})
	assert.Equal(t, "401 Token has expired", p.get(expired))
	token, err := p.mgr.DecodeToken(t.Context(), expired, ginjwt.AllowExpired())
	require.NoError(t, err)
	assert.Equal(t, "a:bob", token.Identity)
}

func TestErrorsOfAnIdentityFunction(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		err    error
		status int
	}{
		{"bob", nil, 200},
		{"", nil, 422},
		{"bob", errors.New("broken"), 500},
		{"bob", fmt.Errorf("a directory: %w", ginjwt.ErrUnavailable), 503},
		{"bob", fmt.Errorf("nobody: %w", ginjwt.ErrInvalidToken), 422},
	} {
		p := newTheirs(t, func(_ *ginjwt.Config, i *ginjwt.Issuer) {
			i.Identity = func(context.Context, *ginjwt.Token) (string, error) { return row.name, row.err }
		})
		assert.Equal(t, row.status, jwttest.Do(p.engine, "GET", "/", jwttest.Bearer(p.token(t, nil))).Code, "%v", row.err)
	}
}

func TestLeewayOfAnIssuer(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ own, theirs, want time.Duration }{
		{0, 0, 30 * time.Second},
		{10 * time.Second, 0, 30 * time.Second},
		{time.Minute, 0, time.Minute},
		{time.Minute, 5 * time.Second, 5 * time.Second},
		{time.Minute, -1, 0},
		{0, 10 * time.Minute, 10 * time.Minute},
	} {
		p := newTheirs(t, func(c *ginjwt.Config, i *ginjwt.Issuer) { c.DecodeLeeway, i.Leeway = row.own, row.theirs })
		now, leeway := p.clock.Now().Unix(), int64(row.want/time.Second)
		assert.Equal(t, "a:alice", p.get(p.token(t, ginjwt.Claims{"iat": now + leeway, "nbf": now + leeway})), "%v", row)
		assert.Equal(t, "422 The token is not yet valid (iat)", p.get(p.token(t, ginjwt.Claims{"iat": now + leeway + 1})), "%v", row)
		assert.Equal(t, "422 The token is not yet valid (nbf)", p.get(p.token(t, ginjwt.Claims{"nbf": now + leeway + 1})), "%v", row)

		expiring := p.token(t, ginjwt.Claims{"exp": now + 1})
		assert.Equal(t, "a:alice", p.get(expiring), "%v", row)
		p.clock.Advance(row.want) // it is remembered
		assert.Equal(t, "a:alice", p.get(expiring), "%v", row)
		p.clock.Advance(time.Second)
		assert.Equal(t, "401 Token has expired", p.get(expiring), "%v", row)
	}
}

// A token that was revoked is refused for as long as the clock of its issuer may be
// behind, and one that a logout finds in that time is revoked.
func TestRevocationLastsForTheLeewayOfAnIssuer(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]time.Duration{"before it expires": 0, "in the leeway": 2 * time.Minute} {
		blocked := &datedBlocklist{}
		p := newTheirs(t, func(c *ginjwt.Config, i *ginjwt.Issuer) {
			i.Leeway, c.Blocklist, blocked.Now = time.Hour, blocked, c.Now
		})
		encoded, expires := p.token(t, nil), p.clock.Now().Add(time.Minute)
		p.clock.Advance(before)
		require.Equal(t, "a:alice", p.get(encoded), name)
		require.Equal(t, http.StatusNoContent, jwttest.Do(p.engine, "POST", "/logout", jwttest.Bearer(encoded)).Code, name)
		until := slices.Collect(maps.Values(blocked.added()))
		wanted := expires.Truncate(time.Second).Add(time.Hour + time.Minute) // a minute for clocks that differ
		assert.Equal(t, []string{wanted.UTC().Format(time.RFC3339Nano)}, until, name)
		p.clock.Advance(time.Hour - before)
		assert.Equal(t, "401 Token has been revoked", p.get(encoded), name)
	}
}

func TestLeewayForTheAuthenticationTime(t *testing.T) {
	t.Parallel()
	p := newTheirs(t, func(*ginjwt.Config, *ginjwt.Issuer) {})
	p.engine.GET("/fresh", p.mgr.JWTRequired(ginjwt.FreshWithin(time.Hour)), identify)
	for ahead, status := range map[int64]int{30: 200, 31: 401} {
		encoded := p.token(t, ginjwt.Claims{"auth_time": p.clock.Now().Unix() + ahead})
		assert.Equal(t, status, jwttest.Do(p.engine, "GET", "/fresh", jwttest.Bearer(encoded)).Code, strings.Repeat("+", int(ahead)))
	}
}

func TestRolesOfZitadel(t *testing.T) {
	t.Parallel()
	const claim = "urn:zitadel:iam:org:project:roles"
	p := newTheirs(t, func(_ *ginjwt.Config, i *ginjwt.Issuer) { i.RolesClaim = claim })
	p.engine.GET("/admin", p.mgr.JWTRequired(ginjwt.Roles("admin")), identify)
	for role, status := range map[string]int{"admin": 200, "reader": 403} {
		encoded := p.token(t, ginjwt.Claims{claim: map[string]any{role: map[string]string{"219166221211082753": "shop.example.com"}}})
		assert.Equal(t, status, jwttest.Do(p.engine, "GET", "/admin", jwttest.Bearer(encoded)).Code, role)
	}
}
