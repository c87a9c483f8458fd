package sqlstore

import (
	"maps"
	"reflect"
	"slices"

	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// Log is the blocklist without its local copy.
func (s *Store) Log() replica.Log { return s.db.List() }

// Dialects returns all dialects, in any order.
func Dialects() []Dialect { return slices.Collect(maps.Keys(dialects)) }

// Unset returns the names of the fields of a dialect that are not set.
func (d Dialect) Unset() (names []string) {
	value := reflect.ValueOf(*dialects[d])
	for i := range value.NumField() {
		if field := value.Field(i); field.IsZero() && field.Kind() != reflect.Bool {
			names = append(names, value.Type().Field(i).Name)
		}
	}
	return names
}
