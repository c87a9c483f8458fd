package providers_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/issuers/providers"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

type members = map[string]any

// internet has the pages of providers, by their address.
type internet map[string]members

func (n internet) RoundTrip(r *http.Request) (*http.Response, error) {
	page, there := n[r.URL.String()]
	status := http.StatusOK
	if !there {
		status = http.StatusNotFound
	}
	text, err := json.Marshal(page)
	return &http.Response{
		StatusCode: status,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(strings.NewReader(string(text))),
		Request:    r,
	}, err
}

func (n internet) options() jwks.Options {
	return jwks.Options{Client: &http.Client{Transport: n}}
}

// rsaKey is what signs at all providers.
var rsaKey = func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}()

// publish puts the metadata of an issuer, and its keys, where they are in real
// life. The key has no "alg", as with Entra ID, unless the provider writes it.
func publish(t *testing.T, issuer, set, alg string) internet {
	t.Helper()
	text, err := keys.Key{ID: "key", Algorithm: alg, Verify: &rsaKey.PublicKey}.MarshalPublicJWK()
	require.NoError(t, err)
	key := members{}
	require.NoError(t, json.Unmarshal(text, &key))
	encryption := maps.Clone(key)
	encryption["kid"], encryption["use"], encryption["alg"] = "encryption", "enc", "RSA-OAEP" // Keycloak has one
	return internet{
		strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration": {"issuer": issuer, "jwks_uri": set},
		set: {"keys": []members{encryption, key}},
	}
}

// with returns claims with others in place of some; nil removes one.
func with(claims members, names ...any) members {
	changed := maps.Clone(claims)
	for i := 0; i < len(names); i += 2 {
		name := names[i].(string)
		if changed[name] = names[i+1]; names[i+1] == nil {
			delete(changed, name)
		}
	}
	return changed
}

// signed returns a token with these claims, and times as all providers have.
func signed(t *testing.T, header, claims members) string {
	t.Helper()
	return signedBy(t, jwt.SigningMethodRS256, rsaKey, header, claims)
}

func signedBy(t *testing.T, method jwt.SigningMethod, key any, header, claims members) string {
	t.Helper()
	now := time.Now()
	token := jwt.NewWithClaims(method, jwt.MapClaims(with(members{
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}, pairs(claims)...)))
	token.Header = with(members{"alg": method.Alg(), "kid": "key", "typ": "JWT"}, pairs(header)...)
	encoded, err := token.SignedString(key)
	require.NoError(t, err)
	return encoded
}

func pairs(m members) (list []any) {
	for name, value := range m {
		list = append(list, name, value)
	}
	return list
}

// service is one that has tokens of its own too.
type service struct {
	jwt    *ginjwt.JWTManager
	engine *gin.Engine
}

func newService(t *testing.T, issuers ...ginjwt.Issuer) service {
	t.Helper()
	config := jwttest.Config(nil)
	config.EncodeIssuer, config.DecodeIssuer = "https://shop.example.com", "https://shop.example.com"
	config.Issuers = issuers
	return newServiceOf(t, config)
}

func newServiceOf(t *testing.T, config ginjwt.Config) service {
	t.Helper()
	s := service{ginjwt.New(config), gin.New()}
	s.jwt.TokenVerificationLoader(providers.OfOurApps)
	require.NoError(t, s.jwt.InitApp(s.engine))
	whoAmI := func(c *gin.Context) { c.String(http.StatusOK, ginjwt.GetJWTIdentity(c)) }
	s.engine.GET("/", s.jwt.JWTRequired(), whoAmI)
	s.engine.GET("/read", s.jwt.JWTRequired(ginjwt.Scopes("read:orders")), whoAmI)
	s.engine.GET("/admin", s.jwt.JWTRequired(ginjwt.Roles("admin")), whoAmI)
	return s
}

