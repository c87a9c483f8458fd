package sqlstore

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

// queries are all statements that a store sends, but for those of its schema.
// Each reads or writes by an index. Those with a number are for so many keys.
type queries struct {
	create, get, replace, remove, list string
	expiredSessions                    string
	purgeSessions                      func(n int) string

	head, advance, page string
	contains, known     func(n int) string
	insert              func(n int) string
	advanceAndInsert    func(n int) string // PostgreSQL only
	expiredEntries      string
	purgeEntries        func(n int) string
}

const (
	maxKeys  = 500  // in one statement: of 1000 constants MariaDB makes a table, and joins it
	maxPurge = 100  // keys of a DELETE: for more, MariaDB might rather scan, and lock, a small table
	pageSize = 1000 // rows of an answer
)

func newQueries(d Dialect, prefix string) queries {
	q := func(template string) string { return d.statement(prefix, template) }
	list := func(template string) func(int) string {
		return func(n int) string { return q(strings.Replace(template, "{keys}", repeat("?", n), 1)) }
	}
	all := queries{
		create: q(`INSERT INTO {sessions} (id, identity, device, generation, created, rotated, grace, expires, changes) ` +
			`VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0) ` + unlessThere(d)),
		get:  q(`SELECT ` + sessionColumns + ` FROM {sessions} WHERE id = ?`),
		list: q(`SELECT ` + sessionColumns + ` FROM {sessions} WHERE identity = ?`),
		// MySQL counts no row that stays as it was; changes never does.
		replace: q(`UPDATE {sessions} SET generation = ?, rotated = ?, grace = ?, expires = ?, changes = changes + 1 ` +
			`WHERE id = ? AND generation = ? AND rotated = ? AND grace = ?`),
		remove: q(`DELETE FROM {sessions} WHERE id = ?`),

		expiredSessions: q(fmt.Sprintf(`SELECT id FROM {sessions} WHERE expires < ? ORDER BY expires LIMIT %d`, maxPurge)),
		purgeSessions:   list(purgeSessions(d)),

		head:     q(`SELECT seq, mark FROM {head} WHERE id = 1`),
		advance:  q(`UPDATE {head} SET seq = seq + ?, mark = ? WHERE id = 1`),
		page:     q(fmt.Sprintf(`SELECT seq, mark, id, expires FROM {blocklist} WHERE seq >= ? ORDER BY seq LIMIT %d`, pageSize)),
		contains: list(`SELECT seq, mark, EXISTS (SELECT 1 FROM {blocklist} WHERE {blocklist}.id IN ({keys})) FROM {head} WHERE id = 1`),
		known:    list(`SELECT id, expires FROM {blocklist} WHERE id IN ({keys})`),
		insert: func(n int) string {
			return q(`INSERT INTO {blocklist} (seq, mark, id, expires) VALUES ` + repeat("(?, ?, ?, ?)", n))
		},
		expiredEntries: q(fmt.Sprintf(`SELECT seq FROM {blocklist} WHERE expires < ? AND seq <= ? ORDER BY expires LIMIT %d`, maxPurge)),
		purgeEntries:   list(`DELETE FROM {blocklist} WHERE seq IN ({keys})`),
	}
	all.advanceAndInsert = func(n int) string { return q(advanceAndInsert(n)) }
	return all
}

const sessionColumns = `id, identity, device, generation, created, rotated, grace, expires`

// unlessThere makes an INSERT do nothing if there is a row with that key, and
// count it as one only if there is none. MySQL counts a row that is changed
// instead as two; one that is set to what it was it would count as none or as
// one, as the client wishes, and INSERT IGNORE ignores much more.
func unlessThere(d Dialect) string {
	if d == MySQL {
		return `ON DUPLICATE KEY UPDATE changes = changes + 1`
	}
	return `ON CONFLICT (id) DO NOTHING`
}

// advanceAndInsert takes numbers and uses them in one statement, so that no
// client can hold the head longer than it takes the server to commit.
func advanceAndInsert(n int) string {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprintf("(%d, ?::bytea, ?::bigint)", i+1)
	}
	return fmt.Sprintf(`WITH head AS (UPDATE {head} SET seq = seq + %d, mark = ? WHERE id = 1 RETURNING seq, mark), `+
		`added (n, id, expires) AS (VALUES %s) `+
		`INSERT INTO {blocklist} (seq, mark, id, expires) `+
		`SELECT head.seq - %d + added.n, head.mark, added.id, added.expires FROM head, added`,
		n, strings.Join(values, ", "), n)
}

// purgeSessions deletes by primary key, as all other statements lock rows:
// deleting by time, MySQL would lock the other index first, and find itself in
// a deadlock with those who prolong a session.
func purgeSessions(d Dialect) string {
	if d == MySQL {
		return `DELETE s FROM {sessions} AS s FORCE INDEX (PRIMARY) WHERE s.id IN ({keys}) AND s.expires < ?`
	}
	return `DELETE FROM {sessions} WHERE id IN ({keys}) AND expires < ?`
}

// statement fills in the names of the tables. PostgreSQL numbers parameters.
func (d Dialect) statement(prefix, template string) string {
	text := strings.NewReplacer(
		"{sessions}", prefix+"sessions",
		"{blocklist}", prefix+"blocklist",
		"{head}", prefix+"blocklist_head",
	).Replace(template)
	if d != PostgreSQL {
		return text
	}
	var numbered strings.Builder
	for i, part := range strings.Split(text, "?") {
		if i > 0 {
			numbered.WriteString("$" + strconv.Itoa(i))
		}
		numbered.WriteString(part)
	}
	return numbered.String()
}

func repeat(item string, n int) string {
	return strings.TrimSuffix(strings.Repeat(item+", ", n), ", ")
}

func keyArgs(keys []idset.Key) []any {
	args := make([]any, len(keys))
	for i := range keys {
		args[i] = keys[i][:]
	}
	return args
}
