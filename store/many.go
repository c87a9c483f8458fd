package store

import (
	"context"
	"reflect"
	"time"
)

// Ending all sessions of a user takes three calls for each session. If the stores have
// the methods of this file, it takes three calls for MaxBatch sessions.

// MaxBatch is the largest number of sessions or IDs in one call of DeleteMany, AddMany
// or Contains.
const MaxBatch = 500

// SessionsDeleter is a [SessionStore] that can delete many sessions in one call. A
// store need not implement it.
type SessionsDeleter interface {
	// DeleteMany removes at most MaxBatch sessions, as Delete does. It is not an error
	// if a session does not exist. ID, Realm and Identity of each session are the same
	// as in the store. After an error any of the sessions may have been removed.
	DeleteMany(ctx context.Context, sessions []Session) error

	// Self returns the store itself. A type that embeds the store inherits DeleteMany,
	// but may have its own Delete. Self does not return that type, so package ginjwt
	// calls its Delete.
	Self() any
}

// BlocklistAdder is a [Blocklist] that can add many entries in one call. A list need
// not implement it.
type BlocklistAdder interface {
	// AddMany adds at most MaxBatch entries, as Add does. After an error any of them may
	// have been added.
	AddMany(ctx context.Context, entries []Revocation) error

	// Self returns the list itself. A type that embeds the list inherits AddMany, but may
	// have its own Add. Self does not return that type, so package ginjwt calls its Add.
	Self() any
}

// Revocation is an entry of a [Blocklist].
type Revocation struct {
	ID      string
	Expires time.Time // zero: never
}

// DeleterOf returns s as a [SessionsDeleter] if s implements it itself: its Self
// returns s.
func DeleterOf(s SessionStore) (d SessionsDeleter, ok bool) {
	d, ok = s.(SessionsDeleter)
	return d, ok && isSame(d.Self(), s)
}

// AdderOf returns b as a [BlocklistAdder] if b implements it itself: its Self returns b.
func AdderOf(b Blocklist) (a BlocklistAdder, ok bool) {
	a, ok = b.(BlocklistAdder)
	return a, ok && isSame(a.Self(), b)
}

func isSame(a, b any) bool { return reflect.ValueOf(a).Comparable() && a == b }
