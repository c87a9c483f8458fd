package ginjwt

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gin-gonic/gin"
)

// CheckRoutes returns an error that names every registered route without a decision: no
// guard stands before its handler, and [Public] does not name it. Call it in a test:
//
//	func TestNoRouteWithoutADecision(t *testing.T) {
//		err := ginjwt.CheckRoutes(newEngine(), ginjwt.Public("POST /login", "/healthz"))
//		require.NoError(t, err)
//	}
//
// A guard is [JWTManager.JWTRequired] or [JWTManager.RefreshRequired] of any manager, or a
// handler in [Decided]. A guard of a group or of the engine counts for the routes that were
// registered behind it. An [Optional] guard is a guard. Handlers of this package that
// decide by themselves need none: RefreshHandler, TicketHandler, IntrospectionHandler, and
// those that respond to everybody by their purpose, such as LogoutHandler and JWKSHandler.
//
// Other errors are:
//
//   - A guard is the last handler of a route. The handlers before it then run without it. A
//     guard alone is enough for NoRoute and NoMethod, because Gin responds behind it.
//   - A name of Public matches no route.
//   - A name of Public matches a route that has a guard.
//
// NoRoute and NoMethod are routes too, if the application has set handlers for them.
//
// CheckRoutes runs nothing of the application, as [Routes] does. So it cannot look into
// functions: a guard that a function of the application calls is no guard, because the
// function may not call it. The check does not know whether a function before the guard
// responds to the request. Route.Before lists these functions.
//
// The error joins a [*RouteError] for each problem.
func CheckRoutes(engine *gin.Engine, opts ...RoutesOption) error {
	routes, public, err := routesOf(engine, opts)
	if err != nil {
		return fmt.Errorf("ginjwt: CheckRoutes: %w", err)
	}
	var problems []error
	for _, r := range routes {
		if problem := r.problem(); problem != "" {
			problems = append(problems, &RouteError{Method: r.Method, Path: r.Path, Problem: problem})
		}
	}
	for _, name := range public.unused() {
		problems = append(problems, &RouteError{Path: name, Problem: "Public names no registered route"})
	}
	return errors.Join(problems...)
}

// RouteError is a problem that [CheckRoutes] found.
type RouteError struct {
	Method, Path string // as in Route; without a method, Path is a name of Public
	Problem      string
}

func (e *RouteError) Error() string {
	return "ginjwt: " + strings.TrimPrefix(word(e.Method)+" ", " ") + word(e.Path) + ": " + e.Problem
}

// problem returns what is wrong with the decision about a route; empty if nothing is.
func (r *Route) problem() string {
	switch {
	case r.Public && len(r.Guards) > 0:
		return "Public names it, but it has a guard (" + r.Guards[0].String() + "): remove the name"
	case r.Public && r.Handler != "" && !r.open:
		return "Public names it, but " + r.Handler + " does not respond to everybody: remove the name"
	case r.behind:
		return "its guard is the last handler: put JWTRequired before the handler that it protects"
	case r.Public, len(r.Guards) > 0, r.Handler != "":
		return ""
	}
	return "nothing decides who may call " + word(r.last) +
		": put JWTRequired before it, name the route in Public, or wrap the handler that decides in Decided"
}

// Decided marks a handler that decides by itself who may call the route, such as your own
// middleware or a webhook that checks a signature. why says how, for the reviewers of
// [Routes]. The handler serves requests as before.
//
//	router.POST("/webhook", ginjwt.Decided(webhook, "checks the signature of the sender"))
//
// CheckRoutes takes your word for it: test the handler. Decided panics if handler is nil or
// why is blank.
func Decided(handler gin.HandlerFunc, why string) gin.HandlerFunc {
	switch {
	case handler == nil:
		panic("ginjwt: Decided: the handler is nil")
	case strings.TrimSpace(why) == "":
		panic("ginjwt: Decided: say in a few words how the handler decides")
	}
	return describe(routeFacts{why: why}, handler)
}
