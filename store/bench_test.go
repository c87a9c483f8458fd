package store_test

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// Each benchmark has a sync.Map with the same entries (floor), and IDs that an attacker can
// choose (hostile).

const benchEntries = 10_000

// benchID returns a UUID whose bits are spread like those of a random one.
func benchID(i int) string {
	sum := md5.Sum(fmt.Append(nil, i))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:])
}

func benchIDs(first int) []string {
	ids := make([]string, benchEntries)
	for i := range ids {
		ids[i] = benchID(first + i)
	}
	return ids
}

// inTurn is a benchmark of a call with one ID after the other.
func inTurn(b *testing.B, ids []string, call func(id string) bool) {
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if !call(ids[i%len(ids)]) {
			b.Fatal("a wrong result")
		}
		i++
	}
}

// Lookups in a list of ten thousand IDs.
func BenchmarkMemoryBlocklistContains(b *testing.B) {
	var list store.MemoryBlocklist
	var floor sync.Map
	blocked, valid := benchIDs(0), benchIDs(benchEntries)
	expires := time.Now().Add(time.Hour)
	for _, id := range blocked {
		require.NoError(b, list.Add(b.Context(), id, expires))
		floor.Store(id, expires)
	}
	contains := func(want bool) func(id string) bool {
		return func(id string) bool {
			found, err := list.Contains(b.Context(), id)
			return err == nil && found == want
		}
	}
	b.Run("floor/sync.Map, not revoked", func(b *testing.B) {
		inTurn(b, valid, func(id string) bool { _, found := floor.Load(id); return !found })
	})
	b.Run("floor/sync.Map, revoked", func(b *testing.B) {
		inTurn(b, blocked, func(id string) bool { _, found := floor.Load(id); return found })
	})
	b.Run("empty list", func(b *testing.B) {
		var empty store.MemoryBlocklist
		inTurn(b, valid, func(id string) bool { found, err := empty.Contains(b.Context(), id); return err == nil && !found })
	})
	b.Run("not revoked", func(b *testing.B) { inTurn(b, valid, contains(false)) })
	b.Run("revoked", func(b *testing.B) { inTurn(b, blocked, contains(true)) })
	b.Run("hostile/no UUID", func(b *testing.B) { inTurn(b, []string{"alice", strings.Repeat("-", 36)}, contains(false)) })
	b.Run("hostile/ID of 1 MB", func(b *testing.B) { inTurn(b, []string{strings.Repeat("a", 1_000_000)}, contains(false)) })
}

func BenchmarkMemoryBlocklistAdd(b *testing.B) {
	expires := time.Now().Add(time.Hour)
	ids := benchIDs(0)
	b.Run("floor/sync.Map", func(b *testing.B) {
		var floor sync.Map
		inTurn(b, ids, func(id string) bool { floor.Store(id, expires); return true })
	})
	add := func(b *testing.B, ids []string, expires time.Time) {
		var list store.MemoryBlocklist
		inTurn(b, ids, func(id string) bool { return list.Add(b.Context(), id, expires) == nil })
		found, err := list.Contains(b.Context(), ids[0])
		require.NoError(b, err)
		require.True(b, found)
	}
	b.Run("UUIDs", func(b *testing.B) { add(b, ids, expires) })
	b.Run("hostile/for ever", func(b *testing.B) { add(b, ids, time.Time{}) })
	b.Run("hostile/ID of 1 MB", func(b *testing.B) { add(b, []string{strings.Repeat("a", 1_000_000)}, expires) })
}

