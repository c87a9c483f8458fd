//go:build race

package growth

// raced reports that the race detector runs. It empties pools, so allocations are not exact.
const raced = true
