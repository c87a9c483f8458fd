package store

import (
	"context"
	"reflect"
	"time"
)

// Ending all sessions of a user takes three calls for each of them, unless the stores
// have the methods of this file: then it takes three for MaxBatch.

// MaxBatch is how many sessions, or IDs, a call of DeleteMany, AddMany or Contains is
// about at most.
const MaxBatch = 500

// SessionsDeleter is what a [SessionStore] may implement beside its own methods, to
// delete many sessions in one call.
type SessionsDeleter interface {
	// DeleteMany removes sessions, at most MaxBatch, as Delete does; it is no error
	// if some are not there. ID, Realm and Identity of each are those that are
	// stored. After an error any of them may have been removed.
	DeleteMany(ctx context.Context, sessions []Session) error

	// Self returns the store whose Delete this stands for: the store itself. A type
	// that embeds a store has these methods too, and may have a Delete of its own;
	// as it is not what Self returns, that is called instead.
	Self() any
}

// BlocklistAdder is what a [Blocklist] may implement beside its own methods, to add
// many entries in one call.
type BlocklistAdder interface {
	// AddMany adds entries, at most MaxBatch, as Add does. After an error any of
	// them may have been added.
	AddMany(ctx context.Context, entries []Revocation) error

	// Self returns the list whose Add this stands for: the list itself. A type that
	// embeds a list has these methods too, and may have an Add of its own; as it is
	// not what Self returns, that is called instead.
	Self() any
}

// Revocation is an entry of a [Blocklist].
type Revocation struct {
	ID      string
	Expires time.Time // zero: never
}

// DeleterOf returns s as one that deletes many sessions in one call, if it is one.
func DeleterOf(s SessionStore) (d SessionsDeleter, ok bool) {
	d, ok = s.(SessionsDeleter)
	return d, ok && isSame(d.Self(), s)
}

// AdderOf returns b as one that adds many entries in one call, if it is one.
func AdderOf(b Blocklist) (a BlocklistAdder, ok bool) {
	a, ok = b.(BlocklistAdder)
	return a, ok && isSame(a.Self(), b)
}

func isSame(a, b any) bool { return reflect.ValueOf(a).Comparable() && a == b }
