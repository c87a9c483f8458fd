package store

import (
	"context"
	"errors"
	"time"
)

// Once remembers which IDs were used, such as those of links in mails and of tickets, so
// that none is used twice. It must be safe for concurrent use, by any number of processes.
type Once interface {
	// Claim reports true to the first caller with an id, and false to all others, at
	// least until the time that was given. Of callers at the same moment exactly one is
	// first.
	//
	// An error is no answer: the id may be claimed now or not. The caller must not go
	// on, and later callers may be told false though nobody was told true. A store that
	// is full returns [ErrOnceFull], and forgets nothing that was claimed. A time that
	// has passed is an error.
	//
	// An id has 1 to 255 bytes.
	Claim(ctx context.Context, id string, until time.Time) (first bool, err error)
}

// ErrOnceFull means that a [Once] has no room for another ID until one of those that it has
// expires.
var ErrOnceFull = errors.New("the store of used IDs is full")

const maxOnceID = 255 // bytes

// CheckClaim returns the error of what [Once] must refuse: an id that is empty or has
// more than 255 bytes, and an until that is not after now. The error does not show the
// id. It is for stores of your own.
func CheckClaim(id string, until, now time.Time) error {
	switch {
	case id == "":
		return errors.New("a used ID is empty")
	case len(id) > maxOnceID:
		return errors.New("a used ID has more than 255 bytes")
	case !until.After(now):
		return errors.New("the time until which an ID is to be remembered has passed")
	}
	return nil
}
