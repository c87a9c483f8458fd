package keys

import "time"

// Fetch is one attempt of a [WatchedSource] to bring its keys up to date.
type Fetch struct {
	Duration time.Duration
	Changed  bool  // the keys are not what they were; false for the first that were fetched
	Err      error // why it failed; nil if it did not
}

// WatchedSource is a [Source] that tells what happens to it, such as a Remote of
// package jwks. Package ginjwt passes it on to Config.Observer.
type WatchedSource interface {
	Source

	// Watch has f called after each fetch from now on, one after the other. f must
	// return soon. Only the last f counts; nil ends it.
	Watch(f func(Fetch))
}
