// Package openapi validates what ginjwt.OpenAPI returns with libopenapi, which checks
// documents against the JSON Schema of OpenAPI 3.1 and requests against documents.
package openapi

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// validatorOf returns a validator of a document, which must be readable.
func validatorOf(t *testing.T, doc []byte) validator.Validator {
	t.Helper()
	document, err := libopenapi.NewDocument(doc)
	require.NoError(t, err)
	_, err = document.BuildV3Model() // finds references that lead nowhere
	require.NoError(t, err)
	v, errs := validator.NewValidator(document)
	require.Empty(t, errs)
	return v
}

// problemsOf returns what is wrong with a document.
func problemsOf(t *testing.T, doc []byte) (problems []string) {
	t.Helper()
	_, errs := validatorOf(t, doc).ValidateDocument()
	for _, err := range errs {
		problems = append(problems, fmt.Sprint(err.Message, ": ", err.Reason, " ", err.SchemaValidationErrors))
	}
	return problems
}

// documentOf returns the parts of an engine as a document.
func documentOf(t *testing.T, engine *gin.Engine, opts ...ginjwt.RoutesOption) []byte {
	t.Helper()
	parts, err := ginjwt.OpenAPI(engine, opts...)
	require.NoError(t, err)
	doc, err := json.Marshal(map[string]any{
		"openapi": "3.1.0", "info": map[string]any{"title": "test", "version": "1"},
		"components": parts.Components, "paths": parts.Paths,
	})
	require.NoError(t, err)
	return doc
}

func managerOf(t *testing.T, change func(*ginjwt.Config)) *ginjwt.JWTManager {
	t.Helper()
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InQueryString, ginjwt.InJSON}
	config.Sessions = &ginjwt.MemorySessions{}
	change(&config)
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	return mgr
}

func ok(c *gin.Context) { c.Status(http.StatusOK) }

func TestTheDocumentOfTheExampleIsValid(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../example/openapi/testdata/merged.json")
	require.NoError(t, err)
	assert.Empty(t, problemsOf(t, doc))
	assert.NotEmpty(t, problemsOf(t, []byte(strings.Replace(string(doc), `"bearerFormat": "JWT",`, `"bearerFormat": 1,`, 1))), "the validator validates")
}

// Large random engines: all guards, profiles, methods and forms of paths.
func TestThePartsOfAnyEngineAreValid(t *testing.T) {
	t.Parallel()
	profiles := []string{"flask", "bearer", "problem"}
	for round := range 3 {
		random := rand.New(rand.NewPCG(uint64(round), 1))
		var managers []*ginjwt.JWTManager
		for i := range 1 + round {
			managers = append(managers, managerOf(t, func(c *ginjwt.Config) {
				c.Realm, c.ErrorProfile = fmt.Sprintf("realm %d/é.#", i), profiles[(round+i)%3]
				c.HeaderType, c.ErrorMessageKey = []string{"Bearer", "JWT"}[i%2], "message"
				c.DPoP, c.DPoPNonce = []string{"off", "accepted", "demanded"}[(round+i)%3], i == 1
			}))
		}
		pick := func() *ginjwt.JWTManager { return managers[random.IntN(len(managers))] }
		engine := gin.New()
		var public []string
		for i := range 150 {
			path := fmt.Sprintf("/%d", i) + []string{"", "/", "/:id", "/:id/x/:id", "/a b{c}", "/é/*path", "/v:n"}[random.IntN(7)]
			var chain gin.HandlersChain
			for range random.IntN(3) {
				opts := []ginjwt.RequiredOption{ginjwt.Scopes("a"), ginjwt.AnyScope("b", "c"), ginjwt.Roles("r"), ginjwt.Claim("x", "y"), ginjwt.Fresh(), ginjwt.Optional(), ginjwt.AnyType(), ginjwt.Bound()}
				random.Shuffle(len(opts), func(i, j int) { opts[i], opts[j] = opts[j], opts[i] })
				chain = append(chain, pick().JWTRequired(opts[:random.IntN(len(opts))]...))
			}
			if len(chain) == 0 {
				public = append(public, path)
			}
			switch chain = append(chain, ok); random.IntN(4) {
			case 0:
				engine.Any(path, chain...)
			case 1:
				engine.POST(path, chain...)
				engine.Handle("PURGE", path, chain...)
			default:
				engine.GET(path, chain...)
			}
		}
		engine.POST("/refresh", pick().RefreshHandler())
		engine.POST("/access", pick().RefreshHandler(ginjwt.RequireAccessToken()))
		engine.POST("/ticket", pick().TicketHandler())
		engine.GET("/keys", pick().JWKSHandler())
		engine.GET("/live", pick().JWTRequired(ginjwt.Locations(ginjwt.InTicket)), ok)
		engine.POST("/body", pick().RefreshRequired(ginjwt.Locations(ginjwt.InJSON)), ok)
		assert.Empty(t, problemsOf(t, documentOf(t, engine, ginjwt.Public(public...))), "round %d", round)
	}
}