// get returns the body, and the status if it is not 200.
func (s service) get(path, token string) string {
	w := jwttest.Do(s.engine, "GET", path, jwttest.Bearer(token))
	if w.Code == http.StatusOK {
		return w.Body.String()
	}
	return http.StatusText(w.Code) + " " + strings.TrimSuffix(w.Body.String(), "\n")
}

const (
	wrongAudience  = `Unprocessable Entity {"msg":"Audience doesn't match"}`
	wrongAlgorithm = `Unprocessable Entity {"msg":"The specified alg value is not allowed"}`
	wrongType      = `Unprocessable Entity {"msg":"Only access tokens of this issuer are allowed"}`
	wrongTyp       = `Unprocessable Entity {"msg":"The specified typ value is not allowed"}`
	noRole         = `Forbidden {"msg":"Insufficient scope"}`
)

func TestAuth0(t *testing.T) {
	t.Parallel()
	const name = "https://example.eu.auth0.com/"
	net := publish(t, name, name+".well-known/jwks.json", "RS256")
	issuer, err := providers.Auth0(t.Context(), net.options())
	require.NoError(t, err)
	s := newService(t, issuer)
	access := members{
		"iss": name, "sub": "auth0|123456", "azp": "my_client_id", "scope": "openid read:orders",
		"aud":         []string{"https://api.example.com", "https://example.eu.auth0.com/userinfo"},
		"permissions": []string{"read:orders", "admin"},
	}
	token := signed(t, nil, access)
	assert.Equal(t, "auth0:auth0|123456", s.get("/", token))
	assert.Equal(t, "auth0:auth0|123456", s.get("/read", token))
	assert.Equal(t, "auth0:auth0|123456", s.get("/admin", token))
	decoded, err := s.jwt.DecodeToken(t.Context(), token)
	require.NoError(t, err)
	require.NoError(t, s.jwt.RevokeToken(t.Context(), decoded))
	assert.Equal(t, `Unauthorized {"msg":"Token has been revoked"}`, s.get("/", token), "it has no jti")
	rfc9068 := with(access, "azp", nil, "client_id", "my_client_id", "jti", "73WakrfVbNJBaAmhQtEeDv")
	assert.Equal(t, "auth0:auth0|123456", s.get("/", signed(t, members{"typ": "at+jwt"}, rfc9068)))
	machine := with(access, "sub", "my_client_id@clients", "gty", "client-credentials", "aud", "https://api.example.com", "permissions", nil)
	assert.Equal(t, "auth0:my_client_id@clients", s.get("/", signed(t, nil, machine)))
	assert.Equal(t, noRole, s.get("/admin", signed(t, nil, machine)))
	idToken := members{"iss": name, "sub": "auth0|123456", "aud": "my_client_id", "nonce": "n", "name": "Alice"}
	assert.Equal(t, wrongAudience, s.get("/", signed(t, nil, idToken)))
	assert.Equal(t, `Unprocessable Entity {"msg":"Invalid issuer"}`,
		s.get("/", jwttest.AccessToken(t, s.jwt, "alice", ginjwt.WithIssuer("https://example.eu.auth0.com"))), "without the slash it is nobody's")
}

