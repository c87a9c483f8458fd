package ginjwt

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/oddtext"
)

// People copy values from Python code, and from .env files that each program parses in
// its own way. Leftover syntax would become part of the value.

var (
	pythonCall   = regexp.MustCompile(`^(?:[A-Za-z_]\w*\.)*(?:timedelta|environ|environ\.get|getenv|get_env|urandom|token_hex|token_urlsafe|token_bytes|uuid4|b64decode|config|get|env|int|str|bool|open)\s*[(\[].*[)\]]`)
	product      = regexp.MustCompile(`^\d{1,9}(?:\s*\*\s*\d{1,9})+$`)
	comment      = regexp.MustCompile(`(?:^|\s)#`)
	pythonFile   = regexp.MustCompile(`^(?:\w+\.)?open\s*\(`)
	deltaInUnits = regexp.MustCompile(`^(?:datetime\.)?timedelta\(\s*(weeks|days|hours|minutes|seconds)\s*=\s*(\d{1,9})\s*\)$`)
)

// nothing lists how other languages write "no value".
var nothing = []string{"None", "null", "nil", "undefined"}

// misread returns an error for a value with the syntax of another reader, such as
// Python: as a string it would mean something else. Keys and secrets may be any string;
// suspicious checks them.
func misread(name, field, value string) error {
	switch {
	case slices.Contains(nothing, value) && !takesNone(name):
		return fmt.Errorf(`is the string %q, which does not mean "no value" in ginjwt; remove the variable`, value)
	case pythonCall.MatchString(value):
		return errors.New("is a Python expression, which is not evaluated; " + insteadOf(name, field, value))
	case holdsKey(name, field) || name == "JWT_REALM":
		return nil
	case oddtext.InQuotes(value):
		return errors.New("has quotes around it, which docker run --env-file and Kubernetes keep as part of the value; remove them")
	case oddtext.IsPython(value):
		return errors.New("is a Python literal; write only what is between the quotes")
	case comment.MatchString(value):
		return errors.New(`ends in a comment, from the "#" on, which docker run --env-file keeps as part of the value; put the comment on its own line`)
	case holdsText(field) && (strings.EqualFold(value, "true") || strings.EqualFold(value, "false")):
		return fmt.Errorf("is %s, but this setting is not a flag; set a value or remove it", value)
	case value != strings.TrimSpace(value) && !mayHaveBlanks(name, field):
		return errors.New("has white space around it, such as the carriage return of a Windows file; remove the white space")
	case product.MatchString(value):
		return errors.New("is a Python expression, which is not evaluated; " + insteadOf(name, field, value))
	}
	return nil
}

// insteadOf says what to write instead of a Python expression. It shows the result only
// if the expression consists of numbers and units.
func insteadOf(name, field, value string) string {
	if holdsKey(name, field) && pythonFile.MatchString(value) {
		return "set " + name + "_FILE to the path of the file"
	}
	if typeOf(field) == reflect.TypeFor[time.Duration]() {
		if parts := deltaInUnits.FindStringSubmatch(value); parts != nil {
			if parts[1] == "weeks" {
				return "write the days, such as 14d"
			}
			return "write " + parts[2] + parts[1][:1]
		}
		if product.MatchString(value) {
			if seconds, ok := multiply(value); ok {
				return fmt.Sprintf("write the seconds: %d", seconds)
			}
		}
		return `write the resulting duration, such as "15m" or "30d"`
	}
	return "write the resulting value"
}

func multiply(factors string) (n int64, ok bool) {
	n = 1
	for factor := range strings.SplitSeq(factors, "*") {
		f, err := strconv.ParseInt(strings.TrimSpace(factor), 10, 64)
		if err != nil || f > 0 && n > maxDays*24*3600/f {
			return 0, false
		}
		n *= f
	}
	return n, true
}

// suspicious returns what is odd about a value that LoadConfig accepts unchanged. The
// secret may come from a file.
func suspicious(name, value, secret string) (problem, fix string) {
	switch name {
	case "JWT_SECRET_KEY_FILE":
		return suspiciousBytes(secret)
	case "JWT_SECRET_KEY":
		return suspiciousSecret(secret)
	case "JWT_ACCESS_TOKEN_EXPIRES":
		return suspiciousExpiry(value, 5*time.Minute)
	case "JWT_REFRESH_TOKEN_EXPIRES":
		return suspiciousExpiry(value, time.Hour)
	case "JWT_SESSION_LIFETIME":
		return suspiciousSeconds(value, time.Hour)
	}
	return "", ""
}

