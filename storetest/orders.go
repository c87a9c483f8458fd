package storetest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

// order is one play: a few requests for one session, with interleaved store calls.
type order struct {
	*service
	id       string
	faulty   bool   // a fault has happened
	newest   string // the newest refresh token
	before   string // the refresh token before it
	older    string // the refresh token before that
	access   string
	late     map[string]bool // tokens that must be refused
	requests []*sent
}

// sent is a request and its response.
type sent struct {
	*actor
	path   string
	token  string
	status int
	pair   pair
	gone   bool // the client disconnected before the response
	late   bool // its token had to be refused when it was sent
}

// testOrders sends requests of all kinds for a session with three generations.
func testOrders(s *service) {
	s.start(func(*ginjwt.Config) {})
	o := &order{service: s, late: map[string]bool{}}
	first := s.signIn()
	s.clock.Advance(time.Hour)
	second := s.refresh(first.Refresh, "")
	s.clock.Advance(time.Hour)
	third := s.refresh(second.Refresh, "")
	o.id, o.older, o.before, o.newest, o.access = s.read(first.Refresh).SessionID, first.Refresh, second.Refresh, third.Refresh, third.Access
	if s.clock.Advance(time.Second); s.rng.IntN(3) > 0 {
		s.clock.Advance(10 * 24 * time.Hour)
		o.late[o.before] = true
	}
	o.late[o.older] = true
	o.play()
	o.check()
}

// testAdoptions sends requests with a refresh token that has no session yet.
func testAdoptions(s *service) {
	s.start(func(c *ginjwt.Config) { c.MaxSessions = 2 })
	s.signIn()
	s.clock.Advance(time.Hour)
	s.signIn()
	s.clock.Advance(time.Hour)
	old, err := s.mgrs[0].CreateRefreshToken(s.t.Context(), s.user)
	require.NoError(s.t, err)
	s.clock.Advance(time.Hour)
	o := &order{service: s, newest: old, before: old, older: old, late: map[string]bool{}}
	o.play()
	o.check()
	all, err := s.sessions.List(s.t.Context(), "", s.user)
	require.NoError(s.t, err)
	assert.LessOrEqual(s.t, len(all), 2+o.unanswered(), "MaxSessions")
}

// play runs three requests at the same time, sometimes with a fault.
func (o *order) play() {
	o.faults = o.rng.IntN(2)
	made := len(o.made)
	o.between = func() {
		if o.rng.IntN(4) == 0 {
			o.clock.Advance(time.Duration(o.rng.IntN(3000)) * time.Millisecond)
		}
	}
	var actors []*actor
	for range 3 {
		r := o.any()
		o.requests, actors = append(o.requests, r), append(actors, r.actor)
	}
	faults := o.faults
	o.run(o.t.Context(), actors...)
	o.faulty, o.faults, o.between = o.faults < faults, 0, func() {}
	for _, c := range o.made[made:] {
		o.id = c.next.ID
	}
	o.checkGenerations(made)
}

// any returns a random request.
func (o *order) any() *sent {
	r := &sent{path: "/refresh"}
	switch n := o.rng.IntN(10); {
	case n < 4:
		r.token = o.newest
	case n < 6:
		r.token = o.before
	case n < 7:
		r.token = o.older
	case n < 9 || o.access == "":
		r.path, r.token = "/logout", o.newest
	default:
		r.path, r.token = "/page", o.access
	}
	r.actor = &actor{name: r.path, act: func(ctx context.Context) {
		method := http.MethodPost
		if r.path == "/page" {
			method = http.MethodGet
		}
		r.late = o.late[r.token] || o.isOver()
		w := o.send(request(ctx, method, r.path, r.token, ""))
		r.gone = ctx.Err() != nil
		r.answered(o.t, w)
		o.checkAnswer(r)
	}}
	return r
}

func (r *sent) answered(t *testing.T, w *httptest.ResponseRecorder) {
	r.status = w.Code
	if r.path == "/refresh" {
		r.pair = pairIn(t, w)
	}
}

// isOver reports whether a logout succeeded or a theft was detected.
func (o *order) isOver() bool {
	for _, r := range o.requests {
		if r.path == "/logout" && r.status == http.StatusNoContent || r.isTheft() {
			return true
		}
	}
	return false
}

func (r *sent) isTheft() bool { return strings.Contains(r.pair.Message, "already been used") }

