// Package faults tests a store and a blocklist together while their server has faults.
// Several processes serve users that log in, refresh and log out, and the test kills or
// stops the server. No revoked token may be accepted, and no user may be logged out
// without a reason.
package faults

import (
	"context"
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
	"github.com/gin-jwt-extended/ginjwt/store"
)

// Stores are what one process keeps its state in.
type Stores struct {
	Sessions  ginjwt.SessionStore
	Blocklist ginjwt.Blocklist
	Once      store.Once // or nil
}

// The settings that the stores of a test must have.
const (
	Timeout      = time.Second
	MaxStaleness = time.Second
)

// slack is what a call may take beyond its timeouts, by OwnTime.
const slack = 2 * time.Second

// patience is for what a busy machine does later, but does.
const patience = time.Minute

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

	// LosesClaims says that the server may lose claims of a Once that it has
	// acknowledged, as it does if it loses sessions.
	LosesClaims bool
}

// Run lets users work while the fault happens. open connects a new process to
// the server, with connections of its own, until ctx ends.
func Run(t *testing.T, open func(ctx context.Context) Stores, fault Fault) {
	t.Helper()
	w := newWorld(t, open)
	w.fault = fault
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
	if len(w.claiming.stores) > 0 {
		working.Go(func() { w.claiming.work(ctx) })
	}
	w.wait(warmUp)
	w.awaitAll("refresh", "logout")
	fault.Do()
	w.startProcess() // one that knows nothing but what the server says
	w.wait(warmUp + MaxStaleness)
	stop()
	w.await(&working)
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
	own   *OwnTime
	open  func(ctx context.Context) Stores
	fault Fault
	users []*user

	claiming claiming

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

func newWorld(t *testing.T, open func(ctx context.Context) Stores) *world {
	own := NewOwnTime(t)
	return &world{
		t: t, own: own, open: open, claiming: claiming{t: t, own: own},
		generations: map[string]string{}, done: map[string]int{},
	}
}

func (w *world) startProcess() {
	stores := w.open(w.t.Context())
	config := jwttest.Config(nil)
	config.Sessions, config.Blocklist = stores.Sessions, stores.Blocklist
	config.SessionGrace = grace
	mgr := ginjwt.New(config)
	require.NoError(w.t, mgr.InitApp(nil))
	if stores.Once != nil {
		w.claiming.add(stores.Once)
	}
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
	w.done[what]++
}

// awaitAll waits until users have done all of that.
func (w *world) awaitAll(whats ...string) {
	w.t.Helper()
	for _, what := range whats {
		require.Eventually(w.t, func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.t.Failed() || w.done[what] > 0
		}, patience, tickLength, what)
	}
}

// await waits until all have done their work, and fails the test if that does not end.
func (w *world) await(working *sync.WaitGroup) {
	w.t.Helper()
	_ = w.own.Within(w.t, patience, "work that has been stopped", func() error { working.Wait(); return nil })
	require.False(w.t, w.t.Failed())
}

func (w *world) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// timed fails the test if f hangs, which asks a store so many times.
func (w *world) timed(what string, asks int, f func() error) error {
	defer w.own.After(time.Duration(asks)*Timeout+slack, func() { w.t.Errorf("%s hangs:\n%s", what, stacks()) })()
	err := f()
	switch {
	case err == nil:
		w.count(what)
	case errors.Is(err, ginjwt.ErrUnavailable):
		w.count(what + ": unavailable")
	}
	return err
}

// well calls f when all is well, again if a busy server does not reply in time.
func (w *world) well(what string, f func() error) (err error) {
	w.t.Helper()
	for began := time.Now(); ; w.wait(tickLength) {
		err = w.own.Within(w.t, patience, what, f)
		if !errors.Is(err, ginjwt.ErrUnavailable) || time.Since(began) > patience {
			return err
		}
	}
}

// visitWell visits with a token when all is well.
func (w *world) visitWell(mgr *ginjwt.JWTManager, encoded string, opts ...ginjwt.RequiredOption) error {
	w.t.Helper()
	return w.well("a visit", func() error {
		_, err := mgr.VerifyToken(context.Background(), encoded, opts...)
		return err
	})
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
	err := w.timed("visit after logout", 1, func() error {
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
			require.ErrorIs(w.t, w.visitWell(mgr, e.pair.AccessToken), ginjwt.ErrRevokedToken)
		}
		_, err := w.users[0].rotateWell(e.pair.RefreshToken)
		require.ErrorIs(w.t, err, ginjwt.ErrRevokedToken)
	}
	for _, u := range w.users {
		if u.pair.SessionID != "" {
			u.checkTheEnd()
		}
	}
	if len(w.claiming.stores) > 0 && !w.fault.LosesSessions && !w.fault.LosesClaims {
		w.claiming.check()
	}
}
