package ginjwt_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// dpopService is a service with every kind of door. change may change its settings.
func dpopService(t *testing.T, clock *jwttest.Clock, change func(*ginjwt.Config)) (*ginjwt.JWTManager, *gin.Engine) {
	t.Helper()
	config := jwttest.Config(clock)
	config.DPoP = "accepted"
	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
	if change != nil {
		change(&config)
	}
	mgr, engine := ginjwt.New(config), gin.New()
	require.NoError(t, mgr.InitApp(engine))
	engine.POST("/login", func(c *gin.Context) {
		pair, err := mgr.CreateTokenPair(c, "alice")
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.Render(http.StatusOK, pair)
	})
	engine.POST("/refresh", mgr.RefreshHandler())
	engine.POST("/logout", mgr.LogoutHandler())
	engine.POST("/revoke", mgr.RevocationHandler())
	engine.POST("/introspect", mgr.IntrospectionHandler(func(*gin.Context) bool { return true }))
	engine.POST("/introspect/cnf", mgr.IntrospectionHandler(func(*gin.Context) bool { return true }, ginjwt.CallersCheckProofs()))
	engine.POST("/ticket", mgr.TicketHandler())
	engine.GET("/live", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), whoAmI)
	engine.GET("/me", mgr.JWTRequired(), whoAmI)
	engine.POST("/me", mgr.JWTRequired(), whoAmI)
	engine.GET("/bound", mgr.JWTRequired(ginjwt.Bound()), whoAmI)
	engine.GET("/twice", mgr.JWTRequired(), mgr.JWTRequired(ginjwt.Bound()), whoAmI)
	return mgr, engine
}

func whoAmI(c *gin.Context) { c.String(http.StatusOK, ginjwt.GetJWTIdentity(c)) }

// pairOf logs in. With a key the pair is bound to it.
func pairOf(t *testing.T, h http.Handler, key *jwttest.DPoPKey) (pair ginjwt.TokenPair) {
	t.Helper()
	var opts []jwttest.RequestOption
	if key != nil {
		opts = append(opts, key.Sign(t, ""))
	}
	w := jwttest.Do(h, "POST", "/login", opts...)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &pair))
	return pair
}

func TestABoundTokenNeedsItsKeyAtEveryDoor(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"off", "accepted", "demanded"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			clock := &jwttest.Clock{}
			sessions := &ginjwt.MemorySessions{Now: clock.Now}
			_, before := dpopService(t, clock, func(c *ginjwt.Config) { c.Sessions = sessions })
			mgr, engine := dpopService(t, clock, func(c *ginjwt.Config) { c.DPoP, c.Sessions = mode, sessions })
			key, thief := jwttest.NewDPoPKey(t, clock), jwttest.NewDPoPKey(t, clock)
			pair := pairOf(t, before, key)
			assert.Equal(t, "DPoP", pair.TokenType)

			form := jwttest.Form("grant_type", "refresh_token", "refresh_token", pair.RefreshToken)
			doors := map[string]func(opts ...jwttest.RequestOption) *httptest.ResponseRecorder{
				"route": func(opts ...jwttest.RequestOption) *httptest.ResponseRecorder {
					return jwttest.Do(engine, "GET", "/me", opts...)
				},
				"bound route": func(opts ...jwttest.RequestOption) *httptest.ResponseRecorder {
					return jwttest.Do(engine, "GET", "/bound", opts...)
				},
				"ticket": func(opts ...jwttest.RequestOption) *httptest.ResponseRecorder {
					return jwttest.Do(engine, "POST", "/ticket", append(opts, jwttest.JSON(`{"url": "/live"}`))...)
				},
				"refresh by form": func(opts ...jwttest.RequestOption) *httptest.ResponseRecorder {
					return jwttest.Do(engine, "POST", "/refresh", append(opts, form)...)
				},
				"refresh by JSON": func(opts ...jwttest.RequestOption) *httptest.ResponseRecorder {
					return jwttest.Do(engine, "POST", "/refresh", append(opts, jwttest.JSON(`{"refresh_token": "`+pair.RefreshToken+`"}`))...)
				},
				"logout": func(opts ...jwttest.RequestOption) *httptest.ResponseRecorder {
					return jwttest.Do(engine, "POST", "/logout", opts...)
				},
			}
			for name, door := range doors {
				assert.Contains(t, []int{400, 401}, door(jwttest.Bearer(pair.AccessToken)).Code, "%s: as Bearer", name)
				assert.Contains(t, []int{400, 401}, door(jwttest.Header("Authorization", "DPoP "+pair.AccessToken)).Code, "%s: without a proof", name)
				assert.Contains(t, []int{400, 401}, door(thief.Sign(t, pair.AccessToken)).Code, "%s: with another key", name)
				w := door(key.Sign(t, pair.AccessToken), jwttest.Bearer(pair.AccessToken))
				if name != "refresh by form" && name != "refresh by JSON" { // which do not read the header
					assert.Equal(t, 401, w.Code, "%s: as Bearer with a proof", name)
				}
			}
			for _, token := range []string{pair.AccessToken, pair.RefreshToken} {
				_, err := mgr.VerifyToken(t.Context(), token, ginjwt.AnyType())
				require.ErrorIs(t, err, ginjwt.ErrDPoPProof)
				w := jwttest.Do(engine, "POST", "/introspect", jwttest.Form("token", token))
				assert.JSONEq(t, `{"active": false}`, w.Body.String())
				w = jwttest.Do(engine, "POST", "/revoke", jwttest.Form("token", token))
				assert.Equal(t, 400, w.Code)
				w = jwttest.Do(engine, "POST", "/logout", jwttest.JSON(`{"refresh_token": "`+pair.RefreshToken+`"}`))
				assert.Equal(t, 401, w.Code)
			}
			for _, name := range []string{"route", "bound route", "ticket", "refresh by form", "refresh by JSON", "logout"} {
				w := doors[name](key.Sign(t, pair.AccessToken))
				assert.Contains(t, []int{200, 204}, w.Code, "%s: with the proof: %s", name, w.Body)
			}
			assert.Equal(t, 401, doors["route"](key.Sign(t, pair.AccessToken)).Code, "it has logged out")
		})
	}
}

