// Package strictjson reads JSON without ambiguity: duplicate names, invalid UTF-8 and lone
// surrogates are errors, names are compared exactly, and numbers keep all their digits.
package strictjson

import (
	stdjson "encoding/json"
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// The errors of Members.
var (
	ErrNotJSON   = errors.New("not valid JSON")
	ErrNotObject = errors.New("not a JSON object")
)

// Members calls visit for each member of the JSON object in data. text must be the same
// bytes as a string; names and values are parts of it. Beyond RFC 8259 it refuses duplicate
// names, invalid UTF-8, lone surrogates (RFC 7493 §2) and text after the object.
func Members(data []byte, text string, visit func(name string, v Value), opts ...jsontext.Options) error {
	var plain plainObject
	if len(opts) == 0 && plain.read(data) {
		plain.visit(text, visit)
		return nil
	}
	return anyMembers(data, text, visit, opts...)
}

// anyMembers is Members for every object, in two passes: the library judges, and then the
// members are cut out.
func anyMembers(data []byte, text string, visit func(name string, v Value), opts ...jsontext.Options) error {
	if !jsontext.Value(data).IsValid(opts...) {
		return ErrNotJSON
	}
	text = skipTo(text, ' ')
	if text[0] != '{' {
		return ErrNotObject
	}
	for text = skipTo(text[1:], ','); text[0] != '}'; text = skipTo(text, ',') {
		var name, v Value
		name, v, text = cutMember(text)
		visit(name.Text(), v)
	}
	return nil
}

// CheckObject returns the error of Members for data, without a copy of data as text.
func CheckObject(data []byte) error {
	var plain plainObject
	switch {
	case plain.read(data):
		return nil
	case !jsontext.Value(data).IsValid():
		return ErrNotJSON
	case jsontext.Value(data).Kind() != '{':
		return ErrNotObject
	}
	return nil
}

// skipTo skips separator and blanks, and returns the rest of s.
func skipTo(s string, separator byte) string {
	for s[0] <= ' ' || s[0] == separator {
		s = s[1:]
	}
	return s
}

// cutMember returns the first member in s, which is known to be in an object.
func cutMember(s string) (name, v Value, rest string) {
	name, s = cutValue(s)
	v, rest = cutValue(skipTo(s, ':'))
	return name, v, rest
}

// cutValue returns the first value in s, which is known to be valid JSON.
func cutValue(s string) (v Value, rest string) {
	end := len(s)
	switch s[0] {
	case '"':
		end = stringEnd(s)
	case '{', '[':
		end = nestingEnd(s)
	default:
		for i := range len(s) {
			if c := s[i]; c == ',' || c == '}' || c == ']' || c <= ' ' {
				end = i
				break
			}
		}
	}
	return Value(s[:end]), s[end:]
}

// stringEnd returns where the string at the beginning of s ends.
func stringEnd(s string) int {
	for i := 1; ; i++ {
		switch s[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
}

// nestingEnd returns where the object or array at the beginning of s ends.
func nestingEnd(s string) int {
	depth := 0
	for i := 0; ; i++ {
		switch s[i] {
		case '"':
			i += stringEnd(s[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
}

// Exact are the options for reading and writing claims: numbers keep all their
// digits, on the way in and on the way out.
var Exact = json.JoinOptions(
	json.Deterministic(true),
	jsonv1.FormatDurationAsNano(true),
	json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, v *any) error {
		if d.PeekKind() != '0' {
			return errors.ErrUnsupported
		}
		number, err := d.ReadValue()
		*v = stdjson.Number(number)
		return err
	})),
	json.WithMarshalers(json.MarshalToFunc(func(e *jsontext.Encoder, n stdjson.Number) error {
		return e.WriteValue(jsontext.Value(n))
	})),
)

// AppendString appends s as a JSON string. It fails if s is not UTF-8: replacing invalid
// bytes would turn an identity into another one.
func AppendString(b []byte, s string) ([]byte, error) {
	b, err := jsontext.AppendQuote(b, s)
	if err != nil {
		return nil, errors.New("is not valid UTF-8")
	}
	return b, nil
}
