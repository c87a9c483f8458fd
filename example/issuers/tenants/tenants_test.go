package tenants_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/issuers/tenants"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

const (
	first    = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
	second   = "bbbbcccc-1111-dddd-2222-eeee3333ffff"
	stranger = "ccccdddd-2222-eeee-3333-ffff4444aaaa"
)

func nameOf(tenant string) string { return "https://login.microsoftonline.com/" + tenant + "/v2.0" }

// microsoft has the metadata of all tenants, and their keys.
type microsoft struct {
	key   *rsa.PrivateKey
	asked atomic.Int64
}

func (m *microsoft) RoundTrip(r *http.Request) (*http.Response, error) {
	m.asked.Add(1)
	tenant := strings.Split(r.URL.Path, "/")[1]
	page, err := json.Marshal(map[string]string{"issuer": nameOf(tenant), "jwks_uri": "https://login.microsoftonline.com/" + tenant + "/discovery/v2.0/keys"})
	if strings.HasSuffix(r.URL.Path, "/keys") {
		var key []byte
		key, err = keys.Key{ID: "key", Verify: &m.key.PublicKey}.MarshalPublicJWK()
		page = []byte(`{"keys":[` + string(key) + `]}`)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(string(page))), Request: r,
	}, err
}

func (m *microsoft) token(t *testing.T, name string) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": name, "aud": "00001111-aaaa-2222-bbbb-3333cccc4444", "oid": "7", "sub": "of this app", "scp": "access_as_user",
		"exp": time.Now().Add(time.Hour).Unix(),
	})
	token.Header["kid"] = "key"
	encoded, err := token.SignedString(m.key)
	require.NoError(t, err)
	return encoded
}

func TestTokensOfCustomers(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	m := &microsoft{key: key}
	down := errors.New("the database does not answer")
	var failing atomic.Bool
	mgr := ginjwt.New(tenants.Customers{
		IsTenant: func(_ context.Context, tenant string) (bool, error) {
			if failing.Load() {
				return false, down
			}
			return tenant == first || tenant == second, nil
		},
		Options: jwks.Options{Client: &http.Client{Transport: m}},
	}.Config())
	require.NoError(t, mgr.InitApp(nil))
	t.Cleanup(func() { mgr.ForgetIssuers() })

	for _, name := range []string{
		nameOf(stranger), nameOf("common"), nameOf(strings.ToUpper(first)), nameOf(first) + "/", "https://login.microsoftonline.com/" + first,
		"https://evil.example/" + first + "/v2.0", "https://login.microsoftonline.com.evil.example/" + first + "/v2.0",
		"http://169.254.169.254/",
	} {
		_, err := mgr.DecodeToken(t.Context(), m.token(t, name))
		assert.ErrorIs(t, err, ginjwt.ErrInvalidToken, name)
	}
	assert.Zero(t, m.asked.Load(), "nothing is fetched for strangers")

	failing.Store(true)
	_, err = mgr.DecodeToken(t.Context(), m.token(t, nameOf(first)))
	assert.ErrorIs(t, err, ginjwt.ErrUnavailable)
	failing.Store(false)
	for _, tenant := range []string{first, second} {
		token, err := mgr.DecodeToken(t.Context(), m.token(t, nameOf(tenant)))
		require.NoError(t, err)
		assert.Equal(t, "entra:"+tenant+":7", token.Identity)
	}
	assert.EqualValues(t, 4, m.asked.Load())
}
