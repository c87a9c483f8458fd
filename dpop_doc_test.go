package ginjwt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// doorsOfDPoP has a service with each value of Config.DPoP, and tokens of a login without a key
// and of a login with one.
type doorsOfDPoP struct {
	engine      http.Handler
	key, thief  *jwttest.DPoPKey
	free, bound ginjwt.TokenPair
}

func newDoorsOfDPoP(t *testing.T, mode string) *doorsOfDPoP {
	t.Helper()
	clock := &jwttest.Clock{}
	sessions := &ginjwt.MemorySessions{Now: clock.Now}
	_, logins := dpopService(t, clock, func(c *ginjwt.Config) { c.Sessions = sessions })
	_, engine := dpopService(t, clock, func(c *ginjwt.Config) { c.DPoP, c.Sessions = mode, sessions })
	d := &doorsOfDPoP{engine: engine, key: jwttest.NewDPoPKey(t, clock), thief: jwttest.NewDPoPKey(t, clock)}
	d.free, d.bound = pairOf(t, logins, nil), pairOf(t, logins, d.key)
	return d
}

// send returns the status, and what is after it in the table.
func (d *doorsOfDPoP) send(method, path string, opts ...jwttest.RequestOption) string {
	return d.said(jwttest.Do(d.engine, method, path, opts...))
}

func (d *doorsOfDPoP) said(w *httptest.ResponseRecorder) string {
	var body map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &body)
	said := strconv.Itoa(w.Code)
	if active, ok := body["active"].(bool); ok {
		return fmt.Sprintf("%s, active: %t", said, active)
	}
	if typ, ok := body["token_type"].(string); ok {
		return said + ", `" + typ + "`"
	}
	if reason := regexp.MustCompile(`reason="(\w+)"`).FindStringSubmatch(w.Header().Get("WWW-Authenticate")); reason != nil {
		return said + ", `" + reason[1] + "`"
	}
	return said
}

func (d *doorsOfDPoP) form(pair ginjwt.TokenPair) jwttest.RequestOption {
	return jwttest.Form("grant_type", "refresh_token", "refresh_token", pair.RefreshToken)
}

