package ginjwt

import (
	"encoding/hex"
	"net/url"
	"strings"
	"unicode/utf8"
)

// queryValues returns the values of one parameter of a query, or of one field
// of a urlencoded form. It returns at most two.
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

// unescape decodes percent escapes as Flask-JWT-Extended does. An invalid
// escape stays as it is, and invalid UTF-8 is escaped again. net/url would drop
// the whole pair.
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

// escapedByte returns the byte of the percent escape at the start of s, if
// there is one.
func escapedByte(s string) (byte, bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	var b [1]byte
	_, err := hex.Decode(b[:], []byte(s[1:3]))
	return b[0], err == nil
}

// escapeInvalid escapes the bytes that are not valid UTF-8.
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
