package ginjwt_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

// A session may be gone, and not be on the list: somebody removed it from the store, or
// the process stood still until the list had forgotten its end.
func TestContextsOfSessionsThatAreGone(t *testing.T) {
	t.Parallel()
	for name, refresh := range map[string]bool{"access token": false, "refresh token": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newTwoProcesses(t)
				pair := newPair(t, p.mgr)
				encoded, opts := pair.AccessToken, []ginjwt.RequiredOption(nil)
				if refresh {
					encoded, opts = pair.RefreshToken, []ginjwt.RequiredOption{ginjwt.Refresh()}
				}
				s := open(t, p.mgr, encoded, opts...)
				for range 5 {
					p.clock.Advance(20 * time.Minute)
					time.Sleep(time.Second)
					require.Empty(t, s.endedFor(t))
				}
				_, err := p.sessions.Delete(t.Context(), pair.SessionID)
				require.NoError(t, err)
				p.clock.Advance(15 * time.Minute) // of AccessTokenExpires
				time.Sleep(time.Second)
				assert.Equal(t, ginjwt.CauseExpired, s.endedFor(t))
			})
		})
	}
}