// suspiciousSecret only warns: a Flask service with the same value signs with the same
// bytes.
func suspiciousSecret(value string) (problem, fix string) {
	switch {
	case oddtext.InQuotes(value):
		return "has quotes around it, and they are part of the secret: docker run --env-file and Kubernetes keep them, other readers of .env files remove them",
			"remove the quotes, unless your other services sign with them too"
	case oddtext.HasPythonBytes(value):
		return `contains Python byte escapes, with a backslash and an "x", and these characters are part of the secret`,
			"write the bytes into a file (JWT_SECRET_KEY_FILE), unless your other services sign with the characters as they are"
	case oddtext.IsPython(value):
		return "is a Python literal, and its prefix and quotes are part of the secret",
			"write only what is between the quotes; write a secret of raw bytes into a file (JWT_SECRET_KEY_FILE)"
	case oddtext.EndsInComment(value):
		return `ends in what looks like a comment, from the "#" on, and it is part of the secret: docker run --env-file keeps it, other readers of .env files remove it`,
			"remove it, unless your other services sign with it too"
	}
	return suspiciousBytes(value)
}

// suspiciousBytes finds invisible characters in a secret. Like suspiciousSecret, it only
// warns.
func suspiciousBytes(value string) (problem, fix string) {
	switch {
	case oddtext.HasByteOrderMark(value):
		return "begins with a byte order mark, an invisible character that some editors write, and it is part of the secret: a reader that removes it has another secret",
			"save the secret as UTF-8 without a byte order mark, unless your other services sign with it too"
	case oddtext.IsUTF16(value):
		return "is UTF-16 text, as some Windows editors and shells write it, and the zero bytes are part of the secret",
			"save the secret as UTF-8, unless your other services sign with the same bytes"
	case oddtext.EndsInLineBreak(value):
		return "ends with a line break, and it is part of the secret: a reader that removes it has another secret",
			"remove it, unless your other services sign with it too"
	case oddtext.HasBlanksAround(value):
		return "begins or ends with a space, and it is part of the secret: readers of .env files remove it",
			"remove it, unless your other services sign with it too"
	}
	return "", ""
}

// suspiciousExpiry checks the lifetime of a token: 0 means something else in
// Flask-JWT-Extended, and a number of seconds below least is probably a mistake.
func suspiciousExpiry(value string, least time.Duration) (problem, fix string) {
	if d, err := parseDuration(value); err == nil && d == 0 {
		return "is 0, which means the default in ginjwt; in Flask-JWT-Extended it makes tokens that never expire",
			"remove it for the default, or write false for tokens that never expire"
	}
	return suspiciousSeconds(value, least)
}

// suspiciousSeconds checks a number without a unit. Below least seconds, it was probably
// meant as minutes, hours or days.
func suspiciousSeconds(value string, least time.Duration) (problem, fix string) {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || n <= 0 || n >= least.Seconds() {
		return "", ""
	}
	return fmt.Sprintf("is a number without a unit, so it means seconds: less than %s, which is probably a mistake", inWords(least)),
		"write the unit after the number: m for minutes, h for hours, d for days, s for seconds"
}

func inWords(d time.Duration) string {
	if d == time.Hour {
		return "an hour"
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()))
}

// holdsText reports whether a field is a string, or a list of strings.
func holdsText(field string) bool {
	t := typeOf(field)
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t.Kind() == reflect.String
}

func typeOf(field string) reflect.Type {
	f, _ := reflect.TypeFor[Config]().FieldByName(field)
	return f.Type
}

// mayHaveBlanks reports whether white space around a value is allowed: lists ignore it,
// a prefix may need it, and files report it themselves.
func mayHaveBlanks(name, field string) bool {
	return typeOf(field).Kind() == reflect.Slice || strings.HasSuffix(name, "_FILE") || name == "JWT_QUERY_STRING_VALUE_PREFIX"
}

// holdsKey reports whether the value itself is a key or a secret. It is false for a
// setting that names a file.
func holdsKey(name, field string) bool {
	return slices.Contains([]string{"SecretKey", "PrivateKey", "PublicKey", "Keys"}, field) && !strings.HasSuffix(name, "_FILE")
}

// takesNone reports whether the setting itself handles "None".
func takesNone(name string) bool {
	return name == "JWT_COOKIE_SAMESITE" || name == "JWT_HEADER_TYPE"
}
