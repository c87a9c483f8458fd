package store

import "time"

// ListStatus describes a process's copy of a blocklist that many processes
// share, for a page of health or a metric.
type ListStatus struct {
	// Entries is how many revoked IDs the copy has, some of which may have
	// expired.
	Entries int

	// Complete is when the copy was last known to be complete; zero means never.
	Complete time.Time

	// Err is why the copy could not be brought up to date; nil if it was.
	Err error

	// Pending is how many IDs this process revoked, and has not read back from
	// the server. It is more than zero for a moment after each, and for long only
	// if the server does not take them.
	Pending int

	// Losses is how often this process saw that the server had lost a part of the
	// list.
	Losses int

	// Restoring reports whether the server has lost a part of the list, and not
	// everybody has given back what they knew.
	Restoring bool

	// Followers is how many processes follow the list, as far as this one knows.
	Followers int

	// ClockSkew is how far the server's clock was ahead of this process's when it
	// was last asked.
	ClockSkew time.Duration

	// Polling is why the process asks the server again and again, where it could
	// wait to be told; nil if it waits, or if the server can do no better.
	Polling error
}

// ListEventKind says what a [ListEvent] is about.
type ListEventKind int

// The kinds of events.
const (
	// ListComplete: the copy is complete, for the first time or again.
	ListComplete ListEventKind = iota + 1

	// ListStale: the copy could not be brought up to date for longer than it may
	// be old. Lookups ask the server from now on.
	ListStale

	// ListLost: the server has lost a part of the list. What the copy cannot
	// answer is refused until ListWhole.
	ListLost

	// ListWhole: everybody has given back what they knew of a lost list.
	ListWhole
)

// ListEvent is something that happened to a process's copy of a blocklist.
type ListEvent struct {
	Kind ListEventKind
	Err  error // of ListStale: why
}

// WatchedBlocklist is a [Blocklist] that tells what happens to it, such as those
// of packages redisstore and sqlstore. Package ginjwt passes it on to
// Config.Observer.
type WatchedBlocklist interface {
	Blocklist

	// Watch has f called for each event from now on, one after the other, in a
	// goroutine of its own; and once with ListComplete if the copy is complete
	// already. Where f takes long, and many events wait for it, later ones are
	// dropped. Only the last f counts; nil ends it.
	Watch(f func(ListEvent))

	// Status returns how the copy stands.
	Status() ListStatus
}