// The validator and the engine agree about requests with and without credentials. The
// validator does not verify tokens.
func TestTheValidatorAndTheEngineAgree(t *testing.T) {
	t.Parallel()
	mgr := managerOf(t, func(*ginjwt.Config) {})
	engine := gin.New()
	in := ginjwt.Locations
	for path, opts := range map[string][]ginjwt.RequiredOption{
		"header": {in(ginjwt.InHeaders)}, "cookie": {in(ginjwt.InCookies)}, "either": {in(ginjwt.InHeaders, ginjwt.InCookies)},
		"query": {in(ginjwt.InQueryString)}, "optional": {in(ginjwt.InHeaders), ginjwt.Optional()},
	} {
		engine.GET("/"+path, mgr.JWTRequired(opts...), ok)
		engine.POST("/"+path, mgr.JWTRequired(opts...), ok)
	}
	engine.GET("/public", ok)
	v := validatorOf(t, documentOf(t, engine, ginjwt.Public("/public")))
	token := jwttest.AccessToken(t, mgr, "alice")
	csrf, err := mgr.GetCSRFToken(t.Context(), token)
	require.NoError(t, err)
	credentials := map[string]func(*http.Request){
		"nothing": func(*http.Request) {},
		"header":  func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) },
		"cookie":  func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "access_token_cookie", Value: token}) },
		"csrf":    func(r *http.Request) { r.Header.Set("X-CSRF-TOKEN", csrf) },
		"both": func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: "access_token_cookie", Value: token})
			r.Header.Set("X-CSRF-TOKEN", csrf)
		},
		"query": func(r *http.Request) { r.URL.RawQuery = "jwt=" + token },
	}
	accepted := 0
	for _, route := range engine.Routes() {
		for name, add := range credentials {
			request := func() *http.Request {
				r := httptest.NewRequest(route.Method, route.Path, nil)
				add(r)
				return r
			}
			w := httptest.NewRecorder()
			engine.ServeHTTP(w, request())
			valid, errs := v.ValidateHttpRequest(request())
			assert.Equal(t, w.Code == http.StatusOK, valid, "%s %s with %s: %d %v", route.Method, route.Path, name, w.Code, errs)
			if valid {
				accepted++
			}
			documented, errs := v.ValidateHttpResponse(request(), w.Result())
			if w.Code != http.StatusOK { // the program documents its own responses
				assert.True(t, documented, "%s %s with %s: %d %v", route.Method, route.Path, name, w.Code, errs)
			}
		}
	}
	assert.Greater(t, accepted, 20)
}

// The validator agrees about bound tokens too: the scheme DPoP needs a proof beside it.
func TestTheValidatorAndTheEngineAgreeAboutProofs(t *testing.T) {
	t.Parallel()
	key := jwttest.NewDPoPKey(t, nil)
	mgr := managerOf(t, func(c *ginjwt.Config) { c.DPoP = "accepted" })
	engine := gin.New()
	engine.GET("/bound", mgr.JWTRequired(ginjwt.Bound(), ginjwt.Locations(ginjwt.InHeaders, ginjwt.InCookies)), ok)
	v := validatorOf(t, documentOf(t, engine))
	token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	header := func(r *http.Request) { r.Header.Set("Authorization", "DPoP "+token) }
	cookie := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "access_token_cookie", Value: token}) }
	proof := func(r *http.Request) {
		r.Header.Set("DPoP", key.Proof(t, r.Method, "http://"+r.Host+r.URL.Path, token))
	}
	for name, test := range map[string]struct {
		add  []func(*http.Request)
		want int
	}{
		"nothing":            {nil, 401},
		"header":             {[]func(*http.Request){header}, 401},
		"header and proof":   {[]func(*http.Request){header, proof}, 200},
		"cookie":             {[]func(*http.Request){cookie}, 401},
		"cookie and proof":   {[]func(*http.Request){cookie, proof}, 200},
		"proof without more": {[]func(*http.Request){proof}, 401},
	} {
		request := func() *http.Request {
			r := httptest.NewRequest("GET", "/bound", nil)
			for _, add := range test.add {
				add(r)
			}
			return r
		}
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, request())
		assert.Equal(t, test.want, w.Code, name)
		valid, errs := v.ValidateHttpRequest(request())
		assert.Equal(t, test.want == 200, valid, "%s: %v", name, errs)
		documented, errs := v.ValidateHttpResponse(request(), w.Result())
		assert.True(t, test.want == 200 || documented, "%s: %v", name, errs)
	}
}
