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

// TicketHandler returns a handler that issues tickets for requests that cannot carry an
// Authorization header: a WebSocket, an EventSource, a download. A ticket lets in the one
// request that it was issued for, once, within 30 seconds:
//
//	router.POST("/ticket", mgr.TicketHandler())
//	router.GET("/live", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), live)
//
// The handler requires an access token, like JWTRequired with the same options, in any
// location except InTicket: nobody gets a ticket with a ticket. The body is JSON, such as
// {"method": "GET", "url": "/live?room=1"}. "url" is the path and query exactly as the
// client will send them, without the ticket. "method" defaults to GET. The response is
// {"ticket": "…", "expires_in": 30}, with seconds. The client adds the ticket to the query
// as the parameter Config.TicketName.
//
// The ticket is bound to the method, the path, the query, and the Origin header of the
// POST request. Without that header, it is bound to the origin of this service. When
// the ticket is used, the token of that POST request goes through all checks of the
// route. So the ticket lets nobody in if the token has expired, was revoked, or has
// lost its session since.
//
// If the token is bound to a key, the POST request needs a DPoP proof, and the request with
// the ticket needs none.
//
// The handler responds 405 to methods other than POST, 400, 413 or 415 to a body that it
// cannot read, and 422 to a token that is too large for a ticket. TicketHandler panics
// before InitApp, without a signing key, and with the options Optional, Refresh, AnyType and
// Locations(InTicket).
func (m *JWTManager) TicketHandler(opts ...RequiredOption) gin.HandlerFunc {
	need := m.ticketRequirement(opts)
	return describe(routeFacts{handler: "TicketHandler", need: need}, func(c *gin.Context) {
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
	})
}

type ticketAnswer struct {
	Ticket    string `json:"ticket"`
	ExpiresIn int64  `json:"expires_in"` // seconds
}

// CreateTicket returns a ticket for the token of this request, for pages that the server
// renders. [JWTManager.TicketHandler] says what a ticket is bound to. target is the path and
// query as the browser will send them. The page must use the ticket within 30 seconds.
//
// It returns an error if this request came with a ticket or a refresh token, or if method or
// target is not valid. It also returns an error for a token that was verified by [WithProof]
// without [Bound]. For an anonymous visitor it returns [ErrNoAuthorization]. It panics on a
// route without JWTRequired of this manager.
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

// ticketRequirement returns what TicketHandler requires of a token.
func (m *JWTManager) ticketRequirement(opts []RequiredOption) *requirement {
	sells := func(need *requirement) { need.sellsTickets = true }
	need := m.requirementOf("TicketHandler", append([]RequiredOption{sells}, opts...))
	switch {
	case need.optional:
		panic("ginjwt: TicketHandler: an anonymous visitor has no token for a ticket: remove Optional")
	case need.refresh, need.anyType:
		panic("ginjwt: TicketHandler: only access tokens get tickets: remove Refresh and AnyType")
	case m.callbacks.encodeKey == nil:
		now := m.config.Now()
		if _, err := m.minter.signingKey(context.Background(), nil, AccessToken, now, now.Add(ticketLifetime)); err != nil {
			panic("ginjwt: TicketHandler: a manager signs its tickets, even if it accepts only tokens of other issuers: " + err.Error())
		}
	}
	need.writeChallenges(m.refuser.challenges)
	return need
}

// ticketOrder is the request that a client gets a ticket for.
type ticketOrder struct{ method, path, query string }

func (m *JWTManager) ticketOrderOf(method, target string) (o ticketOrder, problem string) {
	if !isMethod(method) {
		return o, "The method must be an HTTP method in upper case"
	}
	o.method = method
	o.path, o.query, problem = parseTarget(target, m.config.TicketName)
	return o, problem
}

// maxTicketOrder is the largest body of a request for a ticket, in bytes.
const maxTicketOrder = 16 << 10

const notATicketOrder = "The body must be a JSON object of the texts method and url"

// readTicketOrder reads the body of TicketHandler, or returns the problem with it.
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
		case name != m.config.JSONKey: // the token may be there
			problem = notATicketOrder
		}
	})
	if err != nil || problem != "" {
		return o, http.StatusBadRequest, notATicketOrder
	}
	o, problem = m.ticketOrderOf(method, target)
	return o, http.StatusBadRequest, problem
}

// newTicket creates a ticket for the token that was verified in this request.
func (m *JWTManager) newTicket(c *gin.Context, token *Token, o ticketOrder) (string, error) {
	switch {
	case token.KeyThumbprint() != "" && token.proven.Load() == unproven: // of a context by hand
		return "", errNoProof.about(token)
	case token.Location == InTicket:
		return "", wrongToken("A ticket cannot get another ticket", token)
	case token.Type != AccessToken:
		return "", wrongToken("Only access tokens are allowed", token)
	}
	if err := m.useProofForTicket(c, token); err != nil {
		return "", err
	}
	said := token.read()
	claims := ticketClaims{
		Request: digestOf(o.method, o.path, o.query), Origin: originHeader(c.Request),
		JKT: token.KeyThumbprint(), Foreign: token.isForeign(), Header: said.header, Payload: said.text,
	}
	if !token.isForeign() || token.ID != "" { // otherwise foreignID hashes the payload, which must not change
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
// the CSRF value works for the whole session.
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
