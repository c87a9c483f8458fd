package store

import "context"

// CurrentBlocklist is a [Blocklist] that answers from a copy, and can also answer with
// the entries of all processes. Package ginjwt asks it before it creates or revokes
// purpose tokens, because what it writes depends on the answer.
type CurrentBlocklist interface {
	Blocklist

	// ContainsNow is Contains with every ID that any process had added before the call.
	ContainsNow(ctx context.Context, ids ...string) (bool, error)

	// Self returns the list itself. A type that embeds the list inherits ContainsNow, but
	// may have its own Contains. Self does not return that type, so package ginjwt calls
	// its Contains.
	Self() any
}

// CurrentOf returns b as a [CurrentBlocklist] if b implements it itself: its Self
// returns b.
func CurrentOf(b Blocklist) (c CurrentBlocklist, ok bool) {
	c, ok = b.(CurrentBlocklist)
	return c, ok && isSame(c.Self(), b)
}
