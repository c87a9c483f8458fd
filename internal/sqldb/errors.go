package sqldb

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// withAdvice adds to an error what to do about it, if that is known.
func (db *DB) withAdvice(err error) error {
	if err == nil {
		return nil
	}
	for _, a := range db.dialect.advice {
		if a.about(err) && a.unfit {
			db.left.Store(true)
			return replica.Unfit(a.text)
		} else if a.about(err) {
			return fmt.Errorf("%w; %s", err, a.text)
		}
	}
	return err
}

// advice is what to do about some errors of a kind of database.
type advice struct {
	about func(error) bool
	text  string
	unfit bool // the connection cannot be used, so the text replaces the error
}

const (
	adviceReadOnly = "the server, or the connection, takes no writes: connect to the primary, with a role that may write"
	adviceInUse    = "numbers of the blocklist are in use already: call Migrate"
	adviceOpen     = "a transaction is open on the connection, so that nothing is committed: do not begin transactions with Exec, but with BeginTx"
	adviceTables   = "call Migrate, or connect to the database and the schema that have the tables"
	adviceRights   = "grant the rights to the role of the connection: processes need SELECT, INSERT, UPDATE and DELETE on all tables of the store, Migrate may also change tables"
	adviceTooMany  = "limit the pool of each process (SetMaxOpenConns), or allow more connections on the server"
)

// panicked is the value of a driver's panic. It is returned as an error, because the panic
// happens in a goroutine where no middleware of the caller can recover it.
type panicked struct{ value any }

func (p panicked) Error() string { return fmt.Sprintf("the driver panicked: %v", p.value) }

func isPanic(err error) bool { return errors.As(err, new(panicked)) }

func guarded[T any](ask func(context.Context) (T, error)) func(context.Context) (T, error) {
	return func(ctx context.Context) (value T, err error) {
		defer func() {
			if p := recover(); p != nil {
				err = panicked{p}
			}
		}()
		return ask(ctx)
	}
}

// anyOf returns a function that reports whether one of kinds is true for an error.
func anyOf(kinds ...func(error) bool) func(error) bool {
	return func(err error) bool {
		return slices.ContainsFunc(kinds, func(is func(error) bool) bool { return is(err) })
	}
}

// hasErrorNumber returns a function that reports whether an error has one of these MySQL
// numbers. No interface has the number: the errors of go-sql-driver/mysql and similar
// drivers are structs with a field Number (or Code) of type uint16. This package requires no
// driver, so it looks for that field by reflection.
func hasErrorNumber(numbers ...uint16) func(error) bool {
	return func(err error) bool {
		return anyError(err, func(err error) bool {
			value, ok := errorField(err, reflect.Uint16, "Number", "Code")
			return ok && slices.Contains(numbers, uint16(value.Uint()))
		})
	}
}

// errorField returns a field of an error that is a struct: the first of names that exists
// with that kind.
func errorField(err error, kind reflect.Kind, names ...string) (value reflect.Value, ok bool) {
	fields := reflect.Indirect(reflect.ValueOf(err))
	if fields.Kind() != reflect.Struct {
		return value, false
	}
	for _, name := range names {
		field, ok := fields.Type().FieldByName(name)
		if ok && len(field.Index) == 1 && field.Type.Kind() == kind {
			return fields.FieldByIndex(field.Index), true
		}
	}
	return value, false
}

// anyError reports whether is returns true for err, or for an error that err wraps.
func anyError(err error, is func(error) bool) bool {
	if err == nil {
		return false
	}
	if is(err) {
		return true
	}
	switch wrapping := any(err).(type) {
	case interface{ Unwrap() error }:
		return anyError(wrapping.Unwrap(), is)
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(wrapping.Unwrap(), func(err error) bool { return anyError(err, is) })
	}
	return false
}
