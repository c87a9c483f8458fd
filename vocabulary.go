package ginjwt

import (
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// Location is a place in a request where a token can be.
type Location string

// The locations for JWT_TOKEN_LOCATION. The values are those of the setting.
const (
	InHeaders     Location = "headers"
	InCookies     Location = "cookies"
	InQueryString Location = "query_string"
	InJSON        Location = "json"

	// InTicket is the query parameter Config.TicketName. It contains a ticket of
	// [JWTManager.TicketHandler], which is valid for one request.
	InTicket Location = "ticket"
)

// withoutTickets returns locations without InTicket.
func withoutTickets(locations []Location) []Location {
	if !slices.Contains(locations, InTicket) {
		return locations
	}
	return slices.DeleteFunc(slices.Clone(locations), func(l Location) bool { return l == InTicket })
}

// TokenType is the "type" claim of a token.
type TokenType string

// The types of tokens. A token without a "type" is an access token. Every token of
// another issuer is an access token too.
const (
	AccessToken  TokenType = keys.AccessToken
	RefreshToken TokenType = keys.RefreshToken
)

// NeverExpires is a lifetime. Tokens that get it have no "exp" claim and never expire.
const NeverExpires time.Duration = -1
