package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

// CutOff revokes an ID at one process while another cannot reach the server. It fails
// the test if that process accepts the ID for longer than a copy may be old.
func CutOff(t *testing.T, cut, other ginjwt.Blocklist, disconnect, reconnect func()) {
	t.Helper()
	const id = "revoked elsewhere"
	accepts := func() bool {
		blocked, err := cut.Contains(t.Context(), id)
		return err == nil && !blocked
	}
	require.True(t, accepts())
	disconnect()
	require.NoError(t, other.Add(t.Context(), id, time.Now().Add(time.Hour)))
	for added := time.Now(); ; {
		asked := time.Since(added)
		if accepts() {
			require.LessOrEqual(t, asked, MaxStaleness, "a revoked token was accepted")
		}
		if asked > 2*MaxStaleness {
			break
		}
	}
	reconnect()
	require.Eventually(t, func() bool {
		blocked, err := cut.Contains(t.Context(), id)
		return err == nil && blocked
	}, time.Minute, 10*time.Millisecond)
}
