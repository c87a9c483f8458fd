package ginjwt_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// If a step of the creation fails, no token is returned.
func TestCreatingPurposeTokensWithoutStores(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		purpose ginjwt.Purpose
		down    func(a *linksApp)
	}{
		"blocklist":                {confirm, func(a *linksApp) { a.list.down.Store(true) }},
		"blocklist, only newest":   {reset, func(a *linksApp) { a.list.down.Store(true) }},
		"once, only newest":        {reset, func(a *linksApp) { a.once.down.Store(true) }},
		"blocklist, after a claim": {reset, func(a *linksApp) { a.once.during = func(context.Context) { a.list.down.Store(true) } }},
		"once is full":             {reset, func(a *linksApp) { a.once.Max = 1; purposeTokenOf("bob", a) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newLinksApp(t)
			test.down(a)
			encoded, err := a.mgr.CreatePurposeToken(t.Context(), test.purpose, "alice")
			assert.Empty(t, encoded)
			require.ErrorIs(t, err, ginjwt.ErrUnavailable)
			var refused *ginjwt.Error
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, "store_unavailable", refused.Reason)
		})
	}
	a := newLinksApp(t)
	a.once.down.Store(true)
	purposeToken(t, a.mgr, confirm, "alice") // without OnlyNewest
}

func purposeTokenOf(identity string, a *linksApp) {
	_, _ = a.mgr.CreatePurposeToken(context.Background(), reset, identity)
}

func TestReadingPurposeTokensWithoutStores(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	encoded := purposeToken(t, a.mgr, confirm, "alice")
	a.list.down.Store(true)
	refusedPurpose(t, a.mgr, confirm, encoded, ginjwt.ErrUnavailable, "store_unavailable")
	assert.Zero(t, a.once.claims.Load(), "nothing was used up")
	require.ErrorIs(t, a.mgr.RevokePurposeTokens(t.Context(), confirm, "alice"), ginjwt.ErrUnavailable)
	a.list.down.Store(false)
	a.once.down.Store(true)
	_, err := a.mgr.ConsumePurposeToken(t.Context(), confirm, encoded)
	require.ErrorIs(t, err, ginjwt.ErrUnavailable)
	_, err = a.mgr.PeekPurposeToken(t.Context(), confirm, encoded)
	require.NoError(t, err, "who looks asks the blocklist only")
	a.once.down.Store(false)
	consumed(t, a.mgr, confirm, encoded)
}

// If the list fails after the token is used up, the token stays used up.
func TestConsumedThoughTheBlocklistFails(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	encoded := purposeToken(t, a.mgr, confirm, "alice")
	a.once.during = func(context.Context) { a.list.down.Store(true) }
	a.take()
	consumed(t, a.mgr, confirm, encoded)
	events := a.take()
	require.Len(t, events, 2)
	assert.Equal(t, []any{ginjwt.EventStoreFailed, ginjwt.OperationBlocklistAdd}, []any{events[0].Kind, events[0].Operation})
	assert.Equal(t, ginjwt.EventConsumed, events[1].Kind)
	a.list.down.Store(false)
	_, err := a.mgr.ConsumePurposeToken(t.Context(), confirm, encoded)
	require.ErrorIs(t, err, ginjwt.ErrConsumed)
}

// If a client disconnects before the token is used up, nothing is used up. If it disconnects
// during that call, the token is used up, and the handler goes on.
func TestClientsThatGoAwayFromALink(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	encoded := purposeToken(t, a.mgr, confirm, "alice")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := a.mgr.ConsumePurposeToken(gone, confirm, encoded)
	require.ErrorIs(t, err, ginjwt.ErrUnavailable)
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, a.once.claims.Load())

	going, cancel := context.WithCancel(t.Context())
	defer cancel()
	a.once.during = func(ctx context.Context) {
		cancel()
		assert.NoError(t, ctx.Err())
	}
	patient := a.manager(t, func(c *ginjwt.Config) { c.Blocklist = impatientList{a.list} })
	token, err := patient.ConsumePurposeToken(going, confirm, encoded)
	require.NoError(t, err)
	assert.Equal(t, "alice", token.Identity)
	emptied := a.manager(t, func(c *ginjwt.Config) { c.Once = &ginjwt.MemoryOnce{Now: a.clock.Now} })
	refusedPurpose(t, emptied, confirm, encoded, ginjwt.ErrConsumed, "token_consumed")
}

// remembering are stores that record how long they must keep an entry.
type remembering struct {
	ginjwt.MemoryBlocklist
	once         ginjwt.MemoryOnce
	listed, used []time.Time
}

func (r *remembering) Add(ctx context.Context, id string, expires time.Time) error {
	r.listed = append(r.listed, expires)
	return r.MemoryBlocklist.Add(ctx, id, expires)
}

