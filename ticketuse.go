package ginjwt

import (
	"context"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// redeem returns the token that bought a ticket, if the ticket is for this request. It
// does not use the ticket up: what is refused after it burns nothing.
//
// A request that the ticket has let in may be checked again, by a route behind its group:
// then the ticket is that one.
func (m *JWTManager) redeem(c *gin.Context, encoded string, spec decodeSpec) (*Token, *ticket, error) {
	ctx := c.Request.Context()
	t, err := m.spentIn(ctx, encoded), error(nil)
	if t == nil {
		t, err = m.verifier.decodeTicket(ctx, encoded, ticketTokens.audience(m.config.Realm))
	}
	if err == nil {
		err = t.admits(c.Request, m.config.TicketName)
	}
	if err == nil && t.bought == nil {
		t.bought, err = m.verifier.bought(ctx, &t.ticketClaims)
	}
	if err != nil {
		return nil, nil, err
	}
	token, err := m.verifier.trusted(ctx, "", t.bought, spec, m.verifier.now())
	return token, t, err
}

// spentIn returns the ticket that has let a request in; nil if it is another than this
// one, or another manager's.
func (m *JWTManager) spentIn(ctx context.Context, encoded string) *ticket {
	v := verifiedIn(ctx)
	if v == nil || v.ticket == nil || v.ticket.own.Raw() != encoded || !m.verifier.hasVerified(v.token) {
		return nil
	}
	return v.ticket
}

// spend uses a ticket up, and takes it out of the request.
func (m *JWTManager) spend(c *gin.Context, t *ticket, token *Token) error {
	if ctx, start := c.Request.Context(), m.events.begin(); !t.spent {
		if err := m.once.claim(ctx, ticketTokens, t.own); err != nil {
			return asError(err).about(token)
		}
		m.events.consumed(ctx, "", t.own, start)
		t.spent = true
	}
	c.Request = withoutTicket(c.Request, m.config.TicketName)
	return nil
}

// decodeTicket verifies a ticket.
func (v *verifier) decodeTicket(ctx context.Context, encoded, audience string) (*ticket, error) {
	own, _, err := v.decodeSingleUse(ctx, encoded, ticketTokens, audience)
	if err != nil {
		return nil, err
	}
	own.Location = InTicket
	t := &ticket{own: own}
	if err := json.Unmarshal([]byte(own.claim(ticketClaim)), &t.ticketClaims, strictjson.Exact); err != nil {
		return nil, errOtherKind
	}
	return t, nil
}

// bought returns the token that bought a ticket. The signature of the ticket is over all
// that it says, and its own was good when it bought the ticket. It is not remembered, as
// nobody can present it.
//
// The rules of its issuer are those of now. What was said by an issuer that nobody knows
// any more must not be read as if the manager had said it.
func (v *verifier) bought(ctx context.Context, t *ticketClaims) (*goodToken, error) {
	s := scratches.Get().(*scratch)
	defer s.free()
	s.payload = append(s.payload[:0], t.Payload...)
	good, err := v.parse(ctx, s, t.Header)
	switch {
	case err != nil:
		return nil, err
	case good.names.foreign != t.Foreign:
		return nil, ofUnknown(errIssuer)
	}
	return good, v.vouch(good)
}
