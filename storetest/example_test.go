package storetest_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/storetest"
)

// mapBlocklist is a blocklist of your own. Here it is a map.
type mapBlocklist struct {
	mu      sync.Mutex
	expires map[string]time.Time
}

func (b *mapBlocklist) Add(_ context.Context, id string, expires time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, known := b.expires[id]
	if forEver := before.IsZero(); known && (forEver || !expires.IsZero() && expires.Before(before)) {
		return nil // the later time counts
	}
	b.expires[id] = expires
	return nil
}

func (b *mapBlocklist) Contains(_ context.Context, ids ...string) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range ids {
		expires, known := b.expires[id]
		if known && (expires.IsZero() || time.Now().Before(expires)) {
			return true, nil
		}
	}
	return false, nil
}

// newMapBlocklist opens an empty blocklist. For a server, empty a database here.
func newMapBlocklist(*testing.T) ginjwt.Blocklist {
	return &mapBlocklist{expires: map[string]time.Time{}}
}

// How do I test a blocklist of my own? Write this test beside it, and run it with -race.
func ExampleBlocklist() {
	TestMyBlocklist := func(t *testing.T) {
		storetest.Blocklist(t, newMapBlocklist)
	}
	_ = TestMyBlocklist
}
