//go:build !race

package oncemodel

// mostWorlds are looked at in one exploration: all.
const mostWorlds = 1 << 40
