package sqlstore_test

import (
	"testing"

	"github.com/gin-jwt-extended/ginjwt/integration/storebench"
)

func BenchmarkSQLite(b *testing.B) {
	d := openSQLite(b)
	tables := d.newStore(b, patient)
	storebench.Run(b, storebench.Stores{
		RoundTripName: "SELECT 1",
		RoundTrip: func() error {
			var one int
			return d.pool.QueryRowContext(b.Context(), "SELECT 1").Scan(&one)
		},
		Blocklist: d.newBlocklist(b, tables),
		Sessions:  tables.Sessions(),
		Once:      tables.Once(),
	})
}
