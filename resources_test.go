package ginjwt_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

const (
	mcpURL      = "https://api.example.com/mcp"
	mcpMetadata = "https://api.example.com/.well-known/oauth-protected-resource/mcp"
)

// RFC 9728 §3.1: the well-known string stands between the host and the path or query,
// and takes the place of a slash that follows the host.
func TestWhereMetadataIs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ resource, metadata, path string }{
		{"https://api.example.com", "https://api.example.com/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource"},
		{"https://api.example.com/", "https://api.example.com/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource"},
		{mcpURL, mcpMetadata, "/.well-known/oauth-protected-resource/mcp"},
		{mcpURL + "/", mcpMetadata + "/", "/.well-known/oauth-protected-resource/mcp/"},
		{mcpURL + "/v2/tools", mcpMetadata + "/v2/tools", "/.well-known/oauth-protected-resource/mcp/v2/tools"},
		{mcpURL + "?tenant=a", mcpMetadata + "?tenant=a", "/.well-known/oauth-protected-resource/mcp"},
		{"https://api.example.com?k=v", "https://api.example.com/.well-known/oauth-protected-resource?k=v", "/.well-known/oauth-protected-resource"},
		{"https://api.example.com/?k=v", "https://api.example.com/.well-known/oauth-protected-resource?k=v", "/.well-known/oauth-protected-resource"},
		{"https://api.example.com:8443/mcp", "https://api.example.com:8443/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource/mcp"},
		{"http://[::1]:8080/mcp", "http://[::1]:8080/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource/mcp"},
	} {
		r := ginjwt.Resource{URL: test.resource}
		assert.Equal(t, test.metadata, r.MetadataURL(), test.resource)
		assert.Equal(t, test.path, r.MetadataPath(), test.resource)
		config := jwttest.Config(nil)
		config.Resources = []ginjwt.Resource{r}
		assert.NoError(t, config.Validate(), test.resource)
	}
}

func TestResourcesAreChecked(t *testing.T) {
	t.Parallel()
	const (
		absolute   = "must be an absolute https URL, without user and fragment; http works on loopback"
		normalized = "must be normalized (RFC 3986 §6.2): scheme and host in lower case, no empty port or query"
		characters = "has characters other than letters, digits and -._~ in its host, path or query"
		segments   = "has an empty segment, or one that is . or .., in its path"
	)
	for _, test := range []struct{ url, problem string }{
		{"", absolute},
		{"mcp", absolute},
		{"/mcp", absolute},
		{"urn:example:mcp", absolute},
		{"http://api.example.com/mcp", absolute},
		{"http://192.168.0.1/mcp", absolute},
		{"ws://localhost/mcp", absolute},
		{"https:///mcp", absolute},
		{"https://user@api.example.com/mcp", absolute},
		{mcpURL + "#fragment", absolute},
		{mcpURL + "#", absolute},
		{"HTTPS://api.example.com/mcp", normalized},
		{"https://API.example.com/mcp", normalized},
		{"https://api.example.com:/mcp", normalized},
		{mcpURL + "?", normalized},
		{mcpURL + `"x`, characters},
		{`https://api."example.com/mcp`, characters},
		{mcpURL + `\x`, characters},
		{mcpURL + "%22", characters},
		{mcpURL + ":id", characters},
		{mcpURL + "*any", characters},
		{mcpURL + "{id}", characters},
		{mcpURL + "/é", characters},
		{mcpURL + `?k="`, characters},
		{mcpURL + "//x", segments},
		{mcpURL + "/./x", segments},
		{mcpURL + "/..", segments},
	} {
		config := jwttest.Config(nil)
		config.Resources = []ginjwt.Resource{{URL: test.url}}
		assert.EqualError(t, config.Validate(), "ginjwt: Resources[0].URL: "+test.problem, test.url)
	}

	config := jwttest.Config(nil)
	config.Resources = []ginjwt.Resource{
		{URL: "https://api.example.com", AuthorizationServers: []string{"https://as.example.com?x"}},
		{URL: "https://api.example.com/", ScopesSupported: []string{"a b"}},
		{URL: mcpURL, Documentation: "docs", JWKSURI: "http://api.example.com/jwks"},
		{URL: "https://other.example.com/mcp", Extra: map[string]any{"f": func() {}}},
		{URL: mcpURL + "?a=b"},
	}
	err := config.Validate()
	require.Error(t, err)
	for _, problem := range []string{
		`ginjwt: Resources[0].AuthorizationServers: "https://as.example.com?x" is not an absolute https URL without a query (RFC 8414 §2)`,
		`ginjwt: Resources[1].URL: "https://api.example.com/" has its metadata at the same path as another resource`,
		`ginjwt: Resources[1].ScopesSupported: "a b" is not a scope (RFC 6749 §3.3)`,
		`ginjwt: Resources[2].Documentation: "docs" is not an absolute https URL`,
		`ginjwt: Resources[2].JWKSURI: "http://api.example.com/jwks" is not an absolute https URL`,
		`ginjwt: Resources[3].URL: "https://other.example.com/mcp" has its metadata at the same path as another resource`,
		`ginjwt: Resources[3].Extra: `,
	} {
		assert.Contains(t, err.Error(), problem)
	}
	assert.NotContains(t, err.Error(), "Resources[4]")
}

