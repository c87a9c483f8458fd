package store

// ChangingBlocklist is a [Blocklist] that tells when it changes. ginjwt.SessionContext asks
// it at each change, and other lists only once a second.
type ChangingBlocklist interface {
	Blocklist

	// Changed returns a channel that is closed when Contains next may have another
	// answer than before, because this process has learned of an ID that was added. A
	// caller that takes the channel first, and calls Contains then, misses no change.
	// It must cost little, and be safe for concurrent use.
	Changed() <-chan struct{}

	// Self returns the list whose changes Changed tells: the list itself. A type that
	// embeds a list inherits Changed, and may have a Contains of its own. As Self does
	// not return that type, it is asked once a second.
	Self() any
}

// ChangingOf returns b as a [ChangingBlocklist], if it is one itself.
func ChangingOf(b Blocklist) (c ChangingBlocklist, ok bool) {
	c, ok = b.(ChangingBlocklist)
	return c, ok && isSame(c.Self(), b)
}
