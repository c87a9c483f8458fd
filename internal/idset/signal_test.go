package idset_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

func isClosed(changed <-chan struct{}) bool {
	select {
	case <-changed:
		return true
	default:
		return false
	}
}

func TestSetsTellWhenTheyChange(t *testing.T) {
	t.Parallel()
	var s idset.Set
	s.Add(idset.EntryOf("before", time.Time{}), time.Now)
	first, same := s.Changed(), s.Changed()
	s.Add(idset.EntryOf("before", time.Now()), time.Now)
	assert.False(t, isClosed(first), "the set had it")
	s.Add(idset.EntryOf("new", time.Time{}), time.Now)
	assert.True(t, isClosed(first))
	assert.True(t, isClosed(same))
	assert.False(t, isClosed(s.Changed()))
}

// A goroutine that takes the channel, looks, and then waits sees every addition.
func TestNoChangeIsMissed(t *testing.T) {
	t.Parallel()
	const entries = 2000
	var s idset.Set
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for seen := 0; seen < entries; {
				changed := s.Changed()
				for seen < entries && s.Contains(fmt.Sprint(seen)) {
					seen++
				}
				if seen < entries {
					<-changed
				}
			}
		})
	}
	for i := range entries {
		s.Add(idset.EntryOf(fmt.Sprint(i), time.Time{}), time.Now)
	}
	group.Wait()
}
