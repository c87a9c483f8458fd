//go:build unix

package growth

import (
	"syscall"
	"time"
)

// used returns the processor time that this process has used, the garbage collector
// included. What else the machine does hardly changes it.
func used() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
