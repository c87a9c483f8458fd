package providers_test

import (
	"context"
	"errors"
	"maps"
	"net"
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

// offline is a Transport that never gets an answer.
var offline = jwks.Options{Client: &http.Client{Transport: &http.Transport{
	DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("offline") },
}}}

// rsaKey is the signing key of most providers.
var rsaKey = newRSA()

// with returns claims with some replaced; nil removes a claim.
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

// signed returns a token with these claims, and the usual times.
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

// service is a service that also has tokens of its own.
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
	require.NoError(t, s.jwt.InitApp(s.engine))
	whoAmI := func(c *gin.Context) { c.String(http.StatusOK, ginjwt.GetJWTIdentity(c)) }
	s.engine.GET("/", s.jwt.JWTRequired(), whoAmI)
	s.engine.GET("/read", s.jwt.JWTRequired(ginjwt.Scopes("read:orders")), whoAmI)
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
	neverExpires   = `Unprocessable Entity {"msg":"Token is missing the \"exp\" claim"}`
	wrongType      = `Unprocessable Entity {"msg":"Only access tokens of this issuer are allowed"}`
)

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
	access["exp"] = nil
	assert.Equal(t, neverExpires, s.get("/", hs256(access)))
	delete(access, "exp")
	assert.Equal(t, `Unprocessable Entity {"msg":"Token is missing the \"token_type\" claim"}`,
		s.get("/", hs256(with(access, "token_type", nil, "type", "access"))))
}

func TestDjangoWithoutIssuer(t *testing.T) {
	t.Parallel()
	s := newServiceOf(t, providers.DjangoWithoutIssuer(djangoKey))
	access := members{"token_type": "access", "jti": "90bb8eb7dd2b4b1bb4a0b4f3a4a7c6e1", "user_id": "42"}
	theirs := signedBy(t, jwt.SigningMethodHS256, []byte(djangoKey), members{"kid": nil}, access)
	assert.Equal(t, "42", s.get("/", theirs))
	access["exp"] = nil
	assert.Equal(t, neverExpires, s.get("/", signedBy(t, jwt.SigningMethodHS256, []byte(djangoKey), members{"kid": nil}, access)))

	ours, err := s.jwt.DecodeToken(t.Context(), jwttest.AccessToken(t, s.jwt, "42"))
	require.NoError(t, err)
	assert.Equal(t, "access", ours.Claims()["token_type"], "as Django asks for")
	assert.Equal(t, "42", ours.Claims()["user_id"])
	assert.NotEmpty(t, ours.ID)
	assert.NotZero(t, ours.ExpiresAt)
}

// The other service runs, and its handlers serve its metadata and keys.
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
	assert.Equal(t, neverExpires, s.get("/", jwttest.AccessToken(t, accounts, "alice", ginjwt.WithExpires(ginjwt.NeverExpires))))
	assert.Equal(t, wrongType, s.get("/", jwttest.RefreshToken(t, accounts, "alice")))
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

// With all issuers at once, none can name the users of another, unless it is allowed to.
func TestAllProviders(t *testing.T) {
	t.Parallel()
	list := []ginjwt.Issuer{providers.Django(djangoKey)}
	for _, provider := range []func(context.Context, jwks.Options) ([]ginjwt.Issuer, error){
		one(providers.Accounts), one(providers.Apple), one(providers.Auth0), one(providers.Clerk), one(providers.CloudflareAccess), one(providers.Cognito),
		one(providers.EntraID), one(providers.EntraIDv1), one(providers.GitHubActions), one(providers.GitLab), providers.Google, one(providers.GoogleIAP),
		one(providers.Hydra), one(providers.Keycloak), one(providers.Kubernetes), one(providers.Okta), one(providers.OktaLogin), one(providers.SPIFFE), one(providers.Supabase),
		one(providers.Firebase),
		one(providers.Teleport), providers.WorkOS, one(providers.Zitadel),
	} {
		issuers, err := provider(t.Context(), offline)
		require.NoError(t, err)
		list = append(list, issuers...)
	}
	s := newService(t, list...)
	token := signed(t, nil, members{"iss": "https://accounts.google.com", "sub": "1", "aud": "407408718192.apps.googleusercontent.com"})
	assert.Equal(t, `Service Unavailable {"msg":"Service unavailable"}`, s.get("/", token), "nobody answers, so nobody is let in")
}
