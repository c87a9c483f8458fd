package jwttest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// DPoPKey is the key of a client that binds its tokens to it (RFC 9449). It makes the proofs of
// its requests. A DPoPKey is safe for concurrent use, but its fields must not change then.
type DPoPKey struct {
	// Now returns the time of the proofs, their "iat". Nil means [time.Now].
	Now func() time.Time

	// Nonce is the "nonce" of the proofs. Empty means none.
	Nonce string

	private *ecdsa.PrivateKey
	public  map[string]string
}

// NewDPoPKey makes a key for ES256. If clock is nil, its proofs have the real time.
func NewDPoPKey(tb testing.TB, clock *Clock) *DPoPKey {
	tb.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatalf("jwttest: %v", err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		tb.Fatalf("jwttest: %v", err)
	}
	k := &DPoPKey{private: private, public: map[string]string{
		"kty": "EC", "crv": "P-256",
		"x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:]),
	}}
	if clock != nil {
		k.Now = clock.Now
	}
	return k
}

// Thumbprint returns the "cnf.jkt" of tokens that are bound to the key.
func (k *DPoPKey) Thumbprint(tb testing.TB) string {
	tb.Helper()
	thumbprint, err := keys.Key{Algorithm: "ES256", Verify: &k.private.PublicKey}.Thumbprint()
	if err != nil {
		tb.Fatalf("jwttest: %v", err)
	}
	return thumbprint
}

// Proof returns a new proof for a request. url is absolute, as the client knows it. token is the
// access token of the request; empty: it has none. The functions in change may change the
// header and the claims before they are signed.
func (k *DPoPKey) Proof(tb testing.TB, method, url, token string, change ...func(header, claims map[string]any)) string {
	tb.Helper()
	now := time.Now
	if k.Now != nil {
		now = k.Now
	}
	claims := jwt.MapClaims{"jti": rand.Text(), "htm": method, "htu": url, "iat": now().Unix()}
	if token != "" {
		hash := sha256.Sum256([]byte(token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(hash[:])
	}
	if k.Nonce != "" {
		claims["nonce"] = k.Nonce
	}
	proof := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	proof.Header["typ"], proof.Header["jwk"] = "dpop+jwt", k.public
	for _, f := range change {
		f(proof.Header, claims)
	}
	encoded, err := proof.SignedString(k.private)
	if err != nil {
		tb.Fatalf("jwttest: %v", err)
	}
	return encoded
}

// Sign returns an option of [Do] that adds a proof to the request, for its method and URL. If
// token is not empty, it also adds the token, such as the access token at a route, or the refresh
// token at a refresh. With Config.DPoPOrigins, give Do the whole URL that clients call, or use Proof.
func (k *DPoPKey) Sign(tb testing.TB, token string) RequestOption {
	tb.Helper()
	return func(r *http.Request) {
		scheme := "http"
		if r.TLS != nil {
			scheme = "https"
		}
		r.Header.Set("DPoP", k.Proof(tb, r.Method, scheme+"://"+r.Host+r.URL.EscapedPath(), token))
		if token != "" {
			r.Header.Set("Authorization", "DPoP "+token)
		}
	}
}
