package threats_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// What the tokens of other issuers buy where there are sessions, and what they
// revoke.

// TestThreatIssuerAndSessions presents tokens of another issuer that say they
// are of a session of ours.
func TestThreatIssuerAndSessions(t *testing.T) {
	t.Parallel()
	v, _ := issuersVictim(t, func(c *ginjwt.Config) {
		c.Sessions, c.SecretKey = &ginjwt.MemorySessions{}, string(ownKeys().secret)
		c.Issuers[1].AllowSharedIdentities, c.Issuers[1].IdentityPrefix = true, "" // B even has our users
		c.TokenLocation = append(c.TokenLocation, ginjwt.InCookies)
	})
	m, e := v.mgr, v.engine
	either := m.JWTRequired(ginjwt.AnyType())
	e.POST("/trade", m.RefreshHandler())
	e.POST("/trade/both", m.RefreshHandler(ginjwt.RequireAccessToken()))
	e.POST("/logout", either, m.LogoutHandler())
	e.POST("/revoke", m.RevocationHandler())
	e.GET("/sessions", either, m.SessionsHandler())
	e.DELETE("/sessions/:id", either, m.EndSessionHandler())
	e.GET("/page", m.ImplicitRefresh(10*time.Minute), m.JWTRequired(), tellIdentity)

	pair := jwttest.TokenPair(t, m, "alice")
	session := must(m.DecodeToken(t.Context(), pair.RefreshToken))
	forged := func(signer, typ string) string {
		return issued(signer, "EdDSA", fmt.Sprintf(`{"iss":%q,"sub":"alice","aud":"shop","type":%q,"jti":%q,"sid":%q,"gen":1,"csrf":"x","iat":1577836800,"exp":%d}`,
			signer, typ, session.ID, session.SessionID, time.Now().Unix()+60))
	}
	post := func(path string, opts ...jwttest.RequestOption) *httptest.ResponseRecorder {
		opts = append(opts, func(r *http.Request) { *r = *r.WithContext(context.WithValue(r.Context(), sightKey{}, &sight{})) })
		return jwttest.Do(e, "POST", path, opts...)
	}
	for _, signer := range []string{issuerA, issuerB} {
		refresh, access := forged(signer, "refresh"), forged(signer, "access")
		for _, token := range []string{refresh, access} {
			assert.Equal(t, 422, post("/trade", jwttest.Bearer(token)).Code)
			w := post("/trade", jwttest.Form("grant_type", "refresh_token", "refresh_token", token))
			assert.Equal(t, 400, w.Code)
			assert.Contains(t, w.Body.String(), "invalid_grant")
		}
		assert.Equal(t, 200, post("/revoke", jwttest.Form("token", access)).Code)
		w := post("/trade/both", jwttest.Form("grant_type", "refresh_token", "refresh_token", pair.RefreshToken, "access_token", access))
		assert.Equal(t, 400, w.Code, "a token of another issuer is none of the session: %s", w.Body)
		decoded := must(m.DecodeToken(t.Context(), access))
		_, err := m.RotateTokens(t.Context(), decoded)
		require.EqualError(t, err, "ginjwt: wrong type of token (token_wrong_type): Only refresh tokens are allowed")
		require.NoError(t, m.EndSessionForToken(t.Context(), decoded))
		assert.Equal(t, 401, post("/logout", jwttest.Bearer(access)).Code, "revoked, as it should be")
		access = issued(signer, "EdDSA", fmt.Sprintf(`{"iss":%q,"sub":"alice","aud":"shop","sid":%q,"gen":1,"csrf":"x","exp":%d}`, signer, session.SessionID, time.Now().Unix()+60))
		page := jwttest.Do(e, "GET", "/page", jwttest.Header("Cookie", "access_token_cookie="+access), func(r *http.Request) {
			*r = *r.WithContext(context.WithValue(r.Context(), sightKey{}, &sight{}))
		})
		assert.Equal(t, 200, page.Code, page.Body)
		assert.Empty(t, page.Header().Values("Set-Cookie"), "no token of ours for a token of another issuer")
		assert.Equal(t, 204, post("/logout", jwttest.Bearer(access)).Code)
	}
	v.accepted(t, pair.AccessToken, "alice")
	sessions := must(m.Sessions(t.Context(), "alice"))
	require.Len(t, sessions, 1, "no other issuer ended our session, nor began one")
	assert.Equal(t, session.SessionID, sessions[0].ID)
	assert.Equal(t, 200, post("/trade", jwttest.Bearer(pair.RefreshToken)).Code)

	a := issued(issuerA, "EdDSA", `{"iss":"`+issuerA+`","sub":"alice","aud":"shop"}`)
	watch := func(r *http.Request) { *r = *r.WithContext(context.WithValue(r.Context(), sightKey{}, &sight{})) }
	w := jwttest.Do(e, "DELETE", "/sessions/"+session.SessionID, jwttest.Bearer(a), watch)
	assert.Equal(t, 404, w.Code, "a:alice is not alice")
	w = jwttest.Do(e, "GET", "/sessions", jwttest.Bearer(a), watch)
	assert.JSONEq(t, `{"sessions":[]}`, w.Body.String())
	require.Len(t, must(m.Sessions(t.Context(), "alice")), 1)
}