// checkAnswer checks a response when it is sent.
func (o *order) checkAnswer(r *sent) {
	good := r.status == http.StatusOK || r.status == http.StatusNoContent
	forgiven := r.path == "/page" || // it responds without a new token too
		r.path == "/refresh" && r.status == http.StatusUnauthorized && r.fault == "Delete" // the session is blocked already
	if r.fault != "" && !forgiven {
		assert.Equal(o.t, http.StatusServiceUnavailable, r.status, "%s failed, so the response must be 503\n%s", r.fault, o)
	}
	if r.path != "/refresh" || r.status != http.StatusOK {
		return
	}
	assert.False(o.t, good && r.late, "a token was accepted that had to be refused\n%s", o)
	if r.gone {
		token := o.read(r.pair.Refresh)
		s, ok, err := o.sessions.Get(o.t.Context(), token.SessionID)
		require.NoError(o.t, err)
		if ok && s.Generation == o.generation(r.pair.Refresh) {
			assert.False(o.t, s.HandedOutAt.IsZero(), "tokens were handed out to a client that had disconnected\n%s", o)
		}
	}
}

func (o *order) generation(refresh string) int64 {
	n, ok := o.read(refresh).Claims()["gen"]
	require.True(o.t, ok)
	var generation int64
	_, err := fmt.Sscan(fmt.Sprint(n), &generation)
	require.NoError(o.t, err)
	return generation
}

// checkGenerations checks that no generation was made twice, and that each has one token.
func (o *order) checkGenerations(from int) {
	seen := map[string]bool{}
	for _, c := range o.made[from:] {
		if c.old.Generation == c.next.Generation || c.call == "Create" { // a Create undoes itself after a logout
			continue
		}
		name := fmt.Sprint(c.next.ID, " ", c.next.Generation)
		assert.False(o.t, seen[name], "generation %d was made twice\n%s", c.next.Generation, o)
		seen[name] = true
	}
	ids, newest := map[int64]string{}, int64(0)
	for _, c := range o.made {
		newest = max(newest, c.next.Generation)
	}
	for _, r := range o.requests {
		if r.pair.Refresh == "" || o.read(r.pair.Refresh).SessionID == "" {
			continue
		}
		generation, id := o.generation(r.pair.Refresh), o.read(r.pair.Refresh).ID
		assert.LessOrEqual(o.t, generation, newest, "tokens of a generation that was not made\n%s", o)
		assert.Contains(o.t, []string{"", id}, ids[generation], "two tokens of one generation\n%s", o)
		ids[generation] = id
	}
}

// check checks that no token of a session that is over is accepted, now and later.
func (o *order) check() {
	thefts, unsure := 0, 0
	for _, r := range o.requests {
		if r.isTheft() {
			thefts++
		}
		if r.fault == "Delete" {
			unsure++
		}
	}
	assert.LessOrEqual(o.t, o.told, 1+unsure, "OnReuse is told once\n%s", o)
	if !o.isOver() {
		return
	}
	if _, ok, err := o.sessions.Get(o.t.Context(), o.id); !o.faulty {
		require.NoError(o.t, err)
		assert.False(o.t, ok, "the session is over, and still there\n%s", o)
	}
	for _, later := range []time.Duration{0, lifetime + 2*margin, 24 * 24 * time.Hour, 4 * 24 * time.Hour} {
		o.clock.Advance(later)
		o.checkOver()
	}
}

// checkOver tries all tokens.
func (o *order) checkOver() {
	all := []pair{{Access: o.access, Refresh: o.newest}}
	for _, r := range o.requests {
		all = append(all, r.pair)
	}
	for _, p := range all {
		for path, token := range map[string]string{"/page": p.Access, "/refresh": p.Refresh} {
			if token == "" {
				continue
			}
			method := map[string]string{"/page": http.MethodGet, "/refresh": http.MethodPost}[path]
			w := o.send(request(o.t.Context(), method, path, token, ""))
			assert.Equal(o.t, http.StatusUnauthorized, w.Code, "%s is accepted although the session is over\n%s", path, o)
		}
	}
}

// unanswered is how many sessions may exist without a response to a client.
func (o *order) unanswered() int {
	for _, r := range o.requests {
		if r.path == "/refresh" && r.status == http.StatusOK {
			return 0
		}
	}
	return 1
}

// String describes the play.
func (o *order) String() string {
	var b strings.Builder
	for i, r := range o.requests {
		which := map[string]string{o.newest: "newest", o.before: "before", o.older: "older", o.access: "access"}[r.token]
		fmt.Fprintf(&b, "%d %s %s: %s → %d %s\n", i+1, r.path, which, strings.Join(r.calls, ", "), r.status, r.pair.Message)
	}
	return b.String()
}
