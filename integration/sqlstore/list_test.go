package sqlstore_test

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

var inAnHour = uint32(time.Now().Add(time.Hour).Unix())

// entry returns one that lives for an hour.
func entry(n int) idset.Entry {
	var key idset.Key
	binary.BigEndian.PutUint64(key[8:], uint64(n))
	return idset.Entry{Key: key, Until: inAnHour}
}

func entriesOf(n int) (all []idset.Entry) {
	for i := range n {
		all = append(all, entry(i))
	}
	return all
}

func head(t *testing.T, log replica.Log) replica.Position {
	t.Helper()
	head, err := log.Head(t.Context())
	require.NoError(t, err)
	return head.At
}

func add(t *testing.T, log replica.Log, entries ...idset.Entry) replica.Position {
	t.Helper()
	require.NoError(t, log.Append(t.Context(), entries))
	return head(t, log)
}

// since reads all that follows a position.
func since(t *testing.T, log replica.Log, at replica.Position) (all []idset.Entry, ok bool) {
	t.Helper()
	for end := head(t, log); at != end; {
		last, err := log.Since(t.Context(), at, func(e idset.Entry) { all = append(all, e) })
		if errors.Is(err, replica.ErrLost) || errors.Is(err, replica.ErrDropped) {
			return all, false
		}
		require.NoError(t, err)
		require.Greater(t, last.Seq, at.Seq)
		at = last
	}
	return all, true
}

func load(t *testing.T, log replica.Log) (all []idset.Entry) {
	t.Helper()
	last, err := log.Load(t.Context(), func(e idset.Entry) { all = append(all, e) })
	require.NoError(t, err)
	if len(all) > 0 {
		assert.Equal(t, head(t, log), last)
	}
	return all
}

func TestList(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		for name, test := range map[string]func(*testing.T, *database, *tested){
			"entries have places":                        testPlaces,
			"batches and pages":                          testBatches,
			"what is there for as long needs no place":   testKnown,
			"numbers are seen in the order of commits":   testOrder,
			"a list that counts on is told by its marks": testMarks,
			"what a restored list has lost comes back":   testRestored,
			"what has expired is purged":                 testPurge,
			"purging ends with its context":              testPurgeEnds,
			"what is prolonged is not purged":            testPurgeAndProlong,
			"without tables there is an error":           testNoTables,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, d, d.newStore(t, patient))
			})
		}
	})
}

func testPlaces(t *testing.T, _ *database, store *tested) {
	log := store.log
	require.Equal(t, replica.Position{}, head(t, log))
	require.Empty(t, load(t, log))
	all, ok := since(t, log, replica.Position{})
	require.True(t, ok)
	require.Empty(t, all)

	first := add(t, log, entry(1))
	second := add(t, log, entry(2), entry(3))
	assert.EqualValues(t, 1, first.Seq)
	assert.EqualValues(t, 3, second.Seq)
	assert.NotEqual(t, first.Mark, second.Mark)
	assert.Len(t, first.Mark, 26)

	all, ok = since(t, log, replica.Position{})
	assert.True(t, ok)
	assert.Equal(t, []idset.Entry{entry(1), entry(2), entry(3)}, all)
	all, ok = since(t, log, first)
	assert.True(t, ok)
	assert.Equal(t, []idset.Entry{entry(2), entry(3)}, all)
	assert.Equal(t, []idset.Entry{entry(1), entry(2), entry(3)}, load(t, log))

	for keys, want := range map[*[]int]bool{{}: false, {1}: true, {9}: false, {9, 3}: true, {2, 9}: true, {8, 9}: false} {
		var asked []idset.Key
		for _, n := range *keys {
			asked = append(asked, entry(n).Key)
		}
		answer, err := log.Contains(t.Context(), asked, first)
		require.NoError(t, err)
		assert.Equal(t, want, answer.Found, "%v", *keys)
		assert.Equal(t, second, answer.Head.At)
		assert.True(t, answer.Intact)
	}
}

func testBatches(t *testing.T, _ *database, store *tested) {
	log, entries := store.log, entriesOf(2*sqldb.MaxKeys+1)
	assert.EqualValues(t, len(entries), add(t, log, entries...).Seq)
	assert.Equal(t, entries, load(t, log))
	all, ok := since(t, log, replica.Position{})
	assert.True(t, ok)
	assert.Equal(t, entries, all)

	var keys []idset.Key
	for i := range entries {
		keys = append(keys, entry(len(entries)+i).Key)
	}
	answer, err := log.Contains(t.Context(), keys, replica.Position{})
	require.NoError(t, err)
	assert.False(t, answer.Found)
	assert.Equal(t, head(t, log), answer.Head.At)
	answer, err = log.Contains(t.Context(), append(keys, entry(0).Key), replica.Position{})
	require.NoError(t, err)
	assert.True(t, answer.Found)
}

