package sqldb

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/schema"
)

// gap is a missing part of the tables: what to report, and how to fill it.
type gap struct {
	problems []string
	changes  []change
}

// change is one statement of a migration.
type change struct {
	text  string
	table string
	alone bool // must run outside a transaction in PostgreSQL
}

// missingIndex is an index to create. A broken index exists, but is not used.
type missingIndex struct {
	table, name, columns string
	broken               bool
}

// gaps compares the existing tables with what this code needs. Fill the gaps in this order:
// the version is recorded last, when everything else exists.
func (db *DB) gaps(have catalog) (all []gap) {
	for _, t := range tables {
		name := db.name(t.name)
		if len(have.columns[name]) == 0 {
			all = append(all, gap{[]string{fmt.Sprintf("table %s is missing", name)}, db.create(t)})
			continue
		}
		if g := db.missingColumns(t, name, have); len(g.changes) > 0 {
			all = append(all, g)
		}
		for _, i := range t.indexes {
			if m := (missingIndex{name, db.name(i.name), i.columns, have.broken[db.name(i.name)]}); !have.indexes[m.name] {
				all = append(all, gap{[]string{m.problem()}, []change{db.dialect.addIndex(m)}})
			}
		}
	}
	if !have.head {
		all = append(all, gap{db.rowProblem(have, `{head}`), []change{{text: db.name(insertHead + db.dialect.orNothing)}}})
	}
	if have.behind {
		all = append(all, gap{db.behindProblem(), []change{{text: db.name(raiseHead)}}})
	}
	if have.version.Number < version.Number {
		all = append(all, gap{db.rowProblem(have, `{schema}`), []change{{text: db.name(db.dialect.raiseVersion(version))}}})
	}
	return all
}

// foreign returns an error if a table exists without a column that it has had from the
// beginning. So the table is not one of this store, and must not be changed.
func (db *DB) foreign(have catalog) error {
	var problems []error
	for _, t := range tables {
		name := db.name(t.name)
		for _, c := range t.columns {
			if existing := have.columns[name]; c.since == 0 && len(existing) > 0 && !existing[c.name] {
				problems = append(problems, fmt.Errorf("table %s belongs to another program, or somebody has dropped its column %s: "+
					"use another Prefix, or restore the table", name, c.name))
				break
			}
		}
	}
	return errors.Join(problems...)
}

func (db *DB) missingColumns(t table, name string, have catalog) (g gap) {
	var definitions []string
	for _, c := range t.columns {
		if !have.columns[name][c.name] {
			g.problems = append(g.problems, fmt.Sprintf("table %s: column %s is missing", name, c.name))
			definitions = append(definitions, db.definition(c))
		}
	}
	if len(definitions) > 0 {
		for _, text := range db.dialect.addColumns(name, definitions) {
			g.changes = append(g.changes, change{text: text})
		}
	}
	return g
}

// rowProblem returns nil if the whole table is missing, which is reported already.
func (db *DB) rowProblem(have catalog, table string) []string {
	if name := db.name(table); len(have.columns[name]) > 0 {
		if table == `{schema}` {
			return []string{have.version.Check(version).Error()}
		}
		return []string{fmt.Sprintf("table %s: its row is missing", name)}
	}
	return nil
}

func (m missingIndex) problem() string {
	if m.broken {
		return fmt.Sprintf("table %s: index %s is broken", m.table, m.name)
	}
	return fmt.Sprintf("table %s: index %s is missing", m.table, m.name)
}

// create returns the changes that create a table and its indexes.
func (db *DB) create(t table) (changes []change) {
	var definitions []string
	for _, c := range t.columns {
		definitions = append(definitions, db.definition(c))
	}
	var indexes []missingIndex
	for _, i := range t.indexes {
		indexes = append(indexes, missingIndex{db.name(t.name), db.name(i.name), i.columns, false})
	}
	for _, text := range db.dialect.createTable(db.name(t.name), definitions, indexes) {
		changes = append(changes, change{text: text})
	}
	return changes
}

func (db *DB) definition(c column) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s NOT NULL %s", c.name, db.dialect.types[c.kind], c.rest))
}

// name fills in the names of tables.
func (db *DB) name(template string) string { return db.dialect.statement(db.prefix, template) }

// createTable returns the statement that creates a table; end is appended.
func createTable(name string, definitions []string, end string) string {
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (\n\t%s\n)%s", name, strings.Join(definitions, ",\n\t"), end)
}

// createTableThenIndexes is for databases that have CREATE INDEX IF NOT EXISTS.
func createTableThenIndexes(name string, definitions []string, indexes []missingIndex) []string {
	statements := []string{createTable(name, definitions, "")}
	for _, i := range indexes {
		statements = append(statements, fmt.Sprintf("CREATE INDEX IF NOT EXISTS %s ON %s (%s)", i.name, i.table, i.columns))
	}
	return statements
}

func insertVersion(v schema.Version) string {
	return fmt.Sprintf(`INSERT INTO {schema} (id, version, oldest) VALUES (1, %d, %d) `, v.Number, v.Oldest)
}

// raiseVersion records a version. It never lowers the version that another process recorded.
func raiseVersion(v schema.Version) string {
	return insertVersion(v) + fmt.Sprintf(`ON CONFLICT (id) DO UPDATE SET version = %d, oldest = %d WHERE {schema}.version < %d`,
		v.Number, v.Oldest, v.Number)
}
