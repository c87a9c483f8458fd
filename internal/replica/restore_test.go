package replica_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// Until every follower has given back what it knows, no other follower accepts an ID that
// one of them might know.
func TestNobodyTrustsAListThatIsNotWhole(t *testing.T) {
	t.Parallel()
	s := newServer()
	slow := newStalled(s)
	holder := replica.New(t.Context(), slow, staleness)
	require.NoError(t, holder.Ready(t.Context()))
	others := []*replica.Copy{follow(t, s), follow(t, s)}
	for _, c := range others { // all are on the roll that each has read
		require.Eventually(t, func() bool { return c.Status().Followers == 3 }, time.Minute, time.Millisecond)
	}
	slow.stall()
	add(t, holder, "only the holder knows")
	s.loseAll()
	others = append(others, replica.New(t.Context(), s, staleness))
	for _, c := range others[:2] {
		add(t, c, "known to all") // so that there is something to lose
	}
	s.loseAll()

	for began := time.Now(); time.Since(began) < 2*staleness; time.Sleep(time.Millisecond) {
		for _, c := range others {
			asked := time.Since(began)
			blocked, err := c.Contains(t.Context(), "only the holder knows")
			if err == nil && !blocked {
				require.Less(t, asked, staleness+staleness/2, "it is accepted")
			}
		}
	}
	slow.goOn()
	for _, c := range others {
		eventuallyContains(t, c, "only the holder knows")
		require.Eventually(t, func() bool { return !c.Status().Restoring }, time.Minute, time.Millisecond)
	}
}

// stalledServer does not answer the follower of one process while it is stalled.
type stalledServer struct {
	*server
	stalled sync.RWMutex
	asking  chan struct{}
}

func newStalled(s *server) *stalledServer {
	return &stalledServer{server: s, asking: make(chan struct{})}
}

// stall returns once the follower waits for an answer, so that no round is running.
func (s *stalledServer) stall() {
	s.stalled.Lock()
	<-s.asking
}

func (s *stalledServer) goOn() { s.stalled.Unlock() }

func (s *stalledServer) Head(ctx context.Context) (replica.Head, error) {
	if !s.stalled.TryRLock() {
		s.asking <- struct{}{}
		s.stalled.RLock()
	}
	defer s.stalled.RUnlock()
	return s.server.Head(ctx)
}

// A restoration does not wait for a process that is silent for too long. When the process
// comes back, it still gives back what it knows.
func TestWhoIsSilentIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s := newServer()
	silent, reading := newStalled(s), newStalled(s)
	holder, c := replica.New(t.Context(), silent, staleness), replica.New(t.Context(), reading, staleness)
	require.NoError(t, holder.Ready(t.Context()))
	require.NoError(t, c.Ready(t.Context()))
	require.Eventually(t, func() bool { return c.Status().Followers == 2 }, time.Minute, time.Millisecond)
	silent.stall()
	reading.stall() // until what the holder adds is lost
	add(t, holder, "only the holder knows")
	add(t, c, "known")
	s.loseAll()
	reading.goOn()
	require.Eventually(t, func() bool { return c.Status().Losses == 1 && !c.Status().Restoring }, time.Minute, time.Millisecond)
	assert.Equal(t, 1, c.Status().Followers)
	assert.False(t, contains(t, c, "only the holder knows"), "nobody who lives knows it")

	silent.goOn()
	eventuallyContains(t, c, "only the holder knows")
	require.Eventually(t, func() bool { return c.Status().Losses > 1 && !c.Status().Restoring }, time.Minute, time.Millisecond)
	assert.Equal(t, 2, c.Status().Losses)
}

// A follower whose position is gone compares everything that it knows with the list.
func TestALossBetweenTwoQuestions(t *testing.T) {
	t.Parallel()
	s := newServer()
	hooked := &hookedServer{server: s}
	c := replica.New(t.Context(), hooked, staleness)
	require.NoError(t, c.Ready(t.Context()))
	add(t, c, "id")
	require.Eventually(t, func() bool { return c.Status().Pending == 0 }, time.Minute, time.Millisecond)
	hooked.beforeSince(func() {
		s.loseAll()
		for i := range 10 {
			_ = s.Append(context.Background(), []idset.Entry{idset.EntryOf(fmt.Sprint("new ", i), time.Time{})})
		}
		s.locked(func() { s.dropped = 9 })
	})
	require.NoError(t, s.Append(t.Context(), []idset.Entry{idset.EntryOf("another", time.Time{})}))
	require.Eventually(t, func() bool { return c.Status().Losses == 1 && !c.Status().Restoring }, time.Minute, time.Millisecond)
	answer, err := s.Contains(t.Context(), []idset.Key{idset.KeyOf("id")}, replica.Position{})
	require.NoError(t, err)
	assert.True(t, answer.Found, "it was given back")
}

