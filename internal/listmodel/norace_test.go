//go:build !race

package listmodel

// mostWorlds are looked at in one exploration, the nearest first.
const mostWorlds = 60_000
