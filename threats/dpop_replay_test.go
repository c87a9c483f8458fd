package threats_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// A thousand requests with the same proof on two processes: where it counts for all of them,
// one passes; elsewhere one on each.
func TestAttackDPoPParallelReplay(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		mode, path string
		winners    int32
	}{{"demanded", "/private", 1}, {"accepted", "/bound", 1}, {"off", "/bound", 1}, {"accepted", "/private", 2}, {"off", "/private", 2}} {
		t.Run("T391 "+v.mode+" "+v.path, func(t *testing.T) {
			t.Parallel()
			once, sessions := &ginjwt.MemoryOnce{}, &ginjwt.MemorySessions{}
			share := func(mode string) func(*ginjwt.Config) {
				return func(c *ginjwt.Config) { c.DPoP, c.Once, c.Sessions = mode, once, sessions }
			}
			one, two := newDPoPApp(t, share(v.mode)), newDPoPApp(t, share(v.mode))
			pair := newDPoPApp(t, share("accepted")).login(t, one.key)
			opt := dpopSend(pair.AccessToken, one.key.Proof(t, "GET", "http://example.com"+v.path, pair.AccessToken))
			var passed, replayed atomic.Int32
			var group sync.WaitGroup
			start := make(chan struct{})
			for i := range 1000 {
				app := []*dpopApp{one, two}[i%2]
				group.Go(func() {
					<-start
					w := jwttest.Do(app.engine, "GET", v.path, opt)
					switch {
					case w.Code == http.StatusOK:
						passed.Add(1)
					case strings.Contains(w.Header().Get("WWW-Authenticate"), `reason="dpop_proof_replayed"`):
						replayed.Add(1)
					}
				})
			}
			close(start)
			group.Wait()
			assert.Equal(t, v.winners, passed.Load())
			assert.Equal(t, 1000-v.winners, replayed.Load())
		})
	}
}

// onceOf is a store of used IDs that does what a test wants.
type onceOf func(ctx context.Context, id string, until time.Time) (bool, error)

func (f onceOf) Claim(ctx context.Context, id string, until time.Time) (bool, error) {
	return f(ctx, id, until)
}

// Without the store that remembers proofs nobody passes where it counts, and nobody gets tokens.
func TestAttackDPoPStoreIsDown(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	memory := &ginjwt.MemoryOnce{}
	failing := onceOf(func(ctx context.Context, id string, until time.Time) (bool, error) {
		if down.Load() {
			return true, errors.New("the store is down") // "true" must not count
		}
		return memory.Claim(ctx, id, until)
	})
	for _, mode := range []string{"accepted", "demanded"} {
		a := newDPoPApp(t, func(c *ginjwt.Config) { c.DPoP, c.Once = mode, failing })
		down.Store(false)
		pair := a.login(t, a.key)
		down.Store(true)
		refused := map[bool]int{true: 503, false: 200}
		assert.Equal(t, 503, jwttest.Do(a.engine, "GET", "/bound", a.key.Sign(t, pair.AccessToken)).Code, mode)
		for _, path := range []string{"/private", "/optional", "/net"} {
			w := jwttest.Do(a.engine, "GET", path, a.key.Sign(t, pair.AccessToken))
			assert.Equal(t, refused[mode == "demanded"], w.Code, "T392 %s %s", mode, path)
		}
		w := jwttest.Do(a.engine, "POST", "/tokens", a.key.Sign(t, ""), jwttest.Form("grant_type", "refresh_token", "refresh_token", pair.RefreshToken))
		assert.Equal(t, refused[mode == "demanded"], w.Code, "T392 %s", mode)
		w = jwttest.Do(a.engine, "POST", "/login", a.key.Sign(t, ""))
		assert.Equal(t, refused[mode == "demanded"], w.Code, "T392 %s", mode)
		if mode == "demanded" {
			assert.NotContains(t, w.Body.String(), "access_token")
			assert.Equal(t, 503, jwttest.Do(a.engine, "POST", "/logout", a.key.Sign(t, pair.AccessToken)).Code, "T392 the session still lives")
			assert.Equal(t, 503, jwttest.Do(a.engine, "POST", "/revoke", a.key.Sign(t, ""), jwttest.Form("token", pair.AccessToken)).Code, "T392")
			assert.Equal(t, 503, jwttest.Do(a.engine, "POST", "/introspect", a.key.Sign(t, ""), jwttest.Form("token", pair.AccessToken)).Code, "T392")
		}
		down.Store(false)
		a.passes(t, "GET", "/bound", a.key.Sign(t, pair.AccessToken))
	}
	full := newDPoPApp(t, func(c *ginjwt.Config) { c.Once = &ginjwt.MemoryOnce{Max: 1} })
	pair := full.login(t, full.key)
	full.passes(t, "GET", "/bound", full.key.Sign(t, pair.AccessToken))
	assert.Equal(t, 503, jwttest.Do(full.engine, "GET", "/bound", full.key.Sign(t, pair.AccessToken)).Code, "T392 full")
}

