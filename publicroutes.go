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
		p.names = append(p.names, routes...)
		for _, name := range routes {
			p.used[name] = false
		}
	}
}

// publicNames are the names of Public. used reports which of them match a route.
type publicNames struct {
	names []string
	used  map[string]bool
}

// has reports whether a route is named, and notes the names.
func (p *publicNames) has(method, path string) (named bool) {
	full := path
	if method != "" {
		full = method + " " + path
	}
	for _, name := range []string{path, full} {
		if _, ok := p.used[name]; ok {
			p.used[name], named = true, true
		}
	}
	return named
}

// unused returns the names that match no route.
func (p *publicNames) unused() (names []string) {
	for _, name := range p.names {
		if !p.used[name] && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
