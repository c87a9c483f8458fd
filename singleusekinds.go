package ginjwt

import (
	"net/url"
	"slices"
)

// singleUse is a kind of single-use token. Its "typ" and its audience are its own (RFC 8725
// §3.11): no route takes such a token, and no other token is one.
type singleUse struct {
	name TokenType // the value of the claim with the type
	typ  string    // the "typ" header
}

var (
	purposeTokens = singleUse{"purpose", "purpose+jwt"}
	ticketTokens  = singleUse{"ticket", "ticket+jwt"}
)

// audience returns the "aud" of tokens of the kind: a service that checks only "aud" refuses
// them too. Different lists of names make different audiences.
func (k singleUse) audience(names ...string) string {
	urn := "urn:ginjwt:" + string(k.name)
	for _, name := range names {
		urn += ":" + url.QueryEscape(name)
	}
	return urn
}

// isSingleUse reports whether a "typ" is the one of a kind of single-use token.
func isSingleUse(typ string) bool {
	isOf := func(k singleUse) bool { return mediaType(typ) == mediaType(k.typ) }
	return slices.ContainsFunc([]singleUse{purposeTokens, ticketTokens}, isOf)
}
