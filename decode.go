package ginjwt

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"
)

// What can be wrong with a token, in the original's words. A Python exception
// of PyJWT's corresponds to each.
var (
	errTooLarge      = invalid(jwt.ErrTokenMalformed, "Token is too large")
	errSegments      = invalid(jwt.ErrTokenMalformed, "Not enough segments")
	errNotText       = invalid(jwt.ErrTokenMalformed, "Invalid token type. Token must be a <class 'bytes'>")
	errHeaderBase64  = invalid(jwt.ErrTokenMalformed, "Invalid header padding")
	errPayloadBase64 = invalid(jwt.ErrTokenMalformed, "Invalid payload padding")
	errCryptoBase64  = invalid(jwt.ErrTokenMalformed, "Invalid crypto padding")
	errHeaderJSON    = invalid(jwt.ErrTokenMalformed, "Invalid header string: not valid JSON")
	errHeaderObject  = invalid(jwt.ErrTokenMalformed, "Invalid header string: must be a json object")
	errPayloadJSON   = invalid(jwt.ErrTokenMalformed, "Invalid payload string: not valid JSON")
	errPayloadObject = invalid(jwt.ErrTokenMalformed, "Invalid payload string: must be a json object")
	errKeyID         = invalid(jwt.ErrTokenUnverifiable, "Key ID header parameter must be a string")
	errCritList      = invalid(jwt.ErrTokenUnverifiable, "Invalid 'crit' header: must be a non-empty list")
	errCritNames     = invalid(jwt.ErrTokenUnverifiable, "Invalid 'crit' header: values must be strings")
	errCritTwice     = invalid(jwt.ErrTokenUnverifiable, "Invalid 'crit' header: values must be different")
	errCritMissing   = invalid(jwt.ErrTokenUnverifiable, "Critical extension 'b64' is missing from headers")
	errDetached      = invalid(jwt.ErrTokenUnverifiable, `It is required that you pass in a value for the "detached_payload" argument to decode a message having the b64 header set to false.`)
	errCompressed    = invalid(jwt.ErrTokenUnverifiable, "Compressed tokens are not supported")
	errType          = invalid(jwt.ErrTokenUnverifiable, "The specified typ value is not allowed")
	errNoAlgorithm   = invalid(jwt.ErrTokenUnverifiable, "Algorithm not specified")
	errAlgorithm     = invalid(jwt.ErrTokenUnverifiable, "The specified alg value is not allowed")
	errSignature     = invalid(jwt.ErrTokenSignatureInvalid, "Signature verification failed")
	errUnknownKey    = unverifiable("no key that it names, or its key is retired")
	errOtherType     = unverifiable("its key is for tokens of another type")
	errIATNumber     = invalid(jwt.ErrTokenInvalidClaims, "Issued At claim (iat) must be an integer.")
	errNBFNumber     = invalid(jwt.ErrTokenInvalidClaims, "Not Before claim (nbf) must be an integer.")
	errEXPNumber     = invalid(jwt.ErrTokenInvalidClaims, "Expiration Time claim (exp) must be an integer.")
	errIATFuture     = invalid(jwt.ErrTokenUsedBeforeIssued, "The token is not yet valid (iat)")
	errNBFFuture     = invalid(jwt.ErrTokenNotValidYet, "The token is not yet valid (nbf)")
	errNoIssuer      = invalid(jwt.ErrTokenRequiredClaimMissing, `Token is missing the "iss" claim`)
	errIssuerText    = invalid(jwt.ErrTokenInvalidIssuer, "Payload Issuer (iss) must be a string")
	errIssuer        = invalid(jwt.ErrTokenInvalidIssuer, "Invalid issuer")
	errNoAudience    = invalid(jwt.ErrTokenRequiredClaimMissing, `Token is missing the "aud" claim`)
	errAudienceForm  = invalid(jwt.ErrTokenInvalidAudience, "Invalid claim format in token")
	errAudience      = invalid(jwt.ErrTokenInvalidAudience, "Audience doesn't match")
	errSubject       = invalid(jwt.ErrTokenInvalidSubject, "Subject must be a string")
	errJTI           = invalid(jwt.ErrTokenInvalidId, "JWT ID must be a string")
	errNoJTI         = invalid(jwt.ErrTokenRequiredClaimMissing, `Token is missing the "jti" claim`)
	errNoCSRFClaim   = invalid(jwt.ErrTokenRequiredClaimMissing, "Missing claim: csrf")
	errCSRFMismatch  = refusalf(ErrCSRF, "CSRF double submit tokens do not match")
	errCSRFMissing   = refusalf(ErrCSRF, "Missing CSRF token")
)

// unverifiable returns an error that only the log can tell from a bad signature.
func unverifiable(why string) *Error {
	e := invalid(jwt.ErrTokenUnverifiable, "Signature verification failed")
	e.Err = fmt.Errorf("%w: %s", e.Err, why)
	return e
}

