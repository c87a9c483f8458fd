package replica_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// waitingServer records how long a follower waits for the next entry.
type waitingServer struct {
	*server
	waits chan time.Duration
}

func (s *waitingServer) Wait(ctx context.Context, _ replica.Position, most time.Duration) error {
	select {
	case s.waits <- most:
	case <-ctx.Done():
	}
	return nil
}

// Without a notification a follower notices a revocation or a loss within a quarter of
// MaxStaleness.
func TestTheServerIsAskedFourTimesInMaxStaleness(t *testing.T) {
	t.Parallel()
	s := &waitingServer{newServer(), make(chan time.Duration)}
	replica.New(t.Context(), s, time.Hour)
	for range 3 {
		assert.Equal(t, 15*time.Minute, <-s.waits)
	}
}

// Processes that are on no roll have time to arrive.
func TestARestorationTakesMaxStaleness(t *testing.T) {
	t.Parallel()
	const staleness = 2 * time.Second // which is much longer than all rounds take
	s := newServer()
	c := replica.New(t.Context(), s, staleness)
	require.NoError(t, c.Ready(t.Context()))
	add(t, c, "id")
	require.Eventually(t, func() bool { return c.Status().Pending == 0 }, time.Minute, time.Millisecond)
	began := time.Now()
	s.loseAll()
	require.Eventually(t, func() bool { return c.Status().Losses == 1 && !c.Status().Restoring }, time.Minute, time.Millisecond)
	assert.GreaterOrEqual(t, time.Since(began), staleness)
}

// While a list is being restored, a process refuses the IDs that it knows. For all others it
// cannot say that they are not revoked.
func TestAnswersWhileAListIsRestored(t *testing.T) {
	t.Parallel()
	s := newServer()
	slow := newStalled(s)
	expected := replica.New(t.Context(), slow, staleness)
	require.NoError(t, expected.Ready(t.Context()))
	c := follow(t, s)
	add(t, c, "known")
	require.Eventually(t, func() bool { return c.Status().Followers == 2 && c.Status().Pending == 0 }, time.Minute, time.Millisecond)
	slow.stall()
	s.loseAll()
	unknown := func() error {
		_, err := c.Contains(t.Context(), "unknown")
		return err
	}
	require.Eventually(t, func() bool { return unknown() != nil }, time.Minute, time.Millisecond)
	require.ErrorIs(t, unknown(), replica.ErrLost)
	assert.True(t, contains(t, c, "known"))
	slow.goOn()
	require.Eventually(t, func() bool { return unknown() == nil }, time.Minute, time.Millisecond)
}

// brokenServer has lost all entries, and shows it by what is left.
type brokenServer struct{ *server }

func (s *brokenServer) Head(ctx context.Context) (replica.Head, error) {
	h, err := s.server.Head(ctx)
	if h.Epoch != "" && h.At.Seq == 0 {
		h.Epoch, h.Broken = "", true
	}
	return h, err
}

// Begin sees no epoch, as Head does.
func (s *brokenServer) Begin(ctx context.Context, seen, epoch string, expected []string) error {
	s.locked(func() {
		if len(s.data.log) == 0 {
			s.data.epoch = ""
		}
	})
	return s.server.Begin(ctx, seen, epoch, expected)
}

// A new process does not trust a list if the server shows that entries are missing.
func TestNewProcessesRestoreAListThatIsBroken(t *testing.T) {
	t.Parallel()
	s := &brokenServer{newServer()}
	s.locked(func() {
		s.data.epoch = "of before"
		s.data.roll["somebody"] = replica.Member{ID: "somebody", Beat: 1, Gave: "of before"}
	})
	c := replica.New(t.Context(), s, staleness)
	require.Eventually(t, func() bool { return c.Status().Restoring }, time.Minute, time.Millisecond)
	_, err := c.Contains(t.Context(), "id")
	require.ErrorIs(t, err, replica.ErrLost)
	require.NoError(t, c.Ready(t.Context()), "somebody was silent for too long")
	assert.False(t, c.Status().Restoring)
	assert.Equal(t, 1, c.Status().Losses)
}

// orderedServer records the entries that the giver gives back, in order.
type orderedServer struct {
	*server
	mu    sync.Mutex
	given []uint32
}

func (s *orderedServer) GiveBack(ctx context.Context, entries []idset.Entry) error {
	return s.Append(ctx, entries)
}

func (s *orderedServer) Append(ctx context.Context, entries []idset.Entry) error {
	s.mu.Lock()
	for _, e := range entries {
		s.given = append(s.given, e.Until)
	}
	s.mu.Unlock()
	return s.server.Append(ctx, entries)
}

// Entries with the latest expiry, which were mostly revoked last, are back first.
func TestTheLatestExpiryIsGivenFirst(t *testing.T) {
	t.Parallel()
	s := &orderedServer{server: newServer()}
	c := replica.New(t.Context(), s, staleness)
	require.NoError(t, c.Ready(t.Context()))
	many, hour := make([]replica.Revocation, 1200), time.Now().Add(time.Hour)
	for i := range many {
		many[i] = replica.Revocation{ID: fmt.Sprint("id ", i), Expires: hour.Add(time.Duration(i) * time.Second)}
	}
	require.NoError(t, c.AddAll(t.Context(), many))
	require.Eventually(t, func() bool { return c.Status().Pending == 0 }, time.Minute, time.Millisecond)
	s.mu.Lock()
	s.given = nil
	s.mu.Unlock()
	s.loseAll()
	require.Eventually(t, func() bool { return c.Status().Losses == 1 && !c.Status().Restoring }, time.Minute, time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	given := slices.DeleteFunc(s.given, func(until uint32) bool { return int64(until) < hour.Unix() }) // the fence
	require.Len(t, given, len(many))
	assert.True(t, slices.IsSortedFunc(given, func(a, b uint32) int { return int(b) - int(a) }))
}

// A follower ends with its context, and no restoration waits for it from then on.
func TestFollowersLeave(t *testing.T) {
	t.Parallel()
	s := newServer()
	ctx, leave := context.WithCancel(t.Context())
	c := replica.New(ctx, s, staleness)
	require.NoError(t, c.Ready(t.Context()))
	onRoll := func() (n int) {
		s.locked(func() { n = len(s.data.roll) })
		return n
	}
	require.Eventually(t, func() bool { return onRoll() == 1 }, time.Minute, time.Millisecond)
	leave()
	require.Eventually(t, func() bool { return onRoll() == 0 }, time.Minute, time.Millisecond)
}
