package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// rivals want the same ID at once.
const rivals = 3

// lastClaimed is how many IDs are claimed once more when all is over.
const lastClaimed = 300

// RunOnce lets several processes claim IDs while something happens to the server, and
// fails the test if two callers are first with one ID. do returns when the server is well
// again. open connects a new process.
func RunOnce(t *testing.T, open func() store.Once, do func()) {
	t.Helper()
	c := &claiming{t: t, own: NewOwnTime(t)}
	for range processes {
		c.add(open())
	}
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	working.Go(func() { c.work(ctx) })
	pause(warmUp)
	do()
	before := c.firsts()
	assert.Eventually(t, func() bool { return c.firsts() > before }, patience, tickLength, "IDs can be claimed again")
	pause(warmUp)
	stop()
	_ = c.own.Within(t, patience, "claiming", func() error { working.Wait(); return nil })
	c.check()
}

// claiming are processes that claim IDs.
type claiming struct {
	t   *testing.T
	own *OwnTime

	mu     sync.Mutex
	stores []store.Once
	ids    []claimed
}

// claimed is what callers with one ID were told.
type claimed struct {
	id             string
	firsts, errors int
}

// add adds a process.
func (c *claiming) add(s store.Once) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stores = append(c.stores, s)
}

func (c *claiming) firsts() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range c.ids {
		n += id.firsts
	}
	return n
}

// work claims a new ID, and one that was claimed before, again and again.
func (c *claiming) work(ctx context.Context) {
	for n := 0; ctx.Err() == nil && !c.t.Failed(); n++ {
		c.mu.Lock()
		c.ids = append(c.ids, claimed{id: fmt.Sprint("id ", n)})
		c.mu.Unlock()
		var all sync.WaitGroup
		for range rivals {
			all.Go(func() { _ = c.claim(n) })
		}
		all.Wait()
		_ = c.claim(max(0, n-rand.IntN(20)))
		pause(5 * time.Millisecond)
	}
}

// claim claims the nth ID at one of the processes, and notes the answer.
func (c *claiming) claim(n int) (err error) {
	c.mu.Lock()
	s, id := c.stores[rand.IntN(len(c.stores))], c.ids[n].id
	c.mu.Unlock()
	defer c.own.After(Timeout+slack, func() { c.t.Errorf("a claim hangs:\n%s", stacks()) })()
	first, err := s.Claim(context.Background(), id, time.Now().Add(time.Hour))
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.ids[n].errors++
	} else if first {
		c.ids[n].firsts++
	}
	return err
}

// check makes sure that with each ID one caller was first, or none, and then somebody got
// an error. Those of the last IDs ask again now, when all is well, until a busy server
// replies in time.
func (c *claiming) check() {
	errs := 0
	for i, id := range c.ids {
		errs += id.errors
		if i < len(c.ids)-lastClaimed {
			continue
		}
		err := c.claim(i)
		for began := time.Now(); err != nil && time.Since(began) < patience; {
			err = c.claim(i)
		}
		require.NoError(c.t, err, "the server is well again")
	}
	c.t.Logf("%d IDs were claimed, %d claims failed", len(c.ids), errs)
	require.Positive(c.t, c.firsts())
	for _, id := range c.ids {
		require.LessOrEqual(c.t, id.firsts, 1, "%q: callers that are first", id.id)
		require.Positive(c.t, id.firsts+id.errors, "%q: nobody is first, and nobody got an error", id.id)
	}
}
