//go:build race

package rotationmodel

// mostWorlds is how many worlds an exploration visits, the shortest ways first. It is low
// because the race detector is slow, and has nothing to find in one goroutine.
const mostWorlds = 5_000
