package ginjwt

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// These errors say what is wrong with a token, in the words of Flask-JWT-Extended. Most
// correspond to an exception of PyJWT.
var (
	errTooLarge      = invalid(jwt.ErrTokenMalformed, "Token is too large")
	errSegments      = invalid(jwt.ErrTokenMalformed, "Not enough segments")
	errNotText       = invalid(jwt.ErrTokenMalformed, "Invalid token type. Token must be a <class 'bytes'>")
	errHeaderBase64  = invalid(jwt.ErrTokenMalformed, "Invalid header padding")
	errPayloadBase64 = invalid(jwt.ErrTokenMalformed, "Invalid payload padding")
	errEncrypted     = encrypted()
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
	errAlgorithm     = invalid(jwt.ErrTokenUnverifiable, "The specified alg value is not allowed").because(reasonSignature)
	errSignature     = invalid(jwt.ErrTokenSignatureInvalid, "Signature verification failed")
	errUnknownKey    = unverifiable("no key that it names, or its key is retired")
	errKeyType       = unverifiable("its key is for tokens of another type")
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
	errNobody        = invalid(jwt.ErrTokenInvalidSubject, "Token names no user")
	errJTI           = invalid(jwt.ErrTokenInvalidId, "JWT ID must be a string")
	errNoJTI         = invalid(jwt.ErrTokenRequiredClaimMissing, `Token is missing the "jti" claim`)
	errNotRevocable  = notRevocable()
	errNoIssuedAt    = invalid(jwt.ErrTokenRequiredClaimMissing, `Token is missing the "iat" claim`)
	errNoSubject     = invalid(jwt.ErrTokenRequiredClaimMissing, `Token is missing the "sub" claim`)
	errNoSessionID   = invalid(jwt.ErrTokenInvalidClaims, "Claim sid must be text that is not empty")
	errUpstream      = invalid(jwt.ErrTokenInvalidClaims, "Token has no valid \"upstream\" claim")
	errNoCSRFClaim   = invalid(jwt.ErrTokenRequiredClaimMissing, "Missing claim: csrf")
	errCSRFMismatch  = refusalf(ErrCSRF, "CSRF double submit tokens do not match")
	errCSRFMissing   = refusalf(ErrCSRF, "Missing CSRF token").because(reasonCSRFMissing)
	errOtherOrigin   = otherOrigin("The request comes from another origin")
	errNotTrusted    = notTrusted()
	errNoOrigin      = noOrigin()
	errTicketRequest = refusalf(ErrWrongToken, "The ticket is for another request").because(reasonTicket)
	errPurposeAt     = invalid(jwt.ErrTokenInvalidClaims, "Token has no valid \"at\" claim")
	errGeneration    = invalid(jwt.ErrTokenInvalidClaims, "Token has no valid \"gen\" claim")
	errOtherSession  = invalid(jwt.ErrTokenInvalidClaims, "Token is not of its session")
	errBusy          = unavailable(errors.New("the session is used by too many requests at the same time"))
	errOtherManager  = failure(errors.New("ginjwt: the token was verified by another manager"))
	errOldAccess     = invalid(jwt.ErrTokenInvalidClaims, "The access token is older than the refresh token's")
)

// otherOrigin has status 403, because the page has nothing else to send.
func otherOrigin(message string) *Error {
	e := refusalf(ErrCSRF, "%s", message).because(reasonCSRFOrigin)
	e.Status = http.StatusForbidden
	return e
}

// notTrusted tells only the log what to do, because the client may be an attacker's page.
func notTrusted() *Error {
	e := otherOrigin("The request comes from another origin")
	e.Err = fmt.Errorf("%w: if its pages may act for your users, name the origin in CSRFTrustedOrigins", e.Err)
	return e
}

// noOrigin is for clients that are not browsers, and for proxies that remove headers.
func noOrigin() *Error {
	e := otherOrigin("Missing Sec-Fetch-Site or Origin header. A client that is not a browser sends its token in a header")
	e.Err = fmt.Errorf("%w; a proxy must pass on both", e.Err)
	return e
}

