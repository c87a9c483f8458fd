package sqlstore_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// manyRows are enough for an index to be worth its while; SQLite does not ask.
var manyRows = map[sqlstore.Dialect]int{sqlstore.PostgreSQL: 50_000, sqlstore.MySQL: 50_000, sqlstore.SQLite: 5_000}

func TestEveryStatementUsesAnIndex(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		options := patient
		options.Prefix = "e_"
		store := d.newStore(t, options)
		d.fill(t)
		var sessions, numbers []any
		for i := range sqlstore.MaxPurge {
			sessions = append(sessions, sessionID(i*9))
			numbers = append(numbers, i*9)
		}
		for _, s := range store.Statements(sessions, numbers) {
			plan := d.explain(t, s)
			assert.True(t, usesIndex(d.dialect, plan), "%s:\n%.200s\n%.400s", s.Name, s.Text, plan)
		}
		if d.dialect == sqlstore.MySQL {
			d.exec(t, "DELETE FROM e_sessions WHERE id >= '"+sessionID(1000)+"'")
			d.exec(t, "DELETE FROM e_blocklist WHERE seq >= 1000")
			d.exec(t, "ANALYZE TABLE e_sessions, e_blocklist")
			testPurgeByPrimaryKey(t, d, store.Statements(sessions, numbers))
		}
	})
}

// Rows are locked by primary key first, and no others than those to delete,
// also if the table is small.
func testPurgeByPrimaryKey(t *testing.T, d *database, statements []sqlstore.Statement) {
	for _, s := range statements {
		if strings.HasPrefix(s.Name, "purge") {
			assert.Regexp(t, `\| (const|range) \| PRIMARY \| PRIMARY \|`, d.explain(t, s), s.Name)
		}
	}
}

func sessionID(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", i) }

// fill writes rows of which one in ten has expired.
func (d *database) fill(t *testing.T) {
	t.Helper()
	now := time.Now()
	var sessions, entries []string
	for i := range manyRows[d.dialect] {
		expires := now.Add(time.Duration(i%1000-100) * time.Hour)
		sessions = append(sessions, fmt.Sprintf("('%s', 'identity %d', '', 1, 0, 0, 0, %d, 0)", sessionID(i), i/3, expires.UnixMilli()))
		entries = append(entries, fmt.Sprintf("(%d, 'mark', %s, %d)", i, d.blob(fmt.Sprintf("%032x", i*7919)), expires.Unix()))
	}
	for table, values := range map[string][]string{"e_sessions": sessions, "e_blocklist": entries} {
		for some := range slices.Chunk(values, 5000) {
			d.exec(t, "INSERT INTO "+table+" VALUES "+strings.Join(some, ", "))
		}
		d.exec(t, map[sqlstore.Dialect]string{
			sqlstore.PostgreSQL: "ANALYZE ", sqlstore.MySQL: "ANALYZE TABLE ", sqlstore.SQLite: "ANALYZE ",
		}[d.dialect]+table)
	}
}

func (d *database) blob(hex string) string {
	if d.dialect == sqlstore.PostgreSQL {
		return `'\x` + hex + `'`
	}
	return "x'" + hex + "'"
}

func (d *database) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	_, err := d.pool.ExecContext(t.Context(), statement, args...)
	require.NoError(t, err)
}

// query returns all rows, each as its cells in order.
func (d *database) query(t *testing.T, query string, args ...any) (table [][]string) {
	t.Helper()
	rows, err := d.pool.QueryContext(t.Context(), query, args...)
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	for rows.Next() {
		cells, targets := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range cells {
			targets[i] = &cells[i]
		}
		require.NoError(t, rows.Scan(targets...))
		var row []string
		for _, cell := range cells {
			row = append(row, cell.String)
		}
		table = append(table, row)
	}
	require.NoError(t, rows.Err())
	return table
}

// explain returns the plan of a statement, a step a line.
func (d *database) explain(t *testing.T, s sqlstore.Statement) string {
	t.Helper()
	var plan []string
	command := "EXPLAIN "
	if d.dialect == sqlstore.SQLite {
		command = "EXPLAIN QUERY PLAN "
	}
	for _, row := range d.query(t, command+s.Text, s.Args...) {
		plan = append(plan, strings.Join(row, " | "))
	}
	return strings.Join(plan, "\n")
}

// usesIndex reports whether no table is read from one end to the other, but for
// the one that has a single row, and nothing is sorted.
func usesIndex(dialect sqlstore.Dialect, plan string) bool {
	if strings.Count(plan, "Index Scan")+strings.Count(plan, "Index Only Scan") > strings.Count(plan, "Index Cond") {
		return false // PostgreSQL reads all of an index
	}
	bad := map[sqlstore.Dialect]string{
		sqlstore.PostgreSQL: `Seq Scan on e_(sessions|blocklist)\b|Sort`,
		sqlstore.MySQL:      `\| (ALL|index) \||filesort|temporary`,
		sqlstore.SQLite:     `SCAN |TEMP B-TREE`,
	}
	return !regexp.MustCompile(bad[dialect]).MatchString(plan)
}