func TestResourceMetadata(t *testing.T) {
	t.Parallel()
	issuers := []ginjwt.Issuer{
		{Name: "https://as.example.com", KeySource: &keySource{}, IdentityPrefix: "as:"},
		{Name: "corporate", KeySource: &keySource{}, IdentityPrefix: "corporate:"},
	}
	for name, test := range map[string]struct {
		change func(*ginjwt.Config)
		want   string
	}{
		"as little as can be": {func(c *ginjwt.Config) { c.Resources = []ginjwt.Resource{{URL: mcpURL}} },
			`{"bearer_methods_supported":["header"],"resource":"https://api.example.com/mcp"}`},
		"issuers": {func(c *ginjwt.Config) {
			c.Resources, c.Issuers = []ginjwt.Resource{{URL: mcpURL}}, issuers
			c.EncodeIssuer = "https://api.example.com"
		}, `{"authorization_servers":["https://as.example.com"],"bearer_methods_supported":["header"],"resource":"https://api.example.com/mcp"}`},
		"its own issuer": {func(c *ginjwt.Config) {
			c.Resources, c.EncodeIssuer = []ginjwt.Resource{{URL: mcpURL}}, "https://api.example.com"
		}, `{"authorization_servers":["https://api.example.com"],"bearer_methods_supported":["header"],"resource":"https://api.example.com/mcp"}`},
		"all": {func(c *ginjwt.Config) {
			c.TokenLocation = []ginjwt.Location{ginjwt.InQueryString, ginjwt.InHeaders, ginjwt.InJSON, ginjwt.InCookies}
			c.QueryStringName, c.Issuers = "access_token", issuers
			c.Resources = []ginjwt.Resource{{
				URL: mcpURL, Name: "Files", Documentation: "https://example.com/files", AuthorizationServers: []string{"https://b.example", "https://a.example"},
				ScopesSupported: []string{"files:read", "files:write"}, JWKSURI: "https://api.example.com/jwks",
				Extra: map[string]any{"resource": "https://evil.example", "resource_tos_uri": "https://example.com/tos"},
			}}
		}, `{"authorization_servers":["https://b.example","https://a.example"],"bearer_methods_supported":["header","query"],` +
			`"jwks_uri":"https://api.example.com/jwks","resource":"https://api.example.com/mcp","resource_documentation":"https://example.com/files",` +
			`"resource_name":"Files","resource_tos_uri":"https://example.com/tos","scopes_supported":["files:read","files:write"]}`},
		"no way of RFC 6750": {func(c *ginjwt.Config) {
			c.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InQueryString, ginjwt.InJSON}
			c.Resources, c.HeaderName = []ginjwt.Resource{{URL: mcpURL}}, "X-Token"
		}, `{"bearer_methods_supported":[],"resource":"https://api.example.com/mcp"}`},
		"tokens may be bound": {func(c *ginjwt.Config) { c.Resources, c.DPoP = []ginjwt.Resource{{URL: mcpURL}}, "accepted" },
			`{"bearer_methods_supported":["header"],"dpop_bound_access_tokens_required":false,"dpop_signing_alg_values_supported":[` + proofAlgorithms + `],"resource":"https://api.example.com/mcp"}`},
		"tokens must be bound": {func(c *ginjwt.Config) { c.Resources, c.DPoP = []ginjwt.Resource{{URL: mcpURL}}, "demanded" },
			`{"bearer_methods_supported":[],"dpop_bound_access_tokens_required":true,"dpop_signing_alg_values_supported":[` + proofAlgorithms + `],"resource":"https://api.example.com/mcp"}`},
		"tokens must be bound for this resource": {func(c *ginjwt.Config) {
			c.Resources, c.DPoP = []ginjwt.Resource{{URL: mcpURL, Extra: map[string]any{"dpop_bound_access_tokens_required": true}}}, "accepted"
		}, `{"bearer_methods_supported":["header"],"dpop_bound_access_tokens_required":true,"dpop_signing_alg_values_supported":[` + proofAlgorithms + `],"resource":"https://api.example.com/mcp"}`},
	} {
		config := jwttest.Config(nil)
		test.change(&config)
		mgr, engine := newManager(t, config)
		engine.Any(config.Resources[0].MetadataPath(), mgr.ResourceMetadataHandler())
		w := jwttest.Do(engine, "GET", "/.well-known/oauth-protected-resource/mcp")
		assert.Equal(t, 200, w.Code, name)
		assert.Equal(t, "application/json", w.Header().Get("Content-Type"), name)
		assert.Equal(t, "public, max-age=300", w.Header().Get("Cache-Control"), name)
		assert.Equal(t, test.want, w.Body.String(), name)

		again := jwttest.Do(engine, "GET", "/.well-known/oauth-protected-resource/mcp", jwttest.Header("If-None-Match", w.Header().Get("ETag")))
		assert.Equal(t, 304, again.Code, name)
	}
}

