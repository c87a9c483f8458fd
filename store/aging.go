package store

import (
	"context"
	"time"
)

// AgingBlocklist is a [Blocklist] that replies from a copy, but only while the copy is
// fresh. Package ginjwt reads the clock in every request. An AgingBlocklist can use this
// reading, and need not read the clock again.
type AgingBlocklist interface {
	Blocklist

	// ContainsAt is Contains for one or two IDs; an empty string is not an ID. now says
	// when the lookup takes place: it is what [time.Now] returned a moment ago, in the
	// same request. The list compares now with the age of its copy. If now is zero, the
	// list reads the clock.
	ContainsAt(ctx context.Context, now time.Time, id, other string) (bool, error)

	// Self returns the receiver. With it, package ginjwt finds out whether a type of
	// your own embeds the list. Then it does not use the inherited ContainsAt, but calls
	// Contains of your type.
	Self() any
}

// AgingOf returns b as an [AgingBlocklist]. ok is false, and a is nil, if b has no
// ContainsAt, or only inherits ContainsAt from an embedded list: then b.Self does not
// return b.
func AgingOf(b Blocklist) (a AgingBlocklist, ok bool) {
	if a, ok = b.(AgingBlocklist); ok && isSame(a.Self(), b) {
		return a, true
	}
	return nil, false
}
