package providers_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// sample has what a provider publishes and issues, in its own form.
type sample struct {
	provider string
	issuers  func(context.Context, jwks.Options) ([]ginjwt.Issuer, error)
	pages    internet
	signer   any            // nil: rsaKey
	token    variant        // the right one
	may      map[string]may // what routes require
	others   []variant      // other tokens of the provider
}

// variant is a token: the right one, with a few changes. nil removes a member. want is the
// identity, or the message of the refusal.
type variant struct {
	what           string
	header, claims members
	want           string
}

// may is a requirement of a route, and whether the token passes.
type may struct {
	option ginjwt.RequiredOption
	passes bool
}

// one makes a list of a single issuer.
func one(provider func(context.Context, jwks.Options) (ginjwt.Issuer, error)) func(context.Context, jwks.Options) ([]ginjwt.Issuer, error) {
	return func(ctx context.Context, options jwks.Options) ([]ginjwt.Issuer, error) {
		issuer, err := provider(ctx, options)
		return []ginjwt.Issuer{issuer}, err
	}
}

// Refusals of tokens that no issuer of the service accepts.
const (
	unknown      = "The specified alg value is not allowed" // the token counts as the service's own
	noAudience   = `Token is missing the "aud" claim`
	otherAud     = "Audience doesn't match"
	otherType    = "Only access tokens of this issuer are allowed"
	otherTyp     = "The specified typ value is not allowed"
	namesNobody  = "Token names no user"
	otherKey     = "Signature verification failed"
	hasExpired   = "Token has expired"
	insufficient = "Insufficient scope"
)

func TestProviders(t *testing.T) {
	t.Parallel()
	for _, s := range slices.Concat(apis(), entra(), logins(), firebase(), sessions(), workloads(), proxies()) {
		t.Run(s.provider, func(t *testing.T) {
			t.Parallel()
			issuers, err := s.issuers(t.Context(), s.pages.served(t))
			require.NoError(t, err)
			service := newService(t, issuers...)
			try := func(encoded string, options ...ginjwt.RequiredOption) string {
				token, err := service.jwt.VerifyToken(t.Context(), encoded, options...)
				if err == nil {
					return token.Identity
				}
				var refused *ginjwt.Error
				require.ErrorAs(t, err, &refused)
				return refused.Message
			}
			right := s.sign(t, variant{})
			assert.Equal(t, s.token.want, try(right))
			for what, may := range s.may {
				want := map[bool]string{true: s.token.want, false: insufficient}[may.passes]
				assert.Equal(t, want, try(right, may.option), what)
			}
			for _, other := range append(s.others, s.never()...) {
				assert.Equal(t, other.want, try(s.sign(t, other)), other.what)
			}
			forged := s
			forged.signer = otherRSA
			if _, isEC := s.key().(*ecdsa.PrivateKey); isEC {
				forged.signer = otherEC
			}
			assert.Equal(t, otherKey, try(forged.sign(t, variant{})), "of somebody else, with the same kid")
			token, err := service.jwt.DecodeToken(t.Context(), right)
			require.NoError(t, err)
			require.NoError(t, service.jwt.RevokeToken(t.Context(), token))
			assert.Equal(t, "Token has been revoked", try(right))
		})
	}
}

// never are tokens that no provider's settings accept.
func (s sample) never() []variant {
	name := s.token.claims["iss"].(string)
	return []variant{
		{"of another issuer", nil, members{"iss": name + ".example.org"}, unknown},
		{"without an issuer", nil, members{"iss": nil}, unknown},
		{"that has expired", nil, members{"exp": time.Now().Add(-time.Hour).Unix()}, hasExpired},
		{"that never expires", nil, members{"exp": nil}, `Token is missing the "exp" claim`},
		{"for a logout", members{"typ": "logout+jwt"}, members{"events": members{"http://schemas.openid.net/event/backchannel-logout": members{}}}, otherTyp},
	}
}

func (s sample) key() any {
	if s.signer == nil {
		return rsaKey
	}
	return s.signer
}

// sign makes the right token, with the changes of v.
func (s sample) sign(t *testing.T, v variant) string {
	t.Helper()
	method := map[bool]jwt.SigningMethod{true: jwt.SigningMethodRS256, false: jwt.SigningMethodES256}
	_, isRSA := s.key().(*rsa.PrivateKey)
	header, claims := members{}, members{}
	for _, v := range []variant{s.token, v} {
		maps.Copy(header, v.header)
		maps.Copy(claims, v.claims)
	}
	return signedBy(t, method[isRSA], s.key(), header, claims)
}

// The other keys.
var (
	otherRSA = newRSA()
	ecKey    = newEC()
	otherEC  = newEC()
)

func newRSA() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

func newEC() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// certificate is a certificate of rsaKey, in the form for "x5c".
var certificate = func() []byte {
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &rsaKey.PublicKey, rsaKey)
	if err != nil {
		panic(err)
	}
	return der
}()

// certified returns the members of a JWK about its certificate.
func certified() members {
	thumbprint, thumbprint256 := sha1.Sum(certificate), sha256.Sum256(certificate)
	return members{
		"x5c":      []string{base64.StdEncoding.EncodeToString(certificate)},
		"x5t":      base64.RawURLEncoding.EncodeToString(thumbprint[:]),
		"x5t#S256": base64.RawURLEncoding.EncodeToString(thumbprint256[:]),
	}
}

// jwk returns the public key as a JWK, with other members added; nil removes a member.
func jwk(public any, others ...any) members {
	algorithm := map[bool]string{true: "RS256", false: "ES256"}
	_, isRSA := public.(*rsa.PublicKey)
	text, err := keys.Key{ID: "key", Algorithm: algorithm[isRSA], Verify: public}.MarshalPublicJWK()
	if err != nil {
		panic(err)
	}
	key := members{}
	if err := json.Unmarshal(text, &key); err != nil {
		panic(err)
	}
	return with(key, others...)
}

// rsaJWK is the form in which most providers write their key.
func rsaJWK(others ...any) members { return jwk(&rsaKey.PublicKey, others...) }

// keysAt is a JWK Set at an address.
func keysAt(address string, list ...members) internet {
	return internet{address: {"keys": append([]members{}, list...)}}
}

// metadataOf adds the metadata of an issuer to its keys.
func (n internet) metadataOf(issuer, address string) internet {
	all := maps.Clone(n)
	all[strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration"] = members{"issuer": issuer, "jwks_uri": address}
	return all
}

// served puts the pages on a local server, which answers for all hosts.
func (n internet) served(t *testing.T) jwks.Options {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, there := n["https://"+r.Host+r.URL.Path]
		if !there {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(page)
	}))
	t.Cleanup(server.Close)
	transport := server.Client().Transport.(*http.Transport).Clone()
	reach(transport, server)
	return jwks.Options{Client: &http.Client{Transport: transport}, OnError: func(err error) {
		if t.Context().Err() == nil && !errors.Is(err, jwks.ErrKeySkipped) {
			t.Error(err) // a key of the provider has a defect, or is not where we look
		}
	}}
}

// reach sends requests for all hosts to a server.
func reach(transport *http.Transport, server *httptest.Server) {
	transport.TLSClientConfig.ServerName = "example.com" // of its certificate
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	}
}
