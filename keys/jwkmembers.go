package keys

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// jwk is a JWK during reading. err keeps the first problem. It never quotes a member,
// because any member could hold a secret by mistake.
type jwk struct {
	members map[string]strictjson.Value
	err     error
}

func readJWK(v strictjson.Value) (*jwk, error) {
	j := &jwk{members: map[string]strictjson.Value{}}
	err := strictjson.Members([]byte(v), string(v), func(name string, v strictjson.Value) { j.members[name] = v })
	if errors.Is(err, strictjson.ErrNotJSON) {
		err = errors.New("not valid JSON, or it has a member twice")
	}
	return j, err
}

func (j *jwk) has(name string) bool { return j.members[name] != "" }

func (j *jwk) hasAny(names ...string) bool { return slices.ContainsFunc(names, j.has) }

func (j *jwk) need(name string) {
	if !j.has(name) {
		j.fail(name, "is missing")
	}
}

func (j *jwk) fail(name, format string, args ...any) {
	if j.err == nil {
		j.err = fmt.Errorf("the member %q "+format, append([]any{name}, args...)...)
	}
}

// checkText reports a wrong text, if the member is present.
func (j *jwk) checkText(name string, good bool, wrong string) {
	if j.has(name) && !good {
		j.fail(name, "%s", wrong)
	}
}

// text reads a string. It copies the string, so that an ID does not keep a whole text
// with secrets in memory.
func (j *jwk) text(name string) string {
	text, ok := j.members[name].Str()
	if j.has(name) && !ok {
		j.fail(name, "must be a string")
	}
	return strings.Clone(text)
}

func (j *jwk) flag(name string) bool {
	kind := j.members[name].Kind()
	if j.has(name) && kind != 't' && kind != 'f' {
		j.fail(name, "must be true or false")
	}
	return kind == 't'
}

// date reads a time in seconds since 1970. The zero [time.Time] means that the member is
// absent.
func (j *jwk) date(name string) time.Time {
	if !j.has(name) {
		return time.Time{}
	}
	v := j.members[name]
	seconds, ok := strictjson.WholeSeconds(string(v))
	if v.Kind() != '0' || !ok || v[0] == '-' || seconds > strictjson.MaxDate {
		j.fail(name, "must be a number of seconds since 1970")
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// bytes reads a required member in base64url. Padding is allowed, because a key is not
// compared as a text.
func (j *jwk) bytes(name string) []byte {
	j.need(name)
	b, err := base64url.AppendDecode(nil, []byte(withoutPadding(j.text(name))))
	if err != nil {
		j.fail(name, "is not base64url")
	}
	return b
}

// withoutPadding removes padding, if the length of the text fits.
func withoutPadding(text string) string {
	if len(text)%4 != 0 {
		return text
	}
	return strings.TrimSuffix(strings.TrimSuffix(text, "="), "=")
}

func (j *jwk) sized(name string, size int) []byte {
	b := j.bytes(name)
	if len(b) != size {
		j.fail(name, "must have %d bytes", size)
	}
	return b
}

// coordinate reads a number that RFC 7518 §6.2 writes with size bytes. Some software
// writes fewer or more leading zeros, which do not change the number.
func (j *jwk) coordinate(name string, size int) []byte {
	b := j.bytes(name)
	digits := bytes.TrimLeft(b, "\x00")
	switch {
	case len(b) == 0:
		j.fail(name, "is empty")
	case len(digits) > size:
		j.fail(name, "has more than %d bytes", size)
	}
	if j.err != nil {
		return nil
	}
	return append(make([]byte, size-len(digits)), digits...)
}

// number reads an integer, with or without leading zeros. It never returns nil.
func (j *jwk) number(name string) *big.Int {
	b := bytes.TrimLeft(j.bytes(name), "\x00")
	switch {
	case len(b) > maxRSANumber/8:
		j.fail(name, "has more than %d bits", maxRSANumber)
		return new(big.Int)
	case len(b) == 0:
		j.fail(name, "is empty or zero")
	}
	return new(big.Int).SetBytes(b)
}

// dropNulls removes members that are null. Some software writes null for every member
// that a key does not have.
func (j *jwk) dropNulls() {
	maps.DeleteFunc(j.members, func(_ string, v strictjson.Value) bool { return v.Kind() == 'n' })
}
