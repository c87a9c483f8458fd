package storetest

import (
	"cmp"
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

// scene describes clients and their network. A way is one trip of a request or an
// response. Two ways and the difference of the clocks together take less than the grace
// period.
type scene struct {
	tabs    int
	access  time.Duration // lifetime of access tokens; zero: 15 minutes
	slow    float64       // share of ways that are slow
	slowest time.Duration // longest slow way
	lost    float64       // share of responses that are lost
	retry   time.Duration // longest pause before a client repeats an unanswered request
	faults  float64       // share of store calls that fail, or that end their process
	keys    bool          // an Idempotency-Key for each token, kept beside it
	old     bool          // the browser begins with a token from before sessions
}

var scenes = map[string]scene{
	"tabs":                              {tabs: 5},
	"tabs, slow answers":                {tabs: 5, slow: .2, slowest: 28 * time.Second},
	"tabs, slow answers, short tokens":  {tabs: 5, slow: .3, slowest: 28 * time.Second, access: 20 * time.Second},
	"tabs, lost answers":                {tabs: 3, lost: .2, retry: 10 * time.Second},
	"a phone, lost answers, keys":       {tabs: 1, lost: .3, retry: 8 * time.Hour, keys: true},
	"tabs, lost answers, keys":          {tabs: 3, lost: .3, retry: time.Hour, keys: true},
	"tabs, a store that fails":          {tabs: 3, faults: .02, retry: 2 * time.Minute},
	"tabs, a token from before":         {tabs: 5, slow: .2, slowest: 5 * time.Second, old: true},
	"tabs, a token from before, faults": {tabs: 3, faults: .05, retry: 2 * time.Minute, old: true},
}

// browser has tabs that share a cookie jar. Nothing that it does may log it out.
type browser struct {
	*service
	scene  scene
	jar    http.CookieJar
	at     *url.URL
	fresh  time.Time // when its access token expires
	keys   map[string]string
	events []event
	sent   int  // requests so far
	out    bool // logged out
}

type event struct {
	at time.Time
	do func()
}

func (sc scene) play(s *service) {
	s.start(func(c *ginjwt.Config) {
		c.MaxSessions, c.AccessTokenExpires = 1, cmp.Or(sc.access, lifetime)
	})
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	b := &browser{service: s, scene: sc, jar: jar, at: &url.URL{Scheme: "https", Host: "example.com", Path: "/"}, keys: map[string]string{}}
	b.begin()
	b.faultRate = sc.faults
	for range sc.tabs {
		b.tab(new(bool))
	}
	b.live(60)
	assert.False(s.t, b.out, "the browser is logged out")
	assert.Zero(s.t, s.told, "OnReuse")
}

// begin logs in, or puts a refresh token without a session into the jar.
func (b *browser) begin() {
	if !b.scene.old {
		w := b.send(request(b.t.Context(), http.MethodPost, "/login", "", ""))
		require.Equal(b.t, http.StatusOK, w.Code)
		b.receive(w)
		return
	}
	token, err := b.mgrs[0].CreateRefreshToken(b.t.Context(), b.user)
	require.NoError(b.t, err)
	csrf, err := b.mgrs[0].GetCSRFToken(b.t.Context(), token)
	require.NoError(b.t, err)
	b.jar.SetCookies(b.at, []*http.Cookie{{Name: "refresh_token_cookie", Value: token}, {Name: "csrf_refresh_token", Value: csrf}})
}

// live runs the events in order of time until so many requests were sent.
func (b *browser) live(requests int) {
	for b.sent < requests && !b.out {
		next := 0
		for i, e := range b.events {
			if e.at.Before(b.events[next].at) {
				next = i
			}
		}
		e := b.events[next]
		b.events = slices.Delete(b.events, next, next+1)
		b.clock.Advance(e.at.Sub(b.clock.Now()))
		e.do()
	}
}

func (b *browser) in(d time.Duration, do func()) {
	b.events = append(b.events, event{b.clock.Now().Add(d), do})
}

func (b *browser) chance(p float64) bool { return b.rng.Float64() < p }

func upTo(rng *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(rng.Float64() * float64(d)).Truncate(time.Millisecond)
}

func (b *browser) way() time.Duration {
	if b.chance(b.scene.slow) {
		return upTo(b.rng, b.scene.slowest)
	}
	return upTo(b.rng, time.Second)
}

// tab wakes up again and again, and refreshes if the access token has expired. Tabs wake
// up within two seconds of each other, or much later.
func (b *browser) tab(busy *bool) {
	pause := max(0, b.fresh.Sub(b.clock.Now())) + upTo(b.rng, 2*time.Second)
	if b.chance(.3) {
		pause += upTo(b.rng, 10*time.Minute)
	}
	b.in(pause, func() {
		if b.clock.Now().After(b.fresh) && !*busy {
			*busy = true
			b.refreshTab(busy, 0)
		}
		b.tab(busy)
	})
}

// refreshTab refreshes with the cookies that are in the jar now. losses is how many
// responses were lost so far.
func (b *browser) refreshTab(busy *bool, losses int) {
	r := request(b.t.Context(), http.MethodPost, "/refresh", "", "")
	for _, cookie := range b.jar.Cookies(r.URL) {
		r.AddCookie(cookie)
		switch cookie.Name {
		case "csrf_refresh_token":
			r.Header.Set("X-CSRF-TOKEN", cookie.Value)
		case "refresh_token_cookie":
			if b.scene.keys {
				r.Header.Set("Idempotency-Key", b.keyOf(cookie.Value))
			}
		}
	}
	b.sent++
	b.in(b.way(), func() {
		w := b.serve(r)
		again := func(losses int) func() { return func() { b.refreshTab(busy, losses) } }
		switch lost := losses < 2 && b.chance(b.scene.lost); {
		case w == nil || w.Code == http.StatusServiceUnavailable:
			b.in(upTo(b.rng, b.scene.retry), again(losses))
		case w.Code != http.StatusOK:
			b.out = true
			assert.Fail(b.t, "refused", "%d %s", w.Code, pairIn(b.t, w).Message)
		case lost:
			b.in(upTo(b.rng, b.scene.retry), again(losses+1))
		default:
			b.in(b.way(), func() {
				b.receive(w)
				*busy = false
			})
		}
	})
}

// receive stores the cookies of a response.
func (b *browser) receive(w *httptest.ResponseRecorder) {
	b.jar.SetCookies(b.at, w.Result().Cookies())
	b.fresh = b.clock.Now().Add(cmp.Or(b.scene.access, lifetime))
}

// serve responds to a request. It returns nil if the process ends.
func (b *browser) serve(r *http.Request) (w *httptest.ResponseRecorder) {
	defer func() {
		if cause := recover(); cause == errCrash { //nolint:errorlint // the very value
			w = nil
		} else if cause != nil {
			panic(cause)
		}
	}()
	return b.send(r.WithContext(context.WithValue(b.t.Context(), alone{}, true)))
}

// keyOf returns the Idempotency-Key of a token: one for each token.
func (b *browser) keyOf(token string) string {
	if b.keys[token] == "" {
		b.keys[token] = newID()
	}
	return b.keys[token]
}
