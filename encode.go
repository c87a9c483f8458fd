package ginjwt

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// reservedHeaders change how a token is read, or would name its key.
var reservedHeaders = []string{"alg", "crit", "b64", "zip", "jwk", "jku", "x5u", "x5c"}

// appendHeader writes the header in base64: that of the key, unless the caller
// or a loader adds to it.
func (spec *tokenSpec) appendHeader(b []byte, key *boundKey) ([]byte, error) {
	if len(spec.header) == 0 {
		return append(b, key.header.encoded...), nil
	}
	header, err := spec.headerJSON(key)
	return base64.RawURLEncoding.AppendEncode(b, header), err
}

// headerOf returns the header that key writes by itself.
func headerOf(key Key) keyHeader {
	h := keyHeader{json: `{"alg":"` + key.Algorithm + `","typ":"JWT"}`}
	if key.ID != "" {
		b, _ := json.Marshal(Header{"alg": key.Algorithm, "kid": key.ID, "typ": "JWT"}, exact)
		h.json = string(b)
	}
	h.head, _ = parseHead([]byte(h.json), h.json)
	h.encoded = base64.RawURLEncoding.EncodeToString([]byte(h.json))
	return h
}

// headerJSON writes a header, its members sorted as PyJWT sorts them.
func (spec *tokenSpec) headerJSON(key *boundKey) ([]byte, error) {
	header := merged(Header{"typ": "JWT"}, spec.header)
	for _, name := range reservedHeaders {
		if _, ok := header[name]; ok {
			return nil, fmt.Errorf("%w: %q", ErrReservedHeader, name)
		}
	}
	typ, ok := header["typ"].(string)
	if !ok {
		return nil, fmt.Errorf("%w: \"typ\" must be a string", ErrReservedHeader)
	}
	if typ == "" {
		delete(header, "typ")
	}
	kid, given := header["kid"]
	if _, ok := kid.(string); given && !ok {
		return nil, fmt.Errorf("%w: \"kid\" must be a string", ErrReservedHeader)
	}
	if given && key.id != "" && kid != key.id {
		return nil, fmt.Errorf("%w: \"kid\" is that of the key", ErrReservedHeader)
	}
	if key.id != "" {
		header["kid"] = key.id
	}
	header["alg"] = key.algorithm
	b, err := json.Marshal(header, exact)
	if err != nil {
		return nil, fmt.Errorf("ginjwt: header of the token: %w", err)
	}
	return b, nil
}

// appendPayload writes the claims in the original's order.
func (m *JWTManager) appendPayload(b []byte, spec *tokenSpec, typ TokenType, subject string) ([]byte, error) {
	now := spec.now
	if spec.freshFor > 0 {
		spec.fresh = unixTime(now.Add(spec.freshFor))
	}
	w := claimWriter{b: append(append(b, '{'), m.freshKey[1:]...)} // without its comma
	w.b = append(w.b, or(spec.fresh, "false")...)
	w.number(`,"iat":`, now.Unix())
	w.id(`,"jti":`, spec.id)
	w.text(m.typeKey, string(typ))
	w.text(m.identityKey, subject)
	switch {
	case !spec.notBefore.IsZero():
		w.number(`,"nbf":`, spec.notBefore.Unix())
	case !m.config.DisableEncodeNBF:
		w.number(`,"nbf":`, now.Unix())
	}
	if !m.config.DisableCookieCSRFProtect {
		w.id(`,"csrf":`, spec.csrf)
	}
	if len(spec.audience) == 1 {
		w.text(`,"aud":`, spec.audience[0])
	} else if len(spec.audience) > 1 {
		w.value(`,"aud":`, spec.audience)
	}
	if spec.issuer != "" {
		w.text(`,"iss":`, spec.issuer)
	}
	if spec.expires != NeverExpires {
		w.number(`,"exp":`, now.Add(spec.expires).Unix())
	}
	if s := spec.session; s != nil {
		w.text(`,"sid":`, s.ID)
		if typ == RefreshToken {
			w.number(`,"gen":`, s.Generation)
		}
	}
	for _, name := range sortedNames(spec.claims) {
		w.value(w.key(name), spec.claims[name])
	}
	return append(w.b, '}'), w.err
}

func sortedNames(claims Claims) []string {
	if len(claims) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(claims))
}

// claimWriter writes the members of a JSON object, and keeps the first error. A
// key is what stands before a value: a comma, the name and a colon.
type claimWriter struct {
	b   []byte
	err error
}

// claimKey returns the key of a claim.
func claimKey(name string) (string, error) {
	b, err := appendString([]byte(","), name)
	return string(append(b, ':')), err
}

func (w *claimWriter) key(name string) string {
	key, err := claimKey(name)
	w.keep(key, err)
	return key
}

func (w *claimWriter) keep(key string, err error) {
	if w.err == nil && err != nil {
		w.err = fmt.Errorf("ginjwt: claim %s: %w", strings.Trim(key, ",:"), err)
	}
}

func (w *claimWriter) number(key string, value int64) {
	w.b = strconv.AppendInt(append(w.b, key...), value, 10)
}

// id writes an ID, a new one if there is none.
func (w *claimWriter) id(key, id string) {
	if id != "" {
		w.text(key, id)
		return
	}
	w.b = append(append(w.b, key...), '"')
	w.b = append(appendUUID(w.b), '"')
}

func (w *claimWriter) text(key, value string) {
	b, err := appendString(append(w.b, key...), value)
	if err == nil {
		w.b = b
	}
	w.keep(key, err)
}

func (w *claimWriter) value(key string, value any) {
	b, err := json.Marshal(value, exact)
	w.keep(key, err)
	w.b = append(append(w.b, key...), b...)
}

// sign adds the payload in s to the header in s, and signs both.
func (m *JWTManager) sign(s *scratch, key *boundKey) (string, error) {
	b := base64.RawURLEncoding.AppendEncode(append(s.encoded, '.'), s.payload)
	signature, err := key.signer.appendSignature(s.signature[:0], b)
	if err != nil {
		return "", fmt.Errorf("ginjwt: signing the token: %w", err)
	}
	b = base64.RawURLEncoding.AppendEncode(append(b, '.'), signature)
	s.encoded, s.signature = b, signature
	if len(b) > m.config.MaxTokenSize {
		return "", fmt.Errorf("%w: %d bytes are more than the %d of MaxTokenSize", ErrTokenTooLarge, len(b), m.config.MaxTokenSize)
	}
	return string(b), nil
}

// appendUUID appends a new UUID of version 4 (RFC 9562 §5.4). The program ends
// if there is no randomness, rather than go on with IDs that can be guessed.
func appendUUID(b []byte) []byte {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	b = append(hex.AppendEncode(b, id[:4]), '-')
	b = append(hex.AppendEncode(b, id[4:6]), '-')
	b = append(hex.AppendEncode(b, id[6:8]), '-')
	b = append(hex.AppendEncode(b, id[8:10]), '-')
	return hex.AppendEncode(b, id[10:])
}
