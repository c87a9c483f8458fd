package sqlstore_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

type tables struct{ sessions, blocklist, head, roll, schema, once string }

// tablesOf returns the names of the tables of a store.
func tablesOf(store *tested) tables {
	words := strings.Fields(store.Schema())
	var names []string
	for i, word := range words {
		if word == "TABLE" {
			names = append(names, words[i+4])
		}
	}
	return tables{names[0], names[1], names[2], names[3], names[4], names[5]}
}

// text numbers parameters where they are numbered.
func (d *database) text(statement string) string {
	if d.dialect != sqlstore.PostgreSQL {
		return statement
	}
	for _, number := range []string{"$1", "$2"} {
		statement = strings.Replace(statement, "?", number, 1)
	}
	return statement
}

// columns and indexes of the tables whose names begin with a prefix, without it.
func (d *database) shape(t *testing.T, prefix string) (lines []string) {
	t.Helper()
	for _, query := range map[sqlstore.Dialect][]string{
		sqlstore.PostgreSQL: {
			`SELECT table_name, column_name, data_type, collation_name, is_nullable FROM information_schema.columns WHERE starts_with(table_name, $1) ORDER BY 1, 2`,
			`SELECT indexdef FROM pg_indexes WHERE starts_with(tablename, $1) ORDER BY 1`,
		},
		sqlstore.MySQL: {
			`SELECT table_name, column_name, column_type, is_nullable FROM information_schema.columns WHERE LOCATE(?, table_name) = 1 ORDER BY 1, 2`,
			`SELECT table_name, index_name, seq_in_index, column_name FROM information_schema.statistics WHERE LOCATE(?, table_name) = 1 ORDER BY 1, 2, 3`,
			`SELECT table_name, engine FROM information_schema.tables WHERE LOCATE(?, table_name) = 1 ORDER BY 1`,
		},
		sqlstore.SQLite: {`SELECT name, sql FROM sqlite_schema WHERE instr(tbl_name, ?) = 1 ORDER BY 1`},
	}[d.dialect] {
		for _, row := range d.query(t, query, prefix) {
			lines = append(lines, strings.ReplaceAll(strings.Join(row, " | "), prefix, ""))
		}
	}
	for _, row := range append(d.query(t, "SELECT id, version, oldest FROM "+prefix+"schema"),
		d.query(t, "SELECT id, seq, mark FROM "+prefix+"blocklist_head")...) {
		lines = append(lines, strings.Join(row, " | "))
	}
	return lines
}

// run runs the statements of a script.
func (d *database) run(t *testing.T, script string) {
	t.Helper()
	for statement := range strings.SplitSeq(script, ";\n") {
		if strings.TrimSpace(statement) != "" {
			d.exec(t, statement)
		}
	}
}

func TestSchema(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		options := patient
		options.Prefix = "migrated_"
		migrated := d.newStore(t, options)
		options.Prefix = "by_hand_"
		byHand, err := sqlstore.New(d.pool, d.dialect, options)
		require.NoError(t, err)
		for range 2 {
			d.run(t, byHand.Schema())
		}
		require.NoError(t, byHand.Check(t.Context()))
		want := d.shape(t, "migrated_")
		require.NotEmpty(t, want)
		assert.Equal(t, want, d.shape(t, "by_hand_"))

		place := add(t, migrated.log, entry(1))
		require.NoError(t, migrated.Migrate(t.Context()))
		assert.Equal(t, place, head(t, migrated.log), "what is there stays")
	})
}

func TestMigrateManyAtOnce(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		for _, prefix := range []string{"a1_", "a2_", "a3_"} {
			options := patient
			options.Prefix = prefix
			var migrating sync.WaitGroup
			for range 8 {
				pool := open(t, d.driver, d.dsn)
				migrating.Go(func() {
					store, err := sqlstore.New(pool, d.dialect, options)
					if assert.NoError(t, err) {
						assert.NoError(t, store.Migrate(t.Context()))
					}
				})
			}
			migrating.Wait()
			assert.Equal(t, "1 | 0 | ", d.shape(t, prefix)[len(d.shape(t, prefix))-1])
		}
		assert.Equal(t, d.shape(t, "a1_"), d.shape(t, "a2_"))
	})
}

func TestMigrateFails(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		store, err := sqlstore.New(d.pool, d.dialect, patient)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		assert.ErrorIs(t, store.Migrate(ctx), context.Canceled)
		d.exec(t, "CREATE TABLE ginjwt_blocklist_head (id INTEGER, seq BIGINT, mark VARCHAR(32), other INTEGER NOT NULL)")
		assert.ErrorContains(t, store.Migrate(t.Context()), "sqlstore: migrating: ")
	})
}
