package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// agingList is a list with a ContainsAt.
type agingList struct{ store.MemoryBlocklist }

func (l *agingList) ContainsAt(ctx context.Context, _ time.Time, id, other string) (bool, error) {
	return l.Contains(ctx, id, other)
}

func (l *agingList) Self() any { return l }

// A type that embeds a list may have a Contains of its own. The inherited ContainsAt would go
// past it.
func TestListsGetAReadingOfTheClock(t *testing.T) {
	t.Parallel()
	own := &agingList{}
	aging, ok := store.AgingOf(own)
	assert.True(t, ok)
	assert.Same(t, own, aging)
	for name, list := range map[string]store.Blocklist{
		"a list without ContainsAt": &store.MemoryBlocklist{},
		"a type that embeds a list": struct{ *agingList }{own},
		"a type that cannot be compared": struct {
			*agingList
			_ []string
		}{agingList: own},
		"a wrapper": struct{ store.Blocklist }{own},
		"none":      nil,
	} {
		aging, ok := store.AgingOf(list)
		assert.False(t, ok, name)
		assert.Nil(t, aging, name)
	}
}
