package replica

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// One clock is enough to end the time: the other may have stopped, or may have been set.
func TestFreshnessEndsByEitherClock(t *testing.T) {
	t.Parallel()
	now := time.Now()
	assert.True(t, freshFor(time.Hour, now).includes(now))

	setForward := freshFor(time.Hour, now)
	setForward.endWall = now.UnixMicro() - 1
	assert.False(t, setForward.includes(now))

	setBack := freshFor(time.Hour, now)
	setBack.end = now.Add(-1)
	assert.False(t, setBack.includes(now))

	var never *freshness
	assert.False(t, never.includes(now))
}
