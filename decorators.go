package ginjwt

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
)

// requirement is what a route asks of a token.
type requirement struct {
	optional       bool
	fresh          bool
	refresh        bool
	anyType        bool
	skipRevocation bool
	looksOnly      bool // a refresh token is looked at, not used
	locations      []Location

	freshWithin time.Duration // zero: does not matter
	guards      []guard
	scope       string // those of all guards, for the client

	ageChallenge, scopeChallenge string // of this route; empty: not made yet
}

// A RequiredOption changes what JWTRequired asks of a token.
type RequiredOption func(*requirement)

// Optional lets a request without a token through. A bad token is still
// refused.
func Optional() RequiredOption {
	return func(need *requirement) { need.optional = true }
}

// Fresh asks for a token that is fresh: made by logging in, not by a refresh.
func Fresh() RequiredOption {
	return func(need *requirement) { need.fresh = true }
}

// Refresh asks for a refresh token.
func Refresh() RequiredOption {
	return func(need *requirement) { need.refresh = true }
}

// Locations looks for the token in these places only, in this order. None
// means those of Config.TokenLocation.
func Locations(in ...Location) RequiredOption {
	return func(need *requirement) { need.locations = slices.Clone(in) }
}

// AnyType takes access and refresh tokens alike. It looks for them where
// access tokens are.
func AnyType() RequiredOption {
	return func(need *requirement) { need.anyType = true }
}

// SkipRevocationCheck does not ask whether the token was revoked.
func SkipRevocationCheck() RequiredOption {
	return func(need *requirement) { need.skipRevocation = true }
}

// JWTRequired returns a handler that lets only requests with a valid access
// token through, and answers others by the loader of their error. In the
// handlers after it, [GetJWTIdentity] and its kin return what is in the token.
//
// OPTIONS requests pass as anonymous, as a CORS preflight carries no token.
//
// JWTRequired panics if called before InitApp, or with an unknown location.
func (m *JWTManager) JWTRequired(opts ...RequiredOption) gin.HandlerFunc {
	return m.handler(m.requirementOf("JWTRequired", opts))
}

// RefreshRequired is JWTRequired(Refresh(), opts...).
func (m *JWTManager) RefreshRequired(opts ...RequiredOption) gin.HandlerFunc {
	return m.handler(m.requirementOf("RefreshRequired", append([]RequiredOption{Refresh()}, opts...)))
}

func (m *JWTManager) handler(need *requirement) gin.HandlerFunc {
	m.writeChallenges(need)
	return func(c *gin.Context) {
		if _, err := m.verify(c, need); err != nil {
			m.Refuse(c, err)
		}
	}
}

// VerifyJWTInRequest is JWTRequired without the response: it verifies, stores
// the token for GetJWT and its kin, and returns it. Use it to build handlers of
// your own, with [JWTManager.Refuse] to answer its error, which is an [*Error].
// Where JWTRequired lets an anonymous request pass, it returns nil, nil.
func (m *JWTManager) VerifyJWTInRequest(c *gin.Context, opts ...RequiredOption) (*Token, error) {
	token, err := m.verify(c, m.requirementOf("VerifyJWTInRequest", opts))
	if err != nil {
		e := asError(err)
		e.messageKey = m.config.ErrorMessageKey
		return nil, e
	}
	return token, nil
}

// VerifyToken makes all checks of JWTRequired on a token that came some other
// way than in a request: in the first message of a WebSocket, or from a queue.
// It only looks: a refresh token that was used before is refused, but its
// session goes on. Locations and Optional mean nothing here. The error is an
// [*Error].
func (m *JWTManager) VerifyToken(ctx context.Context, encoded string, opts ...RequiredOption) (*Token, error) {
	need := m.requirementOf("VerifyToken", opts)
	need.looksOnly = true
	ctx = plain(ctx)
	token, err := m.decode(ctx, encoded, decodeSpec{})
	if err != nil {
		return nil, asError(err)
	}
	if _, err := m.checkToken(ctx, token, need); err != nil {
		return nil, asError(err)
	}
	return token, nil
}

func (m *JWTManager) requirementOf(caller string, opts []RequiredOption) *requirement {
	m.mustBeReady(caller)
	need := &requirement{}
	for _, opt := range opts {
		opt(need)
	}
	for _, location := range need.locations {
		if err := location.valid(); err != nil {
			panic("ginjwt: Locations: " + err.Error())
		}
	}
	if len(need.locations) == 0 {
		need.locations = m.config.TokenLocation
	}
	return need
}

