package recipes_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/issuers/recipes"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

type members = map[string]any

const (
	region = "eu-central-1"
	kid    = "b6b6e2a8-0d5b-4b1c-9d54-6b1d5a3a8c10"
	signer = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188"
	client = "1h57kf5cpq17m0eml12EXAMPLE"
	issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI"
)

// balancer signs like a load balancer, and serves its keys.
type balancer struct {
	clock jwttest.Clock
	key   *ecdsa.PrivateKey
	asked []string
}

func (b *balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	b.asked = append(b.asked, r.URL.String())
	der, err := x509.MarshalPKIXPublicKey(&b.key.PublicKey)
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(text))), Request: r}, err
}

// token returns a token with some header members and claims replaced; nil removes one.
func (b *balancer) token(t *testing.T, header, claims members) string {
	t.Helper()
	exp := b.clock.Now().Unix() + 60
	part := func(usual, others members) string {
		maps.Copy(usual, others)
		maps.DeleteFunc(usual, func(_ string, v any) bool { return v == nil })
		text, err := json.Marshal(usual)
		require.NoError(t, err)
		text = append(text, strings.Repeat(" ", 1+(4-len(text)%3)%3)...) // so that there is padding
		return base64.URLEncoding.EncodeToString(text)
	}
	signed := part(members{"alg": "ES256", "kid": kid, "signer": signer, "iss": issuer, "client": client, "exp": exp}, header) +
		"." + part(members{"sub": "alice", "exp": exp, "iss": issuer}, claims)
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, b.key, sum[:])
	require.NoError(t, err)
	return signed + "." + base64.URLEncoding.EncodeToString(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

func TestALB(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	b := &balancer{key: key}
	alb := &recipes.ALB{
		Region: region, Signer: signer, ClientID: client, Issuer: issuer,
		Client: &http.Client{Transport: b}, Now: b.clock.Now,
	}
	router := gin.New()
	router.GET("/", alb.Required(), func(c *gin.Context) { c.String(http.StatusOK, c.GetString("alb_user")) })
	get := func(token string) string {
		return jwttest.Do(router, "GET", "/", jwttest.Header("x-amzn-oidc-data", token)).Body.String()
	}
	good := b.token(t, nil, nil)
	require.Contains(t, good, "=.", "it is padded")
	for range 2 {
		assert.Equal(t, "alb:alice", get(good))
	}
	assert.Equal(t, []string{"https://public-keys.auth.elb.eu-central-1.amazonaws.com/" + kid}, b.asked, "once")

	const refused = `{"msg":"The load balancer names no user"}`
	for name, token := range map[string]string{
		"nothing":               "",
		"without padding":       strings.ReplaceAll(good, "=", ""), // the signature is over the padded text
		"another load balancer": b.token(t, members{"signer": signer + "0"}, nil),
		"no load balancer":      b.token(t, members{"signer": nil}, nil),
		"another client":        b.token(t, members{"client": "x"}, nil),
		"another issuer":        b.token(t, members{"iss": "https://evil.example"}, nil),
		"expired":               b.token(t, members{"exp": b.clock.Now().Unix()}, nil),
		"without expiry":        b.token(t, members{"exp": nil}, nil),
		"expiry as text":        b.token(t, members{"exp": "99999999999"}, nil),
		"claims that expired":   b.token(t, nil, members{"exp": b.clock.Now().Unix() - 1}),
		"another algorithm":     b.token(t, members{"alg": "HS256"}, nil),
		"no algorithm":          b.token(t, members{"alg": "none"}, nil),
		"a key in a directory":  b.token(t, members{"kid": "../" + kid}, nil),
		"no key":                b.token(t, members{"kid": nil}, nil),
		"nobody":                b.token(t, nil, members{"sub": nil}),
		"a changed signature":   good[:len(good)-8] + "AAAAAA==",
	} {
		assert.Equal(t, refused, get(token), name)
	}
	assert.Len(t, b.asked, 1, "nothing else was fetched")
}

// ginjwt refuses padded tokens.
func TestPaddedTokensAreNoneForGinjwt(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	config := jwttest.Config(nil)
	config.Algorithm, config.SecretKey = "ES256", ""
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	require.NoError(t, err)
	config.PublicKey = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	_, err = mgr.DecodeToken(t.Context(), (&balancer{key: key}).token(t, nil, nil))
	assert.ErrorContains(t, err, "padding")
}

func TestHasuraRole(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(jwttest.Config(nil))
	router := gin.New()
	require.NoError(t, mgr.InitApp(router))
	router.GET("/", mgr.JWTRequired(), recipes.HasuraRole("editor"), func(c *gin.Context) { c.Status(http.StatusOK) })
	router.GET("/optional", mgr.JWTRequired(ginjwt.Optional()), recipes.HasuraRole("editor"), func(c *gin.Context) { c.Status(http.StatusOK) })
	for claim, status := range map[any]int{
		`{"x-hasura-allowed-roles":["user","editor"],"x-hasura-default-role":"user"}`: 200,
		`{"x-hasura-allowed-roles":["user"]}`:                                         403,
		`{"x-hasura-allowed-roles":["Editor"]}`:                                       403,
		`{"x-hasura-allowed-roles":"editor"}`:                                         403,
		`{"x-hasura-allowed-roles":["editor",7]}`:                                     403,
		`{"x-hasura-allowed-roles":null}`:                                             403,
		`{"X-Hasura-Allowed-Roles":["editor"]}`:                                       403,
		`{"x-hasura-allowed-roles":["editor"]} {}`:                                    403,
		`["editor"]`: 403,
		``:           403,
		7:            403,
	} {
		token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"https://hasura.io/jwt/claims": claim}))
		assert.Equal(t, status, jwttest.Do(router, "GET", "/", jwttest.Bearer(token)).Code, claim)
	}
	assert.Equal(t, 403, jwttest.Do(router, "GET", "/", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))).Code)
	assert.Equal(t, 403, jwttest.Do(router, "GET", "/optional").Code, "nobody has a role")
}
