package clients

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// algorithms are those that WebCrypto has for proofs.
var algorithms = []string{"ES256", "RS256", "PS256", "Ed25519"}

// program is what the scripts of a client with a key are told.
type program struct {
	URL          string `json:"url"`
	Algorithm    string `json:"algorithm"`
	Introspector string `json:"introspector"`
}

// step is what a program did. Its requests look like "POST /api/token 200 with a nonce".
type step struct {
	Step     string          `json:"step"`
	Requests []string        `json:"requests"`
	Result   json.RawMessage `json:"result"`
}

const (
	aPair  = `{"token_type": "dpop", "expires_in": 900, "tokens": "string string"}`
	aToken = `{"active": true, "sub": "alice", "token_type": "DPoP", "ourKey": true}`
	algs   = "ES256 ES384 ES512 EdDSA PS256 PS384 PS512 RS256 RS384 RS512 Ed25519"
)

func anAnswer(path string) string { return `{"user": "alice", "path": "` + path + `"}` }

func aChallenge(status, code, reason string) string {
	return `{"status": ` + status + `, "challenges": [{"scheme": "dpop", "error": "` + code + `", "reason": "` + reason + `", "algs": "` + algs + `"}]}`
}

// steps are what oauth4webapi.mjs does where proofs need a nonce.
var steps = []struct {
	name, requests, result string
}{
	{"log in", "POST /api/token 400 with a nonce, POST /api/token 200 with a nonce", aPair},
	{"read", "GET /api/messages 200 with a nonce", anAnswer("/messages")},
	{"read with a query string", "GET /api/messages 200 with a nonce", anAnswer("/messages")},
	{"read a path with escapes", "GET /api/files/caf%C3%A9/a%20b/ 200 with a nonce", anAnswer("/files/café/a b/")},
	{"write", "POST /api/messages 200 with a nonce", anAnswer("/messages")},
	{"read what needs a key", "GET /api/bound 200 with a nonce", anAnswer("/bound")},
	{"read without a proof", "GET /api/messages 401", aChallenge("401", "invalid_token", "key_scheme")},
	{"read with another key", "GET /api/messages 401 with a nonce", aChallenge("401", "invalid_token", "key_mismatch")},
	{"refresh with another key", "POST /api/token 400 with a nonce", aChallenge("400", "invalid_token", "key_mismatch")},
	{"refresh without a proof", "POST /api/token 400 with a nonce", aChallenge("400", "invalid_dpop_proof", "dpop_proof_missing")},
	{"refresh", "POST /api/token 200 with a nonce", aPair},
	{"read after the refresh", "GET /api/messages 200 with a nonce", anAnswer("/messages")},
	{"introspect", "POST /api/introspect 200 with a nonce", aToken},
	{"introspect without a proof", "POST /api/introspect 200", `{"active": false}`},
	{"introspect as a service that checks proofs", "POST /api/introspect-for-checkers 200", aToken},
	{"revoke", "POST /api/revoke 200 with a nonce", `"revoked"`},
	{"refresh after the revocation", "POST /api/token 400 with a nonce",
		`{"status": 400, "challenges": [{"scheme": "bearer", "error": "invalid_token", "reason": "session_ended"}]}`},
}

// TestOAuthClientsWithKeys lets oauth4webapi log in, use its tokens and refresh them, on two
// processes behind a proxy. It repeats a request only for a nonce, and only once for each key.
func TestOAuthClientsWithKeys(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]string{
		"demanded with nonces": {"JWT_DPOP=demanded", "JWT_DPOP_NONCE=true"},
		"accepted":             {"JWT_DPOP=accepted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newCluster(t, settings...)
			var programs []program
			for _, algorithm := range algorithms {
				programs = append(programs, program{s.url, algorithm, introspector})
			}
			var did [][]step
			runScript(t, "oauth4webapi.mjs", programs, &did, "NODE_EXTRA_CA_CERTS="+s.caFile)
			require.Len(t, did, len(algorithms))
			for i, algorithm := range algorithms {
				require.Len(t, did[i], len(steps), algorithm)
				for j, want := range steps {
					requests := strings.Split(want.requests, ", ")
					if name == "accepted" {
						requests = []string{strings.TrimSuffix(requests[len(requests)-1], " with a nonce")}
					}
					assert.Equal(t, want.name, did[i][j].Step, algorithm)
					assert.Equal(t, requests, did[i][j].Requests, "%s: %s", algorithm, want.name)
					assert.JSONEq(t, want.result, withoutChance(did[i][j].Result), "%s: %s", algorithm, want.name)
				}
			}
			for i := range s.requests {
				assert.NotZero(t, s.requests[i].Load(), "process %d", i)
			}
		})
	}
}

// withoutChance makes the results of both processes alike: the process that has ended a session
// also knows its tokens as revoked.
func withoutChance(result json.RawMessage) string {
	return strings.ReplaceAll(string(result), "token_revoked", "session_ended")
}

// response is what dpop.mjs has read.
type response struct {
	Name      string `json:"name"`
	Status    int    `json:"status"`
	Challenge string `json:"challenge"` // WWW-Authenticate
	Nonce     bool   `json:"nonce"`     // there is a DPoP-Nonce
	Cache     string `json:"cache"`     // Cache-Control
	Type      string `json:"type"`      // Content-Type
	Body      string `json:"body"`      // without tokens
}

// dpopChallenge is how the challenges with the scheme DPoP begin (RFC 9449 §7.1).
const dpopChallenge = `DPoP algs="` + algs + `", realm="api"`

