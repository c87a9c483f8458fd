package sqlstore_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// The tables of earlier versions, word for word but for the prefix, are in testdata. Of
// the version before there may be processes at work; of any other there is only what
// they have left.

// tablesOfVersion returns the statements that make them, with {} for the prefix.
func (d *database) tablesOfVersion(t *testing.T, version int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("testdata/version%d-%v.sql", version, d.dialect))
	require.NoError(t, err)
	return string(text)
}

// The statements of version 2 about sessions, word for word.
const (
	previousColumns = `id, realm, identity, device, created, ` +
		`generation, rotated, grace, expires, ends, key_hash, data, upstream_iss, upstream_sid, upstream_sub, jkt`
	previousCreate  = `INSERT INTO {}sessions (` + previousColumns + `, changes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) `
	previousGet     = `SELECT ` + previousColumns + ` FROM {}sessions WHERE id = ?`
	previousList    = `SELECT ` + previousColumns + ` FROM {}sessions WHERE identity = ? AND realm = ?`
	previousReplace = `UPDATE {}sessions SET generation = ?, rotated = ?, grace = ?, expires = ?, ends = ?, key_hash = ?, data = ?, ` +
		`upstream_iss = ?, upstream_sid = ?, upstream_sub = ?, jkt = ?, changes = changes + 1 ` +
		`WHERE id = ? AND generation = ? AND rotated = ? AND grace = ?`
	previousDelete  = `DELETE FROM {}sessions WHERE id = ?`
	previousVersion = `SELECT version, oldest FROM {}schema WHERE id = 1`
)

var previousUnlessThere = map[sqlstore.Dialect]string{
	sqlstore.PostgreSQL: `ON CONFLICT (id) DO NOTHING`,
	sqlstore.MySQL:      `ON DUPLICATE KEY UPDATE changes = changes + 1`,
	sqlstore.SQLite:     `ON CONFLICT (id) DO NOTHING`,
}

// version1Create makes a session in tables of any version.
const version1Create = `INSERT INTO {}sessions (id, identity, device, generation, created, rotated, grace, expires, changes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)`

// previous is a process of the version before, or what one of version 1 has left.
type previous struct {
	*database
	prefix string
}

// newPrevious makes the tables of version 2.
func (d *database) newPrevious(t *testing.T, prefix string) previous {
	t.Helper()
	return d.newOfVersion(t, 2, prefix)
}

func (d *database) newOfVersion(t *testing.T, version int, prefix string) previous {
	t.Helper()
	p := previous{d, prefix}
	d.run(t, p.statement(d.tablesOfVersion(t, version)))
	return p
}

func (p previous) statement(template string) string {
	text := strings.ReplaceAll(template, "{}", p.prefix)
	if p.dialect == sqlstore.PostgreSQL {
		for i := range strings.Count(text, "?") {
			text = strings.Replace(text, "?", fmt.Sprint("$", i+1), 1)
		}
	}
	return text
}

// change reports whether one row was changed.
func (p previous) change(t *testing.T, template string, args ...any) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patient.Timeout)
	defer cancel()
	result, err := p.pool.ExecContext(ctx, p.statement(template), args...)
	require.NoError(t, err)
	n, err := result.RowsAffected()
	require.NoError(t, err)
	return n == 1
}

// previousNever is the zero time there.
const previousNever = -62135596800000

// create makes the row of previousSession, but for the end of its grace.
func (p previous) create(t *testing.T, id string, grace int64) {
	t.Helper()
	require.True(t, p.change(t, version1Create, id, "alice", "Firefox", 3, 1000, 2000, grace, int64(expiry)))
}

func (p previous) get(t *testing.T, template string, args ...any) [][]string {
	t.Helper()
	return p.query(t, p.statement(template), args...)
}

const expiry = 4_102_444_800_000 // 2100-01-01T00:00:00Z

// openAt returns a store of this version on the tables of a prefix.
func (d *database) openAt(t *testing.T, prefix string) *tested {
	t.Helper()
	options := patient
	options.Prefix = prefix
	return newTested(t, d.pool, d.dialect, options)
}

func get(t *testing.T, store *tested, id string) ginjwt.Session {
	t.Helper()
	s, ok, err := store.Sessions().Get(t.Context(), id)
	require.NoError(t, err)
	require.True(t, ok)
	return s
}

func replace(t *testing.T, store *tested, old, next ginjwt.Session) bool {
	t.Helper()
	replaced, err := store.Sessions().Replace(t.Context(), old, next)
	require.NoError(t, err)
	return replaced
}

// graceOfBefore is the end of the grace of a previousSession.
const graceOfBefore = 62_500

// previousSession is what becomes of a row of version 1 whose grace ends 62.5
// seconds after the beginning of all times.
func previousSession(id string) ginjwt.Session {
	return ginjwt.Session{
		ID: id, Identity: "alice", Device: "Firefox", Generation: 3,
		CreatedAt: time.UnixMilli(1000).UTC(), RotatedAt: time.UnixMilli(2000).UTC(),
		HandedOutAt: time.UnixMilli(2500).UTC(), ExpiresAt: time.UnixMilli(expiry).UTC(),
	}
}

