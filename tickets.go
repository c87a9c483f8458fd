package ginjwt

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// TicketHandler returns a handler that hands out tickets, for requests that cannot carry
// an Authorization header: a WebSocket, an EventSource, a download. A ticket is good for
// 30 seconds, once, in the one request that it was bought for:
//
//	router.POST("/ticket", mgr.TicketHandler())
//	router.GET("/live", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), live)
//
// It demands an access token as JWTRequired with the same options does, in any location
// but InTicket: a ticket buys no ticket. The body is JSON, such as
// {"method": "GET", "url": "/live?room=1"}: path and query exactly as the client will
// send them, without the ticket; without a method it is GET. The answer is
// {"ticket": "…", "expires_in": 30}. The client adds the ticket to the query as the
// parameter Config.TicketName.
//
// The ticket is bound to method, path and query, and to the Origin header of the request
// that buys it; without one, to the origin of this service. When it is used, the token
// that bought it goes through all checks of the route: a token that was revoked, has
// expired, or whose session has ended meanwhile lets nobody in.
//
// Methods other than POST are answered 405, a body that is not understood 400, 413 or 415,
// and a token that is too large for a ticket 422. TicketHandler panics if called before
// InitApp, without a key that signs, and with the options Optional, Refresh, AnyType and
// Locations(InTicket).
func (m *JWTManager) TicketHandler(opts ...RequiredOption) gin.HandlerFunc {
	need := m.ticketRequirement(opts)
	return func(c *gin.Context) {
		noStore(c)
		if c.Request.Method != http.MethodPost {
			m.refuseMethod(c)
			return
		}
		token, err := m.verify(c, need)
		if err != nil {
			m.Refuse(c, err)
			return
		}
		o, status, problem := m.readTicketOrder(c)
		if problem != "" {
			m.refusePlainly(c, status, problem)
			return
		}
		encoded, err := m.newTicket(c, token, o)
		switch {
		case errors.Is(err, ErrTokenTooLarge):
			m.refusePlainly(c, http.StatusUnprocessableEntity, "The access token is too large for a ticket")
		case err != nil:
			m.Refuse(c, err)
		default:
			answerJSON(c, http.StatusOK, ticketAnswer{encoded, int64(ticketLifetime / time.Second)})
		}
	}
}

type ticketAnswer struct {
	Ticket    string `json:"ticket"`
	ExpiresIn int64  `json:"expires_in"` // seconds
}

// CreateTicket returns a ticket for the token of this request, as [JWTManager.TicketHandler]
// does, for pages that the server renders. target is path and query as the browser will
// send them. The page must use the ticket within 30 seconds.
//
// It is an error if this request came with a ticket or a refresh token, or if method or
// target is not valid. For an anonymous visitor the error is an [ErrNoAuthorization].
// CreateTicket panics on a route without JWTRequired of this manager.
func (m *JWTManager) CreateTicket(c *gin.Context, method, target string) (string, error) {
	token, ok := m.verifiedToken(c, "CreateTicket")
	if !ok {
		return "", refusalf(ErrNoAuthorization, "an anonymous visitor has no token for a ticket")
	}
	o, problem := m.ticketOrderOf(method, target)
	if problem != "" {
		return "", fmt.Errorf("ginjwt: CreateTicket: %s", problem)
	}
	return m.newTicket(c, token, o)
}

// ticketRequirement returns what TicketHandler asks of a token.
func (m *JWTManager) ticketRequirement(opts []RequiredOption) *requirement {
	sells := func(need *requirement) { need.sellsTickets = true }
	need := m.requirementOf("TicketHandler", append([]RequiredOption{sells}, opts...))
	switch {
	case need.optional:
		panic("ginjwt: TicketHandler: an anonymous visitor has no token for a ticket; remove Optional")
	case need.refresh, need.anyType:
		panic("ginjwt: TicketHandler: tickets are bought with access tokens; remove Refresh and AnyType")
	case m.callbacks.encodeKey == nil:
		now := m.config.Now()
		if _, err := m.minter.signingKey(context.Background(), nil, AccessToken, now, now.Add(ticketLifetime)); err != nil {
			panic("ginjwt: TicketHandler: a manager signs its tickets, also where it only accepts tokens of other issuers: " + err.Error())
		}
	}
	need.writeChallenges(m.refuser.challenges)
	return need
}

