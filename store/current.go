package store

import "context"

// CurrentBlocklist is a [Blocklist] that replies from a copy, and can also reply with
// the entries of all processes. Package ginjwt asks it before it creates or revokes
// purpose tokens, because what ginjwt writes depends on the reply.
type CurrentBlocklist interface {
	Blocklist

	// ContainsNow is Contains with every ID that any process had added before the call.
	ContainsNow(ctx context.Context, ids ...string) (bool, error)

	// Self returns the receiver. With it, package ginjwt finds out whether a type of
	// your own embeds the list. Then it does not use the inherited ContainsNow, but
	// calls Contains of your type.
	Self() any
}

// CurrentOf returns b as a [CurrentBlocklist]. ok is false if b has no ContainsNow, or
// only inherits ContainsNow from an embedded list: then b.Self does not return b.
func CurrentOf(b Blocklist) (c CurrentBlocklist, ok bool) {
	c, ok = b.(CurrentBlocklist)
	return c, ok && isSame(c.Self(), b)
}
