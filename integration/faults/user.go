package faults

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

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

// How often a store is asked, at most. Two tabs that refresh at the same time undo what
// the other has begun.
const (
	asksOfRefresh = 8
	asksOfLogout  = 4
)

func (u *user) login() {
	_ = u.timed("login", 1, func() error {
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
	_ = u.timed("visit", 1, func() error {
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
			errs[i] = u.timed("refresh", asksOfRefresh, func() (err error) {
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

// rotateWell is rotate at one of the processes when all is well.
func (u *user) rotateWell(encoded string, opts ...ginjwt.TokenOption) (pair ginjwt.TokenPair, err error) {
	u.t.Helper()
	err = u.well("a refresh", func() (err error) {
		pair, err = u.rotate(u.process(), encoded, opts...)
		return err
	})
	return pair, err
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
		_ = u.timed("login", 1, func() error {
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
		err := u.timed(what, asksOfLogout, func() error { return logout(u.process()) })
		if err == nil {
			break
		}
		u.only(err)
		u.wait(10 * time.Millisecond)
	}
	at := time.Now()
	u.mu.Lock()
	for _, pair := range pairs {
		u.ended = append(u.ended, ended{at, pair})
	}
	u.mu.Unlock()
	u.pair = ginjwt.TokenPair{}
}

// checkTheEnd makes sure that u is logged in everywhere, and has one token that
// can be traded: those before are known as used.
func (u *user) checkTheEnd() {
	for range len(u.managers) {
		u.wait(tradeAge + grace)
		pair, err := u.rotateWell(u.pair.RefreshToken, ginjwt.WithIdempotencyKey(u.key))
		if u.mustLogInAgain(err) {
			return
		}
		require.NoError(u.t, err, u.name)
		u.keep(pair)
	}
	require.GreaterOrEqual(u.t, len(u.old), len(u.managers)-1, u.name) // the first only starts a grace that a fault has kept from starting
	for _, mgr := range u.managers {
		require.NoError(u.t, u.visitWell(mgr, u.pair.AccessToken), u.name)
		for _, old := range u.old[:len(u.old)-1] {
			require.ErrorIs(u.t, u.visitWell(mgr, old, ginjwt.Refresh()), ginjwt.ErrSessionReused, u.name)
		}
	}
}
