package replica_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// A copy answers alone only if it is fresh by the reading that it gets. Otherwise it asks the
// server, which is down here.
func TestContainsAtAReading(t *testing.T) {
	t.Parallel()
	s := newServer()
	c := replica.New(t.Context(), s, time.Hour)
	require.NoError(t, c.Ready(t.Context()))
	add(t, c, "revoked")
	s.setDown(errDown)
	complete := c.Status().Complete
	for name, test := range map[string]struct {
		now   time.Time
		fresh bool
	}{
		"no reading":                        {time.Time{}, true},
		"now":                               {time.Now(), true},
		"the end":                           {complete.Add(time.Hour), true},
		"too late":                          {complete.Add(time.Hour + time.Microsecond), false},
		"too late by the wall clock":        {complete.Round(0).Add(time.Hour + time.Microsecond), false},
		"read before the copy was complete": {complete.Add(-time.Minute), true},
		"another clock, which is behind":    {complete.Add(-2 * time.Hour), false},
		"another clock, which stands":       {time.Unix(0, 0), false},
	} {
		for _, ids := range [][2]string{{"unknown", ""}, {"", "unknown"}, {"unknown", "another"}, {"", ""}} {
			blocked, err := c.ContainsAt(t.Context(), test.now, ids[0], ids[1])
			assert.False(t, blocked, "%s: %q", name, ids)
			if test.fresh {
				require.NoError(t, err, "%s: %q", name, ids)
			} else {
				require.ErrorIs(t, err, errDown, "%s: %q", name, ids)
			}
		}
		for _, ids := range [][2]string{{"revoked", ""}, {"", "revoked"}, {"unknown", "revoked"}, {"revoked", "unknown"}} {
			blocked, err := c.ContainsAt(t.Context(), test.now, ids[0], ids[1])
			require.NoError(t, err, "%s: %q", name, ids)
			assert.True(t, blocked, "%s: %q", name, ids)
		}
	}
}

// A copy that never was complete asks the server, whatever the reading.
func TestContainsAtBeforeTheFirstLoad(t *testing.T) {
	t.Parallel()
	s := newServer()
	s.setDown(errDown)
	c := replica.New(t.Context(), s, time.Hour)
	for _, now := range []time.Time{{}, time.Unix(0, 0), time.Now()} {
		_, err := c.ContainsAt(t.Context(), now, "unknown", "")
		require.ErrorIs(t, err, errDown)
	}
}

// An empty string is not an ID, even if the server has an entry for it.
func TestContainsAtAsksForIDsOnly(t *testing.T) {
	t.Parallel()
	c := follow(t, newServer())
	add(t, c, "")
	for _, now := range []time.Time{{}, time.Now(), time.Now().Add(time.Hour)} {
		blocked, err := c.ContainsAt(t.Context(), now, "unknown", "")
		require.NoError(t, err)
		assert.False(t, blocked)
		blocked, err = c.ContainsAt(t.Context(), now, "", "unknown")
		require.NoError(t, err)
		assert.False(t, blocked)
	}
}
