package ginjwt_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/internal/keytest"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// RFC 9864 and PyJWT have other names for two algorithms. Every setting and key accepts them.
func TestAlgorithmsAreReadByTheirOtherNames(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	for name, test := range map[string]struct{ written, private string }{
		"Ed25519": {"EdDSA", pems.Ed25519Private},
		"ES521":   {"ES512", pems.P521Private},
	} {
		config, err := ginjwt.LoadConfig(lookup(map[string]string{"JWT_ALGORITHM": name, "JWT_PRIVATE_KEY": test.private}))
		require.NoError(t, err)
		mgr := ginjwt.New(config)
		require.NoError(t, mgr.InitApp(nil))
		encoded := jwttest.AccessToken(t, mgr, "alice")
		header, err := ginjwt.GetUnverifiedJWTHeaders(encoded)
		require.NoError(t, err)
		assert.Equal(t, test.written, header["alg"])

		signing := keytest.Must(keys.ParseOne("", "", []byte(test.private)))
		method := jwt.GetSigningMethod(test.written)
		signed := func(header string) string {
			_, claims, _ := strings.Cut(encoded, ".")
			claims, _, _ = strings.Cut(claims, ".")
			text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"`+header+`","typ":"JWT"}`)) + "." + claims
			signature, err := method.Sign(text, signing.Sign)
			require.NoError(t, err)
			return text + "." + base64.RawURLEncoding.EncodeToString(signature)
		}
		listed, err := ginjwt.LoadConfig(lookup(map[string]string{
			"JWT_SECRET_KEY": strings.Repeat("s", 32), "JWT_PRIVATE_KEY": test.private, "JWT_DECODE_ALGORITHMS": name,
		}))
		require.NoError(t, err)
		also := ginjwt.New(listed)
		require.NoError(t, also.InitApp(nil))
		loaded := ginjwt.New(ginjwt.Config{})
		loaded.DecodeKeyLoader(func(context.Context, *ginjwt.Token) (keys.Key, error) {
			return keys.Key{Algorithm: name, Sign: signing.Sign}, nil
		})
		require.NoError(t, loaded.InitApp(nil))
		for _, header := range []string{name, test.written} {
			for which, mgr := range map[string]*ginjwt.JWTManager{"JWT_ALGORITHM": mgr, "JWT_DECODE_ALGORITHMS": also, "DecodeKeyLoader": loaded} {
				token, err := mgr.VerifyToken(t.Context(), signed(header))
				require.NoError(t, err, "%s by %s", header, which)
				assert.Equal(t, "alice", token.Identity)
			}
		}
	}
}