// hookedServer calls a hook once, between Head and the next call.
type hookedServer struct {
	*server
	hookMu sync.Mutex
	hook   func()
}

func (s *hookedServer) beforeSince(f func()) {
	s.hookMu.Lock()
	defer s.hookMu.Unlock()
	s.hook = f
}

func (s *hookedServer) Since(ctx context.Context, at replica.Position, add func(idset.Entry)) (replica.Position, error) {
	s.hookMu.Lock()
	if s.hook != nil {
		s.hook()
		s.hook = nil
	}
	s.hookMu.Unlock()
	return s.server.Since(ctx, at, add)
}

// The same if only the entries are lost, so that epoch and roll do not show it.
func TestEntriesThatAreLostAndDropped(t *testing.T) {
	t.Parallel()
	s := newServer()
	c := follow(t, s)
	add(t, c, "id")
	require.Eventually(t, func() bool { return c.Status().Pending == 0 }, time.Minute, time.Millisecond)
	s.locked(func() {
		delete(s.data.entries, idset.KeyOf("id"))
		for i := range s.data.log {
			s.data.log[i].at.Mark = "another"
		}
		last := s.data.log[len(s.data.log)-1]
		last.at.Seq++
		s.data.log = append(s.data.log, last)
		s.dropped = len(s.data.log) - 1
	})
	require.Eventually(t, func() bool { return c.Status().Losses == 1 && !c.Status().Restoring }, time.Minute, time.Millisecond)
	answer, err := s.Contains(t.Context(), []idset.Key{idset.KeyOf("id")}, replica.Position{})
	require.NoError(t, err)
	assert.True(t, answer.Found, "it was given back")
}

// Entries that were removed by hand from the middle of the list are given back.
func TestEntriesThatAreRemovedByHand(t *testing.T) {
	t.Parallel()
	s := newServer()
	c := follow(t, s)
	for i := range 20 {
		add(t, c, fmt.Sprint("id ", i))
	}
	require.Eventually(t, func() bool { return c.Status().Pending == 0 }, time.Minute, time.Millisecond)
	s.locked(func() {
		for i := range 10 {
			delete(s.data.entries, idset.KeyOf(fmt.Sprint("id ", i)))
		}
	})
	require.Eventually(t, func() bool { return c.Status().Losses == 1 && !c.Status().Restoring }, time.Minute, time.Millisecond)
	for i := range 20 {
		assert.True(t, contains(t, follow(t, s), fmt.Sprint("id ", i)))
	}
}

// Ready does not wait for a server that cannot keep a list.
func TestReadyNamesTheReason(t *testing.T) {
	t.Parallel()
	s := newServer()
	s.setDown(replica.Unfit("it is a replica"))
	c := replica.New(t.Context(), s, staleness)
	require.EqualError(t, c.Ready(t.Context()), "it is a replica")

	s.setDown(errDown)
	require.Eventually(t, func() bool { return errors.Is(c.Status().Err, errDown) }, time.Minute, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := c.Ready(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, errDown)
	s.setDown(nil)
	require.NoError(t, c.Ready(t.Context()))
}

// A follower notices a server that goes back to a moment during the load, by the position at
// which the load ended.
func TestALossInALoad(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]int{"and waits": 0, "and counts on": 5} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer()
			loading := &loadingServer{server: s}
			follow(t, s)
			require.NoError(t, s.Append(t.Context(), []idset.Entry{idset.EntryOf("before", time.Time{})}))
			loading.during = func() {
				toSnapshot := s.snapshot()
				require.NoError(t, s.Append(context.Background(), []idset.Entry{idset.EntryOf("late", time.Time{})}))
				loading.after = func() {
					toSnapshot()
					for i := range next {
						require.NoError(t, s.Append(context.Background(), []idset.Entry{idset.EntryOf(fmt.Sprint("next ", i), time.Time{})}))
					}
				}
			}
			c := replica.New(t.Context(), loading, staleness)
			require.NoError(t, c.Ready(t.Context()))
			require.Eventually(t, func() bool {
				answer, err := s.Contains(t.Context(), []idset.Key{idset.KeyOf("late")}, replica.Position{})
				return err == nil && answer.Found && c.Status().Losses == 1
			}, time.Minute, time.Millisecond)
		})
	}
}

