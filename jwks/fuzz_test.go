package jwks

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// From any answer, only public keys with a name and an algorithm are used, and the same keys
// each time.
func FuzzParseSet(f *testing.F) {
	// The keys of RFC 7517 §A.1, RFC 7515 §A.2.1 and RFC 8037 §A.2.
	const ec = `{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",` +
		`"y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"1"}`
	const ed = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"2"}`
	const rs = `{"kty":"RSA","e":"AQAB","kid":"3","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}`
	for _, seed := range []string{
		`{"keys":[]}`,
		`{"keys":[` + ec + `,` + ed + `,` + rs + `]}`,
		`{"keys":[` + ec + `]}`,
		`{"keys":[` + rs + `,` + rs + `]}`,
		`{"keys":[{"kty":"oct","k":"AAAA","kid":"1"},` + ed + `,null,1]}`,
		`{"keys":[{"kty":"EC","key_ops":["verify"],"use":"sig","alg":"ES256"}]} `,
		`{"keys":{},"keys":[]}`,
	} {
		f.Add([]byte(seed))
	}
	o := Options{}.withDefaults()
	f.Fuzz(func(t *testing.T, text []byte) {
		found, problems, err := parseSet(text, o)
		if err != nil {
			require.Nil(t, found)
			return
		}
		for _, err := range problems {
			require.True(t, errors.Is(err, ErrKeySkipped) != errors.Is(err, ErrKeyDefect), err)
		}
		for i, key := range found.list {
			require.NotEmpty(t, key.ID)
			require.Nil(t, key.Sign)
			require.True(t, keys.IsAlgorithm(key.Algorithm) && !keys.IsHMAC(key.Algorithm), key.Algorithm)
			require.True(t, isPublic(key), "%T", key.Verify)
			require.True(t, found.has(key.ID))
			require.NotNil(t, found.byID[key.ID])
			for _, other := range found.list[:i] {
				require.True(t, other.ID != key.ID || other.Algorithm != key.Algorithm)
			}
		}
		again, _, err := parseSet(text, o)
		require.NoError(t, err)
		require.True(t, found.equal(again))
	})
}

func isPublic(key keys.Key) bool {
	switch key.Verify.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	}
	return false
}
