package strictjson

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// NumericDate is what RFC 7519 §2 calls a time in a claim. These are the ends
// of what can be one: the first second of year 1 and the last of year 9999.
const (
	MinDate = -62135596800
	MaxDate = 253402300799
)

// NumericDate reads the date of "iat", "nbf" or "exp" in whole seconds, cut
// off, as the original does with Python's int: numbers, text that holds a
// whole number, and true and false. What does not fit becomes the nearest
// int64, so that nothing wraps around.
func NumericDate(v Value) (seconds int64, ok bool) {
	switch v.Kind() {
	case 't':
		return 1, true
	case 'f':
		return 0, true
	case '0':
		return WholeSeconds(string(v))
	case '"':
		text, _ := v.Str()
		text = strings.TrimSpace(text)
		if !isWholeNumber(text) {
			return 0, false
		}
		return WholeSeconds(strings.ReplaceAll(text, "_", ""))
	}
	return 0, false
}

// WholeSeconds reads a number, cut off to whole seconds; one that is too large
// becomes the nearest int64.
func WholeSeconds(number string) (int64, bool) {
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
