package threats_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// dpopModes tests an application for each value of DPoP, whose users have logged in when it was
// "accepted".
func dpopModes(t *testing.T, test func(t *testing.T, mode string, a *dpopApp, bound, unbound ginjwt.TokenPair), settings ...func(*ginjwt.Config)) {
	t.Helper()
	for _, mode := range []string{"off", "accepted", "demanded"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			sessions := &ginjwt.MemorySessions{}
			with := func(mode string) func(*ginjwt.Config) {
				return func(c *ginjwt.Config) {
					c.DPoP, c.Sessions = mode, sessions
					for _, set := range settings {
						set(c)
					}
				}
			}
			before, a := newDPoPApp(t, with("accepted")), newDPoPApp(t, with(mode))
			a.key = before.key
			test(t, mode, a, before.login(t, a.key), before.login(t, nil))
		})
	}
}

// thieves are what somebody with a copy of a token can send without its key.
func (a *dpopApp) thieves(t *testing.T, token string) map[string]jwttest.RequestOption {
	t.Helper()
	foreign := jwttest.NewDPoPKey(t, a.clock)
	line := func(lines ...string) jwttest.RequestOption {
		return func(r *http.Request) { r.Header["Authorization"] = lines }
	}
	signed := func(opt jwttest.RequestOption) jwttest.RequestOption {
		return func(r *http.Request) {
			foreign.Sign(t, token)(r)
			r.Header.Del("Authorization")
			opt(r)
		}
	}
	query := func(r *http.Request) {
		r.URL.RawQuery = url.Values{"jwt": {token}}.Encode()
		r.RequestURI = r.URL.RequestURI()
	}
	cookie := jwttest.Header("Cookie", "access_token_cookie="+token+"; refresh_token_cookie="+token)
	return map[string]jwttest.RequestOption{
		"Bearer": line("Bearer " + token), "bearer": line("bearer  " + token), "DPoP": line("DPoP " + token), "dpop": line("dpop " + token),
		"none": line(token), "none, Basic": line("Basic " + token),
		"both schemes": line("Bearer " + token + ", DPoP " + token), "both schemes, DPoP first": line("DPoP " + token + ", Bearer " + token),
		"two lines": line("Bearer "+token, "DPoP "+token), "a list": line("Bearer , DPoP " + token), "DPoP with parameters": line(`DPoP realm="x", Bearer ` + token),
		"DPoP twice": line("DPoP "+token, "DPoP "+token), "Bearer and a proof": signed(line("Bearer " + token)), "DPoP and a proof": signed(line("DPoP " + token)),
		"cookie": cookie, "cookie and a proof": signed(cookie), "query": query, "query and a proof": signed(query),
		"cookie and an empty proof": func(r *http.Request) { cookie(r); r.Header.Set("DPoP", "") },
		"two proofs": func(r *http.Request) {
			foreign.Sign(t, token)(r)
			r.Header.Add("DPoP", r.Header.Get("DPoP"))
		},
	}
}

