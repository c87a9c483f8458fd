package sqldb

import (
	"reflect"
	"slices"
)

// hasErrorNumber returns a function that reports whether an error has one of the
// numbers of MySQL. No interface gives it: the errors of go-sql-driver/mysql, and of
// those like it, are structs with a field Number (or Code) of type uint16. This
// package requires no driver, so it looks for that field.
func hasErrorNumber(numbers ...uint16) func(error) bool {
	return func(err error) bool {
		return anyError(err, func(err error) bool {
			number, ok := errorNumber(err)
			return ok && slices.Contains(numbers, number)
		})
	}
}

func errorNumber(err error) (uint16, bool) {
	value := reflect.Indirect(reflect.ValueOf(err))
	if value.Kind() != reflect.Struct {
		return 0, false
	}
	for _, name := range []string{"Number", "Code"} {
		field, ok := value.Type().FieldByName(name)
		if ok && len(field.Index) == 1 && field.Type.Kind() == reflect.Uint16 {
			return uint16(value.FieldByIndex(field.Index).Uint()), true
		}
	}
	return 0, false
}

// anyError reports whether is is true of err, or of an error that it wraps.
func anyError(err error, is func(error) bool) bool {
	if err == nil {
		return false
	}
	if is(err) {
		return true
	}
	switch wrapping := err.(type) {
	case interface{ Unwrap() error }:
		return anyError(wrapping.Unwrap(), is)
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(wrapping.Unwrap(), func(err error) bool { return anyError(err, is) })
	}
	return false
}
