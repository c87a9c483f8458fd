package listmodel

// world is the state of everything at one moment.
type world struct {
	server
	saved    server // a snapshot
	hasSaved bool
	moved    [followers]bool // lines that changed after the snapshot
	out      bool            // no follower reaches the server
	outLong  bool            // out for more than a tick
	losses   int8
	budget   budget
	f        [followers]follower
	keys     [keys]promise
	broken   violation
}

// budget is how many events of each kind may still happen.
type budget struct{ losses, snapshots, crashes, stalls, outages, failures, junk, starts int8 }

// promise says for how many ticks a key may still be accepted.
type promise struct {
	added keySet // followers whose Add has begun
	due   bool   // an Add has returned
	grace int8
}

type violation uint8

const (
	nothing violation = iota
	accepted
	endless
	stuck
	livelock
)

var violations = [...]string{
	"", "a revoked key is accepted", "the list grows without end", "nothing can happen, and the list is not whole",
	"the list need never become whole",
}

type life int8

const (
	absent life = iota
	live
	dead
)

// ownState is the state of a key that the follower itself added.
type ownState int8

const (
	notOwn   ownState = iota
	underWay          // Add has not returned
	taken             // accepted by the server after the head was read
	due               // should have been read
)

// follower is one process.
type follower struct {
	life    life
	stalled bool

	set, seen keySet
	own       [keys]ownState
	epoch     epoch
	at        position
	loaded    bool
	compare   bool // compare the copy with the list after the load
	gave      bool
	first     int8 // ticks since this restoration was seen, at most 2
	complete  int8 // ticks since the copy was complete, at most 2

	roll    [followers]int8 // ticks since the last change of the beat, plus one; 0: not on the roll
	changed [followers]bool // the line changed after the roll was read
	rolled  int8            // ticks since the last Roll, at most 2

	call      call
	head      position // as read
	shown     epoch
	restoring bool
	wasBroken bool
	asked     int8 // ticks since the head was read
	rounds    int8 // ended in this tick
	done      bool // a round that began in this tick has ended

	adding  int8 // the key that is being added, plus one
	hanging bool // the Add has taken a tick

	met     [followers]bool // followers whose line it has ever read
	silent  int8            // ticks without a Roll; an outage counts as one
	away    bool            // silent for so long that no restoration waits for it
	awaited bool            // a restoration waits for it
}

// call is the next call of a follower.
type call int8

const (
	askHead call = iota
	begin
	expect
	loadFirst
	loadRest
	since
	repeatOwn
	give
	take
	giveOne
	callRoll
	leave
	whole
)

var callNames = [...]string{
	"Head", "Begin", "Begin, as others have", "Load, first page", "Load, last page", "Since", "Append what is its own",
	"Append what is missing", "Take", "Append the newest that is missing", "Roll", "Leave", "Whole",
}

// append adds the keys that are not on the list.
func (w *world) append(all keySet) {
	for k := range int8(keys) {
		if all.has(k) && !w.has(k) {
			w.add(k)
		}
	}
}

func (w *world) add(k int8) {
	if w.server.head.seq == longest {
		w.broken = endless
		return
	}
	w.rows[w.server.head.seq] = rowOf(k, w.losses)
	w.server.head = position{w.server.head.seq + 1, w.losses}
}

func (w *world) writeLine(i int8, gave epoch) {
	w.server.roll[i] = line{true, gave}
	w.changes(i)
}

func (w *world) removeLine(i int8) {
	w.server.roll[i] = line{}
	w.changes(i)
}

func (w *world) changes(i int8) {
	w.moved[i] = true
	for o := range w.f {
		w.f[o].changed[i] = true
	}
}

// newEpoch returns an epoch that occurs nowhere.
func (w *world) newEpoch() epoch {
	var used uint32
	w.names(func(e *epoch) { used |= 1 << *e })
	for e := none + 1; ; e++ {
		if used&(1<<e) == 0 {
			return e
		}
	}
}

// names calls do for every epoch in the world.
func (w *world) names(do func(*epoch)) {
	for _, v := range []*server{&w.server, &w.saved} {
		do(&v.epoch)
		for i := range v.roll {
			do(&v.roll[i].gave)
		}
	}
	for i := range w.f {
		do(&w.f[i].epoch)
		do(&w.f[i].shown)
	}
}

// tidy renames epochs in the order of their occurrence, so that equal worlds compare equal.
func (w *world) tidy() {
	var to [32]epoch
	next := none
	w.names(func(e *epoch) {
		if *e == none {
			return
		}
		if to[*e] == none {
			next++
			to[*e] = next
		}
		*e = to[*e]
	})
}

// lose sets the server back to an earlier state.
func (w *world) lose(to server) {
	before := w.server.roll
	w.server = to
	w.losses++
	for i := range before {
		if w.moved[i] || before[i] != to.roll[i] {
			w.changes(int8(i))
		}
	}
	w.nobodyIsAwaited()
	w.forgive()
}

// nobodyIsAwaited clears all promises to wait, after an event that may have ended the
// followers that would have waited.
func (w *world) nobodyIsAwaited() {
	for i := range w.f {
		w.f[i].awaited = false
	}
}

func (w *world) forgive() {
	for k := range w.keys {
		w.keys[k].grace = lossGrace
	}
}

// lossGrace is the ticks after a loss in which a revoked key may be accepted: a round, in
// which a follower notices the loss, and the life of a copy.
const lossGrace = 2

// accepts reports whether a lookup of a key at a follower succeeds now.
func (p *play) accepts(w *world, f *follower, k int8) bool {
	switch {
	case f.life != live || f.set.has(k):
		return false
	case f.complete <= 1:
		return true
	case w.out || w.has(k):
		return false
	case p.is(holdsNothing):
		return true
	}
	isOther := f.epoch != none && w.shown() != f.epoch && !p.is(lookupIgnoresEpoch)
	isBehind := w.server.head.isBehind(f.at) && !p.is(lookupIgnoresHead)
	return !isOther && !isBehind && !w.server.restoring && !w.server.broken()
}

// check checks the answers of all lookups.
func (p *play) check(w *world) {
	for k := range w.keys {
		key := &w.keys[k]
		if !key.due {
			continue
		}
		if !w.isGuarded(int8(k)) {
			key.grace = lossGrace
			continue
		}
		if key.grace >= 0 {
			continue
		}
		for i := range w.f {
			if p.accepts(w, &w.f[i], int8(k)) {
				w.broken = accepted
			}
		}
	}
}

// isGuarded reports whether a key must be refused: it is on the list, or a follower knows it
// that runs or for which a restoration waits.
func (w *world) isGuarded(k int8) bool {
	if w.has(k) {
		return true
	}
	if w.out {
		return false
	}
	for i := range w.f {
		f := &w.f[i]
		if f.life != live || f.away || !f.set.has(k) {
			continue
		}
		if !f.stalled || f.awaited {
			return true
		}
	}
	return false
}

// isGood reports whether the list is whole, and all live followers know it.
func (w *world) isGood() bool {
	if w.server.restoring || w.shown() == none {
		return false
	}
	for i := range w.f {
		f := &w.f[i]
		if f.life != live {
			continue
		}
		if f.epoch != w.epoch || f.complete > 1 {
			return false
		}
		for k := range int8(keys) {
			if f.set.has(k) && !w.has(k) {
				return false
			}
		}
	}
	return true
}
