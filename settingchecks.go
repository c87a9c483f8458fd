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

// Values are copied from Python, and from files of which each program takes
// another part for the value. What is left over would be taken for text.

var (
	pythonCall   = regexp.MustCompile(`^(?:[A-Za-z_]\w*\.)*(?:timedelta|environ|environ\.get|getenv|get_env|urandom|token_hex|token_urlsafe|token_bytes|uuid4|b64decode|config|get|env|int|str|bool|open)\s*[(\[].*[)\]]`)
	product      = regexp.MustCompile(`^\d{1,9}(?:\s*\*\s*\d{1,9})+$`)
	comment      = regexp.MustCompile(`(?:^|\s)#`)
	pythonFile   = regexp.MustCompile(`^(?:\w+\.)?open\s*\(`)
	deltaInUnits = regexp.MustCompile(`^(?:datetime\.)?timedelta\(\s*(weeks|days|hours|minutes|seconds)\s*=\s*(\d{1,9})\s*\)$`)
)

// nothing is how other languages spell that there is no value.
var nothing = []string{"None", "null", "nil", "undefined"}

// misread returns an error for a value that was written for another reader, such
// as Python, and would be taken for something else. Keys and secrets are texts of
// any form: for them see suspicious.
func misread(name, field, value string) error {
	switch {
	case slices.Contains(nothing, value) && !takesNone(name):
		return fmt.Errorf("is the text %q, which is no value here; remove the variable", value)
	case pythonCall.MatchString(value):
		return errors.New("is an expression of Python, which nobody evaluates; " + insteadOf(name, field, value))
	case holdsKey(name, field) || name == "JWT_REALM":
		return nil
	case oddtext.InQuotes(value):
		return errors.New("has quotes around it, which docker run --env-file and Kubernetes pass on as a part of the value; remove them")
	case oddtext.IsPython(value):
		return errors.New("is how Python writes text or bytes; write what stands between the quotes")
	case comment.MatchString(value):
		return errors.New(`has a comment behind it, from the "#" on, which docker run --env-file passes on as a part of the value; put it on a line of its own`)
	case holdsText(field) && (strings.EqualFold(value, "true") || strings.EqualFold(value, "false")):
		return fmt.Errorf("is the flag %s, but this is no flag; give a value or remove it", value)
	case value != strings.TrimSpace(value) && !mayHaveBlanks(name, field):
		return errors.New("has white space around it, such as the line ends of a file from Windows; remove it")
	case product.MatchString(value):
		return errors.New("is an expression of Python, which nobody evaluates; " + insteadOf(name, field, value))
	}
	return nil
}

// insteadOf says what to write for an expression of Python. It shows the value of
// one that is nothing but numbers and units.
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
		return `write the duration that it stands for, such as "15m" or "30d"`
	}
	return "write the value that it stands for"
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

// suspicious returns what is odd about a value that is taken as it stands. The secret
// may be that of a file.
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

// suspiciousSecret warns only: a service of Flask that was given the same value
// signs with the same bytes.
func suspiciousSecret(value string) (problem, fix string) {
	switch {
	case oddtext.InQuotes(value):
		return "has quotes around it, and they are a part of the secret: docker run --env-file and Kubernetes pass them on, other readers of .env files do not",
			"remove them, unless the tokens of the other service are signed with them too"
	case oddtext.HasPythonBytes(value):
		return `holds bytes as Python writes them, with a backslash and an "x", and these letters are a part of the secret`,
			"write the bytes that they stand for into a file (JWT_SECRET_KEY_FILE), unless the tokens of the other service are signed with the letters"
	case oddtext.IsPython(value):
		return "is how Python writes text or bytes, and the letter and the quotes are a part of the secret",
			"write what stands between the quotes; a secret that is no text goes into a file (JWT_SECRET_KEY_FILE)"
	case oddtext.EndsInComment(value):
		return `ends in what looks like a comment, from the "#" on, and it is a part of the secret: docker run --env-file passes it on, other readers of .env files do not`,
			"remove it, unless the tokens of the other service are signed with it too"
	}
	return suspiciousBytes(value)
}

// suspiciousBytes is about what nobody sees in a secret. It warns only, as
// suspiciousSecret does.
func suspiciousBytes(value string) (problem, fix string) {
	switch {
	case oddtext.HasByteOrderMark(value):
		return "begins with a byte order mark, which an editor wrote and nobody sees, and it is a part of the secret: readers that leave it out take another one",
			"save the secret as UTF-8 without a byte order mark, unless the tokens of the other service are signed with it too"
	case oddtext.IsUTF16(value):
		return "is UTF-16 text, as some editors and shells of Windows write it, and the zero in every second byte is a part of the secret",
			"save the secret as UTF-8, unless the tokens of the other service are signed with the same bytes"
	case oddtext.EndsInLineBreak(value):
		return "ends with a line break, and it is a part of the secret: readers that leave it out take another one",
			"remove it, unless the tokens of the other service are signed with it too"
	case oddtext.HasBlanksAround(value):
		return "begins or ends with a blank, which nobody sees, and it is a part of the secret: readers of .env files leave it out",
			"remove it, unless the tokens of the other service are signed with it too"
	}
	return "", ""
}

// suspiciousExpiry is about the lifetime of a token: a 0, which means something else to
// Flask-JWT-Extended, and a number of seconds below least.
func suspiciousExpiry(value string, least time.Duration) (problem, fix string) {
	if d, err := parseDuration(value); err == nil && d == 0 {
		return "is 0, which means the default here; Flask-JWT-Extended makes tokens of it that never expire",
			"remove it, or write false, for tokens that never expire"
	}
	return suspiciousSeconds(value, least)
}

// suspiciousSeconds is about a number without a unit that was probably meant in minutes,
// hours or days: it is below least as seconds.
func suspiciousSeconds(value string, least time.Duration) (problem, fix string) {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || n <= 0 || n >= least.Seconds() {
		return "", ""
	}
	return fmt.Sprintf("is a number without a unit, so it is seconds: less than %s, which is rarely meant", inWords(least)),
		"write the unit behind the number: m for minutes, h for hours, d for days; s if it is seconds"
}

func inWords(d time.Duration) string {
	if d == time.Hour {
		return "an hour"
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()))
}

// holdsText reports whether a field is text, or a list of texts.
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

// mayHaveBlanks reports whether white space around a value is read over, as in
// lists, says something, or is reported by the reader.
func mayHaveBlanks(name, field string) bool {
	return typeOf(field).Kind() == reflect.Slice || strings.HasSuffix(name, "_FILE") || name == "JWT_QUERY_STRING_VALUE_PREFIX"
}

// holdsKey reports whether the value itself, not a file that it names, is a key or a
// secret.
func holdsKey(name, field string) bool {
	return slices.Contains([]string{"SecretKey", "PrivateKey", "PublicKey", "Keys"}, field) && !strings.HasSuffix(name, "_FILE")
}

// takesNone reports whether "None" says something.
func takesNone(name string) bool {
	return name == "JWT_COOKIE_SAMESITE" || name == "JWT_HEADER_TYPE"
}