// Whatever a thief sends, whatever the setting is: nothing opens, and nothing ends the session.
func TestAttackDPoPStolenTokens(t *testing.T) {
	t.Parallel()
	dpopModes(t, func(t *testing.T, mode string, a *dpopApp, bound, _ ginjwt.TokenPair) {
		a.engine.Any("/cookie", a.mgr.JWTRequired(ginjwt.Locations(ginjwt.InCookies)), attackHandler)
		a.engine.Any("/scoped", a.mgr.JWTRequired(), a.mgr.JWTRequired(ginjwt.Bound()), attackHandler)
		for _, token := range []string{bound.AccessToken, bound.RefreshToken} {
			for how, opt := range a.thieves(t, token) {
				for _, path := range []string{"/private", "/optional", "/fresh", "/any", "/unchecked", "/refresh", "/bound", "/net", "/cookie", "/scoped"} {
					for _, method := range []string{"GET", "POST", "OPTIONS"} {
						w := jwttest.Do(a.engine, method, path, opt)
						if path == "/optional" && w.Code == http.StatusOK { // the header has no token for this application
							assert.True(t, strings.HasPrefix(how, "none") || mode == "off" && strings.HasPrefix(strings.ToLower(how), "dpop"), "T387 %s", how)
							assert.JSONEq(t, `{"identity":null}`, w.Body.String())
							continue
						}
						assert.Contains(t, []int{400, 401, 422}, w.Code, "T387 %s %s %s: %s", how, method, path, w.Body)
						assert.Empty(t, w.Header().Get("X-Ran"), "T387 %s %s %s", how, method, path)
					}
				}
				for _, path := range []string{"/access", "/again", "/tokens", "/both", "/logout", "/ticket"} {
					w := jwttest.Do(a.engine, "POST", path, opt)
					if path == "/logout" && (strings.HasPrefix(how, "none") || strings.HasPrefix(how, "query")) { // it does not look there
						continue
					}
					assert.Contains(t, []int{400, 401, 422}, w.Code, "T388 %s %s: %s", how, path, w.Body)
					assert.NotContains(t, w.Body.String(), `"access_token":`)
				}
			}
			foreign := jwttest.NewDPoPKey(t, a.clock)
			for path, bodies := range map[string][]jwttest.RequestOption{
				"/tokens":     {jwttest.Form("grant_type", "refresh_token", "refresh_token", token), jwttest.JSON(`{"refresh_token":"` + token + `"}`)},
				"/both":       {jwttest.Form("grant_type", "refresh_token", "refresh_token", token, "access_token", bound.AccessToken)},
				"/revoke":     {jwttest.Form("token", token)},
				"/logout":     {jwttest.Form("refresh_token", token), jwttest.Form("access_token", token), jwttest.JSON(`{"access_token":"` + token + `"}`), jwttest.JSON(`{"refresh_token":"` + token + `"}`)},
				"/private":    {jwttest.JSON(`{"access_token":"` + token + `"}`)},
				"/bound":      {jwttest.JSON(`{"access_token":"` + token + `"}`)},
				"/refresh":    {jwttest.JSON(`{"refresh_token":"` + token + `"}`)},
				"/introspect": {jwttest.Form("token", token)},
			} {
				for _, body := range bodies {
					for _, proof := range []jwttest.RequestOption{func(*http.Request) {}, foreign.Sign(t, ""), func(r *http.Request) { foreign.Sign(t, token)(r); r.Header.Del("Authorization") }} {
						w := jwttest.Do(a.engine, "POST", path, body, proof)
						if path == "/introspect" {
							assert.JSONEq(t, `{"active":false}`, w.Body.String())
							continue
						}
						assert.Contains(t, []int{400, 401, 422}, w.Code, "T388 %s: %s", path, w.Body)
					}
				}
			}
		}
		a.passes(t, "GET", "/private", a.key.Sign(t, bound.AccessToken))
		a.passes(t, "POST", "/tokens", a.key.Sign(t, ""), jwttest.JSON(`{"refresh_token":"`+bound.RefreshToken+`"}`))
	})
}