// verify is the whole check, in order. Nothing is stored until all of it has
// passed.
func (m *JWTManager) verify(c *gin.Context, need *requirement) (*Token, error) {
	if c.Request.Method == http.MethodOptions {
		return m.anonymous(c)
	}
	token, err := m.findToken(c, need)
	if need.optional && isAbsent(err) {
		return m.anonymous(c)
	}
	if err != nil {
		return nil, err
	}
	user, err := m.checkToken(c.Request.Context(), token, need)
	if err != nil {
		return nil, err
	}
	m.remember(c, verified{token, user})
	return token, nil
}

// checkToken asks what a token with a good signature does not say itself, and
// returns its user, if there is a loader.
func (m *JWTManager) checkToken(ctx context.Context, token *Token, need *requirement) (user any, err error) {
	if err := need.check(token); err != nil {
		return nil, err
	}
	if err := m.checkAge(token, need); err != nil {
		return nil, err
	}
	if !need.skipRevocation {
		if err := m.checkRevoked(ctx, token); err != nil {
			return nil, err
		}
		if err := m.checkSession(ctx, token, need); err != nil {
			return nil, err
		}
	}
	if err := need.checkGuards(token); err != nil { // not before: a revoked token is told nothing of scopes
		return nil, err
	}
	if err := m.checkVerification(ctx, token); err != nil {
		return nil, err
	}
	return m.loadUser(ctx, token)
}

// anonymous notes that the request was checked, and has no token.
func (m *JWTManager) anonymous(c *gin.Context) (*Token, error) {
	m.remember(c, verified{})
	return nil, nil
}

// check compares type and freshness, in this order.
func (need *requirement) check(token *Token) error {
	switch {
	case need.anyType:
		if token.Type != AccessToken && token.Type != RefreshToken {
			return wrongToken("Only access and refresh tokens are allowed", token)
		}
	case need.refresh:
		if token.Type != RefreshToken {
			return wrongToken("Only refresh tokens are allowed", token)
		}
	case token.Type == RefreshToken:
		return wrongToken("Only non-refresh tokens are allowed", token)
	case token.Type != AccessToken:
		return wrongToken("Only access tokens are allowed", token)
	}
	if need.fresh && !token.Fresh {
		return need.stale().about(token)
	}
	return nil
}

func wrongToken(message string, token *Token) error {
	return refusalf(ErrWrongToken, "%s", message).about(token)
}

// Refuse aborts the chain and answers err as JWTRequired does: by the loader
// of its kind: an [*Error], or any that wraps one of the kinds. Others are
// failures, and answered 500.
//
// The error is added to c.Errors for the application's log. It tells what was
// wrong; it holds neither the token nor its claims.
func (m *JWTManager) Refuse(c *gin.Context, err error) {
	e := asError(err)
	_ = c.Error(e) // returns what it was given, wrapped
	c.Abort()
	if c.Writer.Written() {
		return // too late for another response
	}
	told := *e
	told.Token, told.messageKey = e.token, m.config.ErrorMessageKey
	writer := &challenger{ResponseWriter: c.Writer, challenge: m.challengeOf(e), forbids: e.Kind == ErrInsufficientScope}
	defer func(own gin.ResponseWriter) { c.Writer = own }(c.Writer)
	c.Writer = writer

	c.Writer.Header()["X-Content-Type-Options"] = []string{"nosniff"}
	c.Status(told.Status) // a loader that only writes a body must not answer 200
	writer.answered = false
	m.responder(e)(c, &told)
	if !writer.answered && !writer.Written() {
		FlaskError(c, &told)
	}
	writer.WriteHeaderNow()
}

// challengeHeader is WWW-Authenticate as net/http spells it in its maps.
const challengeHeader = "Www-Authenticate"

// challenger adds a WWW-Authenticate header to a response with status 401,
// whichever loader writes it, and to the 403 that wants more scope (RFC 6750 §3.1).
type challenger struct {
	gin.ResponseWriter
	challenge string
	forbids   bool // the challenge fits a 403 too
	answered  bool // a status was set
}

// WriteHeader notes the status, which Gin sends with the first byte.
func (w *challenger) WriteHeader(status int) {
	w.answered = true
	header := w.Header()
	current := ""
	if values := header[challengeHeader]; len(values) > 0 {
		current = values[0]
	}
	due := status == http.StatusUnauthorized || status == http.StatusForbidden && w.forbids
	switch {
	case due && current == "":
		header[challengeHeader] = []string{w.challenge}
	case !due && current == w.challenge:
		delete(header, challengeHeader)
	}
	w.ResponseWriter.WriteHeader(status)
}