// Entries of a load that failed later are compared with the list too.
func TestALossAfterALoadThatFailed(t *testing.T) {
	t.Parallel()
	s := newServer()
	loading := &loadingServer{server: s}
	follow(t, s)
	loading.during = func() {
		loading.after = s.snapshot()
		require.NoError(t, s.Append(context.Background(), []idset.Entry{idset.EntryOf("late", time.Time{})}))
	}
	loading.fails = errDown
	replica.New(t.Context(), loading, staleness)
	require.Eventually(t, func() bool {
		answer, err := s.Contains(t.Context(), []idset.Key{idset.KeyOf("late")}, replica.Position{})
		return err == nil && answer.Found
	}, time.Minute, time.Millisecond)
}

// A restoration waits for a process that reads but cannot give back what it knows.
func TestWhoCannotGiveIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newServer()
	full := &fullServer{server: s}
	holder := replica.New(t.Context(), full, staleness)
	require.NoError(t, holder.Ready(t.Context()))
	c := follow(t, s)
	require.Eventually(t, func() bool { return c.Status().Followers == 2 }, time.Minute, time.Millisecond)
	full.err.Store(&errDown)
	require.ErrorIs(t, holder.Add(t.Context(), "only the holder knows", time.Time{}), errDown)
	add(t, c, "known")
	s.loseAll()
	require.Eventually(t, func() bool { return c.Status().Losses == 1 }, time.Minute, time.Millisecond)
	for began := time.Now(); time.Since(began) < 8*staleness; time.Sleep(time.Millisecond) {
		require.True(t, c.Status().Restoring)
	}
	full.err.Store(nil)
	eventuallyContains(t, c, "only the holder knows")
}

// fullServer refuses entries of one process while its error is set.
type fullServer struct {
	*server
	err atomic.Pointer[error]
}

func (s *fullServer) GiveBack(ctx context.Context, entries []idset.Entry) error {
	return s.Append(ctx, entries)
}

func (s *fullServer) Append(ctx context.Context, entries []idset.Entry) error {
	if err := s.err.Load(); err != nil {
		return *err
	}
	return s.server.Append(ctx, entries)
}

// loadingServer calls a hook during the first load of a list.
type loadingServer struct {
	*server
	once          sync.Once
	during, after func()
	fails         error // after all was read
}

func (s *loadingServer) Load(ctx context.Context, add func(idset.Entry)) (last replica.Position, err error) {
	first := false
	s.once.Do(func() { first = true })
	if !first {
		return s.server.Load(ctx, add)
	}
	s.during()
	last, err = s.server.Load(ctx, add)
	s.after()
	return last, cmp.Or(s.fails, err)
}

// One follower gives back very many entries, in parts.
func TestOneGives(t *testing.T) {
	t.Parallel()
	s := newServer()
	counting := &countingGivers{server: s}
	var copies []*replica.Copy
	for range 4 {
		c := replica.New(t.Context(), counting, staleness)
		require.NoError(t, c.Ready(t.Context()))
		copies = append(copies, c)
	}
	many := make([]replica.Revocation, 25_000)
	for i := range many {
		many[i] = replica.Revocation{ID: fmt.Sprint("id ", i), Expires: time.Now().Add(time.Hour)}
	}
	require.NoError(t, copies[0].AddAll(t.Context(), many))
	for _, c := range copies {
		require.Eventually(t, func() bool { return c.Status().Entries >= len(many) && c.Status().Pending == 0 }, time.Minute, time.Millisecond)
	}
	counting.locked(func() { counting.appended = 0 })
	s.loseAll()
	for _, c := range copies {
		require.Eventually(t, func() bool { return c.Status().Losses == 1 && !c.Status().Restoring }, time.Minute, time.Millisecond)
	}
	s.locked(func() {
		assert.GreaterOrEqual(t, len(s.data.entries), len(many))
		assert.Less(t, counting.appended, 2*len(many), "not all of them give everything")
	})
}

type countingGivers struct {
	*server
	appended int
}

func (s *countingGivers) GiveBack(ctx context.Context, entries []idset.Entry) error {
	return s.Append(ctx, entries)
}

func (s *countingGivers) Append(ctx context.Context, entries []idset.Entry) error {
	s.locked(func() { s.appended += len(entries) })
	return s.server.Append(ctx, entries)
}

