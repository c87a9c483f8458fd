package threats_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// Tokens of another issuer with "cnf" need the proof of their key, and what they are exchanged
// for keeps the key.
func TestAttackDPoPTokensOfOtherIssuers(t *testing.T) {
	t.Parallel()
	key := alienKeys().p256
	dpopModes(t, func(t *testing.T, mode string, a *dpopApp, _, _ ginjwt.TokenPair) {
		jkt, thief := a.key.Thumbprint(t), jwttest.NewDPoPKey(t, a.clock)
		token := func(cnf string) string {
			claims := fmt.Sprintf(`{"iss":%q,"sub":"alice","aud":"shop","iat":%s,"exp":%s%s}`, issuerA, a.at(0), a.at(900), cnf)
			return seal("ES256", key, headerFor("ES256", `"typ":"JWT"`, `"kid":"a"`), claims)
		}
		bound := token(`,"cnf":{"jkt":"` + jkt + `"}`)
		a.passes(t, "GET", "/private", a.key.Sign(t, bound))
		a.passes(t, "GET", "/bound", a.key.Sign(t, bound))
		a.refuses(t, "key_scheme", "GET", "/private", jwttest.Bearer(bound))
		missing := map[bool]string{true: "token_missing", false: "dpop_proof_missing"} // with off, the scheme means nothing
		a.refuses(t, missing[mode == "off"], "GET", "/private", jwttest.Header("Authorization", "DPoP "+bound))
		a.refuses(t, "key_mismatch", "GET", "/private", thief.Sign(t, bound))
		for name, cnf := range map[string]string{
			"certificate": `{"x5t#S256":"` + jkt + `"}`, "both": `{"jkt":"` + jkt + `","x5t#S256":"` + jkt + `"}`, "null": `null`, "empty": `{}`, "text": `"` + jkt + `"`,
		} {
			a.refuses(t, "key_unsupported", "GET", "/private", a.key.Sign(t, token(`,"cnf":`+cnf)))
			w := jwttest.Do(a.engine, "GET", "/optional", jwttest.Bearer(token(`,"cnf":`+cnf)))
			assert.Equal(t, 401, w.Code, "T398 %s", name)
		}
		assert.Equal(t, 422, jwttest.Do(a.engine, "GET", "/private", a.key.Sign(t, token(`,"cnf":{"jkt":"`+jkt+`"},"cnf":{"jkt":"`+jkt+`"}`))).Code, "T398 twice")
		plain := jwttest.Do(a.engine, "GET", "/private", jwttest.Bearer(token("")))
		assert.Equal(t, mode != "demanded", plain.Code == 200, "T398 a token that is bound to no key")

		var pair ginjwt.TokenPair // a token exchange
		require.NoError(t, json.Unmarshal(a.passes(t, "POST", "/again", a.key.Sign(t, bound)).Body.Bytes(), &pair))
		assert.Equal(t, jkt, must(a.mgr.DecodeToken(t.Context(), pair.AccessToken)).KeyThumbprint(), "T398")
		assert.Equal(t, jkt, must(a.mgr.DecodeToken(t.Context(), pair.RefreshToken)).KeyThumbprint(), "T398")
		var answer struct{ Ticket string }
		order := jwttest.JSON(`{"url":"/live"}`)
		a.refuses(t, "key_mismatch", "POST", "/ticket", thief.Sign(t, bound), order)
		require.NoError(t, json.Unmarshal(a.passes(t, "POST", "/ticket", a.key.Sign(t, bound), order).Body.Bytes(), &answer))
		a.passes(t, "GET", "/live?ticket="+answer.Ticket)

		// A login there, and a session here.
		upstream, err := a.mgr.CreateTokenPair(t.Context(), "alice", ginjwt.WithUpstream(issuerA, "", "alice", a.clock.Now()), ginjwt.WithKeyThumbprint(jkt))
		require.NoError(t, err)
		a.refuses(t, "key_scheme", "GET", "/private", jwttest.Bearer(upstream.AccessToken))
		a.passes(t, "GET", "/private", a.key.Sign(t, upstream.AccessToken))
		body := jwttest.JSON(`{"refresh_token":"` + upstream.RefreshToken + `"}`)
		a.refuses(t, "key_mismatch", "POST", "/tokens", body, thief.Sign(t, ""))
		require.NoError(t, json.Unmarshal(a.passes(t, "POST", "/tokens", body, a.key.Sign(t, "")).Body.Bytes(), &upstream))
		assert.Equal(t, jkt, must(a.mgr.DecodeToken(t.Context(), upstream.AccessToken)).KeyThumbprint())

		// A proof is no token, and a token is no proof (RFC 9449 §11.5).
		proof := a.key.Proof(t, "GET", "http://example.com/private", bound)
		assert.Equal(t, 422, jwttest.Do(a.engine, "GET", "/private", dpopSend(proof, proof)).Code, "T399")
		a.refuses(t, "dpop_proof_invalid", "GET", "/private", dpopSend(bound, bound))
		a.refuses(t, "dpop_proof_invalid", "GET", "/private", dpopSend(bound, upstream.AccessToken))
	}, func(c *ginjwt.Config) {
		c.EncodeIssuer, c.DecodeIssuer = ownIssuer, ownIssuer
		c.Issuers = []ginjwt.Issuer{{
			Name: issuerA, Audience: []string{"shop"}, IdentityPrefix: "a:", LogoutAudience: []string{"client"}, MaxTokenAge: time.Hour,
			Keys: []keys.Key{{ID: "a", Algorithm: "ES256", Verify: publicOf(key)}},
		}}
	})
}
