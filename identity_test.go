package ginjwt_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

type account struct{ Name string }

// loadAccounts knows every user but "nobody".
func loadAccounts(mgr *ginjwt.JWTManager) {
	mgr.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
		if token.Identity == "nobody" {
			return (*account)(nil), nil
		}
		return &account{Name: token.Identity}, nil
	})
}

type contextKey struct{}

func TestGettersReadEveryContextOfTheRequest(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil), loadAccounts)
	encoded := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"role": "admin"}))
	engine.GET("/", mgr.JWTRequired(), func(c *gin.Context) {
		for name, ctx := range map[string]context.Context{
			"gin":                  c,
			"request":              c.Request.Context(),
			"made from gin":        context.WithValue(c, contextKey{}, 1),
			"made from request":    context.WithValue(c.Request.Context(), contextKey{}, 1),
			"copy":                 c.Copy(),
			"without cancellation": context.WithoutCancel(c.Request.Context()),
		} {
			token, ok := ginjwt.GetToken(ctx)
			require.True(t, ok, name)
			assert.Equal(t, encoded, token.Raw(), name)
			assert.Equal(t, "alice", ginjwt.GetJWTIdentity(ctx), name)
			assert.Equal(t, "admin", ginjwt.GetJWT(ctx)["role"], name)
			assert.Equal(t, "HS256", ginjwt.GetJWTHeader(ctx)["alg"], name)
			assert.Equal(t, ginjwt.InHeaders, ginjwt.GetJWTRequestLocation(ctx), name)
			assert.Equal(t, &account{"alice"}, ginjwt.GetCurrentUser[*account](ctx), name)
			claims, err := ginjwt.GetJWTClaims[struct{ Role string }](ctx)
			require.NoError(t, err)
			assert.Empty(t, claims.Role, "names match exactly")
			tagged, err := ginjwt.GetJWTClaims[struct {
				Role string `json:"role"`
			}](ctx)
			require.NoError(t, err)
			assert.Equal(t, "admin", tagged.Role)
		}
		c.Status(http.StatusNoContent)
	})
	assert.Equal(t, 204, jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Code)
}

func TestGettersOfAnAnonymousRequestGiveZeroValues(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil), loadAccounts)
	check := func(c *gin.Context) {
		_, ok := ginjwt.GetToken(c)
		assert.False(t, ok)
		assert.Empty(t, ginjwt.GetJWTIdentity(c))
		assert.Equal(t, ginjwt.Claims{}, ginjwt.GetJWT(c))
		assert.Equal(t, ginjwt.Header{}, ginjwt.GetJWTHeader(c))
		assert.Empty(t, ginjwt.GetJWTRequestLocation(c))
		assert.Nil(t, ginjwt.GetCurrentUser[*account](c))
		claims, err := ginjwt.GetJWTClaims[map[string]any](c)
		require.NoError(t, err)
		assert.Nil(t, claims)
		c.Status(http.StatusNoContent)
	}
	engine.GET("/", mgr.JWTRequired(ginjwt.Optional()), check)
	engine.OPTIONS("/", mgr.JWTRequired(), check)
	assert.Equal(t, 204, jwttest.Do(engine, "GET", "/").Code)
	assert.Equal(t, 204, jwttest.Do(engine, "OPTIONS", "/", preflight).Code)
}