// ticketOrder is the request that a ticket is bought for.
type ticketOrder struct{ method, path, query string }

func (m *JWTManager) ticketOrderOf(method, target string) (o ticketOrder, problem string) {
	if !isMethod(method) {
		return o, "The method must be an HTTP method in upper case"
	}
	o.method = method
	o.path, o.query, problem = parseTarget(target, m.config.TicketName)
	return o, problem
}

// maxTicketOrder is how many bytes a request for a ticket may have.
const maxTicketOrder = 16 << 10

const notATicketOrder = "The body must be a JSON object of the texts method and url"

// readTicketOrder reads the body of TicketHandler, or returns what is wrong with it.
func (m *JWTManager) readTicketOrder(c *gin.Context) (o ticketOrder, status int, problem string) {
	if !isJSON(c.Request.Header.Get("Content-Type")) {
		return o, http.StatusUnsupportedMediaType, "Send the method and the url as JSON (application/json)"
	}
	body, err := peekBody(c)
	switch {
	case err == errBodyGoesOn, len(body) > maxTicketOrder:
		return o, http.StatusRequestEntityTooLarge, "The body is too large"
	case err != nil, !utf8.Valid(body):
		return o, http.StatusBadRequest, "The body cannot be read"
	}
	method, target := http.MethodGet, ""
	err = strictjson.Members(body, string(body), func(name string, v strictjson.Value) {
		text, isText := v.Str()
		switch {
		case name == "method" && isText:
			method = text
		case name == "url" && isText:
			target = text
		case name != m.config.JSONKey: // a token may be there
			problem = notATicketOrder
		}
	})
	if err != nil || problem != "" {
		return o, http.StatusBadRequest, notATicketOrder
	}
	o, problem = m.ticketOrderOf(method, target)
	return o, http.StatusBadRequest, problem
}

// newTicket makes a ticket for a token that was verified in this request.
func (m *JWTManager) newTicket(c *gin.Context, token *Token, o ticketOrder) (string, error) {
	switch {
	case token.Location == InTicket:
		return "", wrongToken("A ticket cannot get another ticket", token)
	case token.Type != AccessToken:
		return "", wrongToken("Only access tokens are allowed", token)
	}
	said := token.read()
	claims := ticketClaims{
		Request: digestOf(o.method, o.path, o.query), Origin: originHeader(c.Request),
		Foreign: token.isForeign(), Header: said.header, Payload: said.text,
	}
	if !token.isForeign() || token.ID != "" { // or it would be revoked by another ID: see foreignID
		claims.Payload = withoutCSRF(said.text)
	}
	now := m.config.Now()
	return m.minter.issueSingleUse(c.Request.Context(), newSingleUse{
		kind: ticketTokens, audience: ticketTokens.audience(m.config.Realm),
		user: m.userOf(c, token), identity: token.Identity, id: newID(tokenUUID),
		now: now, expires: now.Add(ticketLifetime), claims: Claims{ticketClaim: claims},
	})
}

// withoutCSRF returns the payload of a token with an empty "csrf": a ticket is in a URL, and
// the value would be good for the whole session.
func withoutCSRF(text string) string {
	b := []byte{'{'}
	_ = strictjson.Members([]byte(text), text, func(name string, v strictjson.Value) {
		if name == "csrf" {
			v = `""`
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b, _ = strictjson.AppendString(b, name) // it was read from JSON that is UTF-8
		b = append(append(b, ':'), v...)
	})
	return string(append(b, '}'))
}
