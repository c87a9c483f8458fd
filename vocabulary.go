package ginjwt

import "github.com/gin-jwt-extended/ginjwt/keys"

// Location is a place in a request where a token can be.
type Location string

// The locations of JWT_TOKEN_LOCATION.
const (
	InHeaders     Location = "headers"
	InCookies     Location = "cookies"
	InQueryString Location = "query_string"
	InJSON        Location = "json"
)

// TokenType is the "type" claim.
type TokenType string

// The types of tokens. A token without a type is an access token, as those of
// other issuers are.
const (
	AccessToken  TokenType = keys.AccessToken
	RefreshToken TokenType = keys.RefreshToken
)
