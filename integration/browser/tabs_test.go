package browser

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A client is the script that a page has. It exports a class Client, which is given
// the settings and has the methods login, call and logout.
type client struct {
	name    string
	file    string
	careful bool // refreshes once for all tabs
}

var (
	naive      = client{"naive", "testdata/naive.js", false}
	documented = client{"documented", "testdata/documented.js", true}
	clients    = []client{naive, documented}
)

const app = "app.example.test"

// play is a user with several tabs, all of which work at the same time.
type play struct {
	*service
	user *user
	tabs []*tab
	in   string // where the tokens are
}

func newPlay(t *testing.T, s *service, c client, in string, tabs int, more ...string) *play {
	t.Helper()
	p := &play{service: s, user: newUser(t, &withBackForwardCache), in: in}
	for range tabs {
		p.tabs = append(p.tabs, p.user.open(s.page(app, c, in, more...)))
	}
	p.login()
	return p
}

// login logs in at the first tab.
func (p *play) login() {
	p.t.Helper()
	require.Equal(p.t, 200, eval[int](p.tabs[0], "client.login()"))
	p.agree()
}

// agree waits until all tabs have the same memory. What a tab writes reaches those of other
// processes a moment later, and must have done so before the clock of the service is moved by
// the life of a token.
func (p *play) agree() {
	p.t.Helper()
	const memory = "JSON.stringify(Object.entries(localStorage).sort())"
	require.Eventually(p.t, func() bool { return len(slices.Compact(p.each(memory))) == 1 }, patience, 5*time.Millisecond)
}

// each lets all tabs evaluate an expression at once, and returns what each got.
func (p *play) each(expression string) []string {
	got := make([]string, len(p.tabs))
	var wait sync.WaitGroup
	for i, tab := range p.tabs {
		wait.Go(func() {
			value, err := try[any](tab, expression)
			got[i] = fmt.Sprint(value)
			if err != nil {
				got[i] = err.Error()
			}
		})
	}
	wait.Wait()
	return got
}

// all is each, and then waits until the tabs agree on what they remember.
func (p *play) all(expression string) []string {
	p.t.Helper()
	got := p.each(expression)
	p.agree()
	return got
}

const call = `client.call("/messages")`

// assertAllIn checks that no tab was told to log in.
func (p *play) assertAllIn(got []string, where ...any) {
	p.t.Helper()
	for _, outcome := range got {
		assert.Equal(p.t, "ok", outcome, where...)
	}
}

// end logs out in one tab. Nobody must be able to go on.
func (p *play) end() {
	p.t.Helper()
	p.assertNobodyReused()
	assert.Equal(p.t, 1, p.sessions("alice"))
	assert.Equal(p.t, 204, eval[int](p.tabs[0], "client.logout()"))
	for _, outcome := range p.all(call) {
		assert.Equal(p.t, "out", outcome, "after the logout")
	}
	assert.Zero(p.t, p.sessions("alice"))
	p.assertDead()
}

// assertDead sends all tokens that ever were in an answer once more: with the key of the user,
// if they are bound to it.
func (p *play) assertDead() {
	p.t.Helper()
	if p.in != "dpop" {
		p.service.assertDead()
		return
	}
	for _, token := range p.allIssued() {
		assert.True(p.t, eval[bool](p.tabs[0], fmt.Sprintf("client.refused(%q)", token)))
	}
}

// eachKind runs a test for each client, with cookies and with headers, and for the documented
// one with tokens that are bound to a key.
func eachKind(t *testing.T, run func(t *testing.T, c client, in string)) {
	t.Helper()
	for _, c := range clients {
		places := []string{"cookies", "headers"}
		if c == documented {
			places = append(places, "dpop")
		}
		for _, in := range places {
			t.Run(c.name+" with "+in, func(t *testing.T) {
				t.Parallel()
				run(t, c, in)
			})
		}
	}
}

// minutes are short tokens for a clock that is moved.
func minutes(c *ginjwt.Config) { c.AccessTokenExpires = time.Minute }

func rounds() int {
	switch {
	case *long:
		return 200
	case testing.Short():
		return 4
	}
	return 12
}

// The clock is moved between the rounds, so that in each all access tokens have
// expired, and in every second the refresh token is old enough to be traded.
func TestTabsThatRefreshAtOnceStayLoggedIn(t *testing.T) {
	t.Parallel()
	for _, tabs := range []int{2, 10} {
		t.Run(fmt.Sprint(tabs, " tabs"), func(t *testing.T) {
			t.Parallel()
			eachKind(t, func(t *testing.T, c client, in string) {
				clock := &jwttest.Clock{}
				s := newService(t, place{clock: clock, configure: minutes})
				p := newPlay(t, s, c, in, tabs)
				for round := range rounds() {
					clock.Advance(61 * time.Second)
					p.assertAllIn(p.all(call), "round %d", round)
				}
				p.end()
			})
		})
	}
}
