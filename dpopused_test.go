package ginjwt_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// sentTwice returns a request that is the same each time, with its proof.
func sentTwice(t *testing.T, key *jwttest.DPoPKey, path, token string) jwttest.RequestOption {
	t.Helper()
	proof := key.Proof(t, "GET", "http://example.com"+path, token)
	return func(r *http.Request) {
		r.Header.Set("Authorization", "DPoP "+token)
		r.Header.Set("DPoP", proof)
	}
}

// claimsOf is a Once that shows the contexts of its calls to seen.
type claimsOf struct {
	ginjwt.Once
	seen func(ctx context.Context)
}

func (o claimsOf) Claim(ctx context.Context, id string, until time.Time) (bool, error) {
	o.seen(ctx)
	return o.Once.Claim(ctx, id, until)
}

// A client that hangs up could otherwise leave a proof in a store of which nobody knows whether
// it was used.
func TestAProofIsUsedUpAlthoughTheClientHangsUp(t *testing.T) {
	t.Parallel()
	clock, calls := &jwttest.Clock{}, 0
	_, engine := dpopService(t, clock, func(c *ginjwt.Config) {
		c.Once = claimsOf{&ginjwt.MemoryOnce{Now: clock.Now}, func(ctx context.Context) {
			calls++
			assert.NoError(t, ctx.Err())
		}}
	})
	key := jwttest.NewDPoPKey(t, clock)
	pair := pairOf(t, engine, key)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	hungUp := func(r *http.Request) { *r = *r.WithContext(ctx) }
	assert.Equal(t, http.StatusOK, jwttest.Do(engine, "GET", "/bound", sentTwice(t, key, "/bound", pair.AccessToken), hungUp).Code)
	assert.Equal(t, 1, calls)
}

// Realms share a store of used proofs, and nothing in it.
func TestAProofThatOneRealmHasUsedIsNewToAnother(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	once := &ginjwt.MemoryOnce{Now: clock.Now}
	key := jwttest.NewDPoPKey(t, clock)
	in := func(realm string) (*ginjwt.JWTManager, http.Handler) {
		return dpopService(t, clock, func(c *ginjwt.Config) { c.Once, c.Realm = once, realm })
	}
	mgr, one := in("one")
	_, two := in("two")
	token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t))) // both have the same signing key
	again := sentTwice(t, key, "/bound", token)
	for _, h := range []http.Handler{one, two} {
		require.Equal(t, http.StatusOK, jwttest.Do(h, "GET", "/bound", again).Code)
		assert.Equal(t, http.StatusUnauthorized, jwttest.Do(h, "GET", "/bound", again).Code)
	}
}

// The refusal of a used proof has the nonce for the new one, so that the client needs no third
// request.
func TestTheRefusalOfAUsedProofHasANonce(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	mgr, engine := dpopService(t, clock, func(c *ginjwt.Config) { c.DPoPNonce = true })
	key := jwttest.NewDPoPKey(t, clock)
	token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	key.Nonce = jwttest.Do(engine, "GET", "/bound", key.Sign(t, token)).Header().Get("DPoP-Nonce")
	atLogin := jwttest.Header("DPoP", key.Proof(t, "POST", "http://example.com/login", ""))
	for _, request := range []struct {
		method, path string
		again        jwttest.RequestOption
	}{
		{"GET", "/bound", sentTwice(t, key, "/bound", token)},
		{"POST", "/login", atLogin},
	} {
		require.Equal(t, http.StatusOK, jwttest.Do(engine, request.method, request.path, request.again).Code)
		w := jwttest.Do(engine, request.method, request.path, request.again)
		require.Contains(t, w.Header().Get("WWW-Authenticate")+w.Body.String(), "used before", request.path)
		assert.Equal(t, key.Nonce, w.Header().Get("DPoP-Nonce"), request.path)
	}
}

