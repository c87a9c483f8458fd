package strictjson_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

func read(text string) (names []string, values []string, err error) {
	err = strictjson.Members([]byte(text), text, func(name string, v strictjson.Value) {
		names, values = append(names, name), append(values, string(v))
	})
	return names, values, err
}

func TestMembersAreReadOnceAndExactly(t *testing.T) {
	t.Parallel()
	names, values, err := read(` { "a" : 1.50 , "\u0062":[1, {"c":"}"}] ,"A":"x\"y"} `)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b", "A"}, names)
	assert.Equal(t, []string{"1.50", `[1, {"c":"}"}]`, `"x\"y"`}, values)
	for text, want := range map[string]error{
		`{"a":1,"a":2}`: strictjson.ErrNotJSON, `{"a":1,"\u0061":2}`: strictjson.ErrNotJSON, `{"a":{"b":1,"b":2}}`: strictjson.ErrNotJSON,
		`{"a":"` + "\xff" + `"}`: strictjson.ErrNotJSON, `{"a":"\ud800"}`: strictjson.ErrNotJSON, `{"a":NaN}`: strictjson.ErrNotJSON,
		`{"a":1} {}`: strictjson.ErrNotJSON, `{"a":1`: strictjson.ErrNotJSON, ``: strictjson.ErrNotJSON, `{'a':1}`: strictjson.ErrNotJSON,
		`[1]`: strictjson.ErrNotObject, `null`: strictjson.ErrNotObject, ` "a" `: strictjson.ErrNotObject,
	} {
		_, _, err := read(text)
		assert.ErrorIs(t, err, want, text)
	}
}

func TestValuesAreFoundByNameAndPointer(t *testing.T) {
	t.Parallel()
	object := strictjson.Object(" \n" + `{"a":{"b/c":["x",{"~":7}]},"n":null} `)
	for pointer, want := range map[string]strictjson.Value{
		"/a/b~1c/0": `"x"`, "/a/b~1c/1/~0": "7", "/n": "null", "/a/b~1c/2": "", "/a/b~1c/00": "", "/a/b~1c/-": "", "/x/y": "", "/": "",
	} {
		assert.Equal(t, want, object.At(pointer), pointer)
	}
	assert.Equal(t, strictjson.Value("null"), object.Member("n"))
	assert.Empty(t, object.Member("N"))
	var visited []string
	strictjson.Value(`{"a": 1 , "\u0062":{"c":2},"d":3}`).Visit(func(name string, member strictjson.Value) bool {
		visited = append(visited, name+"="+string(member))
		return name != "b"
	})
	assert.Equal(t, []string{"a=1", `b={"c":2}`}, visited)
	strictjson.Value(`["a"]`).Visit(func(string, strictjson.Value) bool { t.Error("no object"); return true })
	assert.Equal(t, []strictjson.Value{"1", `"2"`}, strictjson.Value(`[1, "2" , [3]]`).Elements(2))
}

func TestFalsyIsWhatPythonTakesForFalse(t *testing.T) {
	t.Parallel()
	for text, want := range map[strictjson.Value]bool{
		"": true, "null": true, "false": true, "0": true, "-0.0e5": true, `""`: true, "[ ]": true, "{}": true,
		"true": false, "1": false, `"0"`: false, "[0]": false, `{"a":null}`: false,
	} {
		assert.Equal(t, want, text.IsFalsy(), text)
	}
}

func TestDatesDoNotWrapAround(t *testing.T) {
	t.Parallel()
	for text, want := range map[strictjson.Value]int64{
		"1": 1, "-1.9": -1, "1e3": 1000, "true": 1, `" 1_000 "`: 1000, "1e300": math.MaxInt64, "-9223372036854775809": math.MinInt64,
	} {
		seconds, ok := strictjson.NumericDate(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, seconds, text)
	}
	for _, text := range []strictjson.Value{"", "null", "[]", `"1.5"`, `"1__0"`, `"x"`, `""`} {
		_, ok := strictjson.NumericDate(text)
		assert.False(t, ok, text)
	}
}

// FuzzMembers checks that Members reads the same as the standard library, if both accept the
// text.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":[1,"]",{"b":null}]}`, `{"\u00e9":"\ud83d\ude00\n"}`, ` { "a" : -1.5e-7 } `, `{"a":1,"a":2}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names, values, err := read(text)
		if err != nil {
			return
		}
		var want map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(text), &want))
		require.Len(t, names, len(want))
		for i, name := range names {
			require.Equal(t, string(want[name]), values[i], name)
		}
	})
}
