package ginjwt

import (
	"crypto/sha256"
	"crypto/subtle"
	"sync/atomic"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// proofKey is the key of a proof. All proofs of a client have the same header, so a known
// header need not be read again.
type proofKey struct {
	header     string // in base64
	key        *keys.Bound
	thumbprint string
}

// maxKnownHeader is the largest header of a proof that is remembered. The header with an RSA
// key of 4096 bits has about 1000 bytes.
const maxKnownHeader = 1 << 10

// boundKey remembers what the proofs of a bound token have in common, beside the token in the
// token cache.
type boundKey struct {
	tokenHash string // "ath"
	latest    atomic.Pointer[proofKey]
}

func newBoundKey(encoded string) *boundKey { return &boundKey{tokenHash: tokenHashOf(encoded)} }

// known returns the key of the last good proof; nil: none.
func (k *boundKey) known() *proofKey {
	if k == nil {
		return nil
	}
	return k.latest.Load()
}

// remember keeps the key of a good proof.
func (k *boundKey) remember(key *proofKey) {
	if k != nil && k.latest.Load() != key && len(key.header) <= maxKnownHeader {
		k.latest.Store(key)
	}
}

// tokenHashOf returns the "ath" of a token (RFC 9449 §4.2).
func tokenHashOf(encoded string) string {
	sum := sha256.Sum256([]byte(encoded))
	return base64url.Encode(sum[:])
}

func sameHash(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
