package ginjwt_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// prover makes the proofs of a client with a key for any algorithm.
type prover struct {
	private crypto.Signer
	method  jwt.SigningMethod
	start   string // the header of all proofs in base64, with its dot
}

// newProver makes a key: "ES256", "EdDSA", or the algorithm and the bits of an RSA key.
func newProver(tb testing.TB, algorithm string) *prover {
	var private crypto.Signer
	var err error
	name, bits := algorithm, 0
	switch {
	case algorithm == "ES256":
		private = fullKey(tb)
	case algorithm == "EdDSA":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		_, scanErr := fmt.Sscanf(algorithm, "RS256 %d", &bits)
		require.NoError(tb, scanErr)
		name = "RS256"
		private, err = rsa.GenerateKey(rand.Reader, bits)
	}
	require.NoError(tb, err)
	p := &prover{private: private, method: jwt.GetSigningMethod(name)}
	p.start = headerOfProof(tb, name, jwkOf(tb, private.Public()))
	return p
}

// fullKey returns a key whose coordinates do not begin with a zero byte. Other keys, one of 128, need
// an allocation more.
func fullKey(tb testing.TB) *ecdsa.PrivateKey {
	for {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(tb, err)
		point, err := private.PublicKey.Bytes()
		require.NoError(tb, err)
		if point[1] != 0 && point[33] != 0 {
			return private
		}
	}
}

// headerOfProof returns the header of a proof in base64, with its dot.
func headerOfProof(tb testing.TB, algorithm string, jwk any) string {
	header, err := json.Marshal(map[string]any{"typ": "dpop+jwt", "alg": algorithm, "jwk": jwk})
	require.NoError(tb, err)
	return base64.RawURLEncoding.EncodeToString(header) + "."
}

func jwkOf(tb testing.TB, public any) any {
	set, err := keys.NewSet(keys.Key{Verify: public, AllowMissingKeyID: true})
	require.NoError(tb, err)
	text, err := set.MarshalPublic(time.Now())
	require.NoError(tb, err)
	var list struct{ Keys []map[string]string }
	require.NoError(tb, json.Unmarshal(text, &list))
	return list.Keys[0]
}

