package listmodel

import (
	"strings"
)

// play is the start of an exploration.
type play struct {
	wrong    mistakes
	script   []string // what happens before the exploration
	budget   budget
	adders   [keys]keySet // who may add a key
	start    [followers]life
	rowsOnly bool // the entries may be lost without the rest

	many    bool // one follower at a time gives back missing entries
	silence int8 // ticks after which a follower counts as dead
	rounds  int8 // rounds in a tick, at most
}

func (p *play) is(m mistakes) bool { return p.wrong&m != 0 }

// move is one thing that happens next.
type move struct {
	what what
	who  int8
	key  int8
}

type what int8

const (
	ticks what = iota
	steps
	returnsFromAdd
	adds
	begins // a process
	failsBefore
	failsAfter
	crashes
	stalls
	wakes
	goesOut
	comesBack
	saves
	rollsBack
	losesAll
	losesRows
	expires
)

var whatNames = [...]string{
	"a tick", "", "Add returns", "Add", "starts", "fails before", "fails after",
	"crashes", "stalls", "wakes", "the server cannot be reached", "the server is back",
	"a snapshot", "LOSS: rolled back to the snapshot", "LOSS: everything", "LOSS: the entries",
	"an entry is added and expires",
}

func (p *play) first() world {
	w := world{budget: p.budget}
	w.epoch = 1
	for i := range w.f {
		f := &w.f[i]
		f.complete, f.life, f.rolled = 2, p.start[i], 2
		if f.life != live {
			continue
		}
		*f = follower{life: live, epoch: 1, loaded: true}
		w.server.roll[i].present = true
		for j := range w.f {
			if j != i && p.start[j] == live {
				f.roll[j], f.met[j] = 1, true
			}
		}
	}
	if p.start == ([followers]life{}) {
		w.epoch = none
	}
	p.prepare(&w)
	return w
}

// said are the words of a script, except "round", "x" and "y".
var said = map[string]what{
	"tick": ticks, "step": steps, "start": begins, "crash": crashes, "stall": stalls, "wake": wakes,
	"save": saves, "rollback": rollsBack, "lose": losesAll, "junk": expires,
}

// prepare runs the script. Each step is a follower and what it does, or an event.
func (p *play) prepare(w *world) {
	w.budget = budget{9, 9, 9, 9, 9, 9, 9, 9}
	for _, line := range p.script {
		m := move{}
		words := strings.Fields(line)
		if len(words) > 1 {
			m.who = int8(words[0][0] - 'A')
			words = words[1:]
		}
		switch words[0] {
		case "round":
			for first := true; first || w.f[m.who].call != askHead; first = false {
				*w = p.next(*w, move{steps, m.who, 0})
			}
			continue
		case "x", "y":
			*w = p.next(*w, move{adds, m.who, int8(words[0][0] - 'x')})
			m.what = returnsFromAdd
		default:
			m.what = said[words[0]]
		}
		*w = p.next(*w, m)
	}
	w.budget = p.budget
}

// isCalm reports whether a move is not a fault.
func (m move) isCalm() bool { return m.what <= returnsFromAdd }

// moves returns everything that can happen next.
func (p *play) moves(w *world) (all []move) {
	late := false
	for i := range w.f {
		f := &w.f[i]
		who := int8(i)
		if f.life == live {
			late = late || !f.stalled && (f.hanging || !w.out && !f.done)
		}
		switch {
		case f.life == absent && w.budget.starts > 0 && (i == 0 || w.f[i-1].life != absent):
			all = append(all, move{what: begins, who: who})
		case f.life == live && f.stalled:
			all = append(all, move{what: wakes, who: who})
		case f.life == live:
			all = append(all, p.movesOf(w, f, who)...)
		}
	}
	if !late {
		all = append(all, move{what: ticks})
	}
	b := &w.budget
	if b.losses > 0 {
		all = append(all, move{what: losesAll})
		if w.hasSaved {
			all = append(all, move{what: rollsBack})
		}
		if w.server.head.seq > 0 && p.rowsOnly {
			all = append(all, move{what: losesRows})
		}
	}
	if b.snapshots > 0 && b.losses > 0 {
		all = append(all, move{what: saves})
	}
	if b.junk > 0 {
		all = append(all, move{what: expires})
	}
	if w.out {
		all = append(all, move{what: comesBack})
	} else if b.outages > 0 {
		all = append(all, move{what: goesOut})
	}
	return all
}

