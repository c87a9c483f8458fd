package store

// ChangingBlocklist is what a [Blocklist] may implement beside its own methods, to tell
// when it changes. ginjwt.SessionContext then asks it at once, and not only once a second.
type ChangingBlocklist interface {
	Blocklist

	// Changed returns a channel that is closed when Contains next may have another
	// answer than before, because this process has learned of an ID that was added. A
	// caller that takes the channel first, and calls Contains then, misses no change.
	// It costs little, and may be called by anybody at any time.
	Changed() <-chan struct{}

	// Self returns the list whose Contains this tells of: the list itself. A type that
	// embeds a list has these methods too, and may have a Contains of its own; as it is
	// not what Self returns, it is asked once a second instead.
	Self() any
}

// ChangingOf returns b as one that tells when it changes, if it is one.
func ChangingOf(b Blocklist) (c ChangingBlocklist, ok bool) {
	c, ok = b.(ChangingBlocklist)
	return c, ok && isSame(c.Self(), b)
}