// An empty identity would look like an anonymous visitor.
func TestATokenWithoutANameIsRefused(t *testing.T) {
	t.Parallel()
	own, theirs := strings.Repeat("o", 32), strings.Repeat("t", 32)
	config := func(claim string, anySubject bool) ginjwt.Config {
		return ginjwt.Config{SecretKey: own, IdentityClaim: claim, DisableVerifySub: anySubject, Issuers: []ginjwt.Issuer{
			{Name: "https://them", Keys: []keys.Key{{Verify: []byte(theirs), AllowMissingKeyID: true}}, IdentityPrefix: "them:"},
		}}
	}
	sub, anySub, user := config("", false), config("", true), config("user", false)
	const us, them = `{`, `{"iss":"https://them",`
	for _, test := range []struct {
		name     string
		config   ginjwt.Config
		secret   string
		claims   string
		identity string
		refusal  string
	}{
		{"empty", sub, own, us + `"sub":""}`, "", "Empty claim: sub"},
		{"empty refresh token", sub, own, us + `"type":"refresh","sub":""}`, "", "Empty claim: sub"},
		{"empty, expired", sub, own, us + `"exp":1,"sub":""}`, "", "Empty claim: sub"},
		{"absent", sub, own, us + `"a":1}`, "", "Missing claim: sub"},
		{"a blank", sub, own, us + `"sub":" "}`, " ", ""},

		{"any sub, empty", anySub, own, us + `"sub":""}`, "", "Empty claim: sub"},
		{"any sub, absent", anySub, own, us + `"a":1}`, "", "Missing claim: sub"},
		{"any sub, null", anySub, own, us + `"sub":null}`, "null", ""},
		{"any sub, false", anySub, own, us + `"sub":false}`, "false", ""},
		{"any sub, zero", anySub, own, us + `"sub":0}`, "0", ""},
		{"any sub, an array", anySub, own, us + `"sub":[]}`, "[]", ""},

		{"another claim, empty", user, own, us + `"sub":"alice","user":""}`, "", "Empty claim: user"},
		{"another claim, absent", user, own, us + `"sub":"alice"}`, "", "Missing claim: user"},
		{"another claim, sub empty", user, own, us + `"sub":"","user":"bob"}`, "bob", ""},

		{"prefix and empty", sub, theirs, them + `"sub":""}`, "", "Empty claim: sub"},
		{"prefix and null", anySub, theirs, them + `"sub":null}`, "", "Subject must be a string"},
		{"prefix and false", anySub, theirs, them + `"sub":false}`, "", "Subject must be a string"},
		{"prefix and an array", anySub, theirs, them + `"sub":[]}`, "", "Subject must be a string"},
		{"prefix and zero", anySub, theirs, them + `"sub":0}`, "them:0", ""},
	} {
		mgr, engine := newManager(t, test.config)
		engine.GET("/", mgr.JWTRequired(ginjwt.AnyType(), ginjwt.Optional()), identify)
		status, body := 200, test.identity
		if test.refusal != "" {
			status, body = 422, `{"msg":"`+test.refusal+`"}`+"\n"
		}
		encoded := signedHS256(`{"alg":"HS256"}`, test.claims, test.secret)
		for _, known := range []string{"", ", known"} {
			w := jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded))
			assert.Equal(t, status, w.Code, test.name+known)
			assert.Equal(t, body, w.Body.String(), test.name+known)
		}
		_, err := mgr.DecodeToken(t.Context(), encoded, ginjwt.AllowExpired())
		assert.Equal(t, test.refusal == "", err == nil, test.name)
	}
}

func TestGettersPanicWhereNothingWasVerified(t *testing.T) {
	t.Parallel()
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = httptest.NewRequest("GET", "/", nil)
	says := func(getter string) string {
		return "ginjwt: " + getter + ": no token was verified for this request; put JWTRequired on the route, or call VerifyJWTInRequest first"
	}
	for _, ctx := range []context.Context{c, c.Request.Context(), t.Context()} {
		assert.PanicsWithValue(t, says("GetJWT"), func() { ginjwt.GetJWT(ctx) })
		assert.PanicsWithValue(t, says("GetJWTHeader"), func() { ginjwt.GetJWTHeader(ctx) })
		assert.PanicsWithValue(t, says("GetJWTIdentity"), func() { ginjwt.GetJWTIdentity(ctx) })
		assert.Empty(t, ginjwt.GetJWTRequestLocation(ctx))
		assert.PanicsWithValue(t, says("GetJWTClaims"), func() { _, _ = ginjwt.GetJWTClaims[int](ctx) })
		assert.PanicsWithValue(t, says("GetCurrentUser"), func() { ginjwt.GetCurrentUser[any](ctx) })
		_, ok := ginjwt.GetToken(ctx)
		assert.False(t, ok)
	}
}

func TestGetCurrentUserPanicsOnWiringMistakes(t *testing.T) {
	t.Parallel()
	token := &ginjwt.Token{Identity: "alice"}
	assert.PanicsWithValue(t, "ginjwt: GetCurrentUser: there is no user; register a UserLookupLoader, or pass a user to NewContext", func() {
		ginjwt.GetCurrentUser[*account](ginjwt.NewContext(t.Context(), token, nil))
	})
	assert.PanicsWithValue(t, "ginjwt: GetCurrentUser: UserLookupLoader returned a string, not a *ginjwt_test.account", func() {
		ginjwt.GetCurrentUser[*account](ginjwt.NewContext(t.Context(), token, "alice"))
	})
}

