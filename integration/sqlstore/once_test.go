package sqlstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// requireFirst claims an ID that nobody has claimed, and claims it again.
func requireFirst(t *testing.T, store *tested, id string) {
	t.Helper()
	for _, want := range []bool{true, false} {
		first, err := store.Once().Claim(t.Context(), id, time.Now().Add(time.Hour))
		require.NoError(t, err)
		require.Equal(t, want, first)
	}
}
