package store

import (
	"context"
	"errors"
	"time"
)

// Once remembers what was used, so that nothing is used twice: links in mails, and
// tickets. Its methods must be safe for concurrent use, by any number of processes.
type Once interface {
	// Claim reports true to the first caller with an id, and false to every other one
	// until the time until, at least. Of callers at the same moment exactly one is
	// first.
	//
	// An error is no answer: it is not known whether the id is claimed now. Who gets
	// one must not go on, and a later caller may be told that it is not first, though
	// nobody was. A store that is full returns [ErrOnceFull], and forgets nothing that
	// was claimed. A time that has passed is an error.
	//
	// An id has 1 to 255 bytes.
	Claim(ctx context.Context, id string, until time.Time) (first bool, err error)
}

// ErrOnceFull means that a [Once] has no room for another ID. Those that it has leave
// when their time has passed.
var ErrOnceFull = errors.New("the store of used IDs is full")
