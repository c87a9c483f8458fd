// Package schema says which version of the code may use which version of a store's data on
// a server.
package schema

import "fmt"

// Version is the version of the data on a server.
type Version struct {
	Number int64 // one more for each change
	Oldest int64 // the oldest version of the code that may still use it
}

// Check returns nil if code may use data of version v: data of its own version, and data of
// the next version if that allows it. So processes of the previous version keep working
// while they are replaced one after the other.
func (v Version) Check(code Version) error {
	switch {
	case v.Number < code.Number:
		return fmt.Errorf("the schema has version %d, and this code needs version %d", v.Number, code.Number)
	case v.Number == code.Number, v.IsNext(code):
		return nil
	}
	return fmt.Errorf("the schema has version %d, which is too new for this code of version %d", v.Number, code.Number)
}

// IsNext reports whether v is the version after code, and may be used by it.
func (v Version) IsNext(code Version) bool {
	return v.Number == code.Number+1 && v.Oldest <= code.Number
}
