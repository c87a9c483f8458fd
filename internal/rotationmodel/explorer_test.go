package rotationmodel

import (
	"fmt"
	"hash/maphash"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// play is the start of a few requests.
type play struct {
	rules    rules
	sessions []session
	old      oldToken
	requests []asked
	jar      int32 // the generation that the browser has
	leg      tick  // the longest time of a request, and of an answer
	faults   int8  // how many calls may fail, processes end, clients disconnect or answers get lost
	until    tick
}

// asked is a request that may be sent at any time.
type asked struct {
	request
	jar bool // from the browser: it sends the token in its jar, and tries again
}

// world is the state of everything at one moment.
type world struct {
	server   server
	now      tick
	jar      int32
	requests [3]client
	faults   int8
}

// client is one request as its sender sees it.
type client struct {
	request
	phase phase
	due   tick // by when the next event must happen
}

type phase int8

const (
	absentClient phase = iota
	waiting            // to send
	running
	answering // the answer is on its way
	finished
)

// move is an event.
type move struct {
	what what
	who  int8
}

type what int8

const (
	passes  what = iota // a tick
	forgets             // the store drops what has expired
	sends
	calls
	failsWithout // a call fails without an effect
	failsWith    // after its effect
	crashes
	goesAway
	arrives
	getsLost
)

func (p *play) start() world {
	w := world{server: newServer(&p.rules), jar: p.jar, faults: p.faults}
	w.server.old = p.old
	for i, s := range p.sessions {
		if s.state == live {
			w.server.put(int8(i), s)
		}
	}
	for i, a := range p.requests {
		w.requests[i] = client{request: a.request, phase: waiting, due: never}
	}
	return w
}

// never is the due time of an event that need not happen.
const never tick = 1 << 30

// moves returns everything that can happen next.
func (p *play) moves(w *world) (all []move) {
	late := false
	for i := range p.requests {
		c := &w.requests[i]
		late = late || c.due <= w.now
		for _, next := range p.movesOf(w, c, p.requests[i].jar) {
			all = append(all, move{next, int8(i)})
		}
	}
	if !late && w.now < p.until {
		all = append(all, move{passes, 0})
	}
	for i, s := range w.server.sessions {
		if s.state == live && s.expires <= w.now+p.rules.spread {
			all = append(all, move{forgets, int8(i)})
		}
	}
	return all
}

func (p *play) movesOf(w *world, c *client, jar bool) (all []what) {
	faulty := w.faults > 0
	switch c.phase {
	case waiting:
		return []what{sends}
	case running:
		all = append(all, calls)
		if faulty || c.cancelled && c.heeds() {
			all = append(all, failsWithout)
			if c.next != contains && c.next != get && c.next != list && c.next != lookAgain {
				all = append(all, failsWith)
			}
		}
		if faulty {
			all = append(all, crashes)
			if !c.cancelled {
				all = append(all, goesAway)
			}
		}
	case answering:
		all = append(all, arrives)
		if faulty && jar {
			all = append(all, getsLost)
		}
	}
	return all
}

// after returns the world after a move.
func (p *play) after(w world, m move) world {
	c := &w.requests[m.who]
	switch m.what {
	case passes:
		w.now++
	case forgets:
		w.server.sessions[m.who].state = dropped
		w.server.seen.sessions[m.who].removed = true
	case sends:
		if c.due = w.now + p.leg; p.requests[m.who].jar {
			c.gen = w.jar
		}
		c.begin(&w.server, w.now)
		c.phase = running
	case calls:
		c.step(&w.server, w.now, succeeds)
	case failsWithout, failsWith:
		if !c.cancelled || !c.heeds() {
			w.faults--
		}
		c.step(&w.server, w.now, map[what]outcome{failsWithout: failsBefore, failsWith: failsAfter}[m.what])
	case crashes:
		w.faults--
		c.end(&w.server, w.now, nothing)
	case goesAway:
		w.faults--
		c.cancelled = true
	case arrives:
		if c.cookie && p.requests[m.who].jar {
			w.jar = c.answered
		}
		*c = client{phase: finished, due: never}
	case getsLost:
		w.faults--
		p.again(&w, m.who, w.now)
	}
	if c.phase == running && c.result != pending {
		p.answer(&w, m.who)
	}
	w.server.check()
	return w
}

// answer sends an answer. If a browser gets no tokens, it sends the request again: after a
// 503 at any time, otherwise at once.
func (p *play) answer(w *world, who int8) {
	c, jar := &w.requests[who], p.requests[who].jar
	c.phase, c.due = finished, never
	switch {
	case !jar:
	case c.result == tokens:
		*c = client{request: request{answered: c.answered, cookie: c.cookie, result: tokens}, phase: answering, due: w.now + p.leg}
		return
	case c.result == nothing:
		p.again(w, who, w.now)
	case c.result == unavailable:
		p.again(w, who, never)
	case c.result != revoked && c.result != over:
		w.server.breaks("the browser is logged out")
	}
	if c.phase == finished {
		*c = client{request: request{result: c.result, answered: c.answered}, phase: finished, due: never}
	}
}

func (p *play) again(w *world, who int8, due tick) {
	w.requests[who] = client{request: p.requests[who].request, phase: waiting, due: due}
}

// explored is the result of an exploration.
type explored struct {
	worlds int
	broken string
	way    []string // to it
}

// explore tries everything that can happen, the shortest ways first.
func (p *play) explore() explored {
	type step struct {
		from uint64
		move move
	}
	first := p.start()
	start := p.id(&first)
	seen := map[uint64]step{start: {}}
	for queue := []world{first}; len(queue) > 0 && len(seen) < mostWorlds; queue = queue[1:] {
		w := queue[0]
		at := p.id(&w)
		for _, m := range p.moves(&w) {
			next := p.after(w, m)
			id := p.id(&next)
			if _, ok := seen[id]; ok {
				continue
			}
			seen[id] = step{at, m}
			if next.server.broken == "" {
				queue = append(queue, next)
				continue
			}
			var moves []move
			for ; id != start; id = seen[id].from {
				moves = append(moves, seen[id].move)
			}
			return explored{len(seen), next.server.broken, p.tell(moves)}
		}
	}
	return explored{worlds: len(seen)}
}

var seed = maphash.MakeSeed()

// id identifies a world. It sorts equal requests, so that worlds that differ only in their
// order have the same id.
func (p *play) id(w *world) uint64 {
	p.order(w, nil)
	return maphash.Comparable(seed, *w)
}

// order sorts equal requests, and their names with them.
func (p *play) order(w *world, names []int) {
	for i := range p.requests {
		for j := i; j > 0 && p.requests[j] == p.requests[j-1] && rank(&w.requests[j]) < rank(&w.requests[j-1]); j-- {
			w.requests[j], w.requests[j-1] = w.requests[j-1], w.requests[j]
			if names != nil {
				names[j], names[j-1] = names[j-1], names[j]
			}
		}
	}
}

func rank(c *client) uint64 { return maphash.Comparable(seed, *c) }

// tell describes moves, the last one first.
func (p *play) tell(moves []move) (lines []string) {
	w, names := p.start(), []int{1, 2, 3}
	p.order(&w, names)
	for i := range moves {
		m := moves[len(moves)-1-i]
		before := w
		w = p.after(w, m)
		lines = append(lines, fmt.Sprintf("%3d  ", w.now)+p.tellOne(&before, &w, m, names[m.who]))
		p.order(&w, names)
	}
	return lines
}

func (p *play) tellOne(before, after *world, m move, name int) string {
	c, now := &before.requests[m.who], &after.requests[m.who]
	line := fmt.Sprintf("request %d: ", name)
	switch m.what {
	case passes:
		return "a tick"
	case forgets:
		return fmt.Sprintf("the store forgets session %d", m.who)
	case sends:
		return line + fmt.Sprintf("%s, generation %d", kindNames[now.kind], now.gen)
	case crashes:
		return line + "the process ends before " + callNames[c.next]
	case goesAway:
		return line + "the client goes away"
	case arrives:
		return line + "the answer arrives"
	case getsLost:
		return line + "the answer is lost"
	}
	line += callNames[c.next] + map[what]string{failsWithout: " fails", failsWith: " fails after its effect"}[m.what]
	switch now.result {
	case pending:
		return line
	case tokens:
		return line + fmt.Sprintf(" → tokens of generation %d", now.answered)
	}
	return line + " → " + resultNames[now.result]
}

func (e explored) String() string {
	return fmt.Sprintf("%s (%d worlds)\n%s", e.broken, e.worlds, strings.Join(e.way, "\n"))
}

// holds fails the test if any way breaks a promise of the protocol.
func holds(t *testing.T, p play) {
	t.Helper()
	e := p.explore()
	t.Logf("%d worlds", e.worlds)
	require.Empty(t, e.broken, "%s", e)
}

// breaks fails the test unless a way breaks a promise of the protocol.
func breaks(t *testing.T, p play, what string) {
	t.Helper()
	e := p.explore()
	if e.worlds >= mostWorlds {
		t.Skip("it needs more worlds than are looked at with the race detector")
	}
	require.Equal(t, what, e.broken, "%s", e)
	t.Log(e)
}
