package sqldb

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt/internal/replica"
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

// otherwise is an error whose field Number is something else.
type otherwise struct{ Number int }

func (otherwise) Error() string { return "otherwise" }

// embedding has the field through an embedded pointer that is nil.
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

// detailed is an error as pgx and lib/pq have it.
type detailed struct {
	stated
	Routine string
}

// fileError is an error as mattn/go-sqlite3 has it.
type fileError struct{ Code errNo }
type errNo int

func (fileError) Error() string { return "file" }

// extendedError is the same with an extended code.
type extendedError struct{ Code, ExtendedCode errNo }

func (extendedError) Error() string { return "file" }

func TestAdvice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dialect *Dialect
		err     error
		want    string // how the advice begins
	}{
		"statement twice":              {PostgreSQL, stated("42P05"), "a pooler"},
		"statement that is not there":  {PostgreSQL, stated("26000"), "a pooler"},
		"statement of others":          {PostgreSQL, detailed{"08P01", "exec_bind_message"}, "a pooler"},
		"what a pooler says of itself": {PostgreSQL, detailed{"08P01", ""}, ""},
		"wrong rows":                   {PostgreSQL, panicked{"index out of range"}, "a pooler"},
		"read-only transaction":        {PostgreSQL, stated("25006"), adviceReadOnly},
		"number in use":                {PostgreSQL, stated("23505"), adviceInUse},
		"syntax":                       {PostgreSQL, stated("42601"), ""},
		"MySQL, read_only":             {MySQL, &numbered{Number: 1290}, adviceReadOnly},
		"MySQL, innodb_read_only":      {MySQL, &numbered{Number: 1836}, adviceReadOnly},
		"MySQL, transaction":           {MySQL, &numbered{Number: 1792}, adviceReadOnly},
		"MySQL, number in use":         {MySQL, &numbered{Number: 1062}, adviceInUse},
		"MySQL, syntax":                {MySQL, &numbered{Number: 1064}, ""},
		"SQLite, read-only":            {SQLite, fileError{8}, adviceFile},
		"SQLite, extended code":        {SQLite, fileError{8 | 1<<8}, adviceFile},
		"SQLite, number in use":        {SQLite, fileError{1555}, adviceInUse},
		"no table":                     {PostgreSQL, stated("42P01"), adviceTables},
		"no right":                     {PostgreSQL, stated("42501"), adviceRights},
		"no connection left":           {PostgreSQL, stated("53300"), adviceTooMany},
		"MySQL, no table":              {MySQL, &numbered{Number: 1146}, adviceTables},
		"MySQL, no right":              {MySQL, &numbered{Number: 1142}, adviceRights},
		"MySQL, no connection left":    {MySQL, &numbered{Number: 1040}, adviceTooMany},
		"SQLite, busy":                 {SQLite, fileError{5}, adviceBusy},
		"SQLite, no directory":         {SQLite, fileError{14}, advicePath},
		"SQLite, full":                 {SQLite, fileError{13}, ""},
	} {
		err := New(nil, c.dialect, "", 0).withAdvice(c.err)
		assert.ErrorIs(t, err, c.err, name)
		if c.want == "" {
			assert.Equal(t, c.err, err, name)
			continue
		}
		assert.ErrorContains(t, err, "; "+c.want, name)
	}
	assert.NoError(t, New(nil, SQLite, "", 0).withAdvice(nil))
	for _, err := range []error{extendedError{5, 5 | 2<<8}, fileError{5 | 2<<8}} {
		assert.Equal(t, replica.Unfit(adviceOpen), New(nil, SQLite, "", 0).withAdvice(err))
	}
	assert.ErrorContains(t, New(nil, SQLite, "", 0).withAdvice(extendedError{5, 0}), adviceBusy)
	assert.True(t, SQLite.locked(fileError{5 | 2<<8}))
}
