package sqlstore_test

import (
	"database/sql"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// manyRows are enough for an index to be worth its while; SQLite does not ask.
// One in ten and one more have expired, so that the last DELETE is for one row.
var manyRows = map[sqlstore.Dialect]int{sqlstore.PostgreSQL: 50_001, sqlstore.MySQL: 50_001, sqlstore.SQLite: 5_001}

func TestEveryStatementUsesAnIndex(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		options := patient
		options.Prefix = "e_"
		store := d.newStore(t, options)
		sent := d.sentBy(t, options, manyRows[d.dialect])
		for _, s := range append(sent, whenFewHaveExpired(t, sent)) {
			if strings.HasPrefix(s.text, "INSERT ") {
				continue // reads nothing
			}
			if s.text == store.db.Queries.Roll || s.text == store.db.Queries.End {
				continue // reads all of a table with a row for each process
			}
			plan := d.explain(t, s)
			assert.True(t, usesIndex(d.dialect, plan), "%.200s\n%.400s", s.text, plan)
		}
		if d.dialect == sqlstore.MySQL {
			testPurgeByPrimaryKey(t, d, d.sentBy(t, options, 1001))
		}
	})
}

// Rows are locked by primary key first, and no others than those to delete,
// also if the table is small.
func testPurgeByPrimaryKey(t *testing.T, d *database, sent []statement) {
	purges := 0
	for _, s := range sent {
		if strings.HasPrefix(s.text, "DELETE ") && strings.Contains(s.text, " IN (") {
			purges++
			assert.Regexp(t, `\| (const|range) \| PRIMARY \| PRIMARY \|`, d.explain(t, s), s.text)
		}
	}
	assert.Equal(t, 7, purges, "many at once, a hundred sessions and one, a hundred entries and one, a hundred claims and one")
}

// sentBy returns all that a store sends to tables with so many rows, which are
// there again when it returns.
func (d *database) sentBy(t *testing.T, options sqlstore.Options, rows int) []statement {
	t.Helper()
	d.fill(t, rows)
	pool, recorder := d.recording(t)
	store := newTested(t, pool, d.dialect, options)
	useSessions(t, store.Sessions())
	useList(t, store.log, rows)
	requireFirst(t, store, "id")
	_, err := store.Purge(t.Context())
	require.NoError(t, err)
	require.NoError(t, store.Ready(t.Context()))
	recorder.sent = slices.DeleteFunc(recorder.sent, asksCatalog)
	requireAll(t, d.dialect, store.db.Queries, recorder.sent)
	d.fill(t, rows)
	return recorder.sent
}

func asksCatalog(s statement) bool {
	return regexp.MustCompile(`information_schema|pg_index|sqlite_master|pragma_`).MatchString(s.text)
}

// useSessions calls every method for rows that fill makes.
func useSessions(t *testing.T, sessions *sqlstore.Sessions) {
	t.Helper()
	create(t, sessions, newSession(sessionID(1_000_000), "identity 17"))
	s, ok, err := sessions.Get(t.Context(), sessionID(555))
	require.NoError(t, err)
	require.True(t, ok)
	next := s
	next.Generation++
	replaced, err := sessions.Replace(t.Context(), s, next)
	require.NoError(t, err)
	require.True(t, replaced)
	all, err := sessions.List(t.Context(), "", "identity 17")
	require.NoError(t, err)
	require.Len(t, all, 4)
	deleted, err := sessions.Delete(t.Context(), sessionID(556))
	require.NoError(t, err)
	require.True(t, deleted)
	many := make([]ginjwt.Session, store.MaxBatch)
	for i := range many {
		many[i].ID = sessionID(300 + i)
	}
	require.NoError(t, sessions.DeleteMany(t.Context(), many))
}

// useList calls every method, also with as many keys as a statement may have.
func useList(t *testing.T, log replica.Log, rows int) {
	t.Helper()
	_, err := log.Contains(t.Context(), []idset.Key{entry(1).Key, entry(2).Key}, replica.Position{Seq: 1, Mark: "mark"})
	require.NoError(t, err)
	loaded := 0
	_, err = log.Load(t.Context(), func(idset.Entry) { loaded++ })
	require.NoError(t, err)
	require.Equal(t, rows-1, loaded, "numbers begin with 1")
	_, err = log.Since(t.Context(), replica.Position{Seq: int64(rows / 2), Mark: "mark"}, func(idset.Entry) {})
	require.NoError(t, err)
	add(t, log, entriesOf(sqldb.MaxKeys+1)...)
	restore(t, log)
}

