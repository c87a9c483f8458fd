package ginjwt

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
)

// What the handlers answer to clients of OAuth 2.0: RFC 6749, 7009 and 7662.

// invalidGrantRequest returns what is wrong with the form of a request
// (RFC 6749 §5.2).
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

// printable keeps what RFC 6749 §5.2 allows in a description.
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

// refuseOAuth answers as RFC 6749 §5.2 says, which has no member for the reason: that
// is in the WWW-Authenticate header, as it is of other refusals. code and description
// are those of a token that is refused.
func (m *JWTManager) refuseOAuth(c *gin.Context, err error, code, description string) {
	c.Abort()
	_ = c.Error(err)
	refused := asError(err)
	m.events.refused(c.Request.Context(), refused)
	c.Writer.Header()[challengeHeader] = []string{m.refuser.challenges.of(refused)}
	switch {
	case errors.Is(refused, ErrUnavailable):
		c.Header("Retry-After", "1")
		oauthError(c, http.StatusServiceUnavailable, "temporarily_unavailable", "Try again")
	case refused.Status >= http.StatusInternalServerError:
		oauthError(c, http.StatusInternalServerError, "server_error", "Internal server error")
	case errors.Is(refused, ErrInvalidHeader): // the Idempotency-Key
		oauthError(c, http.StatusBadRequest, "invalid_request", refused.Message)
	default:
		oauthError(c, http.StatusBadRequest, code, description)
	}
}

func oauthError(c *gin.Context, status int, code, description string) {
	c.Abort()
	answerJSON(c, status, gin.H{"error": code, "error_description": description})
}

// RevocationHandler returns a handler for the token revocation of RFC 7009: a
// POST of a form with the token. Revoking a refresh token ends its session, so
// that its access tokens are refused too; revoking an access token ends that
// one. As the RFC says, the answer is 200 also for a token that is invalid.
//
// Who has a token may revoke it. If only known clients may, put a handler that
// authenticates them before this one. It panics if called before InitApp.
func (m *JWTManager) RevocationHandler() gin.HandlerFunc {
	m.mustBeReady("RevocationHandler")
	return func(c *gin.Context) {
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
	}
}

// revoke revokes a token, if it is one. Of a refresh token that has expired the
// session may still live.
func (m *JWTManager) revoke(c *gin.Context, encoded string) error {
	token, err := m.DecodeToken(c, encoded, toEnd())
	switch {
	case errors.Is(err, ErrInvalidToken), errors.Is(err, ErrWrongToken): // or the refresh token of another issuer
		return nil
	case err != nil:
		return err
	case token.Type == RefreshToken:
		_, err = m.endSessionOf(c.Request.Context(), token, CauseRevocation)
		return err
	case m.hasExpired(token):
		return nil
	}
	return m.revokeToken(c.Request.Context(), token, CauseRevocation)
}

// IntrospectionHandler returns a handler for the token introspection of
// RFC 7662, for services that cannot verify tokens themselves, or want to know
// at once when one is revoked. The answer to a good token has "active": true and
// its claims, but "csrf"; to any other it is {"active": false}, also to those of
// other issuers (RFC 7662 §2.2).
//
// The RFC demands that callers be authorized, or anybody could try out tokens:
// authorized says whether a request may ask, and is not nil. Who may not is
// answered 401.
//
//	router.POST("/introspect", mgr.IntrospectionHandler(func(c *gin.Context) bool {
//		_, password, _ := c.Request.BasicAuth()
//		return subtle.ConstantTimeCompare([]byte(password), secret) == 1
//	}))
//
// It panics if called before InitApp.
func (m *JWTManager) IntrospectionHandler(authorized func(c *gin.Context) bool) gin.HandlerFunc {
	m.mustBeReady("IntrospectionHandler")
	if authorized == nil {
		panic("ginjwt: IntrospectionHandler: a function must say who may ask")
	}
	return func(c *gin.Context) {
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
		token, err := m.VerifyToken(c, encoded, AnyType())
		switch {
		case err == nil && !token.isForeign():
			answerJSON(c, http.StatusOK, introspection(token))
		case err != nil && asError(err).Status >= http.StatusInternalServerError:
			m.refuseGrant(c, err)
		default:
			answerJSON(c, http.StatusOK, gin.H{"active": false})
		}
	}
}

func introspection(token *Token) gin.H {
	answer := gin.H{}
	for name, value := range token.Claims() {
		answer[name] = value
	}
	delete(answer, "csrf")
	answer["active"] = true
	if token.Type == AccessToken {
		answer["token_type"] = "Bearer"
	}
	return answer
}

// tokenParameter returns the token in a field of a form, or answers what is wrong with
// it.
func tokenParameter(c *gin.Context, field string) (encoded string, ok bool) {
	form, ok := postForm(c)
	values := form[field]
	if !ok || len(values) != 1 || values[0] == "" {
		oauthError(c, http.StatusBadRequest, "invalid_request", "Send one token, in a form (application/x-www-form-urlencoded)")
		return "", false
	}
	return values[0], true
}
