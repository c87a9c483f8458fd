package oncemodel

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Clocks of servers and processes differ by at most a tick. In some plays the last server is
// a replica that takes over.
var plays = map[string]play{
	"two callers":           {processes: []tick{0, 0}, servers: []tick{0}, breaks: 2},
	"three callers":         {processes: []tick{0, 0, 0}, servers: []tick{0}, breaks: 3},
	"clocks":                {processes: []tick{1, -1}, servers: []tick{0}, breaks: 1, lasts: 6},
	"clocks, a server":      {processes: []tick{0, -1}, servers: []tick{0}, breaks: 1, lasts: 6},
	"a server far ahead":    {processes: []tick{0, 0}, servers: []tick{20}, lasts: 6},
	"a server far behind":   {processes: []tick{0, 0}, servers: []tick{-20}, lasts: 6},
	"a process far ahead":   {processes: []tick{1, 0}, servers: []tick{0}, lasts: 6},
	"a failover":            {processes: []tick{0, 0}, servers: []tick{0, 0}, waits: 1, breaks: 2, failovers: 1},
	"a failover, clocks":    {processes: []tick{0, 0}, servers: []tick{1, -1}, waits: 1, breaks: 1, failovers: 1, lasts: 6},
	"two failovers":         {processes: []tick{0, 0}, servers: []tick{0, 0}, waits: 1, breaks: 1, failovers: 2},
	"a failover, three":     {processes: []tick{0, 0, 0}, servers: []tick{0, 0}, waits: 1, breaks: 1, failovers: 1},
	"a failover of several": {processes: []tick{0, 0}, servers: []tick{0, 0, 0}, waits: 2, breaks: 1, failovers: 1},
}

func TestAllOrders(t *testing.T) {
	t.Parallel()
	for name, p := range plays {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := p.explore()
			t.Logf("%d worlds", e.worlds)
			require.Empty(t, e.broken, "%s", e)
		})
	}
}
