package strictjson

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// MinDate and MaxDate are the smallest and largest NumericDate (RFC 7519 §2): the first
// second of year 1 and the last second of year 9999.
const (
	MinDate = -62135596800
	MaxDate = 253402300799
)

// NumericDate reads the date of "iat", "nbf" or "exp" and truncates it to whole seconds. Like
// Flask-JWT-Extended with Python's int, it reads numbers, text with a whole number, true and
// false. A number that does not fit becomes the nearest int64, so that nothing wraps around.
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

// WholeSeconds reads a number and truncates it to whole seconds. A number that does not fit
// becomes the nearest int64.
func WholeSeconds(number string) (int64, bool) {
	if seconds, ok := usualDate(number); ok {
		return seconds, true
	}
	seconds, err := strconv.ParseInt(number, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return seconds, true // for ErrRange ParseInt returns the nearest int64
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

// usualDate reads up to 18 digits, as dates have them.
func usualDate(digits string) (seconds int64, ok bool) {
	for i := range len(digits) {
		digit := digits[i] - '0'
		if digit > 9 || i == 18 {
			return 0, false
		}
		seconds = 10*seconds + int64(digit)
	}
	return seconds, digits != ""
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
