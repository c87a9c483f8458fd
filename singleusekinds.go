package ginjwt

import (
	"net/url"
	"slices"
)

// singleUse is a kind of single-use token, with its own "typ" and its own audience (RFC 8725
// §3.11). So no route accepts such a token, and no other token is accepted in its place.
type singleUse struct {
	name TokenType // the value of the claim with the type
	typ  string    // the "typ" header
}

var (
	purposeTokens = singleUse{"purpose", "purpose+jwt"}
	ticketTokens  = singleUse{"ticket", "ticket+jwt"}
)

// audience returns the "aud" of tokens of the kind, so that a service that checks only "aud"
// refuses them too. Different names give different audiences.
func (k singleUse) audience(names ...string) string {
	urn := "urn:ginjwt:" + string(k.name)
	for _, name := range names {
		urn += ":" + url.QueryEscape(name)
	}
	return urn
}

// isSingleUse reports whether typ is the "typ" of a single-use token.
func isSingleUse(typ string) bool {
	isOf := func(k singleUse) bool { return mediaType(typ) == mediaType(k.typ) }
	return slices.ContainsFunc([]singleUse{purposeTokens, ticketTokens}, isOf)
}
