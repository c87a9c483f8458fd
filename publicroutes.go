package ginjwt

import "slices"

// A RoutesOption says more about the routes of an engine.
type RoutesOption func(*publicNames)

// Public names routes that everybody may call, for [CheckRoutes] and [Routes]. A name is a
// method and a path, such as "POST /login", or a path for all its methods, such as
// "/healthz". "ANY /hook" names what [gin.RouterGroup.Any] has registered. The path is
// written as in the registration: "/assets/*filepath". "NoRoute" and "NoMethod" name the
// handlers of [gin.Engine.NoRoute] and [gin.Engine.NoMethod].
//
// There are no patterns: a new route needs a decision of its own.
func Public(routes ...string) RoutesOption {
	return func(p *publicNames) {
		for _, name := range routes {
			p.names = append(p.names, publicName{name: name})
		}
	}
}

// publicNames are the names of Public.
type publicNames struct{ names []publicName }

type publicName struct {
	name string
	used bool
}

// has reports whether a route is named, and notes the names.
func (p *publicNames) has(method, path string) (named bool) {
	for i, n := range p.names {
		if n.name == path || method != "" && n.name == method+" "+path {
			p.names[i].used, named = true, true
		}
	}
	return named
}

// unused returns the names that match no route.
func (p *publicNames) unused() (names []string) {
	for _, n := range p.names {
		if !n.used && !slices.Contains(names, n.name) {
			names = append(names, n.name)
		}
	}
	return names
}
