package ginjwt

import (
	"slices"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// Location is a place in a request where a token can be.
type Location string

// The locations of JWT_TOKEN_LOCATION.
const (
	InHeaders     Location = "headers"
	InCookies     Location = "cookies"
	InQueryString Location = "query_string"
	InJSON        Location = "json"

	// InTicket is the parameter Config.TicketName of the query string: a ticket, which
	// [JWTManager.TicketHandler] hands out, and which lets one request in.
	InTicket Location = "ticket"
)

// withoutTickets returns locations without InTicket.
func withoutTickets(locations []Location) []Location {
	if !slices.Contains(locations, InTicket) {
		return locations
	}
	return slices.DeleteFunc(slices.Clone(locations), func(l Location) bool { return l == InTicket })
}

// TokenType is the "type" claim.
type TokenType string

// The types of tokens. A token without a type is an access token, as those of
// other issuers are.
const (
	AccessToken  TokenType = keys.AccessToken
	RefreshToken TokenType = keys.RefreshToken
)
