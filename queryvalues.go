package ginjwt

import (
	"encoding/hex"
	"net/url"
	"strings"
	"unicode/utf8"
)

// queryValues returns the values of one parameter of a query, or of one field of a form
// that is written as one; two at the most.
func queryValues(query, name string) (values []string) {
	for query != "" && len(values) < 2 {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		key, value, _ := strings.Cut(pair, "=")
		if unescape(key) == name {
			values = append(values, unescape(value))
		}
	}
	return values
}

// unescape decodes what can be decoded, as the original does. What is no escape stays as
// it is, and bytes that are no UTF-8 are escapes again. net/url would drop the whole pair.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return strings.ReplaceAll(s, "+", " ")
	}
	b := make([]byte, 0, 64) // on the stack: a form may have very many short names
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '+' {
			c = ' '
		}
		if escape, ok := escapedByte(s[i:]); ok {
			c, i = escape, i+2
		}
		b = append(b, c)
	}
	return escapeInvalid(b)
}

// escapedByte returns the byte that s begins with, if that is escaped.
func escapedByte(s string) (byte, bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	var b [1]byte
	_, err := hex.Decode(b[:], []byte(s[1:3]))
	return b[0], err == nil
}

// escapeInvalid escapes the bytes that are no UTF-8.
func escapeInvalid(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var text strings.Builder
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			text.WriteString(url.QueryEscape(string(b[:1])))
		} else {
			text.Write(b[:size])
		}
		b = b[size:]
	}
	return text.String()
}
