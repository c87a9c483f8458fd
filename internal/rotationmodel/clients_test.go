package rotationmodel

import "math"

// scene is what the world of an innocent is like.
type scene struct {
	name    string
	tabs    int
	access  tick    // how long an access token is good
	slow    float64 // how many ways of a request or an answer are slow
	slowest tick
	lost    float64 // how many answers are, but never three in a row
	retry   [2]tick // after how long a request is repeated that was not answered
	crashes float64 // processes that end after a trade
	outages float64 // writes at which the store begins to fail
	clocks  tick    // how far they are apart
	hours   tick
	timers  bool // tabs do things at whole minutes only, as in the background
	keys    bool // an Idempotency-Key for each token, kept beside it
	old     bool // the browser begins with a token from before sessions
	broken  bool // what is promised is not assumed: a client repeats too late
}

// browser is one jar of cookies.
type browser struct {
	*sim
	jar     int32
	fresh   tick // until when its access token is good
	keys    map[int32]int32
	out     bool
	refused result
}

// innocent plays a browser, and returns whether it was logged out.
func innocent(r rules, sc scene, seed uint64) *browser {
	b := &browser{sim: newSim(r, sc, seed), keys: map[int32]int32{}}
	b.jar = b.sessions[0].gen
	for range sc.tabs {
		b.tab(new(bool))
	}
	b.run(sc.hours*hour, func() bool { return b.out || b.broken != "" })
	return b
}

// tab uses the access token, and refreshes when it has expired.
func (b *browser) tab(busy *bool) {
	pause := b.between(b.scene.access/50, b.scene.access/3)
	if b.chance(0.1) {
		pause = b.between(1, 2*b.scene.access)
	}
	if b.scene.timers {
		minute := tick(60 * second)
		pause = (b.now/minute+1)*minute + b.between(0, 5) - b.now
	}
	b.in(pause, func() {
		if b.now > b.fresh && !*busy {
			*busy = true
			b.send(busy, 0)
		}
		b.tab(busy)
	})
}

func (b *browser) way() tick {
	if b.chance(b.scene.slow) {
		return b.between(0, b.scene.slowest)
	}
	return 2 + min(b.pause(10), 5*second)
}

// send refreshes with what is in the jar; losses is how many answers were lost
// before.
func (b *browser) send(busy *bool, losses int) {
	r := request{kind: refresh, gen: b.jar}
	if b.scene.keys {
		r.key = b.keyOf(b.jar)
	}
	b.in(b.way(), func() {
		b.serve(r, func(r request) {
			lost := losses < 2 && b.chance(b.scene.lost)
			switch {
			case r.result == tokens && !lost:
				b.in(b.way(), func() { b.receive(r, busy) })
			case r.result == tokens:
				b.in(b.between(b.scene.retry[0], b.scene.retry[1]), func() { b.send(busy, losses+1) })
			case r.result == unavailable || r.result == nothing:
				b.in(b.between(b.scene.retry[0], b.scene.retry[1]), func() { b.send(busy, losses) })
			default:
				b.out, b.refused = true, r.result
			}
		})
	})
}

func (b *browser) receive(r request, busy *bool) {
	if r.cookie {
		b.jar = r.answered
	}
	b.fresh = b.now + b.scene.access
	*busy = false
}

// keyOf is made when a token arrives.
func (b *browser) keyOf(gen int32) int32 {
	if b.keys[gen] == 0 {
		b.keys[gen] = int32(len(b.keys)) + 1
	}
	return b.keys[gen]
}

// stolen is what became of a thief.
type stolen struct {
	seen  bool
	after tick // how long it took
	got   int  // how many access tokens
}

// theftPlay has one honest client, which is active for hours and then away for hours,
// and a thief of its refresh token.
type theftPlay struct {
	*browser
	how   string
	token int32 // of the thief
	known int32 // a key
	at    tick
	due   tick // when the honest client refreshed
	stolen
}

func thief(r rules, how string, keys bool, seed uint64) *theftPlay {
	p := &theftPlay{browser: &browser{sim: newSim(r, scene{keys: keys}, seed), keys: map[int32]int32{}}, how: how}
	p.jar = 1
	p.live()
	p.at = p.between(5000*second, 7000*second)
	p.in(p.at, func() {
		p.token, p.known = p.jar, p.key(p.jar)
		p.act()
	})
	p.run(p.at+7*day, func() bool { return p.seen })
	return p
}

func (p *theftPlay) key(gen int32) int32 {
	switch {
	case p.how == "constant key":
		return math.MaxInt32
	case p.scene.keys:
		return p.keyOf(gen)
	}
	return 0
}

// use refreshes at once.
func (p *theftPlay) use(token *int32, key int32, then func()) {
	p.serve(request{kind: refresh, gen: *token, key: key}, func(r request) {
		if r.result != tokens {
			p.seen, p.after = true, p.now-p.at
			return
		}
		*token = r.answered
		then()
	})
}

func (p *theftPlay) live() {
	pause := p.rules.access + p.pause(20*second)
	if p.chance(0.05) {
		pause = p.between(hour, 9*hour)
	}
	p.in(pause, func() {
		p.use(&p.jar, p.key(p.jar), func() {
			p.due = p.now
			p.live()
		})
	})
}

// act is what the thief does.
func (p *theftPlay) act() {
	expired := func() tick { return p.rules.access + p.pause(20*second) }
	switch p.how {
	case "blind", "known key", "constant key": // refreshes when its access token has expired
		p.in(p.between(0, p.rules.access), func() { p.again(p.known, expired) })
	case "old copy": // is found an hour later
		p.in(hour, func() { p.use(&p.token, 0, func() { p.got++ }) })
	case "schedule": // knows when a refresh is due, and comes a little later
		p.in(max(0, p.due+p.rules.access+25*second-p.now), func() { p.again(0, func() tick { return p.rules.access + 10*second }) })
	case "follower": // sees each rotation
		p.follow(p.sessions[0].gen)
	}
}

func (p *theftPlay) again(key int32, pause func() tick) {
	if p.how == "blind" {
		key = 0
	}
	p.use(&p.token, key, func() {
		p.got++
		if p.how != "constant key" {
			key = 0
		}
		p.in(pause(), func() { p.again(key, pause) })
	})
}

func (p *theftPlay) follow(gen int32) {
	p.in(10*second, func() {
		if p.sessions[0].gen == gen {
			p.follow(gen)
			return
		}
		p.use(&p.token, 0, func() {
			p.got++
			p.follow(p.sessions[0].gen)
		})
	})
}
