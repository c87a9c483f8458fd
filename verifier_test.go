package ginjwt

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// readyManager returns an initialized manager without an engine.
func readyManager(t *testing.T, config Config, setup ...func(*JWTManager)) *JWTManager {
	t.Helper()
	m := New(config)
	for _, fn := range setup {
		fn(m)
	}
	require.NoError(t, m.InitApp(nil))
	return m
}

func TestAVerifierKnowsWhatItHasVerified(t *testing.T) {
	t.Parallel()
	ours, theirs := strings.Repeat("o", 32), strings.Repeat("t", 32)
	config := Config{SecretKey: ours, Issuers: []Issuer{
		{Name: "https://them", Keys: []keys.Key{{Verify: []byte(theirs), AllowMissingKeyID: true}}, IdentityPrefix: "them:"},
	}}
	one, twin := readyManager(t, config), readyManager(t, config)
	them := readyManager(t, Config{SecretKey: theirs, EncodeIssuer: "https://them"})
	var unverified *Token
	loading := readyManager(t, Config{SecretKey: ours}, func(m *JWTManager) {
		m.DecodeKeyLoader(func(_ context.Context, token *Token) (keys.Key, error) {
			unverified = token
			return keys.Key{Algorithm: "HS256", Verify: []byte(ours)}, nil
		})
	})
	made := func(by *JWTManager, opts ...TokenOption) string {
		encoded, err := by.CreateAccessToken(t.Context(), "alice", opts...)
		require.NoError(t, err)
		return encoded
	}
	decoded := func(by *JWTManager, encoded string) *Token {
		token, err := by.DecodeToken(t.Context(), encoded)
		require.NoError(t, err)
		return token
	}
	own, foreign := made(one), made(them)
	for name, token := range map[string]*Token{
		"own": decoded(one, own), "own, known": decoded(one, own), "own with another iss": decoded(one, made(one, WithIssuer("https://else"))),
		"foreign": decoded(one, foreign), "foreign, known": decoded(one, foreign),
	} {
		assert.True(t, one.verifier.hasVerified(token), name)
		assert.False(t, twin.verifier.hasVerified(token), name+", by another with the same settings")
		assert.False(t, them.verifier.hasVerified(token), name+", by another")
	}
	for name, token := range map[string]*Token{
		"of another": decoded(twin, own), "foreign, of another": decoded(twin, foreign), "own of the issuer": decoded(them, foreign),
		"nil": nil, "made by hand": {ID: "1", Identity: "alice"},
	} {
		assert.False(t, one.verifier.hasVerified(token), name)
	}

	assert.True(t, loading.verifier.hasVerified(decoded(loading, own)))
	require.Equal(t, own, unverified.Raw())
	assert.Equal(t, "alice", unverified.Identity)
	assert.False(t, loading.verifier.hasVerified(unverified), "what a DecodeKeyLoader is given")

	before := decoded(them, foreign)
	require.NoError(t, them.SetKeys(keys.Key{ID: "new", Sign: []byte(strings.Repeat("n", 32))}))
	assert.True(t, them.verifier.hasVerified(before), "with keys that are gone")
}