func TestARotationKeepsTheKey(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	_, engine := dpopService(t, clock, nil)
	key := jwttest.NewDPoPKey(t, clock)
	pair := pairOf(t, engine, key)
	for range 3 {
		clock.Advance(20 * time.Minute)
		w := jwttest.Do(engine, "POST", "/refresh", key.Sign(t, ""), jwttest.Form("grant_type", "refresh_token", "refresh_token", pair.RefreshToken))
		require.Equal(t, 200, w.Code, w.Body)
		old := pair
		pair = ginjwt.TokenPair{}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &pair))
		assert.Equal(t, "DPoP", pair.TokenType)
		assert.NotEqual(t, old.RefreshToken, pair.RefreshToken)
		assert.Equal(t, 401, jwttest.Do(engine, "GET", "/me", jwttest.Bearer(pair.AccessToken)).Code)
		assert.Equal(t, 200, jwttest.Do(engine, "GET", "/me", key.Sign(t, pair.AccessToken)).Code)
	}
}

func TestAProofIsGoodOnce(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	once := &ginjwt.MemoryOnce{Now: clock.Now}
	shared := func(c *ginjwt.Config) { c.Once = once }
	_, one := dpopService(t, clock, shared)
	_, two := dpopService(t, clock, shared)
	key := jwttest.NewDPoPKey(t, clock)
	pair := pairOf(t, one, key)
	for _, path := range []string{"/me", "/bound", "/twice"} {
		again := sentTwice(t, key, path, pair.AccessToken)
		require.Equal(t, 200, jwttest.Do(one, "GET", path, again).Code, path)
		w := jwttest.Do(one, "GET", path, again)
		assert.Equal(t, 401, w.Code, path)
		assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="dpop_proof_replayed"`)
		if path != "/me" {
			assert.Equal(t, 401, jwttest.Do(two, "GET", path, again).Code, "%s on another process", path)
		}
	}
}

// VerifyToken uses a proof up, as a route does.
func TestVerifyTokenUsesAProofUp(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	mgr, _ := dpopService(t, clock, nil)
	key := jwttest.NewDPoPKey(t, clock)
	token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	const url = "https://api.example.com/live"
	proof := ginjwt.WithProof(key.Proof(t, "GET", url, token), "GET", url)
	_, err := mgr.VerifyToken(t.Context(), token, proof)
	require.NoError(t, err)
	_, err = mgr.VerifyToken(t.Context(), token, proof)
	require.ErrorIs(t, err, ginjwt.ErrDPoPProof)
	var refused *ginjwt.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "dpop_proof_replayed", refused.Reason)
}

// Behind a proxy, the log says which setting is missing. The client cannot do anything about it.
func TestTheLogNamesDPoPOrigins(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	mgr, _ := dpopService(t, clock, nil)
	key := jwttest.NewDPoPKey(t, clock)
	token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	proof := ginjwt.WithProof(key.Proof(t, "GET", "https://api.example.com/me", token), "GET", "http://10.0.0.1/me")
	_, err := mgr.VerifyToken(t.Context(), token, proof)
	require.ErrorContains(t, err, "JWT_DPOP_ORIGINS")
	var refused *ginjwt.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, `The DPoP proof is for another URL ("htu")`, refused.Message)
}
