package keys

import (
	"crypto"
	"crypto/hmac"
	"hash"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

// asymmetricSigner signs and verifies with golang-jwt.
type asymmetricSigner struct {
	method          jwt.SigningMethod
	private, public any
}

func (s asymmetricSigner) appendSignature(b, signed []byte) ([]byte, error) {
	signature, err := s.method.Sign(string(signed), s.private)
	return append(b, signature...), err
}

func (s asymmetricSigner) verifies(signed string, signature []byte) bool {
	return s.method.Verify(signed, signature, s.public) == nil
}

// hmacSigner reuses HMAC states, because preparing a state for a key costs more than
// hashing a token.
type hmacSigner struct{ states sync.Pool }

// hmacState is one HMAC in use, with its buffers.
type hmacState struct {
	mac     hash.Hash
	in, sum []byte
}

func newHMACSigner(hash crypto.Hash, secret []byte) *hmacSigner {
	s := &hmacSigner{}
	s.states.New = func() any { return &hmacState{mac: hmac.New(hash.New, secret)} }
	return s
}

func (s *hmacSigner) appendSignature(b, signed []byte) ([]byte, error) {
	state := s.states.Get().(*hmacState)
	defer s.states.Put(state)
	state.mac.Reset()
	state.mac.Write(signed) // never fails
	return state.mac.Sum(b), nil
}

// verifies compares in constant time. The length of a signature is no secret.
func (s *hmacSigner) verifies(signed string, signature []byte) bool {
	state := s.states.Get().(*hmacState)
	defer s.states.Put(state)
	if len(signature) != state.mac.Size() {
		return false
	}
	state.in = append(state.in[:0], signed...)
	state.mac.Reset()
	state.mac.Write(state.in) // never fails
	state.sum = state.mac.Sum(state.sum[:0])
	return hmac.Equal(state.sum, signature)
}
