package ginjwt

import "time"

// ticketLifetime is how long a ticket is good: the time in which a page opens what it has
// bought the ticket for.
const ticketLifetime = 30 * time.Second

// ticketClaims is the value of ticketClaim.
type ticketClaims struct {
	Request string `json:"req"`              // that the ticket is for, by digestOf
	Origin  string `json:"origin,omitempty"` // of the page that bought it; empty: the request did not tell

	// The token that bought it.
	Foreign bool   `json:"foreign,omitempty"` // it is of another issuer
	Header  string `json:"header"`
	Payload string `json:"payload"`
}

// ticket is a ticket of a request.
type ticket struct {
	ticketClaims
	own   *Token     // the ticket itself
	buyer *goodToken // the token that bought it
	spent bool       // it has let this very request in
}
