package ginjwt

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// jwk is a JWK that is being read. The first thing wrong with it stays in err,
// which never quotes a member: any could hold a secret by mistake.
type jwk struct {
	members map[string]value
	err     error
}

func readJWK(v value) (*jwk, error) {
	j := &jwk{members: map[string]value{}}
	err := members([]byte(v), string(v), func(name string, v value) { j.members[name] = v })
	if err == errNotJSON {
		err = errors.New("not valid JSON, or a name comes twice in it")
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

// checkText says what is wrong with a text that is there.
func (j *jwk) checkText(name string, good bool, wrong string) {
	if j.has(name) && !good {
		j.fail(name, "%s", wrong)
	}
}

// text reads a string. It is a copy, so that an ID does not keep a whole text,
// which has secrets in it, in memory.
func (j *jwk) text(name string) string {
	text, ok := j.members[name].str()
	if j.has(name) && !ok {
		j.fail(name, "must be a string")
	}
	return strings.Clone(text)
}

func (j *jwk) flag(name string) bool {
	kind := j.members[name].kind()
	if j.has(name) && kind != 't' && kind != 'f' {
		j.fail(name, "must be true or false")
	}
	return kind == 't'
}

// date reads a time in seconds since 1970. The zero [time.Time] would mean that
// there is none.
func (j *jwk) date(name string) time.Time {
	if !j.has(name) {
		return time.Time{}
	}
	v := j.members[name]
	seconds, ok := wholeSeconds(string(v))
	if v.kind() != '0' || !ok || v[0] == '-' || seconds > maxDate {
		j.fail(name, "must be a number of seconds since 1970")
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// bytes reads what must be there in base64url.
func (j *jwk) bytes(name string) []byte {
	j.need(name)
	b, err := decodeSegment(nil, []byte(j.text(name)))
	if err != nil {
		j.fail(name, "is not base64url without padding")
	}
	return b
}

func (j *jwk) sized(name string, size int) []byte {
	b := j.bytes(name)
	if len(b) != size {
		j.fail(name, "must have %d bytes", size)
	}
	return b
}

// number reads an integer in its one form (RFC 7518 §2). It is never nil.
func (j *jwk) number(name string) *big.Int {
	b := j.bytes(name)
	switch {
	case len(b) > maxRSANumber/8:
		j.fail(name, "has more than %d bits", maxRSANumber)
		return new(big.Int)
	case len(b) == 0 || b[0] == 0:
		j.fail(name, "is empty or begins with a zero byte")
	}
	return new(big.Int).SetBytes(b)
}

// elements returns the first values of a JSON array.
func elements(array value, limit int) []value {
	var list []value
	for text := string(array[1:]); len(list) < limit; {
		text = skipTo(text, ',')
		if text[0] == ']' {
			break
		}
		var v value
		v, text = cutValue(text)
		list = append(list, v)
	}
	return list
}
