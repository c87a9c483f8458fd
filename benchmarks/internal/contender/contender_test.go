package contender_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// get sends one request for /protected; token may be empty.
func get(h http.Handler, token string) (status int, body string) {
	r := httptest.NewRequest(http.MethodGet, "/protected", nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// Nobody is faster by not checking.
func TestProtected(t *testing.T) {
	t.Parallel()
	for _, algorithm := range contender.Algorithms {
		keys, others := contender.NewKeys(algorithm), contender.NewKeys(algorithm)
		for _, c := range contender.All {
			t.Run(algorithm+"/"+c.Name, func(t *testing.T) {
				t.Parallel()
				h := c.Protected(keys)
				for range 2 { // the second may come out of a cache
					status, body := get(h, c.Token(keys))
					assert.Equal(t, http.StatusOK, status, body)
					assert.Equal(t, contender.Identity, body)
				}
				if c.Open {
					return
				}
				lapsed, token := c.ExpiredKnown(keys)
				status, _ := get(lapsed, token)
				assert.True(t, status >= 400 && status < 500, "expired after it was known: %d", status)
				for name, token := range map[string]string{
					"missing":      "",
					"expired":      c.Expired(keys),
					"forged":       c.Forged(keys),
					"of other key": c.Token(others),
				} {
					status, body := get(h, token)
					assert.True(t, status >= 400 && status < 500, "%s: %d %s", name, status, body)
					assert.NotEqual(t, contender.Identity, body, name)
				}
			})
		}
	}
}

// A cache of verified tokens is no way past the expiry, or to other tokens.
func TestForgedAfterGood(t *testing.T) {
	t.Parallel()
	keys := contender.NewKeys("HS256")
	for _, c := range contender.All {
		if c.Open {
			continue
		}
		h := c.Protected(keys)
		good := c.Token(keys)
		status, _ := get(h, good)
		require.Equal(t, http.StatusOK, status, c.Name)
		signed := good[:strings.LastIndexByte(good, '.')+1]
		forged := make([]byte, 32)
		_, _ = rand.Read(forged)
		status, _ = get(h, signed+base64.RawURLEncoding.EncodeToString(forged))
		assert.True(t, status == 401 || status == 422, "%s: %d", c.Name, status)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	for _, algorithm := range contender.Algorithms {
		keys := contender.NewKeys(algorithm)
		judge := contender.Named(contender.Map).Protected(keys)
		for _, c := range contender.All {
			if c.Create == nil {
				continue
			}
			token, err := c.Create(keys)()
			require.NoError(t, err, c.Name)
			assertDefaultClaims(t, token)
			status, body := get(judge, token)
			assert.Equal(t, http.StatusOK, status, c.Name)
			assert.Equal(t, contender.Identity, body, c.Name)
		}
	}
}

func assertDefaultClaims(t *testing.T, token string) {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	require.NoError(t, err)
	var claims map[string]any
	require.NoError(t, json.Unmarshal(payload, &claims))
	for _, name := range []string{"fresh", "iat", "jti", "type", "sub", "nbf", "csrf", "exp"} {
		assert.Contains(t, claims, name)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	keys := contender.NewKeys("HS256")
	for _, c := range contender.All {
		if c.Login == nil {
			continue
		}
		w := httptest.NewRecorder()
		c.Login(keys).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/login", nil))
		require.Equal(t, http.StatusOK, w.Code, c.Name)
		var pair struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &pair))
		assertDefaultClaims(t, pair.Access)
		assert.NotEmpty(t, pair.Refresh, c.Name)
		status, body := get(c.Protected(keys), pair.Access)
		assert.Equal(t, http.StatusOK, status, c.Name)
		assert.Equal(t, contender.Identity, body, c.Name)
	}
}

// Whoever runs in another framework is compared with a bare handler of it.
func TestFloors(t *testing.T) {
	t.Parallel()
	for _, c := range contender.All {
		floor := contender.Named(c.Over())
		assert.True(t, floor.Open, c.Name)
		assert.Equal(t, c.Floor != "", floor.Name != contender.Bare, c.Name)
	}
}

func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range contender.All {
		assert.False(t, seen[c.Name], c.Name)
		seen[c.Name] = true
	}
}

// Nobody is faster by not checking proofs. Only ginjwt remembers them.
func TestBound(t *testing.T) {
	t.Parallel()
	keys := contender.NewKeys("HS256")
	for _, algorithm := range contender.ProofAlgorithms {
		prover, thief := contender.NewProver(algorithm), contender.NewProver(algorithm)
		require.NoError(t, prover.CheckSignature(prover.Proof("token"))())
		for _, c := range contender.WorkNamed("Bound").By {
			if c.Name == contender.Signature {
				continue
			}
			h, token := c.Bound(keys), prover.Bound(c).Token(keys)
			send := func(scheme, proof string) int {
				r := httptest.NewRequest(http.MethodGet, "/protected", nil)
				r.Header.Set("Authorization", scheme+" "+token)
				if proof != "" {
					r.Header.Set("DPoP", proof)
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				return w.Code
			}
			good := prover.Proof(token)
			for range 2 {
				assert.Equal(t, http.StatusOK, send("DPoP", prover.Proof(token)), "%s %s", c.Name, algorithm)
			}
			for name, status := range map[string]int{
				"no proof":               send("DPoP", ""),
				"as Bearer":              send("Bearer", prover.Proof(token)),
				"of another key":         send("DPoP", thief.Proof(token)),
				"for another token":      send("DPoP", prover.Proof("token")),
				"for another URL":        send("DPoP", prover.ProofFor("/", token)),
				"with another signature": send("DPoP", good[:len(good)-20]+"AAAAAAAAAAAAAAAAAAAA"),
			} {
				assert.True(t, status >= 400 && status < 500, "%s %s: %s: %d", c.Name, algorithm, name, status)
			}
			assert.Equal(t, http.StatusOK, send("DPoP", good))
			assert.Equal(t, c.Module == contender.OurModule, send("DPoP", good) == http.StatusUnauthorized, "%s: the same proof again", c.Name)
		}
	}
}
