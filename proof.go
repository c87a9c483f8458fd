package ginjwt

import (
	"crypto/rsa"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// This file reads a DPoP proof (RFC 9449 §4.2): a JWT with the public key of the client in its
// header, signed for one request. It is read by the same code as tokens.

// These are the headers DPoP and DPoP-Nonce as net/http spells them.
const (
	proofHeader = "Dpop"
	nonceHeader = "Dpop-Nonce"
)

// maxProof is the largest proof in bytes. A proof with an RSA key of 4096 bits has about 2500.
const maxProof = 8 << 10

// proofAlgorithms are the algorithms of proofs, for clients. They know EdDSA by either name.
var proofAlgorithms = append(keys.AsymmetricAlgorithms(), "Ed25519")

// maxProofRSA and maxProofExponent limit the RSA keys of proofs. At a login, anybody chooses the key
// of a proof. A signature by a key of 8192 bits takes four times as long to check as one by a key of
// 4096 bits, and with an exponent of 31 bits it takes four times as long again.
const (
	maxProofRSA      = 4096 // bits
	maxProofExponent = 65537
)

// maxProofID is the largest "jti" of a proof in bytes.
const maxProofID = 255

// proof is a DPoP proof with a valid signature.
type proof struct {
	encoded string
	key     *proofKey

	id, method, target, tokenHash, nonce string

	issued             int64 // "iat"
	expires, notBefore int64 // "exp" and "nbf", which RFC 9449 does not ask for

	usedBy     any  // the *possession that has accepted it; then it does not change any more. Untyped, so that this file does not depend on possession.go; nil: none
	everywhere bool // all processes know that it was used
}

// readProof verifies the form and the signature of a proof. known is the key of an earlier proof
// of the same client; nil: none. jkt is the thumbprint that the key must have; empty: any.
func readProof(encoded string, known *proofKey, jkt string, now time.Time) (*proof, error) {
	if len(encoded) > maxProof {
		return nil, errProofSize
	}
	s := scratches.Get().(*scratch)
	defer s.free()
	first, last := strings.IndexByte(encoded, '.'), strings.LastIndexByte(encoded, '.')
	if first == last {
		return nil, badProof(errSegments)
	}
	var key *keys.Bound
	if known != nil && known.header == encoded[:first] {
		key = known.key
	}
	parts, err := s.loadParts(encoded, first, last, key)
	if err != nil {
		return nil, badProof(err)
	}
	if key == nil {
		if known, err = proofKeyOf(parts.head, encoded[:first]); err != nil {
			return nil, err
		}
	}
	if jkt != "" && !sameHash(known.thumbprint, jkt) { // before the signature, which costs most
		return nil, errKeyMismatch
	}
	p := &proof{encoded: encoded, key: known}
	if err := p.readClaims(s.payload); err != nil {
		return nil, err
	}
	if err := known.key.Verify(parts.signed, s.signature, now); err != nil {
		return nil, errProofSignature
	}
	return p, nil
}

// proofKeyOf returns the key in the header of a proof.
func proofKeyOf(h head, header string) (*proofKey, error) {
	typ, _ := h.typ.Str()
	alg, _ := h.alg.Str()
	switch {
	case h.kid != "" && h.kid.Kind() != '"':
		return nil, badProof(errKeyID)
	case mediaType(typ) != mediaType("dpop+jwt"):
		return nil, errProofType
	case h.zip != "" || h.crit != "" || h.b64 != "":
		return nil, errProofHeader
	case keys.IsHMAC(alg) || !keys.IsAlgorithm(keys.CanonicalAlgorithm(alg)):
		return nil, errProofAlgorithm
	case h.jwk.Kind() != '{':
		return nil, errProofNoKey
	}
	k, err := keys.ParsePublicJWK(alg, []byte(h.jwk))
	if err != nil {
		return nil, badProofKey(err)
	}
	if isSlowRSA(k.Verify) {
		return nil, badProofKey(errSlowRSA)
	}
	bound, err := keys.Options{}.Bind(k)
	if err != nil {
		return nil, badProofKey(err)
	}
	thumbprint, err := k.Thumbprint()
	if err != nil {
		return nil, badProofKey(err)
	}
	return &proofKey{header: strings.Clone(header), key: bound, thumbprint: thumbprint}, nil
}

// isSlowRSA reports whether public is an RSA key that is too large for proofs.
func isSlowRSA(public any) bool {
	key, ok := public.(*rsa.PublicKey)
	return ok && (key.N.BitLen() > maxProofRSA || key.E > maxProofExponent)
}

var errSlowRSA = fmt.Errorf("has more than %d bits, or an exponent above %d, which is too slow for proofs", maxProofRSA, maxProofExponent)

// readClaims reads the payload of a proof. Every claim of RFC 9449 must be there, with its type.
func (p *proof) readClaims(payload []byte) (err error) {
	p.issued, p.expires, p.notBefore = never, math.MaxInt64, math.MinInt64
	malformed := strictjson.Members(payload, string(payload), func(name string, v strictjson.Value) {
		if !p.setClaim(name, v) {
			err = badClaim(name)
		}
	})
	switch {
	case malformed != nil:
		return badProof(payloadError(malformed))
	case err != nil:
		return err
	case p.id == "" || len(p.id) > maxProofID:
		return badClaim("jti")
	case p.method == "":
		return badClaim("htm")
	case p.target == "":
		return badClaim("htu")
	case p.issued == never:
		return badClaim("iat")
	}
	return nil
}

// never is the "iat" of a proof without one.
const never = math.MinInt64

// setClaim stores a claim. It reports false if the claim has not the type of its name.
func (p *proof) setClaim(name string, v strictjson.Value) (ok bool) {
	text, isText := v.Str()
	seconds, _ := strictjson.NumericDate(v)
	isText, isNumber := isText && text != "", v.Kind() == '0'
	switch name {
	case "jti":
		p.id, ok = text, isText
	case "htm":
		p.method, ok = text, isText
	case "htu":
		p.target, ok = text, isText
	case "ath":
		p.tokenHash, ok = text, isText
	case "nonce":
		p.nonce, ok = text, isText
	case "iat":
		p.issued, ok = seconds, isNumber
	case "exp":
		p.expires, ok = seconds, isNumber
	case "nbf":
		p.notBefore, ok = seconds, isNumber
	default:
		return true
	}
	return ok
}
