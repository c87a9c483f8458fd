package browser

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// troubles let one of so many answers of /refresh be late, and one be lost. A late
// answer arrives when other tabs have had theirs at a later time.
type troubles struct {
	every int // answers

	mu          sync.Mutex
	changed     *sync.Cond
	answers     int
	calm        bool // nothing happens in this round: what was lost is asked for again
	lost        int  // in this round
	before, now *batch
	busy        map[*tab]bool
	came        []string // what came of calls
}

// batch are the late answers of a round.
type batch struct {
	size   int
	arrive chan struct{}
}

func newTroubles(every int) *troubles {
	w := &troubles{every: every, before: &batch{}, now: &batch{arrive: make(chan struct{})}, busy: map[*tab]bool{}}
	w.changed = sync.NewCond(&w.mu)
	return w
}

// atMost is how late an answer is if nobody gets another: with a client that
// refreshes once for all tabs, the others wait for it.
const atMost = time.Second

// meet is what happens to an answer.
func (w *troubles) meet() (lost bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calm {
		return false
	}
	w.answers++
	switch w.answers % w.every {
	case 1:
		w.beLate(w.now)
	case 1 + w.every/2:
		w.lost++
		return true
	}
	return false
}

func (w *troubles) beLate(with *batch) {
	with.size++
	w.changed.Broadcast()
	w.mu.Unlock()
	select {
	case <-with.arrive:
	case <-time.After(atMost):
	}
	w.mu.Lock()
	with.size--
}

// round lets all tabs call at once that do not wait for a late answer. It returns what
// came of the calls that are over.
func (w *troubles) round(tabs []*tab) (came []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before, w.now = w.now, &batch{arrive: make(chan struct{})}
	w.calm, w.lost = w.lost > 0, 0
	for _, tab := range tabs {
		if !w.busy[tab] {
			w.busy[tab] = true
			go w.call(tab)
		}
	}
	w.settle()
	close(w.before.arrive)
	w.before = &batch{}
	w.settle()
	came, w.came = w.came, nil
	return came
}

func (w *troubles) call(tab *tab) {
	outcome, err := try[string](tab, call)
	if err != nil {
		outcome = err.Error()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.busy, tab)
	w.came = append(w.came, outcome)
	w.changed.Broadcast()
}

// settle waits until all calls are over whose answers are not late.
func (w *troubles) settle() {
	for len(w.busy) > w.before.size+w.now.size {
		w.changed.Wait()
	}
}

// next is how much time passes until the next round. While an answer is late or must be
// asked for again it is less than half of the grace, as that is what is promised for.
func (w *troubles) next() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now.size > 0 || w.lost > 0 {
		return 4*time.Second + rand.N(latest-4*time.Second)
	}
	return 4*time.Second + rand.N(150*time.Second)
}

// latest is how late an answer may be, by the clock of the server.
const latest = 24 * time.Second

// end ends the trouble.
func (w *troubles) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.every = math.MaxInt
}

// One in twenty answers of a client that refreshes in each tab is late, and one is
// lost. A client that refreshes for all tabs gets fewer answers, and meets more trouble.
func TestAnswersThatAreLateOrLostLogNobodyOut(t *testing.T) {
	t.Parallel()
	for _, lifetime := range []time.Duration{3 * time.Second, time.Minute} {
		t.Run(lifetime.String(), func(t *testing.T) {
			t.Parallel()
			eachKind(t, func(t *testing.T, c client, in string) {
				clock := &jwttest.Clock{}
				s := newService(t, place{clock: clock, configure: func(c *ginjwt.Config) { c.AccessTokenExpires = lifetime }})
				trouble := newTroubles(20)
				if c.careful {
					trouble = newTroubles(4)
				}
				s.trouble = trouble.meet
				p := newPlay(t, s, c, in, 10)
				for range rounds() {
					p.agree()
					clock.Advance(trouble.next())
					assertNobodyOut(t, trouble.round(p.tabs), lifetime)
				}
				trouble.end()
				for range 2 { // for those that were late, and for those that were lost
					p.agree()
					clock.Advance(5 * time.Second)
					assertNobodyOut(t, trouble.round(p.tabs), lifetime)
				}
				p.assertAllIn(p.all(call))
				p.end()
			})
		})
	}
}

// assertNobodyOut checks what came of calls: a lost answer may be an error, and an access
// token that comes later than it lives may be refused, but nobody has to log in.
func assertNobodyOut(t *testing.T, came []string, lifetime time.Duration) {
	t.Helper()
	expected := []string{"ok", "TypeError: Failed to fetch"}
	if lifetime < latest {
		expected = append(expected, "again 401")
	}
	for _, outcome := range came {
		assert.Contains(t, expected, outcome)
	}
}

// An answer with the refresh token that was sent sets no cookie of it, and is ignored where
// tokens are in headers. It may be late while another tab trades that token.
func TestALateAnswerPutsNoOlderRefreshTokenOverANewerOne(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"cookies", "headers"} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			clock := &jwttest.Clock{}
			s := newService(t, place{clock: clock, configure: minutes})
			p := newPlay(t, s, naive, in, 2)
			late, arrive := make(chan struct{}), make(chan struct{})
			s.trouble = func() bool {
				close(late)
				<-arrive
				return false
			}
			clock.Advance(110 * time.Second) // less than twice the grace: the newest token is kept
			first := make(chan string)
			go func() {
				outcome, err := try[string](p.tabs[0], call)
				assert.NoError(t, err)
				first <- outcome
			}()
			<-late
			s.trouble = func() bool { return false }
			clock.Advance(20 * time.Second)
			assert.Equal(t, "ok", eval[string](p.tabs[1], call), "traded")
			close(arrive)
			assert.Equal(t, "ok", <-first)
			clock.Advance(61 * time.Second) // more than the grace
			p.assertAllIn(p.all(call))
			p.end()
		})
	}
}
