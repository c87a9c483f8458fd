package benchmarks

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
)

const revoked = 1_000_000

// idOf returns a UUID whose bits are spread as those of random ones are.
func idOf(i int) string {
	const odd = 0x9e3779b97f4a7c15
	n := uint64(i+1) * odd
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(n>>32), uint16(n>>16), n&0xfff, n>>52, n*odd>>16)
}

// idsOf returns ids that are asked for in turn.
func idsOf(first int) []string {
	ids := make([]string, 4096)
	for i := range ids {
		ids[i] = idOf(first + i*131)
	}
	return ids
}

// Looking for an ID among a million, beside what a plain map with a lock costs.
func BenchmarkBlocklist(b *testing.B) {
	expires := time.Now().Add(time.Hour)
	var ours ginjwt.MemoryBlocklist
	plain := lockedMap{blocked: map[string]time.Time{}}
	for i := range revoked {
		id := idOf(i)
		_ = ours.Add(context.Background(), id, expires) // never fails
		plain.blocked[id] = expires
	}
	for _, list := range []struct {
		name     string
		contains func(ctx context.Context, ids ...string) (bool, error)
	}{{"ginjwt", ours.Contains}, {"map", plain.contains}} {
		b.Run("Revoked/"+list.name, func(b *testing.B) { benchmarkContains(b, list.contains, idsOf(0), true) })
		b.Run("Valid/"+list.name, func(b *testing.B) { benchmarkContains(b, list.contains, idsOf(revoked), false) })
	}
}

func benchmarkContains(b *testing.B, contains func(context.Context, ...string) (bool, error), ids []string, want bool) {
	ctx := context.Background()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		got, err := contains(ctx, ids[i%len(ids)])
		if err != nil || got != want {
			b.Fatal(got, err)
		}
		i++
	}
}

// lockedMap is the blocklist of a first draft.
type lockedMap struct {
	mu      sync.RWMutex
	blocked map[string]time.Time
}

func (m *lockedMap) contains(_ context.Context, ids ...string) (bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, id := range ids {
		if _, ok := m.blocked[id]; ok {
			return true, nil
		}
	}
	return false, nil
}