func TestKeycloak(t *testing.T) {
	t.Parallel()
	const name = "https://sso.example.com/realms/shop"
	net := publish(t, name, name+"/protocol/openid-connect/certs", "RS256")
	issuer, err := providers.Keycloak(t.Context(), net.options())
	require.NoError(t, err)
	s := newService(t, issuer)
	access := members{
		"iss": name, "sub": "f1c4f64e-2c0c-4cda-8c9f-9f3f8f3a2b0e", "typ": "Bearer", "azp": "shop-web",
		"jti": "onrtac:0c4cda", "sid": "4c0a3a8a-3a47-4f2f-8e89-9e5f9b0a0a0a", "acr": "1", "aud": []string{"shop-api", "account"},
		"realm_access": members{"roles": []string{"default-roles-shop", "admin"}}, "scope": "openid read:orders email",
		"preferred_username": "alice",
	}
	const alice = "keycloak:f1c4f64e-2c0c-4cda-8c9f-9f3f8f3a2b0e"
	assert.Equal(t, alice, s.get("/", signed(t, nil, access)))
	assert.Equal(t, alice, s.get("/read", signed(t, nil, access)))
	assert.Equal(t, alice, s.get("/admin", signed(t, nil, access)))
	assert.Equal(t, alice, s.get("/", signed(t, members{"typ": "at+jwt"}, access)))
	assert.Equal(t, wrongAudience, s.get("/", signed(t, nil, with(access, "aud", "account"))), "without an audience mapper")
	idToken := with(access, "typ", "ID", "aud", "shop-web")
	assert.Equal(t, wrongAudience, s.get("/", signed(t, nil, idToken)))
	refresh := with(access, "typ", "Refresh", "aud", name)
	assert.Equal(t, wrongAlgorithm, s.get("/", signedBy(t, jwt.SigningMethodHS512, []byte("known to Keycloak alone"), nil, refresh)))
	logout := members{"iss": name, "sub": access["sub"], "aud": "shop-api", "events": members{}}
	assert.Equal(t, wrongTyp, s.get("/", signed(t, members{"typ": "logout+jwt"}, logout)))
}

func TestGoogle(t *testing.T) {
	t.Parallel()
	const name = "https://accounts.google.com"
	net := publish(t, name, "https://www.googleapis.com/oauth2/v3/certs", "RS256")
	issuers, err := providers.Google(t.Context(), net.options())
	require.NoError(t, err)
	s := newService(t, issuers...)
	idToken := members{
		"iss": name, "aud": "407408718192.apps.googleusercontent.com", "azp": "407408718192.apps.googleusercontent.com",
		"sub": "110169484474386276334", "email": "alice@example.com", "email_verified": true, "hd": "example.com",
	}
	assert.Equal(t, "google:110169484474386276334", s.get("/", signed(t, nil, idToken)))
	assert.Equal(t, "google:110169484474386276334", s.get("/", signed(t, nil, with(idToken, "iss", "accounts.google.com"))))
	assert.Equal(t, wrongAudience, s.get("/", signed(t, nil, with(idToken, "aud", "of-another-app.apps.googleusercontent.com"))))
	assert.Equal(t, `Unprocessable Entity {"msg":"Not enough segments"}`, s.get("/", "ya29"), "access tokens are no JWTs")
}

func TestCognito(t *testing.T) {
	t.Parallel()
	const name = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI"
	net := publish(t, name, name+"/.well-known/jwks.json", "RS256")
	issuer, err := providers.Cognito(t.Context(), net.options())
	require.NoError(t, err)
	s := newService(t, issuer)
	noTyp := members{"typ": nil}
	access := members{
		"iss": name, "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "client_id": "1h57kf5cpq17m0eml12EXAMPLE", "version": 2,
		"token_use": "access", "scope": "read:orders openid", "username": "alice", "cognito:groups": []string{"admin"},
		"origin_jti": "o", "event_id": "e", "jti": "j",
	}
	const alice = "cognito:aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
	assert.Equal(t, alice, s.get("/", signed(t, noTyp, access)))
	assert.Equal(t, alice, s.get("/read", signed(t, noTyp, access)))
	assert.Equal(t, alice, s.get("/admin", signed(t, noTyp, access)))
	idToken := with(access, "token_use", "id", "client_id", nil, "aud", "1h57kf5cpq17m0eml12EXAMPLE")
	assert.Equal(t, `Unprocessable Entity {"msg":"Token is missing the \"client_id\" claim"}`, s.get("/", signed(t, noTyp, idToken)))
	assert.Equal(t, wrongType, s.get("/", signed(t, noTyp, with(access, "token_use", "id"))))
	assert.Equal(t, `Bad Request {"msg":"User claims verification failed"}`,
		s.get("/", signed(t, noTyp, with(access, "client_id", "of another app"))))
	assert.Equal(t, "alice", s.get("/", jwttest.AccessToken(t, s.jwt, "alice")), "our own have no client")
}

