package listmodel

func (p *play) begin(w *world, me int8) {
	f := &w.f[me]
	p.expect(w, me)
	if w.shown() == f.shown || p.is(beginsInAnyCase) {
		w.epoch, w.server.restoring, w.giver = w.newEpoch(), true, 0
		if !p.is(noFence) {
			w.add(junk)
		}
	}
	w.await()
	f.call = askHead
	f.clear()
}

// expect puts the followers that a follower knows, and itself, on the roll.
func (p *play) expect(w *world, me int8) {
	f := &w.f[me]
	for i := range w.server.roll {
		expected := f.roll[i] > 0 && !p.is(expectsNobody) || int8(i) == me
		if expected && !w.server.roll[i].present {
			w.writeLine(int8(i), none)
		}
	}
}

// await notes for which followers the restoration must wait from now on: every follower
// that is known to a running follower.
func (w *world) await() {
	for i := range w.f {
		f := &w.f[i]
		if !w.server.restoring || f.life != live || f.away || f.gave && f.epoch == w.epoch {
			continue
		}
		for j := range w.f {
			h := &w.f[j]
			f.awaited = f.awaited || h.met[i] && h.life == live && !h.stalled
		}
	}
}

func (p *play) callRoll(w *world, me int8) {
	f := &w.f[me]
	var gave epoch
	if f.gave {
		gave = f.epoch
	}
	w.writeLine(me, gave)
	if gave != none && w.giver == me+1 && !p.is(neverReleases) {
		w.giver = 0
	}
	if w.shown() == none && !w.server.broken() && (f.epoch == none || p.is(createsAgain)) {
		w.epoch, w.server.restoring = w.newEpoch(), false
	}
	silent, all := p.readRoll(w, me)
	f.rolled, f.silent, f.away = 0, 0, false
	f.awaited = f.awaited || w.server.restoring && gave == none // it is on the roll
	switch {
	case silent && !p.is(removesNobody):
		f.call = leave
	case f.restoring && f.gave && (all || p.is(asksNobody)) && (f.first > 1 || p.is(hasNoMinimum)):
		f.call = whole
	default:
		f.end()
	}
}

// readRoll reads the roll. It reports whether a follower has been silent for too long, and
// whether all have given back their entries.
func (p *play) readRoll(w *world, me int8) (silent, all bool) {
	f := &w.f[me]
	gap := f.rolled > 1 && !p.is(countsWhileAway)
	all = true
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
		all = all && (!l.present || p.hasGiven(l, f.epoch))
	}
	return silent, all
}

// leave removes the line of one silent follower.
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

func (p *play) hasGiven(l line, e epoch) bool {
	return l.gave == e || p.is(gaveIsForEver) && l.gave != none
}

func (p *play) whole(w *world, f *follower) {
	if w.epoch != f.epoch {
		return
	}
	for _, l := range w.server.roll {
		if l.present && !p.hasGiven(l, w.epoch) && !p.is(asksNobody) && !p.is(wholeAsRead) {
			return
		}
	}
	w.server.restoring, w.giver = false, 0
}
