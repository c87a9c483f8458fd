package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	sessionstore "github.com/gin-jwt-extended/ginjwt/store"
)

// isEnded reports whether err says that a session has ended.
func isEnded(err error) bool {
	return errors.Is(err, ginjwt.ErrSessionEnded) || errors.Is(err, ginjwt.ErrRevokedToken)
}

// Blocklist tests a blocklist. open returns a blocklist without entries. It is called
// once for each test; the tests run in parallel.
func Blocklist(t *testing.T, open func(t *testing.T) ginjwt.Blocklist) {
	for name, test := range map[string]func(*testing.T, ginjwt.Blocklist){
		"what was added is blocked":       testBlocked,
		"texts are compared byte by byte": testIDs,
		"the later time stays":            testLaterTime,
		"many callers at once":            testManyCallers,
		"many are added in one call":      testManyAdded,
		"a lookup with a reading":         testContainsAt,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func add(t *testing.T, b ginjwt.Blocklist, id string, expires time.Time) {
	t.Helper()
	require.NoError(t, b.Add(t.Context(), id, expires))
}

func contains(t *testing.T, b ginjwt.Blocklist, ids ...string) bool {
	t.Helper()
	blocked, err := b.Contains(t.Context(), ids...)
	require.NoError(t, err)
	return blocked
}

func testBlocked(t *testing.T, b ginjwt.Blocklist) {
	hour := time.Now().Add(time.Hour)
	ids := []string{newID(), newID(), "not a UUID", strings.Repeat("long", 1000), "é🙂\t\n'\"\\%_"}
	for _, id := range ids {
		assert.False(t, contains(t, b, id))
		add(t, b, id, hour)
		assert.True(t, contains(t, b, id), "in the process that added it, immediately")
		add(t, b, id, hour)
		assert.True(t, contains(t, b, id))
	}
	for _, id := range ids {
		assert.True(t, contains(t, b, newID(), id))
		assert.True(t, contains(t, b, id, newID()))
	}
	assert.False(t, contains(t, b))
	assert.False(t, contains(t, b, newID()))
	assert.False(t, contains(t, b, newID(), newID()))
}

func testIDs(t *testing.T, b ginjwt.Blocklist) {
	id := "9f6c3a52-5d0e-4b7e-9a51-0c1d2e3f4a5b"
	add(t, b, id, time.Now().Add(time.Hour))
	add(t, b, "Text", time.Now().Add(time.Hour))
	for _, other := range []string{
		strings.ToUpper(id), id + " ", id[:35], strings.ReplaceAll(id, "-", ""), "text", "Text ", "TEXT", "",
	} {
		assert.False(t, contains(t, b, other), "%q", other)
	}
}

// Readings of any clock find what is on the list. The list may need its server for the rest.
func testContainsAt(t *testing.T, b ginjwt.Blocklist) {
	aging, ok := sessionstore.AgingOf(b)
	if !ok {
		t.Skip("the blocklist does not implement store.AgingBlocklist: it gets no reading of the clock")
	}
	ids := []string{newID(), "not a UUID", strings.Repeat("long", 1000)}
	for _, id := range ids {
		add(t, b, id, time.Now().Add(time.Hour))
	}
	for name, reading := range map[string]time.Time{
		"none": {}, "now": time.Now(), "long ago": time.Unix(0, 0), "much later": time.Now().Add(1000 * time.Hour),
	} {
		found := func(id, other string) bool {
			blocked, err := aging.ContainsAt(t.Context(), reading, id, other)
			require.NoError(t, err, name)
			return blocked
		}
		for _, id := range ids {
			assert.True(t, found(id, ""), name)
			assert.True(t, found("", id), name)
			assert.True(t, found(id, newID()), name)
			assert.True(t, found(newID(), id), name)
		}
		assert.False(t, found(newID(), ""), name)
		assert.False(t, found("", newID()), name)
		assert.False(t, found(newID(), newID()), name)
	}
}

func testLaterTime(t *testing.T, b ginjwt.Blocklist) {
	now := time.Now()
	soon, later := now.Add(time.Second), now.Add(time.Hour)
	for id, times := range map[string][]time.Time{
		"later second": {soon, later},
		"later first":  {later, soon},
		"for ever":     {soon, {}},
		"for ever too": {{}, soon},
	} {
		for _, expires := range times {
			add(t, b, id, expires)
		}
	}
	// Adding more lets a list drop what has expired.
	require.Eventually(t, func() bool { return time.Now().After(soon.Add(2 * time.Second)) }, eventually, 100*time.Millisecond)
	for i := range 10 {
		add(t, b, fmt.Sprint("more", i), later)
	}
	for _, id := range []string{"later second", "later first", "for ever", "for ever too"} {
		assert.True(t, contains(t, b, id), id)
	}
}

func testManyCallers(t *testing.T, b ginjwt.Blocklist) {
	shared := newID()
	at(16, func(i int) {
		for j := range 20 {
			own := newID()
			assert.NoError(t, b.Add(t.Context(), own, time.Now().Add(time.Hour)))
			assert.NoError(t, b.Add(t.Context(), shared, time.Now().Add(time.Duration(i*j)*time.Minute+time.Hour)))
			blocked, err := b.Contains(t.Context(), newID(), own)
			assert.NoError(t, err)
			assert.True(t, blocked)
		}
	})
	assert.True(t, contains(t, b, shared))
}

// Replicas tests a list that several processes share. open returns the blocklist of
// each process, all on one list without entries. It is called once for each test; the
// tests run in parallel. An ID that one process adds must be blocked in all others
// within the given time.
func Replicas(t *testing.T, within time.Duration, open func(t *testing.T) []ginjwt.Blocklist) {
	t.Run("what one adds the others refuse", func(t *testing.T) {
		t.Parallel()
		lists := open(t)
		for range 10 {
			for _, adder := range lists {
				id := newID()
				add(t, adder, id, time.Now().Add(time.Hour))
				added := time.Now()
				for _, b := range lists {
					require.Eventually(t, func() bool { return contains(t, b, newID(), id) }, eventually, time.Millisecond)
				}
				assert.Less(t, time.Since(added), within)
			}
		}
	})
	t.Run("what one adds in one call the others refuse", func(t *testing.T) {
		t.Parallel()
		testManyReplicated(t, open(t))
	})
	t.Run("entries of all are known to all", func(t *testing.T) {
		t.Parallel()
		lists := open(t)
		ids := make([][]string, len(lists))
		at(len(lists), func(i int) {
			for range 200 {
				id := newID()
				assert.NoError(t, lists[i].Add(t.Context(), id, time.Now().Add(time.Hour)))
				ids[i] = append(ids[i], id)
			}
		})
		for _, b := range lists {
			for _, own := range ids {
				for _, id := range own {
					require.Eventually(t, func() bool { return contains(t, b, id) }, eventually, time.Millisecond)
				}
			}
			assert.False(t, contains(t, b, newID()))
		}
	})
}
