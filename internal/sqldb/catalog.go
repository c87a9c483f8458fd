package sqldb

import (
	"context"
	"database/sql"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/schema"
)

// catalog is the part of the tables that exists.
type catalog struct {
	columns map[string]map[string]bool // by table; empty for a table that does not exist
	indexes map[string]bool
	broken  map[string]bool // indexes that exist, but are not used
	head    bool            // {head} has its row
	behind  bool            // the row of {head} is behind the rows of {blocklist}
	version schema.Version  // 1 if none is recorded: code of version 1 records nothing
}

func newCatalog() catalog {
	return catalog{map[string]map[string]bool{}, map[string]bool{}, map[string]bool{}, false, false, schema.Version{Number: 1, Oldest: 1}}
}

// The kinds of things in the catalog of a dialect.
const (
	columnThing = "column"
	indexThing  = "index"
	brokenThing = "broken"
)

type thing struct{ kind, table, name string }

func (c *catalog) add(t thing) {
	switch t.kind {
	case columnThing:
		if c.columns[t.table] == nil {
			c.columns[t.table] = map[string]bool{}
		}
		c.columns[t.table][t.name] = true
	case indexThing:
		c.indexes[t.name] = true
	case brokenThing:
		c.broken[t.name] = true
	}
}

// readCatalog reads which parts of the tables exist. It waits for no lock on the tables, and
// needs only the right to read them.
func (db *DB) readCatalog(ctx context.Context) (catalog, error) {
	have := newCatalog()
	var names []any
	for range strings.Count(db.dialect.catalog, "{tables}") {
		for _, t := range tables {
			names = append(names, db.name(t.name))
		}
	}
	query := db.name(strings.ReplaceAll(db.dialect.catalog, "{tables}", repeat("?", len(tables))))
	things, err := readRows(ctx, db.pool, scanThing, query, names...)
	if err != nil {
		return have, err
	}
	for _, t := range things {
		have.add(t)
	}
	if have.head, have.behind, err = db.readHead(ctx, have); err != nil {
		return have, err
	}
	if columns := have.columns[db.name(`{schema}`)]; columns["version"] && columns["oldest"] {
		noted, err := readRows(ctx, db.pool, scanVersion, db.Queries.Version)
		if err != nil {
			return have, err
		}
		for _, v := range noted {
			have.version = v
		}
	}
	return have, nil
}

// catalogOf returns the complete catalog of a version.
func (db *DB) catalogOf(version int64) catalog {
	have := newCatalog()
	have.head, have.version.Number = true, version
	for _, t := range tables {
		for _, c := range t.columns {
			if max(t.since, c.since) <= version {
				have.add(thing{columnThing, db.name(t.name), c.name})
			}
		}
		for _, i := range t.indexes {
			if max(t.since, i.since) <= version {
				have.add(thing{indexThing, db.name(t.name), db.name(i.name)})
			}
		}
	}
	return have
}

func scanThing(rows *sql.Rows) (t thing, err error) {
	err = rows.Scan(&t.kind, &t.table, &t.name)
	return t, err
}

func scanVersion(rows *sql.Rows) (v schema.Version, err error) {
	err = rows.Scan(&v.Number, &v.Oldest)
	return v, err
}
