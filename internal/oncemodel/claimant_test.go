package oncemodel

// claimant is a caller.
type claimant struct {
	phase    phase
	due      tick // by when the call must end
	began    tick // by its own clock
	sent     int8
	commands [mostSent]command
	claimed  bool // one of its commands has set the key
}

// mostSent is how often the client library sends a command at most.
const mostSent = 2

type phase int8

const (
	waiting phase = iota
	calling
	isFirst
	isSecond
	gotError
)

// command is a command that was sent.
type command struct {
	state state
	at    int8 // the node
	first bool
	wrote bool
}

type state int8

const (
	gone state = iota // or not sent yet
	underWay
	looked
	carriedOut
)

// current is the command whose answer the client waits for.
func (c *claimant) current() *command { return &c.commands[c.sent-1] }

func (c *claimant) send(to int8) {
	c.commands[c.sent] = command{state: underWay, at: to}
	c.sent++
}

// end gives the caller its answer. Commands may still be under way.
func (c *claimant) end(told phase) {
	c.phase, c.due, c.began = told, 0, 0
	for i := range c.commands {
		if c.commands[i].state == carriedOut {
			c.commands[i] = command{}
		}
	}
}

// carryOut runs a command of a claimant, or half of it if it takes two steps.
func (p *play) carryOut(w *world, who, nth int8) {
	c := &w.claimants[who]
	sent := &c.commands[nth]
	n, now := &w.nodes[sent.at], w.now+p.servers[sent.at]
	if p.wrong == looksThenSets && sent.state == underWay && n.has(now) == 0 {
		sent.state = looked
		return
	}
	wrong := p.wrong
	if wrong == looksThenSets && sent.state == underWay {
		wrong = "" // it has seen the key
	}
	sent.first, sent.wrote = n.claims(p.wrong.markOf(who, nth), now, p.wrong.ends(now, c.began), wrong)
	sent.state = carriedOut
	c.claimed = c.claimed || sent.first
	if c.phase != calling {
		*sent = command{}
	}
}

// isAnswered reports whether the answer of a command comes. The first caller must wait for
// replicas, but WAIT waits only for writes of its own connection.
func (p *play) isAnswered(w *world, c *command) bool {
	return c.state == carriedOut && (!c.first || !c.wrote || w.reached(c.at) >= p.waits)
}

// answer gives a caller the answer of its command.
func (w *world) answer(who int8) {
	c := &w.claimants[who]
	if c.current().first {
		c.end(isFirst)
		return
	}
	c.end(isSecond)
	for i := range w.claimants {
		if int8(i) != who && w.claimants[i].claimed {
			return
		}
	}
	w.broken = secondToNobody
}

const (
	twoFirsts      = "two callers are first"
	secondToNobody = "a caller is second, and nobody else has claimed the ID"
)

// check looks for two callers that are both first.
func (w *world) check(wrong mistake) {
	n := 0
	for i := range w.claimants {
		if told := w.claimants[i].phase; told == isFirst || told == gotError && wrong == errorsGoOn {
			n++
		}
	}
	if n > 1 {
		w.broken = twoFirsts
	}
}
