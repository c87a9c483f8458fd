// Package faults tests what a store and a blocklist promise together while
// their server is harmed: several processes serve users who log in, refresh and
// log out, the server is killed or stopped in the middle, and nobody is let in
// who should not be, nor thrown out who did nothing wrong.
package faults

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// Stores are what one process keeps its state in.
type Stores struct {
	Sessions  ginjwt.SessionStore
	Blocklist ginjwt.Blocklist
}

// The settings that the stores of a test must have.
const (
	Timeout      = time.Second
	MaxStaleness = time.Second
)

// slack is what a busy machine may add to a time.
const slack = 2 * time.Second

const (
	processes = 3
	users     = 6
	warmUp    = 500 * time.Millisecond // of undisturbed use, before and after
)

// Fault is something that happens to a server. It returns when the server is
// well again.
type Fault struct {
	Do func()

	// LosesSessions says that the server loses what it keeps: then users have to
	// log in again. What was revoked stays revoked.
	LosesSessions bool
}

// Run lets users work while the fault happens. open connects a new process to
// the server, with connections of its own, until ctx ends.
func Run(t *testing.T, open func(ctx context.Context) Stores, fault Fault) {
	t.Helper()
	w := &world{t: t, open: open, fault: fault, generations: map[string]string{}}
	for range processes {
		w.startProcess()
	}
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	for i := range users {
		u := &user{world: w, name: fmt.Sprint("user ", i)}
		w.users = append(w.users, u)
		working.Go(func() { u.work(ctx) })
	}
	working.Go(func() { w.tryWhatEnded(ctx) })
	w.wait(warmUp)
	fault.Do()
	w.startProcess() // one that knows nothing but what the server says
	w.wait(warmUp + MaxStaleness)
	stop()
	working.Wait()
	require.False(t, t.Failed())
	w.wait(MaxStaleness) // from now on nothing that was revoked may be accepted
	w.checkTheEnd()
}

// grace is short, so that tokens are traded again and again. What takes longer than
// that, as faults do, is repeated with an Idempotency-Key.
const (
	grace    = 25 * time.Millisecond
	tradeAge = 2 * grace
)

// world is what all users share.
type world struct {
	t     *testing.T
	open  func(ctx context.Context) Stores
	fault Fault
	users []*user

	mu          sync.Mutex
	managers    []*ginjwt.JWTManager
	ended       []ended
	generations map[string]string // "sid gen" → "jti": one successor of each token
	done        map[string]int    // what happened, for the log
}

// ended is a session that somebody was told has ended.
type ended struct {
	at   time.Time
	pair ginjwt.TokenPair
}

func (w *world) startProcess() {
	stores := w.open(w.t.Context())
	config := jwttest.Config(nil)
	config.Sessions, config.Blocklist = stores.Sessions, stores.Blocklist
	config.SessionGrace = grace
	mgr := ginjwt.New(config)
	require.NoError(w.t, mgr.InitApp(nil))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.managers = append(w.managers, mgr)
}

// process returns one of the processes, as a load balancer does.
func (w *world) process() *ginjwt.JWTManager {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.managers[rand.IntN(len(w.managers))]
}

func (w *world) all() []*ginjwt.JWTManager {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*ginjwt.JWTManager(nil), w.managers...)
}

func (w *world) count(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done == nil {
		w.done = map[string]int{}
	}
	w.done[what]++
}

func (w *world) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// timed fails the test if f hangs.
func (w *world) timed(what string, f func() error) error {
	start := time.Now()
	err := f()
	assert.Less(w.t, time.Since(start), Timeout+slack, "%s hung: %v", what, err)
	switch {
	case err == nil:
		w.count(what)
	case errors.Is(err, ginjwt.ErrUnavailable):
		w.count(what + ": unavailable")
	}
	return err
}

// user logs in, refreshes and logs out.
type user struct {
	*world
	name string
	pair ginjwt.TokenPair
	key  string   // made with the present refresh token
	old  []string // refresh tokens before the present one, of this session
}

