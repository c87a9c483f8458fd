package rotationmodel

import (
	"container/heap"
	"math/rand/v2"
)

// The plays use hundredths of a second.
const (
	second = 100
	hour   = 3600 * second
	day    = 24 * hour
)

// defaults are the default settings of the library.
var defaults = rules{grace: 60 * second, young: 120 * second, access: 900 * second, idle: 30 * day, minute: 60 * second, spread: second}

// sim is a server and its future events.
type sim struct {
	server
	rng    *rand.Rand
	now    tick
	events events
	scene  scene
	down   tick // until when the store fails
}

type event struct {
	at tick
	do func()
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at < e[j].at }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)        { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// newSim begins with a login, or with a token without a session.
func newSim(r rules, sc scene, seed uint64) *sim {
	s := &sim{server: newServer(&r), rng: rand.New(rand.NewPCG(seed, 0)), scene: sc}
	if sc.old {
		s.server.old = oldToken{-hour, 29 * day}
	} else {
		s.put(0, session{state: live, gen: 1, expires: r.idle})
	}
	return s
}

func (s *sim) in(d tick, do func()) { heap.Push(&s.events, event{s.now + d, do}) }

// run runs events until the end, or until stop.
func (s *sim) run(end tick, stop func() bool) {
	for len(s.events) > 0 && !stop() {
		e := heap.Pop(&s.events).(event)
		if e.at > end {
			return
		}
		s.now = e.at
		e.do()
	}
}

// between returns a time from a to b, which may be the same.
func (s *sim) between(a, b tick) tick { return a + s.rng.Int32N(b-a+1) }

// pause returns a random duration whose mean is d.
func (s *sim) pause(d tick) tick { return tick(float64(d) * s.rng.ExpFloat64()) }

func (s *sim) chance(p float64) bool { return s.rng.Float64() < p }

// serve makes the calls of a request, one after the other, and reports its end.
func (s *sim) serve(r request, end func(request)) {
	r.clock = s.between(-s.scene.clocks/2, s.scene.clocks/2)
	r.begin(&s.server, s.now)
	var next func()
	next = func() {
		if r.result == pending {
			s.call(&r)
		}
		if r.result != pending {
			end(r)
			return
		}
		s.in(s.between(0, 2), next)
	}
	next()
}

// call makes one call with a random outcome.
func (s *sim) call(r *request) {
	switch {
	case r.next == handOutNow && s.chance(s.scene.crashes):
		r.end(&s.server, s.now, nothing)
	case s.now < s.down:
		r.step(&s.server, s.now, failsBefore)
	case (r.next == handOutNow || r.next == replace) && s.chance(s.scene.outages):
		s.down = s.now + s.between(30*second, 600*second)
		r.step(&s.server, s.now, []outcome{failsBefore, failsAfter}[s.rng.IntN(2)])
	default:
		r.step(&s.server, s.now, succeeds)
	}
}
