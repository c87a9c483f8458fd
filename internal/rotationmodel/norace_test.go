//go:build !race

package rotationmodel

// mostWorlds are looked at in one exploration: all.
const mostWorlds = 1 << 40