// keep is what a client does with the tokens of an answer.
func (u *user) keep(pair ginjwt.TokenPair) {
	if pair.KeepsRefreshToken {
		u.pair.AccessToken = pair.AccessToken
		return
	}
	if u.pair.SessionID == pair.SessionID {
		u.old = append(u.old, u.pair.RefreshToken)
	} else {
		u.old = nil
	}
	u.pair, u.key = pair, crand.Text()
}

func (u *user) work(ctx context.Context) {
	for ctx.Err() == nil && !u.t.Failed() {
		switch n := rand.IntN(20); {
		case u.pair.SessionID == "":
			u.login()
		case n == 0:
			u.logout()
		case n == 1 && !u.fault.LosesSessions: // nobody could say which sessions to end
			u.logoutEverywhere()
		case n < 8:
			u.refresh()
		default:
			u.visit()
		}
		u.wait(time.Duration(rand.IntN(5)) * time.Millisecond)
	}
}

func (u *user) login() {
	_ = u.timed("login", func() error {
		pair, err := u.process().CreateTokenPair(context.Background(), u.name)
		if err == nil {
			u.keep(pair)
		}
		u.only(err)
		return err
	})
}

// only fails the test if err is more than that a store did not answer.
func (u *user) only(err error) {
	if err != nil && !errors.Is(err, ginjwt.ErrUnavailable) {
		assert.NoError(u.t, err, u.name)
	}
}

// mustLogInAgain reports whether the session was lost with the server's data.
func (u *user) mustLogInAgain(err error) bool {
	lost := u.fault.LosesSessions && errors.Is(err, ginjwt.ErrSessionEnded)
	if lost {
		u.count("session lost")
		u.pair = ginjwt.TokenPair{}
	}
	return lost
}

func (u *user) visit() {
	_ = u.timed("visit", func() error {
		_, err := u.process().VerifyToken(context.Background(), u.pair.AccessToken)
		u.only(err)
		return err
	})
}

// refresh sends the token, sometimes in two tabs at once. A user who is told that the
// server is unavailable keeps the old token, and tries again later.
func (u *user) refresh() {
	tabs := 1 + rand.IntN(2)
	pairs, errs := make([]ginjwt.TokenPair, tabs), make([]error, tabs)
	var group sync.WaitGroup
	for i := range tabs {
		group.Go(func() {
			errs[i] = u.timed("refresh", func() (err error) {
				pairs[i], err = u.rotate(u.process(), u.pair.RefreshToken, ginjwt.WithIdempotencyKey(u.key))
				return err
			})
		})
	}
	group.Wait()
	for i := range tabs {
		if u.mustLogInAgain(errs[i]) {
			return
		}
		u.only(errs[i])
	}
	sent := u.pair.RefreshToken
	for i := range tabs {
		if errs[i] == nil && (pairs[i].KeepsRefreshToken || u.pair.RefreshToken == sent) {
			u.keep(pairs[i])
		}
	}
}

