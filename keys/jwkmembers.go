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

// jwk is a JWK that is being read. The first thing wrong with it stays in err,
// which never quotes a member: any could hold a secret by mistake.
type jwk struct {
	members map[string]strictjson.Value
	err     error
}

func readJWK(v strictjson.Value) (*jwk, error) {
	j := &jwk{members: map[string]strictjson.Value{}}
	err := strictjson.Members([]byte(v), string(v), func(name string, v strictjson.Value) { j.members[name] = v })
	if errors.Is(err, strictjson.ErrNotJSON) {
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

// date reads a time in seconds since 1970. The zero [time.Time] would mean that
// there is none.
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

// bytes reads what must be there in base64url. Padding does no harm there: unlike a
// token, a key is not compared as a text.
func (j *jwk) bytes(name string) []byte {
	j.need(name)
	b, err := base64url.AppendDecode(nil, []byte(withoutPadding(j.text(name))))
	if err != nil {
		j.fail(name, "is not base64url")
	}
	return b
}

// withoutPadding leaves out the padding of a text that is as long as padding makes it.
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

// coordinate reads a number that RFC 7518 §6.2 wants in size bytes. Some software
// leaves out zeros before it, or writes more of them, which does not change it.
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

// number reads an integer, whatever zeros stand before it. It is never nil.
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

// dropNulls leaves out members that are null: some software writes them for all that a
// key does not have.
func (j *jwk) dropNulls() {
	maps.DeleteFunc(j.members, func(_ string, v strictjson.Value) bool { return v.Kind() == 'n' })
}