func TestEntraID(t *testing.T) {
	t.Parallel()
	const tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
	const name = "https://login.microsoftonline.com/" + tenant + "/v2.0"
	net := publish(t, name, "https://login.microsoftonline.com/"+tenant+"/discovery/v2.0/keys", "")
	issuer, err := providers.EntraID(t.Context(), net.options())
	require.NoError(t, err)
	const name1 = "https://sts.windows.net/" + tenant + "/"
	net1 := publish(t, name1, "https://login.windows.net/common/discovery/keys", "")
	issuer1, err := providers.EntraIDv1(t.Context(), net1.options())
	require.NoError(t, err)
	s := newService(t, issuer, issuer1)

	access := members{
		"iss": name, "aud": "00001111-aaaa-2222-bbbb-3333cccc4444", "sub": "pairwise", "oid": "oid", "tid": tenant, "ver": "2.0",
		"azp": "client", "azpacr": "0", "scp": "access_as_user read:orders", "roles": []string{"admin"}, "uti": "uti",
	}
	assert.Equal(t, "entra:pairwise", s.get("/", signed(t, nil, access)))
	assert.Equal(t, "entra:pairwise", s.get("/read", signed(t, nil, access)))
	assert.Equal(t, "entra:pairwise", s.get("/admin", signed(t, nil, access)))
	idToken := with(access, "scp", nil, "nonce", "n")
	const noScope = `Unprocessable Entity {"msg":"Token is missing the \"scp\" claim"}`
	assert.Equal(t, noScope, s.get("/", signed(t, nil, idToken)), "of a page that shares the app registration of its API")
	graph := with(access, "iss", name1, "aud", "00000003-0000-0000-c000-000000000000", "ver", "1.0")
	assert.Equal(t, wrongAudience, s.get("/", signed(t, members{"nonce": "n"}, graph)))
	other := strings.Replace(name, tenant, "bbbbcccc-1111-dddd-2222-eeee3333ffff", 1)
	assert.Equal(t, `Unprocessable Entity {"msg":"The specified alg value is not allowed"}`,
		s.get("/", signed(t, nil, with(access, "iss", other))), "of another tenant")

	first := with(access, "iss", name1, "ver", "1.0", "aud", "api://00001111-aaaa-2222-bbbb-3333cccc4444", "azp", nil, "appid", "client")
	assert.Equal(t, "entra1:pairwise", s.get("/read", signed(t, members{"x5t": "key"}, first)))
}

const djangoKey = "django-insecure-#o9$2=n+7bu@6l(u%k5hzr^c1=v^s@w3x8y4d_0pjm!qe"

func TestDjango(t *testing.T) {
	t.Parallel()
	s := newService(t, providers.Django(djangoKey))
	access := members{
		"iss": "https://django.example.com", "token_type": "access", "jti": "90bb8eb7dd2b4b1bb4a0b4f3a4a7c6e1", "user_id": "42",
	}
	hs256 := func(claims members) string {
		return signedBy(t, jwt.SigningMethodHS256, []byte(djangoKey), members{"kid": nil}, claims)
	}
	assert.Equal(t, "42", s.get("/", hs256(access)))
	assert.Equal(t, "42", s.get("/", hs256(with(access, "user_id", 42))), "before version 5.5")
	assert.Equal(t, `Unprocessable Entity {"msg":"Only access tokens of this issuer are allowed"}`,
		s.get("/", hs256(with(access, "token_type", "refresh"))))
	assert.Equal(t, wrongType, s.get("/", hs256(with(access, "token_type", "sliding"))))
	assert.Equal(t, `Unprocessable Entity {"msg":"Token is missing the \"token_type\" claim"}`,
		s.get("/", hs256(with(access, "token_type", nil, "type", "access"))))
}

