package replica

import "time"

// freshness is the time in which a copy may answer alone.
type freshness struct {
	complete time.Time // when the copy was known to be complete

	// The end, by both clocks of the machine: the monotonic clock stops while the machine
	// sleeps, and the wall clock can be set.
	end     time.Time
	endWall int64 // Unix microseconds

	// A reading from long before complete is of another clock.
	begin time.Time
}

func freshFor(most time.Duration, complete time.Time) *freshness {
	return &freshness{complete, complete.Add(most), complete.UnixMicro() + most.Microseconds(), complete.Add(-most)}
}

// includes reports whether now is in the time. A copy that never was complete is never
// fresh.
func (f *freshness) includes(now time.Time) bool {
	return f != nil && !now.After(f.end) && now.UnixMicro() <= f.endWall && !now.Before(f.begin)
}
