package rotationmodel

import "testing"

// usual are settings with small times. G is longer than a request, its answer, the clock
// skew and a repetition together.
var usual = rules{grace: 6, young: 8, access: 3, idle: 50, minute: 3, spread: 1}

// aged returns a session whose second generation was handed out some time ago.
func aged(age tick) session {
	return session{state: live, gen: 2, rotated: -age, handed: -age, expires: 50 - age}
}

// notOut returns a session whose second generation was not handed out yet.
func notOut() session {
	s := aged(1)
	s.handed = notYet
	return s
}

// tab is a request of a browser to a process whose clock is ahead.
func tab(clock tick) asked { return asked{request{kind: refresh, clock: clock}, true} }

// copyOf is a refresh with a stolen copy of a token.
func copyOf(gen int32) asked { return asked{request{kind: refresh, gen: gen}, false} }

// keyed is copyOf with an Idempotency-Key.
func keyed(gen, key int32) asked { return asked{request{kind: refresh, gen: gen, key: key}, false} }

// asks is a request to a process whose clock is ahead.
func asks(k kind, clock tick) asked { return asked{request{kind: k, gen: 2, clock: clock}, false} }

func signsIn(sid int8) asked { return asked{request{kind: login, sid: sid}, false} }

// old is a refresh token without a session.
func old(k kind, clock tick) asked { return asked{request{kind: k, clock: clock}, false} }

func with(p play, change func(*play)) play {
	change(&p)
	return p
}

// tabs trade a generation that is old enough after a tick.
func tabs(faults int8, clocks ...tick) play {
	p := play{rules: usual, sessions: []session{aged(7)}, jar: 2, leg: 1, faults: faults, until: 10}
	for _, clock := range clocks {
		p.requests = append(p.requests, tab(clock))
	}
	return p
}

func ask(s session, faults int8, until tick, requests ...asked) play {
	return play{rules: usual, sessions: []session{s}, requests: requests, leg: 1, faults: faults, until: until}
}

func adopting(faults int8, requests ...asked) play {
	r := usual
	r.idle, r.leeway, r.grace, r.young = 5, 3, 1, 2
	return play{rules: r, old: oldToken{-3, 5}, requests: requests, leg: 1, faults: faults, until: 9}
}

func many(max int, faults int8, others []session, requests ...asked) play {
	r := usual
	r.maxSessions = max
	return play{rules: r, old: oldToken{-5, 40}, sessions: others, requests: requests, leg: 1, faults: faults, until: 1}
}

func begun(at tick) session {
	return session{state: live, gen: 1, created: at, rotated: at, handed: at, expires: 50}
}

func strict(p play) play { p.rules.grace = -1; return p }

var plays = map[string]play{
	"three tabs":                           tabs(0, 0, 0, 1),
	"two tabs":                             tabs(1, 0, 1),
	"the newest token, and the one before": ask(aged(7), 1, 8, copyOf(2), copyOf(1)),
	"the newest token, twice":              ask(aged(7), 1, 3, copyOf(2), copyOf(2)),
	"an older copy":                        ask(aged(2), 1, 8, copyOf(2), copyOf(1), copyOf(1)),
	"not handed out":                       ask(notOut(), 1, 8, copyOf(1), copyOf(2), copyOf(1)),
	"two thefts":                           ask(aged(7), 1, 1, copyOf(1), copyOf(1), copyOf(2)),
	"logout":                               ask(aged(7), 1, 4, copyOf(2), copyOf(1), asks(logout, 1)),
	"logout, not handed out":               ask(notOut(), 1, 3, copyOf(2), copyOf(1), asks(logout, 1)),
	"renewal":                              ask(aged(7), 1, 4, copyOf(2), copyOf(1), asks(renewal, 1)),
	"renewal, not handed out":              ask(notOut(), 1, 8, copyOf(1), asks(renewal, 0), copyOf(1)),
	"renewal and logout":                   ask(aged(7), 1, 3, copyOf(2), asks(logout, 0), asks(renewal, 1)),
	"a key":                                ask(aged(7), 1, 8, keyed(2, 5), keyed(2, 5)),
	"a constant key":                       with(ask(aged(7), 1, 9, keyed(2, 5), keyed(2, 5)), func(p *play) { p.sessions[0].key, p.sessions[0].keyGen = 5, 2 }),
	"a slow answer, and logout":            with(ask(aged(1), 0, 5, copyOf(2), asks(logout, 0)), func(p *play) { p.leg = 4 }),
	"adoption":                             adopting(1, old(refresh, 0), old(refresh, 1)),
	"adoption, and the first token":        adopting(0, old(refresh, 0), old(refresh, 1), copyOf(1)),
	"adoption and logout":                  with(adopting(1, old(refresh, 0), old(refresh, 1), old(logout, 0)), func(p *play) { p.until = 5 }),
	"logins":                               many(1, 1, []session{{}, begun(-1)}, signsIn(0), signsIn(2)),
	"adoption and login":                   many(1, 1, []session{{}, begun(-9)}, old(refresh, 0), old(refresh, 0), signsIn(2)),
	"adoption of what is the oldest":       many(2, 1, []session{{}, begun(-9)}, old(refresh, 0), old(refresh, 0), signsIn(2)),
	"no grace":                             strict(ask(aged(7), 1, 3, copyOf(2), copyOf(1), copyOf(2))),
	"no grace, adoption":                   strict(adopting(1, old(refresh, 0), old(refresh, 1), copyOf(1))),
}

func TestAllOrders(t *testing.T) {
	t.Parallel()
	for name, p := range plays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			holds(t, p)
		})
	}
}

// G is no longer than M, or a request that is slower than M comes two generations late.
// So an idle lifetime has to be four times G at least.
func TestTabsWhereTheYoungAreOldBeforeTheGraceIsOver(t *testing.T) {
	t.Parallel()
	p := tabs(0, 0, 0, 0)
	p.rules.young = 1
	p.sessions = []session{aged(1)}
	breaks(t, p, "the browser is logged out")
}

func TestThreeTabsAndAFault(t *testing.T) {
	t.Parallel()
	if *playCount == 0 {
		t.Skip("a million worlds; they are looked at with -plays")
	}
	holds(t, tabs(1, 0, 0, 1))
}