// What refused requests send uses nothing up: otherwise a thief could fill the store, or make
// the proof of the owner useless.
func TestAttackDPoPNothingIsUsedUp(t *testing.T) {
	t.Parallel()
	var claims atomic.Int32
	counting := onceOf(func(context.Context, string, time.Time) (bool, error) { claims.Add(1); return true, nil })
	a := newDPoPApp(t, func(c *ginjwt.Config) { c.DPoP, c.Once = "demanded", counting })
	pair, thief := a.login(t, a.key), jwttest.NewDPoPKey(t, a.clock)
	before := claims.Load()
	for range 20 {
		a.refuses(t, "key_mismatch", "GET", "/private", thief.Sign(t, pair.AccessToken))
		a.refuses(t, "dpop_proof_invalid", "GET", "/private", dpopSend(pair.AccessToken, a.key.Proof(t, "GET", "http://example.com/private", "x")))
		a.refuses(t, "dpop_proof_invalid", "GET", "/bound", dpopSend(pair.AccessToken, a.key.Proof(t, "GET", "http://example.com/private", pair.AccessToken)))
		assert.Equal(t, 422, jwttest.Do(a.engine, "GET", "/private", a.key.Sign(t, pair.AccessToken+"x")).Code)
		assert.Equal(t, 401, jwttest.Do(a.engine, "GET", "/private", a.key.Sign(t, "")).Code)
	}
	assert.Equal(t, before, claims.Load(), "T393")
}

// nonceOf returns the nonce that a refusal offers.
func (a *dpopApp) nonceOf(t *testing.T, token string) string {
	t.Helper()
	w := jwttest.Do(a.engine, "GET", "/private", a.key.Sign(t, token))
	require.Equal(t, 401, w.Code)
	require.NotEmpty(t, w.Header().Get("DPoP-Nonce"))
	return w.Header().Get("DPoP-Nonce")
}

