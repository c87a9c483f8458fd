package sqldb

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var dialects = []*Dialect{PostgreSQL, MySQL, SQLite}

func TestEveryKindOfColumnHasAType(t *testing.T) {
	t.Parallel()
	for _, d := range dialects {
		for _, table := range tables {
			for _, c := range table.columns {
				assert.NotEmpty(t, d.types[c.kind], "%s: %s.%s", d.Name, table.name, c.name)
			}
		}
	}
}

// Statements of the previous version do not name later columns, so these need a default.
func TestTablesGrow(t *testing.T) {
	t.Parallel()
	for _, table := range tables {
		for _, c := range table.columns {
			assert.LessOrEqual(t, c.since, version.Number)
			if c.since > table.since {
				assert.Contains(t, c.rest, "DEFAULT ", "%s.%s", table.name, c.name)
			}
		}
	}
	assert.Equal(t, version.Number-1, version.Oldest)
	assert.Equal(t, "DEFAULT -62135596800000", never)
	assert.EqualValues(t, -62135596800000, time.Time{}.UnixMilli())
	for _, d := range dialects {
		db := New(nil, d, "p_", 0)
		assert.Empty(t, db.gaps(db.catalogOf(version.Number)), d.Name)
		assert.NotEmpty(t, db.Upgrade(), d.Name)
	}
}
