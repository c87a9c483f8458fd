package listmodel

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
)

// play is what is explored.
type play struct {
	wrong     mistakes
	budget    budget
	adders    [keys]keySet // who may add a key
	start     [followers]life
	losesRows bool // the entries may be lost alone
	starts    bool // those that are absent may start

	many    bool // all that is missing is given by one follower at a time
	silence int8 // ticks after which a follower is taken for dead
	rounds  int8 // rounds in a tick, at most
	most    int  // worlds
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

var whatNames = [...]string{"a tick", "", "Add returns", "Add", "starts", "fails before", "fails after", "crashes", "stalls", "wakes", "the server cannot be reached", "the server is back", "a snapshot", "LOSS: rolled back to the snapshot", "LOSS: everything", "LOSS: the entries", "an entry is added and expires"}

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
	return w
}

// isCalm reports whether a move is no fault.
func (m move) isCalm() bool { return m.what <= returnsFromAdd }

// moves returns all that can happen next.
func (p *play) moves(w *world) (all []move) {
	late := false
	for i := range w.f {
		f := &w.f[i]
		who := int8(i)
		if f.life == live {
			late = late || !f.stalled && !w.out && !f.done || f.hanging && !f.stalled
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
		if w.server.head.seq > 0 && p.losesRows {
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

// after returns the world in which something has happened.
func (p *play) after(w world, m move) world {
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
		if !f.set.has(m.key) {
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
	case stalls:
		w.budget.stalls--
		f.stalled = true
	case wakes:
		f.stalled = false
	case goesOut:
		w.budget.outages--
		w.out = true
	case comesBack:
		w.out = false
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
		f.first = min(f.first+1, 1)
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
		if !w.out {
			f.silent = min(f.silent+1, p.silence)
		}
		f.away = f.silent >= p.silence
		f.awaited = f.awaited && !f.away
	}
	for k := range w.keys {
		w.keys[k].grace = max(w.keys[k].grace-1, -1)
	}
}

var seed = maphash.MakeSeed()

// explored is what an exploration has found.
type explored struct {
	worlds int
	all    bool
	broken violation
	way    []string // to it
}

// explorer goes through all that can happen, the shortest ways first.
type explorer struct {
	*play
	ids   map[uint64]int32
	from  []int32
	moved []move
	calm  [][2]int32 // what happens without a fault
	bad   []int32    // those that are not
	queue []world
}

func (x *explorer) visit(w *world, from int32, m move) (id int32, isNew bool) {
	hash := maphash.Comparable(seed, *w)
	if id, ok := x.ids[hash]; ok {
		return id, false
	}
	id = int32(len(x.from))
	x.ids[hash] = id
	x.from, x.moved = append(x.from, from), append(x.moved, m)
	x.queue = append(x.queue, *w)
	return id, true
}

func (p *play) explore() explored {
	x := &explorer{play: p, ids: map[uint64]int32{}}
	start := p.first()
	x.visit(&start, -1, move{})
	for at := int32(0); len(x.queue) > 0; at++ {
		if len(x.from) > p.most {
			break
		}
		w := x.queue[0]
		x.queue = x.queue[1:]
		isGood, isSteady, canGo := w.isGood(), w.isSteady(), false
		if !isGood && isSteady {
			x.bad = append(x.bad, at)
		}
		for _, m := range p.moves(&w) {
			next := p.after(w, m)
			id, isNew := x.visit(&next, at, m)
			if isNew && next.broken != nothing {
				return x.found(next.broken, id)
			}
			if !isSteady || !m.isCalm() {
				continue
			}
			canGo = true
			x.calm = append(x.calm, [2]int32{at, id})
		}
		if isSteady && !isGood && !canGo {
			return x.found(stuck, at)
		}
	}
	if id, ok := x.cycle(); ok {
		return x.found(livelock, id)
	}
	return explored{worlds: len(x.from), all: len(x.queue) == 0}
}

// isSteady reports whether everybody who lives can run.
func (w *world) isSteady() bool {
	some := false
	for i := range w.f {
		if w.f[i].stalled {
			return false
		}
		some = some || w.f[i].life == live
	}
	return !w.out && some
}

// cycle finds a world that can come again and again although something is not good
// yet: of all worlds from which that can be reached, what is left when those that
// lead to nothing are taken away.
func (x *explorer) cycle() (int32, bool) {
	into := make([][]int32, len(x.from))
	for _, e := range x.calm {
		into[e[1]] = append(into[e[1]], e[0])
	}
	isBad := make([]bool, len(x.from))
	for _, id := range x.bad {
		isBad[id] = true
	}
	for i := 0; i < len(x.bad); i++ {
		for _, before := range into[x.bad[i]] {
			if !isBad[before] {
				isBad[before] = true
				x.bad = append(x.bad, before)
			}
		}
	}
	out := make([]int32, len(x.from))
	for _, e := range x.calm {
		if isBad[e[1]] {
			out[e[0]]++
		}
	}
	ends := slices.DeleteFunc(slices.Clone(x.bad), func(id int32) bool { return out[id] > 0 })
	for len(ends) > 0 {
		id := ends[len(ends)-1]
		ends = ends[:len(ends)-1]
		for _, before := range into[id] {
			if out[before]--; out[before] == 0 {
				ends = append(ends, before)
			}
		}
	}
	for _, id := range x.bad {
		if out[id] > 0 {
			return id, true
		}
	}
	return 0, false
}

func (x *explorer) found(v violation, id int32) explored {
	var moves []move
	for ; x.from[id] >= 0; id = x.from[id] {
		moves = append(moves, x.moved[id])
	}
	slices.Reverse(moves)
	return explored{worlds: len(x.from), broken: v, way: x.tell(moves)}
}

// tell puts moves into words.
func (p *play) tell(moves []move) (lines []string) {
	w := p.first()
	now := 0
	for _, m := range moves {
		before := w
		w = p.after(w, m)
		if m.what == ticks {
			now++
		}
		lines = append(lines, fmt.Sprintf("%3d  %s", now, tellOne(&before, &w, m)))
	}
	return append(lines, fmt.Sprintf("%+v", w))
}

func tellOne(before, after *world, m move) string {
	name := string(rune('A' + m.who))
	switch m.what {
	case ticks, goesOut, comesBack, saves, rollsBack, losesAll, losesRows, expires:
		return whatNames[m.what]
	case adds:
		return fmt.Sprintf("%s: Add(%c)", name, 'x'+rune(m.key))
	case steps, failsBefore, failsAfter:
		f := &after.f[m.who]
		line := fmt.Sprintf("%s: %s %s", name, whatNames[m.what], callNames[before.f[m.who].call])
		return line + fmt.Sprintf("   [epoch %d, at %d, set %b, seen %b, gave %t; list: head %d, epoch %d, restoring %t]", f.epoch, f.at.seq, f.set, f.seen, f.gave, after.server.head.seq, after.shown(), after.server.restoring)
	}
	return name + ": " + whatNames[m.what]
}

func (e explored) String() string {
	return fmt.Sprintf("%s (%d worlds)\n%s", violations[e.broken], e.worlds, strings.Join(e.way, "\n"))
}
