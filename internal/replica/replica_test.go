package replica_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// server is a Log in memory. It can be down, lose data, and drop old entries of its log.
type server struct {
	mu      sync.Mutex
	down    error
	data    data
	dropped int // entries at the beginning of the log
	marks   int
	asked   int // calls of Contains
	changed chan struct{}
	ahead   time.Duration // how far the server's clock is ahead
}

// data is the data that a server can lose.
type data struct {
	entries   map[idset.Key]uint32
	log       []numbered
	epoch     string
	restoring bool
	giver     string
	roll      map[string]replica.Member
}

type numbered struct {
	at replica.Position
	e  idset.Entry
}

func (d data) clone() data {
	d.entries, d.log, d.roll = maps.Clone(d.entries), slices.Clone(d.log), maps.Clone(d.roll)
	return d
}

func noData() data { return data{entries: map[idset.Key]uint32{}, roll: map[string]replica.Member{}} }

func newServer() *server { return &server{data: noData(), changed: make(chan struct{})} }

var errDown = errors.New("the server is down")

func (s *server) locked(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *server) setDown(err error) { s.locked(func() { s.down = err }) }

func (s *server) loseAll() { s.locked(func() { s.data = noData() }) }

// snapshot returns a function that restores the present data.
func (s *server) snapshot() (restore func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.data.clone()
	return func() { s.locked(func() { s.data = d.clone() }) }
}

func (s *server) Head(context.Context) (replica.Head, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head(), s.down
}

func (s *server) head() replica.Head {
	h := replica.Head{Epoch: s.data.epoch, Restoring: s.data.restoring, Giver: s.data.giver, Now: time.Now().Add(s.ahead)}
	if n := len(s.data.log); n > 0 {
		h.At = s.data.log[n-1].at
	}
	return h
}

func (s *server) Append(_ context.Context, entries []idset.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return s.down
	}
	for _, e := range entries {
		if until, ok := s.data.entries[e.Key]; ok && until >= e.Until {
			continue
		}
		s.marks++
		s.data.entries[e.Key] = e.Until
		s.data.log = append(s.data.log, numbered{replica.Position{Seq: s.head().At.Seq + 1, Mark: fmt.Sprint(s.marks)}, e})
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

func (s *server) GiveBack(ctx context.Context, entries []idset.Entry) error {
	return s.Append(ctx, entries)
}

func (s *server) Contains(_ context.Context, keys []idset.Key, at replica.Position) (a replica.Answer, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	a.Found = slices.ContainsFunc(keys, func(key idset.Key) bool { _, ok := s.data.entries[key]; return ok })
	a.Intact = at.Seq == 0 || slices.ContainsFunc(s.data.log, func(n numbered) bool { return n.at == at })
	a.Head = s.head()
	return a, s.down
}

func (s *server) Lacks(_ context.Context, entries []idset.Entry) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(entries, func(e idset.Entry) bool { return s.data.entries[e.Key] < e.Until }), s.down
}

func (s *server) Load(_ context.Context, add func(idset.Entry)) (replica.Position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, until := range s.data.entries {
		add(idset.Entry{Key: key, Until: until})
	}
	return s.head().At, s.down
}

func (s *server) Since(_ context.Context, at replica.Position, add func(idset.Entry)) (replica.Position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := s.data.log[min(s.dropped, len(s.data.log)):]
	i := -1
	if len(log) > 0 && at.Seq >= log[0].at.Seq && at.Seq <= log[len(log)-1].at.Seq {
		i = int(at.Seq - log[0].at.Seq)
	}
	switch {
	case s.down != nil:
		return at, s.down
	case i < 0 && (at.Seq != 0 || s.dropped > 0):
		return at, replica.ErrDropped
	case i >= 0 && log[i].at != at:
		return at, replica.ErrLost
	}
	log = log[i+1:]
	for _, n := range log[:min(len(log), 3+len(log)/2)] {
		add(n.e)
		at = n.at
	}
	return at, nil
}

