package ginjwt

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
)

// OpenAPI returns what the guards of an engine say in OpenAPI 3.1: the security schemes,
// and for each route which of them a request needs, and how it is refused. It is data for
// the document of your program, and serves nothing. [OpenAPIParts.MergeInto] puts it into
// the document.
//
//   - A token in a header, a cookie, the query string or a ticket is a scheme. If a method
//     needs a CSRF value, its header is required together with the cookie.
//   - A token that is bound to a key has the scheme "dpop", and a DPoP proof in a second
//     header. If [Bound] or Config.DPoP demands such tokens, every location needs the proof.
//   - Locations are alternatives. Guards that follow each other are required together.
//   - The scopes of [Scopes] are listed with the scheme of the token. Other permissions,
//     such as [Roles], and [Fresh] are in the descriptions of the refusals.
//   - A route that [Public] names has an empty security, which overrides a default of the
//     document. JWKSHandler and the handlers of metadata have one too.
//   - Routes with [Decided], and routes without a decision, have no security. OpenAPI does
//     not judge them: use [CheckRoutes].
//
// OpenAPI sees what [Routes] sees. It leaves out NoRoute, NoMethod, and methods that
// OpenAPI 3.1 does not know, such as CONNECT. Register all routes and loaders before, and
// call it before [gin.Engine.Run].
//
// The error says that the engine cannot be read, that two routes have the same path in
// OpenAPI, that no request can pass all guards of a route, or that there are more than 256
// ways to do so.
func OpenAPI(engine *gin.Engine, opts ...RoutesOption) (*OpenAPIParts, error) {
	routes, _, err := routesOf(engine, opts)
	if err != nil {
		return nil, fmt.Errorf("ginjwt: OpenAPI: %w", err)
	}
	b := newPartsBuilder(routes)
	for _, r := range routes {
		if err := b.add(r); err != nil {
			return nil, fmt.Errorf("ginjwt: OpenAPI: %s %s: %w", word(r.Method), word(r.Path), err)
		}
	}
	return b.parts, nil
}

// partsBuilder makes OpenAPIParts.
type partsBuilder struct {
	parts    *OpenAPIParts
	paths    map[string]string      // by their shape
	suffixes map[*JWTManager]string // of the names of their components
}

func newPartsBuilder(routes []Route) *partsBuilder {
	b := &partsBuilder{
		parts: &OpenAPIParts{
			Components: OpenAPIComponents{
				SecuritySchemes: map[string]OpenAPISecurityScheme{}, Responses: map[string]OpenAPIResponse{},
				Headers: map[string]OpenAPIHeader{}, Schemas: map[string]map[string]any{},
			},
			Paths: map[string]*OpenAPIPathItem{},
		},
		paths: map[string]string{}, suffixes: map[*JWTManager]string{},
	}
	var taken []string
	for _, r := range routes {
		for _, g := range r.Guards {
			if _, named := b.suffixes[g.by]; g.by == nil || named {
				continue
			}
			suffix := ""
			if g.Manager != "" {
				suffix = "-" + uniqueName(componentName(g.Manager), taken)
				taken = append(taken, suffix[1:])
			}
			b.suffixes[g.by] = suffix
		}
	}
	return b
}

// componentName returns a name with "_" for characters that the names of components do not
// allow, and for dots, which separate managers.
func componentName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_':
			return r
		}
		return '_'
	}, strings.TrimPrefix(name, "#"))
}

// add adds the operations of a route.
func (b *partsBuilder) add(r Route) error {
	methods := []string{r.Method}
	if r.Method == anyMethod {
		methods = anyMethods
	}
	for _, method := range methods {
		if new(OpenAPIPathItem).operation(method) == nil {
			continue
		}
		operation, err := b.operation(r, method)
		if err != nil {
			return err
		}
		at := b.item(templateOf(r.Path)).operation(method)
		if *at != nil {
			return errors.New("another route has the same path in OpenAPI")
		}
		*at = operation
	}
	return nil
}

