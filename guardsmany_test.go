package ginjwt_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// Guards with many names decide as those with few. A name that comes twice counts once, on
// the route and in the token.
func TestGuardsWithManyNames(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	for _, n := range []int{1, 8, 9, 64, 65, 200} {
		names := make([]string, n)
		values := make([]any, n)
		for i := range names {
			names[i] = fmt.Sprintf("name%d", i)
			values[i] = names[i]
		}
		last := names[n-1]
		others := append(slices.Repeat([]string{"other"}, n), names[:n-1]...)
		all := append(slices.Clone(names), names[0])
		slices.Reverse(all)
		array := func(claim string, list ...string) string {
			return fmt.Sprintf(`%q:["%s"]`, claim, strings.Join(list, `","`))
		}
		twice := append(slices.Clone(names), names...)
		for _, test := range []struct {
			members string
			need    ginjwt.RequiredOption
			want    bool
		}{
			{`"scope":"` + strings.Join(all, " ") + `"`, ginjwt.Scopes(twice...), true},
			{array("scope", all...), ginjwt.Scopes(twice...), true},
			{`"scope":"` + strings.Join(append(others, others...), " ") + `"`, ginjwt.Scopes(names...), false},
			{array("scope", append(others, others...)...), ginjwt.Scopes(names...), false},
			{`"scope":"other ` + last + `"`, ginjwt.AnyScope(twice...), true},
			{array("scope", "other", last), ginjwt.AnyScope(twice...), true},
			{`"scope":"other ` + last + `x"`, ginjwt.AnyScope(names...), false},
			{array("roles", "other", last), ginjwt.Roles(names...), true},
			{array("roles", "other", last+"x"), ginjwt.Roles(names...), false},
			{`"roles":{"other":{"o":1},"` + last + `":{"o":1}}`, ginjwt.Roles(names...), true},
			{`"roles":{"other":{"o":1},"` + last + `":{}}`, ginjwt.Roles(names...), false},
			{array("tenant", "other", last), ginjwt.Claim("tenant", values...), true},
			{array("tenant", "other", last+"x"), ginjwt.Claim("tenant", values...), false},
			{`"tenant":[0,7]`, ginjwt.Claim("tenant", append(values, 6, 7)...), true},
			{`"tenant":["7"]`, ginjwt.Claim("tenant", append(values, 6, 7)...), false},
		} {
			assert.Equal(t, test.want, passes(t, config, test.members, test.need), "%d: %.80s", n, test.members)
		}
	}
}
