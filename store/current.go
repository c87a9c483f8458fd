package store

import "context"

// CurrentBlocklist is what a [Blocklist] with a copy of its entries may implement beside its own
// methods, to answer by what all processes have added. Ginjwt asks it where something is
// written by the answer: when a purpose token is created, and when those of an identity
// are revoked.
type CurrentBlocklist interface {
	Blocklist

	// ContainsNow is Contains, with all that any process had added when it was called.
	ContainsNow(ctx context.Context, ids ...string) (bool, error)

	// Self returns the list whose Contains this stands for: the list itself. A type that
	// embeds a list has these methods too, and may have a Contains of its own; as it is not
	// what Self returns, that is called instead.
	Self() any
}

// CurrentOf returns b as one that answers by what all processes have added, if it is one.
func CurrentOf(b Blocklist) (c CurrentBlocklist, ok bool) {
	c, ok = b.(CurrentBlocklist)
	return c, ok && isSame(c.Self(), b)
}
