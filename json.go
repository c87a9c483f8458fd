package ginjwt

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"io"
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

// members calls visit for each member of the JSON object in data, with names
// and values that are parts of data. Beyond RFC 8259 it refuses names that come
// twice, invalid UTF-8, lone surrogates (RFC 7493 §2) and text after the object.
func members(data []byte, visit func(name []byte, value jsontext.Value), opts ...jsontext.Options) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(data), opts...)
	switch kind := d.PeekKind(); {
	case kind == '{':
	case jsontext.Value(data).IsValid(opts...):
		return errNotObject
	default:
		return errNotJSON
	}
	if _, err := d.ReadToken(); err != nil {
		return errNotJSON
	}
	for d.PeekKind() == '"' {
		quoted, err := d.ReadValue()
		if err != nil {
			return errNotJSON
		}
		name := memberName(quoted, data[:d.InputOffset()]) // before the decoder moves on
		value, err := d.ReadValue()
		if err != nil {
			return errNotJSON
		}
		end := int(d.InputOffset())
		visit(name, data[end-len(value):end:end])
	}
	if _, err := d.ReadToken(); err != nil {
		return errNotJSON
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return errNotJSON
	}
	return nil
}

// memberName returns the name whose JSON stands at the end of read.
func memberName(quoted jsontext.Value, read []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return read[len(read)-len(quoted)+1 : len(read)-1]
	}
	name, _ := jsontext.AppendUnquote(nil, quoted)
	return name
}

// jsonString returns the text of a JSON string.
func jsonString(v jsontext.Value) (text string, ok bool) {
	if v.Kind() != '"' {
		return "", false
	}
	unquoted, err := jsontext.AppendUnquote(nil, v)
	return string(unquoted), err == nil
}

// jsonText returns the text of a JSON string, and the JSON of anything else.
func jsonText(v jsontext.Value) string {
	if text, ok := jsonString(v); ok {
		return text
	}
	return string(v)
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
func numericDate(v jsontext.Value) (seconds int64, ok bool) {
	switch v.Kind() {
	case 't':
		return 1, true
	case 'f':
		return 0, true
	case '0':
		return wholeSeconds(string(v))
	case '"':
		text, _ := jsonString(v)
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