// requestsOfDPoP are the rows of the table.
var requestsOfDPoP = map[string]func(t *testing.T, d *doorsOfDPoP) string{
	"login without a proof": func(_ *testing.T, d *doorsOfDPoP) string { return d.send("POST", "/login") },
	"login with a proof":    func(t *testing.T, d *doorsOfDPoP) string { return d.send("POST", "/login", d.key.Sign(t, "")) },
	"login with a bad proof": func(_ *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/login", jwttest.Header("DPoP", "x"))
	},
	"route, unbound token": func(_ *testing.T, d *doorsOfDPoP) string {
		return d.send("GET", "/me", jwttest.Bearer(d.free.AccessToken))
	},
	"route, unbound token as `DPoP`": func(t *testing.T, d *doorsOfDPoP) string {
		return d.send("GET", "/me", d.key.Sign(t, d.free.AccessToken))
	},
	"route, bound token with its proof": func(t *testing.T, d *doorsOfDPoP) string {
		return d.send("GET", "/me", d.key.Sign(t, d.bound.AccessToken))
	},
	"route, bound token without a proof": func(_ *testing.T, d *doorsOfDPoP) string {
		return d.send("GET", "/me", jwttest.Header("Authorization", "DPoP "+d.bound.AccessToken))
	},
	"route, bound token as `Bearer`, even with a proof": func(t *testing.T, d *doorsOfDPoP) string {
		return d.send("GET", "/me", d.key.Sign(t, d.bound.AccessToken), jwttest.Bearer(d.bound.AccessToken))
	},
	"route, bound token with a proof of another key": func(t *testing.T, d *doorsOfDPoP) string {
		return d.send("GET", "/me", d.thief.Sign(t, d.bound.AccessToken))
	},
	"route with `Bound()`, unbound token": func(_ *testing.T, d *doorsOfDPoP) string {
		return d.send("GET", "/bound", jwttest.Bearer(d.free.AccessToken))
	},
	"route with `Bound()`, bound token with its proof": func(t *testing.T, d *doorsOfDPoP) string {
		return d.send("GET", "/bound", d.key.Sign(t, d.bound.AccessToken))
	},
	"`RefreshHandler`, unbound token": func(_ *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/refresh", jwttest.Bearer(d.free.RefreshToken))
	},
	"`RefreshHandler`, bound token with a proof": func(t *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/refresh", d.key.Sign(t, ""), d.form(d.bound))
	},
	"`RefreshHandler`, bound token without a proof": func(_ *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/refresh", jwttest.JSON(`{"refresh_token": "`+d.bound.RefreshToken+`"}`))
	},
	"`RefreshHandler`, bound token without a proof, in a form": func(_ *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/refresh", d.form(d.bound))
	},
	"`LogoutHandler`, unbound token": func(_ *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/logout", jwttest.Bearer(d.free.AccessToken))
	},
	"`LogoutHandler`, bound token with its proof": func(t *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/logout", d.key.Sign(t, d.bound.AccessToken))
	},
	"`LogoutHandler`, bound token without a proof": func(_ *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/logout", jwttest.Header("Authorization", "DPoP "+d.bound.AccessToken))
	},
	"`TicketHandler`, unbound token": func(_ *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/ticket", jwttest.Bearer(d.free.AccessToken), jwttest.JSON(`{"url": "/live"}`))
	},
	"`TicketHandler`, bound token with its proof": func(t *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/ticket", d.key.Sign(t, d.bound.AccessToken), jwttest.JSON(`{"url": "/live"}`))
	},
	"`TicketHandler`, bound token without a proof": func(_ *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/ticket", jwttest.Header("Authorization", "DPoP "+d.bound.AccessToken), jwttest.JSON(`{"url": "/live"}`))
	},
	"route for tickets, a ticket of a bound token": func(t *testing.T, d *doorsOfDPoP) string {
		w := jwttest.Do(d.engine, "POST", "/ticket", d.key.Sign(t, d.bound.AccessToken), jwttest.JSON(`{"url": "/live"}`))
		var bought struct{ Ticket string }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &bought))
		return d.send("GET", "/live?ticket="+bought.Ticket)
	},
	"`RevocationHandler`, unbound token": func(_ *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/revoke", jwttest.Form("token", d.free.AccessToken))
	},
	"`RevocationHandler`, bound token with a proof": func(t *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/revoke", d.key.Sign(t, ""), jwttest.Form("token", d.bound.AccessToken))
	},
	"`RevocationHandler`, bound token without a proof": func(_ *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/revoke", jwttest.Form("token", d.bound.AccessToken))
	},
	"`IntrospectionHandler`, unbound token": func(_ *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/introspect", jwttest.Form("token", d.free.AccessToken))
	},
	"`IntrospectionHandler`, bound token without a proof": func(_ *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/introspect", jwttest.Form("token", d.bound.AccessToken))
	},
	"`IntrospectionHandler` with `CallersCheckProofs()`, bound token": func(_ *testing.T, d *doorsOfDPoP) string {
		return d.send("POST", "/introspect/cnf", jwttest.Form("token", d.bound.AccessToken))
	},
}

// TestTheTableOfTheDPoPPageIsTrue sends the requests of the table in docs/dpop.md.
func TestTheTableOfTheDPoPPageIsTrue(t *testing.T) {
	t.Parallel()
	modes := []string{"off", "accepted", "demanded"}
	documented := map[string][]string{}
	in := false
	for line := range strings.SplitSeq(docRead(t, "docs/dpop.md"), "\n") {
		cells := docCells(line)
		switch {
		case len(cells) != 4:
			in = false
		case cells[0] == "request":
			in = true
		case in && !docHead.MatchString(cells[0]):
			documented[cells[0]] = cells[1:]
		}
	}
	real := map[string][]string{}
	for name, send := range requestsOfDPoP {
		for _, mode := range modes {
			real[name] = append(real[name], send(t, newDoorsOfDPoP(t, mode)))
		}
	}
	assert.Equal(t, real, documented)
}

// A bound token is exchanged in a handler. The new tokens have its key, and not that of another
// proof, or none.
func TestABoundTokenBuysNoFreeToken(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"off", "accepted", "demanded"} {
		clock := &jwttest.Clock{}
		mgr, engine := dpopService(t, clock, func(c *ginjwt.Config) { c.DPoP = mode })
		key := jwttest.NewDPoPKey(t, clock)
		engine.POST("/exchange", mgr.JWTRequired(), func(c *gin.Context) {
			access, err := mgr.CreateAccessToken(c, "alice")
			require.NoError(t, err)
			refresh, err := mgr.CreateRefreshToken(c.Request.Context(), "alice")
			require.NoError(t, err)
			pair, err := mgr.CreateTokenPair(c, "alice")
			require.NoError(t, err)
			for _, encoded := range []string{access, refresh, pair.AccessToken, pair.RefreshToken} {
				token, err := mgr.DecodeToken(c, encoded)
				require.NoError(t, err)
				assert.Equal(t, key.Thumbprint(t), token.KeyThumbprint(), mode)
			}
			c.Status(http.StatusNoContent)
		})
		bound := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
		assert.Equal(t, 204, jwttest.Do(engine, "POST", "/exchange", key.Sign(t, bound)).Code, mode)
	}
}

