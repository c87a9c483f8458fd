package ginjwt_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestOpenAPISaysWhereTokensMustBeBound(t *testing.T) {
	t.Parallel()
	in := ginjwt.Locations
	const (
		either = `[{"accessHeader":[]},{"accessDPoP":[],"dpopProof":[]}]`
		bound  = `[{"accessDPoP":[],"dpopProof":[]}]`
	)
	for name, test := range map[string]struct {
		mode   string
		change func(*ginjwt.Config)
		guards []ginjwt.RequiredOption
		twice  []ginjwt.RequiredOption // of a second guard; nil: there is none
		want   string
	}{
		"off":                    {want: `[{"accessHeader":[]}]`},
		"off, on a bound route":  {guards: []ginjwt.RequiredOption{ginjwt.Bound()}, want: bound},
		"accepted":               {mode: "accepted", want: either},
		"accepted, bound":        {mode: "accepted", guards: []ginjwt.RequiredOption{ginjwt.Bound()}, want: bound},
		"accepted, then bound":   {mode: "accepted", twice: []ginjwt.RequiredOption{ginjwt.Bound()}, want: bound},
		"accepted, optional":     {mode: "accepted", guards: []ginjwt.RequiredOption{ginjwt.Optional()}, want: `[{"accessHeader":[]},{"accessDPoP":[],"dpopProof":[]},{}]`},
		"demanded":               {mode: "demanded", want: bound},
		"demanded, with scopes":  {mode: "demanded", guards: []ginjwt.RequiredOption{ginjwt.Scopes("a")}, want: `[{"accessDPoP":["a"],"dpopProof":[]}]`},
		"demanded, of any type":  {mode: "demanded", guards: []ginjwt.RequiredOption{ginjwt.AnyType()}, want: `[{"accessDPoP":[],"dpopProof":[]},{"dpopProof":[],"refreshDPoP":[]}]`},
		"demanded, elsewhere":    {mode: "demanded", guards: []ginjwt.RequiredOption{in(ginjwt.InQueryString, ginjwt.InTicket)}, want: `[{"accessQuery":[],"dpopProof":[]},{"ticket":[]}]`},
		"demanded, in a body":    {mode: "demanded", guards: []ginjwt.RequiredOption{in(ginjwt.InJSON)}, want: `[{"dpopProof":[]}]`},
		"demanded, no scheme":    {mode: "demanded", change: func(c *ginjwt.Config) { c.DisableHeaderType = true }, want: `[{"accessHeader":[],"dpopProof":[]}]`},
		"accepted, other places": {mode: "accepted", guards: []ginjwt.RequiredOption{in(ginjwt.InCookies, ginjwt.InQueryString)}, want: `[{"accessCookie":[]},{"accessQuery":[]}]`},
	} {
		config := jwttest.Config(nil)
		config.DPoP = test.mode
		if test.change != nil {
			test.change(&config)
		}
		mgr, engine := newManager(t, config)
		chain := gin.HandlersChain{mgr.JWTRequired(test.guards...)}
		if test.twice != nil {
			chain = append(chain, mgr.JWTRequired(test.twice...))
		}
		engine.GET("/", append(chain, identify)...)
		assert.Equal(t, test.want, securityOf(t, partsOf(t, engine).Paths["/"].Get), name)
	}
}

func TestSchemesAndRefusalsOfBoundTokens(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.DPoP, config.DPoPNonce = "demanded", true
	mgr, engine := newManager(t, config)
	engine.GET("/", mgr.JWTRequired(), identify)
	parts := partsOf(t, engine)
	assert.Equal(t, map[string]ginjwt.OpenAPISecurityScheme{
		"accessDPoP": {Type: "http", Scheme: "dpop", Description: "The access token, which is bound to a key."},
		"dpopProof":  {Type: "apiKey", In: "header", Name: "DPoP", Description: "A DPoP proof (RFC 9449) for this request, of the key that the token is bound to."},
	}, parts.Components.SecuritySchemes)
	assert.Equal(t, ginjwt.OpenAPIReference{
		Ref:         "#/components/responses/Refusal401",
		Description: "The token is missing or not accepted. It must have: a key that it is bound to, and a DPoP proof of this key.",
	}, parts.Paths["/"].Get.Responses["401"])
	assert.Equal(t, ginjwt.OpenAPIReference{Ref: "#/components/headers/DPoPNonce"}, parts.Components.Responses["Refusal401"].Headers["DPoP-Nonce"])
	assert.Contains(t, parts.Components.Headers, "DPoPNonce")
	assert.NotContains(t, parts.Components.Responses["Refusal422"].Headers, "DPoP-Nonce")

	config.DPoPNonce, config.HeaderName = false, "X-Token"
	mgr, engine = newManager(t, config)
	engine.GET("/", mgr.JWTRequired(), identify)
	parts = partsOf(t, engine)
	assert.NotContains(t, parts.Components.Headers, "DPoPNonce")
	assert.Equal(t, ginjwt.OpenAPISecurityScheme{Type: "apiKey", In: "header", Name: "X-Token",
		Description: `The access token, which is bound to a key, after the scheme "DPoP" and a blank.`}, parts.Components.SecuritySchemes["accessDPoP"])
	require.NoError(t, parts.MergeInto(map[string]any{"openapi": "3.1.0", "paths": map[string]any{"/": map[string]any{"get": map[string]any{}}}}))
}

