package ginjwt

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt/internal/gintree"
)

// A Route is a registered route, and who may call it. [Routes] returns it.
type Route struct {
	// Method is the HTTP method, or "ANY" if [gin.RouterGroup.Any] has registered the route
	// for all methods. It is empty for NoRoute and NoMethod.
	Method string

	// Path is the path as it was registered, or "NoRoute" or "NoMethod".
	Path string

	// Guards are the checks of the route, in the order in which they run. A request must
	// pass all of them.
	Guards []Guard

	// Handler is the name of the last handler if it is a handler of this package that
	// decides by itself, such as "RefreshHandler" or "JWKSHandler".
	Handler string

	// Public reports whether [Public] names the route.
	Public bool

	// SameOrigin reports whether [JWTManager.SameOriginRequired] runs before the handler.
	SameOrigin bool

	// Before are the names of functions of the application that run before the first guard,
	// or before Handler, for everybody. It has handlers of this package, but no middleware of
	// the package or of the whole engine. It is empty if the route has neither.
	Before []string

	open   bool   // Handler responds to everybody, by its purpose
	last   string // the name of the last handler
	behind bool   // a guard of JWTRequired is the last handler, behind the one to protect
	chain  gin.HandlersChain
}

// A Guard is one check of a route: [JWTManager.JWTRequired] with its options, or [Decided].
type Guard struct {
	// Why is the reason that [Decided] gives. If it is set, the other fields are empty.
	Why string

	// Token is the type of token, [AccessToken] or [RefreshToken]. It is empty if both are
	// accepted ([AnyType]).
	Token TokenType

	Locations   []Location    // where the token may be
	Optional    bool          // a request without a token passes
	Fresh       bool          // [Fresh]
	FreshWithin time.Duration // [FreshWithin]; zero: no limit
	Scopes      []string      // [Scopes]: all of them
	AnyScopes   [][]string    // [AnyScope]: one of each list
	Roles       [][]string    // [Roles]: one of each list
	Claims      []string      // [Claim], such as plan:"pro"|"team"
	Resource    string        // [ForResource]: its URL

	// Bound reports whether only tokens that are bound to a key pass, with a DPoP proof: by
	// [Bound], or because Config.DPoP is "demanded".
	Bound bool

	// CSRF is what protects a token in a cookie: the value of Config.CSRFProtection, or
	// "off". It is empty if the route accepts no cookies, or needs no protection because its
	// method changes nothing. It is "off" for ANY if one of the methods has no protection.
	CSRF string

	// Options says which OPTIONS requests pass without a token: "preflights" (CORS
	// preflights, without credentials), or "all" (Config.AllowAnyOptions). It is empty if
	// the route gets no OPTIONS requests.
	Options string

	// SkipsRevocation reports whether revoked tokens pass ([SkipRevocationCheck]).
	SkipsRevocation bool

	// Manager tells the managers of an engine apart: the Realm or the EncodeIssuer of the
	// manager, or its number. It is empty if all guards are of one manager.
	Manager string

	need *requirement // nil: of Decided
	by   *JWTManager  // nil: of Decided
}

// Routes returns who may call what: all routes of an engine with their guards, sorted by
// path. NoRoute and NoMethod come last, if the application has set handlers for them.
//
// Routes reads the handlers that Gin has registered. It runs nothing of the application: no
// middleware, no handler, no callback. It sees a guard only if the guard is itself a handler
// of the route. It does not see a guard that another function calls, nor what runs around
// the engine.
//
// Register all routes before. Do not call Routes while the engine gets its first request,
// because Gin then changes its tree. The error says that the version of Gin is not known, or that
// an option is not valid.
func Routes(engine *gin.Engine, opts ...RoutesOption) ([]Route, error) {
	routes, _, err := routesOf(engine, opts)
	if err != nil {
		return nil, fmt.Errorf("ginjwt: Routes: %w", err)
	}
	return routes, nil
}

