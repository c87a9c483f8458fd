package ginjwt

import (
	"context"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// redeem returns the token that got a ticket, if the ticket is for this request. It does
// not use the ticket up, because the request may still be refused.
//
// A request that a ticket has let in may be checked again, for example by a route after its
// group. The second check uses the spent ticket.
func (m *JWTManager) redeem(c *gin.Context, encoded string, spec decodeSpec) (*Token, *ticket, error) {
	ctx := c.Request.Context()
	t := m.spentIn(ctx, encoded)
	if t == nil {
		var err error
		if t, err = m.verifier.decodeTicket(ctx, encoded, ticketTokens.audience(m.config.Realm)); err != nil {
			return nil, nil, err
		}
	}
	if err := t.admits(c.Request, m.config.TicketName); err != nil {
		return nil, nil, err
	}
	if t.buyer == nil {
		var err error
		if t.buyer, err = m.verifier.buyerOf(ctx, &t.ticketClaims); err != nil {
			return nil, nil, err
		}
	}
	token, err := m.verifier.trusted(ctx, "", t.buyer, spec, m.verifier.now())
	if err != nil {
		return nil, nil, err
	}
	if t.JKT != "" && t.JKT == token.KeyThumbprint() {
		token.proven.Store(provenOnce) // by the request for the ticket
	}
	return token, t, nil
}

// spentIn returns the ticket that has let a request in. It returns nil if that is not the
// encoded ticket, or if another manager has made it.
func (m *JWTManager) spentIn(ctx context.Context, encoded string) *ticket {
	v, _ := verifiedIn(ctx)
	if t := v.ticket(); t != nil && t.own.Raw() == encoded && m.verifier.hasVerified(v.token) {
		return t
	}
	return nil
}

// spend uses a ticket up, and removes it from the request.
func (m *JWTManager) spend(c *gin.Context, t *ticket, token *Token) error {
	if !t.spent {
		ctx, start := c.Request.Context(), m.events.begin()
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

// buyerOf returns the token that got a ticket. Its signature was good at that time, and
// the signature of the ticket covers its content. It is not cached, because nobody can
// present it.
//
// The present rules of its issuer apply. If the issuer is not known any more, the token must
// not be read as one of the manager's own tokens.
func (v *verifier) buyerOf(ctx context.Context, t *ticketClaims) (*goodToken, error) {
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