// rotate sends a refresh token, and notes its successor.
func (u *user) rotate(mgr *ginjwt.JWTManager, encoded string, opts ...ginjwt.TokenOption) (ginjwt.TokenPair, error) {
	token, err := mgr.DecodeToken(context.Background(), encoded)
	if err != nil {
		return ginjwt.TokenPair{}, err
	}
	pair, err := mgr.RotateTokens(context.Background(), token, opts...)
	if err != nil || pair.KeepsRefreshToken {
		return pair, err
	}
	next, err := mgr.DecodeToken(context.Background(), pair.RefreshToken)
	if err != nil {
		return ginjwt.TokenPair{}, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	of := fmt.Sprint(token.SessionID, " ", token.Claims()["gen"])
	if known, ok := u.generations[of]; ok {
		assert.Equal(u.t, known, next.ID, "two successors of one token")
	}
	u.generations[of] = next.ID
	return pair, nil
}

func (u *user) logout() {
	u.end("logout", []ginjwt.TokenPair{u.pair}, func(mgr *ginjwt.JWTManager) error {
		return mgr.EndSession(context.Background(), u.pair.SessionID)
	})
}

// logoutEverywhere ends the session with those of other devices.
func (u *user) logoutEverywhere() {
	pairs := []ginjwt.TokenPair{u.pair}
	for range 2 {
		_ = u.timed("login", func() error {
			pair, err := u.process().CreateTokenPair(context.Background(), u.name)
			if err == nil {
				pairs = append(pairs, pair)
			}
			u.only(err)
			return err
		})
	}
	u.end("logout everywhere", pairs, func(mgr *ginjwt.JWTManager) error { return mgr.EndSessions(context.Background(), u.name) })
}

// end ends sessions. Who is told that the server is unavailable is still logged in, or
// not: the user logs out again until told that it is done.
func (u *user) end(what string, pairs []ginjwt.TokenPair, logout func(*ginjwt.JWTManager) error) {
	for !u.t.Failed() {
		err := u.timed(what, func() error { return logout(u.process()) })
		if err == nil {
			break
		}
		u.only(err)
		u.wait(10 * time.Millisecond)
	}
	u.mu.Lock()
	for _, pair := range pairs {
		u.ended = append(u.ended, ended{time.Now(), pair})
	}
	u.mu.Unlock()
	u.pair = ginjwt.TokenPair{}
}

// tryWhatEnded presents tokens of ended sessions to all processes, also those
// that are no longer new.
func (w *world) tryWhatEnded(ctx context.Context) {
	for ctx.Err() == nil && !w.t.Failed() {
		w.mu.Lock()
		tries := append([]ended(nil), w.ended[max(0, len(w.ended)-5):]...)
		if len(w.ended) > 0 {
			tries = append(tries, w.ended[rand.IntN(len(w.ended))])
		}
		w.mu.Unlock()
		for _, e := range tries {
			for _, mgr := range w.all() {
				w.tryEnded(mgr, e)
			}
		}
		w.wait(5 * time.Millisecond)
	}
}

// tryEnded fails the test if a token is accepted for longer after it was revoked
// than a copy may be old.
func (w *world) tryEnded(mgr *ginjwt.JWTManager, e ended) {
	start := time.Now()
	err := w.timed("visit after logout", func() error {
		_, err := mgr.VerifyToken(context.Background(), e.pair.AccessToken)
		return err
	})
	if err == nil {
		assert.LessOrEqual(w.t, start.Sub(e.at), MaxStaleness, "a revoked token was accepted")
	}
}

// checkTheEnd looks at all users and all that was revoked, when all is well.
func (w *world) checkTheEnd() {
	w.t.Log(w.done)
	for _, e := range w.ended {
		for _, mgr := range w.managers {
			_, err := mgr.VerifyToken(context.Background(), e.pair.AccessToken)
			require.ErrorIs(w.t, err, ginjwt.ErrRevokedToken)
		}
		_, err := w.users[0].rotate(w.process(), e.pair.RefreshToken)
		require.ErrorIs(w.t, err, ginjwt.ErrRevokedToken)
	}
	for _, u := range w.users {
		if u.pair.SessionID != "" {
			u.checkTheEnd()
		}
	}
	require.Positive(w.t, w.done["refresh"])
	require.Positive(w.t, w.done["logout"])
}

// checkTheEnd makes sure that u is logged in everywhere, and has one token that
// can be traded: those before are known as used.
func (u *user) checkTheEnd() {
	for range len(u.managers) {
		u.wait(tradeAge + grace)
		pair, err := u.rotate(u.process(), u.pair.RefreshToken)
		if u.mustLogInAgain(err) {
			return
		}
		require.NoError(u.t, err, u.name)
		u.keep(pair)
	}
	require.GreaterOrEqual(u.t, len(u.old), len(u.managers)-1, u.name) // the first only starts a grace that a fault has kept from starting
	for _, mgr := range u.managers {
		_, err := mgr.VerifyToken(context.Background(), u.pair.AccessToken)
		require.NoError(u.t, err, u.name)
		for _, old := range u.old[:len(u.old)-1] {
			_, err := mgr.VerifyToken(context.Background(), old, ginjwt.Refresh())
			require.ErrorIs(u.t, err, ginjwt.ErrSessionReused, u.name)
		}
	}
}
