package sqlstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// The clock of a database that is on this machine shows the time of this machine,
// whatever the time zone of the connection is.
func TestClock(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		for _, zone := range map[sqlstore.Dialect][]string{
			sqlstore.PostgreSQL: {"", "&timezone=Asia/Kolkata", "&default_query_exec_mode=simple_protocol"},
			sqlstore.MySQL:      {"", "?time_zone='%2B05:30'", "?time_zone='-11:00'&parseTime=true&loc=Local", "?interpolateParams=true"},
			sqlstore.SQLite:     {""},
		}[d.dialect] {
			store := newTested(t, open(t, d.driver, d.dsn+zone), d.dialect, patient)
			before := time.Now().Truncate(time.Millisecond)
			now, err := store.db.Now(t.Context())
			after := time.Now()
			require.NoError(t, err, zone)
			assert.False(t, now.Before(before), "%s: %s is before %s", zone, now, before)
			assert.False(t, now.After(after), "%s: %s is after %s", zone, now, after)
		}
	})
}
