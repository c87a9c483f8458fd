//go:build !race

package listmodel

// mostWorlds is how many worlds an exploration visits, the nearest first.
const mostWorlds = 60_000