// proof returns a new proof for POST /.
func (p *prover) proof(tb testing.TB, token string) string {
	hash := sha256.Sum256([]byte(token))
	claims := fmt.Sprintf(`{"jti":%q,"htm":"POST","htu":"http://example.com/","iat":%d,"ath":%q}`,
		rand.Text(), time.Now().Unix(), base64.RawURLEncoding.EncodeToString(hash[:]))
	signed := p.start + base64.RawURLEncoding.EncodeToString([]byte(claims))
	signature, err := p.method.Sign(signed, p.private)
	require.NoError(tb, err)
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func (p *prover) thumbprint(tb testing.TB) string {
	thumbprint, err := keys.Key{Algorithm: p.method.Alg(), Verify: p.private.Public()}.Thumbprint()
	require.NoError(tb, err)
	return thumbprint
}

// provenSender sends a bound token with a new proof in each request.
type provenSender struct {
	*sender
	token   string
	prover  *prover
	proofs  []string
	ofProof []string // the header
}

func newProvenSender(tb testing.TB, p *prover, config ginjwt.Config, opts ...ginjwt.RequiredOption) *provenSender {
	mgr, engine := newRoute(tb, config, func(mgr *ginjwt.JWTManager) []gin.HandlerFunc {
		return []gin.HandlerFunc{mgr.JWTRequired(opts...), respond}
	})
	s := &provenSender{sender: newSender(engine), prover: p, ofProof: make([]string, 1)}
	s.token = jwttest.AccessToken(tb, mgr, "alice", ginjwt.WithKeyThumbprint(p.thumbprint(tb)))
	s.request.Header.Set("Authorization", "DPoP "+s.token)
	s.request.Header["Dpop"] = s.ofProof
	return s
}

// prepare makes proofs for n requests.
func (s *provenSender) prepare(tb testing.TB, n int) {
	s.proofs = make([]string, n)
	for i := range s.proofs {
		s.proofs[i] = s.prover.proof(tb, s.token)
	}
}

// next sends a request with a new proof.
func (s *provenSender) next(tb testing.TB) {
	s.ofProof[0], s.proofs = s.proofs[0], s.proofs[1:]
	s.must(tb, http.StatusOK, "alice")
}

// benchmarkProofs is next for as long as the benchmark takes.
func (s *provenSender) benchmarkProofs(b *testing.B) {
	const batch = 256
	s.prepare(b, batch)
	s.next(b)
	b.ReportAllocs()
	for b.Loop() {
		if len(s.proofs) == 0 {
			b.StopTimer()
			s.prepare(b, batch)
			b.StartTimer()
		}
		s.next(b)
	}
}

// A request with a bound token that is known, and with a proof of its own.
func BenchmarkBound(b *testing.B) {
	for _, algorithm := range []string{"ES256", "EdDSA", "RS256 2048"} {
		p := newProver(b, algorithm)
		b.Run("floor/"+algorithm+", the signature", func(b *testing.B) {
			check := p.signatureCheck(b)
			b.ReportAllocs()
			for b.Loop() {
				if err := check(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(algorithm, func(b *testing.B) {
			config := jwttest.Config(nil)
			config.DPoP = "accepted"
			newProvenSender(b, p, config).benchmarkProofs(b)
		})
	}
	s := newProvenSender(b, newProver(b, "ES256"), jwttest.Config(nil))
	s.prepare(b, 1)
	s.next(b)
	for _, h := range hostileProofs(b, s.prover, s.token) {
		b.Run("hostile/"+h.name, func(b *testing.B) {
			s.ofProof[0] = h.proof
			s.benchmark(b, http.StatusUnauthorized, h.text)
		})
	}
}

// signatureCheck returns the check of the signature of one proof, and nothing else.
func (p *prover) signatureCheck(tb testing.TB) func() error {
	proof := p.proof(tb, "token")
	dot := strings.LastIndexByte(proof, '.')
	signature, err := base64.RawURLEncoding.DecodeString(proof[dot+1:])
	require.NoError(tb, err)
	key, err := keys.Options{}.Bind(keys.Key{Algorithm: p.method.Alg(), Verify: p.private.Public()})
	require.NoError(tb, err)
	now := time.Now()
	return func() error { return key.Verify(proof[:dot], signature, now) }
}

// hostileProofs are what a thief of a bound token can send with it, and what a client can send that
// does not keep to the rules.
func hostileProofs(tb testing.TB, p *prover, token string) []hostileProof {
	encode := base64.RawURLEncoding.EncodeToString
	good := p.proof(tb, token)
	parts := strings.Split(good, ".")
	nested := strings.Repeat("[", 1500) + strings.Repeat("]", 1500)
	withKey := func(algorithm string, jwk any) string {
		return headerOfProof(tb, algorithm, jwk) + parts[1] + "." + parts[2]
	}
	withRSA := func(bits int, exponent int64) string {
		e := big.NewInt(exponent).Bytes()
		start := headerOfProof(tb, "RS256", map[string]string{"kty": "RSA", "n": encode(modulus(bits)), "e": encode(e)})
		return start + parts[1] + "." + encode(bytes.Repeat([]byte{1}, bits/8))
	}
	const malformed = `{"msg":"The DPoP proof is malformed: `
	const badKey = `{"msg":"The key in the \"jwk\" of the DPoP proof is not a valid public key`
	const otherKey = `{"msg":"The DPoP proof is of another key than the token"}`
	const badSignature = `{"msg":"The signature of the DPoP proof is not valid"}`
	return []hostileProof{
		{"garbage", "not.a.proof", malformed},
		{"1 MB", strings.Repeat("a", 1_000_000), `{"msg":"The DPoP proof is too large"}`},
		{"forged", forged(tb, good), badSignature},
		{"of another key", newProver(tb, "ES256").proof(tb, token), otherKey},
		{"jwk of 5 KB", withKey("ES256", map[string]string{"kty": "EC", "crv": "P-256", "x": strings.Repeat("A", 5000), "y": "AA"}), badKey},
		{"jwk with nested arrays", withKey("ES256", json.RawMessage(`{"kty":`+nested+`}`)), badKey},
		{"claims with nested arrays", parts[0] + "." + encode([]byte(`{"jti":`+nested+`}`)) + "." + parts[2], `{"msg":"The DPoP proof needs a valid claim`},
		{"RSA of 4096 bits", withRSA(4096, 65537), otherKey},
		{"RSA of 4096 bits, exponent of 31 bits", withRSA(4096, 1<<31-1), badKey},
		{"RSA of 4104 bits", withRSA(4104, 65537), badKey},
		{"RSA of 8192 bits", withRSA(8192, 65537), badKey},
	}
}

type hostileProof struct{ name, proof, text string }

// modulus returns a number that could be the modulus of an RSA key: no small prime divides it.
func modulus(bits int) []byte {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	for n.Sub(n, big.NewInt(1)); !hasNoSmallFactor(n); n.Sub(n, big.NewInt(2)) {
	}
	return n.Bytes()
}

func hasNoSmallFactor(n *big.Int) bool {
	for prime := int64(3); prime < 100; prime += 2 {
		if new(big.Int).Mod(n, big.NewInt(prime)).Sign() == 0 {
			return false
		}
	}
	return true
}