// The owner of the key may show its token anywhere but as Bearer.
func TestDPoPOwnerAtEveryDoor(t *testing.T) {
	t.Parallel()
	dpopModes(t, func(t *testing.T, mode string, a *dpopApp, bound, unbound ginjwt.TokenPair) {
		proof := func(token string) jwttest.RequestOption {
			return func(r *http.Request) {
				a.key.Sign(t, token)(r)
				r.Header.Del("Authorization")
			}
		}
		access, refresh := bound.AccessToken, bound.RefreshToken
		for _, path := range []string{"/private", "/optional", "/any", "/unchecked", "/bound", "/net"} {
			a.passes(t, "GET", path, a.key.Sign(t, access))
			a.passes(t, "GET", path, proof(access), jwttest.Header("Cookie", "access_token_cookie="+access))
			a.passes(t, "GET", path+"?jwt="+access, proof(access))
			a.passes(t, "POST", path, proof(access), jwttest.JSON(`{"access_token":"`+access+`"}`))
			a.refuses(t, "key_scheme", "GET", path, proof(access), jwttest.Bearer(access))
			a.refuses(t, "key_scheme", "GET", path, proof(access), jwttest.Header("Authorization", "bearer  "+access))
			a.refuses(t, "multiple_tokens", "GET", path, proof(access), jwttest.Header("Authorization", "Bearer x, DPoP "+access))
			w := jwttest.Do(a.engine, "GET", path, jwttest.Header("Authorization", "DPoP "+unbound.AccessToken))
			assert.True(t, w.Code == 401 || mode == "off" && path == "/optional" && strings.Contains(w.Body.String(), "null"), "an unbound token as DPoP")
			w = jwttest.Do(a.engine, "GET", path, a.key.Sign(t, unbound.AccessToken))
			assert.Equal(t, 401, w.Code, "an unbound token as DPoP with a proof")
			w = jwttest.Do(a.engine, "GET", path, proof(unbound.AccessToken), jwttest.Bearer(unbound.AccessToken))
			assert.Equal(t, mode != "demanded" && path != "/bound", w.Code == 200, "an unbound token as Bearer with a proof: %s", path)
		}
		for name, opt := range map[string]jwttest.RequestOption{
			"header": a.key.Sign(t, refresh), "cookie": jwttest.Header("Cookie", "refresh_token_cookie="+refresh),
			"JSON": jwttest.JSON(`{"refresh_token":"` + refresh + `"}`), "form": jwttest.Form("grant_type", "refresh_token", "refresh_token", refresh),
		} {
			missing := "dpop_proof_missing"
			if mode == "off" && name == "header" { // the scheme means nothing there
				missing = "token_missing"
			}
			a.refuses(t, missing, "POST", "/tokens", opt, func(r *http.Request) { r.Header.Del("DPoP") })
			w := a.passes(t, "POST", "/tokens", proof(""), opt)
			if name == "cookie" {
				continue
			}
			var pair ginjwt.TokenPair
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &pair))
			assert.Equal(t, "DPoP", pair.TokenType, name)
			for _, token := range []string{pair.AccessToken, pair.RefreshToken} {
				assert.Equal(t, a.key.Thumbprint(t), must(a.mgr.DecodeToken(t.Context(), token)).KeyThumbprint(), name)
			}
		}
		// A refresh token that is bound to a key, beside an access token that is not.
		form := jwttest.Form("grant_type", "refresh_token", "refresh_token", refresh, "access_token", unbound.AccessToken)
		assert.Equal(t, 400, jwttest.Do(a.engine, "POST", "/both", proof(""), form).Code)
	})
}

