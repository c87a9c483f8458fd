package ginjwt

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
)

// This file has the handlers and responses for OAuth 2.0 clients: RFC 6749, 7009, 7662.

// invalidGrantRequest returns what is wrong with the form of a refresh request
// (RFC 6749 §5.2). Both results are empty if the form is valid.
func invalidGrantRequest(form url.Values) (code, description string) {
	for name, values := range form {
		if len(values) > 1 {
			return "invalid_request", "Parameters must not be repeated: " + printable(name)
		}
	}
	switch {
	case form.Get("grant_type") == "":
		return "invalid_request", "Missing parameter: grant_type"
	case form.Get("grant_type") != "refresh_token":
		return "unsupported_grant_type", "Only refresh_token is supported"
	case form.Get("refresh_token") == "":
		return "invalid_request", "Missing parameter: refresh_token"
	}
	return "", ""
}

// printable replaces characters that RFC 6749 §5.2 does not allow in a description.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, s[:min(len(s), 50)])
}

func (m *JWTManager) refuseGrant(c *gin.Context, err error) {
	m.refuseOAuth(c, err, "invalid_grant", "The token is invalid, expired or revoked")
}

// refuseOAuth responds as RFC 6749 §5.2 says. That format has no member for the reason,
// so the reason is only in the WWW-Authenticate header. code and description are the
// response to a refused token.
func (m *JWTManager) refuseOAuth(c *gin.Context, err error, code, description string) {
	c.Abort()
	_ = c.Error(err)
	refused := asError(err)
	m.events.refused(c.Request.Context(), refused)
	c.Writer.Header()[challengeHeader] = []string{m.refuser.challenges.of(refused)}
	m.offerNonce(c) // whatever was wrong, the next proof needs a nonce
	if refused.nonce != "" {
		putNonce(c, refused.nonce)
	}
	switch {
	case refused.Kind == ErrDPoPProof, refused.Kind == ErrDPoPNonce: // RFC 9449 §5, §8
		oauthError(c, http.StatusBadRequest, answers[refused.row()].oauthError, withoutQuotes(refused.Message))
	case errors.Is(refused, ErrUnavailable):
		c.Header("Retry-After", "1")
		oauthError(c, http.StatusServiceUnavailable, "temporarily_unavailable", "Try again")
	case refused.Status >= http.StatusInternalServerError:
		oauthError(c, http.StatusInternalServerError, "server_error", "Internal server error")
	case errors.Is(refused, ErrInvalidHeader): // the Idempotency-Key
		oauthError(c, http.StatusBadRequest, "invalid_request", withoutQuotes(refused.Message))
	default:
		oauthError(c, http.StatusBadRequest, code, description)
	}
}

// withoutQuotes replaces the quotes that RFC 6749 §5.2 does not allow in a description.
func withoutQuotes(message string) string { return strings.ReplaceAll(message, `"`, "'") }

func oauthError(c *gin.Context, status int, code, description string) {
	c.Abort()
	answerJSON(c, status, gin.H{"error": code, "error_description": description})
}

// RevocationHandler returns a handler for token revocation (RFC 7009): a POST of a form
// with the token. Revoking a refresh token ends its session, so its access tokens are
// refused too. Revoking an access token revokes only that token. As the RFC requires, the
// response to an invalid token is 200 too.
//
// Anyone who has a token may revoke it. A token that is bound to a key needs a DPoP proof for
// this endpoint; without it the response is 400 (RFC 9449 §5). To allow only known clients,
// put a handler that authenticates them before this one. RevocationHandler panics if called
// before InitApp.
func (m *JWTManager) RevocationHandler() gin.HandlerFunc {
	m.mustBeReady("RevocationHandler")
	return describe(routeFacts{handler: "RevocationHandler", open: true}, func(c *gin.Context) {
		noStore(c)
		encoded, ok := tokenParameter(c, "token")
		if !ok {
			return
		}
		switch err := m.revoke(c, encoded); {
		case errors.Is(err, ErrNoID):
			oauthError(c, http.StatusBadRequest, "unsupported_token_type", "The token has no ID to revoke it by")
		case err != nil:
			m.refuseGrant(c, err)
		default:
			c.Status(http.StatusOK)
		}
	})
}

