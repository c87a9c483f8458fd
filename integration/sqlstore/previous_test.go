package sqlstore_test

import (
	"context"
	"fmt"
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

// The tables of version 1, word for word, but for the prefix.
var previousSchema = map[sqlstore.Dialect]string{
	sqlstore.PostgreSQL: `CREATE TABLE IF NOT EXISTS {}sessions (
	id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	identity   TEXT COLLATE "C" NOT NULL,
	device     TEXT NOT NULL,
	generation BIGINT NOT NULL,
	created    BIGINT NOT NULL,
	rotated    BIGINT NOT NULL,
	grace      BIGINT NOT NULL,
	expires    BIGINT NOT NULL,
	changes    BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS {}sessions_identity ON {}sessions (identity);
CREATE INDEX IF NOT EXISTS {}sessions_expires ON {}sessions (expires);
CREATE TABLE IF NOT EXISTS {}blocklist (
	seq     BIGINT NOT NULL PRIMARY KEY,
	mark    TEXT NOT NULL,
	id      BYTEA NOT NULL,
	expires BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS {}blocklist_id ON {}blocklist (id);
CREATE INDEX IF NOT EXISTS {}blocklist_expires ON {}blocklist (expires);
CREATE TABLE IF NOT EXISTS {}blocklist_head (
	id   BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
	seq  BIGINT NOT NULL,
	mark TEXT NOT NULL
);
INSERT INTO {}blocklist_head (id, seq, mark) VALUES (1, 0, '') ON CONFLICT (id) DO NOTHING;
`,
	sqlstore.MySQL: `CREATE TABLE IF NOT EXISTS {}sessions (
	id         VARBINARY(36) NOT NULL PRIMARY KEY,
	identity   VARBINARY(255) NOT NULL,
	device     VARBINARY(255) NOT NULL,
	generation BIGINT NOT NULL,
	created    BIGINT NOT NULL,
	rotated    BIGINT NOT NULL,
	grace      BIGINT NOT NULL,
	expires    BIGINT NOT NULL,
	changes    BIGINT NOT NULL,
	INDEX {}sessions_identity (identity),
	INDEX {}sessions_expires (expires)
) ENGINE = InnoDB;
CREATE TABLE IF NOT EXISTS {}blocklist (
	seq     BIGINT NOT NULL PRIMARY KEY,
	mark    VARBINARY(32) NOT NULL,
	id      BINARY(16) NOT NULL,
	expires BIGINT NOT NULL,
	INDEX {}blocklist_id (id),
	INDEX {}blocklist_expires (expires)
) ENGINE = InnoDB;
CREATE TABLE IF NOT EXISTS {}blocklist_head (
	id   BIGINT NOT NULL PRIMARY KEY,
	seq  BIGINT NOT NULL,
	mark VARBINARY(32) NOT NULL
) ENGINE = InnoDB;
INSERT INTO {}blocklist_head (id, seq, mark) VALUES (1, 0, '') ON DUPLICATE KEY UPDATE id = 1;
`,
	sqlstore.SQLite: `CREATE TABLE IF NOT EXISTS {}sessions (
	id         TEXT NOT NULL PRIMARY KEY,
	identity   TEXT NOT NULL,
	device     TEXT NOT NULL,
	generation INTEGER NOT NULL,
	created    INTEGER NOT NULL,
	rotated    INTEGER NOT NULL,
	grace      INTEGER NOT NULL,
	expires    INTEGER NOT NULL,
	changes    INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS {}sessions_identity ON {}sessions (identity);
CREATE INDEX IF NOT EXISTS {}sessions_expires ON {}sessions (expires);
CREATE TABLE IF NOT EXISTS {}blocklist (
	seq     INTEGER NOT NULL PRIMARY KEY,
	mark    TEXT NOT NULL,
	id      BLOB NOT NULL,
	expires INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS {}blocklist_id ON {}blocklist (id);
CREATE INDEX IF NOT EXISTS {}blocklist_expires ON {}blocklist (expires);
CREATE TABLE IF NOT EXISTS {}blocklist_head (
	id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	seq  INTEGER NOT NULL,
	mark TEXT NOT NULL
);
INSERT INTO {}blocklist_head (id, seq, mark) VALUES (1, 0, '') ON CONFLICT (id) DO NOTHING;
`,
}

// The statements of version 1 about sessions, word for word.
const (
	previousColumns = `id, identity, device, generation, created, rotated, grace, expires`
	previousCreate  = `INSERT INTO {}sessions (id, identity, device, generation, created, rotated, grace, expires, changes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0) `
	previousGet     = `SELECT ` + previousColumns + ` FROM {}sessions WHERE id = ?`
	previousList    = `SELECT ` + previousColumns + ` FROM {}sessions WHERE identity = ?`
	previousReplace = `UPDATE {}sessions SET generation = ?, rotated = ?, grace = ?, expires = ?, changes = changes + 1 ` +
		`WHERE id = ? AND generation = ? AND rotated = ? AND grace = ?`
	previousDelete = `DELETE FROM {}sessions WHERE id = ?`
)

var previousUnlessThere = map[sqlstore.Dialect]string{
	sqlstore.PostgreSQL: `ON CONFLICT (id) DO NOTHING`,
	sqlstore.MySQL:      `ON DUPLICATE KEY UPDATE changes = changes + 1`,
	sqlstore.SQLite:     `ON CONFLICT (id) DO NOTHING`,
}

// previous is a process of version 1.
type previous struct {
	*database
	prefix string
}

// newPrevious makes the tables of version 1.
func (d *database) newPrevious(t *testing.T, prefix string) previous {
	t.Helper()
	p := previous{d, prefix}
	d.run(t, p.statement(previousSchema[d.dialect]))
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

func (p previous) create(t *testing.T, id, identity string, generation, created, rotated, grace, expires int64) bool {
	t.Helper()
	return p.change(t, previousCreate+previousUnlessThere[p.dialect], id, identity, "Firefox", generation, created, rotated, grace, expires)
}

func (p previous) get(t *testing.T, template string, arg string) [][]string {
	t.Helper()
	return p.query(t, p.statement(template), arg)
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
		for name, upgrade := range map[string]func(*testing.T, *tested){
			"migrated_": func(t *testing.T, store *tested) { require.NoError(t, store.Migrate(t.Context())) },
			"by_hand_":  func(t *testing.T, store *tested) { d.run(t, store.SchemaUpgrade()) },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				old, store := d.newPrevious(t, name), d.openAt(t, name)
				require.True(t, old.create(t, sessionID(1), "alice", 3, 1000, 2000, 62_500, expiry))
				require.True(t, old.create(t, sessionID(2), "alice", 1, 1000, 2000, previousNever, expiry))
				require.NoError(t, store.log.Append(t.Context(), []idset.Entry{entry(1)}))
				assert.Error(t, store.Check(t.Context()))
				assert.Error(t, store.Ready(t.Context()))

				upgrade(t, store)
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

// Processes of version 1 work on the tables while they are replaced.
func TestProcessesOfTheVersionBefore(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		old, store := d.newPrevious(t, "p_"), d.openAt(t, "p_")
		require.NoError(t, store.Migrate(t.Context()))
		id := sessionID(1)
		s := newSession(id, "alice")
		s.CreatedAt, s.RotatedAt, s.HandedOutAt = time.UnixMilli(1000).UTC(), time.UnixMilli(90_000).UTC(), time.UnixMilli(100_000).UTC()
		s.ExpiresAt, s.EndsAt = time.UnixMilli(expiry).UTC(), time.UnixMilli(expiry+1).UTC()
		s.Data, s.KeyHash, s.JKT = `{"a":1}`, "hash:1", "thumb"
		create(t, store.Sessions(), s)

		row := []string{id, "alice", "Firefox", "1", "1000", "90000", "160000", fmt.Sprint(int64(expiry))}
		assert.Equal(t, [][]string{row}, old.get(t, previousGet, id), "accepts the generation before for a minute after the tokens were handed out")
		assert.Equal(t, [][]string{row}, old.get(t, previousList, "alice"))
		require.False(t, old.create(t, id, "alice", 1, 1, 1, 1, expiry))
		require.True(t, old.change(t, previousReplace, 2, 120_000, previousNever, expiry, id, 1, 90_000, 160_000))
		next := s
		next.Generation, next.RotatedAt, next.HandedOutAt = 2, time.UnixMilli(120_000).UTC(), time.Time{}
		assert.Equal(t, next, get(t, store, id))
		assert.False(t, replace(t, store, s, next), "the other process was first")

		handedOut := next
		handedOut.HandedOutAt = time.UnixMilli(130_000).UTC()
		require.True(t, replace(t, store, next, handedOut))
		assert.False(t, old.change(t, previousReplace, 3, 1, 1, expiry, id, 2, 120_000, previousNever), "this one was first")
		assert.Equal(t, "190000", old.get(t, previousGet, id)[0][6])
		require.True(t, old.change(t, previousReplace, 2, 120_000, 140_000, expiry, id, 2, 120_000, 190_000), "a grace of its own")
		assert.Equal(t, time.UnixMilli(80_000).UTC(), get(t, store, id).HandedOutAt)

		require.True(t, old.create(t, sessionID(2), "alice", 3, 1000, 2000, 62_500, expiry), "new columns have a default")
		assert.Equal(t, previousSession(sessionID(2)), get(t, store, sessionID(2)))
		all, err := store.Sessions().List(t.Context(), "", "alice")
		require.NoError(t, err)
		assert.Len(t, all, 2)
		require.True(t, old.change(t, previousDelete, id))
		deleted, err := store.Sessions().Delete(t.Context(), id)
		require.NoError(t, err)
		assert.False(t, deleted)
	})
}