// A request passes if and only if it has all schemes of an alternative.
func TestOpenAPIOfBoundTokensIsWhatTheEngineDoes(t *testing.T) {
	t.Parallel()
	key := jwttest.NewDPoPKey(t, nil)
	for _, mode := range []string{"off", "accepted", "demanded"} {
		config := jwttest.Config(nil)
		config.DPoP, config.Realm = mode, mode
		mgr, engine := newManager(t, config)
		all := ginjwt.Locations(ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InQueryString)
		for path, chain := range map[string]gin.HandlersChain{
			"/header": {mgr.JWTRequired()}, "/all": {mgr.JWTRequired(all)}, "/optional": {mgr.JWTRequired(ginjwt.Optional())},
			"/bound": {mgr.JWTRequired(ginjwt.Bound())}, "/bound/all": {mgr.JWTRequired(all, ginjwt.Bound())},
			"/bound/later": {mgr.JWTRequired(all), mgr.JWTRequired(all, ginjwt.Bound())},
		} {
			engine.GET(path, append(chain, identify)...)
		}
		bound := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
		free := bound
		if mode != "demanded" { // then there is none
			free = jwttest.AccessToken(t, mgr, "alice")
		}
		passed := 0
		for path, item := range partsOf(t, engine).Paths {
			for _, has := range [][]string{
				{}, {"accessHeader"}, {"accessDPoP"}, {"accessDPoP", "dpopProof"}, {"dpopProof"}, {"accessCookie"}, {"accessQuery"},
				{"accessCookie", "dpopProof"}, {"accessQuery", "dpopProof"}, {"accessHeader", "dpopProof"},
			} {
				token := free
				if slices.Contains(has, "accessDPoP") || slices.Contains(has, "dpopProof") && !slices.Contains(has, "accessHeader") {
					token = bound
				}
				r := httptest.NewRequest("GET", path, nil)
				for _, scheme := range has {
					switch scheme {
					case "accessHeader":
						r.Header.Set("Authorization", "Bearer "+token)
					case "accessDPoP":
						r.Header.Set("Authorization", "DPoP "+token)
					case "accessCookie":
						r.AddCookie(&http.Cookie{Name: "access_token_cookie", Value: token})
					case "accessQuery":
						r.URL.RawQuery = "jwt=" + token
					case "dpopProof":
						r.Header.Set("DPoP", key.Proof(t, "GET", "http://"+r.Host+path, token))
					}
				}
				w := httptest.NewRecorder()
				engine.ServeHTTP(w, r)
				documented := slices.ContainsFunc(item.Get.Security, func(way map[string][]string) bool {
					for scheme := range way {
						if !slices.Contains(has, scheme) {
							return false
						}
					}
					otherScheme := mode == "off" && len(has) == 1 // as every scheme that is not known
					return len(way) > 0 || !slices.Contains(has, "accessHeader") && (otherScheme || !slices.Contains(has, "accessDPoP"))
				})
				if mode == "off" && slices.Equal(has, []string{"accessDPoP", "dpopProof"}) {
					continue // a token that another service has bound: its clients know
				}
				assert.Equal(t, documented, w.Code == http.StatusOK, "%s %s with %v: %d %s", mode, path, has, w.Code, w.Body)
				if documented {
					passed++
				}
			}
		}
		assert.Greater(t, passed, 8, mode)
	}
}
