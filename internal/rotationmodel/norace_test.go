//go:build !race

package rotationmodel

// mostWorlds is how many worlds an exploration visits: all.
const mostWorlds = 1 << 40
