package store

import "context"

// CurrentBlocklist is a [Blocklist] with a copy of its entries that can also answer by what
// all processes have added. Package ginjwt asks it before it creates or revokes purpose
// tokens, as what it writes depends on the answer.
type CurrentBlocklist interface {
	Blocklist

	// ContainsNow is Contains, with all that any process had added when it was called.
	ContainsNow(ctx context.Context, ids ...string) (bool, error)

	// Self returns the list whose Contains this stands for: the list itself. A type that
	// embeds a list inherits ContainsNow, and may have a Contains of its own. As Self does
	// not return that type, its Contains is called.
	Self() any
}

// CurrentOf returns b as a [CurrentBlocklist], if it is one itself.
func CurrentOf(b Blocklist) (c CurrentBlocklist, ok bool) {
	c, ok = b.(CurrentBlocklist)
	return c, ok && isSame(c.Self(), b)
}