// restore calls the methods that a lost list needs.
func restore(t *testing.T, log replica.Log) {
	t.Helper()
	me := replica.Member{ID: "me", Beat: 1}
	require.NoError(t, log.Found(t.Context(), "first"))
	_, _, err := log.Call(t.Context(), me)
	require.NoError(t, err)
	require.NoError(t, log.Begin(t.Context(), "first", "second", []string{"me"}))
	require.NoError(t, log.PassGiver(t.Context(), "second", "", "me"))
	require.NoError(t, log.End(t.Context(), "second"))
	require.NoError(t, log.Strike(t.Context(), me))
}

// requireAll fails the test if a statement that the package knows was not sent.
func requireAll(t *testing.T, dialect sqlstore.Dialect, queries sqldb.Queries, sent []statement) {
	t.Helper()
	texts := map[string]bool{}
	for _, s := range sent {
		texts[s.text] = true
	}
	for name, value := range reflect.ValueOf(queries).Fields() {
		if dialect == sqlstore.PostgreSQL && (name.Name == "Advance" || name.Name == "Insert") {
			continue // it takes numbers and uses them in one statement
		}
		if dialect == sqlstore.SQLite && name.Name == "Now" {
			continue // it has the clock of the process
		}
		assert.True(t, wasSent(value.Interface(), texts), name.Name)
	}
}

// wasSent looks for a statement, or for one with any number of keys.
func wasSent(query any, texts map[string]bool) bool {
	withKeys, ok := query.(func(int) string)
	if !ok {
		return texts[query.(string)]
	}
	for n := range sqldb.MaxKeys {
		if texts[withKeys(n+1)] {
			return true
		}
	}
	return false
}

// whenFewHaveExpired is a DELETE of sessions of which the time alone would find
// fewer.
func whenFewHaveExpired(t *testing.T, sent []statement) statement {
	t.Helper()
	for _, s := range sent {
		if strings.HasPrefix(s.text, "DELETE ") && len(s.args) == sqldb.MaxPurge+1 {
			s.args = append(slices.Clone(s.args[:sqldb.MaxPurge]), time.Now().Add(-99*time.Hour).UnixMilli())
			return s
		}
	}
	require.Fail(t, "no session was purged")
	return statement{}
}

func sessionID(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", i) }

// fill replaces all rows by new ones, of which one in ten has expired.
func (d *database) fill(t *testing.T, rows int) {
	t.Helper()
	now := time.Now().Add(30 * time.Minute)
	var sessions, entries, claims []string
	for i := range rows {
		expires := now.Add(time.Duration(i%1000-100) * time.Hour)
		sessions = append(sessions, fmt.Sprintf("('%s', 'identity %d', '', 1, 0, 0, 0, %d, 0)", sessionID(i), i/3, expires.UnixMilli()))
		key := d.blob(fmt.Sprintf("%032x", i*7919))
		entries = append(entries, fmt.Sprintf("(%d, 'mark', %s, %d)", i, key, expires.Unix()))
		claims = append(claims, fmt.Sprintf("(%s, 'mark', %d)", key, expires.Unix()))
	}
	for table, values := range map[string][]string{
		"e_sessions (id, identity, device, generation, created, rotated, grace, expires, changes)": sessions,
		"e_blocklist": entries,
		"e_once":      claims,
	} {
		into := "INSERT INTO " + table + " VALUES "
		table, _, _ = strings.Cut(table, " ")
		d.exec(t, map[sqlstore.Dialect]string{
			sqlstore.PostgreSQL: "TRUNCATE ", sqlstore.MySQL: "TRUNCATE TABLE ", sqlstore.SQLite: "DELETE FROM ",
		}[d.dialect]+table)
		for some := range slices.Chunk(values, 5000) {
			d.exec(t, into+strings.Join(some, ", "))
		}
		d.exec(t, map[sqlstore.Dialect]string{
			sqlstore.PostgreSQL: "ANALYZE ", sqlstore.MySQL: "ANALYZE TABLE ", sqlstore.SQLite: "ANALYZE ",
		}[d.dialect]+table)
	}
	// All of the entries may be purged.
	d.exec(t, fmt.Sprintf("UPDATE e_blocklist_head SET seq = %d, mark = 'mark'", rows+sqldb.KeptEntries))
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
func (d *database) explain(t *testing.T, s statement) string {
	t.Helper()
	var plan []string
	command := "EXPLAIN "
	if d.dialect == sqlstore.SQLite {
		command = "EXPLAIN QUERY PLAN "
	}
	for _, row := range d.query(t, command+s.text, s.args...) {
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
		sqlstore.PostgreSQL: `Seq Scan on e_(sessions|blocklist|once)\b|Sort`,
		sqlstore.MySQL:      `\| (ALL|index) \||filesort|temporary`,
		sqlstore.SQLite:     `SCAN |TEMP B-TREE`,
	}
	plan = strings.ReplaceAll(plan, "SCAN CONSTANT ROW", "") // of no table
	return !regexp.MustCompile(bad[dialect]).MatchString(plan)
}
