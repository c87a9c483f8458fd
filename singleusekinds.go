package ginjwt

import (
	"net/url"
	"slices"
)

// singleUse is a kind of token that is used once. Its "typ" and its audience are its own
// (RFC 8725 §3.11): no route takes such a token, and no other token is one.
type singleUse struct {
	name TokenType // the value of the claim with the type
	typ  string    // the "typ" header
}

var (
	purposeTokens = singleUse{"purpose", "purpose+jwt"}
	ticketTokens  = singleUse{"ticket", "ticket+jwt"}
)

// audience returns the "aud" of tokens of the kind: who checks nothing but that refuses
// them, too. No two lists of names make one audience.
func (k singleUse) audience(names ...string) string {
	urn := "urn:ginjwt:" + string(k.name)
	for _, name := range names {
		urn += ":" + url.QueryEscape(name)
	}
	return urn
}

// isSingleUse reports whether a "typ" is that of a kind of single-use tokens.
func isSingleUse(typ string) bool {
	isOf := func(k singleUse) bool { return mediaType(typ) == mediaType(k.typ) }
	return slices.ContainsFunc([]singleUse{purposeTokens, ticketTokens}, isOf)
}
