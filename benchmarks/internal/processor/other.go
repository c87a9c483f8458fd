//go:build !unix

// Package processor tells the processor time of this process.
package processor

import "time"

var started = time.Now()

// Time is the real time, where the time of a process is not known.
func Time() time.Duration { return time.Since(started) }
