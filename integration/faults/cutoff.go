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
	require.Eventually(t, accepts, patience, tickLength)
	disconnect()
	mustAdd(t, other, id, time.Now().Add(time.Hour))
	for added := time.Now(); ; pause(time.Millisecond) {
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
	}, patience, tickLength)
}

// mustAdd revokes an ID, and immediately repeats what a busy server does not answer in time.
func mustAdd(t *testing.T, b ginjwt.Blocklist, id string, expires time.Time) {
	t.Helper()
	err := b.Add(t.Context(), id, expires)
	for began := time.Now(); err != nil && time.Since(began) < patience; {
		err = b.Add(t.Context(), id, expires)
	}
	require.NoError(t, err)
}
