package listmodel

// step makes the next call of a round, with everything that the follower decides from the
// answer. No other follower can see when it decides.
func (p *play) step(w *world, me int8) {
	f := &w.f[me]
	switch f.call {
	case askHead:
		p.readHead(w, me)
	case begin:
		p.begin(w, me)
	case expect:
		p.expect(w, me)
		w.await()
		p.read(f)
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
	isBehind := f.head.isBehind(f.at) && !p.is(ignoresTheHead)
	if f.wasBroken || isOther || isBehind {
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

// adopt handles the first epoch that a follower sees.
func (p *play) adopt(f *follower) {
	if f.restoring || p.is(resetsPosition) {
		f.join(f.shown)
		return
	}
	f.epoch = f.shown
}

// lost handles a loss that the follower has noticed.
func (p *play) lost(f *follower) {
	switch {
	case f.shown != f.epoch && (f.restoring || p.is(joinsTheWhole)) && f.shown != none:
		f.join(f.shown)
		if f.restoring && !p.is(joinsInSilence) {
			f.call = expect
			return
		}
	case f.set == 0 && !f.wasBroken && f.shown != none:
		f.join(f.shown)
	default:
		f.call = begin
		return
	}
	p.read(f)
}

func (f *follower) join(e epoch) {
	f.epoch, f.at, f.seen, f.loaded, f.compare, f.gave, f.first = e, position{}, 0, false, false, false, 0
}

// read chooses the next call after the head was read.
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

// load reads one page. Entries that are appended meanwhile may be on it or not.
func (p *play) load(w *world, f *follower, page int8) {
	last := f.at
	if p.is(positionLast) {
		last = f.head
	}
	for i, r := range w.rows {
		covered := int8(i) < last.seq || p.is(loadsAll)
		if r.used() && r.key() == page && covered {
			f.take(r.key())
		}
	}
}

// take adds an entry that was read to the copy.
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
	if !p.is(comparesTheDropped) {
		f.compare = true
	}
	if p.is(neverCompares) {
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
	isGone := at.seq > 0 && !w.rows[at.seq-1].used()
	switch {
	case isGone || w.server.head.seq <= at.seq:
		f.loadAgain()
		return
	case at.seq > 0 && w.rows[at.seq-1].mark() != at.mark && !p.is(ignoresMarks):
		p.lost(f)
		return
	}
	for i := at.seq; i < w.server.head.seq; i++ {
		if r := w.rows[i]; r.used() {
			f.take(r.key())
		}
	}
	f.at = w.server.head
	p.haveRead(f)
}

// loadAgain handles ErrDropped. The next round begins at once.
func (f *follower) loadAgain() {
	f.loaded, f.compare, f.seen, f.at = false, true, 0, position{}
	f.call = askHead
	f.clear()
}

// haveRead decides what to do once everything was read.
func (p *play) haveRead(f *follower) {
	missing := f.set &^ f.seen
	if p.is(completesWhileRestoring) {
		f.complete = f.asked
	}
	if f.compare && !f.restoring {
		isLost := f.missingOfOthers() != 0
		f.compare = isLost && !p.is(forgetsTheLoss)
		if isLost {
			p.lost(f)
			return
		}
	}
	switch {
	case !f.restoring:
		f.complete = f.asked
		if f.call = repeatOwn; f.due() == 0 {
			p.beforeRoll(f)
		}
	case missing == 0:
		f.gave, f.awaited = true, false
		p.beforeRoll(f)
	default:
		if f.call = give; p.many {
			f.call = take
		}
		if p.is(gaveTooEarly) {
			f.gave = true
		}
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

// clear forgets what was read for this round only.
func (f *follower) clear() {
	f.head, f.shown, f.restoring, f.wasBroken, f.asked = position{}, none, false, false, 0
}
