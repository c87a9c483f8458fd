package ginjwt

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The expected values come from Werkzeug 3.1.8.
func TestQueryValuesAreDecodedAsFarAsPossible(t *testing.T) {
	t.Parallel()
	for query, want := range map[string][]string{
		"jwt=a%C3%A9":           {"aé"},
		"jwt=a+b%2b":            {"a b+"},
		"jwt=a%zzb":             {"a%zzb"},
		"jwt=%":                 {"%"},
		"jwt=%2":                {"%2"},
		"jwt=a%4":               {"a%4"},
		"jwt=a%62%zz":           {"ab%zz"},
		"jwt=a+b%zz":            {"a b%zz"},
		"jwt=%u0041":            {"%u0041"},
		"jwt=%00":               {"\x00"},
		"jwt=%ff":               {"%FF"},
		"jwt=%e4b":              {"%E4b"},
		"jwt=%c3%a9%ff%41":      {"é%FFA"},
		"jwt=%C3%28":            {"%C3("},
		"jwt=a%C3%zz%A9":        {"a%C3%zz%A9"},
		"jwt=%F0%9F%98":         {"%F0%9F%98"},
		"jwt=%ed%a0%80":         {"%ED%A0%80"},
		"jwt=é%41":              {"éA"},
		"jw%74=a":               {"a"},
		"jw%74%=a":              nil,
		"j%zzwt=a":              nil,
		"=jwt":                  nil,
		"jwt":                   {""},
		"&&jwt=a":               {"a"},
		"jwt=a;jwt=b":           {"a;jwt=b"},
		"x=%zz&jwt=a":           {"a"},
		"jwt=a&x=1&jw%74=b":     {"a", "b"},
		"jwt=a&jwt=b&jwt=c&x=1": {"a", "b"}, // several values are refused
	} {
		assert.Equal(t, want, queryValues(query, "jwt"), query)
	}
}
