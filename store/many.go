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

	// Self returns the receiver. With it, package ginjwt finds out whether a type of
	// your own embeds the store. Then it does not use the inherited DeleteMany, but
	// calls Delete of your type.
	Self() any
}

// BlocklistAdder is a [Blocklist] that can add many entries in one call. A list need
// not implement it.
type BlocklistAdder interface {
	// AddMany adds at most MaxBatch entries, as Add does. After an error any of them may
	// have been added.
	AddMany(ctx context.Context, entries []Revocation) error

	// Self returns the receiver. With it, package ginjwt finds out whether a type of your
	// own embeds the list. Then it does not use the inherited AddMany, but calls Add of
	// your type.
	Self() any
}

// Revocation is an entry of a [Blocklist].
type Revocation struct {
	ID      string
	Expires time.Time // zero: never
}

// DeleterOf returns s as a [SessionsDeleter]. ok is false if s has no DeleteMany, or
// only inherits DeleteMany from an embedded store: then s.Self does not return s.
func DeleterOf(s SessionStore) (d SessionsDeleter, ok bool) {
	d, ok = s.(SessionsDeleter)
	return d, ok && isSame(d.Self(), s)
}

// AdderOf returns b as a [BlocklistAdder]. ok is false if b has no AddMany, or only
// inherits AddMany from an embedded list: then b.Self does not return b.
func AdderOf(b Blocklist) (a BlocklistAdder, ok bool) {
	a, ok = b.(BlocklistAdder)
	return a, ok && isSame(a.Self(), b)
}

func isSame(a, b any) bool { return reflect.ValueOf(a).Comparable() && a == b }
