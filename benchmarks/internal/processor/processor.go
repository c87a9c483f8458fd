//go:build unix

// Package processor tells the processor time of this process.
package processor

import (
	"syscall"
	"time"
)

// Time is the time that this process has worked. It does not pass while another
// process has the core.
func Time() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err) // the arguments are right
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