// revoke revokes a token, and ignores an invalid one. It accepts an expired refresh token,
// because the session may still live.
func (m *JWTManager) revoke(c *gin.Context, encoded string) error {
	token, err := m.DecodeToken(c, encoded, toEnd())
	switch {
	case errors.Is(err, ErrInvalidToken), errors.Is(err, ErrWrongToken): // also a refresh token of another issuer
		return nil
	case err != nil:
		return err
	}
	if err := m.proveAtIssuer(c, token); err != nil {
		return err
	}
	switch {
	case token.Type == RefreshToken:
		_, err = m.endSessionOf(c.Request.Context(), token, CauseRevocation)
		return err
	case m.hasExpired(token):
		return nil
	}
	return m.revokeToken(c.Request.Context(), token, CauseRevocation)
}

// IntrospectionHandler returns a handler for token introspection (RFC 7662). Services use
// it if they cannot verify tokens themselves, or must know immediately when a token is
// revoked. The response to a valid token has "active": true and all claims except "csrf".
// The response to any other token, also of another issuer, is {"active": false}
// (RFC 7662 §2.2).
//
// The RFC requires that callers are authorized. Otherwise anybody could test stolen
// tokens. The function authorized says whether a request may ask; if it returns false, the
// server responds with 401. IntrospectionHandler panics if authorized is nil.
//
//	router.POST("/introspect", mgr.IntrospectionHandler(func(c *gin.Context) bool {
//		_, password, _ := c.Request.BasicAuth()
//		return subtle.ConstantTimeCompare([]byte(password), secret) == 1
//	}))
//
// A token that is bound to a key (RFC 9449) is active only with a DPoP proof for this endpoint.
// Otherwise a service that does not know "cnf" would accept a stolen token. If all callers check
// the proofs of their own requests, use the option [CallersCheckProofs].
//
// It also panics if called before InitApp.
func (m *JWTManager) IntrospectionHandler(authorized func(c *gin.Context) bool, opts ...IntrospectionOption) gin.HandlerFunc {
	m.mustBeReady("IntrospectionHandler")
	var spec introspectionSpec
	for _, opt := range opts {
		opt(&spec)
	}
	asIntrospection := func(need *requirement) { need.toIssuer, need.provenElsewhere = true, spec.callersCheck }
	if authorized == nil {
		panic("ginjwt: IntrospectionHandler: authorized is nil; pass a function that says who may ask")
	}
	return describe(routeFacts{handler: "IntrospectionHandler"}, func(c *gin.Context) {
		noStore(c)
		if !authorized(c) {
			c.Abort()
			if !c.Writer.Written() {
				c.Header("WWW-Authenticate", `Basic realm="introspection"`)
				oauthError(c, http.StatusUnauthorized, "invalid_client", "The caller may not introspect tokens")
			}
			return
		}
		encoded, ok := tokenParameter(c, "token")
		if !ok {
			return
		}
		token, err := m.VerifyToken(c, encoded, AnyType(), asIntrospection)
		switch {
		case errors.Is(err, ErrDPoPNonce):
			m.refuseGrant(c, err)
		case err == nil && !token.isForeign():
			m.offerNonce(c)
			answerJSON(c, http.StatusOK, introspection(token))
		case err != nil && asError(err).Status >= http.StatusInternalServerError:
			m.refuseGrant(c, err)
		default:
			answerJSON(c, http.StatusOK, gin.H{"active": false})
		}
	})
}

// An IntrospectionOption changes the responses of [JWTManager.IntrospectionHandler].
type IntrospectionOption func(*introspectionSpec)

type introspectionSpec struct {
	callersCheck bool // of proofs
}

// CallersCheckProofs says that every service that may introspect checks DPoP proofs itself, with
// the "cnf" of the response (RFC 9449 §6.2). A bound token is then active without a proof.
// Danger: a service that ignores "cnf" accepts stolen tokens.
func CallersCheckProofs() IntrospectionOption {
	return func(s *introspectionSpec) { s.callersCheck = true }
}

func introspection(token *Token) gin.H {
	answer := gin.H{}
	for name, value := range token.Claims() {
		answer[name] = value
	}
	delete(answer, "csrf")
	answer["active"] = true
	if token.Type == AccessToken {
		answer["token_type"] = tokenTypeFor(token.KeyThumbprint())
	}
	return answer
}

// tokenParameter returns the token in a form field. If the form is not valid, it writes
// the response and returns false.
func tokenParameter(c *gin.Context, field string) (encoded string, ok bool) {
	form, ok := postForm(c)
	values := form[field]
	if !ok || len(values) != 1 || values[0] == "" {
		oauthError(c, http.StatusBadRequest, "invalid_request", "Send one token, in a form (application/x-www-form-urlencoded)")
		return "", false
	}
	return values[0], true
}