// onceFunc is a store of used IDs.
type onceFunc func() (bool, error)

func (f onceFunc) Claim(context.Context, string, time.Time) (bool, error) { return f() }

func TestNoProofWithoutAStore(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	down := func(c *ginjwt.Config) {
		c.Once = onceFunc(func() (bool, error) { return true, errors.New("the store is down") })
	}
	mgr, engine := dpopService(t, clock, down)
	_, demanding := dpopService(t, clock, func(c *ginjwt.Config) { down(c); c.DPoP = "demanded" })
	key := jwttest.NewDPoPKey(t, clock)
	bound := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	assert.Equal(t, 200, jwttest.Do(engine, "GET", "/me", key.Sign(t, bound)).Code)
	for name, w := range map[string]*httptest.ResponseRecorder{
		"Bound":             jwttest.Do(engine, "GET", "/bound", key.Sign(t, bound)),
		"ticket":            jwttest.Do(engine, "POST", "/ticket", key.Sign(t, bound), jwttest.JSON(`{"url": "/live"}`)),
		"demanded":          jwttest.Do(demanding, "GET", "/me", key.Sign(t, bound)),
		"demanded at login": jwttest.Do(demanding, "POST", "/login", key.Sign(t, "")),
	} {
		assert.Equal(t, 503, w.Code, name)
		assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="store_unavailable"`, name)
	}
}

// nonceOf returns the nonce of a response to a proof that has the nonce of the key.
func nonceOf(t *testing.T, h http.Handler, key *jwttest.DPoPKey, token string, status int) string {
	t.Helper()
	w := jwttest.Do(h, "GET", "/me", key.Sign(t, token))
	require.Equal(t, status, w.Code, w.Header())
	if status == http.StatusOK { // caches store no 401 unless it says so
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	}
	require.NotEmpty(t, w.Header().Get("DPoP-Nonce"))
	return w.Header().Get("DPoP-Nonce")
}

func TestNoncesOfOtherProcesses(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	clock.Advance(time.Minute - time.Duration(clock.Now().UnixNano()%int64(time.Minute))) // a minute begins
	withNonces := func(c *ginjwt.Config) { c.DPoPNonce = true }
	mgr, one := dpopService(t, clock, withNonces)
	_, two := dpopService(t, clock, withNonces)
	_, apart := dpopService(t, clock, func(c *ginjwt.Config) { withNonces(c); c.DPoPNonceSecret = strings.Repeat("s", 32) })
	key := jwttest.NewDPoPKey(t, clock)
	token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)), ginjwt.WithExpires(time.Hour))

	key.Nonce = nonceOf(t, one, key, token, 401)
	assert.Equal(t, key.Nonce, nonceOf(t, two, key, token, 200))
	nonceOf(t, apart, key, token, 401)
	clock.Advance(2*time.Minute + 59*time.Second)
	newest := nonceOf(t, two, key, token, 200)
	assert.NotEqual(t, key.Nonce, newest)
	clock.Advance(time.Second)
	newest = nonceOf(t, two, key, token, 401)
	key.Nonce = newest
	nonceOf(t, one, key, token, 200)

	clock.Advance(-time.Minute) // a process that is behind accepts the nonce of another one
	nonceOf(t, two, key, token, 200)
	clock.Advance(-time.Second)
	nonceOf(t, two, key, token, 401)
}

// Processes get a new key one after the other. A client that always sends the newest nonce repeats
// at most one request at each change.
func TestNoncesWhileKeysRotate(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	oldKey := keys.Key{ID: "1", Algorithm: "HS256", Sign: []byte(strings.Repeat("1", 32))}
	newKey := keys.Key{ID: "2", Algorithm: "HS256", Sign: []byte(strings.Repeat("2", 32))}
	process := func() (*ginjwt.JWTManager, http.Handler) {
		return dpopService(t, clock, func(c *ginjwt.Config) {
			c.DPoPNonce, c.SecretKey, c.Keys = true, "", []keys.Key{oldKey}
		})
	}
	mgr, one := process()
	mgrTwo, two := process()
	key := jwttest.NewDPoPKey(t, clock)
	token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	key.Nonce = nonceOf(t, one, key, token, 401)

	// All processes learn to verify with the new key, and then sign with it, as docs/keys.md says.
	require.NoError(t, mgr.SetKeys(oldKey, newKey))
	key.Nonce = nonceOf(t, two, key, token, 200)
	require.NoError(t, mgrTwo.SetKeys(oldKey, newKey))
	require.NoError(t, mgr.SetKeys(newKey, oldKey))
	key.Nonce = nonceOf(t, one, key, token, 200)
	key.Nonce = nonceOf(t, two, key, token, 200)
	require.NoError(t, mgrTwo.SetKeys(newKey, oldKey))
	key.Nonce = nonceOf(t, two, key, token, 200)
	key.Nonce = nonceOf(t, one, key, token, 200)

	// Without the first step, a process does not know the newest nonce: one repetition there.
	third := keys.Key{ID: "3", Algorithm: "HS256", Sign: []byte(strings.Repeat("3", 32))}
	require.NoError(t, mgr.SetKeys(third, newKey, oldKey))
	key.Nonce = nonceOf(t, one, key, token, 200)
	key.Nonce = nonceOf(t, two, key, token, 401)
	key.Nonce = nonceOf(t, two, key, token, 200)
	key.Nonce = nonceOf(t, one, key, token, 200)
}

// Processes get a new secret for nonces one after the other, in the three steps of the page. A client
// that goes from one process to the other is never refused.
func TestNoncesWhileTheirSecretIsReplaced(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	const oldSecret, newSecret = "the old secret, which has 32 bytes", "the new secret, which has 32 bytes"
	process := func(secret, other string) http.Handler {
		_, service := dpopService(t, clock, func(c *ginjwt.Config) {
			c.DPoPNonce, c.DPoPNonceSecret, c.DPoPNonceOtherSecret = true, secret, other
		})
		return service
	}
	mgr, _ := dpopService(t, clock, func(*ginjwt.Config) {})
	key := jwttest.NewDPoPKey(t, clock)
	token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	before := process(oldSecret, "")
	key.Nonce = nonceOf(t, before, key, token, 401)
	made := key.Nonce
	for _, after := range []http.Handler{process(oldSecret, newSecret), process(newSecret, oldSecret), process(newSecret, "")} {
		for range 2 {
			key.Nonce = nonceOf(t, before, key, token, 200)
			key.Nonce = nonceOf(t, after, key, token, 200)
		}
		before = after
	}
	key.Nonce = made
	nonceOf(t, before, key, token, 401)
}

// A nonce is good no longer than the key that it is made with: a key may have retired because it was
// stolen.
func TestNoncesOfARetiredKey(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	clock.Advance(time.Minute - time.Duration(clock.Now().UnixNano()%int64(time.Minute))) // a minute begins
	retires := keys.Key{ID: "1", Algorithm: "HS256", Sign: []byte(strings.Repeat("1", 32)), NotAfter: clock.Now().Add(90 * time.Second)}
	stays := keys.Key{ID: "2", Algorithm: "HS256", Sign: []byte(strings.Repeat("2", 32))}
	service := func(list ...keys.Key) (*ginjwt.JWTManager, http.Handler) {
		return dpopService(t, clock, func(c *ginjwt.Config) { c.DPoPNonce, c.SecretKey, c.Keys = true, "", list })
	}
	_, engine := service(retires, stays)
	other, _ := service(stays)
	key := jwttest.NewDPoPKey(t, clock)
	token := jwttest.AccessToken(t, other, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	key.Nonce = nonceOf(t, engine, key, token, 401)
	clock.Advance(89 * time.Second)
	nonceOf(t, engine, key, token, 200)
	clock.Advance(time.Second)
	key.Nonce = nonceOf(t, engine, key, token, 401)
	nonceOf(t, engine, key, token, 200)
}

// A login finds its proof through every context that is made from the gin.Context, in a service
// that attaches the manager to the router and in one that does not. One proof is enough for all
// tokens of a login.
func TestALoginFindsItsProof(t *testing.T) {
	t.Parallel()
	for _, attached := range []bool{true, false} {
		clock := &jwttest.Clock{}
		config := jwttest.Config(clock)
		config.DPoP, config.DPoPNonce = "demanded", true
		mgr, engine := ginjwt.New(config), gin.New()
		if attached {
			require.NoError(t, mgr.InitApp(engine))
		} else {
			require.NoError(t, mgr.InitApp(nil))
		}
		engine.POST("/login", func(c *gin.Context) {
			derived, stop := context.WithTimeout(c, time.Hour)
			defer stop()
			access, err := mgr.CreateAccessToken(derived, "alice")
			var refresh string
			if err == nil {
				refresh, err = mgr.CreateRefreshToken(c, "alice")
			}
			if err != nil {
				mgr.Refuse(c, err)
				return
			}
			c.Render(http.StatusOK, ginjwt.TokenPair{AccessToken: access, RefreshToken: refresh})
		})
		key := jwttest.NewDPoPKey(t, clock)
		w := jwttest.Do(engine, "POST", "/login", key.Sign(t, ""))
		require.Equal(t, 400, w.Code)
		key.Nonce = w.Header().Get("DPoP-Nonce")
		w = jwttest.Do(engine, "POST", "/login", key.Sign(t, ""))
		require.Equal(t, 200, w.Code, w.Body)
		assert.Equal(t, key.Nonce, w.Header().Get("DPoP-Nonce"))
		var pair ginjwt.TokenPair
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &pair))
		assert.Equal(t, "DPoP", pair.TokenType)
		for _, encoded := range []string{pair.AccessToken, pair.RefreshToken} {
			token, err := mgr.DecodeToken(t.Context(), encoded)
			require.NoError(t, err)
			assert.Equal(t, key.Thumbprint(t), token.KeyThumbprint())
		}
	}
}

// Every response for which a proof was read has the nonce for the next one.
func TestEveryDoorOffersANonce(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	mgr, engine := dpopService(t, clock, func(c *ginjwt.Config) { c.DPoPNonce = true })
	key := jwttest.NewDPoPKey(t, clock)
	key.Nonce = jwttest.Do(engine, "POST", "/login", key.Sign(t, "")).Header().Get("DPoP-Nonce")
	pair := pairOf(t, engine, key)
	engine.POST("/rotate", func(c *gin.Context) { // without a check that writes into the response
		token, err := mgr.DecodeToken(c, pair.RefreshToken)
		require.NoError(t, err)
		rotated, err := mgr.RotateTokens(c, token)
		require.NoError(t, err)
		c.Render(http.StatusOK, rotated)
	})
	refresh := jwttest.Form("grant_type", "refresh_token", "refresh_token", pair.RefreshToken)
	for name, w := range map[string]*httptest.ResponseRecorder{
		"login":         jwttest.Do(engine, "POST", "/login", key.Sign(t, "")),
		"route":         jwttest.Do(engine, "GET", "/me", key.Sign(t, pair.AccessToken)),
		"Bound":         jwttest.Do(engine, "GET", "/bound", key.Sign(t, pair.AccessToken)),
		"ticket":        jwttest.Do(engine, "POST", "/ticket", key.Sign(t, pair.AccessToken), jwttest.JSON(`{"url": "/live"}`)),
		"introspection": jwttest.Do(engine, "POST", "/introspect", key.Sign(t, ""), jwttest.Form("token", pair.AccessToken)),
		"refresh":       jwttest.Do(engine, "POST", "/refresh", key.Sign(t, ""), jwttest.JSON(`{"refresh_token": "`+pair.RefreshToken+`"}`)),
		"rotation":      jwttest.Do(engine, "POST", "/rotate", key.Sign(t, "")),
		"refresh, form": jwttest.Do(engine, "POST", "/refresh", key.Sign(t, ""), refresh),
		"revoke":        jwttest.Do(engine, "POST", "/revoke", key.Sign(t, ""), jwttest.Form("token", pair.AccessToken)),
		"logout":        jwttest.Do(engine, "POST", "/logout", key.Sign(t, ""), jwttest.JSON(`{"refresh_token": "`+pair.RefreshToken+`"}`)),
	} {
		assert.Equal(t, 2, w.Code/100, "%s: %s", name, w.Body)
		assert.Equal(t, key.Nonce, w.Header().Get("DPoP-Nonce"), name)
	}
	asBearer := jwttest.Do(engine, "GET", "/me", key.Sign(t, pair.AccessToken), jwttest.Bearer(pair.AccessToken))
	assert.Equal(t, http.StatusUnauthorized, asBearer.Code)
	assert.Equal(t, key.Nonce, asBearer.Header().Get("DPoP-Nonce"))
}
