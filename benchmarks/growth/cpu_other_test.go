//go:build !unix

package growth

import "time"

var start = time.Now()

// used returns the time that has passed: other systems count processor time more roughly.
func used() time.Duration { return time.Since(start) }
