package ginjwt_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// apiClient sends requests by what the parts say about schemes, and knows no settings.
type apiClient struct {
	t        *testing.T
	parts    *ginjwt.OpenAPIParts
	managers map[string]*ginjwt.JWTManager // by the suffix of their schemes
}

// credential is a value for a scheme. A CSRF value is that of the token.
type credential struct {
	scheme string
	token  string
}

// managerOf returns the manager of a scheme such as "accessCookie-a".
func (a *apiClient) managerOf(scheme string) *ginjwt.JWTManager {
	_, suffix, _ := strings.Cut(scheme, "-")
	return a.managers[suffix]
}

// token returns a token for a scheme.
func (a *apiClient) token(scheme string, scopes ...string) string {
	claims := ginjwt.WithClaims(ginjwt.Claims{"scope": strings.Join(scopes, " ")})
	if strings.HasPrefix(scheme, "refresh") {
		return jwttest.RefreshToken(a.t, a.managerOf(scheme), "alice", claims)
	}
	return jwttest.AccessToken(a.t, a.managerOf(scheme), "alice", claims)
}

// put puts a credential where its scheme says.
func (a *apiClient) put(r *http.Request, c credential) {
	scheme, value := a.parts.Components.SecuritySchemes[c.scheme], c.token
	if strings.Contains(c.scheme, "CSRF") {
		var err error
		value, err = a.managerOf(c.scheme).GetCSRFToken(a.t.Context(), c.token)
		require.NoError(a.t, err)
	}
	if strings.Contains(scheme.Description, `after the scheme "JWT"`) {
		value = "JWT " + value
	}
	switch {
	case scheme.Type == "http" && scheme.Scheme == "bearer":
		r.Header.Add("Authorization", "Bearer "+value)
	case scheme.Type == "apiKey" && scheme.In == "header":
		r.Header.Add(scheme.Name, value)
	case scheme.Type == "apiKey" && scheme.In == "cookie":
		r.AddCookie(&http.Cookie{Name: scheme.Name, Value: value})
	case scheme.Type == "apiKey" && scheme.In == "query":
		query := r.URL.Query()
		query.Add(scheme.Name, value)
		r.URL.RawQuery = query.Encode()
	default:
		a.t.Fatalf("no scheme %q", c.scheme)
	}
}