func BenchmarkMemoryOnce(b *testing.B) {
	until := time.Now().Add(time.Hour)
	b.Run("floor/sync.Map", func(b *testing.B) {
		var floor sync.Map
		n := 0
		b.ReportAllocs()
		for b.Loop() {
			if _, used := floor.LoadOrStore(strconv.Itoa(n), until); used {
				b.Fatal("used before")
			}
			n++
		}
	})
	b.Run("new ID", func(b *testing.B) {
		once := store.MemoryOnce{Max: 1 << 30}
		n := 0
		b.ReportAllocs()
		for b.Loop() {
			if first, err := once.Claim(b.Context(), strconv.Itoa(n), until); err != nil || !first {
				b.Fatal(first, err)
			}
			n++
		}
	})
	full := &store.MemoryOnce{Max: 1}
	first, err := full.Claim(b.Context(), "first", until)
	require.NoError(b, err)
	require.True(b, first)
	for _, h := range []struct {
		name, id string
		want     error
		says     string
	}{
		{"used before", "first", nil, ""},
		{"full store", "second", store.ErrOnceFull, ""},
		{"ID of 1 MB", strings.Repeat("a", 1_000_000), nil, "store: a used ID has more than 255 bytes"},
	} {
		b.Run("hostile/"+h.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				first, err := full.Claim(b.Context(), h.id, until)
				if first || h.says == "" && !errors.Is(err, h.want) || h.says != "" && err.Error() != h.says {
					b.Fatal(first, err)
				}
			}
		})
	}
}

func BenchmarkMemorySessions(b *testing.B) {
	m, ctx := &store.MemorySessions{}, context.Background()
	var floor sync.Map
	ids := benchIDs(0)
	for _, id := range ids {
		s := store.Session{ID: id, Identity: id, Generation: 1, ExpiresAt: time.Now().Add(time.Hour)}
		created, err := m.Create(ctx, s)
		require.NoError(b, err)
		require.True(b, created)
		floor.Store(id, s)
	}
	get := func(want bool) func(id string) bool {
		return func(id string) bool {
			s, ok, err := m.Get(ctx, id)
			return err == nil && ok == want && (!ok || s.ID == id)
		}
	}
	b.Run("floor/sync.Map", func(b *testing.B) {
		inTurn(b, ids, func(id string) bool { s, ok := floor.Load(id); return ok && s.(store.Session).ID == id })
	})
	b.Run("Get", func(b *testing.B) { inTurn(b, ids, get(true)) })
	b.Run("Replace", func(b *testing.B) {
		inTurn(b, ids, func(id string) bool {
			old, _, _ := m.Get(ctx, id)
			next := old
			next.Generation++
			replaced, err := m.Replace(ctx, old, next)
			return err == nil && replaced
		})
	})
	b.Run("List", func(b *testing.B) {
		inTurn(b, ids, func(id string) bool { list, err := m.List(ctx, "", id); return err == nil && len(list) == 1 })
	})
	b.Run("Create and Delete", func(b *testing.B) {
		inTurn(b, benchIDs(benchEntries), func(id string) bool {
			created, err := m.Create(ctx, store.Session{ID: id, Identity: "alice"})
			deleted, err2 := m.Delete(ctx, id)
			return created && deleted && err == nil && err2 == nil
		})
	})
	b.Run("hostile/ended session", func(b *testing.B) { inTurn(b, benchIDs(benchEntries), get(false)) })
	b.Run("hostile/ID of 1 MB", func(b *testing.B) { inTurn(b, []string{strings.Repeat("a", 1_000_000)}, get(false)) })
	b.Run("hostile/old generation", func(b *testing.B) {
		stale := store.Session{Generation: -1}
		inTurn(b, ids, func(id string) bool {
			stale.ID = id
			replaced, err := m.Replace(ctx, stale, stale)
			return err == nil && !replaced
		})
	})
	b.Run("hostile/a user with ten thousand sessions", func(b *testing.B) {
		for _, id := range benchIDs(2 * benchEntries) {
			_, err := m.Create(ctx, store.Session{ID: id, Identity: "mallory", ExpiresAt: time.Now().Add(time.Hour)})
			require.NoError(b, err)
		}
		inTurn(b, []string{"mallory"}, func(id string) bool { list, err := m.List(ctx, "", id); return err == nil && len(list) == benchEntries })
	})
}
