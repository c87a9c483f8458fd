package storetest_test

import (
	"context"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/storetest"
)

func TestMemorySessions(t *testing.T) {
	t.Parallel()
	storetest.Sessions(t, func(*testing.T) ginjwt.SessionStore { return &ginjwt.MemorySessions{} })
}

func TestMemoryBlocklist(t *testing.T) {
	t.Parallel()
	storetest.Blocklist(t, func(*testing.T) ginjwt.Blocklist { return &ginjwt.MemoryBlocklist{} })
}

// agingList is a list with a ContainsAt.
type agingList struct{ ginjwt.MemoryBlocklist }

func (l *agingList) ContainsAt(ctx context.Context, _ time.Time, id, other string) (bool, error) {
	return l.Contains(ctx, id, other)
}

func (l *agingList) Self() any { return l }

func TestAgingBlocklist(t *testing.T) {
	t.Parallel()
	storetest.Blocklist(t, func(*testing.T) ginjwt.Blocklist { return &agingList{} })
}

func TestMemoryPlays(t *testing.T) {
	t.Parallel()
	storetest.Plays(t, func(*testing.T) (ginjwt.SessionStore, ginjwt.Blocklist) { return &ginjwt.MemorySessions{}, nil })
}

// The blocklist of the example keeps what a blocklist must.
func TestExampleBlocklist(t *testing.T) {
	t.Parallel()
	storetest.Blocklist(t, newMapBlocklist)
}
