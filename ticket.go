package ginjwt

import "time"

// ticketLifetime is the lifetime of a ticket, in which a page opens what it got the ticket
// for.
const ticketLifetime = 30 * time.Second

// ticketClaims is the value of ticketClaim.
type ticketClaims struct {
	Request string `json:"req"`              // digestOf the request that the ticket is for
	Origin  string `json:"origin,omitempty"` // of the page that got it; empty: its request had none

	// The token of the request for the ticket. JKT is the thumbprint of the key that the
	// request has proven; empty: none.
	JKT     string `json:"jkt,omitempty"`
	Foreign bool   `json:"foreign,omitempty"` // another issuer made it
	Header  string `json:"header"`
	Payload string `json:"payload"`
}

// ticket is the ticket of a request.
type ticket struct {
	ticketClaims
	own   *Token     // the ticket itself
	buyer *goodToken // the token of the request for the ticket
	spent bool       // it has let this very request in
}