func (r *remembering) AddMany(ctx context.Context, entries []store.Revocation) error {
	for _, e := range entries {
		r.listed = append(r.listed, e.Expires)
	}
	return r.MemoryBlocklist.AddMany(ctx, entries)
}

func (r *remembering) Claim(ctx context.Context, id string, until time.Time) (bool, error) {
	r.used = append(r.used, until)
	return r.once.Claim(ctx, id, until)
}

// A used token is remembered until it has expired on every clock. A revocation is remembered
// until every token has expired that can exist by then.
func TestHowLongUsesAreRemembered(t *testing.T) {
	t.Parallel()
	clock, r := &jwttest.Clock{}, &remembering{}
	r.Now, r.once.Now = clock.Now, clock.Now
	config := jwttest.Config(clock)
	config.Blocklist, config.Once, config.DecodeLeeway = r, r, 10*time.Second
	mgr, _ := newManager(t, config)
	encoded := purposeToken(t, mgr, confirm, "alice")
	_, err := mgr.PeekPurposeToken(t.Context(), confirm, encoded)
	require.NoError(t, err)
	assert.Empty(t, append(r.listed, r.used...), "who looks changes nothing")

	consumed(t, mgr, confirm, encoded)
	last := clock.Now().Add(30*time.Minute + 10*time.Second + time.Minute)
	assert.Equal(t, []time.Time{last}, r.used)
	assert.Equal(t, []time.Time{last}, r.listed)

	r.listed = nil
	require.NoError(t, mgr.RevokePurposeTokens(t.Context(), confirm, "alice"))
	require.NotEmpty(t, r.listed)
	for _, until := range r.listed {
		assert.Equal(t, clock.Now().Add(30*24*time.Hour+10*time.Second+time.Minute), until)
	}
	assert.LessOrEqual(t, len(r.listed), 23, "30 days have less than 2^22 seconds")

	r.listed = nil
	purposeToken(t, mgr, reset, "bob")
	for _, until := range r.listed {
		assert.Equal(t, clock.Now().Add(24*time.Hour+10*time.Second+time.Minute), until, "longer than any token lives")
	}
	assert.LessOrEqual(t, len(r.listed), 18, "a day has less than 2^17 seconds")
}

// impatientList fails when the caller is cancelled, like a list on a server.
type impatientList struct{ ginjwt.Blocklist }

func (l impatientList) Add(ctx context.Context, id string, expires time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.Blocklist.Add(ctx, id, expires)
}

// After an error of the store the token may be used up, and no request may go on.
func TestAClaimWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	lossy := &lossyOnce{MemoryOnce: &a.once.MemoryOnce}
	mgr := a.manager(t, func(c *ginjwt.Config) { c.Once = lossy })
	encoded := purposeToken(t, mgr, confirm, "alice")
	_, err := mgr.ConsumePurposeToken(t.Context(), confirm, encoded)
	require.ErrorIs(t, err, ginjwt.ErrUnavailable)
	_, err = a.mgr.ConsumePurposeToken(t.Context(), confirm, encoded)
	require.ErrorIs(t, err, ginjwt.ErrConsumed)
}

// lossyOnce makes the claim, and loses the answer.
type lossyOnce struct{ *ginjwt.MemoryOnce }

func (o *lossyOnce) Claim(ctx context.Context, id string, until time.Time) (bool, error) {
	_, _ = o.MemoryOnce.Claim(ctx, id, until)
	return false, errStoreDown
}

// Too many creations at once get no token. Two newest tokens would be worse.
func TestTooManyNewestAtOnce(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	mgr := a.manager(t, func(c *ginjwt.Config) { c.Once = neverFirst{} })
	_, err := mgr.CreatePurposeToken(t.Context(), reset, "alice")
	require.ErrorIs(t, err, ginjwt.ErrUnavailable)
	assert.ErrorContains(t, err, "too many tokens of one purpose")
}

type neverFirst struct{}

func (neverFirst) Claim(context.Context, string, time.Time) (bool, error) { return false, nil }

// Revocations, creations and uses at once, for the race detector.
func TestPurposeTokensAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t)
	var wg sync.WaitGroup
	var used atomic.Int64
	for i := range 16 {
		wg.Go(func() {
			for range 20 {
				if i == 0 {
					_ = a.mgr.RevokePurposeTokens(context.Background(), confirm, "alice")
					continue
				}
				encoded, err := a.mgr.CreatePurposeToken(context.Background(), confirm, "alice", ginjwt.BoundTo("a"))
				if err == nil {
					_, err = a.mgr.ConsumePurposeToken(context.Background(), confirm, encoded, ginjwt.BoundTo("a"))
				}
				if err == nil {
					used.Add(1)
				}
			}
		})
	}
	wg.Wait()
	assert.Positive(t, used.Load())
}

