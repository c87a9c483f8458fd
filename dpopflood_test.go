package ginjwt_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A proof takes room in the store of used proofs only if nothing else is wrong with it. If the store
// is full, no proof is accepted that nobody can remember, and requests without proofs go on.
func TestAFloodOfProofs(t *testing.T) {
	t.Parallel()
	const most = 5
	clock := &jwttest.Clock{}
	once := &ginjwt.MemoryOnce{Now: clock.Now, Max: most}
	_, engine := dpopService(t, clock, func(c *ginjwt.Config) { c.Once = once })
	key, thief := jwttest.NewDPoPKey(t, clock), jwttest.NewDPoPKey(t, clock)
	pair, unbound := pairOf(t, engine, key), pairOf(t, engine, nil)
	sent := func(proof string) int {
		return jwttest.Do(engine, "GET", "/bound", jwttest.Header("Authorization", "DPoP "+pair.AccessToken), jwttest.Header("DPoP", proof)).Code
	}
	const url = "http://example.com/bound"
	for range 3 * most {
		good := key.Proof(t, "GET", url, pair.AccessToken)
		for name, proof := range map[string]string{
			"garbage":           "not.a.proof",
			"forged":            forged(t, good),
			"of another key":    thief.Proof(t, "GET", url, pair.AccessToken),
			"for another token": key.Proof(t, "GET", url, unbound.AccessToken),
			"for another URL":   key.Proof(t, "GET", url+"/", pair.AccessToken),
			"too old": key.Proof(t, "GET", url, pair.AccessToken, func(_, claims map[string]any) {
				claims["iat"] = clock.Now().Add(-2 * time.Minute).Unix()
			}),
			"with an ID that is too long": key.Proof(t, "GET", url, pair.AccessToken, func(_, claims map[string]any) {
				claims["jti"] = strings.Repeat("x", 256)
			}),
		} {
			require.Equal(t, http.StatusUnauthorized, sent(proof), name)
		}
	}
	first := key.Proof(t, "GET", url, pair.AccessToken)
	require.Equal(t, http.StatusOK, sent(first), "they took no room")
	for range most - 1 {
		require.Equal(t, http.StatusOK, sent(key.Proof(t, "GET", url, pair.AccessToken)))
	}
	assert.Equal(t, http.StatusServiceUnavailable, sent(key.Proof(t, "GET", url, pair.AccessToken)), "full")
	assert.Equal(t, http.StatusUnauthorized, sent(first), "what was used is not forgotten")
	assert.Equal(t, http.StatusOK, jwttest.Do(engine, "GET", "/me", jwttest.Bearer(unbound.AccessToken)).Code)

	clock.Advance(3 * time.Minute) // the proofs are too old now, for every clock
	assert.Equal(t, http.StatusOK, sent(key.Proof(t, "GET", url, pair.AccessToken)), "there is room again")
	assert.Equal(t, http.StatusUnauthorized, sent(first))
}
