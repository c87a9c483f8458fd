package main

import (
	"time"

	"golang.org/x/sys/windows"
)

// processorTime is that of this process since its start, in all threads.
func processorTime() time.Duration {
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(windows.CurrentProcess(), &created, &exited, &kernel, &user); err != nil {
		panic(err) // only for wrong arguments
	}
	return ticks(kernel) + ticks(user)
}

// ticks converts a duration in units of 100 ns.
func ticks(t windows.Filetime) time.Duration {
	return time.Duration(int64(t.HighDateTime)<<32|int64(t.LowDateTime)) * 100
}
