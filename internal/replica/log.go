package replica

import (
	"context"
	"errors"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

// Log is a server's list of revoked IDs. Entries have numbers in the order in which they
// become visible: a reader that sees number n can see all lower numbers. Beside the list
// are its [Head] and the roll of its followers. A server that loses data may lose all of
// this, or go back to an earlier state.
//
// Each method is atomic, except Load and an Append of very many entries. Each bounds its
// own time, and may be called by any number of goroutines.
type Log interface {
	// Head returns the head of the list.
	Head(ctx context.Context) (Head, error)

	// Append adds entries with new numbers. If a key has two times, the later counts. An
	// entry that is on the list for as long already needs no new number.
	Append(ctx context.Context, entries []idset.Entry) error

	// GiveBack appends entries that were missing a moment ago, so that it need not look
	// for them first. An entry may then be on the list twice.
	GiveBack(ctx context.Context, entries []idset.Entry) error

	// Contains reports whether any of keys is on the list, and whether the entry at a
	// position is unchanged. It also returns the head.
	Contains(ctx context.Context, keys []idset.Key, at Position) (Answer, error)

	// Load passes all entries to add, perhaps some expired ones too. It misses no entry
	// that was there when it was called. It returns the position of the last entry at the
	// time of its last read: no entry that it passed came later.
	Load(ctx context.Context, add func(idset.Entry)) (last Position, err error)

	// Since passes entries after at to add, in order, and returns the position of the
	// last. It may stop before the end. It returns ErrDropped or ErrLost if it cannot
	// read on from at.
	Since(ctx context.Context, at Position, add func(idset.Entry)) (last Position, err error)

	// Lacks reports whether one of entries is not on the list.
	Lacks(ctx context.Context, entries []idset.Entry) (bool, error)

	// Wait returns when there may be an entry after at, after most, or when ctx ends. An
	// error says why the server cannot notify it.
	Wait(ctx context.Context, at Position, most time.Duration) error

	// Found gives an epoch to a list that has none.
	Found(ctx context.Context, epoch string) error

	// Begin begins the restoration of a list that has lost entries, if its epoch is still
	// seen: it sets the new epoch. Before that it puts the expected followers on the roll.
	// It appends a fence, an entry without meaning, so that the head is the position of an
	// entry.
	Begin(ctx context.Context, seen, epoch string, expected []string) error

	// PassGiver makes to the giver of an epoch, if from is the giver.
	PassGiver(ctx context.Context, epoch, from, to string) error

	// End ends the restoration of an epoch, if all on the roll have given back what they
	// know.
	End(ctx context.Context, epoch string) error

	// Call writes the line of me on the roll. It returns all lines, and the epoch of the
	// list.
	Call(ctx context.Context, me Member) (roll []Member, epoch string, err error)

	// Strike removes the line of m from the roll, if it is unchanged.
	Strike(ctx context.Context, m Member) error
}

// Position is a place in a list. Mark is a random text of the entry. It tells the entry
// from another one with the same number, which a server that lost its last entries assigns
// when it continues to count.
type Position struct {
	Seq  int64
	Mark string
}

// isBehind reports whether a server with its last entry at p has lost entries up to at.
func (p Position) isBehind(at Position) bool {
	return p.Seq < at.Seq || p.Seq == at.Seq && p.Mark != at.Mark
}

// Head is the state of a list.
type Head struct {
	At        Position  // of the last entry; zero if there never was one
	Epoch     string    // the name of this list; empty if it has none
	Restoring bool      // the list has lost entries, and some may not be back yet
	Broken    bool      // the server itself shows that entries are missing
	Giver     string    // the follower that gives back very many entries; may be empty
	Now       time.Time // by the server's clock
}

// Answer is what a list knows about some keys.
type Answer struct {
	Found  bool
	Intact bool // the entry at the given position is unchanged
	Head   Head
}

// Member is a line of the roll.
type Member struct {
	ID   string
	Beat int64  // grows as long as the follower lives
	Gave string // the epoch in which it has given back all that it knew
}

// Unfit says why a server cannot keep a list, and what to do about it. A copy of such a
// list would not be complete.
type Unfit string

func (u Unfit) Error() string { return string(u) }

// Why a list cannot be read on from a position.
var (
	ErrDropped = errors.New("the entries after the last position were dropped")
	ErrLost    = errors.New("the server has lost data, and not all processes have given back what they know")
)
