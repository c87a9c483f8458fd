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

// slowServer lets a test decide when an Add is answered, and how. The follower is
// answered at once.
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

// An Add that was repeated before it returned would no longer be looked for: what
// the server takes only then, and loses, would be lost for good.
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