func (s *server) Wait(ctx context.Context, at replica.Position, most time.Duration) error {
	s.mu.Lock()
	changed := s.changed
	if s.head().At != at {
		changed = nil
	}
	s.mu.Unlock()
	timer := time.NewTimer(most)
	defer timer.Stop()
	if changed == nil {
		return nil
	}
	select {
	case <-changed:
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}

// change runs a change that adds no entry.
func (s *server) change(f func(d *data)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down == nil {
		f(&s.data)
	}
	return s.down
}

func (s *server) Found(_ context.Context, epoch string) error {
	return s.change(func(d *data) {
		if d.epoch == "" {
			d.epoch = epoch
		}
	})
}

func (s *server) Begin(ctx context.Context, seen, epoch string, expected []string) error {
	err := s.change(func(d *data) {
		for _, id := range expected {
			if _, ok := d.roll[id]; !ok {
				d.roll[id] = replica.Member{ID: id}
			}
		}
		if d.epoch == seen {
			d.epoch, d.restoring, d.giver = epoch, true, ""
		}
	})
	return errors.Join(err, s.Append(ctx, []idset.Entry{idset.EntryOf(epoch, time.Now())}))
}

func (s *server) PassGiver(_ context.Context, epoch, from, to string) error {
	return s.change(func(d *data) {
		if d.epoch == epoch && d.giver == from {
			d.giver = to
		}
	})
}

func (s *server) End(_ context.Context, epoch string) error {
	return s.change(func(d *data) {
		for _, m := range d.roll {
			if m.Gave != epoch {
				return
			}
		}
		if d.epoch == epoch {
			d.restoring, d.giver = false, ""
		}
	})
}

func (s *server) Call(_ context.Context, me replica.Member) (roll []replica.Member, epoch string, err error) {
	err = s.change(func(d *data) {
		d.roll[me.ID] = me
		roll, epoch = slices.Collect(maps.Values(d.roll)), d.epoch
	})
	return roll, epoch, err
}

func (s *server) Strike(_ context.Context, m replica.Member) error {
	return s.change(func(d *data) {
		if d.roll[m.ID].Beat == m.Beat {
			delete(d.roll, m.ID)
		}
	})
}

const staleness = 200 * time.Millisecond

func follow(t *testing.T, s *server) *replica.Copy {
	t.Helper()
	c := replica.New(t.Context(), s, staleness)
	require.NoError(t, c.Ready(t.Context()))
	return c
}

func add(t *testing.T, c *replica.Copy, id string) {
	t.Helper()
	require.NoError(t, c.Add(t.Context(), id, time.Now().Add(time.Hour)))
}

func contains(t *testing.T, c *replica.Copy, id string) bool {
	t.Helper()
	blocked, err := c.Contains(t.Context(), "other", id)
	require.NoError(t, err)
	return blocked
}

func eventuallyContains(t *testing.T, c *replica.Copy, id string) {
	t.Helper()
	require.Eventually(t, func() bool {
		blocked, err := c.Contains(t.Context(), id)
		return err == nil && blocked
	}, time.Minute, time.Millisecond)
}

func TestCopiesFollow(t *testing.T) {
	t.Parallel()
	s := newServer()
	a := follow(t, s)
	for i := range 10 {
		add(t, a, fmt.Sprint("before", i))
	}
	b := follow(t, s)
	for i := range 10 {
		assert.True(t, contains(t, b, fmt.Sprint("before", i)))
	}
	for i := range 20 {
		add(t, b, fmt.Sprint("after", i))
	}
	eventuallyContains(t, a, "after19")
	for i := range 20 {
		assert.True(t, contains(t, a, fmt.Sprint("after", i)))
	}
	assert.False(t, contains(t, a, "never"))
	s.locked(func() { assert.Zero(t, s.asked, "lookups are local") })
	assert.Equal(t, 30, a.Status().Entries)
	assert.NoError(t, a.Status().Err)
	assert.WithinDuration(t, time.Now(), a.Status().Complete, time.Minute)
}

// A fresh copy may lack an entry that was added a moment ago. ContainsNow finds it.
func TestContainsNow(t *testing.T) {
	t.Parallel()
	s := newServer()
	c := replica.New(t.Context(), s, time.Hour)
	require.NoError(t, c.Ready(t.Context()))
	add(t, follow(t, s), "there")
	add(t, c, "here")
	for id, want := range map[string]bool{"there": true, "here": true, "nowhere": false} {
		blocked, err := c.ContainsNow(t.Context(), "other", id)
		require.NoError(t, err)
		assert.Equal(t, want, blocked, id)
	}
	s.locked(func() { assert.NotZero(t, s.asked); s.down = errDown })
	_, err := c.ContainsNow(t.Context(), "nowhere")
	require.ErrorIs(t, err, errDown)
	assert.False(t, contains(t, c, "nowhere"), "which the copy knows for an hour")
}

// Before the first load lookups ask the server. Without its answer they fail.
func TestStaleCopiesAsk(t *testing.T) {
	t.Parallel()
	s := newServer()
	c := follow(t, s)
	add(t, c, "known")
	s.setDown(errDown)
	require.Eventually(t, func() bool {
		_, err := c.Contains(t.Context(), "unknown")
		return errors.Is(err, errDown)
	}, time.Minute, time.Millisecond)
	assert.True(t, contains(t, c, "known"), "what is blocked stays blocked")
	require.ErrorIs(t, c.Status().Err, errDown)
	require.ErrorIs(t, c.Add(t.Context(), "added in vain", time.Time{}), errDown)
	assert.True(t, contains(t, c, "added in vain"), "this process refuses it in any case")

	s.setDown(nil)
	require.Eventually(t, func() bool { return c.Status().Err == nil }, time.Minute, time.Millisecond)
	assert.False(t, contains(t, c, "unknown"))
}

func TestCopiesBeforeTheFirstLoad(t *testing.T) {
	t.Parallel()
	s := newServer()
	add(t, follow(t, s), "known")
	s.setDown(errDown)
	c := replica.New(t.Context(), s, staleness)
	_, err := c.Contains(t.Context(), "known")
	require.ErrorIs(t, err, errDown)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, c.Ready(ctx), context.Canceled)
	assert.Zero(t, c.Status().Complete)
	s.setDown(nil)
	require.NoError(t, c.Ready(t.Context()))
	assert.True(t, contains(t, c, "known"))
}

