//go:build race

package oncemodel

// mostWorlds are looked at in one exploration, the shortest ways first. The race
// detector makes it slow, and has nothing to find in one goroutine.
const mostWorlds = 40_000
