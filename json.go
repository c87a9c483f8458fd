package ginjwt

import (
	stdjson "encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

var (
	errNotJSON   = errors.New("not valid JSON")
	errNotObject = errors.New("not a JSON object")
)

// value is the JSON of one value, without blanks around it; empty where it is
// absent. It is a part of the text that it was read from.
type value string

// kind is the first byte: one of n, t, f, ", [, { or, for every number, 0. It is
// 0 itself where there is no value.
func (v value) kind() byte {
	switch {
	case v == "":
		return 0
	case v[0] == '-' || '0' <= v[0] && v[0] <= '9':
		return '0'
	}
	return v[0]
}

// str returns the text of a string.
func (v value) str() (text string, ok bool) {
	if v.kind() != '"' {
		return "", false
	}
	if strings.IndexByte(string(v), '\\') < 0 {
		return string(v[1 : len(v)-1]), true // a part, not a copy
	}
	unquoted, err := jsontext.AppendUnquote(nil, string(v))
	return string(unquoted), err == nil
}

// text returns the text of a string, and the JSON of anything else.
func (v value) text() string {
	if text, ok := v.str(); ok {
		return text
	}
	return string(v)
}

// members calls visit for each member of the JSON object in data, which is text
// as bytes. Names and values are parts of text. Beyond RFC 8259 it refuses names
// that come twice, invalid UTF-8, lone surrogates (RFC 7493 §2) and text after
// the object.
func members(data []byte, text string, visit func(name string, v value), opts ...jsontext.Options) error {
	if !jsontext.Value(data).IsValid(opts...) {
		return errNotJSON
	}
	text = skipTo(text, ' ')
	if text[0] != '{' {
		return errNotObject
	}
	for text = skipTo(text[1:], ','); text[0] != '}'; text = skipTo(text, ',') {
		var name, v value
		name, v, text = cutMember(text)
		visit(name.text(), v)
	}
	return nil
}

// objectIn returns the object in a JSON text, which may have blanks around it.
func objectIn(text string) value {
	return value(strings.TrimLeft(text, " \t\r\n"))
}

// member returns the member of an object by its name, which is unescaped;
// nothing if there is none. As in all that follows, v is known to be valid JSON.
func (v value) member(name string) value {
	if v.kind() != '{' {
		return ""
	}
	for rest := skipTo(string(v[1:]), ','); rest[0] != '}'; rest = skipTo(rest, ',') {
		var key, member value
		key, member, rest = cutMember(rest)
		if key.text() == name {
			return member
		}
	}
	return ""
}

// holds reports whether is says so of an element of an array.
func (v value) holds(is func(value) bool) bool {
	if v.kind() != '[' {
		return false
	}
	for rest := skipTo(string(v[1:]), ','); rest[0] != ']'; rest = skipTo(rest, ',') {
		var element value
		element, rest = cutValue(rest)
		if is(element) {
			return true
		}
	}
	return false
}

// at returns what a JSON Pointer (RFC 6901) points to; nothing if it points
// nowhere.
func (v value) at(pointer string) value {
	part, rest, more := strings.Cut(pointer[1:], "/") // the first is a slash
	for v = v.child(part); more; v = v.child(part) {
		part, rest, more = strings.Cut(rest, "/")
	}
	return v
}

var unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")

// child returns what a part of a JSON Pointer names: a member, or an element by
// its index.
func (v value) child(part string) value {
	if strings.IndexByte(part, '~') >= 0 {
		part = unescapePointer.Replace(part)
	}
	if v.kind() != '[' {
		return v.member(part)
	}
	at, i := value(""), 0
	v.holds(func(element value) bool {
		if strconv.Itoa(i) == part {
			at = element
		}
		i++
		return at != ""
	})
	return at
}

// skipTo returns s from its next value on, which separator and blanks precede.
func skipTo(s string, separator byte) string {
	for s[0] <= ' ' || s[0] == separator {
		s = s[1:]
	}
	return s
}

// cutMember returns the first member in s, which is known to be in an object.
func cutMember(s string) (name, v value, rest string) {
	name, s = cutValue(s)
	v, rest = cutValue(skipTo(s, ':'))
	return name, v, rest
}

// cutValue returns the first value in s, which is known to be valid JSON.
func cutValue(s string) (v value, rest string) {
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
	return value(s[:end]), s[end:]
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

// exact are the options for reading and writing claims: numbers keep all their
// digits, on the way in and on the way out.
var exact = json.JoinOptions(
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

// NumericDate is what RFC 7519 §2 calls a time in a claim. These are the ends
// of what can be one: the first second of year 1 and the last of year 9999.
const (
	minDate = -62135596800
	maxDate = 253402300799
)

// numericDate reads the date of "iat", "nbf" or "exp" in whole seconds, cut
// off, as the original does with Python's int: numbers, text that holds a
// whole number, and true and false. What does not fit becomes the nearest
// int64, so that nothing wraps around.
func numericDate(v value) (seconds int64, ok bool) {
	switch v.kind() {
	case 't':
		return 1, true
	case 'f':
		return 0, true
	case '0':
		return wholeSeconds(string(v))
	case '"':
		text, _ := v.str()
		text = strings.TrimSpace(text)
		if !isWholeNumber(text) {
			return 0, false
		}
		return wholeSeconds(strings.ReplaceAll(text, "_", ""))
	}
	return 0, false
}

func wholeSeconds(number string) (int64, bool) {
	seconds, err := strconv.ParseInt(number, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return seconds, true // ParseInt gives the nearest
	}
	f, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil:
		return 0, false
	case f >= math.MaxInt64:
		return math.MaxInt64, true
	case f <= math.MinInt64:
		return math.MinInt64, true
	}
	return int64(f), true
}

// isWholeNumber reports whether Python's int would read s: a sign, then digits
// with single underscores between them.
func isWholeNumber(s string) bool {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	for part := range strings.SplitSeq(s, "_") {
		if part == "" || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return true
}

// appendString appends s as a JSON string. It fails if s is not UTF-8: to
// replace what is wrong would make another identity of it.
func appendString(b []byte, s string) ([]byte, error) {
	b, err := jsontext.AppendQuote(b, s)
	if err != nil {
		return nil, errors.New("is not valid UTF-8")
	}
	return b, nil
}
