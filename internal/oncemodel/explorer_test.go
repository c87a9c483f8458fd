package oncemodel

import (
	"fmt"
	"hash/maphash"
	"strings"
)

const (
	mostClaimants = 3
	mostNodes     = 3
)

// play is the start of an exploration.
type play struct {
	processes []tick // how far the clock of each process is ahead; each has one caller
	servers   []tick // how far the clock of each server is ahead; the master is first
	waits     int8   // how many replicas a claim waits for
	breaks    int8   // how many connections may break
	failovers int8
	losses    int8 // how many servers may lose everything
	lasts     tick
	wrong     mistake
}

// world is the state of everything at one moment.
type world struct {
	now                       tick
	master                    int8
	nodes                     [mostNodes]node
	claimants                 [mostClaimants]claimant
	breaks, failovers, losses int8
	broken                    string
}

// move is an event. which is a node or a command.
type move struct {
	what       what
	who, which int8
}

type what int8

const (
	passes what = iota
	begins
	carriesOut
	answers
	givesUp
	losesRequest // the client sends it again
	losesSight   // the same, and the first is carried out later
	losesAnswer
	copies
	dies
	freezes
	comesBack
	joins
	losesAll
	evicts
)

var whatNames = map[what]string{
	passes: "half a minute", begins: "caller %d calls node %d", carriesOut: "caller %d: command %d is carried out",
	answers: "caller %d is answered", givesUp: "caller %d gets an error", losesRequest: "caller %d: the request is lost, and repeated at node %d",
	losesSight: "caller %d: the connection breaks, the command is on its way, and repeated at node %d", losesAnswer: "caller %d: the answer is lost, and the command repeated at node %d",
	copies: "node %d copies its master", dies: "the master dies, node %d takes over", freezes: "the master hangs, node %d takes over",
	comesBack: "node %d comes back", joins: "node %d follows the new master", losesAll: "node %d loses all", evicts: "node %d evicts the key",
}

func (p *play) start() world {
	w := world{breaks: p.breaks, failovers: p.failovers, losses: p.losses}
	for i := range w.nodes {
		w.nodes[i].follows = nobody
		if i > 0 && i < len(p.servers) {
			w.nodes[i].follows = 0
		}
	}
	w.nodes[0].isMaster = true
	return w
}

// moves returns everything that can happen next.
func (p *play) moves(w *world) (all []move) {
	late := false
	for i := range p.processes {
		c := &w.claimants[i]
		late = late || c.phase == calling && c.due <= w.now
		all = append(all, p.movesOf(w, c, int8(i))...)
	}
	if !late && w.now < p.lasts {
		all = append(all, move{what: passes})
	}
	for i := range p.servers {
		all = append(all, p.movesAt(w, int8(i))...)
	}
	return all
}

func (p *play) movesOf(w *world, c *claimant, who int8) (all []move) {
	if c.phase == waiting && w.now+p.processes[who] < until {
		all = append(all, p.sendings(w, begins, who)...)
	}
	for nth := range c.sent {
		n := &w.nodes[c.commands[nth].at]
		isWaiting := c.commands[nth].state == underWay || c.commands[nth].state == looked
		if isWaiting && n.life == up && n.isMaster {
			all = append(all, move{carriesOut, who, nth})
		}
	}
	if c.phase != calling {
		return all
	}
	all = append(all, move{what: givesUp, who: who})
	if p.isAnswered(w, c.current()) {
		all = append(all, move{what: answers, who: who})
	}
	if w.breaks > 0 && c.sent < mostSent {
		if c.current().state == carriedOut {
			return append(all, p.sendings(w, losesAnswer, who)...)
		}
		all = append(all, p.sendings(w, losesRequest, who)...)
		all = append(all, p.sendings(w, losesSight, who)...)
	}
	return all
}

// sendings returns the nodes to which a command may go: nodes that say that they are the
// master, or have said so.
func (p *play) sendings(w *world, what what, who int8) (all []move) {
	for i := range p.servers {
		if w.nodes[i].isMaster && w.nodes[i].life != dead {
			all = append(all, move{what, who, int8(i)})
		}
	}
	return all
}

func (p *play) movesAt(w *world, at int8) (all []move) {
	n := &w.nodes[at]
	if n.follows != nobody {
		master := &w.nodes[n.follows]
		if master.life == up && (n.mark != master.mark || n.ends != master.ends) {
			all = append(all, move{what: copies, who: at})
		}
		if n.follows == w.master && w.failovers > 0 {
			all = append(all, move{what: dies, who: at}, move{what: freezes, who: at})
		}
	}
	if n.life == hangs {
		all = append(all, move{what: comesBack, who: at})
	}
	if at != w.master && n.follows != w.master {
		all = append(all, move{what: joins, who: at})
	}
	if w.losses > 0 && n.mark != 0 {
		all = append(all, move{what: losesAll, who: at})
	}
	if p.wrong == makesRoom && n.mark != 0 {
		all = append(all, move{what: evicts, who: at})
	}
	return all
}

// after returns the world after a move.
func (p *play) after(w world, m move) world {
	c, n := &w.claimants[m.who], &w.nodes[m.who]
	switch m.what {
	case passes:
		w.now++
	case begins:
		c.phase, c.due, c.began = calling, w.now+atMost, w.now+p.processes[m.who]
		c.send(m.which)
	case carriesOut:
		p.carryOut(&w, m.who, m.which)
	case answers:
		w.answer(m.who)
	case givesUp:
		c.end(gotError)
	case losesRequest, losesAnswer:
		w.breaks--
		*c.current() = command{}
		c.send(m.which)
	case losesSight:
		w.breaks--
		c.send(m.which)
	case copies:
		n.takes(&w.nodes[n.follows])
	case dies, freezes:
		w.failovers--
		w.fallsOver(m.who, map[what]life{dies: dead, freezes: hangs}[m.what])
	case comesBack:
		n.life = up
	case joins:
		w.follow(m.who)
	case losesAll, evicts:
		w.losses = max(0, w.losses-1)
		n.mark, n.ends = 0, 0
	}
	w.check(p.wrong)
	return w
}

// explored is the result of an exploration.
type explored struct {
	worlds int
	broken string
	way    []string // to it
}

var seed = maphash.MakeSeed()

// explore tries everything that can happen, the shortest ways first.
func (p *play) explore() explored {
	type step struct {
		from uint64
		move move
	}
	first := p.start()
	start := maphash.Comparable(seed, first)
	seen := map[uint64]step{start: {}}
	for queue := []world{first}; len(queue) > 0 && len(seen) < mostWorlds; queue = queue[1:] {
		at := maphash.Comparable(seed, queue[0])
		for _, m := range p.moves(&queue[0]) {
			next := p.after(queue[0], m)
			id := maphash.Comparable(seed, next)
			if _, ok := seen[id]; ok {
				continue
			}
			seen[id] = step{at, m}
			if next.broken == "" {
				queue = append(queue, next)
				continue
			}
			var way []string
			for ; id != start; id = seen[id].from {
				way = append([]string{tell(seen[id].move)}, way...)
			}
			return explored{len(seen), next.broken, way}
		}
	}
	return explored{worlds: len(seen)}
}

// tell describes a move.
func tell(m move) string {
	args := []any{m.who, m.which}
	return fmt.Sprintf(whatNames[m.what], args[:strings.Count(whatNames[m.what], "%d")]...)
}

func (e explored) String() string {
	return fmt.Sprintf("%s (%d worlds)\n%s", e.broken, e.worlds, strings.Join(e.way, "\n"))
}
