package store

import "time"

// ListStatus describes a process's copy of a shared blocklist, for a health page or
// metrics.
type ListStatus struct {
	// Entries is how many revoked IDs the copy has. Some of them may have expired.
	Entries int

	// Complete is when the copy was last known to be complete. Zero means never.
	Complete time.Time

	// Err is why the last update of the copy failed. Nil means that it succeeded.
	Err error

	// Pending is how many IDs this process revoked and has not read back from the
	// server yet. It is above zero for a moment after each revocation. It stays above
	// zero only if the server does not accept the IDs.
	Pending int

	// Losses is how often this process saw that the server had lost a part of the list.
	Losses int

	// Restoring reports whether the server lost a part of the list, and some processes
	// have not yet given back what they know.
	Restoring bool

	// Followers is how many processes follow the list, as far as this process knows.
	Followers int

	// ClockSkew is how far the server's clock was ahead of this process's clock at the
	// last update. It is negative if the server's clock was behind.
	ClockSkew time.Duration

	// Polling is why the process polls a server that could notify it. Nil means that
	// the server notifies it, or cannot notify at all.
	Polling error
}

// ListEventKind says what a [ListEvent] is about.
type ListEventKind int

// The kinds of events.
const (
	// ListComplete: the copy is complete, for the first time or again.
	ListComplete ListEventKind = iota + 1

	// ListStale: the copy could not be updated and is too old. From now on lookups ask
	// the server.
	ListStale

	// ListLost: the server lost a part of the list. Until ListWhole a request is refused
	// if the copy has no entry for the token.
	ListLost

	// ListWhole: all processes have given back what they knew of a lost list.
	ListWhole
)

// ListEvent is something that happened to a process's copy of a blocklist.
type ListEvent struct {
	Kind ListEventKind
	Err  error // for ListStale: why the updates failed
}

// WatchedBlocklist is a [Blocklist] that reports what happens to its copy. The lists of
// packages redisstore and sqlstore implement it. Package ginjwt passes the events on to
// Config.Observer.
type WatchedBlocklist interface {
	Blocklist

	// Watch calls f for each event from now on, one after the other, in a separate
	// goroutine. If the copy is already complete, f gets ListComplete first. If f is
	// slow and many events wait, later events are dropped. A later Watch replaces f;
	// nil removes it.
	Watch(f func(ListEvent))

	// Status returns the status of the copy.
	Status() ListStatus
}