func TestNewContext(t *testing.T) {
	t.Parallel()
	ctx := ginjwt.NewContext(t.Context(), &ginjwt.Token{Identity: "alice"}, account{"Alice"})
	assert.Equal(t, "alice", ginjwt.GetJWTIdentity(ctx))
	assert.Equal(t, account{"Alice"}, ginjwt.GetCurrentUser[account](ctx))
	assert.Nil(t, ginjwt.FromContext(ctx))

	anonymous := ginjwt.NewContext(ctx, nil, nil)
	assert.Empty(t, ginjwt.GetJWTIdentity(anonymous))
	assert.Equal(t, "alice", ginjwt.GetJWTIdentity(ctx), "the context it was made from is unchanged")
}

func TestNewContextHasTheUserOfVerifyToken(t *testing.T) {
	t.Parallel()
	asked := 0
	mgr, _ := newManager(t, jwttest.Config(nil), func(mgr *ginjwt.JWTManager) {
		mgr.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
			asked++
			return &account{Name: token.Identity}, nil
		})
	})
	encoded := jwttest.AccessToken(t, mgr, "alice")
	alice, err := mgr.VerifyToken(t.Context(), encoded)
	require.NoError(t, err)
	bob, err := mgr.VerifyToken(ginjwt.NewContext(t.Context(), alice, nil), jwttest.AccessToken(t, mgr, "bob"))
	require.NoError(t, err)
	require.Equal(t, 2, asked)

	ctx := ginjwt.NewContext(t.Context(), alice, nil)
	assert.Equal(t, &account{"alice"}, ginjwt.GetCurrentUser[*account](ctx))
	assert.Equal(t, &account{"alice"}, ginjwt.TemplateData(ctx, nil)["current_user"])
	assert.Equal(t, &account{"bob"}, ginjwt.GetCurrentUser[*account](ginjwt.NewContext(ctx, bob, nil)))
	assert.Equal(t, &account{"given"}, ginjwt.GetCurrentUser[*account](ginjwt.NewContext(ctx, alice, &account{"given"})))
	assert.Nil(t, ginjwt.GetCurrentUser[*account](ginjwt.NewContext(ctx, nil, nil)), "nobody")
	assert.Equal(t, 2, asked, "the users were known")

	decoded, err := mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	assert.Nil(t, ginjwt.TemplateData(ginjwt.NewContext(t.Context(), decoded, nil), nil)["current_user"], "the same token again has no user")

	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		assert.Equal(t, alice.String(), fmt.Sprintf(verb, alice), verb)
		assert.NotContains(t, fmt.Sprintf(verb, ctx), "alice", verb)
	}
	text, err := json.Marshal(alice)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "alice")
	assert.NotContains(t, fmt.Sprint(alice.LogValue()), "alice")
}

// A token that a handler verifies does not make its user that of the request.
func TestVerifyTokenChangesNothingInTheRequest(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil), loadAccounts)
	bob := jwttest.AccessToken(t, mgr, "bob")
	verify := func(c *gin.Context) {
		for _, ctx := range []context.Context{c, c.Request.Context()} {
			token, err := mgr.VerifyToken(ctx, bob)
			assert.NoError(t, err)
			assert.Equal(t, "bob", token.Identity)
		}
	}
	engine.GET("/alice", mgr.JWTRequired(), verify, func(c *gin.Context) {
		assert.Equal(t, &account{"alice"}, ginjwt.GetCurrentUser[*account](c))
		identify(c)
	})
	engine.GET("/nobody", mgr.JWTRequired(ginjwt.Optional()), verify, func(c *gin.Context) {
		assert.Nil(t, ginjwt.GetCurrentUser[*account](c))
		identify(c)
	})
	engine.GET("/unchecked", verify, func(c *gin.Context) {
		assert.Panics(t, func() { ginjwt.GetJWTIdentity(c) })
	})
	assert.Equal(t, "alice", jwttest.Do(engine, "GET", "/alice", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))).Body.String())
	assert.Equal(t, "", jwttest.Do(engine, "GET", "/nobody").Body.String())
	assert.Equal(t, 200, jwttest.Do(engine, "GET", "/unchecked").Code)
}

