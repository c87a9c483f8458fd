package listmodel

// step is the next call of a round, with all that the follower decides on its
// answer. Nobody else can tell when it does so.
func (p *play) step(w *world, me int8) {
	f := &w.f[me]
	switch f.call {
	case askHead:
		p.readHead(w, me)
	case begin:
		p.begin(w, me)
	case loadFirst:
		p.load(w, f, 0)
		f.call = loadRest
	case loadRest:
		p.load(w, f, 1)
		p.loadIsOver(f)
	case since:
		p.since(w, f)
	case repeatOwn:
		w.append(f.due())
		if p.is(forgetsOwn) {
			f.forget(f.due())
		}
		p.beforeRoll(f)
	case give:
		w.append(f.set &^ f.seen)
		p.beforeRoll(f)
	case take:
		if w.epoch == f.epoch && w.restoring && w.giver == 0 {
			w.giver = me + 1
		}
		if f.call = giveOne; w.giver != me+1 {
			p.beforeRoll(f)
		}
	case giveOne:
		w.append(1 << (f.set &^ f.seen).newest())
		p.beforeRoll(f)
	case callRoll:
		p.callRoll(w, me)
	case leave:
		p.leave(w, me)
		f.end()
	case whole:
		p.whole(w, f)
		f.end()
	}
}

func (p *play) readHead(w *world, me int8) {
	f := &w.f[me]
	f.asked = 0
	f.head, f.shown, f.restoring, f.wasBroken = w.server.head, w.shown(), w.server.restoring, w.server.broken()
	if p.is(trustsTheBroken) {
		f.shown, f.wasBroken = w.epoch, false
	}
	for k := range f.own {
		if f.own[k] == taken {
			f.own[k] = due
		}
	}
	isOther := f.epoch != none && f.shown != f.epoch
	if p.is(ignoresTheEpoch) {
		isOther = false
	}
	isBehind := f.head.isBehind(f.at)
	left := !p.is(staysUnfinished) && f.unfinished && !f.restoring && f.shown == f.epoch && f.epoch != none
	if f.wasBroken || isOther || isBehind || left {
		p.lost(f)
		return
	}
	if f.epoch == none && f.shown != none {
		p.adopt(f)
	} else if p.is(ignoresTheEpoch) && f.shown != none {
		f.epoch = f.shown
	}
	p.read(f)
}

// adopt is the first epoch that a follower sees.
func (p *play) adopt(f *follower) {
	if f.restoring || p.is(resetsPosition) {
		f.join(f.shown)
		return
	}
	f.epoch = f.shown
}

// lost is what a follower does when it has found out.
func (p *play) lost(f *follower) {
	switch {
	case f.shown != f.epoch && f.restoring && f.shown != none:
		f.join(f.shown)
	case f.set == 0 && !f.wasBroken && f.shown != none && !(!p.is(beginsForItself) && f.epoch != none && f.others()):
		f.join(f.shown)
	default:
		f.call = begin
		return
	}
	p.read(f)
}

func (f *follower) others() bool { return f.roll != [followers]int8{} }

func (f *follower) join(e epoch) {
	f.epoch, f.at, f.seen, f.loaded, f.compare, f.gave, f.first = e, position{}, 0, false, false, false, 0
	f.unfinished = f.restoring
}

// read is what comes after the head.
func (p *play) read(f *follower) {
	switch {
	case !f.loaded:
		f.call = loadFirst
		if !p.is(positionLast) && f.at == (position{}) {
			f.at = f.head
		}
	case f.at.seq < f.head.seq:
		f.call = since
	default:
		p.haveRead(f)
	}
}

// load reads one page. What is appended meanwhile may be on it, or not.
func (p *play) load(w *world, f *follower, page int8) {
	last := f.at
	if p.is(positionLast) {
		last = f.head
	}
	for i, r := range w.rows {
		covered := int8(i) < last.seq || p.is(loadsAll)
		if r.used && r.key == page && covered {
			f.take(r.key)
		}
	}
}

// take takes over an entry that was read.
func (f *follower) take(k int8) {
	if k == junk {
		return
	}
	f.set.add(k)
	f.seen.add(k)
	f.own[k] = notOwn
}

func (p *play) loadIsOver(f *follower) {
	if p.is(positionLast) {
		f.at = f.head
	}
	f.loaded = true
	if !p.is(comparesAfterDropsOnly) {
		f.compare = true
	}
	if p.is(forgetsToCompare) {
		f.compare = false
	}
	if f.at.seq < f.head.seq {
		f.call = since
		return
	}
	p.haveRead(f)
}

func (p *play) since(w *world, f *follower) {
	at := f.at
	if at.seq > 0 {
		gone := at.seq > w.server.head.seq || !w.rows[at.seq-1].used
		if gone {
			f.loaded, f.compare, f.seen, f.at = false, true, 0, position{}
			f.call = askHead // at once
			return
		}
		if w.rows[at.seq-1].mark != at.mark && !p.is(ignoresMarks) {
			p.lost(f)
			return
		}
	}
	if w.server.head.seq <= at.seq {
		f.loaded, f.compare, f.seen, f.at = false, true, 0, position{}
		f.call = askHead
		return
	}
	for i := at.seq; i < w.server.head.seq; i++ {
		if r := w.rows[i]; r.used {
			f.take(r.key)
		}
	}
	f.at = w.server.head
	p.haveRead(f)
}

