package contender

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	accessLifetime  = 15 * time.Minute
	refreshLifetime = 30 * 24 * time.Hour
)

// Token returns a token that c accepts: the default claims of
// Flask-JWT-Extended in its order, and what c demands beside them. It outlives
// any run of the benchmarks.
func (c Contender) Token(k Keys) string {
	return k.Sign(c.payload(time.Now().Add(-time.Minute), 24*time.Hour))
}

// Expired returns a token that was good until a minute ago.
func (c Contender) Expired(k Keys) string {
	return k.Sign(c.payload(time.Now().Add(-time.Hour), 59*time.Minute))
}

// ExpiredKnown returns a handler and a token that has expired. If the library remembers
// tokens, it has accepted this token before.
func (c Contender) ExpiredKnown(k Keys) (http.Handler, string) {
	if c.Lapsed == nil {
		return c.Protected(k), c.Expired(k)
	}
	return c.Lapsed(k)
}

// Forged returns a token whose signature has one wrong bit.
func (c Contender) Forged(k Keys) string {
	signed, encoded := cutLast(c.Token(k))
	signature := must(base64.RawURLEncoding.DecodeString(encoded))
	signature[len(signature)/2] ^= 1
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func cutLast(token string) (signed, signature string) {
	i := strings.LastIndexByte(token, '.')
	return token[:i], token[i+1:]
}

func (c Contender) payload(iat time.Time, lifetime time.Duration) string {
	return fmt.Sprintf(`{"fresh":false,"iat":%d,"jti":"%s","type":"access","sub":"%s","nbf":%d,"csrf":"%s","exp":%d%s}`,
		iat.Unix(), newUUID(), Identity, iat.Unix(), newUUID(), iat.Add(lifetime).Unix(), c.Extra)
}

// Sign returns a token with any payload.
func (k Keys) Sign(payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"`+k.Algorithm+`","typ":"JWT"}`)) + "." + encode([]byte(payload))
	return signed + "." + encode(must(k.method().Sign(signed, k.SigningKey())))
}

func (k Keys) method() jwt.SigningMethod { return jwt.GetSigningMethod(k.Algorithm) }

// newUUID returns a UUID of version 4, for the peers that have none.
func newUUID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	var text [36]byte
	hex.Encode(text[:], id[:4])
	hex.Encode(text[9:], id[4:6])
	hex.Encode(text[14:], id[6:8])
	hex.Encode(text[19:], id[8:10])
	hex.Encode(text[24:], id[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

// defaultClaims are the default claims as a map, for the peers that take one.
func defaultClaims(typ string, lifetime time.Duration) map[string]any {
	now := time.Now()
	claims := map[string]any{
		"fresh": false, "iat": now.Unix(), "jti": newUUID(), "type": typ, "sub": Identity,
		"nbf": now.Unix(), "csrf": newUUID(), "exp": now.Add(lifetime).Unix(),
	}
	return claims
}
