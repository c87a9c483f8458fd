package ginjwt_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// headersURL is the URL of the route /headers for proofs.
const headersURL = "http://example.com/headers"

// boundToken returns a token that is bound to a new key, and the key.
func (a *reasonsApp) boundToken(t *testing.T) (encoded string, key *jwttest.DPoPKey) {
	t.Helper()
	key = jwttest.NewDPoPKey(t, a.clock)
	return jwttest.AccessToken(t, a.mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t))), key
}

// bound sends a token with the scheme DPoP, and a proof.
func (a *reasonsApp) bound(path, encoded, proof string) *httptest.ResponseRecorder {
	return a.send(path, jwttest.Header("Authorization", "DPoP "+encoded), jwttest.Header("DPoP", proof))
}

// refusedForDPoP are refusals that have to do with proofs and keys.
var refusedForDPoP = []refusedFor{
	{"no proof", "dpop_proof_missing", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		a = newReasonsApp(t, a.mgr.Config().ErrorProfile, func(c *ginjwt.Config) { c.DPoP = "accepted" })
		encoded, _ := a.boundToken(t)
		return a.header("/headers", "DPoP "+encoded)
	}},
	{"a proof for another method", "dpop_proof_invalid", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		encoded, key := a.boundToken(t)
		return a.bound("/headers", encoded, key.Proof(t, "GET", headersURL, encoded))
	}},
	{"an old proof", "dpop_proof_time", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		encoded, key := a.boundToken(t)
		proof := key.Proof(t, "POST", headersURL, encoded)
		a.clock.Advance(61 * time.Second)
		return a.bound("/headers", encoded, proof)
	}},
	{"a proof that was used", "dpop_proof_replayed", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		encoded, key := a.boundToken(t)
		proof := key.Proof(t, "POST", headersURL, encoded)
		require.Equal(t, 200, a.bound("/headers", encoded, proof).Code)
		return a.bound("/headers", encoded, proof)
	}},
	{"no nonce", "dpop_nonce_required", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		a = newReasonsApp(t, a.mgr.Config().ErrorProfile, func(c *ginjwt.Config) { c.DPoPNonce = true })
		encoded, key := a.boundToken(t)
		return a.send("/headers", key.Sign(t, encoded))
	}},
	{"the key of a thief", "key_mismatch", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		encoded, _ := a.boundToken(t)
		return a.send("/headers", jwttest.NewDPoPKey(t, a.clock).Sign(t, encoded))
	}},
	{"a token without a key on a route for bound tokens", "key_missing", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/bound", jwttest.AccessToken(t, a.mgr, "alice"))
	}},
	{"a bound token as Bearer", "key_scheme", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		encoded, key := a.boundToken(t)
		return a.send("/headers", key.Sign(t, encoded), jwttest.Bearer(encoded))
	}},
	{"a token without a key as DPoP", "key_scheme", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.send("/headers", jwttest.NewDPoPKey(t, a.clock).Sign(t, jwttest.AccessToken(t, a.mgr, "alice")))
	}},
	{"bound to a certificate", "key_unsupported", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		cnf := map[string]any{"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}
		return a.bearer("/headers", a.signed(t, nil, jwt.MapClaims{"sub": "alice", "cnf": cnf}))
	}},
}
