package faults_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// unplugged is a store that can be unplugged.
type unplugged struct {
	ginjwt.SessionStore
	ginjwt.Blocklist
	down *atomic.Bool
}

var errUnplugged = errors.New("unplugged")

func (u unplugged) Replace(ctx context.Context, old, next ginjwt.Session) (bool, error) {
	if u.down.Load() {
		return false, errUnplugged
	}
	replaced, err := u.SessionStore.Replace(ctx, old, next)
	if u.down.Load() {
		return false, errUnplugged
	}
	return replaced, err
}

func (u unplugged) Contains(ctx context.Context, ids ...string) (bool, error) {
	if u.down.Load() {
		return false, errUnplugged
	}
	return u.Blocklist.Contains(ctx, ids...)
}

func TestStoresInMemory(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	unpluggable := unplugged{&ginjwt.MemorySessions{}, &ginjwt.MemoryBlocklist{}, &down}
	stores := faults.Stores{Sessions: unpluggable, Blocklist: unpluggable, Once: &store.MemoryOnce{}}
	faults.Run(t,
		func(context.Context) faults.Stores { return stores },
		faults.Fault{Do: func() {
			down.Store(true)
			timer := time.NewTimer(time.Second)
			<-timer.C
			down.Store(false)
		}})
}