// Tokens that another holder of the key has signed need all claims of our tokens.
func TestPurposeTokensThatAreNone(t *testing.T) {
	t.Parallel()
	a := newLinksApp(t, func(c *ginjwt.Config) { c.DisableVerifySub = true })
	now := a.clock.Now().Unix()
	sign := func(header map[string]any, changes jwt.MapClaims) string {
		claims := jwt.MapClaims{
			"type": "purpose", "aud": "urn:ginjwt:purpose::confirm-address", "sub": "alice", "jti": "1", "iat": now, "exp": now + 60, "at": now,
		}
		for name, value := range changes {
			claims[name] = value
			if value == nil {
				delete(claims, name)
			}
		}
		token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
		token.Header["typ"] = "purpose+jwt"
		for name, value := range header {
			token.Header[name] = value
		}
		encoded, err := token.SignedString([]byte(appSecret()))
		require.NoError(t, err)
		return encoded
	}
	_, err := a.mgr.PeekPurposeToken(t.Context(), confirm, sign(nil, nil))
	require.NoError(t, err, "or the cases below prove nothing")
	for name, encoded := range map[string]string{
		"no expiry":              sign(nil, jwt.MapClaims{"exp": nil}),
		"expiry as text":         sign(nil, jwt.MapClaims{"exp": "soon"}),
		"no time of issue":       sign(nil, jwt.MapClaims{"iat": nil}),
		"issued in the future":   sign(nil, jwt.MapClaims{"iat": now + 60}),
		"not yet valid":          sign(nil, jwt.MapClaims{"nbf": now + 30}),
		"no ID":                  sign(nil, jwt.MapClaims{"jti": nil}),
		"an empty ID":            sign(nil, jwt.MapClaims{"jti": ""}),
		"an ID of another type":  sign(nil, jwt.MapClaims{"jti": 1}),
		"no identity":            sign(nil, jwt.MapClaims{"sub": nil}),
		"an empty identity":      sign(nil, jwt.MapClaims{"sub": ""}),
		"an identity as number":  sign(nil, jwt.MapClaims{"sub": 1}),
		"an identity as object":  sign(nil, jwt.MapClaims{"sub": map[string]any{}}),
		"no type":                sign(nil, jwt.MapClaims{"type": nil}),
		"access":                 sign(nil, jwt.MapClaims{"type": "access"}),
		"ticket":                 sign(nil, jwt.MapClaims{"type": "ticket"}),
		"no time":                sign(nil, jwt.MapClaims{"at": nil}),
		"a time as text":         sign(nil, jwt.MapClaims{"at": "1"}),
		"a time below zero":      sign(nil, jwt.MapClaims{"at": -1}),
		"a time with a fraction": sign(nil, jwt.MapClaims{"at": 1.5}),
		"a time too late":        sign(nil, jwt.MapClaims{"at": 1 << 33}),
		"no audience":            sign(nil, jwt.MapClaims{"aud": nil}),
		"the audience of others": sign(nil, jwt.MapClaims{"aud": []string{"urn:ginjwt:purpose::reset-password", "urn:ginjwt:ticket:"}}),
		"typ JWT":                sign(map[string]any{"typ": "JWT"}, nil),
		"typ of tickets":         sign(map[string]any{"typ": "ticket+jwt"}, nil),
		"no typ":                 sign(map[string]any{"typ": ""}, nil),
		"crit":                   sign(map[string]any{"crit": []string{"exp"}}, nil),
		"compressed":             sign(map[string]any{"zip": "DEF"}, nil),
		"too large":              strings.Repeat("a", 16<<10) + "." + strings.Repeat("b", 10),
		"an empty text":          "",
		"an access token":        jwttest.AccessToken(t, a.mgr, "alice"),
		"a refresh token":        jwttest.RefreshToken(t, a.mgr, "alice"),
	} {
		for _, use := range []func() error{
			func() error { _, err := a.mgr.PeekPurposeToken(t.Context(), confirm, encoded); return err },
			func() error { _, err := a.mgr.ConsumePurposeToken(t.Context(), confirm, encoded); return err },
		} {
			assert.ErrorIs(t, use(), ginjwt.ErrInvalidToken, name)
		}
	}
	for _, seal := range []any{1, "", true, []string{"a"}} {
		refusedPurpose(t, a.mgr, confirm, sign(nil, jwt.MapClaims{"bnd": seal}), ginjwt.ErrNotBound, "binding_mismatch", ginjwt.BoundTo("a"))
		refusedPurpose(t, a.mgr, confirm, sign(nil, jwt.MapClaims{"bnd": seal}), ginjwt.ErrNotBound, "binding_mismatch")
	}
	assert.Zero(t, a.once.claims.Load())
}
