package sqlstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

const (
	rowMissing = "table {}blocklist_head: its row is missing; call Migrate"
	rowBehind  = "table {}blocklist_head: its row is behind the rows of {}blocklist; call Migrate"
)

// After half a restore, or what was done by hand, the row that numbers are taken
// from may be gone, or have numbers that are in use.
func TestHeadIsMended(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		for name, c := range map[string]struct{ harm, problem string }{
			"gone":              {"DELETE FROM {}blocklist_head", rowMissing},
			"behind":            {"UPDATE {}blocklist_head SET seq = 1, mark = 'x'", rowBehind},
			"behind by one":     {"UPDATE {}blocklist_head SET seq = 2, mark = 'x'", rowBehind},
			"as if it were new": {"UPDATE {}blocklist_head SET seq = 0, mark = ''", rowBehind},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				store := d.newStore(t, patient)
				prefix := strings.TrimSuffix(tablesOf(store).sessions, "sessions")
				last := add(t, store.log, entry(1), entry(2), entry(3))
				require.NoError(t, store.Ready(t.Context()))

				d.exec(t, strings.ReplaceAll(c.harm, "{}", prefix))
				err := store.log.Append(t.Context(), []idset.Entry{entry(4), entry(5), entry(6)})
				require.ErrorContains(t, err, "call Migrate")
				require.EqualError(t, store.Ready(t.Context()), lines(prefix, c.problem), "also after it was ready")
				d.requireMended(t, prefix, c.problem)

				assert.Equal(t, last, head(t, store.log))
				all, ok := since(t, store.log, last)
				assert.True(t, ok, "those who stand at the last row go on from there")
				assert.Empty(t, all)
				add(t, store.log, entry(4))
				assert.Equal(t, []idset.Entry{entry(1), entry(2), entry(3), entry(4)}, load(t, store.log))
				require.NoError(t, d.newBlocklist(t, store).Add(t.Context(), "id", time.Now().Add(time.Hour)))
				assert.EqualValues(t, 5, head(t, store.log).Seq)
			})
		}
	})
}

// Others revoke while one mends: no number is given out twice, and none is taken
// back.
func TestHeadIsMendedWhileOthersRevoke(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		store := d.newStore(t, patient)
		add(t, store.log, entriesOf(50)...)
		d.exec(t, d.text("DELETE FROM "+tablesOf(store).blocklist+" WHERE seq > ? AND seq < ?"), 5, 50)
		d.exec(t, "UPDATE "+tablesOf(store).head+" SET seq = 5, mark = 'x'")

		revoked := make(chan []idset.Entry)
		for w := range 4 {
			go func() {
				var done []idset.Entry
				for i := range 30 {
					if e := entry(1000 + 100*w + i); store.log.Append(t.Context(), []idset.Entry{e}) == nil {
						done = append(done, e)
					}
				}
				revoked <- done
			}()
		}
		assert.NoError(t, store.Migrate(t.Context()))
		there := map[idset.Entry]bool{}
		var done []idset.Entry
		for range 4 {
			done = append(done, <-revoked...)
		}
		for _, e := range load(t, store.log) {
			there[e] = true
		}
		for _, e := range done {
			assert.True(t, there[e], "%v was acknowledged", e)
		}
		require.NoError(t, store.Check(t.Context()))
		assert.GreaterOrEqual(t, head(t, store.log).Seq, int64(50))
		add(t, store.log, entry(9))
	})
}
