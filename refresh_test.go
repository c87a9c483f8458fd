package ginjwt_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// Until the refresh token is traded, the answer contains the same refresh token, and
// nothing is stored.
func TestRefreshHandlerAnswersTheTokenThatWasSent(t *testing.T) {
	t.Parallel()
	for _, from := range carriers {
		if from.name == "cookie" {
			continue
		}
		t.Run(from.name, func(t *testing.T) {
			t.Parallel()
			a := newHandlersApp(t)
			a.sessions.replace = func() { assert.Fail(t, "nothing is stored") }
			for range 5 {
				w := jwttest.Do(a.engine, "POST", "/refresh", from.put(t, a.pair.RefreshToken)...)
				require.Equal(t, 200, w.Code)
				var pair ginjwt.TokenPair
				require.NoError(t, json.Unmarshal(w.Body.Bytes(), &pair))
				assert.Equal(t, a.pair.RefreshToken, pair.RefreshToken)
				assert.Equal(t, "alice", jwttest.Do(a.engine, "GET", "/me", jwttest.Bearer(pair.AccessToken)).Body.String())
				assert.Empty(t, w.Header().Values("Set-Cookie"))
				a.clock.Advance(20 * time.Second)
			}
			a.sessions.replace = nil
			a.clock.Advance(20 * time.Second)
			w := jwttest.Do(a.engine, "POST", "/refresh", from.put(t, a.pair.RefreshToken)...)
			assert.Equal(t, 200, w.Code)
			assert.NotContains(t, w.Body.String(), a.pair.RefreshToken)
		})
	}
}

