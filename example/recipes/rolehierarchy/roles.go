package main

import (
	"fmt"
	"slices"

	"github.com/gin-jwt-extended/ginjwt"
)

// hierarchy has the roles, and the roles that each one includes.
type hierarchy map[string][]string

var roles = hierarchy{
	"admin":  {"editor"},
	"editor": {"viewer"},
	"viewer": {},
}

// atLeast requires this role, or a role that includes it. It panics if there is no such
// role.
func (h hierarchy) atLeast(role string) ginjwt.RequiredOption {
	return ginjwt.Roles(h.enough(role)...)
}

// enough returns this role and all roles that include it, sorted.
func (h hierarchy) enough(role string) (names []string) {
	if _, ok := h[role]; !ok {
		panic(fmt.Sprintf("there is no role %q", role))
	}
	for name := range h {
		if slices.Contains(h.expand(name), role) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// expand returns these roles and all roles that they include, sorted. An unknown role
// includes nothing. A cycle does no harm.
func (h hierarchy) expand(names ...string) (all []string) {
	for next := slices.Clone(names); len(next) > 0; {
		name := next[0]
		next = next[1:]
		if !slices.Contains(all, name) {
			all = append(all, name)
			next = append(next, h[name]...)
		}
	}
	slices.Sort(all)
	return all
}