// decodeSpec is what a caller asks of decode.
type decodeSpec struct {
	csrf         string // empty: not asked for
	allowExpired bool
}

// A DecodeOption changes how [JWTManager.DecodeToken] checks a token.
type DecodeOption func(*decodeSpec)

// AllowExpired accepts a token that has expired, and does not look at "exp".
func AllowExpired() DecodeOption {
	return func(s *decodeSpec) { s.allowExpired = true }
}

// CSRFValue asks that the token's "csrf" claim be value. As in the original, an
// empty value asks for nothing: refuse a request without one before you call.
func CSRFValue(value string) DecodeOption {
	return func(s *decodeSpec) { s.csrf = value }
}

// DecodeToken verifies signature and claims. It asks no callback but the
// DecodeKeyLoader, does not look at type and freshness, and does not ask
// whether the token was revoked. The error is an [*Error].
func (m *JWTManager) DecodeToken(ctx context.Context, encoded string, opts ...DecodeOption) (*Token, error) {
	if !m.ready {
		return nil, ErrNotInitialized
	}
	var spec decodeSpec
	for _, opt := range opts {
		opt(&spec)
	}
	token, err := m.decode(plain(ctx), encoded, spec)
	if err != nil {
		return nil, asError(err)
	}
	return token, nil
}

// GetJTI returns the "jti" of a token, once verified; empty if it has none.
func (m *JWTManager) GetJTI(ctx context.Context, encoded string) (string, error) {
	token, err := m.DecodeToken(ctx, encoded)
	if err != nil {
		return "", err
	}
	return token.ID, nil
}

// GetCSRFToken returns the "csrf" of a token, once verified. A token without
// one is an error.
func (m *JWTManager) GetCSRFToken(ctx context.Context, encoded string) (string, error) {
	token, err := m.DecodeToken(ctx, encoded)
	if err != nil {
		return "", err
	}
	if token.CSRF == "" {
		return "", asError(errNoCSRFClaim)
	}
	return token.CSRF, nil
}

// GetUnverifiedJWTHeaders returns the header of a token without verifying it.
// Anybody may have written it.
func GetUnverifiedJWTHeaders(encoded string) (Header, error) {
	if len(encoded) > defaultMaxTokenSize {
		return nil, asError(errTooLarge)
	}
	s := scratches.Get().(*scratch)
	defer s.free()
	segments, err := s.load(encoded, nil)
	if err == nil {
		err = segments.head.check()
	}
	if err != nil {
		return nil, asError(err)
	}
	return (&Token{contents: &contents{header: segments.header}}).Header(), nil
}

// decode is the one place where bytes become a trusted token. The checks come
// in the original's order and the first that fails wins, except that an
// expired token is checked to the end: whatever else is wrong with it wins.
func (m *JWTManager) decode(ctx context.Context, encoded string, spec decodeSpec) (*Token, error) {
	now := m.config.Now()
	c, err := m.read(ctx, encoded, now)
	if err != nil {
		return nil, err
	}
	token := newToken(encoded, c, now)
	expired, err := m.checkClaims(token, &c.payload, spec, now)
	if err != nil {
		return nil, err
	}
	if err := checkCSRF(c.payload.csrfJSON, spec.csrf); err != nil {
		return nil, err
	}
	if expired {
		return nil, refusal(ErrExpiredToken, jwt.ErrTokenExpired).about(token)
	}
	return token, nil
}

// contents is what a token with a good signature says. It does not change, and
// requests with the same token share it.
type contents struct {
	header, text string // the JSON of header and payload
	payload      payload
	origin       *origin
	key          *boundKey // that verified it
	keys         *KeySet   // which the key is of
}

// read returns the contents of a token whose signature is good: this one's, or
// that of a request before with the very same token.
func (m *JWTManager) read(ctx context.Context, encoded string, now time.Time) (*contents, error) {
	if len(encoded) > m.config.MaxTokenSize {
		return nil, errTooLarge
	}
	ring := m.keys.Load()
	known := ring.cache.get(encoded, now)
	if known != nil && !known.key.retired(now) && known.origin.stillVerifies(ctx, known) {
		return known, nil
	}
	keys := ring.set.writers
	if m.decodeKey != nil || len(m.foreign) > 0 {
		keys = nil // the loader, or the issuer of the token, chooses
	}
	s := scratches.Get().(*scratch)
	defer s.free()
	segments, err := s.load(encoded, keys)
	if err != nil {
		return nil, err
	}
	if err := segments.head.check(); err != nil {
		return nil, err
	}
	if k := segments.key; k != nil { // the cheap way to refuse what is forged
		if err := k.verifyNow(segments.signed, s.signature, now); err != nil {
			return nil, or(malformedPayload(s.payload), err)
		}
	}
	c := &contents{header: segments.header, text: string(s.payload)}
	if err := m.parsePayload(s, c); err != nil {
		return nil, err
	}
	if segments.key == nil {
		err = m.verifySignature(ctx, ring, segments, s.signature, c, now)
	} else {
		err = segments.key.checkType(c)
	}
	if err != nil {
		return nil, err
	}
	ring.cache.add(encoded, c, now)
	return c, nil
}

