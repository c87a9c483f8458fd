package sqlstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// A clock that is a minute away from that of the database is told by Ready, with what
// to do; a few seconds are nothing.
func TestReadyComparesClocks(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		if d.dialect == sqlstore.SQLite {
			return // which has the clock of the process
		}
		store := d.newStore(t, patient)
		require.NoError(t, store.Ready(t.Context()))
		require.NoError(t, store.db.Ready(t.Context()))
		asked := store.db.Queries.Ready
		from := strings.LastIndex(asked, " FROM ")
		for skew, want := range map[string]string{
			" + 20000": "", " - 20000": "",
			" + 60000": "sqlstore: the server's clock is 1m0s ahead of the clock of this process, and may differ by 30s: synchronise both (NTP)",
			" - 60000": "sqlstore: the server's clock is 1m0s behind the clock of this process, and may differ by 30s: synchronise both (NTP)",
		} {
			store.db.Queries.Ready = asked[:from] + skew + asked[from:]
			if want == "" {
				assert.NoError(t, store.db.Ready(t.Context()), skew)
				continue
			}
			assert.EventuallyWithT(t, func(c *assert.CollectT) { // an answer that takes long is not exact
				assert.EqualError(c, store.db.Ready(t.Context()), want)
			}, time.Minute, 10*time.Millisecond)
		}
	})
}
