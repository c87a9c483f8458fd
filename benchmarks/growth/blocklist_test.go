package growth

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

var large = flag.Bool("large", false, "measure with ten million revoked tokens, too")

// expires is after every run.
var expires = time.Now().Add(24 * time.Hour)

// newID returns a UUID of version 4, as tokens have.
func newID() string {
	var id [16]byte
	binary.LittleEndian.PutUint64(id[:], rand.Uint64())
	binary.LittleEndian.PutUint64(id[8:], rand.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// lists of the same length are one list, because they take long to make.
var filled = struct {
	sync.Mutex
	lists map[int]*ginjwt.MemoryBlocklist
}{lists: map[int]*ginjwt.MemoryBlocklist{}}

// listOf returns a list with so many random entries.
func listOf(tb testing.TB, entries int) *ginjwt.MemoryBlocklist {
	tb.Helper()
	filled.Lock()
	defer filled.Unlock()
	if filled.lists[entries] == nil {
		list := &ginjwt.MemoryBlocklist{}
		for range entries {
			require.NoError(tb, list.Add(context.Background(), newID(), expires))
		}
		filled.lists[entries] = list
	}
	return filled.lists[entries]
}

const asked = 1 << 12 // tokens, so that their entries are not all in the caches of the processor

// listed sends tokens in turn to a manager with a long list. If revoked, the tokens are on
// the list.
func listed(size cache, revoked bool) func(testing.TB, int) operation {
	return func(tb testing.TB, entries int) operation {
		config := configOf("HS256", size)
		config.Blocklist = listOf(tb, entries)
		m, c := protected(tb, config)
		bearers, want := make([]string, asked), http.StatusOK
		for i := range bearers {
			id := newID()
			bearers[i] = "Bearer " + must(m.CreateAccessToken(tb.Context(), user, ginjwt.WithID(id)))
			if revoked {
				want = http.StatusUnauthorized
				require.NoError(tb, config.Blocklist.Add(tb.Context(), id, expires))
			}
		}
		i := 0
		return func() {
			c.send(bearers[i%asked], want)
			i++
		}
	}
}

// revokes adds a token to the list.
func revokes(tb testing.TB, entries int) operation {
	list, ctx := listOf(tb, entries), context.Background()
	return func() {
		if err := list.Add(ctx, newID(), expires); err != nil {
			panic(err)
		}
	}
}

func entryCount() dimension {
	d := dimension{
		name: "entries", unit: "entries of the list",
		note:  "HS256, `MemoryBlocklist`. 4096 tokens are sent in turn. The cache knows them all. [Scale](scale.md#a-blocklist-in-memory) has the lookup alone.",
		label: count,
		sizes: []int{0, 1000, 100_000, 1_000_000},
		few:   []int{1000, 10_000, 100_000},
		rows: []row{
			{"protected request, token known", constant, listed(cacheOn, false), nil},
			{"protected request, cache off", constant, listed(cacheOff, false), nil},
			{"refused: a revoked token", constant, listed(cacheOn, true), nil},
			{"revoking a token", constant, revokes, nil},
		},
	}
	if *large {
		d.sizes = append(d.sizes, 10_000_000)
	}
	return d
}