// item returns the path item of a path. Paths that differ in the names of their parameters
// share one.
func (b *partsBuilder) item(t pathTemplate) *OpenAPIPathItem {
	path, known := b.paths[t.shape()]
	if !known {
		path = t.String()
		b.paths[t.shape()] = path
		b.parts.Paths[path] = &OpenAPIPathItem{Parameters: t.parameters()}
	}
	return b.parts.Paths[path]
}

// operation returns what is known about a method of a route.
func (b *partsBuilder) operation(r Route, method string) (*OpenAPIOperation, error) {
	guards := r.guardsFor(method)
	o := &OpenAPIOperation{}
	if len(guards) == 0 {
		if r.isPublic() {
			o.Security = []map[string][]string{}
		}
		return o, nil
	}
	var ways [][]alternative
	var members []string
	for _, g := range guards {
		schemes := b.parts.Components.SecuritySchemes
		ways = append(ways, waysOf(g, b.suffixes[g.by], schemes))
		if g.need.accessBeside {
			ways = append(ways, waysBeside(g, b.suffixes[g.by], schemes))
		}
		if slices.Contains(g.Locations, InJSON) {
			members = append(members, g.bodyMember())
		}
	}
	security, inBody, err := passing(ways)
	if err != nil {
		return nil, err
	}
	o.Security = security
	if len(members) > 0 {
		o.TokenInBody = &OpenAPITokenInBody{Members: sortedSet(members), Required: inBody}
	}
	o.Responses = b.refusals(guards)
	return o, nil
}

// guardsFor returns the guards of a method that check tokens before the last handler.
func (r *Route) guardsFor(method string) (guards []Guard) {
	for i, g := range r.Guards {
		if g.need == nil || r.behind && i == len(r.Guards)-1 {
			continue
		}
		facts := routeFacts{need: g.need}
		if i == len(r.Guards)-1 {
			facts.handler = r.Handler
		}
		own := guardOf(facts, method)
		own.Manager = g.Manager
		guards = append(guards, own)
	}
	return guards
}

// isPublic reports whether everybody may call the route, without a token that counts.
func (r *Route) isPublic() bool {
	if len(r.Guards) > 0 {
		return false
	}
	switch r.Handler {
	case "JWKSHandler", "MetadataHandler", "ResourceMetadataHandler":
		return true
	}
	return r.Public
}

// refusals returns the responses of guards, and adds their components.
func (b *partsBuilder) refusals(guards []Guard) map[string]OpenAPIReference {
	by := map[int][]*JWTManager{}
	addressed := map[*JWTManager]bool{}
	for _, g := range guards {
		addressed[g.by] = addressed[g.by] || g.need.resource != nil
		for _, status := range refusalsOf(g, addressed[g.by]) {
			if !slices.Contains(by[status], g.by) {
				by[status] = append(by[status], g.by)
			}
		}
	}
	if len(by) == 0 {
		return nil
	}
	b.parts.Components.Headers[challengeName] = challengeComponent()
	refusals := map[string]OpenAPIReference{}
	for status, managers := range by {
		name, suffixes := "Refusal"+strconv.Itoa(status), []string{}
		var schemas []string
		for _, m := range managers {
			if m.sendsNonces(status) {
				b.parts.Components.Headers[nonceName] = nonceComponent()
			}
			schemas = append(schemas, "Refusal"+b.suffixes[m])
			suffixes = append(suffixes, b.suffixes[m])
			if !m.loaderResponds(status) {
				b.parts.Components.Schemas["Refusal"+b.suffixes[m]] = refusalSchema(&m.config)
			}
		}
		name += strings.Join(suffixes, ".")
		b.parts.Components.Responses[name] = responseOf(status, managers, schemas)
		refusals[strconv.Itoa(status)] = OpenAPIReference{Ref: "#/components/responses/" + name, Description: textOf(status, guards)}
	}
	return refusals
}
