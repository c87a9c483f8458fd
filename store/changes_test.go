package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// ownContains embeds a list, and has its own Contains.
type ownContains struct{ *store.MemoryBlocklist }

func TestListsTellWhenTheyChange(t *testing.T) {
	t.Parallel()
	b := &store.MemoryBlocklist{}
	changing, ok := store.ChangingOf(b)
	require.True(t, ok)
	changed := changing.Changed()
	require.NoError(t, b.Add(t.Context(), "id", time.Time{}))
	select {
	case <-changed:
	default:
		t.Error("it changed")
	}

	_, ok = store.ChangingOf(ownContains{b})
	assert.False(t, ok, "it may change otherwise")
	_, ok = store.ChangingOf(struct{ store.Blocklist }{b})
	assert.False(t, ok)
}
