package ginjwt_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/internal/keytest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// The JWK Set of an issuer also has keys that cannot verify tokens.
func TestSettingsTakeThePublishedSetOfAnIssuer(t *testing.T) {
	t.Parallel()
	public, err := keys.ParseOne("k", "", []byte(keytest.Generate(t).P256Public))
	require.NoError(t, err)
	key, err := public.MarshalPublicJWK()
	require.NoError(t, err)
	encryption := `{"kty":"RSA","kid":"enc","use":"enc","alg":"RSA-OAEP","n":"AQAB","e":"AQAB"}`
	secret := `{"kty":"oct","kid":"s","alg":"HS256","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`
	set := func(all ...string) string {
		text := `{"keys":[` + string(key)
		for _, other := range all {
			text += "," + other
		}
		return text + "]}"
	}
	path := filepath.Join(t.TempDir(), "certs.json")
	require.NoError(t, os.WriteFile(path, []byte(set(encryption)), 0o600))
	for name, value := range map[string]string{"JWT_KEYS": set(encryption), "JWT_KEYS_FILE": path} {
		config, err := ginjwt.LoadConfig(lookup(map[string]string{name: value}))
		require.NoError(t, err)
		require.Len(t, config.Keys, 1)
		assert.Equal(t, "k", config.Keys[0].ID)
		require.Len(t, config.Warnings, 1)
		assert.Equal(t, name, config.Warnings[0].Setting)
		assert.Contains(t, config.Warnings[0].Problem, `a key is not used: number 2 of the set, "kid" "enc"`)
	}

	for name, value := range map[string]string{
		"a set with a secret":           set(encryption, secret),
		"a set with a time that counts": set(encryption[:len(encryption)-1] + `,"exp":4102444800}`),
		"a set with a type of tokens":   set(encryption[:len(encryption)-1] + `,"token_type":"access"}`),
		"no key that is of use":         `{"keys":[` + encryption + `]}`,
	} {
		config, err := ginjwt.LoadConfig(lookup(map[string]string{"JWT_KEYS": value}))
		require.ErrorContains(t, err, `the member "alg" names no signing algorithm of this package`, name)
		assert.Empty(t, config.Keys, name)
	}
}