// encrypted is refused like any malformed token. Only the log says that it is encrypted.
func encrypted() *Error {
	e := invalid(jwt.ErrTokenMalformed, "Invalid payload padding")
	e.Err = fmt.Errorf("%w: it has five parts: an encrypted token (JWE), which only its recipient can read", e.Err)
	return e
}

// notRevocable tells the client what is missing. Only the log says what to do about it.
func notRevocable() *Error {
	e := invalid(jwt.ErrTokenRequiredClaimMissing, `Token is missing the "jti" claim`)
	e.Err = fmt.Errorf("%w: nobody could revoke it: let the library that makes these tokens add a unique \"jti\", "+
		"one token lifetime before you set Blocklist or a TokenInBlocklistLoader (docs/from-gin-jwt.md)", e.Err)
	return e
}

// unverifiable returns an error with the response of a bad signature. Only the log says
// why.
func unverifiable(why string) *Error {
	e := invalid(jwt.ErrTokenUnverifiable, "Signature verification failed").because(reasonSignature)
	e.Err = fmt.Errorf("%w: %s", e.Err, why)
	return e
}

// refusalf returns an error of a kind with one message for each case. Logs contain the
// message too, so it must contain nothing from a token.
func refusalf(kind error, format string, args ...any) *Error {
	e := refusal(kind, fmt.Errorf(format, args...))
	e.Message = e.Err.Error()
	return e
}

// invalid returns an ErrInvalidToken. Its cause is golang-jwt's error class with the
// message, which must contain nothing from the token.
func invalid(class error, message string) *Error {
	e := refusal(ErrInvalidToken, fmt.Errorf("%w: %s", class, message)).because(reasonOfClass(class))
	e.Message = message
	return e
}

// failure wraps the error of a callback. The server responds with 500, or 503 if the
// error says that a store is down.
func failure(err error) *Error {
	if errors.Is(err, ErrUnavailable) || errors.Is(err, keys.ErrUnavailable) {
		return refusal(ErrUnavailable, err)
	}
	return refusal(ErrCallback, err)
}

// about returns a copy of e that gives token to its loader only.
func (e *Error) about(token *Token) *Error {
	told := *e
	told.token = token
	return &told
}

// refusalOf is refusal(kind, cause).about(token).
func refusalOf(kind, cause error, token *Token) *Error {
	e := refusal(kind, cause)
	e.token = token
	return e
}

func wrongToken(message string, token *Token) error {
	return refusalf(ErrWrongToken, "%s", message).about(token)
}

func missingClaim(format, name string) error {
	return invalid(jwt.ErrTokenRequiredClaimMissing, fmt.Sprintf(format, name))
}

// missingIdentity tells the client what is missing. Only the log says what to do about it:
// tokens of other libraries often have the user in another claim.
func missingIdentity(names *claimNames) error {
	e := invalid(jwt.ErrTokenRequiredClaimMissing, "Missing claim: "+names.identity)
	advice := fmt.Sprintf("if another library makes these tokens, let it add %q; or, if it cannot, set Config.IdentityClaim to its claim, such as \"id\" (docs/from-gin-jwt.md)", names.identity)
	if names.foreign {
		advice = "set Issuer.IdentityClaim to the claim that names the user in tokens of this issuer (docs/other-issuers.md)"
	}
	e.Err = fmt.Errorf("%w: it must name the user: %s", e.Err, advice)
	return e
}

func emptyClaim(name string) error {
	return invalid(jwt.ErrTokenInvalidSubject, "Empty claim: "+name)
}

// unavailable wraps the error of a store.
func unavailable(err error) error { return refusal(ErrUnavailable, err) }

// ofUnknown returns the refusal of a token from an unknown issuer, before its signature
// is verified. It has the reason of a bad signature, so that a client cannot find out
// which issuers are known.
func ofUnknown(err error) error { return asError(err).because(reasonSignature) }

// keyRefusal returns the refusal for an error of package keys.
func keyRefusal(err error) error {
	switch err {
	case keys.ErrAlgorithm:
		return errAlgorithm
	case keys.ErrSignature:
		return errSignature
	case keys.ErrTokenType:
		return errKeyType
	}
	return errUnknownKey
}