// routesOf returns the routes of an engine, and the names of Public.
func routesOf(engine *gin.Engine, opts []RoutesOption) ([]Route, *publicNames, error) {
	tree, err := gintree.Read(engine)
	if err != nil {
		return nil, nil, err
	}
	tree.NoRoute.Path, tree.NoMethod.Path = noRoute, noMethod
	public := &publicNames{used: map[string]bool{}}
	for _, opt := range opts {
		opt(public)
	}
	var routes []Route
	for _, r := range append(tree.Routes, tree.NoRoute, tree.NoMethod) {
		if len(r.Chain) > 0 {
			route := routeOf(r, engine.Handlers)
			route.Public = public.has(r.Method, r.Path)
			routes = append(routes, route)
		}
	}
	routes = mergeAny(routes, public)
	slices.SortFunc(routes, func(a, b Route) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	nameManagers(routes)
	return routes, public, nil
}

// The paths of routes that have none. They come last: all other paths begin with "/".
const noRoute, noMethod = "NoRoute", "NoMethod"

// routeOf returns a route of an engine with this middleware.
func routeOf(r gintree.Route, middleware gin.HandlersChain) Route {
	route := Route{Method: r.Method, Path: r.Path, chain: r.Chain, last: nameOf(r.Chain.Last())}
	everywhere := true         // so far, all handlers are middleware of the engine
	protects := r.Method != "" // a guard alone is enough for NoRoute: Gin responds behind it
	for i, h := range r.Chain {
		last := i == len(r.Chain)-1
		everywhere = everywhere && i < len(middleware) && codeOf(h) == codeOf(middleware[i])
		facts, ours := factsOf(h)
		route.SameOrigin = route.SameOrigin || facts.sameOrigin && !last
		isGuard := ours && facts.handler == "" && !facts.middleware
		switch {
		case isGuard || last && facts.need != nil:
			route.Guards = append(route.Guards, guardOf(facts, r.Method))
		case !last && !everywhere && len(route.Guards) == 0 && !facts.middleware:
			route.Before = append(route.Before, or(facts.handler, nameOf(h)))
		}
		protects = protects || !everywhere && !isGuard
		if last {
			route.Handler, route.open, route.behind = facts.handler, facts.open, isGuard && facts.need != nil && protects
		}
	}
	if len(route.Guards) == 0 && route.Handler == "" {
		route.Before = nil
	}
	return route
}

// guardOf returns what a handler with these facts checks for a method.
func guardOf(facts routeFacts, method string) Guard {
	need := facts.need
	if need == nil {
		return Guard{Why: facts.why}
	}
	m := need.by.(*JWTManager)
	g := Guard{
		Token: need.tokenType(), Locations: slices.Clone(need.locations), Optional: need.optional,
		Fresh: need.fresh, FreshWithin: need.freshWithin, Resource: need.resourceURL,
		Bound: need.bound || m.possession.mode == dpopDemanded, SkipsRevocation: need.skipRevocation, need: need, by: m,
	}
	if need.anyType {
		g.Token = ""
	}
	for _, check := range need.guards {
		switch check.kind {
		case allScopes:
			g.Scopes = append(g.Scopes, check.names...)
		case anyScope:
			g.AnyScopes = append(g.AnyScopes, slices.Clone(check.names))
		case anyRole:
			g.Roles = append(g.Roles, slices.Clone(check.names))
		case claimValue:
			g.Claims = append(g.Claims, claimText(check.names))
		}
	}
	if slices.Contains(need.locations, InCookies) {
		g.CSRF = m.reader.csrf.protectionOf(method)
	}
	if (method == http.MethodOptions || method == "") && facts.handler == "" { // NoRoute gets all methods
		g.Options = "preflights"
		if m.config.AllowAnyOptions {
			g.Options = "all"
		}
	}
	return g
}

// claimText returns the name of a claim, and the values that it may have.
func claimText(nameAndValues []string) string {
	name := word(nameAndValues[0])
	if len(nameAndValues) == 1 {
		return name
	}
	return name + ":" + strings.Join(nameAndValues[1:], "|")
}

// anyMethods are the methods of gin.RouterGroup.Any.
var anyMethods = []string{
	http.MethodConnect, http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions,
	http.MethodPatch, http.MethodPost, http.MethodPut, http.MethodTrace,
}

// mergeAny merges the routes of Any into one, which Public may name as one.
func mergeAny(routes []Route, public *publicNames) (merged []Route) {
	byPath := map[string][]Route{}
	for _, r := range routes {
		byPath[r.Path] = append(byPath[r.Path], r)
	}
	for _, same := range byPath {
		if !isAny(same) {
			merged = append(merged, same...)
			continue
		}
		route := same[0]
		route.Method = anyMethod
		for i := range route.Guards {
			g := &route.Guards[i]
			for _, other := range same {
				g.Options = or(g.Options, other.Guards[i].Options)
				if csrf := other.Guards[i].CSRF; g.CSRF == "" || csrf == csrfOff {
					g.CSRF = csrf
				}
			}
		}
		route.Public = route.Public || public.has(anyMethod, route.Path)
		merged = append(merged, route)
	}
	return merged
}

// anyMethod is the method of a route for all methods.
const anyMethod = "ANY"

// isAny reports whether all methods are registered with the same handlers.
func isAny(routes []Route) bool {
	methods := []string{}
	for _, r := range routes {
		methods = append(methods, r.Method)
		if r.Public != routes[0].Public || !slices.EqualFunc(r.chain, routes[0].chain, isSame) {
			return false
		}
	}
	slices.Sort(methods)
	return slices.Equal(methods, anyMethods)
}

// isSame reports whether two handlers have the same code, and decide the same.
func isSame(a, b gin.HandlerFunc) bool {
	inA, _ := factsOf(a)
	inB, _ := factsOf(b)
	return codeOf(a) == codeOf(b) && inA == inB
}

// nameManagers names the managers of the guards, if there are several.
func nameManagers(routes []Route) {
	var managers []*JWTManager
	taken := map[string]int{}
	for _, r := range routes {
		for _, g := range r.Guards {
			if g.by != nil && !slices.Contains(managers, g.by) {
				managers = append(managers, g.by)
				taken[g.by.label()]++
			}
		}
	}
	if len(managers) < 2 {
		return
	}
	for _, r := range routes {
		for i, g := range r.Guards {
			if g.by == nil {
				continue
			}
			name := g.by.label()
			if name == "" || name[0] == '#' || taken[name] > 1 { // no realm looks like a number
				name = "#" + strconv.Itoa(slices.Index(managers, g.by)+1)
			}
			r.Guards[i].Manager = name
		}
	}
}

// label returns what tells a manager from others in a report; empty if nothing does.
func (m *JWTManager) label() string { return or(m.config.Realm, m.config.EncodeIssuer) }