// A copy whose context has ended no longer follows the list, and asks the server each time.
func TestCopiesThatEnded(t *testing.T) {
	t.Parallel()
	s := newServer()
	a := follow(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	b := replica.New(ctx, s, staleness)
	require.NoError(t, b.Ready(t.Context()))
	cancel()
	add(t, a, "later")
	eventuallyContains(t, b, "later")
	s.setDown(errDown)
	require.Eventually(t, func() bool {
		_, err := b.Contains(t.Context(), "unknown")
		return errors.Is(err, errDown)
	}, time.Minute, time.Millisecond)
}

// Processes give back the entries that the server lost, so that all processes know them
// again, including new ones.
func TestServersThatLostData(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(s *server, toSnapshot func()){
		"all of it": func(s *server, _ func()) { s.loseAll() },
		"all of it, and counted on": func(s *server, _ func()) {
			s.loseAll()
			for i := range 50 {
				_ = s.Append(context.Background(), []idset.Entry{idset.EntryOf(fmt.Sprint("new", i), time.Time{})})
			}
		},
		"the last": func(_ *server, toSnapshot func()) { toSnapshot() },
		"the last, and counted on": func(s *server, toSnapshot func()) {
			toSnapshot()
			for i := range 50 {
				_ = s.Append(context.Background(), []idset.Entry{idset.EntryOf(fmt.Sprint("new", i), time.Time{})})
			}
		},
		"the last, and counted on to the same number": func(s *server, toSnapshot func()) {
			toSnapshot()
			for i := range 5 {
				_ = s.Append(context.Background(), []idset.Entry{idset.EntryOf(fmt.Sprint("new", i), time.Time{})})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer()
			a := follow(t, s)
			for i := range 5 {
				add(t, a, fmt.Sprint("kept", i))
			}
			toSnapshot := s.snapshot()
			for i := range 5 {
				add(t, a, fmt.Sprint("lost", i))
			}
			require.Eventually(t, func() bool {
				head, _ := s.Head(t.Context())
				return head.At.Seq == 10
			}, time.Minute, time.Millisecond)
			b := follow(t, s)
			s.setDown(errDown)
			lose(s, toSnapshot)
			s.setDown(nil)
			require.Eventually(t, func() bool { return b.Status().Losses == 1 }, time.Minute, time.Millisecond)
			for i := range 5 {
				for _, id := range []string{fmt.Sprint("kept", i), fmt.Sprint("lost", i)} {
					assert.True(t, contains(t, a, id))
					key := idset.KeyOf(id)
					require.Eventually(t, func() bool {
						answer, err := s.Contains(t.Context(), []idset.Key{key}, replica.Position{})
						return answer.Found && err == nil
					}, time.Minute, time.Millisecond, id)
				}
			}
			c := follow(t, s)
			assert.True(t, contains(t, c, "lost4"))
			add(t, c, "and on")
			eventuallyContains(t, a, "and on")
			require.Eventually(t, func() bool {
				_, err := b.Contains(t.Context(), "unknown")
				return err == nil
			}, time.Minute, time.Millisecond)
		})
	}
}

func TestNumbersThatWereDropped(t *testing.T) {
	t.Parallel()
	s := newServer()
	a, b := follow(t, s), follow(t, s)
	add(t, a, "first")
	eventuallyContains(t, b, "first")
	s.locked(func() {
		for i := range 100 {
			e := idset.EntryOf(fmt.Sprint("many", i), time.Time{})
			s.data.entries[e.Key] = e.Until
			s.data.log = append(s.data.log, numbered{replica.Position{Seq: s.head().At.Seq + 1, Mark: fmt.Sprint("m", i)}, e})
		}
		s.dropped = 90
	})
	eventuallyContains(t, b, "many0")
	eventuallyContains(t, b, "many99")
	require.Eventually(t, func() bool { return b.Status().Entries == 101 }, time.Minute, time.Millisecond)
}

func TestManyWriters(t *testing.T) {
	t.Parallel()
	s := newServer()
	copies := []*replica.Copy{follow(t, s), follow(t, s), follow(t, s)}
	var writers sync.WaitGroup
	for i, c := range copies {
		writers.Go(func() {
			for j := range 300 {
				assert.NoError(t, c.Add(t.Context(), fmt.Sprint(i, "-", j), time.Now().Add(time.Hour)))
			}
		})
	}
	writers.Wait()
	for _, c := range copies {
		require.Eventually(t, func() bool { return c.Status().Entries == 900 }, time.Minute, time.Millisecond)
		assert.True(t, contains(t, c, "2-299"))
	}
}
