package growth

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-jwt-extended/ginjwt"
)

func scopeNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("use:%03d", i)
	}
	return names
}

// guarded sends a token with scopes to a route that requires some of them.
func guarded(size cache, claims func(n int) ginjwt.Claims, need func(n int) ginjwt.RequiredOption) func(testing.TB, int) operation {
	return func(tb testing.TB, n int) operation {
		config := configOf("HS256", size)
		config.RolesClaim = "roles"
		m, c := protected(tb, config, need(n))
		return c.sends(must(m.CreateAccessToken(tb.Context(), user, ginjwt.WithClaims(claims(n)))), http.StatusOK)
	}
}

func scopesAsText(n int) ginjwt.Claims {
	return ginjwt.Claims{"scope": strings.Join(scopeNames(n), " ")}
}

func scopesAsArray(n int) ginjwt.Claims { return ginjwt.Claims{"scope": scopeNames(n)} }

func rolesAsArray(n int) ginjwt.Claims { return ginjwt.Claims{"roles": scopeNames(n)} }

func needsLast(n int) ginjwt.RequiredOption { return ginjwt.Scopes(scopeNames(n)[n-1]) }

func needsAll(n int) ginjwt.RequiredOption { return ginjwt.Scopes(scopeNames(n)...) }

// needsAny is passed by the last of its scopes only.
func needsAny(n int) ginjwt.RequiredOption {
	return ginjwt.AnyScope(append(strings.Split(strings.Repeat("other,", n-1), ",")[:n-1], scopeNames(n)[n-1])...)
}

func needsRole(n int) ginjwt.RequiredOption {
	return ginjwt.Roles(append(strings.Split(strings.Repeat("other,", n-1), ",")[:n-1], scopeNames(n)[n-1])...)
}

var scopeCount = dimension{
	name: "scopes", unit: "scopes",
	note: "HS256. \"One on the route\" requires the last scope of the token. \"All on the route\" requires every scope of the token. \"Any\" lists as many scopes as " +
		"the token has, and only the last is in the token.",
	sizes: []int{1, 10, 100},
	few:   []int{1, 10, 50, 100},
	rows: []row{
		{"one on the route, a string in the token", linear, guarded(cacheOn, scopesAsText, needsLast), nil},
		{"one on the route, an array in the token", linear, guarded(cacheOn, scopesAsArray, needsLast), nil},
		{"all on the route, a string in the token", linear, guarded(cacheOn, scopesAsText, needsAll), nil},
		{"all on the route, an array in the token", linear, guarded(cacheOn, scopesAsArray, needsAll), nil},
		{"any on the route, a string in the token", linear, guarded(cacheOn, scopesAsText, needsAny), nil},
		{"any on the route, an array in the token", linear, guarded(cacheOn, scopesAsArray, needsAny), nil},
		{"roles, an array in the token", linear, guarded(cacheOn, rolesAsArray, needsRole), nil},
		{"one on the route, a string in the token, cache off", linear, guarded(cacheOff, scopesAsText, needsLast), nil},
	},
}
