package faults_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
)

// failing is a test that notes why it fails.
type failing struct {
	testing.TB
	why string
}

func (f *failing) Fatalf(format string, args ...any) {
	f.why = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestOwnTimePasses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		own, began := faults.NewOwnTime(t), time.Now()
		time.Sleep(time.Second + time.Millisecond)
		synctest.Wait()
		assert.Equal(t, time.Second, own.Since(began))
		assert.Zero(t, own.Between(time.Now(), began))
	})
}

// A process that gets no processor for a minute misses all ticks but one.
func TestOwnTimeStopsWhileTheProcessStarves(t *testing.T) {
	t.Parallel()
	own, now := new(faults.OwnTime), time.Now()
	began, hung := now, false
	stop := own.After(time.Second, func() { hung = true })
	for range 2 {
		faults.Tick(own, now)
		now = now.Add(time.Minute)
	}
	assert.Equal(t, 20*time.Millisecond, own.Between(began, now))
	assert.False(t, hung)
	for range 99 {
		faults.Tick(own, now)
		now = now.Add(10 * time.Millisecond)
	}
	assert.True(t, hung)
	stop()
}

func TestWithin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		own, wrong := faults.NewOwnTime(t), errors.New("wrong")
		err := own.Within(t, time.Second, "a call", func() error { time.Sleep(900 * time.Millisecond); return wrong })
		require.Equal(t, wrong, err)

		forEver, f, ended := make(chan struct{}), &failing{TB: t}, make(chan struct{})
		go func() {
			defer close(ended)
			_ = own.Within(f, time.Second, "a call", func() error { <-forEver; return nil })
		}()
		<-ended
		assert.Contains(t, f.why, "a call hangs for longer than 1s:\ngoroutine ")
		close(forEver)
	})
}