func TestASecondCheckReplacesTheFirst(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	var before context.Context
	engine.GET("/", mgr.JWTRequired(ginjwt.Optional(), ginjwt.Locations(ginjwt.InQueryString)), func(c *gin.Context) {
		before = c.Request.Context()
	}, mgr.JWTRequired(), func(c *gin.Context) {
		assert.Equal(t, "alice", ginjwt.GetJWTIdentity(c))
		assert.Empty(t, ginjwt.GetJWTIdentity(before), "what was read before does not change")
		assert.Same(t, mgr, ginjwt.FromContext(c))
	})
	assert.Equal(t, 200, jwttest.Do(engine, "GET", "/", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))).Code)
}

// Of two managers in one request the one whose check was last decides who is the
// visitor, and the one that was attached last is found by FromContext.
func TestTwoManagersInOneRequest(t *testing.T) {
	t.Parallel()
	a, engine := newManager(t, jwttest.Config(nil))
	b := ginjwt.New(ginjwt.Config{SecretKey: strings.Repeat("b", 32), HeaderName: "X-B"})
	root, group, late := &engine.RouterGroup, engine.Group("/b"), engine.Group("/late", a.JWTRequired())
	require.NoError(t, b.InitApp(group))
	require.NoError(t, b.InitApp(late))
	optional := b.JWTRequired(ginjwt.Optional())
	for _, test := range []struct {
		path     string
		in       *gin.RouterGroup
		checks   []gin.HandlerFunc
		sendsB   bool
		identity string
		manager  *ginjwt.JWTManager
	}{
		{"/a", root, []gin.HandlerFunc{a.JWTRequired()}, true, "alice", a},
		{"/only-b", root, []gin.HandlerFunc{b.JWTRequired()}, true, "bob", a},
		{"/a-then-b", root, []gin.HandlerFunc{a.JWTRequired(), b.JWTRequired()}, true, "bob", a},
		{"/a-then-nobody", root, []gin.HandlerFunc{a.JWTRequired(), optional}, false, "", a},
		{"/b", group, []gin.HandlerFunc{b.JWTRequired()}, true, "bob", b},
		{"/only-a", group, []gin.HandlerFunc{a.JWTRequired()}, true, "alice", b},
		{"/b-then-a", group, []gin.HandlerFunc{b.JWTRequired(), a.JWTRequired()}, true, "alice", b},
		{"/nobody-then-a", group, []gin.HandlerFunc{optional, a.JWTRequired()}, false, "alice", b},
		{"/a-before", late, nil, true, "alice", b},
	} {
		test.in.GET(test.path, append(test.checks, func(c *gin.Context) {
			assert.Same(t, test.manager, ginjwt.FromContext(c), test.path)
			identify(c)
		})...)
		opts := []jwttest.RequestOption{jwttest.Bearer(jwttest.AccessToken(t, a, "alice"))}
		if test.sendsB {
			opts = append(opts, jwttest.Header("X-B", "Bearer "+jwttest.AccessToken(t, b, "bob")))
		}
		w := jwttest.Do(engine, "GET", strings.TrimSuffix(test.in.BasePath(), "/")+test.path, opts...)
		assert.Equal(t, 200, w.Code, test.path)
		assert.Equal(t, test.identity, w.Body.String(), test.path)
	}
}

func TestCurrentUserInTemplates(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil), loadAccounts)
	engine.SetHTMLTemplate(template.Must(template.New("page").Parse(`{{.title}}: {{with .current_user}}{{.Name}}{{else}}nobody{{end}}`)))
	page := func(c *gin.Context) {
		given := gin.H{"title": "Home"}
		c.HTML(http.StatusOK, "page", ginjwt.TemplateData(c, given))
		assert.Equal(t, gin.H{"title": "Home"}, given)
	}
	engine.GET("/protected", mgr.JWTRequired(), page)
	engine.GET("/optional", mgr.JWTRequired(ginjwt.Optional()), page)
	engine.GET("/public", page)
	token := jwttest.Bearer(jwttest.AccessToken(t, mgr, "<alice>"))

	assert.Equal(t, "Home: &lt;alice&gt;", jwttest.Do(engine, "GET", "/protected", token).Body.String())
	assert.Equal(t, "Home: &lt;alice&gt;", jwttest.Do(engine, "GET", "/optional", token).Body.String())
	assert.Equal(t, "Home: nobody", jwttest.Do(engine, "GET", "/optional").Body.String())
	assert.Equal(t, "Home: nobody", jwttest.Do(engine, "GET", "/public", token).Body.String())
}

