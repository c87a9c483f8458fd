//go:build race

package listmodel

// mostWorlds is how many worlds an exploration visits, the nearest first. It is low because
// the race detector is slow, and has nothing to find in one goroutine.
const mostWorlds = 10_000
