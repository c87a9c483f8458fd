package threats_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fuzzSecret is the same in every process that fuzzes, so that inputs found by
// one mean the same to another.
const fuzzSecret = "a key that is used for nothing but fuzzing 0123456789"

func fuzzVictim(f *testing.F) *victim {
	f.Helper()
	config := victimConfig("HS256")
	config.SecretKey = fuzzSecret
	return newVictim(f, config)
}

// FuzzDecodeToken decodes any text. What passes must pass in golang-jwt too,
// with the same key.
func FuzzDecodeToken(f *testing.F) {
	v := fuzzVictim(f)
	good := seal("HS256", []byte(fuzzSecret), headerFor("HS256", `"typ":"JWT"`), aliceClaims())
	header, payload, signature := cut(good)
	for _, seed := range []string{
		good, "", ".", "..", "...", header, header + "." + payload, header + "." + payload + ".", good + "=", good + "\n", "\r\n" + good,
		header + "\n." + payload + "." + signature, b64(headerFor("none")) + "." + payload + ".", b64(`{"alg":"HS256","alg":"none"}`) + "." + payload + "." + signature,
		seal("HS256", []byte(fuzzSecret), headerFor("HS256", `"crit":["b64"]`, `"b64":false`), aliceClaims()),
		seal("HS256", []byte(fuzzSecret), headerFor("HS256", `"kid":"1"`), `{"sub":"\ud83d\ude00"}`),
		seal("HS256", []byte(fuzzSecret), headerFor("HS256"), `null`),
		seal("HS512", []byte(fuzzSecret), headerFor("HS512"), aliceClaims()),
		strings.Repeat(".", 1000), strings.Repeat("A", 1000), withSpareBits(good, 1),
	} {
		f.Add(seed)
	}
	peer := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithoutClaimsValidation(), jwt.WithStrictDecoding())
	f.Fuzz(func(t *testing.T, encoded string) {
		token, err := v.mgr.DecodeToken(t.Context(), encoded)
		if err != nil {
			assert.Nil(t, token)
			return
		}
		_, err = peer.Parse(encoded, func(*jwt.Token) (any, error) { return []byte(fuzzSecret), nil })
		require.NoError(t, err, "golang-jwt refuses what was accepted")
		claims, err := json.Marshal(token.Claims())
		require.NoError(t, err)
		assert.True(t, json.Valid(claims))
		assert.Equal(t, encoded, token.Raw())
	})
}

// FuzzSignedPayload signs any bytes as a payload. What passes must be an
// object with the same "sub" to encoding/json.
func FuzzSignedPayload(f *testing.F) {
	v := fuzzVictim(f)
	for _, seed := range []string{
		aliceClaims(), `{}`, `null`, `[]`, `""`, `{"sub":1}`, `{"sub":"a","sub":"b"}`, `{"s\u0075b":"a"}`, `{"SUB":"a"}`, "\xef\xbb\xbf{\"sub\":\"a\"}",
		`{"sub":"a","exp":"4102444800"}`, `{"sub":"a","exp":1e400}`, `{"sub":"a","nbf":true}`, `{"sub":"a","iat":-0}`, `{"sub":"\ud800"}`, "{\"sub\":\"\xff\"}",
		`{"sub":"a","type":"refresh"}`, `{"sub":"a","fresh":1e400}`, `{"sub":"a","x":{"y":[1,2.5,null,{"z":1}]}}`, `{"sub":"a"} x`, " \n{\"sub\":\"a\"}\t",
		`{"sub":"a","jti":null}`, `{"sub":"a","csrf":5}`, `{"sub":"a","aud":["x",1]}`,
	} {
		f.Add([]byte(seed))
	}
	for _, text := range badJSON() {
		f.Add([]byte(strings.Replace(text, "%s", `"sub":"a"`, 1)))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		encoded := seal("HS256", []byte(fuzzSecret), headerFor("HS256"), string(payload))
		token, err := v.mgr.DecodeToken(t.Context(), encoded)
		if err != nil {
			assert.Nil(t, token)
			return
		}
		var claims map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(payload, &claims), "encoding/json refuses what was accepted")
		require.NotNil(t, claims)
		var sub *string
		require.NoError(t, json.Unmarshal(claims["sub"], &sub))
		require.NotNil(t, sub)
		assert.Equal(t, *sub, token.Identity)
		assert.Equal(t, *sub, token.Claims()["sub"])
		for name := range claims {
			assert.Contains(t, token.Claims(), name)
		}
	})
}