// resourcesApp has three resources whose names begin alike, and routes of none.
func resourcesApp(t *testing.T, change func(*ginjwt.Config)) (*ginjwt.JWTManager, *gin.Engine) {
	t.Helper()
	config := jwttest.Config(nil)
	config.Resources = []ginjwt.Resource{{URL: "https://api.example.com", Name: "root"}, {URL: mcpURL, Name: "mcp"}, {URL: mcpURL + "/v2", Name: "v2"}}
	change(&config)
	mgr, engine := newManager(t, config)
	for _, r := range config.Resources {
		engine.Any(r.MetadataPath(), mgr.ResourceMetadataHandler())
		engine.Any(strings.TrimPrefix(r.URL, "https://api.example.com")+"/", mgr.JWTRequired(ginjwt.ForResource(r.URL)), identify)
	}
	engine.Any("/plain", mgr.JWTRequired(), identify)
	engine.Any("/scoped", mgr.JWTRequired(ginjwt.ForResource(mcpURL), ginjwt.Scopes("files:read", "files:write")), identify)
	engine.Any("/fresh", mgr.JWTRequired(ginjwt.ForResource(mcpURL), ginjwt.FreshWithin(time.Minute)), identify)
	engine.Any("/admin", mgr.JWTRequired(ginjwt.ForResource(mcpURL), ginjwt.Roles("admin")), identify)
	return mgr, engine
}

func TestEachResourceHasItsMetadata(t *testing.T) {
	t.Parallel()
	_, engine := resourcesApp(t, func(*ginjwt.Config) {})
	for path, name := range map[string]string{"": "root", "/mcp": "mcp", "/mcp/v2": "v2"} {
		for _, query := range []string{"", "?x=y"} {
			w := jwttest.Do(engine, "GET", "/.well-known/oauth-protected-resource"+path+query)
			var metadata struct {
				Resource string `json:"resource"`
				Name     string `json:"resource_name"`
			}
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &metadata))
			assert.Equal(t, name, metadata.Name)
			assert.Equal(t, "https://api.example.com"+path, metadata.Resource)
		}
	}
	for _, path := range []string{"/mcp/", "/mcp/v3", "/MCP", "/mcp/v2/x"} {
		assert.NotEqual(t, 200, jwttest.Do(engine, "GET", "/.well-known/oauth-protected-resource"+path).Code, path)
	}
}

