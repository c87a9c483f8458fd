// Package idset keeps sets of revoked IDs, each until a time, in as little
// memory as possible.
package idset

import (
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Forever is the time of an entry that never expires. Other times are Unix
// seconds.
const Forever = math.MaxUint32

// Entry is an ID and the time until which it is in a set.
type Entry struct {
	Key   Key
	Until uint32 // Unix seconds, or Forever
}

// EntryOf returns the entry of an ID. A zero time means for ever; others are
// rounded up, so that no entry ends before its token.
func EntryOf(id string, expires time.Time) Entry {
	return Entry{KeyOf(id), untilOf(expires)}
}

// IsLive reports whether e has not expired.
func (e Entry) IsLive(now time.Time) bool {
	return e.Until == Forever || int64(e.Until) >= now.Unix()
}

func untilOf(t time.Time) uint32 {
	seconds := t.Unix() + 1
	switch {
	case t.IsZero() || seconds >= Forever:
		return Forever
	case seconds < 0:
		return 0
	}
	return uint32(seconds)
}

// Set is a set of keys. The zero value is empty and ready to use, by any number
// of goroutines. It drops expired entries as it grows.
type Set struct {
	used    atomic.Bool // since the first Add
	changed signal
	shards  [shardCount]shard
}

const (
	shardBits  = 6
	shardCount = 1 << shardBits
	minPurge   = 1024 // entries a shard
)

type shard struct {
	mu      sync.RWMutex
	until   map[Key]uint32 // without pointers, so that the garbage collector skips it
	purgeAt int            // the size at which the shard looks for expired entries
	filter  atomic.Pointer[filter]
	_       [16]byte // keeps neighbours out of one cache line
}

func (s *Set) shard(hash uint64) *shard { return &s.shards[hash>>(64-shardBits)] }

// Add puts e into the set, or extends its time to the later of two. It calls now when it
// drops expired entries.
func (s *Set) Add(e Entry, now func() time.Time) {
	s.used.Store(true)
	hash := e.Key.hash()
	if s.shard(hash).add(e, hash, now) {
		s.changed.fire()
	}
}

// Changed returns a channel that is closed when the next new key is added. To miss no key,
// take the channel first, and then look into the set.
func (s *Set) Changed() <-chan struct{} { return s.changed.next() }

// add reports whether the key is new.
func (s *shard) add(e Entry, hash uint64, now func() time.Time) (isNew bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until == nil {
		s.hold(make(map[Key]uint32))
	}
	before, known := s.until[e.Key]
	s.until[e.Key] = max(e.Until, before)
	s.filter.Load().add(hash)
	if len(s.until) >= s.purgeAt {
		s.purge(now())
	}
	return !known
}

// Contains reports whether any of ids is in the set. It may report an expired entry, whose
// token has expired too.
func (s *Set) Contains(ids ...string) bool {
	if s.Empty() {
		return false
	}
	for _, id := range ids {
		h := halvesOf(id)
		hash := h.hash()
		if shard := s.shard(hash); shard.filter.Load().mayHold(hash) && shard.holds(h.key()) {
			return true
		}
	}
	return false
}

func (s *shard) holds(key Key) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, found := s.until[key]
	return found
}

// Holds reports whether the key of e is in the set for as long as e says.
func (s *Set) Holds(e Entry) bool {
	shard := s.shard(e.Key.hash())
	shard.mu.RLock()
	defer shard.mu.RUnlock()
	until, found := shard.until[e.Key]
	return found && until >= e.Until
}

// Empty reports whether nothing was ever added.
func (s *Set) Empty() bool { return !s.used.Load() }

// Len returns the number of entries, expired ones that were not dropped yet
// included.
func (s *Set) Len() (n int) {
	for i := range s.shards {
		s.shards[i].mu.RLock()
		n += len(s.shards[i].until)
		s.shards[i].mu.RUnlock()
	}
	return n
}

// Sample returns up to n random entries that have not expired.
func (s *Set) Sample(n int, now time.Time) (entries []Entry) {
	first := rand.IntN(shardCount) //nolint:gosec // it guards nothing
	for i := range shardCount {
		shard := &s.shards[(first+i)%shardCount]
		shard.mu.RLock()
		for key, until := range shard.until { // in an order of chance
			if e := (Entry{key, until}); len(entries) < n && e.IsLive(now) {
				entries = append(entries, e)
			}
			if len(entries) == n {
				break
			}
		}
		shard.mu.RUnlock()
		if len(entries) == n {
			break
		}
	}
	return entries
}

// Live returns the entries that have not expired, one shard at a time, so that Add waits
// for one shard only.
func (s *Set) Live(now time.Time) func(yield func([]Entry) bool) {
	return func(yield func([]Entry) bool) {
		for i := range s.shards {
			if live := s.shards[i].live(now); len(live) > 0 && !yield(live) {
				return
			}
		}
	}
}

func (s *shard) live(now time.Time) (entries []Entry) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for key, until := range s.until {
		if e := (Entry{key, until}); e.IsLive(now) {
			entries = append(entries, e)
		}
	}
	return entries
}

// purge moves the live entries to a new map, because a map never shrinks. It runs only
// when the shard has doubled, which keeps the cost of Add constant.
func (s *shard) purge(now time.Time) {
	live := make(map[Key]uint32)
	for key, until := range s.until {
		if (Entry{key, until}).IsLive(now) {
			live[key] = until
		}
	}
	s.hold(live)
}

// hold makes a filter with room for as many entries again. A reader that still uses the
// filter before it asks at the same time as the next Add, so both answers are right.
func (s *shard) hold(entries map[Key]uint32) {
	s.until = entries
	s.purgeAt = max(minPurge, 2*len(entries))
	filter := newFilter(s.purgeAt)
	for key := range entries {
		filter.add(key.hash())
	}
	s.filter.Store(filter)
}