// TestThreatIssuerRevocation revokes tokens that share an ID with others.
func TestThreatIssuerRevocation(t *testing.T) {
	t.Parallel()
	v, _ := issuersVictim(t)
	token := func(signer, jti string) string {
		members := []string{`"iss":"` + signer + `"`, `"sub":"alice"`, `"aud":"shop"`}
		if jti != "" {
			members = append(members, `"jti":"`+jti+`"`)
		}
		return issued(signer, "EdDSA", bareClaims(members...))
	}
	ids := []string{"1", "https://a.example/ 1", "#", " ", "\\u0000"}
	for _, revoked := range issuerNames {
		encoded := token(revoked, "1")
		require.NoError(t, v.mgr.RevokeToken(t.Context(), must(v.mgr.DecodeToken(t.Context(), encoded))))
		for _, route := range []string{"/access", "/optional"} {
			v.refusedAt(t, route, encoded, msgRevoked)
		}
		for _, signer := range issuerNames[slices.Index(issuerNames, revoked)+1:] {
			for _, id := range ids {
				v.accepted(t, token(signer, id), prefixOf(signer)+"alice")
			}
		}
	}
	nameless := token(issuerB, "")
	v.accepted(t, nameless, "b:alice")
	require.NoError(t, v.mgr.RevokeToken(t.Context(), must(v.mgr.DecodeToken(t.Context(), nameless))))
	v.refusedAt(t, "/access", nameless, msgRevoked)
	again := issued(issuerB, "EdDSA", bareClaims(`"iss":"`+issuerB+`"`, `"sub":"alice"`, `"aud":"shop"`))
	v.refusedAt(t, "/access", again, msgRevoked)
	reordered := seal("EdDSA", issuerKeys()[issuerB].ed25519, headerFor("EdDSA", `"x":1`, `"kid":"`+listedID("EdDSA")+`"`), bareClaims(`"iss":"`+issuerB+`"`, `"sub":"alice"`, `"aud":"shop"`))
	v.refusedAt(t, "/access", reordered, msgRevoked)
	v.accepted(t, token(issuerB, "2"), "b:alice")
}

// The access token beside a refresh token is one of ours.
func TestThreatIssuerAccessBeside(t *testing.T) {
	t.Parallel()
	v, _ := issuersVictim(t, func(c *ginjwt.Config) {
		c.Sessions = &ginjwt.MemorySessions{}
		c.Issuers[1].AllowSharedIdentities, c.Issuers[1].IdentityPrefix = true, ""
	})
	engine := gin.New()
	engine.POST("/trade", v.mgr.RefreshHandler(ginjwt.RequireAccessToken()))
	refresh := jwttest.RefreshToken(t, v.mgr, "alice") // of before there were sessions
	access := issued(issuerB, "EdDSA", bareClaims(`"iss":"`+issuerB+`"`, `"sub":"alice"`))
	w := jwttest.Do(engine, "POST", "/trade", jwttest.Form("grant_type", "refresh_token", "refresh_token", refresh, "access_token", access))
	assert.Equal(t, 400, w.Code, w.Body)
	w = jwttest.Do(engine, "POST", "/trade", jwttest.Form("grant_type", "refresh_token", "refresh_token", jwttest.RefreshToken(t, v.mgr, "alice"), "access_token", jwttest.AccessToken(t, v.mgr, "alice")))
	assert.Equal(t, 200, w.Code, w.Body)
}

// What is told of a token names no user of ours that it is not of.
func TestThreatIssuerIntrospection(t *testing.T) {
	t.Parallel()
	v, _ := issuersVictim(t)
	engine := gin.New()
	engine.POST("/introspect", v.mgr.IntrospectionHandler(func(*gin.Context) bool { return true }))
	token := issued(issuerB, "EdDSA", bareClaims(`"iss":"`+issuerB+`"`, `"sub":"alice"`, `"username":"root"`))
	w := jwttest.Do(engine, "POST", "/introspect", jwttest.Form("token", token))
	assert.NotContains(t, w.Body.String(), `"sub":"alice"`)
	assert.NotContains(t, w.Body.String(), `"root"`)
}

// Names with blanks in them revoke nothing of others.
func TestThreatRevocationIDs(t *testing.T) {
	t.Parallel()
	config := listConfig(listedKeys(ownKeys())...)
	config.Issuers = []ginjwt.Issuer{
		{Name: "x", Keys: listedKeys(issuerKeys()[issuerA]), IdentityPrefix: "x:"},
		{Name: "x y", Keys: listedKeys(issuerKeys()[issuerB]), IdentityPrefix: "y:"},
	}
	v := newVictim(t, config)
	first := issued(issuerA, "EdDSA", bareClaims(`"iss":"x"`, `"sub":"alice"`, `"jti":"y 1"`))
	require.NoError(t, v.mgr.RevokeToken(t.Context(), must(v.mgr.DecodeToken(t.Context(), first))))
	v.refusedAt(t, "/access", first, msgRevoked)
	v.accepted(t, issued(issuerB, "EdDSA", bareClaims(`"iss":"x y"`, `"sub":"alice"`, `"jti":"1"`)), "y:alice")
	v.accepted(t, issued(ownIssuer, "EdDSA", bareClaims(`"sub":"alice"`, `"jti":"x y 1"`)), "alice")
}

// A refresh token that we cannot revoke is an invalid one (RFC 7009 §2.2).
func TestThreatIssuerRevocationHandler(t *testing.T) {
	t.Parallel()
	v, _ := issuersVictim(t)
	engine := gin.New()
	engine.POST("/revoke", v.mgr.RevocationHandler())
	token := issued(issuerB, "EdDSA", bareClaims(`"iss":"`+issuerB+`"`, `"sub":"alice"`, `"type":"refresh"`))
	assert.Equal(t, 200, jwttest.Do(engine, "POST", "/revoke", jwttest.Form("token", token)).Code)
}