// Where queries tell resources apart, no other query has metadata.
func TestResourcesThatDifferByQuery(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.Resources = []ginjwt.Resource{{URL: mcpURL + "?tenant=a"}, {URL: mcpURL + "?tenant=b"}}
	mgr, engine := newManager(t, config)
	engine.Any(config.Resources[0].MetadataPath(), mgr.ResourceMetadataHandler())
	for query, status := range map[string]int{"?tenant=a": 200, "?tenant=b": 200, "?tenant=c": 404, "": 404} {
		w := jwttest.Do(engine, "GET", "/.well-known/oauth-protected-resource/mcp"+query)
		assert.Equal(t, status, w.Code, query)
		if status == 200 {
			assert.Contains(t, w.Body.String(), `"resource":"`+mcpURL+query+`"`)
		}
	}
}

func TestMetadataIsForPagesOfEveryOrigin(t *testing.T) {
	t.Parallel()
	mgr, engine := resourcesApp(t, func(*ginjwt.Config) {})
	const path = "/.well-known/oauth-protected-resource/mcp"
	mux := http.NewServeMux()
	mux.Handle(path, mgr.HTTPHandler(mgr.ResourceMetadataHandler()))
	for _, h := range []http.Handler{engine, mux} {
		for _, test := range []struct {
			method string
			status int
		}{{"GET", 200}, {"HEAD", 200}, {"OPTIONS", 204}, {"POST", 405}, {"DELETE", 405}} {
			w := jwttest.Do(h, test.method, path, jwttest.Header("Origin", "https://client.example"))
			assert.Equal(t, test.status, w.Code, test.method)
			assert.Equal(t, "*", w.Header().Get("Access-Control-Allow-Origin"), test.method)
			assert.Empty(t, w.Header().Get("Access-Control-Allow-Credentials"))
		}
		w := jwttest.Do(h, "OPTIONS", path, preflight, jwttest.Header("Access-Control-Request-Headers", "mcp-protocol-version"))
		assert.Equal(t, "*", w.Header().Get("Access-Control-Allow-Headers"))
		assert.Equal(t, "GET, HEAD, OPTIONS", w.Header().Get("Access-Control-Allow-Methods"))
	}
}

// What a client says about the host is nothing to tell others.
func TestMetadataReflectsNoHost(t *testing.T) {
	t.Parallel()
	_, engine := resourcesApp(t, func(*ginjwt.Config) {})
	hostile := func(r *http.Request) {
		r.Host, r.URL.Host = "evil.example", "evil.example"
		for _, name := range []string{"X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Original-URL", "Origin", "Referer"} {
			r.Header.Set(name, "evil.example")
		}
	}
	w := jwttest.Do(engine, "GET", "/.well-known/oauth-protected-resource/mcp", hostile)
	assert.Equal(t, `{"bearer_methods_supported":["header"],"resource":"https://api.example.com/mcp","resource_name":"mcp"}`, w.Body.String())
	assert.NotContains(t, w.Header(), "evil.example")

	w = jwttest.Do(engine, "GET", "/mcp/?jwt=evil.example", hostile, jwttest.Header("Authorization", `Bearer evil.example", resource_metadata="https://evil.example`))
	assert.Equal(t, []string{`Bearer realm="api", error="invalid_token", error_description="The token is not valid", reason="token_malformed", ` +
		`resource_metadata="` + mcpMetadata + `"`}, w.Header().Values("WWW-Authenticate"))
}

