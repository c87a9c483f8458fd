package sqldb

import (
	"fmt"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

// Queries are the statements of every dialect, except those of its schema. Each uses an
// index. The functions return the statement for n keys.
type Queries struct {
	Version string
	Ready   string
	Now     string // the database's clock, in Unix milliseconds

	Create, Get, Replace, Remove, List string
	ExpiredSessions                    string
	PurgeSessions                      func(n int) string

	Head, Standing, Advance, Page string
	Contains, Known               func(n int) string
	Insert                        func(n int) string
	ExpiredEntries                string
	PurgeEntries                  func(n int) string

	Found, Begin, PassGiver, End string
	Call, Roll                   string
	Expected, Strike             string

	Claim, Claimed string
	ExpiredClaims  string
	PurgeClaims    func(n int) string
}

// The numbers of rows in one statement.
const (
	MaxKeys  = 500  // keys of a SELECT: MariaDB turns 1000 constants into a table and joins it
	MaxPurge = 100  // keys of a DELETE: for more, MariaDB may scan and lock a small table
	pageSize = 1000 // rows of an answer
)

func newQueries(d *Dialect, prefix string) Queries {
	// The row of the last entry is never purged.
	standing := d.refusal + `, seq, mark, epoch, restoring, giver, ` + d.now +
		`, seq = 0 OR EXISTS (SELECT 1 FROM {blocklist} WHERE {blocklist}.seq = {head}.seq)`
	q := func(template string) string { return d.statement(prefix, template) }
	list := func(template string) func(int) string {
		return func(n int) string { return q(strings.Replace(template, "{keys}", repeat("?", n), 1)) }
	}
	purge := func(table string) func(int) string { return list(strings.ReplaceAll(d.purge, "{table}", table)) }
	return Queries{
		Version: q(`SELECT version, oldest FROM {schema} WHERE id = 1`),
		Ready:   q(ready(d)),
		Now:     q(`SELECT ` + d.now),

		Create: q(`INSERT INTO {sessions} (` + sessionColumns + `, changes) ` +
			`VALUES (` + repeat("?", strings.Count(sessionColumns, ",")+1) + `, 0) ` + d.unlessThere),
		Get:  q(`SELECT ` + sessionColumns + ` FROM {sessions} WHERE id = ?`),
		List: q(`SELECT ` + sessionColumns + ` FROM {sessions} WHERE identity = ? AND realm = ?`),
		// MySQL does not count a row that keeps its values; the column changes always changes.
		Replace: q(`UPDATE {sessions} SET ` + strings.ReplaceAll(changingColumns, ",", " = ?,") + ` = ?, changes = changes + 1 ` +
			`WHERE id = ? AND generation = ? AND rotated = ? AND grace = ?`),
		Remove: q(`DELETE FROM {sessions} WHERE id = ?`),

		ExpiredSessions: q(fmt.Sprintf(`SELECT id FROM {sessions} WHERE expires < ? ORDER BY expires LIMIT %d`, MaxPurge)),
		PurgeSessions:   purge(`{sessions}`),

		Head:     q(`SELECT seq, mark FROM {head} WHERE id = 1`),
		Advance:  q(`UPDATE {head} SET seq = seq + ?, mark = ? WHERE id = 1`),
		Page:     q(fmt.Sprintf(`SELECT seq, mark, id, expires FROM {blocklist} WHERE seq >= ? ORDER BY seq LIMIT %d`, pageSize)),
		Standing: q(`SELECT ` + standing + ` FROM {head} WHERE id = 1`),
		Contains: list(`SELECT ` + standing + `, EXISTS (SELECT 1 FROM {blocklist} WHERE {blocklist}.seq = ? AND {blocklist}.mark = ?), ` +
			`EXISTS (SELECT 1 FROM {blocklist} WHERE {blocklist}.id IN ({keys})) FROM {head} WHERE id = 1`),
		Known: list(`SELECT id, expires FROM {blocklist} WHERE id IN ({keys})`),
		Insert: func(n int) string {
			return q(`INSERT INTO {blocklist} (seq, mark, id, expires) VALUES ` + repeat("(?, ?, ?, ?)", n))
		},
		ExpiredEntries: q(fmt.Sprintf(`SELECT seq FROM {blocklist} WHERE expires < ? AND seq <= ? ORDER BY expires LIMIT %d`, MaxPurge)),
		PurgeEntries:   list(`DELETE FROM {blocklist} WHERE seq IN ({keys})`),

		Found:     q(`UPDATE {head} SET epoch = ? WHERE id = 1 AND epoch = ''`),
		Begin:     q(`UPDATE {head} SET seq = seq + 1, mark = ?, epoch = ?, restoring = 1, giver = '' WHERE id = 1 AND epoch = ?`),
		PassGiver: q(`UPDATE {head} SET giver = ? WHERE id = 1 AND epoch = ? AND giver = ?`),
		End: q(`UPDATE {head} SET restoring = 0, giver = '' WHERE id = 1 AND epoch = ? ` +
			`AND NOT EXISTS (SELECT 1 FROM {roll} WHERE gave <> ?)`),
		Call:     q(`INSERT INTO {roll} (id, beat, gave) VALUES (?, ?, ?) ` + d.orUpdate + `beat = ?, gave = ?`),
		Roll:     q(`SELECT {roll}.id, beat, gave, epoch FROM {roll}, {head} WHERE {head}.id = 1`),
		Expected: q(`INSERT INTO {roll} (id, beat, gave) VALUES (?, 0, '') ` + d.orUpdate + `beat = {roll}.beat`),
		Strike:   q(`DELETE FROM {roll} WHERE id = ? AND beat = ?`),

		Claim:         q(`INSERT INTO {once} (id, mark, expires) VALUES (?, ?, ?) ` + d.orNothing),
		Claimed:       q(`SELECT mark, ` + d.now + ` FROM {once} WHERE id = ?`),
		ExpiredClaims: q(fmt.Sprintf(`SELECT id FROM {once} WHERE expires < ? ORDER BY expires LIMIT %d`, MaxPurge)),
		PurgeClaims:   purge(`{once}`),
	}
}

// The columns of a session, and the columns that Replace writes.
const (
	sessionColumns  = `id, realm, identity, device, created, ` + changingColumns
	changingColumns = `generation, rotated, grace, expires, ends, key_hash, data, upstream_iss, upstream_sid, upstream_sub, jkt`
)

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