func TestAStateIsThatOfOneRequest(t *testing.T) {
	t.Parallel()
	outer, outerEngine := newManager(t, jwttest.Config(nil))
	inner := ginjwt.New(jwttest.Config(nil))
	require.NoError(t, inner.InitApp(nil)) // not attached
	innerEngine := gin.New()
	innerEngine.GET("/me", inner.JWTRequired(), identify)
	innerEngine.GET("/public", func(c *gin.Context) {
		_, ok := ginjwt.GetToken(c)
		assert.False(t, ok, "the token of another request")
		c.String(http.StatusOK, "public")
	})
	token := jwttest.AccessToken(t, inner, "alice")
	outerEngine.GET("/batch", func(c *gin.Context) {
		assert.Same(t, outer, ginjwt.FromContext(c))
		within := func(r *http.Request) { *r = *r.WithContext(c.Request.Context()) }
		assert.Equal(t, "alice", jwttest.Do(innerEngine, "GET", "/me", within, jwttest.Bearer(token)).Body.String())
		assert.Equal(t, "public", jwttest.Do(innerEngine, "GET", "/public", within).Body.String())
	})
	assert.Equal(t, 200, jwttest.Do(outerEngine, "GET", "/batch").Code)
}

func TestAttachingAManagerKeepsWhatWasVerified(t *testing.T) {
	t.Parallel()
	first, engine := newManager(t, jwttest.Config(nil))
	second := ginjwt.New(jwttest.Config(nil))
	group := engine.Group("/group", first.JWTRequired())
	require.NoError(t, second.InitApp(group))
	group.GET("/", func(c *gin.Context) {
		assert.Same(t, second, ginjwt.FromContext(c))
		assert.Same(t, second, ginjwt.FromContext(ginjwt.NewContext(c, nil, nil)))
		identify(c)
	})
	assert.Equal(t, "alice", jwttest.Do(engine, "GET", "/group/", jwttest.Bearer(jwttest.AccessToken(t, first, "alice"))).Body.String())
}

func TestClaimsOfOneCallerAreNotThoseOfAnother(t *testing.T) {
	t.Parallel()
	ctx := ginjwt.NewContext(t.Context(), &ginjwt.Token{}, nil)
	delete(ginjwt.GetJWT(ctx), "type")
	assert.Contains(t, ginjwt.GetJWT(ctx), "type")
}

// A copy of the gin.Context shares its request, and with it what was stored.
func TestTwoChecksAtOnceGiveEachItsOwnUser(t *testing.T) {
	t.Parallel()
	managers := make([]*ginjwt.JWTManager, 2)
	outer, engine := newManager(t, jwttest.Config(nil))
	require.NotNil(t, outer)
	for i := range managers {
		managers[i], _ = newManager(t, jwttest.Config(nil), func(mgr *ginjwt.JWTManager) {
			mgr.UserLookupLoader(func(context.Context, *ginjwt.Token) (any, error) { return i, nil })
		})
	}
	engine.GET("/", func(c *gin.Context) {
		var wg sync.WaitGroup
		for i, mgr := range managers {
			own := c.Copy()
			wg.Go(func() {
				token, err := mgr.VerifyJWTInRequest(own)
				assert.NoError(t, err)
				got, _ := ginjwt.GetToken(own)
				assert.Same(t, token, got)
				assert.Equal(t, i, ginjwt.GetCurrentUser[int](own))
			})
		}
		wg.Wait()
	})
	bearer := jwttest.Bearer(jwttest.AccessToken(t, managers[0], "alice"))
	for range 200 {
		assert.Equal(t, 200, jwttest.Do(engine, "GET", "/", bearer).Code)
	}
}