// RFC 8707 §2 and RFC 9728: a token is for the resource that its "aud" names, letter by
// letter, and for no other.
func TestATokenIsForTheResourceThatItNames(t *testing.T) {
	t.Parallel()
	mgr, engine := resourcesApp(t, func(c *ginjwt.Config) { c.DecodeAudience = []string{"plain"} })
	const root, v2, plain = "https://api.example.com", mcpURL + "/v2", "plain"
	for _, test := range []struct {
		name     string
		audience []string
		passes   string // the routes that it opens
	}{
		{"none", nil, ""},
		{"the resource", []string{mcpURL}, "/mcp/"},
		{"the resource that it begins with", []string{root}, "/"},
		{"the resource that begins with it", []string{v2}, "/mcp/v2/"},
		{"two of them", []string{mcpURL, v2}, "/mcp/ /mcp/v2/"},
		{"among others", []string{"https://other.example", mcpURL}, "/mcp/"},
		{"the service", []string{plain}, "/plain"},
		{"the service and the resource", []string{plain, mcpURL}, "/mcp/ /plain"},
		{"with a slash at its end", []string{mcpURL + "/"}, ""},
		{"in upper case", []string{"https://API.example.com/mcp"}, ""},
		{"with the default port", []string{"https://api.example.com:443/mcp"}, ""},
		{"without a scheme", []string{"api.example.com/mcp"}, ""},
		{"http", []string{"http://api.example.com/mcp"}, ""},
		{"percent-encoded", []string{"https://api.example.com/%6dcp"}, ""},
		{"a blank behind it", []string{mcpURL + " "}, ""},
		{"both in one text", []string{mcpURL + " " + v2}, ""},
		{"where the metadata is", []string{mcpMetadata}, ""},
		{"another host", []string{"https://api.example.com.evil.example/mcp"}, ""},
		{"*", []string{"*"}, ""},
	} {
		var opts []ginjwt.TokenOption
		if test.audience != nil {
			opts = append(opts, ginjwt.WithAudience(test.audience...))
		}
		token := jwttest.AccessToken(t, mgr, "alice", opts...)
		var passed []string
		for _, path := range []string{"/", "/mcp/", "/mcp/v2/", "/plain"} {
			w := jwttest.Do(engine, "GET", path, jwttest.Bearer(token))
			if w.Code == 200 {
				passed = append(passed, path)
				continue
			}
			assert.Equal(t, map[bool]int{true: 422, false: 401}[path == "/plain"], w.Code, test.name+path)
		}
		assert.Equal(t, test.passes, strings.Join(passed, " "), test.name)

		_, err := mgr.VerifyToken(t.Context(), token, ginjwt.ForResource(mcpURL))
		assert.Equal(t, strings.Contains(test.passes, "/mcp/ ") || strings.HasSuffix(test.passes, "/mcp/"), err == nil, test.name)
	}
}

// What an issuer writes to "aud" for other routes is nothing on those of a resource.
func TestTheAudienceOfAnIssuerIsNoResource(t *testing.T) {
	t.Parallel()
	for name, audience := range map[string][]string{"another": {"shop"}, "any": {}, "the settings'": nil} {
		key := secretKey("k")
		maker := issuerOf(t, issuerA, ginjwt.Config{Keys: []keys.Key{key}, Now: (&jwttest.Clock{}).Now})
		_, engine := resourcesApp(t, func(c *ginjwt.Config) {
			c.Issuers = []ginjwt.Issuer{{Name: issuerA, Keys: []keys.Key{key}, IdentityPrefix: "a:", Audience: audience}}
		})
		for aud, status := range map[string]int{mcpURL: 200, "shop": 401, "": 401, mcpURL + "/v2": 401} {
			var opts []ginjwt.TokenOption
			if aud != "" {
				opts = append(opts, ginjwt.WithAudience(aud))
			}
			token := jwttest.AccessToken(t, maker, "alice", opts...)
			assert.Equal(t, status, jwttest.Do(engine, "GET", "/mcp/", jwttest.Bearer(token)).Code, name+" "+aud)
		}
	}
}

