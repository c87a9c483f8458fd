package ginjwt_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// partsOf returns the parts of an engine.
func partsOf(t *testing.T, engine *gin.Engine, opts ...ginjwt.RoutesOption) *ginjwt.OpenAPIParts {
	t.Helper()
	parts, err := ginjwt.OpenAPI(engine, opts...)
	require.NoError(t, err)
	return parts
}

// asJSON returns what encoding/json writes.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// securityOf returns the security of an operation as JSON; empty if it has none.
func securityOf(t *testing.T, o *ginjwt.OpenAPIOperation) string {
	t.Helper()
	require.NotNil(t, o)
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(asJSON(t, o)), &members))
	return string(members["security"])
}

// statusesIn returns the statuses of the responses of an operation.
func statusesIn(o *ginjwt.OpenAPIOperation) string {
	return strings.Join(slices.Sorted(maps.Keys(o.Responses)), " ")
}

// bodyOf returns where in a body the token may be.
func bodyOf(o *ginjwt.OpenAPIOperation) string {
	if o.TokenInBody == nil {
		return ""
	}
	text := strings.Join(o.TokenInBody.Members, " ")
	if o.TokenInBody.Required {
		text += ", required"
	}
	return text
}

func TestOpenAPISaysWhichCredentialsPass(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.Sessions = &ginjwt.MemorySessions{}
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}
	mgr, _ := newManager(t, config)
	required := mgr.JWTRequired
	in := ginjwt.Locations
	for name, test := range map[string]struct {
		guards         []gin.HandlerFunc
		get, post      string
		getBody        string
		getRefusals    string
		withoutHandler bool
	}{
		"locations are alternatives": {guards: []gin.HandlerFunc{required()}, getRefusals: "401 422 503",
			get:  `[{"accessHeader":[]},{"accessCookie":[]}]`,
			post: `[{"accessHeader":[]},{"accessCSRF":[],"accessCookie":[]}]`},
		"refresh tokens have their own schemes": {guards: []gin.HandlerFunc{mgr.RefreshRequired()}, getRefusals: "401 422 503",
			get:  `[{"refreshHeader":[]},{"refreshCookie":[]}]`,
			post: `[{"refreshHeader":[]},{"refreshCSRF":[],"refreshCookie":[]}]`},
		"both types": {guards: []gin.HandlerFunc{required(ginjwt.AnyType(), in(ginjwt.InHeaders))}, getRefusals: "401 422 503",
			get: `[{"accessHeader":[]},{"refreshHeader":[]}]`, post: `[{"accessHeader":[]},{"refreshHeader":[]}]`},
		"optional": {guards: []gin.HandlerFunc{required(ginjwt.Optional(), in(ginjwt.InHeaders))}, getRefusals: "401 422 503",
			get: `[{"accessHeader":[]},{}]`, post: `[{"accessHeader":[]},{}]`},
		"scopes are sorted, and belong to the token": {guards: []gin.HandlerFunc{required(ginjwt.Scopes("b", "a"), ginjwt.AnyScope("c"), ginjwt.AnyScope("d", "e"))},
			getRefusals: "401 403 422 503",
			get:         `[{"accessHeader":["a","b","c"]},{"accessCookie":["a","b","c"]}]`,
			post:        `[{"accessHeader":["a","b","c"]},{"accessCSRF":[],"accessCookie":["a","b","c"]}]`},
		"guards of one scheme join their scopes": {guards: []gin.HandlerFunc{required(in(ginjwt.InHeaders), ginjwt.Scopes("b")), required(ginjwt.Scopes("a"))},
			getRefusals: "401 403 422 503", get: `[{"accessHeader":["a","b"]}]`, post: `[{"accessHeader":["a","b"]}]`},
		"guards of other places are required together": {guards: []gin.HandlerFunc{required(in(ginjwt.InHeaders)), required(in(ginjwt.InCookies))},
			getRefusals: "401 422 503", get: `[{"accessCookie":[],"accessHeader":[]}]`, post: `[{"accessCSRF":[],"accessCookie":[],"accessHeader":[]}]`},
		"an optional guard of the same place checks the token": {guards: []gin.HandlerFunc{required(in(ginjwt.InHeaders)), required(in(ginjwt.InHeaders), ginjwt.Optional(), ginjwt.Scopes("a"))},
			getRefusals: "401 403 422 503", get: `[{"accessHeader":["a"]}]`, post: `[{"accessHeader":["a"]}]`},
		"the first place with a token counts": {guards: []gin.HandlerFunc{required(in(ginjwt.InHeaders)), required(in(ginjwt.InHeaders, ginjwt.InCookies), ginjwt.Scopes("a"))},
			getRefusals: "401 403 422 503", get: `[{"accessHeader":["a"]}]`, post: `[{"accessHeader":["a"]}]`},
		"a query string and a ticket": {guards: []gin.HandlerFunc{required(in(ginjwt.InQueryString, ginjwt.InTicket))}, getRefusals: "401 422 503",
			get: `[{"accessQuery":[]},{"ticket":[]}]`, post: `[{"accessQuery":[]},{"ticket":[]}]`},
		"a place that is named twice": {guards: []gin.HandlerFunc{required(in(ginjwt.InHeaders, ginjwt.InHeaders))}, getRefusals: "401 422 503",
			get: `[{"accessHeader":[]}]`, post: `[{"accessHeader":[]}]`},
		"a body besides": {guards: []gin.HandlerFunc{required(in(ginjwt.InJSON, ginjwt.InHeaders))}, getRefusals: "401 422 503", getBody: "access_token",
			get: `[{"accessHeader":[]}]`, post: `[{"accessHeader":[]}]`},
		"only a body": {guards: []gin.HandlerFunc{mgr.RefreshRequired(in(ginjwt.InJSON))}, getRefusals: "401 422 503", getBody: "refresh_token, required",
			get: `[{}]`, post: `[{}]`},
		"Decided":                   {guards: []gin.HandlerFunc{ginjwt.Decided(identify, "for this test")}},
		"Decided beside a guard":    {guards: []gin.HandlerFunc{ginjwt.Decided(identify, "for this test"), required(in(ginjwt.InHeaders))}, getRefusals: "401 422 503", get: `[{"accessHeader":[]}]`, post: `[{"accessHeader":[]}]`},
		"a guard behind everything": {guards: []gin.HandlerFunc{identify, required()}, withoutHandler: true},
		"nothing":                   {},
		"RefreshHandler": {guards: []gin.HandlerFunc{mgr.RefreshHandler()}, withoutHandler: true, getRefusals: "401 422 503", getBody: "refresh_token",
			get: `[{"refreshHeader":[]},{"refreshCookie":[]}]`, post: `[{"refreshHeader":[]},{"refreshCSRF":[],"refreshCookie":[]}]`},
		"RefreshHandler with the access token": {guards: []gin.HandlerFunc{mgr.RefreshHandler(ginjwt.RequireAccessToken())}, withoutHandler: true, getRefusals: "401 422 503", getBody: "refresh_token",
			get:  `[{"accessHeader":[],"refreshCookie":[]},{"accessCookie":[],"refreshCookie":[]},{"accessCookie":[],"refreshHeader":[]}]`,
			post: `[{"accessHeader":[],"refreshCSRF":[],"refreshCookie":[]},{"accessCookie":[],"refreshCSRF":[],"refreshCookie":[]},{"accessCookie":[],"refreshHeader":[]}]`},
		"TicketHandler": {guards: []gin.HandlerFunc{mgr.TicketHandler(ginjwt.Scopes("live"), in(ginjwt.InHeaders))}, withoutHandler: true,
			getRefusals: "401 403 422 503", get: `[{"accessHeader":["live"]}]`, post: `[{"accessHeader":["live"]}]`},
		"JWKSHandler":          {guards: []gin.HandlerFunc{mgr.JWKSHandler()}, withoutHandler: true, get: `[]`, post: `[]`},
		"JWKSHandler, guarded": {guards: []gin.HandlerFunc{required(in(ginjwt.InHeaders)), mgr.JWKSHandler()}, withoutHandler: true, getRefusals: "401 422 503", get: `[{"accessHeader":[]}]`, post: `[{"accessHeader":[]}]`},
		"LogoutHandler":        {guards: []gin.HandlerFunc{mgr.LogoutHandler()}, withoutHandler: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := gin.New()
			chain := test.guards
			if !test.withoutHandler {
				chain = append(slices.Clone(chain), identify)
			}
			engine.GET("/", chain...)
			engine.POST("/", chain...)
			item := partsOf(t, engine).Paths["/"]
			assert.Equal(t, test.get, securityOf(t, item.Get))
			assert.Equal(t, test.post, securityOf(t, item.Post))
			assert.Equal(t, test.getRefusals, statusesIn(item.Get))
			assert.Equal(t, test.getBody, bodyOf(item.Get))
		})
	}
}

