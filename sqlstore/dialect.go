package sqlstore

import (
	"fmt"

	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
)

// Dialect is the kind of a database.
type Dialect int

// The databases that a [Store] works with.
const (
	PostgreSQL Dialect = iota + 1
	MySQL              // also MariaDB; tables are made with InnoDB
	SQLite
)

// dialects are all databases that this package knows.
var dialects = map[Dialect]*sqldb.Dialect{
	PostgreSQL: sqldb.PostgreSQL,
	MySQL:      sqldb.MySQL,
	SQLite:     sqldb.SQLite,
}

// String returns the name of the database.
func (d Dialect) String() string {
	if known, ok := dialects[d]; ok {
		return known.Name
	}
	return fmt.Sprintf("Dialect(%d)", int(d))
}
