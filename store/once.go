package store

import (
	"context"
	"errors"
	"time"
)

// Once remembers used IDs, such as the IDs of links in mails and of tickets, so that no
// ID is used twice. It must be safe for concurrent use, by any number of processes.
type Once interface {
	// Claim records an id as used. It returns true to the first caller with this id. It
	// returns false to all others, at least until the given time. If several callers
	// call at the same moment, exactly one is first.
	//
	// After an error the id may be recorded or not. The caller must not continue. Later
	// callers may get false although no caller got true. A full store returns an error
	// and forgets no used ID: [ErrOnceFull] at a limit of its own, or the error of a
	// server without memory or disk. If until has passed, Claim returns an error.
	//
	// An id has 1 to 255 bytes.
	Claim(ctx context.Context, id string, until time.Time) (first bool, err error)
}

// ErrOnceFull means that a [Once] has no room for another ID until an ID expires. The stores
// on a server return the error of the server instead.
var ErrOnceFull = errors.New("the store of used IDs is full")

const maxOnceID = 255 // bytes

// CheckClaim checks the arguments of Claim, for a [Once] of your own. It returns an
// error if id is empty or has more than 255 bytes, or if until is not after now. The
// error does not contain the id.
func CheckClaim(id string, until, now time.Time) error {
	switch {
	case id == "":
		return errors.New("a used ID is empty")
	case len(id) > maxOnceID:
		return errors.New("a used ID has more than 255 bytes")
	case !until.After(now):
		return errors.New("the time until which to remember a used ID has passed")
	}
	return nil
}