// The watcher gets the events of a loss and of its end.
func TestEvents(t *testing.T) {
	t.Parallel()
	s := newServer()
	c := follow(t, s)
	events := make(chan store.ListEvent, 100)
	c.Watch(func(e store.ListEvent) { events <- e })
	next := func() store.ListEvent {
		select {
		case e := <-events:
			return e
		case <-time.After(time.Minute):
			require.Fail(t, "nothing happened")
			panic("unreachable")
		}
	}
	add(t, c, "id")
	require.Eventually(t, func() bool { return c.Status().Pending == 0 }, time.Minute, time.Millisecond)
	assert.Equal(t, store.ListEvent{Kind: store.ListComplete}, next(), "it was, before anybody watched")
	s.loseAll()
	assert.Equal(t, store.ListEvent{Kind: store.ListLost}, next())
	assert.Equal(t, store.ListEvent{Kind: store.ListWhole}, next())
	s.setDown(errDown)
	assert.Equal(t, store.ListEvent{Kind: store.ListStale, Err: errDown}, next())
	s.setDown(nil)
	assert.Equal(t, store.ListEvent{Kind: store.ListComplete}, next())
}

// A slow watcher delays nothing.
func TestAWatcherWhoHangs(t *testing.T) {
	t.Parallel()
	s := newServer()
	c := follow(t, s)
	c.Watch(func(store.ListEvent) { <-t.Context().Done() })
	add(t, c, "id")
	require.Eventually(t, func() bool { return c.Status().Pending == 0 }, time.Minute, time.Millisecond)
	for range 3 {
		s.loseAll()
		losses := c.Status().Losses
		require.Eventually(t, func() bool { return c.Status().Losses > losses && !c.Status().Restoring }, time.Minute, time.Millisecond)
	}
}

// Status shows why the follower cannot wait only if everything else works: if the server is
// down, the error says nothing about waiting.
func TestPollingIsShown(t *testing.T) {
	t.Parallel()
	s := &deafServer{server: newServer()}
	c := replica.New(t.Context(), s, staleness)
	require.NoError(t, c.Ready(t.Context()))
	assert.NoError(t, c.Status().Polling)
	s.setDown(errDown)
	require.Eventually(t, func() bool { return c.Status().Err != nil }, time.Minute, time.Millisecond)
	assert.NoError(t, c.Status().Polling)
	s.setDown(nil)
	s.isDeaf.Store(true)
	require.EventuallyWithT(t, func(t *assert.CollectT) { assert.EqualError(t, c.Status().Polling, "XREAD is not allowed") }, time.Minute, time.Millisecond)
	assert.NoError(t, c.Status().Err)
	s.isDeaf.Store(false)
	require.Eventually(t, func() bool { return c.Status().Polling == nil }, time.Minute, time.Millisecond)
}

// deafServer may refuse to notify.
type deafServer struct {
	*server
	isDeaf atomic.Bool
}

func (s *deafServer) Wait(ctx context.Context, at replica.Position, most time.Duration) error {
	err := s.server.Wait(ctx, at, most)
	switch down := s.change(func(*data) {}); {
	case down != nil:
		return down
	case s.isDeaf.Load():
		return errors.New("XREAD is not allowed")
	}
	return err
}

// No entry is dropped by one clock alone, and every entry that may be live is given back
// after a loss.
func TestClocksThatDiffer(t *testing.T) {
	t.Parallel()
	const hours = 3 * time.Hour
	for name, ahead := range map[string]struct{ ours, theirs time.Duration }{
		"the server's is ahead":  {0, hours},
		"the server's is behind": {0, -hours},
		"ours is ahead":          {hours, 0},
		"ours is behind":         {-hours, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer()
			s.ahead = ahead.theirs
			e := idset.EntryOf("live by one clock", time.Now().Add((ahead.ours+ahead.theirs)/2))
			require.NoError(t, s.Append(t.Context(), []idset.Entry{e}))
			c := replica.NewByClock(t.Context(), s, staleness, func() time.Time { return time.Now().Add(ahead.ours) })
			require.NoError(t, c.Ready(t.Context()))
			assert.ErrorContains(t, replica.CheckSkew(c.Status().ClockSkew), "NTP")
			assert.True(t, contains(t, c, "live by one clock"))
			assert.InDelta(t, ahead.theirs-ahead.ours, c.Status().ClockSkew, float64(time.Second))

			s.loseAll()
			require.Eventually(t, func() bool { return c.Status().Losses == 1 && !c.Status().Restoring }, time.Minute, time.Millisecond)
			answer, err := s.Contains(t.Context(), []idset.Key{e.Key}, replica.Position{})
			require.NoError(t, err)
			assert.True(t, answer.Found, "it was given back")
		})
	}
}

