//go:build race

package listmodel

// mostWorlds are looked at in one exploration, the nearest first. The race
// detector makes it slow, and has nothing to find in one goroutine.
const mostWorlds = 10_000