// A client that was given a token for a resource was not given the rest of the service,
// also where no audience is demanded.
func TestATokenForAResourceOpensNothingElse(t *testing.T) {
	t.Parallel()
	key := secretKey("k")
	foreign := issuerOf(t, issuerA, ginjwt.Config{Keys: []keys.Key{key}, Now: (&jwttest.Clock{}).Now})
	mgr, engine := resourcesApp(t, func(c *ginjwt.Config) {
		c.Issuers = []ginjwt.Issuer{{Name: issuerA, Keys: []keys.Key{key}, IdentityPrefix: "a:"}}
	})
	engine.Any("/any", mgr.JWTRequired(ginjwt.AnyType()), identify)
	engine.Any("/refresh", mgr.RefreshRequired(), identify)
	for _, test := range []struct {
		name     string
		audience []string
		passes   bool
	}{
		{"none", nil, true},
		{"another", []string{"shop"}, true},
		{"a resource", []string{mcpURL}, false},
		{"two resources", []string{mcpURL, "https://api.example.com"}, false},
		{"a resource and another", []string{mcpURL, "shop"}, true},
		{"no resource of this service", []string{"https://other.example/mcp"}, true},
	} {
		var opts []ginjwt.TokenOption
		if test.audience != nil {
			opts = append(opts, ginjwt.WithAudience(test.audience...))
		}
		for _, maker := range []*ginjwt.JWTManager{mgr, foreign} {
			token := jwttest.AccessToken(t, maker, "alice", opts...)
			want := map[bool]int{true: 200, false: 422}[test.passes]
			assert.Equal(t, want, jwttest.Do(engine, "GET", "/plain", jwttest.Bearer(token)).Code, test.name)
			_, err := mgr.VerifyToken(t.Context(), token)
			assert.Equal(t, test.passes, err == nil, test.name)
			assert.Equal(t, 200, jwttest.Do(engine, "GET", "/any", jwttest.Bearer(token)).Code, "logging out: "+test.name)
			_, err = mgr.DecodeToken(t.Context(), token)
			assert.NoError(t, err, test.name)
		}
		refresh := jwttest.RefreshToken(t, mgr, "alice", opts...)
		assert.Equal(t, 200, jwttest.Do(engine, "POST", "/refresh", jwttest.Bearer(refresh)).Code, test.name)
	}
}

