package sqlstore

import (
	"fmt"

	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
)

// Dialect is a kind of database.
type Dialect int

// The databases that a [Store] supports.
const (
	PostgreSQL Dialect = iota + 1
	MySQL              // also for MariaDB; tables use InnoDB
	SQLite
)

// dialects are the supported databases.
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
