package sqlstore

import (
	"fmt"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

// queries are the statements that every dialect sends, but for those of its
// schema. Each reads or writes by an index. Those with a number are for so many
// keys.
type queries struct {
	create, get, replace, remove, list string
	expiredSessions                    string
	purgeSessions                      func(n int) string

	head, advance, page string
	contains, known     func(n int) string
	insert              func(n int) string
	expiredEntries      string
	purgeEntries        func(n int) string
}

const (
	maxKeys  = 500  // in one statement: of 1000 constants MariaDB makes a table, and joins it
	maxPurge = 100  // keys of a DELETE: for more, MariaDB might rather scan, and lock, a small table
	pageSize = 1000 // rows of an answer
)

func newQueries(d *dialect, prefix string) queries {
	q := func(template string) string { return d.statement(prefix, template) }
	list := func(template string) func(int) string {
		return func(n int) string { return q(strings.Replace(template, "{keys}", repeat("?", n), 1)) }
	}
	return queries{
		create: q(`INSERT INTO {sessions} (id, identity, device, generation, created, rotated, grace, expires, changes) ` +
			`VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0) ` + d.unlessThere),
		get:  q(`SELECT ` + sessionColumns + ` FROM {sessions} WHERE id = ?`),
		list: q(`SELECT ` + sessionColumns + ` FROM {sessions} WHERE identity = ?`),
		// MySQL counts no row that stays as it was; changes never does.
		replace: q(`UPDATE {sessions} SET generation = ?, rotated = ?, grace = ?, expires = ?, changes = changes + 1 ` +
			`WHERE id = ? AND generation = ? AND rotated = ? AND grace = ?`),
		remove: q(`DELETE FROM {sessions} WHERE id = ?`),

		expiredSessions: q(fmt.Sprintf(`SELECT id FROM {sessions} WHERE expires < ? ORDER BY expires LIMIT %d`, maxPurge)),
		purgeSessions:   list(d.purgeSessions),

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
}

const sessionColumns = `id, identity, device, generation, created, rotated, grace, expires`

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
