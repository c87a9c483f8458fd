package storetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
)

// stage is a store that decides when each call happens. One call runs at a time, in an
// order that a seed determines, while all others wait. Calls can fail, and processes can
// end.
type stage struct {
	sessions  ginjwt.SessionStore
	list      ginjwt.Blocklist
	rng       *rand.Rand
	faults    int       // how many may still happen
	faultRate float64   // share of failing calls for requests that run alone
	between   func()    // is called before each call
	made      []changed // calls that changed a session
	now       func() time.Time
	until     map[string]time.Time // when the list may forget an ID
}

// changed is a call that changed a session.
type changed struct {
	call      string
	old, next ginjwt.Session
}

// actor is a request that makes calls.
type actor struct {
	name    string
	act     func(ctx context.Context)
	ctx     context.Context
	cancel  context.CancelFunc
	resume  chan fate
	parked  chan bool // whether it makes another call
	calls   []string  // its calls and their fates
	handing bool      // its next call starts the grace period
	fault   string    // a failed call after which the response must be an error
}

// fate is what happens to a call.
type fate int

const (
	succeeds fate = iota
	failsBefore
	failsAfter
	crashes
)

var fates = [...]string{"", " fails", " fails after its effect", ": the process ends before"}

var (
	errStore = errors.New("the store does not reply")
	errCrash = errors.New("the process has ended")
)

type actorKey struct{}

// run runs all actors to their end, in an order that the seed determines.
func (s *stage) run(t context.Context, actors ...*actor) {
	active := make([]*actor, 0, len(actors))
	for _, a := range actors {
		a.start(t)
		active = append(active, a)
	}
	for len(active) > 0 {
		i := s.rng.IntN(len(active))
		s.between()
		a := active[i]
		a.resume <- s.fateOf(a)
		if !<-a.parked {
			active = append(active[:i], active[i+1:]...)
			a.cancel()
		}
	}
}

// start makes an actor wait for its turn.
func (a *actor) start(ctx context.Context) {
	ctx, a.cancel = context.WithCancel(ctx)
	a.ctx = context.WithValue(ctx, actorKey{}, a)
	a.resume, a.parked = make(chan fate), make(chan bool)
	go func() {
		defer func() {
			if r := recover(); r != nil && r != errCrash { //nolint:errorlint // the very value
				panic(r)
			}
			a.parked <- false
		}()
		<-a.resume
		a.act(a.ctx)
	}()
}

// fateOf decides the fate of an actor's next call. It also lets clients disconnect, most
// of them right before the response.
func (s *stage) fateOf(a *actor) fate {
	likely := 8
	if a.handing {
		likely = 2
	}
	if s.faults > 0 && len(a.calls) > 0 && s.rng.IntN(likely) == 0 {
		s.faults--
		if !a.handing && s.rng.IntN(3) > 0 {
			return failsBefore + fate(s.rng.IntN(3))
		}
		a.cancel()
	}
	if a.ctx.Err() != nil && s.rng.IntN(3) > 0 { // calls that heed the context
		return failsBefore + fate(s.rng.IntN(4)/3)
	}
	return succeeds
}

// call waits for its turn, and then lets do succeed, fail or crash.
func (s *stage) call(ctx context.Context, name string, do func() error) error {
	a, ok := ctx.Value(actorKey{}).(*actor)
	if !ok {
		return s.callAlone(ctx, do)
	}
	a.calls = append(a.calls, name)
	a.parked <- true
	how := <-a.resume
	if a.ctx.Err() != nil && ctx.Err() == nil && how != crashes {
		how = succeeds // the caller continues although the client has disconnected
	}
	a.calls[len(a.calls)-1] += fates[how]
	switch how {
	case crashes:
		panic(errCrash)
	case failsBefore, failsAfter:
		if how == failsAfter {
			_ = do()
		}
		a.failed(name)
		return errStore
	}
	err := do()
	if err != nil {
		a.failed(name)
	}
	return err
}

// alone marks the context of requests that run one after the other, with random faults.
type alone struct{}

func (s *stage) callAlone(ctx context.Context, do func() error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case ctx.Value(alone{}) == nil || s.rng.Float64() >= s.faultRate:
		return do()
	}
	switch s.rng.IntN(3) {
	case 0:
		panic(errCrash)
	case 1:
		_ = do()
	}
	return errStore
}

// failed notes a failed call. The start of the grace period may fail without an error in
// the response.
func (a *actor) failed(name string) {
	if !a.handing {
		a.fault = name
	}
}

func (s *stage) Create(ctx context.Context, next ginjwt.Session) (ok bool, err error) {
	err = s.call(ctx, "Create", func() (err error) {
		if ok, err = s.sessions.Create(ctx, next); ok {
			s.made = append(s.made, changed{call: "Create", next: next})
		}
		return err
	})
	return ok && err == nil, err
}

func (s *stage) Get(ctx context.Context, id string) (got ginjwt.Session, ok bool, err error) {
	err = s.call(ctx, "Get", func() (err error) {
		got, ok, err = s.sessions.Get(ctx, id)
		return err
	})
	if err != nil {
		return ginjwt.Session{}, false, err
	}
	return got, ok, nil
}

func (s *stage) Replace(ctx context.Context, old, next ginjwt.Session) (ok bool, err error) {
	name := "Replace"
	if a, on := ctx.Value(actorKey{}).(*actor); on && old.Generation == next.Generation && old.RotatedAt.Equal(next.RotatedAt) {
		name, a.handing = "Replace (hand out)", true
	}
	err = s.call(ctx, name, func() (err error) {
		if ok, err = s.sessions.Replace(ctx, old, next); ok {
			s.made = append(s.made, changed{name, old, next})
		}
		return err
	})
	return ok && err == nil, err
}

func (s *stage) Delete(ctx context.Context, id string) (ok bool, err error) {
	err = s.call(ctx, "Delete", func() (err error) {
		ok, err = s.sessions.Delete(ctx, id)
		return err
	})
	return ok && err == nil, err
}

func (s *stage) List(ctx context.Context, realm, identity string) (all []ginjwt.Session, err error) {
	err = s.call(ctx, "List", func() (err error) {
		all, err = s.sessions.List(ctx, realm, identity)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// blocklist is the Blocklist of a stage.
type blocklist struct{ *stage }

func (b blocklist) Add(ctx context.Context, id string, expires time.Time) error {
	return b.call(ctx, "Add", func() error {
		b.until[id] = later(b.until[id], expires)
		return b.list.Add(ctx, id, expires)
	})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Contains forgets an ID as soon as a blocklist may forget it.
func (b blocklist) Contains(ctx context.Context, ids ...string) (blocked bool, err error) {
	err = b.call(ctx, "Contains", func() (err error) {
		blocked, err = b.list.Contains(ctx, ids...)
		return err
	})
	remembered := slices.ContainsFunc(ids, func(id string) bool { return b.until[id].After(b.now()) })
	return blocked && remembered && err == nil, err
}
