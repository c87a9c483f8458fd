package store

// ChangingBlocklist is a [Blocklist] that reports when it changes. ginjwt.SessionContext
// asks it at each change; it asks other lists once a second.
type ChangingBlocklist interface {
	Blocklist

	// Changed returns a channel. It is closed when this process next learns of a new
	// ID, because Contains may then return another result. To miss no change, take the
	// channel before you call Contains. Changed must be cheap and safe for concurrent
	// use.
	Changed() <-chan struct{}

	// Self returns the receiver. With it, package ginjwt finds out whether a type of your
	// own embeds the list. Then it does not use the inherited Changed, but calls Contains
	// of your type once a second.
	Self() any
}

// ChangingOf returns b as a [ChangingBlocklist]. ok is false if b has no Changed, or only
// inherits Changed from an embedded list: then b.Self does not return b.
func ChangingOf(b Blocklist) (c ChangingBlocklist, ok bool) {
	c, ok = b.(ChangingBlocklist)
	return c, ok && isSame(c.Self(), b)
}