// A token that opens the routes of a resource can be ended, whatever the other routes
// demand: a client that was told so must be able to rely on it (RFC 7009 §2.2).
func TestATokenForAResourceCanBeEnded(t *testing.T) {
	t.Parallel()
	for name, audience := range map[string][]string{"any audience": nil, "an audience": {"plain"}} {
		mgr, engine := resourcesApp(t, func(c *ginjwt.Config) {
			c.DecodeAudience, c.EncodeAudience, c.Sessions = audience, audience, &ginjwt.MemorySessions{}
		})
		engine.POST("/revoke", mgr.RevocationHandler())
		engine.POST("/logout", mgr.LogoutHandler())
		resource := ginjwt.WithAudience(mcpURL)
		tokens := map[string]func() string{
			"token":            func() string { return jwttest.AccessToken(t, mgr, "alice", resource) },
			"token of session": func() string { return jwttest.TokenPair(t, mgr, "alice", resource).AccessToken },
		}
		for kind, newToken := range tokens {
			revoked, loggedOut := newToken(), newToken()
			for _, token := range []string{revoked, loggedOut} {
				assert.Equal(t, 200, jwttest.Do(engine, "GET", "/mcp/", jwttest.Bearer(token)).Code)
			}
			assert.Equal(t, 200, jwttest.Do(engine, "POST", "/revoke", jwttest.Form("token", revoked)).Code)
			assert.Equal(t, 204, jwttest.Do(engine, "POST", "/logout", jwttest.Bearer(loggedOut)).Code)
			for _, token := range []string{revoked, loggedOut} {
				w := jwttest.Do(engine, "GET", "/mcp/", jwttest.Bearer(token))
				assert.Equal(t, 401, w.Code)
				assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="token_revoked"`, name+", "+kind)
			}
		}
		other := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithAudience("https://other.example/mcp"))
		_, err := mgr.DecodeToken(t.Context(), other)
		want := map[bool]int{true: 204, false: 422}[err == nil]
		assert.Equal(t, want, jwttest.Do(engine, "POST", "/logout", jwttest.Bearer(other)).Code, "it is for nobody here: "+name)
	}
}

// Challenges say where the metadata is (RFC 9728 §5.1) and which scopes the route asks
// for, all of them; the statuses are those of RFC 6750 §3.1, in every profile.
func TestChallengesOfAResource(t *testing.T) {
	t.Parallel()
	const metadata, scopes = `, resource_metadata="` + mcpMetadata + `"`, `, scope="files:read files:write"`
	for _, profile := range []string{"flask", "bearer", "problem"} {
		clock := &jwttest.Clock{}
		mgr, engine := resourcesApp(t, func(c *ginjwt.Config) { c.ErrorProfile, c.Now = profile, clock.Now })
		engine.Any("/verified", func(c *gin.Context) {
			if _, err := mgr.VerifyJWTInRequest(c, ginjwt.ForResource(mcpURL), ginjwt.Scopes("files:read", "files:write")); err != nil {
				mgr.Refuse(c, err)
			}
		})
		engine.Any("/door", gin.WrapH(mgr.Middleware(ginjwt.ForResource(mcpURL), ginjwt.Scopes("files:read", "files:write"))(http.NotFoundHandler())))
		token := func(opts ...ginjwt.TokenOption) jwttest.RequestOption {
			return jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice", append(opts, ginjwt.WithAudience(mcpURL))...))
		}
		old := token()
		clock.Advance(time.Hour)
		reads := ginjwt.WithClaims(ginjwt.Claims{"scope": "files:read"})
		for _, test := range []struct {
			name, path string
			opt        jwttest.RequestOption
			status     int
			challenge  string
		}{
			{"no token", "/scoped", jwttest.Header("X-Nothing", "1"), 401, `reason="token_missing"` + metadata + scopes},
			{"no token, no scopes", "/mcp/", jwttest.Header("X-Nothing", "1"), 401, `reason="token_missing"` + metadata},
			{"garbage", "/scoped", jwttest.Bearer("garbage"), 401,
				`error="invalid_token", error_description="The token is not valid", reason="token_malformed"` + metadata + scopes},
			{"expired", "/scoped", old, 401,
				`error="invalid_token", error_description="The token has expired", reason="token_expired"` + metadata + scopes},
			{"for another", "/scoped", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")), 401,
				`error="invalid_token", error_description="The token is not valid", reason="token_claims_invalid"` + metadata + scopes},
			{"one scope of two", "/scoped", token(reads), 403,
				`error="insufficient_scope", error_description="The token does not allow this request", reason="insufficient_scope"` + scopes + metadata},
			{"no role", "/admin", token(), 403,
				`error="insufficient_scope", error_description="The token does not allow this request", reason="insufficient_scope"` + metadata},
			{"not fresh", "/fresh", token(), 401,
				`error="insufficient_user_authentication", error_description="A fresh token is required", reason="fresh_required", max_age="60"` + metadata},
			{"two tokens", "/mcp/", jwttest.Header("Authorization", "Bearer a, Bearer b"), 400,
				`error="invalid_request", error_description="More than one token was sent", reason="multiple_tokens"` + metadata},
			{"no resource", "/plain", jwttest.Header("X-Nothing", "1"), 401, `reason="token_missing"`},
			{"in a handler", "/verified", jwttest.Header("X-Nothing", "1"), 401, `reason="token_missing"` + metadata + scopes},
			{"out of scope in a handler", "/verified", token(reads), 403,
				`error="insufficient_scope", error_description="The token does not allow this request", reason="insufficient_scope"` + scopes + metadata},
			{"net/http", "/door", jwttest.Header("X-Nothing", "1"), 401, `reason="token_missing"` + metadata + scopes},
			{"net/http, out of scope", "/door", token(reads), 403,
				`error="insufficient_scope", error_description="The token does not allow this request", reason="insufficient_scope"` + scopes + metadata},
		} {
			w := jwttest.Do(engine, "GET", test.path, test.opt)
			assert.Equal(t, test.status, w.Code, profile+" "+test.name)
			challenge := `Bearer realm="api", ` + test.challenge
			assert.Equal(t, []string{challenge}, w.Header().Values("WWW-Authenticate"), profile+" "+test.name)
		}
		w := jwttest.Do(engine, "OPTIONS", "/scoped", preflight, jwttest.Bearer("garbage"))
		assert.Equal(t, 200, w.Code, "a preflight passes")
		assert.Empty(t, w.Header().Values("WWW-Authenticate"))
	}
}

// A loader finds the status in its error. What a handler refuses is refused for the
// resource of its route, and a status of its own stays.
func TestLoadersOfAResource(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.Resources, config.DecodeAudience = []ginjwt.Resource{{URL: mcpURL}}, []string{"plain"}
	mgr, engine := newManager(t, config, func(mgr *ginjwt.JWTManager) {
		mgr.InvalidTokenLoader(func(c *gin.Context, err *ginjwt.Error) { c.String(err.Status, err.Message) })
	})
	engine.GET("/", mgr.JWTRequired(ginjwt.ForResource(mcpURL)), func(c *gin.Context) {
		mgr.Refuse(c, &ginjwt.Error{Kind: ginjwt.ErrInsufficientScope, Scope: "files:delete"})
	})
	engine.GET("/gone", mgr.JWTRequired(ginjwt.ForResource(mcpURL)), func(c *gin.Context) {
		mgr.Refuse(c, &ginjwt.Error{Kind: ginjwt.ErrUserLookup, Status: 451})
	})
	group := engine.Group("/group", mgr.JWTRequired(ginjwt.ForResource(mcpURL)))
	group.GET("/", mgr.JWTRequired(ginjwt.Scopes("files:delete")), identify)
	group.GET("/read", mgr.JWTRequired(ginjwt.Scopes("files:read")), identify)
	group.GET("/optional", mgr.JWTRequired(ginjwt.Optional()), identify)
	w := jwttest.Do(engine, "GET", "/", jwttest.Bearer("garbage"))
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, "Not enough segments", w.Body.String())

	token := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice", ginjwt.WithAudience(mcpURL), ginjwt.WithClaims(ginjwt.Claims{"scope": "files:read"})))
	assert.Equal(t, 200, jwttest.Do(engine, "GET", "/group/read", token).Code)
	assert.Equal(t, 200, jwttest.Do(engine, "GET", "/group/optional", token).Code)
	for path, status := range map[string]int{"/": 403, "/group/": 403, "/gone": 451} {
		w = jwttest.Do(engine, "GET", path, token)
		assert.Equal(t, status, w.Code, path)
		assert.Contains(t, w.Header().Get("WWW-Authenticate"), `, resource_metadata="`+mcpMetadata+`"`, path)
		assert.Equal(t, status == 403, strings.Contains(w.Header().Get("WWW-Authenticate"), `, scope="files:delete"`), path)
	}
}

// The CSRF value behind a file is looked for if the token is good on this very route.
func TestFormsOfAResource(t *testing.T) {
	t.Parallel()
	a := newFormApp(t, func(c *ginjwt.Config) {
		c.Resources = []ginjwt.Resource{{URL: mcpURL}}
		c.EncodeAudience, c.DecodeAudience = []string{"plain"}, []string{"plain"}
	})
	a.engine.POST("/", a.mgr.JWTRequired(ginjwt.ForResource(mcpURL)), identify)
	for audience, status := range map[string]int{mcpURL: 200, "plain": 403} {
		token := jwttest.AccessToken(t, a.mgr, "alice", ginjwt.WithAudience(audience))
		csrf := claimsIn(t, token)["csrf"].(string)
		w := a.send(formData, token, strings.NewReader(filePart(2*mebibyte)+fieldPart("csrf_token", csrf)+lastBoundary))
		assert.Equal(t, status, w.Code, audience+w.Body.String())
	}
}

func TestForResourcePanics(t *testing.T) {
	t.Parallel()
	mgr, _ := resourcesApp(t, func(*ginjwt.Config) {})
	assert.PanicsWithValue(t, `ginjwt: ForResource: "https://api.example.com/mcp/" is not the URL of any of Config.Resources`,
		func() { mgr.JWTRequired(ginjwt.ForResource(mcpURL + "/")) })
	assert.PanicsWithValue(t, `ginjwt: ForResource: needs the URL of a resource`,
		func() { mgr.Middleware(ginjwt.ForResource("")) })
	assert.PanicsWithValue(t, `ginjwt: ForResource: a route belongs to one resource, but it names "https://api.example.com/mcp" and "https://api.example.com"`,
		func() { mgr.JWTRequired(ginjwt.ForResource(mcpURL), ginjwt.ForResource("https://api.example.com")) })
	plain, _ := newManager(t, jwttest.Config(nil))
	assert.PanicsWithValue(t, "ginjwt: ResourceMetadataHandler: there are no resources; set Config.Resources", func() { plain.ResourceMetadataHandler() })
}