func TestDjangoWithoutIssuer(t *testing.T) {
	t.Parallel()
	s := newServiceOf(t, providers.DjangoWithoutIssuer(djangoKey))
	access := members{"token_type": "access", "jti": "90bb8eb7dd2b4b1bb4a0b4f3a4a7c6e1", "user_id": "42"}
	theirs := signedBy(t, jwt.SigningMethodHS256, []byte(djangoKey), members{"kid": nil}, access)
	assert.Equal(t, "42", s.get("/", theirs))

	ours, err := s.jwt.DecodeToken(t.Context(), jwttest.AccessToken(t, s.jwt, "42"))
	require.NoError(t, err)
	assert.Equal(t, "access", ours.Claims()["token_type"], "as Django asks for")
	assert.Equal(t, "42", ours.Claims()["user_id"])
	assert.NotEmpty(t, ours.ID)
	assert.NotZero(t, ours.ExpiresAt)
}

// The other service runs: its metadata and keys are what its handlers answer.
func TestAccounts(t *testing.T) {
	t.Parallel()
	const name = "https://accounts.example.com"
	accounts := ginjwt.New(ginjwt.Config{
		Keys: []keys.Key{{Sign: rsaKey}}, EncodeIssuer: name, EncodeAudience: []string{"shop"},
	})
	require.NoError(t, accounts.InitApp(gin.New()))
	engine := gin.New()
	engine.GET("/jwks.json", accounts.JWKSHandler())
	engine.GET("/.well-known/openid-configuration", accounts.MetadataHandler(ginjwt.Metadata{JWKSURI: name + "/jwks.json"}))
	issuer, err := providers.Accounts(t.Context(), jwks.Options{Client: &http.Client{Transport: handlerTransport{engine}}})
	require.NoError(t, err)
	s := newService(t, issuer)

	token := jwttest.AccessToken(t, accounts, "alice", ginjwt.WithClaims(ginjwt.Claims{"scope": "read:orders"}))
	assert.Equal(t, "alice", s.get("/", token))
	assert.Equal(t, "alice", s.get("/read", token))
	assert.Equal(t, wrongAudience, s.get("/", jwttest.AccessToken(t, accounts, "alice", ginjwt.WithAudience("bank"))))
	assert.Equal(t, `Unprocessable Entity {"msg":"Only access tokens of this issuer are allowed"}`,
		s.get("/", jwttest.RefreshToken(t, accounts, "alice")))
	decoded, err := s.jwt.DecodeToken(context.Background(), token)
	require.NoError(t, err)
	require.NoError(t, s.jwt.RevokeToken(t.Context(), decoded))
	assert.Equal(t, `Unauthorized {"msg":"Token has been revoked"}`, s.get("/", token), "here; the other service does not know")
}

type handlerTransport struct{ http.Handler }

func (h handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := jwttest.Do(h.Handler, r.Method, r.URL.Path)
	return w.Result(), nil
}

// All at once: none can name the users of another, unless it is meant to.
func TestAllProviders(t *testing.T) {
	t.Parallel()
	ctx, options := t.Context(), internet{}.options()
	list, err := providers.Google(ctx, options)
	require.NoError(t, err)
	for _, provider := range []func(context.Context, jwks.Options) (ginjwt.Issuer, error){
		providers.Auth0, providers.Keycloak, providers.Cognito, providers.EntraID, providers.EntraIDv1, providers.Accounts,
	} {
		issuer, err := provider(ctx, options)
		require.NoError(t, err)
		list = append(list, issuer)
	}
	s := newService(t, append(list, providers.Django(djangoKey))...)
	token := signed(t, nil, members{"iss": "https://accounts.google.com", "sub": "1", "aud": "407408718192.apps.googleusercontent.com"})
	assert.Equal(t, `Service Unavailable {"msg":"Service unavailable"}`, s.get("/", token), "nobody answers, so nobody is let in")
}
