package ginjwt

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// An Idempotency-Key lets a client repeat a rotation after a lost response, at any time.
// The client makes a key for each refresh token and stores it with the token.

const (
	minIdempotencyKey = 16
	maxIdempotencyKey = 255
)

var errIdempotencyKey = errors.New("an Idempotency-Key must have 16 to 255 bytes")

func validIdempotencyKey(key string) error {
	if len(key) < minIdempotencyKey || len(key) > maxIdempotencyKey {
		return errIdempotencyKey
	}
	return nil
}

// idempotencyKey returns the key of a request; empty if it has none.
func idempotencyKey(r *http.Request) (string, error) {
	lines := r.Header["Idempotency-Key"]
	if len(lines) == 0 {
		return "", nil
	}
	key := lines[0]
	if err := validIdempotencyKey(key); err != nil || len(lines) > 1 {
		return "", refusalf(ErrInvalidHeader, "Bad Idempotency-Key header. Expected one of 16 to 255 bytes").because(reasonIdempotencyKey)
	}
	return key, nil
}

// keyHash is what a store holds of the key that made a generation. It does not reveal
// the key. The same key has another hash in another session.
func keyHash(s store.Session, generation int64, key string) string {
	return strconv.FormatInt(generation, 10) + ":" + hashOfKey(s, key)
}

func hashOfKey(s store.Session, key string) string {
	sum := sha256.Sum256([]byte(s.ID + "\n" + key))
	return base64url.Encode(sum[:])
}

// wasMadeBy reports whether key made the newest generation of s.
func wasMadeBy(s store.Session, key string) bool {
	return key != "" && subtle.ConstantTimeCompare([]byte(s.KeyHash), []byte(keyHash(s, s.Generation, key))) == 1
}

// nextKeyHash is the KeyHash of the generation after s. It ignores the key of the
// previous exchange: if a client always sent the same Idempotency-Key, a thief would
// have it too.
func nextKeyHash(s store.Session, next int64, key string) string {
	if key == "" {
		return s.KeyHash
	}
	if _, used, _ := strings.Cut(s.KeyHash, ":"); used == hashOfKey(s, key) {
		return s.KeyHash
	}
	return keyHash(s, next, key)
}
