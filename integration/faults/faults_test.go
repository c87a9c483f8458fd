package faults_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/faults"
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
	store := unplugged{&ginjwt.MemorySessions{}, &ginjwt.MemoryBlocklist{}, &down}
	faults.Run(t,
		func(context.Context) faults.Stores { return faults.Stores{Sessions: store, Blocklist: store} },
		faults.Fault{Do: func() {
			down.Store(true)
			timer := time.NewTimer(time.Second)
			<-timer.C
			down.Store(false)
		}})
}
