package strictjson

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Value is the JSON text of one value, without blanks around it. It is empty if the value is
// absent. It is a part of the text from which it was read.
type Value string

// Kind is the first byte: one of n, t, f, ", [, { or, for every number, 0. It is
// 0 itself where there is no value.
func (v Value) Kind() byte {
	switch {
	case v == "":
		return 0
	case v[0] == '-' || '0' <= v[0] && v[0] <= '9':
		return '0'
	}
	return v[0]
}

// Str returns the text of a string.
func (v Value) Str() (text string, ok bool) {
	if v.Kind() != '"' {
		return "", false
	}
	if strings.IndexByte(string(v), '\\') < 0 {
		return string(v[1 : len(v)-1]), true // a part, not a copy
	}
	unquoted, err := jsontext.AppendUnquote(nil, string(v))
	return string(unquoted), err == nil
}

// Text returns the text of a string, and the JSON of anything else.
func (v Value) Text() string {
	if text, ok := v.Str(); ok {
		return text
	}
	return string(v)
}

// Member returns the member of an object with an unescaped name, or an empty Value. Here and
// in the following methods v must be valid JSON.
func (v Value) Member(name string) (member Value) {
	v.Visit(func(other string, m Value) bool {
		if other == name {
			member = m
		}
		return member == ""
	})
	return member
}

// Holds reports whether is returns true for an element of an array.
func (v Value) Holds(is func(Value) bool) bool {
	if v.Kind() != '[' {
		return false
	}
	for rest := skipTo(string(v[1:]), ','); rest[0] != ']'; rest = skipTo(rest, ',') {
		var element Value
		element, rest = cutValue(rest)
		if is(element) {
			return true
		}
	}
	return false
}

// Visit calls visit with each member of an object, whose name is unescaped, until it
// returns false.
func (v Value) Visit(visit func(name string, member Value) bool) {
	if v.Kind() != '{' {
		return
	}
	for rest := skipTo(string(v[1:]), ','); rest[0] != '}'; rest = skipTo(rest, ',') {
		var key, member Value
		key, member, rest = cutMember(rest)
		if !visit(key.Text(), member) {
			return
		}
	}
}

// At returns the value at a JSON Pointer (RFC 6901), or an empty Value.
func (v Value) At(pointer string) Value {
	part, rest, more := strings.Cut(pointer[1:], "/") // the first is a slash
	for v = v.child(part); more; v = v.child(part) {
		part, rest, more = strings.Cut(rest, "/")
	}
	return v
}

var unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")

// child returns the value that a part of a JSON Pointer names: a member, or an element by its
// index.
func (v Value) child(part string) Value {
	if strings.IndexByte(part, '~') >= 0 {
		part = unescapePointer.Replace(part)
	}
	if v.Kind() != '[' {
		return v.Member(part)
	}
	at, i := Value(""), 0
	v.Holds(func(element Value) bool {
		if strconv.Itoa(i) == part {
			at = element
		}
		i++
		return at != ""
	})
	return at
}

// Elements returns the first elements of an array, at most limit.
func (v Value) Elements(limit int) (list []Value) {
	for text := string(v[1:]); len(list) < limit; {
		text = skipTo(text, ',')
		if text[0] == ']' {
			break
		}
		var element Value
		element, text = cutValue(text)
		list = append(list, element)
	}
	return list
}

// IsFalsy reports whether v is absent, null, false, zero or empty, like "not" in Python.
func (v Value) IsFalsy() bool {
	switch v.Kind() {
	case '"':
		return len(v) == len(`""`)
	case '0':
		number, err := strconv.ParseFloat(string(v), 64)
		return err == nil && number == 0
	case '[', '{':
		return strings.TrimSpace(string(v[1:len(v)-1])) == ""
	case 't':
		return false
	}
	return true // absent, null or false
}

// IsInteger reports whether v is a number without fraction and exponent.
func (v Value) IsInteger() bool {
	return v.Kind() == '0' && strings.Trim(string(v), "-0123456789") == ""
}

// Unescape returns the name in a part of a JSON Pointer.
func Unescape(part string) string { return unescapePointer.Replace(part) }

// Object returns the object in a JSON text, which may have blanks around it.
func Object(text string) Value {
	return Value(strings.TrimLeft(text, " \t\r\n"))
}