// All tokens that a request with a bound token can get have its key, by whatever way.
func TestAttackDPoPLaundering(t *testing.T) {
	t.Parallel()
	dpopModes(t, func(t *testing.T, mode string, a *dpopApp, bound, _ ginjwt.TokenPair) {
		m, thumbprint := a.mgr, a.key.Thumbprint(t)
		thief := jwttest.NewDPoPKey(t, a.clock)
		var contexts []context.Context
		a.engine.GET("/mint", m.JWTRequired(ginjwt.Locations(ginjwt.InHeaders, ginjwt.InTicket)), func(c *gin.Context) {
			token, _ := ginjwt.GetToken(c)
			contexts = []context.Context{c, c.Request.Context(), c.Copy(), context.WithoutCancel(c), context.WithoutCancel(c.Request.Context()),
				ginjwt.NewContext(c, token, nil), ginjwt.NewContext(t.Context(), token, nil)}
			for i, ctx := range contexts {
				var tokens []string
				pair, err := m.CreateTokenPair(ctx, "alice")
				if assert.NoError(t, err, "%d", i) {
					assert.Equal(t, "DPoP", pair.TokenType, "%d", i)
					tokens = append(tokens, pair.AccessToken, pair.RefreshToken)
				}
				tokens = append(tokens, must(m.CreateAccessToken(ctx, "bob")), must(m.CreateRefreshToken(ctx, "alice")))
				for _, token := range tokens {
					assert.Equal(t, thumbprint, must(m.DecodeToken(c, token)).KeyThumbprint(), "T389 context %d", i)
				}
			}
		})
		a.passes(t, "GET", "/mint", a.key.Sign(t, bound.AccessToken))
		assert.Len(t, contexts, 7)

		// With a ticket, and with a proof of another key beside it.
		ticket := func() string {
			w := a.passes(t, "POST", "/ticket", a.key.Sign(t, bound.AccessToken), jwttest.JSON(`{"url":"/mint"}`))
			var answer struct{ Ticket string }
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
			return answer.Ticket
		}
		contexts = nil
		a.passes(t, "GET", "/mint?ticket="+ticket())
		assert.Len(t, contexts, 7)
		contexts = nil
		a.passes(t, "GET", "/mint?ticket="+ticket(), thief.Sign(t, ""))
		assert.Len(t, contexts, 7)
		used := ticket()
		a.passes(t, "GET", "/mint?ticket="+used)
		assert.Equal(t, 401, jwttest.Do(a.engine, "GET", "/mint?ticket="+used).Code)

		// A refresh token without a session stays bound when it becomes one.
		alone, err := m.CreateRefreshToken(t.Context(), "alice", ginjwt.WithKeyThumbprint(thumbprint))
		require.NoError(t, err)
		body := jwttest.JSON(`{"refresh_token":"` + alone + `"}`)
		a.refuses(t, "dpop_proof_missing", "POST", "/tokens", body)
		a.refuses(t, "key_mismatch", "POST", "/tokens", body, thief.Sign(t, ""))
		var pair ginjwt.TokenPair
		require.NoError(t, json.Unmarshal(a.passes(t, "POST", "/tokens", body, a.key.Sign(t, "")).Body.Bytes(), &pair))
		assert.Equal(t, thumbprint, must(m.DecodeToken(t.Context(), pair.AccessToken)).KeyThumbprint())
		assert.Equal(t, thumbprint, must(m.DecodeToken(t.Context(), pair.RefreshToken)).KeyThumbprint())

		// A rotation by hand needs the proof too, and cannot change the key.
		token, err := m.DecodeToken(t.Context(), pair.RefreshToken)
		require.NoError(t, err)
		_, err = m.RotateTokens(t.Context(), token)
		require.ErrorIs(t, err, ginjwt.ErrDPoPProof)
		_, err = m.RotateTokens(t.Context(), token, ginjwt.WithKeyThumbprint(thief.Thumbprint(t)))
		require.Error(t, err)
		_, err = m.RotateTokens(ginjwt.NewContext(t.Context(), token, nil), token)
		require.ErrorIs(t, err, ginjwt.ErrDPoPProof)

		// Nobody writes "cnf" by hand.
		for _, opt := range []ginjwt.TokenOption{
			ginjwt.WithClaims(ginjwt.Claims{"cnf": nil}), ginjwt.WithClaims(ginjwt.Claims{"cnf": map[string]any{"jkt": thief.Thumbprint(t)}}),
			ginjwt.WithKeyThumbprint(""), ginjwt.WithKeyThumbprint("x"), ginjwt.WithKeyThumbprint(strings.Repeat("A", 42) + "B"), ginjwt.WithKeyThumbprint(thumbprint + "="),
		} {
			_, err := m.CreateAccessToken(t.Context(), "alice", opt)
			require.Error(t, err)
			_, err = m.CreateTokenPair(t.Context(), "alice", opt)
			require.Error(t, err)
		}
		if mode == "demanded" {
			_, err := m.CreateTokenPair(t.Context(), "alice")
			require.Error(t, err)
			require.False(t, errors.As(err, new(*ginjwt.Error)), "it is no refusal of the client")
			a.refuses(t, "dpop_proof_missing", "POST", "/login")
		}
	}, func(c *ginjwt.Config) { c.TokenLocation = append(c.TokenLocation, ginjwt.InTicket) })
}

// The renewed token of a sliding session has the key of the session.
func TestAttackDPoPRenewal(t *testing.T) {
	t.Parallel()
	dpopModes(t, func(t *testing.T, mode string, a *dpopApp, bound, unbound ginjwt.TokenPair) {
		a.engine.GET("/sliding", a.mgr.ImplicitRefresh(10*time.Minute), a.mgr.JWTRequired(), attackHandler)
		a.clock.Advance(10 * time.Minute)
		a.key.Now = a.clock.Now
		w := a.passes(t, "GET", "/sliding", a.key.Sign(t, bound.AccessToken))
		renewed := w.Header().Get("X-Renewed")
		require.NotEmpty(t, renewed)
		assert.Equal(t, a.key.Thumbprint(t), must(a.mgr.DecodeToken(t.Context(), renewed)).KeyThumbprint())
		a.refuses(t, "key_scheme", "GET", "/sliding", jwttest.Bearer(renewed))
		w = jwttest.Do(a.engine, "GET", "/sliding", jwttest.Bearer(unbound.AccessToken))
		assert.Equal(t, mode != "demanded", w.Header().Get("X-Renewed") != "", "%d: %s", w.Code, w.Body)
	}, func(c *ginjwt.Config) { c.RenewedTokenHeader, c.RefreshTokenExpires = "X-Renewed", time.Hour })
}

