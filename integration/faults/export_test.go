package faults

// Tick advances a clock by hand.
var Tick = (*OwnTime).tick
