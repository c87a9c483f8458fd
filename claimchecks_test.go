package ginjwt

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The limits of times are those of package time, also before 1970 and for parts of a second.
func TestSecondsAfterIsAddAndUnix(t *testing.T) {
	t.Parallel()
	const second = time.Second
	for _, unix := range []int64{-62135596800, -2, -1, 0, 1, 1700000000} {
		for _, nanoseconds := range []int64{0, 1, 500_000_000, 999_999_999} {
			now := time.Unix(unix, nanoseconds)
			for _, d := range []time.Duration{0, 1, second - 1, second, second + 1, 90*second + second/2, 24 * 365 * time.Hour} {
				assert.Equal(t, now.Add(d).Unix(), secondsAfter(now, d), "%v, %v", now, d)
				assert.Equal(t, now.Add(-d).Unix(), secondsAfter(now, -d), "%v, -%v", now, d)
			}
		}
	}
}