// haveRead is the decision on what was read.
func (p *play) haveRead(f *follower) {
	missing := f.set &^ f.seen
	if f.compare && !f.restoring {
		f.compare = false
		if f.missingOfOthers() != 0 {
			p.lost(f)
			return
		}
	}
	switch {
	case !f.restoring:
		f.unfinished = false
		f.complete = f.asked
		if f.call = repeatOwn; f.due() == 0 {
			p.beforeRoll(f)
		}
	case missing == 0:
		f.gave, f.unfinished, f.awaited = true, false, false
		p.beforeRoll(f)
	case p.many:
		f.call = take
	default:
		f.call = give
		f.gave = f.gave || p.is(gaveTooEarly)
	}
}

func (f *follower) missingOfOthers() (missing keySet) {
	for k := range f.own {
		if f.own[k] == notOwn && f.set.has(int8(k)) && !f.seen.has(int8(k)) {
			missing.add(int8(k))
		}
	}
	return missing
}

func (f *follower) forget(all keySet) {
	for k := range f.own {
		if all.has(int8(k)) {
			f.own[k] = notOwn
		}
	}
}

func (f *follower) due() (all keySet) {
	for k := range f.own {
		if f.own[k] == due {
			all.add(int8(k))
		}
	}
	return all
}

func (p *play) beforeRoll(f *follower) {
	if f.call = callRoll; !f.restoring && f.rolled == 0 {
		f.end()
	}
}

// end ends a round.
func (f *follower) end() {
	if f.asked == 0 {
		f.rounds++
		f.done = true
	}
	f.call = askHead
	f.clear()
}

// clear forgets what was read for the sake of a round.
func (f *follower) clear() {
	f.head, f.shown, f.restoring, f.wasBroken, f.asked = position{}, none, false, false, 0
}

func (p *play) begin(w *world, me int8) {
	f := &w.f[me]
	for i := range w.server.roll {
		expected := f.roll[i] > 0 && !p.is(expectsNobody) || int8(i) == me
		if expected && !w.server.roll[i].present {
			w.writeLine(int8(i), none)
		}
	}
	if w.shown() == f.shown || p.is(beginsInAnyCase) {
		w.epoch, w.server.restoring, w.giver = w.newEpoch(), true, 0
		if !p.is(noFence) {
			w.add(junk)
		}
	}
	for i := range w.f {
		if w.server.restoring && f.met[i] && w.f[i].life == live && !w.f[i].away && !(w.f[i].gave && w.f[i].epoch == w.epoch) {
			w.f[i].awaited = true
		}
	}
	f.call = askHead
	f.clear()
}

func (p *play) callRoll(w *world, me int8) {
	f := &w.f[me]
	var gave epoch
	if f.gave {
		gave = f.epoch
	}
	w.writeLine(me, gave)
	if gave != none && w.giver == me+1 && !p.is(giverNeverReleased) {
		w.giver = 0
	}
	if w.shown() == none && !w.server.broken() && (f.epoch == none || p.is(createsAgain)) {
		w.epoch, w.server.restoring = w.newEpoch(), false
	}
	gap := f.rolled > 1 && !p.is(countsWhileAway)
	silent, all := false, true
	for i, l := range w.server.roll {
		switch {
		case int8(i) == me:
		case !l.present && (p.is(forgetsLines) || f.roll[i] > p.silence):
			f.roll[i] = 0
		case !l.present:
		case f.roll[i] == 0 || f.changed[i] || gap:
			f.roll[i] = 1
		}
		f.changed[i] = false
		f.met[i] = f.met[i] || l.present
		silent = silent || f.roll[i] > p.silence
		all = all && (!l.present || l.gave == f.epoch)
	}
	f.rolled, f.silent = 0, 0
	switch {
	case silent && !p.is(removesNobody):
		f.call = leave
	case f.restoring && f.gave && (all || p.is(asksNobody)) && (f.first > 0 || p.is(hasNoMinimum)):
		f.call = whole
	default:
		f.end()
	}
}

// leave removes one line that has been silent.
func (p *play) leave(w *world, me int8) {
	f := &w.f[me]
	for i := range f.roll {
		if f.roll[i] <= p.silence {
			continue
		}
		if !f.changed[i] || p.is(removesTheBeating) {
			w.removeLine(int8(i))
			if w.giver == int8(i)+1 && !p.is(keepsTheGiver) {
				w.giver = 0
			}
		}
		f.roll[i] = 0
		return
	}
}

func (p *play) whole(w *world, f *follower) {
	if w.epoch != f.epoch {
		return
	}
	for _, l := range w.server.roll {
		if l.present && l.gave != w.epoch && !p.is(asksNobody) && !p.is(wholeAsRead) {
			return
		}
	}
	w.server.restoring, w.giver = false, 0
}
