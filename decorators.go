package ginjwt

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
)

// JWTRequired returns a middleware that lets only requests with a valid access
// token pass. For other requests, the loader for the error writes the response. In the
// handlers after it, [GetJWTIdentity] and the other getters return the data of
// the token.
//
// A CORS preflight carries no token and passes as anonymous. It is an OPTIONS
// request with the headers Origin and Access-Control-Request-Method, as the
// Fetch standard defines. Anybody can send one by hand, so the middleware
// removes all unchecked credentials: Authorization, Cookie, the header of
// Config.HeaderName, and the body. It also removes the query if the route looks
// for tokens there. Other OPTIONS requests are checked like every method,
// unless Config.AllowAnyOptions is set.
//
// JWTRequired panics if it is called before InitApp, or with an unknown
// location.
func (m *JWTManager) JWTRequired(opts ...RequiredOption) gin.HandlerFunc {
	return m.handler(m.requirementOf("JWTRequired", opts))
}

// RefreshRequired is JWTRequired(Refresh(), opts...): it accepts only refresh
// tokens.
func (m *JWTManager) RefreshRequired(opts ...RequiredOption) gin.HandlerFunc {
	return m.handler(m.requirementOf("RefreshRequired", append([]RequiredOption{Refresh()}, opts...)))
}

func (m *JWTManager) handler(need *requirement) gin.HandlerFunc {
	need.writeChallenges(m.refuser.challenges)
	short := m.takesShortWay(need)
	return describe(routeFacts{need: need}, func(c *gin.Context) {
		passed := false
		defer func() {
			if !passed { // also if a callback panics and a middleware recovers
				c.Abort()
			}
		}()
		var err error
		if short {
			passed, err = m.passesShort(c, need)
		}
		if !passed && err == nil {
			_, err = m.verify(c, need)
			passed = err == nil
		}
		if err != nil {
			m.Refuse(c, err)
		}
	})
}

// VerifyJWTInRequest is JWTRequired without the response. It verifies the token, stores
// it for [GetJWT] and the other getters, and returns it. The error is an [*Error]. Use
// it in your own middleware, and pass the error to [JWTManager.Refuse].
//
// It returns nil, nil if JWTRequired would let the request pass as anonymous. After a
// CORS preflight, c.Request has no credentials. c must not be a copy from c.Copy, which
// has no response for headers such as Cache-Control: verify first, then copy.
func (m *JWTManager) VerifyJWTInRequest(c *gin.Context, opts ...RequiredOption) (*Token, error) {
	return m.verifyWith(c, m.requirementOf("VerifyJWTInRequest", opts))
}

func (m *JWTManager) verifyWith(c *gin.Context, need *requirement) (*Token, error) {
	token, err := m.verify(c, need)
	if err != nil {
		e := asError(err)
		e.messageKey = m.config.ErrorMessageKey
		return nil, e
	}
	return token, nil
}

// VerifyToken makes all checks of JWTRequired on a token that is not in a request, for
// example from the first message of a WebSocket, or from a queue. It ends no session: it only
// refuses a refresh token that was used before. It uses up the DPoP proof of a token that is
// bound to a key. Locations and Optional have no effect. The error is an [*Error].
//
// VerifyToken does not change what the getters return for a request. To use the getters
// with this token and its user from UserLookupLoader, make a context with [NewContext].
// [SessionContext] accepts that context too:
//
//	token, err := mgr.VerifyToken(ctx, message.Token)
//	…
//	ctx := ginjwt.SessionContext(ginjwt.NewContext(c, token, nil))
func (m *JWTManager) VerifyToken(ctx context.Context, encoded string, opts ...RequiredOption) (*Token, error) {
	need := m.requirementOf("VerifyToken", opts)
	need.looksOnly = true
	with := m.presentedIn(ctx)
	if need.proof != nil {
		with = need.proof.presented()
	}
	with.strictly, with.toIssuer = need.bound, need.toIssuer
	ctx = plain(ctx)
	start := m.events.begin()
	token, err := m.verifier.decode(ctx, encoded, decodeSpec{audience: need.audience(), elsewhere: need.isElsewhere()})
	switch {
	case err != nil:
	case need.provenElsewhere:
		token.proven.Store(provenHere)
	default:
		err = m.possession.prove(ctx, token, with)
	}
	if err == nil {
		token.user, _, err = m.checks.check(ctx, token, need, "")
	}
	if err != nil {
		refused := asError(need.addressed(m.events.judged(err, "", start)))
		m.events.refused(ctx, refused)
		return nil, refused
	}
	m.events.accepted(ctx, token, start)
	return token, nil
}

