package listmodel

import "math/rand/v2"

// walk goes one way through what can happen, by chance.
func (p *play) walk(rng *rand.Rand, length int) explored {
	w := p.first()
	var way []move
	settle := func() violation {
		good := 0
		for i := 0; ; i++ {
			if good++; !w.isGood() {
				good = 0
			}
			all := p.moves(&w)
			calm := all[:0]
			for _, m := range all {
				if m.isCalm() || m.what == wakes || m.what == comesBack {
					calm = append(calm, m)
				}
			}
			if len(calm) == 0 {
				if w.isGood() {
					return nothing
				}
				return stuck
			}
			if good > 80 {
				return nothing
			}
			if i > 900 {
				return livelock
			}
			m := calm[rng.IntN(len(calm))]
			way = append(way, m)
			if w = p.after(w, m); w.broken != nothing {
				return w.broken
			}
		}
	}
	for range length {
		all := p.moves(&w)
		if len(all) == 0 {
			break
		}
		m := all[rng.IntN(len(all))]
		for range 3 {
			if !m.isCalm() && m.what != adds && rng.IntN(3) > 0 {
				m = all[rng.IntN(len(all))]
			}
		}
		way = append(way, m)
		if w = p.after(w, m); w.broken != nothing {
			return explored{worlds: len(way), broken: w.broken, way: p.tell(way)}
		}
	}
	some := false
	for i := range w.f {
		some = some || w.f[i].life == live
	}
	if !some {
		return explored{}
	}
	if v := settle(); v != nothing {
		return explored{worlds: len(way), broken: v, way: p.tell(way)}
	}
	return explored{}
}