func (p *play) movesOf(w *world, f *follower, who int8) (all []move) {
	b := &w.budget
	if !w.out {
		if f.call != askHead || f.rounds < p.rounds {
			all = append(all, move{what: steps, who: who})
		}
		if b.failures > 0 && f.call != askHead {
			all = append(all, move{what: failsBefore, who: who})
			if f.call != loadFirst && f.call != loadRest && f.call != since {
				all = append(all, move{what: failsAfter, who: who})
			}
		}
		for k := range w.keys {
			if !w.keys[k].added.has(who) && p.adders[k].has(who) && f.adding == 0 {
				all = append(all, move{adds, who, int8(k)})
			}
		}
	}
	if f.adding > 0 {
		all = append(all, move{what: returnsFromAdd, who: who})
	}
	if b.crashes > 0 {
		all = append(all, move{what: crashes, who: who})
	}
	if b.stalls > 0 {
		all = append(all, move{what: stalls, who: who})
	}
	return all
}

// after returns the world after a move.
func (p *play) next(w world, m move) world {
	f := &w.f[m.who]
	switch m.what {
	case ticks:
		p.tick(&w)
	case steps:
		p.step(&w, m.who)
	case returnsFromAdd:
		k := f.adding - 1
		if f.own[k] == underWay {
			f.own[k] = taken
		}
		w.keys[k].due, w.keys[k].grace = true, max(w.keys[k].grace, 1)
		if !w.has(k) {
			w.keys[k].grace = lossGrace
		}
		f.adding, f.hanging = 0, false
	case adds:
		w.keys[m.key].added.add(m.who)
		f.adding = m.key + 1
		if !f.set.has(m.key) && !p.is(keepsNothingOfItsOwn) {
			f.own[m.key] = underWay
		}
		f.set.add(m.key)
		w.append(1 << m.key)
	case begins:
		w.budget.starts--
		f.life, f.done = live, true
	case failsBefore, failsAfter:
		w.budget.failures--
		p.fail(&w, m.who, m.what == failsAfter)
	case crashes:
		w.budget.crashes--
		*f = follower{life: dead}
		w.nobodyIsAwaited()
	case stalls:
		w.budget.stalls--
		f.stalled = true
		if !f.awaited {
			w.nobodyIsAwaited()
		}
	case wakes:
		f.stalled = false
	case goesOut:
		w.budget.outages--
		w.out = true
	case comesBack:
		w.out, w.outLong = false, false
	case saves:
		w.budget.snapshots--
		w.saved, w.hasSaved, w.moved = w.server, true, [followers]bool{}
	case rollsBack:
		w.budget.losses--
		w.lose(w.saved)
	case losesAll:
		w.budget.losses--
		w.lose(server{})
	case losesRows:
		w.budget.losses--
		v := w.server
		v.rows = [longest]row{}
		w.lose(v)
	case expires:
		w.budget.junk--
		w.add(junk)
		w.drop()
	}
	if w.budget.losses == 0 {
		w.saved, w.hasSaved, w.moved = server{}, false, [followers]bool{}
	}
	p.check(&w)
	w.tidy()
	return w
}

func (p *play) fail(w *world, who int8, effect bool) {
	before := *w
	if effect {
		p.step(w, who)
	}
	f := &w.f[who]
	*f = before.f[who]
	f.call = askHead
	f.clear()
}

func (p *play) tick(w *world) {
	for i := range w.f {
		f := &w.f[i]
		if f.life != live {
			continue
		}
		f.first = min(f.first+1, 2)
		f.complete = min(f.complete+1, 2)
		f.rolled = min(f.rolled+1, 2)
		if f.call != askHead {
			f.asked = min(f.asked+1, 2)
		}
		f.rounds, f.done, f.hanging = 0, false, f.adding > 0
		for j := range f.roll {
			if f.roll[j] > 0 {
				f.roll[j] = min(f.roll[j]+1, p.silence+1)
			}
		}
		if !w.outLong {
			f.silent = min(f.silent+1, p.silence)
		}
		f.away = f.silent >= p.silence
		f.awaited = f.awaited && !f.away
	}
	w.outLong = w.out
	for k := range w.keys {
		w.keys[k].grace = max(w.keys[k].grace-1, -1)
	}
}