// Nonces that this service did not make, or made too long ago.
func TestAttackDPoPNonces(t *testing.T) {
	t.Parallel()
	a := newDPoPApp(t, func(c *ginjwt.Config) { c.DPoPNonce = true })
	sibling := newDPoPApp(t, func(c *ginjwt.Config) { c.DPoPNonce, c.Now = true, a.clock.Now })
	key := a.key
	token := jwttest.AccessToken(t, a.mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)), ginjwt.WithExpires(24*time.Hour))
	good := a.nonceOf(t, token)
	others := map[string]func(*ginjwt.Config){
		"realm":           func(c *ginjwt.Config) { c.DPoPNonce, c.Realm = true, "other" },
		"key":             func(c *ginjwt.Config) { c.DPoPNonce, c.SecretKey = true, strings.Repeat("another secret ", 5) },
		"secret":          func(c *ginjwt.Config) { c.DPoPNonce, c.DPoPNonceSecret = true, strings.Repeat("another secret ", 5) },
		"secret as a key": func(c *ginjwt.Config) { c.DPoPNonce, c.DPoPNonceSecret = true, c.SecretKey },
	}
	raw := must(base64.RawURLEncoding.DecodeString(good))
	at := func(minutes int64) string {
		b := append([]byte(nil), raw...)
		binary.BigEndian.PutUint64(b, binary.BigEndian.Uint64(b)+uint64(minutes))
		return base64.RawURLEncoding.EncodeToString(b)
	}
	bad := map[string]string{
		"none": "", "text": "x", "cut": good[:len(good)-1], "cut by a group": good[:len(good)-4], "longer": good + "A", "longer by a group": good + "AAAA", "padded": good + "=", "a space": good + " ",
		"lower case": strings.ToLower(good), "zeros": strings.Repeat("A", len(good)), "only the time": good[:11], "of the next minute": at(1), "of the last minute": at(-1),
		"one bit": base64.RawURLEncoding.EncodeToString(flipped(raw, 191)), "twice": good + good, "the token": token, "huge": strings.Repeat("A", 4000),
	}
	for name, change := range others {
		other := newDPoPApp(t, change)
		other.key = key
		bad["of another "+name] = other.nonceOf(t, jwttest.AccessToken(t, other.mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t))))
	}
	with := func(nonce string) jwttest.RequestOption {
		return dpopSend(token, key.Proof(t, "GET", "http://example.com/private", token, func(_, claims map[string]any) {
			if nonce != "" {
				claims["nonce"] = nonce
			}
		}))
	}
	for name, nonce := range bad {
		t.Run("T394 "+name, func(t *testing.T) {
			w := jwttest.Do(a.engine, "GET", "/private", with(nonce))
			require.Equal(t, 401, w.Code)
			assert.Contains(t, w.Header().Get("WWW-Authenticate"), `error="use_dpop_nonce"`)
			assert.Equal(t, good, w.Header().Get("DPoP-Nonce"))
			assert.Equal(t, []string{good}, w.Header().Values("DPoP-Nonce"))
		})
	}
	w := a.passes(t, "GET", "/private", with(good))
	assert.Equal(t, good, w.Header().Get("DPoP-Nonce"))
	sibling.passes(t, "GET", "/private", with(good))
	for seconds := range 300 { // it is good in its minute and two more, on every process
		minute := (a.clock.Now().Unix()+int64(seconds))/60 - a.clock.Now().Unix()/60
		a.clock.Advance(time.Duration(seconds) * time.Second)
		w := jwttest.Do(a.engine, "GET", "/private", with(good))
		assert.Equal(t, minute <= 2, w.Code == 200, "T394 after %d seconds", seconds)
		a.clock.Advance(-time.Duration(seconds) * time.Second)
	}
	for minutes, want := range map[time.Duration]int{0: 200, 1: 200, 2: 401, 60: 401} {
		ahead := newDPoPApp(t, func(c *ginjwt.Config) {
			c.DPoPNonce, c.Now = true, func() time.Time { return a.clock.Now().Add(minutes * time.Minute) }
		})
		ahead.key = key
		nonce := ahead.nonceOf(t, token)
		assert.Equal(t, want, jwttest.Do(a.engine, "GET", "/private", with(nonce)).Code, "T394 of a clock that is %d minutes ahead", minutes)
	}
}

// A client that uses the nonce of the last response is never refused, whatever the minute; one
// that comes back late is refused once. RFC 9449 §8.2: a refusal must not lead to a loop.
func TestDPoPNoncesDoNotLoop(t *testing.T) {
	t.Parallel()
	clock, key := &jwttest.Clock{}, keys.Key{ID: "1", Algorithm: "HS256", Sign: []byte(strings.Repeat("a secret of the first ", 3))}
	settings := func(c *ginjwt.Config) { c.DPoPNonce, c.Now, c.SecretKey, c.Keys = true, clock.Now, "", []keys.Key{key} }
	apps := []*dpopApp{newDPoPApp(t, settings), newDPoPApp(t, settings)}
	client := apps[0].key
	client.Now = clock.Now
	token := jwttest.AccessToken(t, apps[0].mgr, "alice", ginjwt.WithKeyThumbprint(client.Thumbprint(t)), ginjwt.WithExpires(24*time.Hour))
	client.Nonce = apps[0].nonceOf(t, token)
	next := key
	next.ID, next.Sign = "2", []byte(strings.Repeat("a secret of the second ", 3))
	for i := range 200 {
		if i == 100 { // the keys of one process are rotated earlier
			require.NoError(t, apps[0].mgr.SetKeys(key, next))
			require.NoError(t, apps[1].mgr.SetKeys(key, next))
			require.NoError(t, apps[0].mgr.SetKeys(next, key))
		}
		if i == 150 {
			require.NoError(t, apps[1].mgr.SetKeys(next, key))
		}
		w := apps[i%2].passes(t, "GET", "/private", client.Sign(t, token))
		client.Nonce = w.Header().Get("DPoP-Nonce")
		clock.Advance(time.Duration(7*i%120) * time.Second)
	}
	clock.Advance(time.Hour)
	client.Nonce = apps[0].nonceOf(t, token)
	apps[1].passes(t, "GET", "/private", client.Sign(t, token))
	require.NoError(t, apps[0].mgr.SetKeys(next)) // the first key is gone, with the token that it has signed
	assert.Equal(t, 422, jwttest.Do(apps[0].engine, "GET", "/private", client.Sign(t, token)).Code)
}

