package growth

import (
	"runtime/debug"
	"testing"
)

// beside sends the tokens of as many users as the cache holds. All sizes have one manager.
func beside(state cache) func(testing.TB, int) operation {
	var op operation
	return func(tb testing.TB, _ int) operation {
		if op == nil {
			op = many("HS256", state, inTurn)(tb, 100)
		}
		return op
	}
}

// It comes first, while the heap is small.
var collector = dimension{
	name: "collector", unit: "`GOGC`",
	note: "HS256. 10 000 tokens come in turn. The program has nothing else to do, and nearly nothing else in its heap, so the collector's share is larger than in a " +
		"service.",
	sizes:  []int{50, 100, 200, 400, 800},
	few:    []int{100, 400},
	longer: 8,
	rows: []row{
		{"token known", constant, beside(cacheOn), nil},
		{"cache off", constant, beside(cacheOff), nil},
	},
	enter: func(percent int) (leave func()) {
		before := debug.SetGCPercent(percent)
		return func() { debug.SetGCPercent(before) }
	},
}
