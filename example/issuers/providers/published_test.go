package providers_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/issuers/providers"
	"github.com/gin-jwt-extended/ginjwt/jwks"
)

func TestKeycloakFromFile(t *testing.T) {
	t.Parallel()
	const name, set = "https://sso.example.com/realms/shop", "https://sso.example.com/realms/shop/protocol/openid-connect/certs"
	text, err := json.Marshal(publish(t, name, set, "RS256")[set])
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "shop.json")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	issuer, err := providers.KeycloakFromFile(path)
	require.NoError(t, err)
	require.Len(t, issuer.Keys, 1, "not that for encryption")
	s := newService(t, issuer)
	assert.Equal(t, "keycloak:alice", s.get("/", signed(t, nil, members{"iss": name, "sub": "alice", "aud": "shop-api"})))

	require.NoError(t, os.WriteFile(path, text[:100], 0o600))
	_, err = providers.KeycloakFromFile(path)
	require.Error(t, err)
	_, err = providers.KeycloakFromFile(path + ".none")
	require.Error(t, err)
}

// certificates publishes the key as Google does.
func certificates(t *testing.T, url string) internet {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "securetoken.system.gserviceaccount.com"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &rsaKey.PublicKey, rsaKey)
	require.NoError(t, err)
	return internet{url: {"key": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}}
}

func TestFirebase(t *testing.T) {
	t.Parallel()
	for url, test := range map[string]struct {
		issuer func(context.Context, jwks.Options) (ginjwt.Issuer, error)
		name   string
	}{
		"https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com": {providers.Firebase, "https://securetoken.google.com/example-shop"},
		"https://www.googleapis.com/identitytoolkit/v3/relyingparty/publicKeys":                    {providers.FirebaseSessions, "https://session.firebase.google.com/example-shop"},
	} {
		issuer, err := test.issuer(t.Context(), certificates(t, url).options())
		require.NoError(t, err)
		s := newService(t, issuer)
		claims := members{"iss": test.name, "sub": "Zk1", "aud": "example-shop", "user_id": "Zk1", "firebase": members{"sign_in_provider": "password"}}
		assert.Equal(t, "firebase:Zk1", s.get("/", signed(t, nil, claims)))
		assert.Equal(t, wrongAudience, s.get("/", signed(t, nil, with(claims, "aud", "another-project"))))
	}
}

// Both are of the same users.
func TestFirebaseWithSessions(t *testing.T) {
	t.Parallel()
	first, err := providers.Firebase(t.Context(), internet{}.options())
	require.NoError(t, err)
	second, err := providers.FirebaseSessions(t.Context(), internet{}.options())
	require.NoError(t, err)
	newService(t, first, second)
}

func TestSPIFFE(t *testing.T) {
	t.Parallel()
	const name, bundle = "https://spire.example.com", "https://spire.example.com/bundle"
	pages := publish(t, name, bundle, "RS256")
	svid := pages[bundle]["keys"].([]members)[1]
	pages[bundle] = members{"keys": []members{with(svid, "kid", "x509", "use", "x509-svid"), with(svid, "use", "jwt-svid")}, "spiffe_sequence": 1, "spiffe_refresh_hint": 300}
	issuer, err := providers.SPIFFE(t.Context(), pages.options())
	require.NoError(t, err)
	s := newService(t, issuer)
	claims := members{"iss": name, "sub": "spiffe://example.com/orders", "aud": "shop-api"}
	assert.Equal(t, "workload:spiffe://example.com/orders", s.get("/", signed(t, nil, claims)))
	assert.Equal(t, wrongAudience, s.get("/", signed(t, nil, with(claims, "aud", "bank-api"))))
}