// A lookup does not trust the server if another entry has the number of the copy's position.
// A machine that runs both the process and the server has one clock for both.
func TestClocksThatWereBothAhead(t *testing.T) {
	t.Parallel()
	s := newServer()
	var ahead atomic.Int64
	set := func(d time.Duration) {
		ahead.Store(int64(d))
		s.locked(func() { s.ahead = d })
	}
	require.NoError(t, s.Append(t.Context(), []idset.Entry{idset.EntryOf("live", time.Now().Add(time.Hour))}))
	set(3 * time.Hour)
	c := replica.NewByClock(t.Context(), s, staleness, func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) })
	require.NoError(t, c.Ready(t.Context()))
	require.Zero(t, c.Status().Entries)

	set(0)
	require.Eventually(t, func() bool { return c.Status().Entries == 1 }, time.Minute, time.Millisecond)
	assert.True(t, contains(t, c, "live"))
	assert.Zero(t, c.Status().Losses)
}

// What was dropped had expired for the margin, so a clock that is set back by less misses
// nothing.
func TestClocksThatAreSetBackALittle(t *testing.T) {
	t.Parallel()
	s := &loadsCounted{server: newServer()}
	s.ahead = 50 * time.Second
	var ahead atomic.Int64
	ahead.Store(int64(50 * time.Second))
	c := replica.NewByClock(t.Context(), s, staleness, func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) })
	require.NoError(t, c.Add(t.Context(), "id", time.Now().Add(time.Hour)))
	require.NoError(t, c.Ready(t.Context()))
	loads := s.loads.Load()

	ahead.Store(0)
	s.locked(func() { s.server.ahead = 0 })
	require.Eventually(t, func() bool { return c.Status().ClockSkew.Abs() < time.Second }, time.Minute, time.Millisecond)
	rounds := s.heads.Load()
	require.Eventually(t, func() bool { return s.heads.Load() > rounds+2 }, time.Minute, time.Millisecond)
	assert.Equal(t, loads, s.loads.Load())
}

// loadsCounted counts what a follower asks.
type loadsCounted struct {
	*server
	loads, heads atomic.Int64
}

func (s *loadsCounted) Load(ctx context.Context, add func(idset.Entry)) (replica.Position, error) {
	s.loads.Add(1)
	return s.server.Load(ctx, add)
}

func (s *loadsCounted) Head(ctx context.Context) (replica.Head, error) {
	s.heads.Add(1)
	return s.server.Head(ctx)
}

func TestLookupsOfACopyThatIsBehind(t *testing.T) {
	t.Parallel()
	s := newServer()
	slow := newStalled(s)
	c := replica.New(t.Context(), slow, staleness)
	require.NoError(t, c.Ready(t.Context()))
	toSnapshot := s.snapshot()
	add(t, c, "read")
	require.Eventually(t, func() bool { return c.Status().Pending == 0 }, time.Minute, time.Millisecond)
	slow.stall()
	defer slow.goOn()
	require.Eventually(t, func() bool { return time.Since(c.Status().Complete) > staleness }, time.Minute, time.Millisecond)
	assert.False(t, contains(t, c, "unknown"), "the server is as it was")
	toSnapshot()
	for i := range 3 {
		require.NoError(t, s.Append(t.Context(), []idset.Entry{idset.EntryOf(fmt.Sprint("new ", i), time.Time{})}))
	}
	_, err := c.Contains(t.Context(), "unknown")
	require.ErrorIs(t, err, replica.ErrLost)
}

// A log that cannot be read is not loaded in a tight loop.
func TestALogThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := &unreadable{server: newServer()}
	c := replica.New(t.Context(), s, staleness)
	require.NoError(t, c.Ready(t.Context()))
	s.isBroken.Store(true)
	require.NoError(t, s.Append(t.Context(), []idset.Entry{idset.EntryOf("id", time.Time{})}))
	before := s.loads.Load()
	require.Eventually(t, func() bool { return time.Since(c.Status().Complete) > 4*staleness }, time.Minute, time.Millisecond)
	assert.ErrorIs(t, c.Status().Err, replica.ErrDropped)
	assert.Less(t, s.loads.Load()-before, int64(4*4+5), "a quarter of the staleness each")
}

// unreadable has a log without the entries after any position.
type unreadable struct {
	*server
	isBroken atomic.Bool
	loads    atomic.Int64
}

func (s *unreadable) Load(ctx context.Context, add func(idset.Entry)) (replica.Position, error) {
	s.loads.Add(1)
	at, err := s.server.Load(ctx, add)
	if s.isBroken.Load() {
		at.Seq++ // more than can be read
	}
	return at, err
}

func (s *unreadable) Since(ctx context.Context, at replica.Position, add func(idset.Entry)) (replica.Position, error) {
	if s.isBroken.Load() {
		return at, replica.ErrDropped
	}
	return s.server.Since(ctx, at, add)
}