func TestUpgrade(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		fresh := d.newStore(t, sqlstore.Options{Prefix: "fresh_", Timeout: patient.Timeout})
		require.NoError(t, fresh.Check(t.Context()))
		migrate := func(t *testing.T, store *tested) { require.NoError(t, store.Migrate(t.Context())) }
		for name, c := range map[string]struct {
			from    int
			upgrade func(*testing.T, *tested)
		}{
			"migrated_":       {2, migrate},
			"by_hand_":        {2, func(t *testing.T, store *tested) { d.run(t, store.SchemaUpgrade()) }},
			"from_version_1_": {1, migrate},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				old, store := d.newOfVersion(t, c.from, name), d.openAt(t, name)
				old.create(t, sessionID(1), graceOfBefore)
				old.create(t, sessionID(2), previousNever)
				require.NoError(t, store.log.Append(t.Context(), []idset.Entry{entry(1)}))
				assert.Error(t, store.Check(t.Context()))
				assert.Error(t, store.Ready(t.Context()))

				c.upgrade(t, store)
				require.NoError(t, store.Check(t.Context()))
				require.NoError(t, store.Ready(t.Context()))
				s := get(t, store, sessionID(1))
				assert.Equal(t, previousSession(sessionID(1)), s)
				assert.True(t, get(t, store, sessionID(2)).HandedOutAt.IsZero())
				assert.EqualValues(t, 1, head(t, store.log).Seq)
				all, err := store.Sessions().List(t.Context(), "", "alice")
				require.NoError(t, err)
				assert.Len(t, all, 2)
				next := s
				next.Generation, next.Data, next.EndsAt = 4, "{}", s.ExpiresAt
				assert.True(t, replace(t, store, s, next))
				assert.Equal(t, next, get(t, store, sessionID(1)))
				requireFirst(t, store, "id")

				same := d.columnsAndIndexes(t, "fresh_")
				assert.Equal(t, same, slices.DeleteFunc(d.columnsAndIndexes(t, name), func(line string) bool {
					return strings.Contains(line, "sessions_identity") // is left alone
				}))
			})
		}
	})
}

// columnsAndIndexes is the shape of tables in any order of columns.
func (d *database) columnsAndIndexes(t *testing.T, prefix string) (lines []string) {
	t.Helper()
	if d.dialect != sqlstore.SQLite {
		all := d.shape(t, prefix)
		return all[:len(all)-1] // without the head of the list
	}
	for _, row := range d.query(t, "SELECT t.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk FROM sqlite_master t, pragma_table_info(t.name) c "+
		"WHERE instr(t.tbl_name, ?) = 1 ORDER BY 1, 2", prefix) {
		lines = append(lines, strings.ReplaceAll(strings.Join(row, " | "), prefix, ""))
	}
	for _, row := range d.query(t, "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND instr(tbl_name, ?) = 1 ORDER BY 1", prefix) {
		lines = append(lines, strings.ReplaceAll(row[0], prefix, ""))
	}
	return lines
}

// Processes of version 2 work on the tables while they are replaced.
func TestProcessesOfTheVersionBefore(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		old, store := d.newPrevious(t, "p_"), d.openAt(t, "p_")
		require.NoError(t, store.Migrate(t.Context()))
		assert.Equal(t, [][]string{{"3", "2"}}, old.get(t, previousVersion), "which version 2 accepts")
		requireFirst(t, store, "id")

		id := sessionID(1)
		s := newSession(id, "alice")
		s.Realm, s.CreatedAt = "tenant", time.UnixMilli(1000).UTC()
		s.RotatedAt, s.HandedOutAt = time.UnixMilli(90_000).UTC(), time.UnixMilli(100_000).UTC()
		s.ExpiresAt, s.EndsAt = time.UnixMilli(expiry).UTC(), time.UnixMilli(expiry+1).UTC()
		s.Data, s.KeyHash, s.JKT = `{"a":1}`, "hash:1", "thumb"
		s.Upstream.Issuer, s.Upstream.SID, s.Upstream.Subject = "iss", "sid", "sub"
		create(t, store.Sessions(), s)
		changing := []any{1, 90_000, 160_000, int64(expiry), int64(expiry + 1), "hash:1", `{"a":1}`, "iss", "sid", "sub", "thumb"}
		row := []string{id, "tenant", "alice", "Firefox", "1000"}
		for _, cell := range changing {
			row = append(row, fmt.Sprint(cell))
		}
		assert.Equal(t, [][]string{row}, old.get(t, previousGet, id))
		assert.Equal(t, [][]string{row}, old.get(t, previousList, "alice", "tenant"))
		require.False(t, old.change(t, previousCreate+previousUnlessThere[d.dialect],
			append([]any{id, "tenant", "alice", "Firefox", 1000}, changing...)...))
		require.True(t, old.change(t, previousCreate+previousUnlessThere[d.dialect],
			append([]any{sessionID(2), "tenant", "alice", "Firefox", 1000}, changing...)...))
		another := s
		another.ID = sessionID(2)
		assert.Equal(t, another, get(t, store, sessionID(2)))

		changing[0], changing[1] = 2, 120_000
		require.True(t, old.change(t, previousReplace, append(slices.Clone(changing), id, 1, 90_000, 160_000)...))
		next := s
		next.Generation, next.RotatedAt = 2, time.UnixMilli(120_000).UTC()
		assert.Equal(t, next, get(t, store, id))
		assert.False(t, replace(t, store, s, next), "the other process was first")
		third := next
		third.Generation = 3
		require.True(t, replace(t, store, next, third))
		assert.False(t, old.change(t, previousReplace, append(slices.Clone(changing), id, 2, 120_000, 160_000)...), "this one was first")

		require.True(t, old.change(t, previousDelete, id))
		deleted, err := store.Sessions().Delete(t.Context(), id)
		require.NoError(t, err)
		assert.False(t, deleted)
	})
}