func TestOpenAPISchemesFollowTheSettings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*ginjwt.Config)
		want   string
	}{
		"Bearer": {func(*ginjwt.Config) {}, `{"type":"http","description":"The access token.","scheme":"bearer","bearerFormat":"JWT"}`},
		"bearer": {func(c *ginjwt.Config) { c.HeaderName, c.HeaderType = "authorization", "bearer" },
			`{"type":"http","description":"The access token.","scheme":"bearer","bearerFormat":"JWT"}`},
		"another scheme": {func(c *ginjwt.Config) { c.HeaderType = "JWT" },
			`{"type":"apiKey","description":"The access token, after the scheme \"JWT\" and a blank.","in":"header","name":"Authorization"}`},
		"another header": {func(c *ginjwt.Config) { c.HeaderName = "X-Token" },
			`{"type":"apiKey","description":"The access token, after the scheme \"Bearer\" and a blank.","in":"header","name":"X-Token"}`},
		"no scheme": {func(c *ginjwt.Config) { c.HeaderName, c.DisableHeaderType = "X-Token", true },
			`{"type":"apiKey","description":"The access token, alone.","in":"header","name":"X-Token"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := jwttest.Config(nil)
			test.change(&config)
			mgr, engine := newManager(t, config)
			engine.GET("/", mgr.JWTRequired(), identify)
			assert.Equal(t, test.want, asJSON(t, partsOf(t, engine).Components.SecuritySchemes["accessHeader"]))
		})
	}

	config := jwttest.Config(nil)
	config.AccessCookieName, config.RefreshCookieName = "__Host-a", "__Host-r"
	config.AccessCSRFHeaderName, config.RefreshCSRFHeaderName = "X-A", "X-R"
	config.QueryStringName, config.QueryStringValuePrefix, config.TicketName = "q", "p ", "t"
	mgr, engine := newManager(t, config)
	engine.POST("/a", mgr.JWTRequired(ginjwt.Locations(ginjwt.InCookies, ginjwt.InQueryString, ginjwt.InTicket)), identify)
	engine.POST("/r", mgr.RefreshRequired(ginjwt.Locations(ginjwt.InCookies)), identify)
	key := func(in, name, description string) ginjwt.OpenAPISecurityScheme {
		return ginjwt.OpenAPISecurityScheme{Type: "apiKey", In: in, Name: name, Description: description}
	}
	assert.Equal(t, map[string]ginjwt.OpenAPISecurityScheme{
		"accessCookie":  key("cookie", "__Host-a", "The access token."),
		"accessCSRF":    key("header", "X-A", "The CSRF value of the access token in the cookie."),
		"accessQuery":   key("query", "q", `The access token, after the prefix "p ".`),
		"ticket":        key("query", "t", "A ticket for this request, which works once."),
		"refreshCookie": key("cookie", "__Host-r", "The refresh token."),
		"refreshCSRF":   key("header", "X-R", "The CSRF value of the refresh token in the cookie."),
	}, partsOf(t, engine).Components.SecuritySchemes)
}

func TestOpenAPIMethods(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	mgr, engine := newManager(t, config)
	config.CSRFMethods = []string{"GET"}
	config.AllowAnyOptions = true
	other, _ := newManager(t, config)
	engine.Any("/any", mgr.JWTRequired(), identify)
	engine.Handle("PURGE", "/own", mgr.JWTRequired(), identify)
	engine.NoRoute(mgr.JWTRequired(), identify)
	parts := partsOf(t, engine)
	assert.Equal(t, []string{"/any"}, slices.Collect(maps.Keys(parts.Paths)))
	item := parts.Paths["/any"]
	plain, protected := `[{"accessCookie":[]}]`, `[{"accessCSRF":[],"accessCookie":[]}]`
	for o, want := range map[*ginjwt.OpenAPIOperation]string{
		item.Get: plain, item.Head: plain, item.Options: plain, item.Trace: plain,
		item.Post: protected, item.Put: protected, item.Patch: protected, item.Delete: protected,
	} {
		assert.Equal(t, want, securityOf(t, o))
	}

	engine = gin.New()
	engine.Any("/any", other.JWTRequired(), identify)
	item = partsOf(t, engine).Paths["/any"]
	assert.Equal(t, protected, securityOf(t, item.Get))
	assert.Equal(t, plain, securityOf(t, item.Post))
	assert.Equal(t, `[{}]`, securityOf(t, item.Options))
	assert.Empty(t, item.Options.Responses)
}

// Fetch Metadata needs no header that a client of the document could send.
func TestOpenAPICSRFHeaderFollowsTheProtection(t *testing.T) {
	t.Parallel()
	cookie, both := `[{"accessCookie":[]}]`, `[{"accessCSRF":[],"accessCookie":[]}]`
	for protection, want := range map[string]string{"": both, "double_submit": both, "both": both, "fetch_metadata": cookie, "off": cookie} {
		config := jwttest.Config(nil)
		config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
		if protection == "off" {
			config.DisableCookieCSRFProtect = true
		} else {
			config.CSRFProtection = protection
		}
		mgr, engine := newManager(t, config)
		engine.POST("/", mgr.JWTRequired(), identify)
		assert.Equal(t, want, securityOf(t, partsOf(t, engine).Paths["/"].Post), protection)
	}
}

func TestOpenAPIPaths(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	names := map[string]string{}
	for path, want := range map[string]string{
		"/":                  "/",
		"/users/:id":         "/users/{id}",
		"/files/*path":       "/files/{path}",
		"/b/:id/x/:id":       "/b/{id}/x/{id_2}",
		"/c/v:n":             "/c/v{n}",
		"/d/a b{c}?%":        "/d/a%20b%7Bc%7D%3F%25",
		"/e/:a{b}":           "/e/{a_b_}",
		"/é":                 "/%C3%A9",
		`/act/x\:do`:         "/act/x:do",
		"/trailing/:id/":     "/trailing/{id}/",
		"/f/:id_2/:id/*id":   "/f/{id_2}/{id}/{id_3}",
		"/g/:id.json/a:b_c":  "/g/{id.json}/a{b_c}",
		"/h/:a/i/*catch-all": "/h/{a}/i/{catch-all}",
	} {
		if strings.Contains(path, `\`) && gin.Version < "v1.10" {
			continue
		}
		engine.GET(path, mgr.JWTRequired(), identify)
		names[path] = want
	}
	parts := partsOf(t, engine)
	assert.ElementsMatch(t, slices.Collect(maps.Values(names)), slices.Collect(maps.Keys(parts.Paths)))
	assert.JSONEq(t, `[{"name":"id","in":"path","required":true,"schema":{"type":"string"}},{"name":"id_2","in":"path","required":true,"schema":{"type":"string"}}]`,
		asJSON(t, parts.Paths["/b/{id}/x/{id_2}"].Parameters))
	assert.Empty(t, parts.Paths["/"].Parameters)
}

func TestOpenAPIHasOneItemForPathsThatDifferInNames(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.GET("/users/:name", mgr.JWTRequired(), identify)
	engine.PUT("/users/:id", mgr.JWTRequired(ginjwt.Scopes("a")), identify)
	engine.DELETE("/users/*rest", mgr.JWTRequired(ginjwt.Scopes("b")), identify)
	parts := partsOf(t, engine)
	require.Equal(t, []string{"/users/{rest}"}, slices.Collect(maps.Keys(parts.Paths)))
	item := parts.Paths["/users/{rest}"]
	assert.Equal(t, `[{"accessHeader":[]}]`, securityOf(t, item.Get))
	assert.Equal(t, `[{"accessHeader":["a"]}]`, securityOf(t, item.Put))
	assert.Equal(t, `[{"accessHeader":["b"]}]`, securityOf(t, item.Delete))
	assert.Len(t, item.Parameters, 1)
}

func TestOpenAPIPublicRoutes(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.POST("/login", identify)
	engine.GET("/me", mgr.JWTRequired(), identify)
	engine.POST("/hook", ginjwt.Decided(identify, "for this test"), identify)
	parts := partsOf(t, engine, ginjwt.Public("/login", "/me", "/hook"))
	assert.JSONEq(t, `{"post":{"security":[]}}`, asJSON(t, parts.Paths["/login"]))
	assert.Equal(t, `[{"accessHeader":[]}]`, securityOf(t, parts.Paths["/me"].Get), "the guard is what counts")
	assert.JSONEq(t, `{"post":{}}`, asJSON(t, parts.Paths["/hook"]))
}

func TestOpenAPIManagersHaveTheirOwnComponents(t *testing.T) {
	t.Parallel()
	engine := gin.New()
	var managers []*ginjwt.JWTManager
	for i, realm := range []string{"a b", "a.b", "c"} {
		config := jwttest.Config(nil)
		config.Realm, config.ErrorProfile = realm, []string{"flask", "bearer", "problem"}[i]
		mgr, _ := newManager(t, config)
		managers = append(managers, mgr)
		engine.GET("/"+string(rune('a'+i)), mgr.JWTRequired(), identify)
	}
	engine.GET("/both", managers[0].JWTRequired(), managers[1].JWTRequired(), identify)
	parts := partsOf(t, engine)
	schemes := slices.Sorted(maps.Keys(parts.Components.SecuritySchemes))
	assert.Equal(t, []string{"accessHeader-a_b", "accessHeader-a_b_2", "accessHeader-c"}, schemes)
	assert.Equal(t, `[{"accessHeader-a_b":[],"accessHeader-a_b_2":[]}]`, securityOf(t, parts.Paths["/both"].Get))
	assert.Equal(t, "#/components/responses/Refusal401-a_b.-a_b_2", parts.Paths["/both"].Get.Responses["401"].Ref)
	assert.JSONEq(t, `{"application/json":{"schema":{"anyOf":[{"$ref":"#/components/schemas/Refusal-a_b"},{"$ref":"#/components/schemas/Refusal-a_b_2"}]}}}`,
		asJSON(t, parts.Components.Responses["Refusal401-a_b.-a_b_2"].Content))
	assert.JSONEq(t, `{"application/problem+json":{"schema":{"$ref":"#/components/schemas/Refusal-c"}}}`, asJSON(t, parts.Components.Responses["Refusal401-c"].Content))
}

func TestOpenAPIRefusalsFollowTheProfile(t *testing.T) {
	t.Parallel()
	const url = "https://api.example/mcp"
	for name, test := range map[string]struct {
		change            func(*ginjwt.Config)
		setup             func(*ginjwt.JWTManager)
		plain, scoped     string
		cookie, addressed string
	}{
		"flask":   {func(*ginjwt.Config) {}, nil, "401 422 503", "401 403 422 503", "401 422 503", "400 401 503"},
		"bearer":  {func(c *ginjwt.Config) { c.ErrorProfile = "bearer" }, nil, "400 401 503", "400 401 403 503", "400 401 403 503", "400 401 503"},
		"problem": {func(c *ginjwt.Config) { c.ErrorProfile = "problem" }, nil, "400 401 503", "400 401 403 503", "400 401 403 503", "400 401 503"},
		"a loader that verifies": {func(*ginjwt.Config) {}, func(m *ginjwt.JWTManager) {
			m.TokenVerificationLoader(func(context.Context, *ginjwt.Token) (bool, error) { return false, nil })
		},
			"400 401 422 503", "400 401 403 422 503", "400 401 422 503", "400 401 403 503"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := jwttest.Config(nil)
			config.Resources = []ginjwt.Resource{{URL: url, AuthorizationServers: []string{"https://issuer.example"}}}
			test.change(&config)
			mgr, engine := newManager(t, config, func(m *ginjwt.JWTManager) {
				if test.setup != nil {
					test.setup(m)
				}
			})
			engine.GET("/plain", mgr.JWTRequired(), identify)
			engine.GET("/scoped", mgr.JWTRequired(ginjwt.Scopes("a")), identify)
			engine.POST("/cookie", mgr.JWTRequired(ginjwt.Locations(ginjwt.InCookies)), identify)
			engine.GET("/mcp", mgr.JWTRequired(ginjwt.ForResource(url)), mgr.JWTRequired(), identify)
			parts := partsOf(t, engine)
			assert.Equal(t, test.plain, statusesIn(parts.Paths["/plain"].Get))
			assert.Equal(t, test.scoped, statusesIn(parts.Paths["/scoped"].Get))
			assert.Equal(t, test.cookie, statusesIn(parts.Paths["/cookie"].Post))
			assert.Equal(t, test.addressed, statusesIn(parts.Paths["/mcp"].Get))
		})
	}
}

func TestOpenAPIDescribesWhatSecurityCannot(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.GET("/", mgr.JWTRequired(ginjwt.Scopes("a"), ginjwt.AnyScope("b", "c"), ginjwt.Roles("d", "e f"), ginjwt.Claim("plan", "pro", 5)),
		mgr.JWTRequired(ginjwt.Fresh(), ginjwt.FreshWithin(5*time.Minute)), identify)
	responses := partsOf(t, engine).Paths["/"].Get.Responses
	assert.Equal(t, map[string]ginjwt.OpenAPIReference{
		"401": {Ref: "#/components/responses/Refusal401", Description: "The token is missing or not accepted. It must have: been issued at a login; a login in the last 300 seconds."},
		"403": {Ref: "#/components/responses/Refusal403",
			Description: `The token does not allow this request. It must have: the scopes a; one of the scopes b, c; one of the roles d, "e f"; the claim plan:"pro"|5.`},
		"422": {Ref: "#/components/responses/Refusal422"},
		"503": {Ref: "#/components/responses/Refusal503"},
	}, responses)
}

func TestOpenAPIDescribesNoBodyThatALoaderWrites(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil), func(m *ginjwt.JWTManager) {
		m.InsufficientScopeLoader(func(c *gin.Context, _ *ginjwt.Error) { c.String(403, "no") })
	})
	engine.GET("/", mgr.JWTRequired(ginjwt.Scopes("a")), identify)
	responses := partsOf(t, engine).Components.Responses
	assert.Empty(t, responses["Refusal403"].Content)
	assert.NotEmpty(t, responses["Refusal403"].Headers)
	assert.NotEmpty(t, responses["Refusal401"].Content)
}

func TestOpenAPIErrors(t *testing.T) {
	t.Parallel()
	_, err := ginjwt.OpenAPI(nil)
	require.EqualError(t, err, "ginjwt: OpenAPI: the engine is nil")

	all := ginjwt.Locations(ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InQueryString)
	var guards []gin.HandlerFunc
	for i := range 6 {
		config := jwttest.Config(nil)
		suffix := string(rune('a' + i))
		config.HeaderName, config.AccessCookieName, config.QueryStringName = "X-"+suffix, suffix, suffix
		mgr, _ := newManager(t, config)
		guards = append(guards, mgr.JWTRequired(all))
	}
	many := gin.New()
	many.GET("/five", append(slices.Clone(guards[:5]), identify)...)
	assert.Len(t, partsOf(t, many).Paths["/five"].Get.Security, 3*3*3*3*3)
	many.GET("/six", append(slices.Clone(guards), identify)...)
	_, err = ginjwt.OpenAPI(many)
	require.EqualError(t, err, "ginjwt: OpenAPI: GET /six: there are more than 256 alternatives")

	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.GET("/", mgr.JWTRequired(), mgr.RefreshRequired(ginjwt.Optional()), identify)
	_, err = ginjwt.OpenAPI(engine)
	require.EqualError(t, err, "ginjwt: OpenAPI: GET /: no request can pass all guards, because they require different tokens in one place")
}

// What encoding/json writes does not depend on anything but the routes.
func TestOpenAPIIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	for _, path := range []string{"/a", "/b/:id", "/c/*path"} {
		engine.Any(path, mgr.JWTRequired(ginjwt.Scopes("b", "a")), identify)
	}
	first := asJSON(t, partsOf(t, engine))
	for range 20 {
		require.Equal(t, first, asJSON(t, partsOf(t, engine)))
	}
	assert.Equal(t, http.StatusUnauthorized, jwttest.Do(engine, "GET", "/a").Code)
}