// scratch is memory for taking one token apart.
type scratch struct {
	encoded, payload, signature []byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// free gives s back, unless something very large has passed.
func (s *scratch) free() {
	if cap(s.encoded)+cap(s.payload)+cap(s.signature) <= 8*defaultMaxTokenSize {
		scratches.Put(s)
	}
}

// segments are the parts of an encoded token that outlive a scratch.
type segments struct {
	encoded, signed string // the whole, and what the signature is over
	header          string // the JSON
	head            head
	key             *boundKey // if the header is the one that this key writes
}

// load takes a token apart at its first and its last dot, so that a fourth
// segment is found in the payload, which then is no base64. Payload and
// signature stay in s. A header that one of keys writes is not parsed again.
func (s *scratch) load(encoded string, keys []*boundKey) (segments, error) {
	first, last := strings.IndexByte(encoded, '.'), strings.LastIndexByte(encoded, '.')
	if first == last {
		return segments{}, errSegments
	}
	parts := segments{encoded: encoded, signed: encoded[:last]}
	s.encoded = append(s.encoded[:0], encoded...)
	if err := parts.setHeader(s, encoded[:first], keys); err != nil {
		return parts, err
	}
	var err error
	if s.payload, err = decodeSegment(s.payload, s.encoded[first+1:last]); err != nil {
		return parts, errPayloadBase64
	}
	if s.signature, err = decodeSegment(s.signature, s.encoded[last+1:]); err != nil {
		return parts, errCryptoBase64
	}
	return parts, nil
}

func (parts *segments) setHeader(s *scratch, encoded string, keys []*boundKey) error {
	for _, k := range keys {
		if k.header.encoded == encoded {
			parts.header, parts.head, parts.key = k.header.json, k.header.head, k
			return nil
		}
	}
	header, err := decodeSegment(nil, s.encoded[:len(encoded)])
	if err != nil {
		return errHeaderBase64
	}
	parts.header = string(header)
	parts.head, err = parseHead(header, parts.header)
	return err
}

var (
	canonicalBase64 = base64.RawURLEncoding.Strict()
	errLineBreak    = errors.New("line break")
)

// decodeSegment reads base64url without padding, in its one canonical form,
// into the memory of b. The decoder skips line breaks even when it is strict.
func decodeSegment(b, segment []byte) ([]byte, error) {
	if bytes.IndexByte(segment, '\n') >= 0 || bytes.IndexByte(segment, '\r') >= 0 {
		return b, errLineBreak
	}
	return canonicalBase64.AppendDecode(b[:0], segment)
}

// malformedPayload returns what is wrong with the form of a payload, which wins
// over a signature that is wrong too.
func malformedPayload(payload []byte) error {
	switch {
	case !jsontext.Value(payload).IsValid():
		return errPayloadJSON
	case jsontext.Value(payload).Kind() != '{':
		return errPayloadObject
	}
	return nil
}

// verifySignature finds the key for a header that none of ours writes, compares
// the algorithm, and verifies.
func (m *JWTManager) verifySignature(ctx context.Context, ring *keyring, s segments, bytes []byte, c *contents, now time.Time) error {
	alg, _ := s.head.alg.str()
	if m.decodeKey != nil && !c.origin.foreign {
		return m.verifyByLoader(ctx, s, bytes, c, alg, now)
	}
	if s.head.alg == "" {
		return errNoAlgorithm
	}
	c.keys = ring.set
	if c.origin.foreign {
		keys, err := c.origin.keySet(ctx, alg, s.head.kid)
		if err != nil {
			return err
		}
		c.keys = keys
	} else if len(c.keys.keys) == 0 { // only other issuers are accepted, and it is of none of them
		return checkIssuer(c.payload.issJSON, nil)
	}
	key, err := c.keys.verify(signature{alg, s.head.kid, s.signed, bytes, c.payload.typ}, now)
	if err != nil {
		return err
	}
	c.key = key
	return c.origin.checkProfile(s.head)
}

// verifyByLoader verifies with the key of the DecodeKeyLoader. A missing
// algorithm is found only after it, as the original asks for the key first.
func (m *JWTManager) verifyByLoader(ctx context.Context, s segments, bytes []byte, c *contents, alg string, now time.Time) error {
	key, err := m.loadVerificationKey(ctx, s.encoded, c, alg)
	if s.head.alg == "" && (err == nil || err == error(errAlgorithm)) {
		return errNoAlgorithm
	}
	if err != nil {
		return err
	}
	if err := key.verifyNow(s.signed, bytes, now); err != nil {
		return err
	}
	if err := key.checkType(c); err != nil {
		return err
	}
	return c.origin.checkProfile(s.head)
}