func testKnown(t *testing.T, _ *database, store *tested) {
	log := store.log
	first := add(t, log, entry(1), entry(2))
	assert.Equal(t, first, add(t, log, entry(2), entry(1)))
	sooner := entry(1)
	sooner.Until--
	assert.Equal(t, first, add(t, log, sooner))

	later := entry(1)
	later.Until = idset.Forever
	second := add(t, log, sooner, later, entry(2))
	assert.EqualValues(t, 3, second.Seq)
	assert.Equal(t, second, add(t, log, later))
	all, ok := since(t, log, first)
	assert.True(t, ok, "whoever stood at an entry finds it where it was")
	assert.Equal(t, []idset.Entry{later}, all)
	assert.Equal(t, []idset.Entry{entry(1), entry(2), later}, load(t, log))
}

// testOrder reads while 8 write. Who has read up to a number has missed nothing.
func testOrder(t *testing.T, _ *database, store *tested) {
	const writers, rounds = 8, 25
	log := store.log
	var writing sync.WaitGroup
	var mu sync.Mutex
	written := map[idset.Key]struct{}{} // and Append has returned
	for w := range writers {
		writing.Go(func() {
			for i := range rounds {
				batch := entriesOf(1 + i%3)
				for j := range batch {
					batch[j] = entry(w*1000 + i*10 + j)
				}
				if !assert.NoError(t, log.Append(t.Context(), batch)) {
					return
				}
				mu.Lock()
				for _, e := range batch {
					written[e.Key] = struct{}{}
				}
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	go func() { defer close(done); writing.Wait() }()

	seen := map[idset.Key]struct{}{}
	at := replica.Position{}
	readOn := func() {
		mu.Lock()
		var before []idset.Key
		for key := range written {
			before = append(before, key)
		}
		mu.Unlock()
		for end := head(t, log); at.Seq < end.Seq; {
			last, err := log.Since(t.Context(), at, func(e idset.Entry) { seen[e.Key] = struct{}{} })
			require.NoError(t, err)
			require.Greater(t, last.Seq, at.Seq)
			at = last
		}
		for _, key := range before {
			_, found := seen[key] // require.Contains would compare it with every key
			require.True(t, found)
		}
		require.Len(t, seen, int(at.Seq), "every number was seen")
	}
	for {
		select {
		case <-done:
			readOn()
			require.Equal(t, written, seen)
			require.Equal(t, head(t, log), at)
			return
		default:
			readOn()
		}
	}
}

// rollBack takes back what followed a position, as a server does that comes
// back from a backup, or from a copy that lagged behind.
func (d *database) rollBack(t *testing.T, store *tested, at replica.Position) {
	t.Helper()
	tables := tablesOf(store)
	d.exec(t, d.text("DELETE FROM "+tables.blocklist+" WHERE seq > ?"), at.Seq)
	d.exec(t, d.text("UPDATE "+tables.head+" SET seq = ?, mark = ?"), at.Seq, at.Mark)
}

func testMarks(t *testing.T, d *database, store *tested) {
	log := store.log
	backup := add(t, log, entry(1), entry(2))
	lost := add(t, log, entry(3), entry(4))
	middle := replica.Position{Seq: lost.Seq - 1, Mark: lost.Mark}
	_, ok := since(t, log, middle)
	require.True(t, ok, "every entry is a place to stand")

	d.rollBack(t, store, backup)
	_, ok = since(t, log, lost)
	assert.False(t, ok)
	other := add(t, log, entry(5), entry(6))
	assert.Equal(t, lost.Seq, other.Seq)
	assert.NotEqual(t, lost.Mark, other.Mark)
	for at, want := range map[replica.Position]error{
		lost: replica.ErrLost, middle: replica.ErrLost, {Seq: 1}: replica.ErrLost,
		{Mark: backup.Mark}: replica.ErrDropped, {Seq: 99, Mark: lost.Mark}: replica.ErrDropped,
	} {
		_, err := log.Since(t.Context(), at, func(idset.Entry) { assert.Fail(t, "nothing is passed") })
		assert.ErrorIs(t, err, want, "%v", at)
	}
	all, ok := since(t, log, backup)
	assert.True(t, ok, "what was not lost is where it was")
	assert.Equal(t, []idset.Entry{entry(5), entry(6)}, all)
}

func testRestored(t *testing.T, d *database, store *tested) {
	log, b := store.log, d.newBlocklist(t, store)
	backup := add(t, log, entry(1))
	require.NoError(t, b.Add(t.Context(), "lost", time.Time{}))
	isThere := func(id string) func() bool {
		return func() bool {
			answer, err := log.Contains(t.Context(), []idset.Key{idset.KeyOf(id)}, replica.Position{})
			require.NoError(t, err)
			return answer.Found
		}
	}
	require.True(t, isThere("lost")())
	caughtUp := func() bool { return b.Status().Entries == 2 && b.Status().Err == nil }
	require.Eventually(t, caughtUp, time.Minute, 10*time.Millisecond)

	d.rollBack(t, store, backup)
	require.Eventually(t, isThere("lost"), time.Minute, 10*time.Millisecond)
	d.exec(t, "DELETE FROM "+tablesOf(store).blocklist)
	d.exec(t, "UPDATE "+tablesOf(store).head+" SET seq = 0, mark = ''")
	require.Eventually(t, isThere("lost"), time.Minute, 10*time.Millisecond)
}

func testPurge(t *testing.T, d *database, _ *tested) {
	options := patient
	now := time.Now()
	options.Now = func() time.Time { return now }
	store := d.newStore(t, options)
	log, sessions := store.log, store.Sessions()

	expired := entriesOf(2*sqldb.MaxKeys + 100)
	for i := range expired {
		expired[i].Until = uint32(now.Add(-sqldb.PurgeMargin).Unix() - 1)
	}
	add(t, log, expired...)
	live := []idset.Entry{entry(9000), {Key: entry(9001).Key, Until: idset.Forever}, {Key: entry(9002).Key, Until: uint32(now.Add(-sqldb.PurgeMargin).Unix())}}
	add(t, log, live...)
	kept := sqldb.KeptEntries - len(live)
	for i := range 2*sqldb.MaxPurge + 1 {
		s := newSession(sessionID(i), "alice")
		s.ExpiresAt = now.Add(-sqldb.PurgeMargin - time.Millisecond)
		create(t, sessions, s)
	}
	alive := newSession(sessionID(9000), "alice")
	alive.ExpiresAt = now.Add(-sqldb.PurgeMargin)
	create(t, sessions, alive)

	removed, err := store.Purge(t.Context())
	require.NoError(t, err)
	assert.EqualValues(t, 2*sqldb.MaxPurge+1+len(expired)-kept, removed)
	assert.Equal(t, append(expired[len(expired)-kept:], live...), load(t, log))
	all, err := sessions.List(t.Context(), "", "alice")
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, alive.ID, all[0].ID)

	removed, err = store.Purge(t.Context())
	require.NoError(t, err)
	assert.Zero(t, removed)
	assert.Greater(t, add(t, log, entry(10_000)).Seq, int64(len(expired)), "numbers are not used again")
}

// testPurgeAndProlong purges and prolongs sessions at once: nobody is in the
// way of another, and what was prolonged is there.
func testPurgeAndProlong(t *testing.T, _ *database, store *tested) {
	const count = 300
	sessions := store.Sessions()
	var all []ginjwt.Session
	for i := range count {
		s := newSession(sessionID(i), "alice")
		s.ExpiresAt = s.CreatedAt.Add(-time.Duration(i*7919%count) * time.Second)
		create(t, sessions, s)
		all = append(all, s)
	}
	var running sync.WaitGroup
	var prolonged [count]bool
	for i := range 4 {
		running.Go(func() {
			_, err := store.Purge(t.Context())
			assert.NoError(t, err)
		})
		running.Go(func() {
			for j := i; j < count; j += 4 {
				next := all[j]
				next.ExpiresAt = time.Now().Add(time.Hour)
				var err error
				prolonged[j], err = sessions.Replace(t.Context(), all[j], next)
				assert.NoError(t, err)
			}
		})
	}
	running.Wait()
	for i, s := range all {
		_, ok, err := sessions.Get(t.Context(), s.ID)
		require.NoError(t, err)
		assert.Equal(t, prolonged[i], ok, i)
	}
}

func testPurgeEnds(t *testing.T, _ *database, store *tested) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	removed, err := store.Purge(ctx)
	assert.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, removed)
}

func testNoTables(t *testing.T, d *database, store *tested) {
	d.exec(t, "DELETE FROM "+tablesOf(store).head)
	_, err := store.log.Head(t.Context())
	assert.EqualError(t, err, "sqlstore: the tables of the blocklist are incomplete: call Migrate")
	for _, keys := range [][]idset.Key{nil, {entry(1).Key}} {
		_, err = store.log.Contains(t.Context(), keys, replica.Position{})
		assert.EqualError(t, err, "sqlstore: the tables of the blocklist are incomplete: call Migrate")
	}
	err = store.log.Append(t.Context(), entriesOf(1))
	assert.EqualError(t, err, "sqlstore: the tables of the blocklist are incomplete: call Migrate")
	assert.Empty(t, load(t, store.log), "nothing was added")

	store = newTested(t, d.pool, d.dialect, sqlstore.Options{Prefix: "nothing_", Timeout: time.Minute})
	_, err = store.log.Head(t.Context())
	assert.Error(t, err)
	assert.Error(t, store.log.Append(t.Context(), entriesOf(1)))
	_, err = store.Purge(t.Context())
	assert.Error(t, err)
}
