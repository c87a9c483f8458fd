package sqldb

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// numbered is an error as go-sql-driver/mysql has it.
type numbered struct {
	Number   uint16
	SQLState [5]byte
	Message  string
}

func (*numbered) Error() string { return "numbered" }

// coded is an error as go-mysql-org/go-mysql has it.
type coded struct {
	Code    uint16
	Message string
	State   string
}

func (*coded) Error() string { return "coded" }

// stated is an error of a driver that has the method.
type stated string

func (s stated) Error() string    { return "stated" }
func (s stated) SQLState() string { return string(s) }

// otherwise is an error whose number means something else.
type otherwise struct{ Number int }

func (otherwise) Error() string { return "otherwise" }

// embedding has the field of a struct that is not there.
type embedding struct{ *numbered }

func (embedding) Error() string { return "embedding" }

func TestWhatMySQLUndoes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"none":                       {nil, false},
		"deadlock":                   {&numbered{Number: 1213}, true},
		"lock wait timeout":          {&numbered{Number: 1205}, true},
		"duplicate key":              {&numbered{Number: 1062}, false},
		"wrapped":                    {fmt.Errorf("migrating: %w", &numbered{Number: 1213}), true},
		"joined":                     {errors.Join(errors.New("a"), fmt.Errorf("b: %w", &numbered{Number: 1205})), true},
		"joined with others":         {errors.Join(errors.New("a"), &numbered{Number: 1}), false},
		"nil of that type":           {(*numbered)(nil), false},
		"of another driver":          {&coded{Code: 1213}, true},
		"of another, no deadlock":    {&coded{Code: 1064}, false},
		"with a method":              {stated("40001"), true},
		"with a method, no victim":   {stated("23000"), false},
		"a number that is no uint16": {otherwise{1213}, false},
		"a number of nothing":        {embedding{}, false},
		"a text":                     {errors.New("Error 1213: Deadlock found"), false},
	} {
		assert.Equal(t, c.want, MySQL.undone(c.err), name)
	}
}