// Two checks in a request use one proof, also if the first one refuses. Another request does not.
func TestDPoPManyChecks(t *testing.T) {
	t.Parallel()
	dpopModes(t, func(t *testing.T, _ string, a *dpopApp, bound, unbound ginjwt.TokenPair) {
		m := a.mgr
		a.engine.GET("/many", m.JWTRequired(), m.JWTRequired(ginjwt.Bound()), m.JWTRequired(ginjwt.AnyType()), func(c *gin.Context) {
			_, err := m.VerifyJWTInRequest(c, ginjwt.Scopes("admin"))
			assert.ErrorIs(t, err, ginjwt.ErrInsufficientScope)
			_, err = m.VerifyJWTInRequest(c, ginjwt.Bound())
			assert.NoError(t, err)
			_, err = m.VerifyToken(c, bound.AccessToken)
			assert.NoError(t, err)
			_, err = m.VerifyToken(c, bound.AccessToken, ginjwt.Bound())
			assert.NoError(t, err)
			_, err = m.VerifyToken(t.Context(), bound.AccessToken)
			assert.ErrorIs(t, err, ginjwt.ErrDPoPProof)
			_, err = m.VerifyToken(c, unbound.AccessToken, ginjwt.Bound())
			assert.ErrorIs(t, err, ginjwt.ErrKeyBinding)
			attackHandler(c)
		})
		a.engine.GET("/or", func(c *gin.Context) {
			_, err := m.VerifyJWTInRequest(c, ginjwt.Fresh(), ginjwt.Bound())
			assert.Error(t, err)
		}, m.JWTRequired(), m.JWTRequired(ginjwt.Bound()), attackHandler)
		inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := m.VerifyRequest(r, ginjwt.Bound())
			assert.NoError(t, err)
			w.Header().Set("X-Ran", "yes")
		})
		a.engine.GET("/nested", gin.WrapH(m.Middleware()(m.Middleware(ginjwt.Bound())(inner))))
		for _, path := range []string{"/many", "/or", "/nested"} {
			proof := a.key.Proof(t, "GET", "http://example.com"+path, bound.AccessToken)
			w := a.passes(t, "GET", path, dpopSend(bound.AccessToken, proof))
			assert.Equal(t, "yes", w.Header().Get("X-Ran"))
			w = jwttest.Do(a.engine, "GET", path, dpopSend(bound.AccessToken, proof))
			assert.Empty(t, w.Header().Get("X-Ran"), "T395 %s", path)
		}
		r := attackRequest("GET", "/x", dpopSend(bound.AccessToken, a.key.Proof(t, "GET", "http://example.com/x", bound.AccessToken)))
		_, err := m.VerifyRequest(r)
		require.NoError(t, err)
		_, err = m.VerifyRequest(r)
		require.ErrorIs(t, err, ginjwt.ErrDPoPProof, "T395 it is not the request that was returned")
		for _, v := range []struct{ method, url string }{{"", ""}, {"GET", ""}, {"", "http://example.com/x"}, {"POST", "http://example.com/x"}, {"GET", "http://example.com/y"}, {"GET", "/x"}} {
			_, err := m.VerifyToken(t.Context(), bound.AccessToken, ginjwt.WithProof(a.key.Proof(t, "GET", "http://example.com/x", bound.AccessToken), v.method, v.url))
			assert.ErrorIs(t, err, ginjwt.ErrDPoPProof, "T395 %v", v)
		}
		given := ginjwt.WithProof(a.key.Proof(t, "GET", "wss://example.com/x", bound.AccessToken), "GET", "wss://example.com/x")
		_, err = m.VerifyToken(t.Context(), bound.AccessToken, given)
		require.ErrorIs(t, err, ginjwt.ErrDPoPProof, "T395 only http and https")
		given = ginjwt.WithProof(a.key.Proof(t, "GET", "http://example.com/x", bound.AccessToken), "GET", "http://example.com/x")
		_, err = m.VerifyToken(t.Context(), bound.AccessToken, given)
		require.NoError(t, err)
		_, err = m.VerifyToken(t.Context(), bound.AccessToken, given)
		require.ErrorIs(t, err, ginjwt.ErrDPoPProof, "T395 twice")
	})
}

