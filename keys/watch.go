package keys

import "time"

// Fetch is one attempt of a [WatchedSource] to update its keys.
type Fetch struct {
	Duration time.Duration
	Changed  bool  // the keys differ from those before; false for the first fetch
	Err      error // why it failed; nil if it did not
}

// WatchedSource is a [Source] that reports its fetches, such as a Remote of package jwks.
// Package ginjwt passes them on to Config.Observer.
type WatchedSource interface {
	Source

	// Watch calls f after each later fetch, one call at a time. f must return quickly. A
	// new f replaces the old one, and nil stops the calls.
	Watch(f func(Fetch))
}