// A token that an application has put into the context by hand gets no ticket, which would stand
// for the proof that nobody has seen.
func TestATokenOfAContextByHandGetsNoTicket(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	mgr, engine := dpopService(t, clock, nil)
	key := jwttest.NewDPoPKey(t, clock)
	stolen, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t))))
	require.NoError(t, err)
	engine.GET("/page", mgr.JWTRequired(ginjwt.Optional()), func(c *gin.Context) {
		c.Request = c.Request.WithContext(ginjwt.NewContext(c.Request.Context(), stolen, nil))
		_, err := mgr.CreateTicket(c, "GET", "/live")
		mgr.Refuse(c, err)
	})
	w := jwttest.Do(engine, "GET", "/page")
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="dpop_proof_missing"`)
}

// A proof does not cover the body of its request, and the body names the request that a ticket opens.
// So a copy of a request for a ticket gets none from any other process.
func TestAProofGetsTicketsOnce(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	shared := &ginjwt.MemoryOnce{Now: clock.Now}
	process := func() (*ginjwt.JWTManager, *gin.Engine) {
		mgr, engine := dpopService(t, clock, func(c *ginjwt.Config) { c.Once = shared })
		engine.GET("/page", mgr.JWTRequired(), func(c *gin.Context) {
			for range 2 { // one proof is enough for all tickets of a page
				if _, err := mgr.CreateTicket(c, "GET", c.Query("target")); err != nil {
					mgr.Refuse(c, err)
					return
				}
			}
		})
		return mgr, engine
	}
	mgr, one := process()
	_, two := process()
	key := jwttest.NewDPoPKey(t, clock)
	token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	sent := func(method, path string) (again jwttest.RequestOption) {
		proof := key.Proof(t, method, "http://example.com"+path, token)
		return func(r *http.Request) {
			r.Header.Set("Authorization", "DPoP "+token)
			r.Header.Set("DPoP", proof)
		}
	}
	again := sent("POST", "/ticket")
	require.Equal(t, http.StatusOK, jwttest.Do(one, "POST", "/ticket", again, jwttest.JSON(`{"url": "/live"}`)).Code)
	w := jwttest.Do(two, "POST", "/ticket", again, jwttest.JSON(`{"url": "/pay?amount=1000"}`))
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="dpop_proof_replayed"`)
	assert.NotContains(t, w.Body.String(), "ticket")

	again = sent("GET", "/page")
	require.Equal(t, http.StatusOK, jwttest.Do(one, "GET", "/page?target=/live", again).Code)
	w = jwttest.Do(two, "GET", "/page?target=/pay", again)
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="dpop_proof_replayed"`)
}

// A request for a ticket that fails for its body has used its proof up too: a copy with another body
// gets no ticket from another process.
func TestARequestForATicketThatFailedUsesItsProofUp(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	shared := &ginjwt.MemoryOnce{Now: clock.Now}
	process := func() (*ginjwt.JWTManager, *gin.Engine) {
		return dpopService(t, clock, func(c *ginjwt.Config) { c.Once = shared })
	}
	mgr, one := process()
	_, two := process()
	key := jwttest.NewDPoPKey(t, clock)
	token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	proof := key.Proof(t, "POST", "http://example.com/ticket", token)
	again := func(r *http.Request) {
		r.Header.Set("Authorization", "DPoP "+token)
		r.Header.Set("DPoP", proof)
	}
	require.Equal(t, http.StatusBadRequest, jwttest.Do(one, "POST", "/ticket", again, jwttest.JSON(`{"url": "/li`)).Code)
	w := jwttest.Do(two, "POST", "/ticket", again, jwttest.JSON(`{"url": "/pay?amount=1000"}`))
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="dpop_proof_replayed"`)
	assert.NotContains(t, w.Body.String(), "ticket")
}

// A token that VerifyToken has accepted is in a new context, which the ticket of a page comes from.
// Its proof gets tickets once too.
func TestTheProofOfVerifyTokenGetsTicketsOnce(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	shared := &ginjwt.MemoryOnce{Now: clock.Now}
	const live = "https://api.example.com/live"
	process := func() (*ginjwt.JWTManager, *gin.Engine) {
		mgr, engine := dpopService(t, clock, func(c *ginjwt.Config) { c.Once = shared })
		page := func(opts func(c *gin.Context) []ginjwt.RequiredOption) gin.HandlerFunc {
			return func(c *gin.Context) {
				token, err := mgr.VerifyToken(c, c.GetHeader("Token"), opts(c)...)
				if err == nil {
					c.Request = c.Request.WithContext(ginjwt.NewContext(c.Request.Context(), token, nil))
					_, err = mgr.CreateTicket(c, "GET", "/live")
				}
				if err == nil {
					_, err = mgr.CreateTicket(c, "GET", "/me")
				}
				if err != nil {
					mgr.Refuse(c, err)
				}
			}
		}
		given := func(c *gin.Context) ginjwt.RequiredOption {
			return ginjwt.WithProof(c.GetHeader("Proof"), "GET", live)
		}
		engine.GET("/own", page(func(*gin.Context) []ginjwt.RequiredOption { return nil }))
		engine.GET("/given", mgr.JWTRequired(ginjwt.Optional()), page(func(c *gin.Context) []ginjwt.RequiredOption { return []ginjwt.RequiredOption{given(c)} }))
		engine.GET("/given/bound", page(func(c *gin.Context) []ginjwt.RequiredOption {
			return []ginjwt.RequiredOption{given(c), ginjwt.Bound()}
		}))
		return mgr, engine
	}
	mgr, one := process()
	_, two := process()
	key := jwttest.NewDPoPKey(t, clock)
	token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	sent := func(header, url string) jwttest.RequestOption {
		proof := key.Proof(t, "GET", url, token)
		return func(r *http.Request) {
			r.Header.Set("Token", token)
			r.Header.Set(header, proof)
		}
	}
	for path, again := range map[string]jwttest.RequestOption{
		"/own":         sent("DPoP", "http://example.com/own"),
		"/given/bound": sent("Proof", live),
	} {
		require.Equal(t, http.StatusOK, jwttest.Do(one, "GET", path, again).Code, path)
		w := jwttest.Do(two, "GET", path, again)
		assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="dpop_proof_replayed"`, path)
	}
	// Nobody but this process would know that the proof was used.
	assert.Equal(t, http.StatusInternalServerError, jwttest.Do(one, "GET", "/given", sent("Proof", live)).Code)
	// And the proof of the request is that of another token.
	other := jwttest.AccessToken(t, mgr, "bob", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	assert.Equal(t, http.StatusInternalServerError, jwttest.Do(one, "GET", "/given", sent("Proof", live), sentTwice(t, key, "/given", other)).Code)
}