// Sessions from before the setting: with "demanded" they wait, and their tokens open nothing.
func TestAttackDPoPSettingChanges(t *testing.T) {
	t.Parallel()
	sessions, once := &ginjwt.MemorySessions{}, &ginjwt.MemoryOnce{}
	app := func(mode string) *dpopApp {
		return newDPoPApp(t, func(c *ginjwt.Config) { c.DPoP, c.Sessions, c.Once = mode, sessions, once })
	}
	off, accepted, demanded := app("off"), app("accepted"), app("demanded")
	key := accepted.key
	old, bound := off.login(t, nil), accepted.login(t, key)
	ignored := off.login(t, key)
	assert.Equal(t, "Bearer", ignored.TokenType, "with off, no login binds")
	body := jwttest.JSON(`{"refresh_token":"` + old.RefreshToken + `"}`)
	for _, opt := range []jwttest.RequestOption{func(*http.Request) {}, key.Sign(t, "")} {
		demanded.refuses(t, "key_missing", "POST", "/tokens", body, opt)
		demanded.refuses(t, "key_missing", "GET", "/private", jwttest.Bearer(old.AccessToken), opt)
		demanded.refuses(t, "key_missing", "POST", "/access", jwttest.Bearer(old.AccessToken), opt)
	}
	demanded.refuses(t, "key_missing", "GET", "/private", key.Sign(t, old.AccessToken))
	demanded.refuses(t, "key_missing", "GET", "/optional", jwttest.Bearer(old.AccessToken))
	demanded.refuses(t, "key_missing", "POST", "/ticket", jwttest.Bearer(old.AccessToken), jwttest.JSON(`{"url":"/live"}`))
	assert.Equal(t, 200, jwttest.Do(demanded.engine, "GET", "/optional").Code, "nobody is not refused")
	w := off.passes(t, "POST", "/tokens", body) // the session has not ended
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &old))
	w = accepted.passes(t, "POST", "/tokens", jwttest.JSON(`{"refresh_token":"`+old.RefreshToken+`"}`), key.Sign(t, ""))
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &old))
	assert.Equal(t, "Bearer", old.TokenType, "a rotation does not bind a session")
	for range 2 {
		for _, app := range []*dpopApp{off, accepted, demanded} {
			app.refuses(t, "key_scheme", "GET", "/private", jwttest.Bearer(bound.AccessToken))
			app.passes(t, "GET", "/private", key.Sign(t, bound.AccessToken))
			w := app.passes(t, "POST", "/tokens", jwttest.JSON(`{"refresh_token":"`+bound.RefreshToken+`"}`), key.Sign(t, ""))
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &bound))
		}
	}
	ticket := func(app *dpopApp, opt jwttest.RequestOption) string {
		var answer struct{ Ticket string }
		require.NoError(t, json.Unmarshal(app.passes(t, "POST", "/ticket", opt, jwttest.JSON(`{"url":"/live"}`)).Body.Bytes(), &answer))
		return answer.Ticket
	}
	assert.Equal(t, 401, jwttest.Do(demanded.engine, "GET", "/live?ticket="+ticket(off, jwttest.Bearer(ignored.AccessToken))).Code, "T396")
	demanded.passes(t, "GET", "/live?ticket="+ticket(off, key.Sign(t, bound.AccessToken)))
}

// A service that its clients reach by one name must say so: without DPoPOrigins the Host header
// names the target, and whoever gets a request for another host could send it on.
func TestAttackDPoPRelay(t *testing.T) {
	t.Parallel()
	for _, origins := range [][]string{nil, {"http://api.example.com"}} {
		a := newDPoPApp(t, func(c *ginjwt.Config) { c.DPoPOrigins, c.DPoP = origins, "accepted" })
		token := jwttest.AccessToken(t, a.mgr, "alice", ginjwt.WithKeyThumbprint(a.key.Thumbprint(t)))
		for _, host := range []string{"evil.example", "evil.example:80"} {
			w := jwttest.Do(a.engine, "GET", "/private", dpopSend(token, a.key.Proof(t, "GET", "http://evil.example/private", token)), func(r *http.Request) {
				r.Host = host
				r.Header.Set("X-Forwarded-Host", "api.example.com")
				r.Header.Set("Forwarded", "host=api.example.com")
			})
			assert.Equal(t, origins == nil, w.Code == 200, "T397 %v: %s", origins, w.Body)
		}
		w := jwttest.Do(a.engine, "GET", "/private", dpopSend(token, a.key.Proof(t, "GET", "https://evil.example/private", token)), jwttest.Header("X-Forwarded-Proto", "https"),
			func(r *http.Request) { r.Host = "evil.example" })
		assert.Equal(t, 401, w.Code, fmt.Sprintf("T397 %v", origins))
	}
}
