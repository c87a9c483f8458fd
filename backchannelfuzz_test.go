package ginjwt_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every token that is accepted as a logout token has all required claims.
func FuzzLogoutTokens(f *testing.F) {
	const event = `"events":{"` + backChannelEvent + `":{}}`
	for _, claims := range []string{
		`"aud":"client-a","jti":"1","sub":"alice",` + event,
		`"aud":["client-a2","x"],"jti":"1","sid":"s",` + event,
		`"aud":"client-a","jti":"1","sub":"alice","nonce":null,` + event,
		`"aud":"client-a","jti":"1","sub":"","sid":"s",` + event,
		`"aud":"client-a","jti":1,"sub":"alice",` + event,
		`"aud":"client-a","jti":"1","sub":"alice","events":{},` + event,
		`"aud":"client-a","jti":"1","sub":"alice","events":{"` + backChannelEvent + `":[]}`,
		`"aud":"client-a","jti":"1","sub":"alice","Events":{"` + backChannelEvent + `":{}}`,
		`"aud":{"client-a":1},"jti":"1","sub":"alice",` + event,
	} {
		f.Add(claims)
	}
	f.Fuzz(func(t *testing.T, claims string) {
		a := newUpstreamApp(t)
		now := a.clock.Now().Unix()
		payload := fmt.Sprintf(`{"iss":%q,"iat":%d,%s}`, issuerA, now, claims)
		w := a.post(signedHS256(`{"alg":"HS256","kid":"a"}`, payload, strings.Repeat("a", 32)))
		if w.Code != 200 {
			require.Equal(t, 400, w.Code)
			assert.Zero(t, a.list.added.Load())
			return
		}
		said := map[string]any{}
		require.NoError(t, json.Unmarshal([]byte(payload), &said))
		assert.Equal(t, issuerA, said["iss"])
		assert.NotContains(t, said, "nonce")
		assert.IsType(t, map[string]any{}, said["events"].(map[string]any)[backChannelEvent])
		assert.True(t, said["sub"] != nil || said["sid"] != nil)
		for _, name := range []string{"jti", "sub", "sid"} {
			if text, there := said[name]; there || name == "jti" {
				assert.IsType(t, "", text, name)
				assert.NotEmpty(t, text, name)
			}
		}
		audience, isList := said["aud"].([]any)
		if !isList {
			audience = []any{said["aud"]}
		}
		assert.True(t, slices.Contains(audience, any("client-a")) || slices.Contains(audience, any("client-a2")))
		assert.Positive(t, a.list.added.Load())
	})
}
