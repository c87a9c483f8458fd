package sqlstore_test

import (
	"context"
	"database/sql"
	"flag"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
	"github.com/gin-jwt-extended/ginjwt/store"
)

var (
	entriesLost = flag.Int("lost.entries", 400_000, "how many entries a list has that is lost")
	followers   = flag.Int("lost.followers", 5, "how many processes follow it")
)

func TestListIsLost(t *testing.T) {
	d := newPostgres(t)
	options := sqlstore.Options{Timeout: faults.Timeout, MaxStaleness: faults.MaxStaleness}
	options.Prefix = "lost_"
	filling := d.newStore(t, options)
	faults.RunLostList(t, faults.LostList{
		Entries: *entriesLost, Followers: *followers,
		Open: func(ctx context.Context) store.WatchedBlocklist {
			db, err := sql.Open(d.driver, d.dsn)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, db.Close()) })
			db.SetMaxOpenConns(3)
			s, err := sqlstore.New(db, d.dialect, options)
			require.NoError(t, err)
			return s.Blocklist(ctx)
		},
		Fill: func(entries []idset.Entry) { require.NoError(t, filling.log.Append(t.Context(), entries)) },
		Lose: func() {
			names := tablesOf(filling)
			d.exec(t, "TRUNCATE "+names.blocklist+", "+names.roll)
			d.exec(t, "UPDATE "+names.head+" SET seq = 0, mark = '', epoch = ''")
		},
	})
}
