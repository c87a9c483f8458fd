package replica_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

type adding struct{}

// slowServer lets a test decide when and how an Add is answered. It answers the follower at
// once.
type slowServer struct {
	*server
	begun    chan struct{}
	answer   chan error
	repeated chan struct{}
	rounds   chan struct{}
}

func (s *slowServer) Append(ctx context.Context, entries []idset.Entry) error {
	if ctx.Value(adding{}) == nil {
		s.repeated <- struct{}{}
		return s.server.Append(ctx, entries)
	}
	s.begun <- struct{}{}
	if err := <-s.answer; err != nil {
		return err
	}
	return s.server.Append(ctx, entries)
}

func (s *slowServer) Wait(ctx context.Context, _ replica.Position, _ time.Duration) error {
	select {
	case s.rounds <- struct{}{}:
	case <-ctx.Done():
	}
	return nil
}

// The follower does not repeat an Add before it returns: it would then stop looking for the
// entry, and an entry that the server accepts later and loses would be lost for good.
func TestTheFollowerRepeatsNothingThatIsUnderWay(t *testing.T) {
	t.Parallel()
	s := &slowServer{newServer(), make(chan struct{}), make(chan error), make(chan struct{}, 100), make(chan struct{})}
	c := replica.New(t.Context(), s, staleness)
	added := make(chan error, 1)
	go func() { added <- c.Add(context.WithValue(t.Context(), adding{}, true), "id", time.Time{}) }()
	<-s.begun
	for range 5 { // rounds of the follower
		<-s.rounds
	}
	assert.Empty(t, s.repeated)

	failure := errors.New("nobody knows")
	s.answer <- failure
	require.ErrorIs(t, <-added, failure)
	for range 3 {
		<-s.rounds
	}
	assert.Len(t, s.repeated, 1, "what may have failed is repeated")
	answer, err := s.Contains(t.Context(), []idset.Key{idset.KeyOf("id")}, replica.Position{})
	require.NoError(t, err)
	assert.True(t, answer.Found)
}

// lateServer answers a lookup after it has called meanwhile, with its state from before.
type lateServer struct {
	*stalledServer
	meanwhile func()
}

func (s *lateServer) Contains(ctx context.Context, keys []idset.Key, at replica.Position) (replica.Answer, error) {
	answer, err := s.stalledServer.Contains(ctx, keys, at)
	s.meanwhile()
	return answer, err
}

// Entries that the copy reads while the server answers do not count as lost by the server.
func TestACopyThatReadsOnWhileItAsks(t *testing.T) {
	t.Parallel()
	s := &lateServer{stalledServer: newStalled(newServer())}
	s.stalled.Lock()
	c := replica.New(t.Context(), s, staleness)
	<-s.asking
	s.meanwhile = func() { // it joins a list that had no epoch yet
		s.goOn()
		assert.NoError(t, c.Ready(t.Context()))
	}
	blocked, err := c.Contains(t.Context(), "id")
	assert.NoError(t, err, "of a new list")
	assert.False(t, blocked)

	s.meanwhile = func() { // it reads what was added after the answer
		assert.NoError(t, s.Append(t.Context(), []idset.Entry{idset.EntryOf("new", time.Time{})}))
		assert.Eventually(t, func() bool { return c.Knows("new") }, time.Minute, time.Millisecond)
	}
	blocked, err = c.ContainsNow(t.Context(), "id")
	assert.NoError(t, err, "of a list that grows")
	assert.False(t, blocked)
}
