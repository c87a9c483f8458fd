package providers_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/example/issuers/providers"
)

func TestKeycloakFromFile(t *testing.T) {
	t.Parallel()
	const name, set = "https://sso.example.com/realms/shop", "https://sso.example.com/realms/shop/protocol/openid-connect/certs"
	text, err := json.Marshal(keysAt(set, rsaJWK("kid", "encryption", "use", "enc", "alg", "RSA-OAEP"), rsaJWK())[set])
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "shop.json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	issuer, err := providers.KeycloakFromFile(path)
	require.NoError(t, err)
	require.Len(t, issuer.Keys, 1, "not that for encryption")
	s := newService(t, issuer)
	claims := members{"iss": name, "sub": "alice", "aud": "shop-api"}
	assert.Equal(t, "keycloak:alice", s.get("/", signed(t, nil, claims)))
	assert.Equal(t, wrongAudience, s.get("/", signed(t, nil, with(claims, "aud", "account"))))
	assert.Equal(t, neverExpires, s.get("/", signed(t, nil, members{"iss": name, "sub": "alice", "aud": "shop-api", "exp": nil})))

	require.NoError(t, os.WriteFile(path, text[:100], 0o600))
	_, err = providers.KeycloakFromFile(path)
	require.Error(t, err)
	_, err = providers.KeycloakFromFile(path + ".none")
	require.Error(t, err)
}

// Both have the same users.
func TestFirebaseWithSessions(t *testing.T) {
	t.Parallel()
	first, err := providers.Firebase(t.Context(), offline)
	require.NoError(t, err)
	second, err := providers.FirebaseSessions(t.Context(), offline)
	require.NoError(t, err)
	newService(t, first, second)
}
