package contender

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"

	auth0jwt "github.com/auth0/go-jwt-middleware/v3"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// ProofAlgorithms are those of the keys of clients that bind their tokens (RFC 9449).
var ProofAlgorithms = []string{"ES256", "EdDSA", "RS256"}

// Prover is a client that binds its tokens to a key. Its tokens are signed with HS256, so that the
// signature of the proof is the only expensive one.
type Prover struct {
	key        Keys
	start      string // the header of all its proofs in base64, with its dot
	thumbprint string
}

// NewProver makes a client with a key for one of [ProofAlgorithms].
func NewProver(algorithm string) *Prover {
	p := &Prover{key: NewKeys(algorithm)}
	own := keys.Key{ID: "own", Algorithm: algorithm, Verify: p.key.Verifying()}
	p.thumbprint = must(own.Thumbprint())
	set := string(must(must(keys.NewSet(own)).MarshalPublic(time.Now())))
	jwk := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(set), `{"keys":[`), `]}`)
	p.start = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"`+algorithm+`","jwk":`+jwk+`,"typ":"dpop+jwt"}`)) + "."
	return p
}

// Bound returns c with tokens that are bound to the key of p.
func (p *Prover) Bound(c Contender) Contender {
	c.Extra += `,"cnf":{"jkt":"` + p.thumbprint + `"}`
	return c
}

// Proof returns a new proof for GET /protected with a token.
func (p *Prover) Proof(token string) string { return p.ProofFor("/protected", token) }

// ProofFor is Proof for any path.
func (p *Prover) ProofFor(path, token string) string {
	hash := sha256.Sum256([]byte(token))
	claims := fmt.Sprintf(`{"jti":%q,"htm":"GET","htu":%q,"iat":%d,"ath":%q}`,
		rand.Text(), "http://example.com"+path, time.Now().Unix(), base64.RawURLEncoding.EncodeToString(hash[:]))
	signed := p.start + base64.RawURLEncoding.EncodeToString([]byte(claims))
	return signed + "." + base64.RawURLEncoding.EncodeToString(must(p.key.method().Sign(signed, p.key.Private)))
}

// CheckSignature returns the check of the signature of a proof, and nothing else: what every check
// of a proof costs at least.
func (p *Prover) CheckSignature(proof string) func() error {
	signed, encoded := cutLast(proof)
	signature, method, public := must(base64.RawURLEncoding.DecodeString(encoded)), p.key.method(), crypto.PublicKey(p.key.Verifying())
	return func() error { return method.Verify(signed, signature, public) }
}

// oursBound accepts each proof once.
func oursBound(cache int) func(Keys) http.Handler {
	return func(k Keys) http.Handler {
		config := oursConfig(k, cache)
		config.DPoP = "accepted"
		return oursProtected(ginjwt.New(config))
	}
}

// auth0Bound remembers no proofs, so it accepts each of them until it is too old.
func auth0Bound(k Keys) http.Handler {
	return auth0With(k, auth0jwt.WithDPoPMode(auth0jwt.DPoPAllowed))
}