// send sends a request with these credentials.
func (a *apiClient) send(h http.Handler, method string, credentials []credential) int {
	r := httptest.NewRequest(method, "/", nil)
	for _, c := range credentials {
		a.put(r, c)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// tokensFor returns the credentials that an alternative asks for, and nothing else. ok is
// false if two of them have one place.
func (a *apiClient) tokensFor(way map[string][]string) (credentials []credential, ok bool) {
	tokens := map[string]string{}
	places := map[string]bool{}
	for _, scheme := range slices.Sorted(maps.Keys(way)) {
		of := a.parts.Components.SecuritySchemes[scheme]
		place := of.Scheme + of.In + of.Name
		if places[place] {
			return nil, false
		}
		places[place] = true
		if !strings.Contains(scheme, "CSRF") {
			tokens[scheme] = a.token(scheme, way[scheme]...)
			credentials = append(credentials, credential{scheme, tokens[scheme]})
		}
	}
	for scheme := range way {
		if cookie := strings.Replace(scheme, "CSRF", "Cookie", 1); cookie != scheme {
			credentials = append(credentials, credential{scheme, tokens[cookie]})
		}
	}
	return credentials, true
}

// satisfied reports whether credentials have all that an alternative asks for. A CSRF value
// must be that of the cookie.
func satisfied(way map[string][]string, credentials []credential, scopes map[string][]string) bool {
	tokens := map[string]string{}
	for _, c := range credentials {
		tokens[c.scheme] = c.token
	}
	for scheme, needed := range way {
		token := tokens[scheme]
		if token == "" || tokens[strings.Replace(scheme, "CSRF", "Cookie", 1)] != token {
			return false
		}
		for _, scope := range needed {
			if !slices.Contains(scopes[token], scope) {
				return false
			}
		}
	}
	return true
}

// randomGuard returns a guard with random options.
func randomGuard(random *rand.Rand, managers []*ginjwt.JWTManager) gin.HandlerFunc {
	locations := []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InQueryString, ginjwt.InJSON}
	random.Shuffle(len(locations), func(i, j int) { locations[i], locations[j] = locations[j], locations[i] })
	locations = locations[:1+random.IntN(len(locations))]
	opts := []ginjwt.RequiredOption{ginjwt.Locations(locations...)}
	for _, opt := range []ginjwt.RequiredOption{ginjwt.Optional(), ginjwt.Scopes("a"), ginjwt.Scopes("b", "c"), ginjwt.AnyScope("b")} {
		if random.IntN(4) == 0 {
			opts = append(opts, opt)
		}
	}
	if kind := random.IntN(4); kind == 0 {
		opts = append(opts, ginjwt.Refresh())
	} else if kind == 1 {
		opts = append(opts, ginjwt.AnyType())
	}
	return managers[random.IntN(len(managers))].JWTRequired(opts...)
}

// What the parts say is what the engine does, for random guards: a request with exactly the
// credentials of an alternative passes, every request that passes satisfies an alternative,
// and a request that does not pass gets a status that is documented.
func TestOpenAPIIsWhatTheEngineDoes(t *testing.T) {
	t.Parallel()
	var managers []*ginjwt.JWTManager
	for _, name := range []string{"one", "two"} {
		config := jwttest.Config(nil)
		config.Realm, config.SecretKey = name, strings.Repeat(name, 20)
		if name == "two" {
			config.HeaderType, config.QueryStringName, config.ErrorProfile = "JWT", "q", "bearer"
			config.AccessCookieName, config.RefreshCookieName = "two_a", "two_r"
			config.AccessCSRFHeaderName, config.RefreshCSRFHeaderName = "X-Two-A", "X-Two-R"
		} else {
			config.RefreshCSRFHeaderName = "X-One-R"
		}
		mgr, _ := newManager(t, config)
		managers = append(managers, mgr)
	}
	seed := rand.Uint64()
	t.Log("seed", seed)
	catalogue := gin.New() // has all schemes, and names both managers
	everywhere := ginjwt.Locations(ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InQueryString)
	for i, mgr := range managers {
		catalogue.POST("/"+strconv.Itoa(i), mgr.JWTRequired(everywhere), identify)
		catalogue.POST("/refresh/"+strconv.Itoa(i), mgr.RefreshRequired(everywhere), identify)
	}
	a := &apiClient{t, partsOf(t, catalogue), map[string]*ginjwt.JWTManager{"one": managers[0], "two": managers[1]}}
	passed, refused, alternatives := 0, 0, 0
	for round := range 400 {
		random := rand.New(rand.NewPCG(seed, uint64(round)))
		engine, chain := gin.New(), gin.HandlersChain{}
		for range 1 + random.IntN(3) {
			chain = append(chain, randomGuard(random, managers))
		}
		chain = append(chain, func(c *gin.Context) { c.Status(http.StatusTeapot) })
		engine.GET("/", chain...)
		engine.POST("/", chain...)
		for i, mgr := range managers { // so that both have names
			engine.GET("/"+strconv.Itoa(i), mgr.JWTRequired(), identify)
		}
		parts, err := ginjwt.OpenAPI(engine)
		if err != nil {
			require.ErrorContains(t, err, "no request can pass all guards")
			for range 20 {
				credentials, _ := a.randomCredentials(random)
				require.NotEqual(t, http.StatusTeapot, a.send(engine, "GET", credentials), "round %d: %v", round, credentials)
			}
			continue
		}
		item := parts.Paths["/"]
		lines := linesOf(t, engine)
		for method, o := range map[string]*ginjwt.OpenAPIOperation{"GET": item.Get, "POST": item.Post} {
			at := fmt.Sprintf("round %d: %s %s\n%s", round, method, asJSON(t, o.Security), strings.Join(lines, "\n"))
			require.NotEmpty(t, o.Security, at)
			for _, way := range o.Security {
				credentials, possible := a.tokensFor(way)
				if possible && (o.TokenInBody == nil || !o.TokenInBody.Required) {
					alternatives++
					require.Equal(t, http.StatusTeapot, a.send(engine, method, credentials), "%s: %v", at, way)
				}
			}
			for range 20 {
				credentials, scopes := a.randomCredentials(random)
				status := a.send(engine, method, credentials)
				if status != http.StatusTeapot {
					refused++
					require.Contains(t, o.Responses, strconv.Itoa(status), at)
					continue
				}
				passed++
				require.True(t, slices.ContainsFunc(o.Security, func(way map[string][]string) bool {
					return satisfied(way, credentials, scopes)
				}), "%s: passed with %v", at, credentials)
			}
		}
	}
	assert.Greater(t, alternatives, 400)
	assert.Greater(t, passed, 200)
	assert.Greater(t, refused, 2000)
}

// randomCredentials returns credentials for some schemes, and the scopes of the tokens.
func (a *apiClient) randomCredentials(random *rand.Rand) (credentials []credential, scopes map[string][]string) {
	schemes := slices.Sorted(maps.Keys(a.parts.Components.SecuritySchemes))
	scopes = map[string][]string{}
	one := 1 + random.IntN(len(schemes))
	for _, scheme := range schemes {
		if random.IntN(one+1) > 0 || strings.Contains(scheme, "CSRF") {
			continue
		}
		var own []string
		for _, scope := range []string{"a", "b", "c"} {
			if random.IntN(4) > 0 {
				own = append(own, scope)
			}
		}
		token := a.token(scheme, own...)
		scopes[token] = own
		credentials = append(credentials, credential{scheme, token})
		csrf := strings.Replace(scheme, "Cookie", "CSRF", 1)
		if slices.Contains(schemes, csrf) && csrf != scheme && random.IntN(4) > 0 {
			if random.IntN(8) == 0 {
				token = a.token(scheme) // the value of another token
			}
			credentials = append(credentials, credential{csrf, token})
		}
	}
	return credentials, scopes
}
