package listmodel

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
)

var seed = maphash.MakeSeed()

// explored is the result of an exploration.
type explored struct {
	worlds int
	all    bool
	broken violation
	way    []string // to it
}

// explorer tries everything that can happen, the shortest ways first.
type explorer struct {
	*play
	ids   map[uint64]int32
	from  []int32
	moved []move
	calm  [][2]int32 // moves without a fault
	bad   []int32    // worlds that are not good
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

func (p *play) explore(most int) explored {
	x := &explorer{play: p, ids: map[uint64]int32{}}
	start := p.first()
	x.visit(&start, -1, move{})
	for at := int32(0); len(x.queue) > 0; at++ {
		if len(x.from) > most {
			break
		}
		w := x.queue[0]
		x.queue = x.queue[1:]
		isGood, isSteady, canGo := w.isGood(), w.isSteady(), false
		if !isGood && isSteady {
			x.bad = append(x.bad, at)
		}
		for _, m := range p.moves(&w) {
			next := p.next(w, m)
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

// isSteady reports whether every live follower can run.
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

// cycle finds a world that is not good and can come again and again. It removes worlds
// without a successor until only cycles are left.
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

// tell describes moves.
func (p *play) tell(moves []move) (lines []string) {
	w := p.first()
	now := 0
	for _, m := range moves {
		before := w
		w = p.next(w, m)
		if m.what == ticks {
			now++
		}
		lines = append(lines, fmt.Sprintf("%3d  %s", now, tellOne(&before, &w, m)))
	}
	return lines
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
