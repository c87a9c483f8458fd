package ginjwt

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

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
	errUnknownKey    = invalid(jwt.ErrTokenUnverifiable, "Signature verification failed")
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
	s, err := load(encoded, defaultMaxTokenSize)
	if err == nil {
		err = s.head.check()
	}
	if err != nil {
		return nil, asError(err)
	}
	return (&Token{header: s.header}).Header(), nil
}

// decode is the one place where bytes become a trusted token. The checks come
// in the original's order and the first that fails wins, except that an
// expired token is checked to the end: whatever else is wrong with it wins.
func (m *JWTManager) decode(ctx context.Context, encoded string, spec decodeSpec) (*Token, error) {
	s, err := load(encoded, m.config.MaxTokenSize)
	if err != nil {
		return nil, err
	}
	if err := s.head.check(); err != nil {
		return nil, err
	}
	payload, err := m.parsePayload(s.payload)
	if err != nil {
		return nil, err
	}
	if err := m.verifySignature(ctx, s, payload); err != nil {
		return nil, err
	}
	token := m.newToken(s, payload)
	if err := m.checkProfile(s.head); err != nil {
		return nil, err
	}
	expired, err := m.checkClaims(token, payload, spec)
	if err != nil {
		return nil, err
	}
	if err := checkCSRF(payload.csrf, spec.csrf); err != nil {
		return nil, err
	}
	if expired {
		return nil, refusal(ErrExpiredToken, jwt.ErrTokenExpired).about(token)
	}
	return token, nil
}

// segments are the parts of an encoded token, decoded.
type segments struct {
	encoded, signed            string // the whole, and what the signature is over
	header, payload, signature []byte
	head                       head
}

// load takes a token apart at its first and its last dot, so that a fourth
// segment is found in the payload, which then is no base64.
func load(encoded string, limit int) (s segments, err error) {
	if len(encoded) > limit {
		return s, errTooLarge
	}
	first, last := strings.IndexByte(encoded, '.'), strings.LastIndexByte(encoded, '.')
	if first == last {
		return s, errSegments
	}
	s.encoded, s.signed = encoded, encoded[:last]
	if s.header, err = decodeSegment(encoded[:first]); err != nil {
		return s, errHeaderBase64
	}
	if s.head, err = parseHead(s.header); err != nil {
		return s, err
	}
	if s.payload, err = decodeSegment(encoded[first+1 : last]); err != nil {
		return s, errPayloadBase64
	}
	if s.signature, err = decodeSegment(encoded[last+1:]); err != nil {
		return s, errCryptoBase64
	}
	return s, nil
}

var (
	canonicalBase64 = base64.RawURLEncoding.Strict()
	errLineBreak    = errors.New("line break")
)

// decodeSegment reads base64url without padding, in its one canonical form.
// The decoder skips line breaks even when it is strict.
func decodeSegment(segment string) ([]byte, error) {
	if strings.ContainsAny(segment, "\r\n") {
		return nil, errLineBreak
	}
	return canonicalBase64.DecodeString(segment)
}

// verifySignature finds the key, compares the algorithm, and verifies.
func (m *JWTManager) verifySignature(ctx context.Context, s segments, p payload) error {
	if s.head.alg == nil && m.decodeKey == nil {
		return errNoAlgorithm
	}
	alg, _ := jsonString(s.head.alg)
	key, err := m.verificationKey(ctx, s, p, alg)
	if s.head.alg == nil && (err == nil || err == error(errAlgorithm)) {
		return errNoAlgorithm // only now, as the original asks for the key first
	}
	if err != nil {
		return err
	}
	if key.method.Verify(s.signed, s.signature, key.verify) != nil {
		return errSignature
	}
	return nil
}
