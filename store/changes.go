package store

// ChangingBlocklist is a [Blocklist] that reports when it changes. ginjwt.SessionContext
// asks it at each change; it asks other lists once a second.
type ChangingBlocklist interface {
	Blocklist

	// Changed returns a channel. It is closed when this process next learns of a new
	// ID, because Contains may then return another answer. To miss no change, take the
	// channel before you call Contains. Changed must be cheap and safe for concurrent
	// use.
	Changed() <-chan struct{}

	// Self returns the list itself. A type that embeds the list inherits Changed, but may
	// have its own Contains. Self does not return that type, so package ginjwt does not
	// rely on its Changed.
	Self() any
}

// ChangingOf returns b as a [ChangingBlocklist] if b implements it itself: its Self
// returns b.
func ChangingOf(b Blocklist) (c ChangingBlocklist, ok bool) {
	c, ok = b.(ChangingBlocklist)
	return c, ok && isSame(c.Self(), b)
}
