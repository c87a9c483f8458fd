package replica_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// countingServer counts calls of Append.
type countingServer struct {
	*server
	appended int
}

func (s *countingServer) Append(ctx context.Context, entries []idset.Entry) error {
	s.locked(func() { s.appended++ })
	return s.server.Append(ctx, entries)
}

func TestManyEntriesAreAddedAtOnce(t *testing.T) {
	t.Parallel()
	s := &countingServer{server: newServer()}
	ended, cancel := context.WithCancel(t.Context())
	cancel() // no follower reads or repeats anything
	c := replica.New(ended, s, staleness)
	many := make([]replica.Revocation, 300)
	for i := range many {
		many[i].ID = fmt.Sprint("id ", i)
	}

	s.setDown(errDown)
	require.ErrorIs(t, c.AddAll(t.Context(), many), errDown)
	for _, r := range many {
		assert.True(t, contains(t, c, r.ID), "refused here in any case")
	}
	s.setDown(nil)
	require.NoError(t, c.AddAll(t.Context(), many))
	assert.Equal(t, 2, s.appended)
	for _, r := range many {
		answer, err := s.Contains(t.Context(), []idset.Key{idset.KeyOf(r.ID)}, replica.Position{})
		require.NoError(t, err)
		assert.True(t, answer.Found)
	}
}

func TestWhatWasAddedInVainIsRepeated(t *testing.T) {
	t.Parallel()
	s := newServer()
	c := follow(t, s)
	s.setDown(errDown)
	require.ErrorIs(t, c.AddAll(t.Context(), []replica.Revocation{{ID: "one"}, {ID: "other"}}), errDown)
	s.setDown(nil)
	other := follow(t, s)
	eventuallyContains(t, other, "one")
	eventuallyContains(t, other, "other")
}
