package ginjwt

import (
	"fmt"
	"strconv"
	"strings"
)

// String returns the route as one line, for example:
//
//	DELETE  /users/:id  access in=headers,cookies fresh scopes=users:write roles=admin|owner csrf=double_submit
//
// Guards that follow each other are separated by " & ". Names with unusual characters are
// quoted.
func (r Route) String() string {
	var b strings.Builder
	if r.Method != "" {
		fmt.Fprintf(&b, "%-7s ", word(r.Method))
	}
	b.WriteString(word(r.Path) + "  ")
	guards := make([]string, len(r.Guards))
	for i, g := range r.Guards {
		guards[i] = g.String()
	}
	decision := strings.Join(guards, " & ")
	switch {
	case r.Handler != "" && decision != "":
		decision = r.Handler + ": " + decision
	case r.Handler != "":
		decision = r.Handler
	case decision == "" && r.Public:
		decision = "public"
	case decision == "":
		decision = "NO DECISION: everybody may call " + word(r.last)
	}
	b.WriteString(decision)
	if r.SameOrigin {
		b.WriteString(" same_origin")
	}
	if len(r.Before) > 0 {
		b.WriteString(" before=" + words(r.Before, ","))
	}
	return b.String()
}

// String returns the guard in one line.
func (g Guard) String() string {
	if g.Why != "" {
		return "decided " + strconv.QuoteToASCII(g.Why)
	}
	parts := []string{string(g.Token)}
	if g.Token == "" {
		parts[0] = "access|refresh"
	}
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	flag := func(name string, set bool) {
		if set {
			parts = append(parts, name)
		}
	}
	locations := make([]string, len(g.Locations))
	for i, l := range g.Locations {
		locations[i] = string(l)
	}
	add("manager", word(g.Manager))
	add("in", words(locations, ","))
	flag("optional", g.Optional)
	flag("bound", g.Bound)
	flag("fresh", g.Fresh)
	if g.FreshWithin > 0 {
		add("fresh_within", g.FreshWithin.String())
	}
	add("scopes", words(g.Scopes, "+"))
	for _, scopes := range g.AnyScopes {
		add("scopes", words(scopes, "|"))
	}
	for _, roles := range g.Roles {
		add("roles", words(roles, "|"))
	}
	for _, claim := range g.Claims {
		add("claim", claim)
	}
	add("resource", word(g.Resource))
	add("csrf", g.CSRF)
	add("options", g.Options)
	flag("revoked_too", g.SkipsRevocation)
	return strings.Join(parts, " ")
}
