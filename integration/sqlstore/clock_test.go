package sqlstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
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

// Purge deletes what has expired by both clocks, a minute ago. One of the two may
// be wrong, and nobody knows which.
func TestPurgeComparesClocks(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		for name, c := range map[string]struct {
			ahead   time.Duration // of our clock
			age     time.Duration // since it expired, by the clock of the database
			removed int64
		}{
			"both clocks, a minute ago":      {0, 70 * time.Second, 3},
			"both clocks, less than that":    {0, 50 * time.Second, 0},
			"our clock is ahead":             {45 * time.Second, 17 * time.Second, 0},
			"our clock is in the next year":  {365 * 24 * time.Hour, 0, 0},
			"our clock is ahead, and it has": {time.Hour, 70 * time.Second, 3},
			"our clock is behind":            {-time.Hour, 59 * time.Minute, 0},
			"our clock is behind, it has":    {-time.Hour, 62 * time.Minute, 3},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				options := patient
				options.Now = func() time.Time { return time.Now().Add(c.ahead) }
				store := d.newStore(t, options)
				expired := time.Now().Add(-c.age)
				session := newSession(sessionID(1), "alice")
				session.ExpiresAt = expired
				create(t, store.Sessions(), session)
				add(t, store.log, idset.Entry{Key: entry(1).Key, Until: uint32(expired.Unix())})
				_, err := store.db.Claim(t.Context(), "id", time.Now().Add(time.Minute))
				require.NoError(t, err)
				d.expire(t, store, c.age)
				d.exec(t, d.text("UPDATE "+tablesOf(store).head+" SET seq = ?"), sqldb.KeptEntries+1) // none is kept for those who follow

				removed, err := store.Purge(t.Context())
				require.NoError(t, err)
				assert.Equal(t, c.removed, removed)
			})
		}
	})
}
