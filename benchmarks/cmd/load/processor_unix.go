//go:build unix

package main

import (
	"syscall"
	"time"
)

// processorTime is that of this process since its start, in all threads.
func processorTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err) // only for wrong arguments
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
