package replica

import (
	"context"
	"errors"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

// Log is a server's list of revoked IDs, numbered in the order in which they
// become visible: who sees number n can see all before it. Beside the list are
// its [Head] and the roll of those who follow it. A server that loses data may
// lose all of this, or go back to what it was at an earlier time.
//
// Each method is atomic but for Load and for an Append of very many, bounds its
// own time, and may be called by any number of goroutines.
type Log interface {
	// Head tells where the list stands.
	Head(ctx context.Context) (Head, error)

	// Append adds entries under new numbers. Of two times of one key the later
	// stays. An entry that is there already for as long needs no new number.
	Append(ctx context.Context, entries []idset.Entry) error

	// GiveBack appends entries that were missing a moment ago: it need not look for
	// them. One that is there again by now may be there twice.
	GiveBack(ctx context.Context, entries []idset.Entry) error

	// Contains reports whether any of keys is on the list, whether the entry at
	// a position is as it was, and where the list stands.
	Contains(ctx context.Context, keys []idset.Key, at Position) (Answer, error)

	// Load passes all entries to add, perhaps some that have expired. Those that
	// were there when Load was called are not missed. It returns the position of the
	// last entry as of when it last read: none that it passed came after that.
	Load(ctx context.Context, add func(idset.Entry)) (last Position, err error)

	// Since passes the entries after at to add, in order, as many as it likes,
	// and returns the position of the last. If it cannot, it fails with
	// ErrDropped or ErrLost.
	Since(ctx context.Context, at Position, add func(idset.Entry)) (last Position, err error)

	// Lacks reports whether one of entries is not on the list.
	Lacks(ctx context.Context, entries []idset.Entry) (bool, error)

	// Wait returns when there may be an entry after at, or after most, or when
	// ctx ends. An error is why it could not wait to be told.
	Wait(ctx context.Context, at Position, most time.Duration) error

	// Found gives an epoch to a list that has none.
	Found(ctx context.Context, epoch string) error

	// Begin begins the restoration of a list that has lost entries: if its epoch
	// is still the one that was seen, it is another from now on. The roll has all
	// who are expected before that. A fence is appended, an entry that stands for
	// nothing, so that the head is the position of an entry.
	Begin(ctx context.Context, seen, epoch string, expected []string) error

	// PassGiver makes to the giver of an epoch, if from is it.
	PassGiver(ctx context.Context, epoch, from, to string) error

	// End ends the restoration of an epoch, if all on the roll have given back
	// what they know.
	End(ctx context.Context, epoch string) error

	// Call writes the line of me on the roll, and returns all lines and the epoch of
	// the list whose roll it is.
	Call(ctx context.Context, me Member) (roll []Member, epoch string, err error)

	// Strike removes the line of m from the roll, if it is as it was.
	Strike(ctx context.Context, m Member) error
}

// Position is a place in a list. The mark is a random text that came with the
// entry: a server that lost its last entries, and counts on, gives the same
// numbers to others.
type Position struct {
	Seq  int64
	Mark string
}

// isBehind reports whether a server that stands at p has lost what was read up
// to at.
func (p Position) isBehind(at Position) bool {
	return p.Seq < at.Seq || p.Seq == at.Seq && p.Mark != at.Mark
}

// Head is where a list stands.
type Head struct {
	At        Position  // of the last entry; zero if there never was one
	Epoch     string    // the name of this list; empty if it has none
	Restoring bool      // it has lost entries, and not all are known to be back
	Broken    bool      // it has lost entries, as the server itself can tell
	Giver     string    // who gives back very many entries; empty if nobody does
	Now       time.Time // by the server's clock
}

// Answer is what a list knows about some keys.
type Answer struct {
	Found  bool
	Intact bool // the entry at the position that was asked about is as it was
	Head   Head
}

// Member is a line of the roll.
type Member struct {
	ID   string
	Beat int64  // grows as long as the follower lives
	Gave string // the epoch to whose list it has given back all it knew
}

// Unfit is why a server cannot keep a list, and what to do about it: a copy of what
// it says would not be complete.
type Unfit string

func (u Unfit) Error() string { return string(u) }

// Why a list cannot be read on from a position.
var (
	ErrDropped = errors.New("the entries after it were dropped")
	ErrLost    = errors.New("the server has lost data, and not everybody has given back what they know")
)
