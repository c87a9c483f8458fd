package ginjwt_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// copiedBlocklist is a copy of a list. It gets the entries of other processes on request.
type copiedBlocklist struct {
	ginjwt.MemoryBlocklist
	shared *[]store.Revocation
	known  int
}

func (b *copiedBlocklist) Add(ctx context.Context, id string, expires time.Time) error {
	*b.shared = append(*b.shared, store.Revocation{ID: id, Expires: expires})
	return b.MemoryBlocklist.Add(ctx, id, expires)
}

func (b *copiedBlocklist) follow(ctx context.Context) {
	for _, r := range (*b.shared)[b.known:] {
		_ = b.MemoryBlocklist.Add(ctx, r.ID, r.Expires)
	}
	b.known = len(*b.shared)
}

// world has two processes with one session store, and copies of one list. A user logs in,
// logs out at the issuer, and logs in again. The processes get this news in any order.
type world struct {
	t         *testing.T
	processes [2]*upstreamApp
	copies    [2]*copiedBlocklist
	logout    string
	logins    [2]struct {
		sid     string
		idToken time.Time
		pairs   []ginjwt.TokenPair
	}
}

func newWorld(t *testing.T, claims jwt.MapClaims) *world {
	t.Helper()
	w := &world{t: t}
	clock, sessions, shared := &jwttest.Clock{}, &ginjwt.MemorySessions{}, []store.Revocation{}
	sessions.Now = clock.Now
	for i := range w.processes {
		w.copies[i] = &copiedBlocklist{shared: &shared}
		w.copies[i].Now = clock.Now
		w.processes[i] = newUpstreamApp(t, func(c *ginjwt.Config) { c.Now, c.Sessions, c.Blocklist = clock.Now, sessions, w.copies[i] })
		w.processes[i].clock = clock
	}
	w.logins[0].sid, w.logins[0].idToken = "s", clock.Now()
	clock.Advance(30 * time.Second)
	w.logout = w.processes[0].logoutToken(t, issuerA, claims)
	clock.Advance(30 * time.Second)
	w.logins[1].sid, w.logins[1].idToken = "s2", clock.Now()
	clock.Advance(30 * time.Second)
	return w
}

// finish is the end of a login. It can fail if the user has logged out in the meantime.
func (w *world) finish(process, login int) {
	l := &w.logins[login]
	pair, err := w.processes[process].mgr.CreateTokenPair(w.t.Context(), "user", ginjwt.WithUpstream(issuerA, l.sid, "alice", l.idToken))
	if err == nil {
		l.pairs = append(l.pairs, pair)
		return
	}
	assert.ErrorIs(w.t, err, ginjwt.ErrSessionEnded)
	assert.Zero(w.t, login, "the new login")
}

// refresh trades the first refresh token of the first login, if there is one.
func (w *world) refresh(process int) {
	l := &w.logins[0]
	if len(l.pairs) == 0 {
		return
	}
	pair, err := w.processes[process].rotate(w.t, l.pairs[0])
	if err == nil {
		l.pairs = append(l.pairs, pair)
		return
	}
	assert.ErrorIs(w.t, err, ginjwt.ErrRevokedToken)
}

func (w *world) post(process int) {
	assert.Equal(w.t, 200, w.processes[process].post(w.logout).Code)
}

// happening is an event that comes after certain other events of the list.
type happening struct {
	after []int
	act   func(*world)
}

var happenings = []happening{
	0: {nil, func(w *world) { w.finish(0, 0) }},
	1: {[]int{0}, func(w *world) { w.refresh(1) }},
	2: {nil, func(w *world) { w.post(0) }},
	3: {[]int{2}, func(w *world) { w.copies[1].follow(w.t.Context()) }},
	4: {nil, func(w *world) { w.post(1) }},
	5: {nil, func(w *world) { w.finish(1, 1) }},
	6: {nil, func(w *world) { w.finish(1, 0) }}, // the browser repeats it
}

// orders calls visit with all orders of happenings.
func orders(done []int, visit func([]int)) {
	if len(done) == len(happenings) {
		visit(done)
		return
	}
	for i, h := range happenings {
		ready := !slices.Contains(done, i) && !slices.ContainsFunc(h.after, func(before int) bool { return !slices.Contains(done, before) })
		if ready {
			orders(append(slices.Clip(done), i), visit)
		}
	}
}

// In every order: after both processes know of the logout, every session that began before
// it has ended, and every session that began after it has not.
func TestLogoutsInAnyOrder(t *testing.T) {
	t.Parallel()
	for kind, claims := range map[string]jwt.MapClaims{"of the session": {"sid": "s"}, "of the user": nil} {
		tried := 0
		orders(nil, func(order []int) {
			if tried++; testing.Short() && tried%10 != 0 {
				return
			}
			w := newWorld(t, claims)
			for _, i := range order {
				happenings[i].act(w)
			}
			for _, copied := range w.copies {
				copied.follow(t.Context())
			}
			w.check(kind, order)
		})
		assert.Equal(t, 5040/4, tried) // 7! orders; two pairs of events have a fixed order
	}
}

func (w *world) check(kind string, order []int) {
	w.t.Helper()
	for login, l := range w.logins {
		for _, pair := range l.pairs {
			for _, process := range w.processes {
				access := process.get(pair.AccessToken)
				token, err := process.mgr.DecodeToken(w.t.Context(), pair.RefreshToken)
				require.NoError(w.t, err)
				_, err = process.mgr.RotateTokens(w.t.Context(), token)
				if login == 0 {
					assert.Equal(w.t, 401, access, "%s: %v", kind, order)
					assert.True(w.t, errors.Is(err, ginjwt.ErrRevokedToken), "%s: %v: %v", kind, order, err)
				} else {
					assert.Equal(w.t, 200, access, "%s: %v", kind, order)
					assert.NoError(w.t, err, "%s: %v", kind, order)
				}
			}
		}
	}
	assert.NotEmpty(w.t, w.logins[1].pairs, "%s: %v", kind, order)
}
