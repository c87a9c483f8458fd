package strictjson

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plainSeeds are objects and texts that are nearly objects.
var plainSeeds = []string{
	`{}`, ` { } `, `{"a":1}`, `{"sub":"alice","exp":1700000000,"fresh":false,"csrf":null,"ok":true,"n":-12}`, "{\t\"a\"\n:\r0 , \"b\":-0}",
	`{"aud":["a","b"],"realm_access":{"roles":["x","y"]},"o":{}}`, `{"a":"é","b":"\n","c":"\ud83d\ude00"}`, `{"a":"1234567","b":"12345678","c":"123456789"}`,
	`{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, `{"a":01}`, `{"a":-}`, `{"a":1.5}`, `{"a":1e9}`, `{"a":"` + "\xff" + `"}`, `{"a":"` + "\x1f" + `"}`, `{"a\u0062":1}`,
	`{"a":1`, `{"a":`, `{"a"`, `{`, ``, `{"a":1,}`, `{,"a":1}`, `{"a" 1}`, `{"a":1}}`, `{"a":1} x`, `{"a":[}`, `{"a":{]}`, `{"a":["]"}`, `{"a":"\"}`, `{"a":tru}`,
	`{"a":truefalse}`, `{"a":nullx}`, `{"a":1x}`, `[1]`, `"a"`, `null`,
}

func visited(read func(visit func(name string, v Value))) (all []string) {
	read(func(name string, v Value) { all = append(all, name, string(v)) })
	return all
}

// checkPlain compares both ways of reading. It reports whether text is a plain object.
func checkPlain(t *testing.T, text string) bool {
	t.Helper()
	var o plainObject
	if !o.read([]byte(text)) {
		return false
	}
	fast := visited(func(visit func(string, Value)) { o.visit(text, visit) })
	slow := visited(func(visit func(string, Value)) { require.NoError(t, anyMembers([]byte(text), text, visit), "%q", text) })
	require.Equal(t, slow, fast, "%q", text)
	return true
}

// Usual tokens are plain, so that their payload is read in one pass.
func TestUsualObjectsArePlain(t *testing.T) {
	t.Parallel()
	for i, text := range plainSeeds {
		assert.Equal(t, i < 8, checkPlain(t, text), "%q", text)
	}
}

// Every byte of a plain object is replaced by every other.
func TestNoChangedByteMakesAnInvalidObjectPlain(t *testing.T) {
	t.Parallel()
	for _, text := range plainSeeds[:8] {
		for i := range text {
			for c := range 256 {
				checkPlain(t, text[:i]+string([]byte{byte(c)})+text[i+1:])
			}
			checkPlain(t, text[:i]+text[i+1:])
			checkPlain(t, text[:i])
		}
	}
}

// Large objects and deeply nested values go to the library.
func TestLimitsOfPlainObjects(t *testing.T) {
	t.Parallel()
	members := func(n int) string {
		return "{" + strings.TrimSuffix(strings.Repeat(`"`+strings.Repeat("x", 3)+`#":1,`, n), ",") + "}"
	}
	numbered := func(n int) string {
		text := members(n)
		for i := range n {
			text = strings.Replace(text, "#", strings.Repeat("y", i), 1)
		}
		return text
	}
	assert.True(t, checkPlain(t, numbered(maxMembers)))
	assert.False(t, checkPlain(t, numbered(maxMembers+1)))
	assert.False(t, checkPlain(t, members(2)), "two with one name")
	nested := func(n int) string { return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}" }
	assert.True(t, checkPlain(t, nested(maxNested/2)))
	assert.False(t, checkPlain(t, nested(maxNested/2+1)))
	assert.True(t, checkPlain(t, `{"a":"`+strings.Repeat("x", maxSize-8)+`"}`))
	assert.False(t, checkPlain(t, `{"a":"`+strings.Repeat("x", maxSize-7)+`"}`))
}

// The short way to read a date is strconv.ParseInt, for digits that cannot overflow.
func TestUsualDates(t *testing.T) {
	t.Parallel()
	for _, digits := range []string{
		"", "0", "7", "007", "1700000000", "999999999999999999", "1000000000000000000", "9223372036854775807", "9223372036854775808",
		"-1", "+1", "1.5", "1e9", " 1", "1_0", "1:", "1/", "\xb0",
	} {
		seconds, ok := usualDate(digits)
		want, err := strconv.ParseInt(digits, 10, 64)
		assert.Equal(t, err == nil && len(digits) <= 18 && digits[0] >= '0', ok, "%q", digits)
		if ok {
			assert.Equal(t, want, seconds, "%q", digits)
		}
	}
}

func TestErrorsOfObjects(t *testing.T) {
	t.Parallel()
	for _, text := range plainSeeds {
		err := Members([]byte(text), text, func(string, Value) {})
		assert.Equal(t, err, CheckObject([]byte(text)), "%q", text)
	}
}

// FuzzPlain checks that a plain object is valid for the library too, with the same members.
func FuzzPlain(f *testing.F) {
	for _, seed := range plainSeeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { checkPlain(t, text) })
}