func proofChallenge(reason string) string {
	return dpopChallenge + `, error="invalid_dpop_proof", error_description="The DPoP proof is missing or not valid", reason="` + reason + `"`
}

const (
	needsNonce     = "The DPoP proof needs the nonce of this response"
	nonceChallenge = dpopChallenge + `, error="use_dpop_nonce", error_description="` + needsNonce + `", reason="dpop_nonce_required"`
	keyChallenge   = dpopChallenge + `, error="invalid_token", error_description="The token is bound to another key, or to none", reason="`
	tokens         = `{"access_token":"…","token_type":"DPoP","expires_in":900,"refresh_token":"…"}`
	plainJSON      = "application/json"
	ginJSON        = "application/json; charset=utf-8"
	noStore        = "no-store"
)

// A refusal at the login has the form of RFC 6749 §5.2 with status 400 (RFC 9449 §5), and so has
// one of the refresh. A refusal at a route has status 401 and a challenge (RFC 9449 §7.1, §9). A
// response with a nonce may not be cached (RFC 9449 §8.2).
var responses = []response{
	{"a login without a proof", 400, proofChallenge("dpop_proof_missing"), true, noStore, plainJSON,
		`{"error":"invalid_dpop_proof","msg":"Missing DPoP proof: send one in the header DPoP"}`},
	{"a login without a nonce", 400, nonceChallenge, true, noStore, plainJSON, `{"error":"use_dpop_nonce","msg":"` + needsNonce + `"}`},
	{"a login with a proof for another URL", 400, proofChallenge("dpop_proof_invalid"), true, noStore, plainJSON,
		`{"error":"invalid_dpop_proof","msg":"The DPoP proof is for another URL (\"htu\")"}`},
	{"a login", 200, "", true, noStore, plainJSON, tokens},

	{"a request without a token", 401, dpopChallenge + `, reason="token_missing"`, false, "", plainJSON, `{"msg":"Missing Authorization Header"}`},
	{"a request as Bearer", 401, keyChallenge + `key_scheme"`, false, "", plainJSON,
		`{"msg":"The token is bound to a key: send it with the scheme DPoP and a DPoP proof"}`},
	{"a request without a proof", 401, proofChallenge("dpop_proof_missing"), true, noStore, plainJSON,
		`{"msg":"Missing DPoP proof: send one in the header DPoP"}`},
	{"a request without a nonce", 401, nonceChallenge, true, noStore, plainJSON, `{"msg":"` + needsNonce + `"}`},
	{"a request with a nonce of nobody", 401, nonceChallenge, true, noStore, plainJSON, `{"msg":"` + needsNonce + `"}`},
	{"a proof for another method", 401, proofChallenge("dpop_proof_invalid"), true, noStore, plainJSON,
		`{"msg":"The DPoP proof is for another method (\"htm\")"}`},
	{"a proof for another URL", 401, proofChallenge("dpop_proof_invalid"), true, noStore, plainJSON,
		`{"msg":"The DPoP proof is for another URL (\"htu\")"}`},
	{"a proof for another token", 401, proofChallenge("dpop_proof_invalid"), true, noStore, plainJSON,
		`{"msg":"The DPoP proof is for another token (\"ath\")"}`},
	{"a proof with another key", 401, keyChallenge + `key_mismatch"`, true, noStore, plainJSON,
		`{"msg":"The DPoP proof is of another key than the token"}`},
	{"a token that is not valid", 422, // as Flask-JWT-Extended: docs/custom-errors.md
		dpopChallenge + `, error="invalid_token", error_description="The token is not valid", reason="signature_invalid"`, true, noStore, plainJSON,
		`{"msg":"Signature verification failed"}`},
	{"a request", 200, "", true, noStore, ginJSON, `{"path":"/messages","user":"alice"}`},
	{"a proof that was used", 401, proofChallenge("dpop_proof_replayed"), true, noStore, plainJSON,
		`{"msg":"The DPoP proof was used before: make a new one for every request"}`},

	{"a refresh without a proof", 400, proofChallenge("dpop_proof_missing"), true, noStore, plainJSON,
		`{"error":"invalid_dpop_proof","error_description":"Missing DPoP proof: send one in the header DPoP"}`},
	{"a refresh without a nonce", 400, nonceChallenge, true, noStore, plainJSON, `{"error":"use_dpop_nonce","error_description":"` + needsNonce + `"}`},
	{"a refresh with another key", 400, keyChallenge + `key_mismatch"`, true, noStore, plainJSON,
		`{"error":"invalid_grant","error_description":"The token is invalid, expired or revoked"}`},
	{"a refresh", 200, "", true, noStore, plainJSON, tokens},
}

// TestResponsesToProofs sends proofs of the package dpop. Each request goes to the other process
// than the one before, also the one that replays a proof.
func TestResponsesToProofs(t *testing.T) {
	t.Parallel()
	for _, algorithm := range algorithms {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			s := newCluster(t, "JWT_DPOP=demanded", "JWT_DPOP_NONCE=true")
			var got []response
			runScript(t, "dpop.mjs", program{URL: s.url, Algorithm: algorithm}, &got, "NODE_EXTRA_CA_CERTS="+s.caFile)
			require.Len(t, got, len(responses))
			for i, want := range responses {
				got[i].Body = strings.TrimSuffix(got[i].Body, "\n")
				assert.Equal(t, want, got[i])
			}
		})
	}
}