// The manager signs with its own key what no method of it makes: only "jkt" alone is a key.
func TestAttackDPoPConfirmations(t *testing.T) {
	t.Parallel()
	dpopModes(t, func(t *testing.T, mode string, a *dpopApp, _, _ ginjwt.TokenPair) {
		jkt := a.key.Thumbprint(t)
		for name, cnf := range map[string]string{
			"null": `null`, "true": `true`, "text": `"` + jkt + `"`, "list": `["` + jkt + `"]`, "empty": `{}`, "certificate": `{"x5t#S256":"` + jkt + `"}`,
			"both": `{"jkt":"` + jkt + `","x5t#S256":"` + jkt + `"}`, "both, certificate first": `{"x5t#S256":"` + jkt + `","jkt":"` + jkt + `"}`,
			"key": `{"jwk":{"kty":"EC"}}`, "key ID": `{"kid":"1"}`, "with a key ID": `{"jkt":"` + jkt + `","kid":"1"}`, "JKT": `{"JKT":"` + jkt + `"}`,
			"no text": `{"jkt":1}`, "null inside": `{"jkt":null}`, "nothing inside": `{"jkt":""}`, "cut": `{"jkt":"` + jkt[:42] + `"}`, "padded": `{"jkt":"` + jkt + `="}`,
			"other base64": `{"jkt":"` + strings.Repeat("+", 42) + `A"}`, "spare bits": `{"jkt":"` + withSpareBits("."+jkt, 1)[1:] + `"}`, "jkt in a list": `{"jkt":["` + jkt + `"]}`,
		} {
			for _, typ := range []string{"access", "refresh"} {
				token := a.token("type", `"`+typ+`"`, "cnf", cnf)
				for _, door := range []string{"/private", "/optional", "/any", "/unchecked", "/bound", "/refresh", "/net"} {
					for _, opt := range []jwttest.RequestOption{
						jwttest.Bearer(token), jwttest.Header("Authorization", "DPoP "+token), a.key.Sign(t, token), jwttest.Header("Cookie", "access_token_cookie="+token),
					} {
						w := jwttest.Do(a.engine, "GET", door, opt)
						if mode == "off" && door == "/optional" && w.Code == http.StatusOK { // the scheme DPoP means nothing here
							assert.JSONEq(t, `{"identity":null}`, w.Body.String(), "T390 %s %s", name, typ)
							continue
						}
						assert.Contains(t, []int{401, 422}, w.Code, "T390 %s %s %s", name, typ, door)
						assert.Empty(t, w.Header().Get("X-Ran"), "T390 %s %s %s", name, typ, door)
					}
				}
				form := jwttest.Form("grant_type", "refresh_token", "refresh_token", token)
				assert.Equal(t, 400, jwttest.Do(a.engine, "POST", "/tokens", form, a.key.Sign(t, "")).Code, "T390 %s", name)
				assert.Equal(t, 400, jwttest.Do(a.engine, "POST", "/revoke", jwttest.Form("token", token), a.key.Sign(t, "")).Code, "T390 %s", name)
				assert.Equal(t, 401, jwttest.Do(a.engine, "POST", "/logout", jwttest.Form(typ+"_token", token), a.key.Sign(t, "")).Code, "T390 %s", name)
				assert.JSONEq(t, `{"active":false}`, jwttest.Do(a.engine, "POST", "/introspect", jwttest.Form("token", token), a.key.Sign(t, "")).Body.String())
				_, err := a.mgr.VerifyToken(t.Context(), token, ginjwt.AnyType())
				require.ErrorIs(t, err, ginjwt.ErrKeyBinding, name)
			}
		}
	})
}