// verify makes all checks, in order. It stores the outcome only after all
// checks have passed.
func (m *JWTManager) verify(c *gin.Context, need *requirement) (*Token, error) {
	need = m.inGroup(c, need)
	switch {
	case isPreflight(c.Request):
		return m.passPreflight(c, need)
	case m.config.AllowAnyOptions && c.Request.Method == http.MethodOptions:
		return m.anonymous(c, need)
	}
	start := m.events.begin()
	var found found
	err := m.findToken(c, need, &found)
	if need.anyType && errors.Is(err, ErrExpiredToken) && m.findRefreshCookie(c, need, &found) {
		err = nil
	}
	if need.optional && isAbsent(err) {
		return m.anonymous(c, need)
	}
	var user any
	if err == nil {
		user, err = m.checkFound(c, &found, need)
	}
	if err != nil {
		return nil, need.addressed(m.challengedFor(c, need, found.scheme, m.events.judged(err, found.location, start)))
	}
	token := found.token
	token.user = user
	m.events.accepted(c.Request.Context(), token, start)
	outcome := verified{token: token, need: need}
	if found.ticket != nil {
		outcome.rare = &rareOutcome{ticket: found.ticket}
	}
	remember(c, m, outcome)
	if token.Location == InCookies {
		keepOutOfCaches(c)
	}
	return token, nil
}

// inGroup returns the requirement of a route inside a group. If an earlier
// check of this request was for a resource, the route belongs to that resource
// too.
func (m *JWTManager) inGroup(c *gin.Context, need *requirement) *requirement {
	if need.resource != nil || len(m.resources) == 0 {
		return need
	}
	v, ok := verifiedIn(c.Request.Context())
	if !ok || !slices.Contains(m.resources, v.need.resource) { // of another manager
		return need
	}
	own := *need
	own.resource = v.need.resource
	return &own
}

// found is the token of a request, or the token that its ticket was issued for.
type found struct {
	token    *Token
	location Location
	scheme   scheme  // of the header
	ticket   *ticket // nil: none

	// What time.Now returned before the token was decoded, if nothing has waited since;
	// otherwise zero. The blocklist judges its copy by it, so nothing may wait before the
	// lookup either.
	reading time.Time
}

// checkFound makes all checks on a decoded token of a request, and returns its
// user. It uses up a ticket last, when nothing else can fail.
func (m *JWTManager) checkFound(c *gin.Context, found *found, need *requirement) (user any, err error) {
	token, key := found.token, ""
	if m.sessions != nil && token.Type == RefreshToken {
		if key, err = idempotencyKey(c.Request); err != nil {
			return nil, err
		}
	}
	if err := m.proveRequest(c, token, found.scheme, need); err != nil {
		return nil, err
	}
	user, _, err = m.checks.checkAt(c.Request.Context(), token, need, key, found.reading)
	if err == nil && found.ticket != nil {
		err = m.spend(c, found.ticket, token)
	}
	return user, err
}

// findRefreshCookie finds the refresh token of a request whose access token has
// expired, for routes that accept both types. It reports whether there is one.
func (m *JWTManager) findRefreshCookie(c *gin.Context, need *requirement, f *found) bool {
	if !slices.Contains(need.locations, InCookies) {
		return false
	}
	var other found
	if err := m.findToken(c, &requirement{refresh: true, locations: []Location{InCookies}, resource: need.resource}, &other); err != nil {
		return false
	}
	f.token, f.reading, f.scheme = other.token, other.reading, other.scheme
	return true
}

// findToken decodes the token of a request. It stores the location even if the
// token is invalid.
func (m *JWTManager) findToken(c *gin.Context, need *requirement, f *found) error {
	at, err := m.reader.find(c, need)
	f.location, f.scheme = at.location, at.scheme
	if at.location == InQueryString || at.location == InTicket { // RFC 6750 §5.3, RFC 9700 §4.2.4
		c.Header("Cache-Control", "no-store")
		c.Header("Referrer-Policy", "no-referrer")
	}
	if err != nil {
		return err
	}
	spec := decodeSpec{csrf: at.csrf, audience: need.audience(), elsewhere: need.isElsewhere()}
	if at.location == InTicket {
		f.token, f.ticket, err = m.redeem(c, at.encoded, spec)
	} else {
		now := m.verifier.now() // not before: the body may have been read
		if m.verifier.waitsForNothing {
			f.reading = now
		}
		f.token, err = m.verifier.decodeAt(c.Request.Context(), at.encoded, spec, now)
	}
	if err == nil {
		f.token.Location = at.location
	}
	return err
}

// anonymous records that the request was checked and has no token.
func (m *JWTManager) anonymous(c *gin.Context, need *requirement) (*Token, error) {
	remember(c, m, verified{need: need})
	m.offerNonce(c) // a handler of net/http that logs in has no other way to it
	return nil, nil
}

// Refuse aborts the chain and writes the response to err as JWTRequired does. If err is
// an [*Error], or wraps one of the error kinds, it calls the loader for this kind. Any
// other error is a failure, with status 500.
//
// Refuse adds the error to c.Errors for the application's log. The message says what was
// wrong, without the token or its claims.
func (m *JWTManager) Refuse(c *gin.Context, err error) {
	if v, ok := verifiedIn(c.Request.Context()); ok { // by a handler behind JWTRequired
		err = v.need.addressed(err)
	}
	m.refuser.refuse(c, err)
}

func (m *JWTManager) requirementOf(caller string, opts []RequiredOption) *requirement {
	m.mustBeReady(caller)
	need := newRequirement(opts, m.config.TokenLocation)
	need.by = m
	if need.resourceURL != "" {
		resource, err := resourceOf(m.resources, need.resourceURL)
		if err != nil {
			panic("ginjwt: ForResource: " + err.Error())
		}
		need.resource = resource
	}
	return need
}