// With the default settings, a refresh token can be in a JSON body, even beside an
// Authorization header with the access token, which clients add to every request.
func TestRefreshHandlerReadsJSONByDefault(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		opts   func(refresh, access string) []jwttest.RequestOption
		status int
		body   string // of a refusal
	}{
		{"alone", func(refresh, _ string) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.JSON(`{"refresh_token":"` + refresh + `"}`)}
		}, 200, ""},
		{"with parameters", func(refresh, _ string) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.JSON(`{"a":1,"refresh_token":"` + refresh + `"}`), jwttest.Header("Content-Type", "Application/JSON; charset=utf-8")}
		}, 200, ""},
		{"beside the access token", func(refresh, access string) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.JSON(`{"refresh_token":"` + refresh + `"}`), jwttest.Bearer(access)}
		}, 200, ""},
		{"beside nonsense in the header", func(refresh, _ string) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.JSON(`{"refresh_token":"` + refresh + `"}`), jwttest.Header("Authorization", "Bearer")}
		}, 200, ""},
		{"in the header, beside JSON without one", func(refresh, _ string) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.JSON(`{}`), jwttest.Bearer(refresh)}
		}, 200, ""},
		{"in the header, without a body", func(refresh, _ string) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.Bearer(refresh)}
		}, 200, ""},
		{"the access token alone", func(_, access string) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.JSON(`{}`), jwttest.Bearer(access)}
		}, 401, `{"msg":"Token has expired"}`},
		{"text that looks like JSON", func(refresh, _ string) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.JSON(`{"refresh_token":"` + refresh + `"}`), jwttest.Header("Content-Type", "text/plain")}
		}, 401, `{"msg":"Missing Authorization Header"}`},
		{"nothing", func(_, _ string) []jwttest.RequestOption { return nil }, 401, `{"msg":"Missing Authorization Header"}`},
		{"an access token in its place", func(_, access string) []jwttest.RequestOption {
			return []jwttest.RequestOption{jwttest.JSON(`{"refresh_token":"` + access + `"}`)}
		}, 401, `{"msg":"Token has expired"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config, clock := sessionsConfig()
			mgr, engine := newManager(t, config)
			engine.POST("/refresh", mgr.RefreshHandler())
			pair := newPair(t, mgr)
			clock.Advance(time.Hour) // the access token has expired
			w := jwttest.Do(engine, "POST", "/refresh", test.opts(pair.RefreshToken, pair.AccessToken)...)
			assert.Equal(t, test.status, w.Code)
			if test.status != 200 {
				assert.Equal(t, test.body+"\n", w.Body.String())
				return
			}
			var next ginjwt.TokenPair
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &next))
			accepted(t, mgr, next.AccessToken)
			assert.Equal(t, int64(2), generationIn(t, next.RefreshToken))
		})
	}
}

// RefreshJSONKey renames the member, and RefreshFrom excludes bodies.
func TestWhereRefreshHandlerReadsJSON(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	config.RefreshJSONKey = "renewal"
	mgr, engine := newManager(t, config)
	engine.POST("/refresh", mgr.RefreshHandler())
	engine.POST("/headers", mgr.RefreshHandler(ginjwt.RefreshFrom(ginjwt.InHeaders)))
	refresh := newPair(t, mgr).RefreshToken
	named, usual := jwttest.JSON(`{"renewal":"`+refresh+`"}`), jwttest.JSON(`{"refresh_token":"`+refresh+`"}`)
	assert.Equal(t, 200, jwttest.Do(engine, "POST", "/refresh", named).Code)
	assert.Equal(t, 401, jwttest.Do(engine, "POST", "/refresh", usual).Code)
	assert.Equal(t, 401, jwttest.Do(engine, "POST", "/headers", named).Code)
}

// RequireAccessToken accepts an access token of the session, even an expired one. It refuses
// a revoked token, and a token that is older than the generation before the refresh token.
func TestHowOldTheAccessTokenBesideMayBe(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		access func(t *testing.T, a *handlersApp, of []ginjwt.TokenPair) string
		sent   int // generation of the refresh token
		status int
		body   string
	}{
		{"of the same generation", func(_ *testing.T, _ *handlersApp, of []ginjwt.TokenPair) string { return of[3].AccessToken }, 3, 200, ""},
		{"of the generation before", func(_ *testing.T, _ *handlersApp, of []ginjwt.TokenPair) string { return of[2].AccessToken }, 3, 200, ""},
		{"two generations before", func(_ *testing.T, _ *handlersApp, of []ginjwt.TokenPair) string { return of[1].AccessToken }, 3, 422,
			"The access token is older than the refresh token's"},
		{"newer, beside a repeated refresh token", func(_ *testing.T, _ *handlersApp, of []ginjwt.TokenPair) string { return of[3].AccessToken }, 2, 200, ""},
		{"the one before, beside a repeated refresh token", func(_ *testing.T, _ *handlersApp, of []ginjwt.TokenPair) string { return of[1].AccessToken }, 2, 200, ""},
		{"expired", func(_ *testing.T, a *handlersApp, of []ginjwt.TokenPair) string {
			a.clock.Advance(24 * time.Hour)
			return of[3].AccessToken
		}, 3, 200, ""},
		{"expired, of the generation before", func(_ *testing.T, a *handlersApp, of []ginjwt.TokenPair) string {
			a.clock.Advance(24 * time.Hour)
			return of[2].AccessToken
		}, 3, 200, ""},
		{"expired, two generations before", func(_ *testing.T, a *handlersApp, of []ginjwt.TokenPair) string {
			a.clock.Advance(24 * time.Hour)
			return of[1].AccessToken
		}, 3, 422, "The access token is older than the refresh token's"},
		{"revoked", func(t *testing.T, a *handlersApp, of []ginjwt.TokenPair) string {
			t.Helper()
			token, err := a.mgr.DecodeToken(t.Context(), of[3].AccessToken)
			require.NoError(t, err)
			require.NoError(t, a.mgr.RevokeToken(t.Context(), token))
			return of[3].AccessToken
		}, 3, 401, "Token has been revoked"},
		{"from before access tokens told their generation, as old as the refresh token", func(t *testing.T, a *handlersApp, of []ginjwt.TokenPair) string {
			t.Helper()
			return withoutGeneration(t, of[3].AccessToken)
		}, 3, 200, ""},
		{"from before access tokens told their generation, older", func(t *testing.T, a *handlersApp, of []ginjwt.TokenPair) string {
			t.Helper()
			return withoutGeneration(t, of[2].AccessToken)
		}, 3, 422, "The access token is older than the refresh token's"},
	} {
		for _, at := range besides {
			t.Run(test.name+", in a "+at.name, func(t *testing.T) {
				t.Parallel()
				a := newHandlersApp(t)
				of := []ginjwt.TokenPair{1: a.pair}
				for range 2 {
					a.clock.Advance(tradable)
					of = append(of, a.rotate(t, of[len(of)-1].RefreshToken))
				}
				opts := at.put(t, of[test.sent].RefreshToken, test.access(t, a, of))
				w := jwttest.Do(a.engine, "POST", "/refresh/both", opts...)
				status, body := test.status, `{"msg":"`+test.body+`"}`+"\n"
				if status != 200 && (strings.Contains(at.name, "refresh token in a form") || at.name == "form, both") {
					status, body = 400, oauthBody("invalid_grant", badGrant)
				}
				assert.Equal(t, status, w.Code)
				if status != 200 {
					assert.Equal(t, body, w.Body.String())
					assert.Equal(t, int64(3), a.generation(t, a.pair.SessionID), "nothing is traded")
				}
			})
		}
	}
}

func withoutGeneration(t *testing.T, encoded string) string {
	t.Helper()
	claims := claimsIn(t, encoded)
	delete(claims, "gen")
	return signedWith(t, appSecret(), claims)
}

// A token that another manager verified is not traded, even with the same keys, because
// the other manager made other checks.
func TestRotateTokensOfAnotherManager(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	mgr, _ := newManager(t, config)
	other, _ := newManager(t, config)
	pair := newPair(t, mgr)
	clock.Advance(tradable)
	token, err := other.DecodeToken(t.Context(), pair.RefreshToken)
	require.NoError(t, err)
	got, err := mgr.RotateTokens(t.Context(), token)
	require.ErrorIs(t, err, ginjwt.ErrCallback)
	require.ErrorContains(t, err, "ginjwt: the token was verified by another manager")
	require.Zero(t, got)
	sessions, err := mgr.Sessions(t.Context(), "alice")
	require.NoError(t, err)
	require.Len(t, sessions, 1)
	assert.Equal(t, int64(1), sessions[0].Generation)
	mustRotate(t, mgr, pair.RefreshToken)

	engine := gin.New()
	engine.POST("/", func(c *gin.Context) {
		_, err := mgr.RotateTokens(c, token)
		mgr.Refuse(c, err)
	})
	assert.Equal(t, http.StatusInternalServerError, jwttest.Do(engine, "POST", "/").Code)
}
