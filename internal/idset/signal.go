package idset

import "sync/atomic"

// signal notifies waiting goroutines of a change. The zero value is ready to use. If no
// goroutine waits, fire costs one read.
type signal struct {
	waited atomic.Pointer[chan struct{}] // nil: nobody waits
}

// next returns a channel that the next fire closes.
func (s *signal) next() <-chan struct{} {
	fresh := make(chan struct{})
	for {
		if waited := s.waited.Load(); waited != nil {
			return *waited
		}
		if s.waited.CompareAndSwap(nil, &fresh) {
			return fresh
		}
	}
}

func (s *signal) fire() {
	if s.waited.Load() == nil {
		return
	}
	if waited := s.waited.Swap(nil); waited != nil {
		close(*waited)
	}
}
