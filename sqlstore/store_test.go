package sqlstore_test

import (
	"database/sql"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

func TestNew(t *testing.T) {
	t.Parallel()
	db := sql.OpenDB(deaf{})
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	for _, prefix := range []string{"", "a", "_", "app1_", "a_b_c_", strings.Repeat("x", 40)} {
		_, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{Prefix: prefix})
		assert.NoError(t, err, "%q", prefix)
	}
	for _, prefix := range []string{
		"1a", "A", "Ginjwt_", "a-b", "a.b", "a b", "a;", "a'", `a"`, "a`", "a\n", "\na", "é", "a\x00", "{head}", "a?", "a/*", "--",
		strings.Repeat("x", 41),
	} {
		_, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{Prefix: prefix})
		assert.ErrorContains(t, err, "sqlstore: Prefix: ", "%q", prefix)
	}
	_, err := sqlstore.New(nil, 0, sqlstore.Options{Prefix: "x y", Timeout: -1, MaxStaleness: -time.Second})
	assert.EqualError(t, err, "sqlstore: db: is nil: pass what sql.Open returns\n"+
		"sqlstore: dialect: Dialect(0) is unknown: use PostgreSQL, MySQL (also for MariaDB) or SQLite\n"+
		"sqlstore: Prefix: \"x y\": use only a-z, 0-9 and _, and no digit at the beginning\n"+
		"sqlstore: Timeout: is negative: use a positive duration, or 0 for 1 second\n"+
		"sqlstore: MaxStaleness: is negative: use a positive duration, or 0 for 5 seconds")
	assert.Equal(t, "PostgreSQL MySQL SQLite", strings.Join([]string{
		sqlstore.PostgreSQL.String(), sqlstore.MySQL.String(), sqlstore.SQLite.String(),
	}, " "))
	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{})
	require.NoError(t, err)
	tables := regexp.MustCompile(`CREATE TABLE IF NOT EXISTS (\w+)`).FindAllStringSubmatch(store.Schema(), -1)
	require.Len(t, tables, 6)
	for i, want := range []string{"ginjwt_sessions", "ginjwt_blocklist", "ginjwt_blocklist_head", "ginjwt_blocklist_roll", "ginjwt_schema", "ginjwt_once"} {
		assert.Equal(t, want, tables[i][1])
	}
}
