package ginjwt_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// guarded signs an access token of alice with further members, as they stand.
func guarded(t testing.TB, config ginjwt.Config, members string) string {
	t.Helper()
	if members != "" {
		members = "," + members
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode([]byte(" \n"+`{"sub":"alice", "jti":"1"`+members+"}\n"))
	signature, err := jwt.SigningMethodHS256.Sign(signed, []byte(config.SecretKey))
	require.NoError(t, err)
	return signed + "." + encode(signature)
}

// passes reports whether a token with these members passes a route.
func passes(t *testing.T, config ginjwt.Config, members string, opts ...ginjwt.RequiredOption) bool {
	t.Helper()
	mgr, engine := newManager(t, config)
	engine.GET("/", mgr.JWTRequired(opts...), identify)
	w := jwttest.Do(engine, "GET", "/", jwttest.Bearer(guarded(t, config, members)))
	if w.Code == http.StatusOK {
		require.Equal(t, "alice", w.Body.String())
		return true
	}
	require.Equal(t, http.StatusForbidden, w.Code, w.Body)
	require.Equal(t, `{"msg":"Insufficient scope"}`+"\n", w.Body.String())
	return false
}

func TestScopes(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	for _, test := range []struct {
		members  string
		all, any bool
	}{
		{`"scope":"read write"`, true, true},
		{`"scope":"write  other   read"`, true, true},
		{`"scope":" read write "`, true, true},
		{`"scope":["write","other","read"]`, true, true},
		{`"scope":[ "read" , "write" ]`, true, true},
		{`"scope":["rea\u0064",1,null,{},"write"]`, true, true},
		{`"scope":"rea\u0064\u0020write"`, true, true},
		{`"scope":"read"`, false, true},
		{`"scope":["write"]`, false, true},
		{`"scope":["read write"]`, false, false},
		{`"scope":"Read WRITE"`, false, false},
		{`"scope":"read:all writer"`, false, false},
		{`"scope":"read,write"`, false, false},
		{`"scope":"read\twrite"`, false, false},
		{`"scope":[["read","write"]]`, false, false},
		{`"scope":{"read":true,"write":true}`, false, false},
		{`"scope":""`, false, false},
		{`"scope":[]`, false, false},
		{`"scope":null`, false, false},
		{`"scope":true`, false, false},
		{`"Scope":"read write"`, false, false},
		{`"scp":"read write"`, false, false},
		{``, false, false},
	} {
		assert.Equal(t, test.all, passes(t, config, test.members, ginjwt.Scopes("read", "write")), "all of %s", test.members)
		assert.Equal(t, test.any, passes(t, config, test.members, ginjwt.AnyScope("read", "write")), "any of %s", test.members)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	for members, want := range map[string]bool{
		`"roles":["admin"]`:                true,
		`"roles":["reader","site editor"]`: true,
		`"roles":"admin"`:                  true,
		`"roles":"site editor"`:            true,
		`"roles":"admin reader"`:           false, // is one role
		`"roles":"Admin"`:                  false,
		`"roles":["reader"]`:               false,
		`"roles":[["admin"]]`:              false,
		`"roles":{"admin":true}`:           false,
		`"roles":{"reader":{"1":"a.example"},"admin":{"2":"b.example"}}`: true, // as Zitadel writes it
		`"roles":{"site\u0020editor":{"1":"a.example"}}`:                 true,
		`"roles":{"reader":{"admin":"a.example"}}`:                       false,
		`"roles":{"Admin":{"1":"a.example"}}`:                            false,
		`"roles":{"admin":{}}`:                                           false,
		`"roles":{"admin":{"1":null}}`:                                   false,
		`"roles":{"admin":{"1":""}}`:                                     false,
		`"roles":{"admin":["1"]}`:                                        false,
		`"roles":{"admin":"1"}`:                                          false,
		`"roles":{"admin":null}`:                                         false,
		`"roles":{}`:                                                     false,
		`"roles":[{"admin":{"1":"a.example"}}]`:                          false,
		`"roles":[]`:                                                     false,
		`"roles":null`:                                                   false,
		`"role":"admin"`:                                                 false,
		``:                                                               false,
	} {
		assert.Equal(t, want, passes(t, config, members, ginjwt.Roles("admin", "site editor")), members)
	}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	type level int
	type plan string
	config := jwttest.Config(nil)
	for _, test := range []struct {
		members string
		option  ginjwt.RequiredOption
		want    bool
	}{
		{`"tenant":"acme"`, ginjwt.Claim("tenant", "acme"), true},
		{`"tenant":"\u0061cme"`, ginjwt.Claim("tenant", "acme"), true},
		{`"ten\u0061nt":"acme"`, ginjwt.Claim("tenant", "acme"), true},
		{`"tenant":"acme"`, ginjwt.Claim("tenant", "umbrella", plan("acme")), true},
		{`"tenant":["umbrella","acme"]`, ginjwt.Claim("tenant", "acme"), true},
		{`"tenant":"acme umbrella"`, ginjwt.Claim("tenant", "acme"), false},
		{`"tenant":"acme"`, ginjwt.Claim("tenant", "acm"), false},
		{`"tenant":[["acme"]]`, ginjwt.Claim("tenant", "acme"), false},
		{`"tenant":{"acme":1}`, ginjwt.Claim("tenant", "acme"), false},
		{`"x":{"tenant":"acme"}`, ginjwt.Claim("tenant", "acme"), false},
		{``, ginjwt.Claim("tenant", ""), false},
		{`"tenant":null`, ginjwt.Claim("tenant", ""), false},
		{`"tenant":""`, ginjwt.Claim("tenant", ""), true},

		{`"level":3`, ginjwt.Claim("level", 2, 3), true},
		{`"level":3`, ginjwt.Claim("level", level(3)), true},
		{`"level":3`, ginjwt.Claim("level", uint8(3)), true},
		{`"level":[1,3]`, ginjwt.Claim("level", int64(3)), true},
		{`"level":-3`, ginjwt.Claim("level", -3), true},
		{`"level":18446744073709551615`, ginjwt.Claim("level", uint64(1<<64-1)), true},
		{`"level":9007199254740993`, ginjwt.Claim("level", 9007199254740992), false},
		{`"level":"3"`, ginjwt.Claim("level", 3), false},
		{`"level":3`, ginjwt.Claim("level", "3"), false},
		{`"level":3.0`, ginjwt.Claim("level", 3), false},
		{`"level":3e0`, ginjwt.Claim("level", 3), false},
		{`"level":true`, ginjwt.Claim("level", 1), false},

		{`"verified":true`, ginjwt.Claim("verified", true), true},
		{`"verified":false`, ginjwt.Claim("verified", false), true},
		{`"verified":"true"`, ginjwt.Claim("verified", true), false},
		{`"verified":1`, ginjwt.Claim("verified", true), false},
		{``, ginjwt.Claim("verified", false), false},

		{`"x":"y"`, ginjwt.Claim("x"), true},
		{`"x":true`, ginjwt.Claim("x"), true},
		{`"x":-1`, ginjwt.Claim("x"), true},
		{`"x":[0]`, ginjwt.Claim("x"), true},
		{`"x":{"y":0}`, ginjwt.Claim("x"), true},
		{`"x":null`, ginjwt.Claim("x"), false},
		{`"x":false`, ginjwt.Claim("x"), false},
		{`"x":0`, ginjwt.Claim("x"), false},
		{`"x":0.0e5`, ginjwt.Claim("x"), false},
		{`"x":""`, ginjwt.Claim("x"), false},
		{`"x":[ ]`, ginjwt.Claim("x"), false},
		{`"x":{}`, ginjwt.Claim("x"), false},
		{``, ginjwt.Claim("x"), false},
	} {
		assert.Equal(t, test.want, passes(t, config, test.members, test.option), test.members)
	}
}

func TestClaimsByJSONPointer(t *testing.T) {
	t.Parallel()
	const members = `"a":{"b c":{"d":"deep"},"b/c":"slash","b~c":"tilde","~1":"escape","":{"":"nothing"},"\u00e9":"letter"},` +
		`"list":[ "zero" , {"x":"one"}, ["two"] ], "/a":"slashed", "text":"x"`
	config := jwttest.Config(nil)
	for pointer, want := range map[string]string{
		"/a/b c/d":    "deep",
		"/a/b~1c":     "slash",
		"/a/b~0c":     "tilde",
		"/a/~01":      "escape",
		"/a//":        "nothing",
		"/a/é":        "letter",
		"/list/0":     "zero",
		"/list/1/x":   "one",
		"/list/2/0":   "two",
		"/~1a":        "slashed",
		"/sub":        "alice",
		"/list/00":    "",
		"/list/-1":    "",
		"/list/+1/x":  "",
		"/list/3":     "",
		"/list/-":     "",
		"/list/":      "",
		"/list/1/x/0": "",
		"/text/0":     "",
		"/text/":      "",
		"/a/b/c":      "",
		"/a":          "",
		"/":           "",
		"a/b c/d":     "",
		"/A/b c/d":    "",
	} {
		assert.Equal(t, want != "", passes(t, config, members, ginjwt.Claim(pointer, "deep", "slash", "tilde", "escape", "nothing", "letter", "zero", "one", "two", "slashed", "alice")), pointer)
		if want != "" {
			assert.True(t, passes(t, config, members, ginjwt.Claim(pointer, want)), pointer)
		}
	}
}

func TestClaimsOfScopesAndRolesAreSettings(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.ScopeClaim, config.RolesClaim = "scp", "/realm_access/roles"
	const members = `"scp":"read write","scope":"admin","realm_access":{"roles":["editor"]},"roles":["admin"],"/realm_access/roles":["owner"]`
	assert.True(t, passes(t, config, members, ginjwt.Scopes("read", "write")))
	assert.False(t, passes(t, config, members, ginjwt.AnyScope("admin")))
	assert.True(t, passes(t, config, members, ginjwt.Roles("editor")))
	assert.False(t, passes(t, config, members, ginjwt.Roles("admin", "owner")))

	config.ScopeClaim = "https://example.com/scopes"
	assert.True(t, passes(t, config, `"https://example.com/scopes":["read"]`, ginjwt.Scopes("read")))
}

// A token has the claims that its issuer writes, and not those of another.
func TestScopesAndRolesOfOtherIssuers(t *testing.T) {
	t.Parallel()
	config, other := jwttest.Config(nil), jwttest.Config(nil)
	other.SecretKey = "the secret of another issuer, and of no one else"
	config.RolesClaim = "groups"
	config.Issuers = []ginjwt.Issuer{{
		Name: "https://other.example", IdentityPrefix: "other:", ScopeClaim: "/grant/scp",
		Keys: []keys.Key{{ID: "1", Algorithm: "HS256", Verify: []byte(other.SecretKey), AllowMissingKeyID: true}},
	}}
	mgr, engine := newManager(t, config)
	engine.GET("/scopes", mgr.JWTRequired(ginjwt.Scopes("read")), identify)
	engine.GET("/roles", mgr.JWTRequired(ginjwt.Roles("admin")), identify)
	const foreign = `"iss":"https://other.example"`
	for _, test := range []struct {
		token         string
		scopes, roles int
	}{
		{guarded(t, config, `"scope":"read","groups":["admin"]`), 200, 200},
		{guarded(t, config, `"grant":{"scp":"read"},"roles":["admin"]`), 403, 403},
		{guarded(t, other, foreign+`,"grant":{"scp":"read"},"groups":["admin"]`), 200, 200},
		{guarded(t, other, foreign+`,"scope":"read","roles":["admin"]`), 403, 403},
	} {
		assert.Equal(t, test.scopes, jwttest.Do(engine, "GET", "/scopes", jwttest.Bearer(test.token)).Code)
		assert.Equal(t, test.roles, jwttest.Do(engine, "GET", "/roles", jwttest.Bearer(test.token)).Code)
	}
}

func TestGuardsAddUp(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	opts := []ginjwt.RequiredOption{
		ginjwt.Scopes("read"), ginjwt.AnyScope("write", "admin"),
		ginjwt.Roles("editor"), ginjwt.Roles("staff"), ginjwt.Claim("tenant", "acme"),
	}
	const scope, roles, tenant = `"scope":"read admin"`, `"roles":["staff","editor"]`, `"tenant":"acme"`
	assert.True(t, passes(t, config, scope+","+roles+","+tenant, opts...))
	for _, members := range []string{
		`"scope":"read",` + roles + "," + tenant,
		`"scope":"admin",` + roles + "," + tenant,
		scope + `,"roles":["staff"],` + tenant,
		scope + `,"roles":["editor"],` + tenant,
		scope + "," + roles,
	} {
		assert.False(t, passes(t, config, members, opts...), members)
	}
}

// Lists that are changed after an option was made change nothing.
func TestGuardsCopyTheirLists(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	scopes, anyScope, roles, values := []string{"a"}, []string{"b"}, []string{"r"}, []any{"v"}
	opts := []ginjwt.RequiredOption{ginjwt.Scopes(scopes...), ginjwt.AnyScope(anyScope...), ginjwt.Roles(roles...), ginjwt.Claim("c", values...)}
	scopes[0], anyScope[0], roles[0], values[0] = "x", "x", "x", "x"
	assert.True(t, passes(t, config, `"scope":"a b","roles":"r","c":"v"`, opts...))
}

// guardRequest is a token of these members at a route.
func guardRequest(engine *gin.Engine, token string) (status int, challenge, body string) {
	w := jwttest.Do(engine, "GET", "/", jwttest.Bearer(token))
	return w.Code, w.Header().Get("WWW-Authenticate"), w.Body.String()
}

func TestInsufficientScopeTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	const plain = `realm="api", error="insufficient_scope", error_description="The token does not allow this request", reason="insufficient_scope"`
	for _, test := range []struct {
		name      string
		opts      []ginjwt.RequiredOption
		challenge string
		scope     string
	}{
		{"scopes", []ginjwt.RequiredOption{ginjwt.Scopes("read", "write")}, plain + `, scope="read write"`, "read write"},
		{"any scope", []ginjwt.RequiredOption{ginjwt.AnyScope("a:b", "https://x.example/c")}, plain + `, scope="a:b"`, "a:b"},
		{"all scopes of the route, once each", []ginjwt.RequiredOption{ginjwt.Scopes("one", "two"), ginjwt.AnyScope("two", "on"), ginjwt.Scopes("one")},
			plain + `, scope="one two"`, "one two"},
		{"a role", []ginjwt.RequiredOption{ginjwt.Roles("admin")}, plain, ""},
		{"a claim", []ginjwt.RequiredOption{ginjwt.Claim("tenant", "acme")}, plain, ""},
		{"a role, with the scopes there", []ginjwt.RequiredOption{ginjwt.Scopes("three"), ginjwt.Roles("admin")}, plain, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := jwttest.Config(nil)
			config.HeaderType = "JWT"
			var told, logged *ginjwt.Error
			mgr, engine := newManager(t, config, func(mgr *ginjwt.JWTManager) {
				mgr.InsufficientScopeLoader(func(c *gin.Context, err *ginjwt.Error) {
					told = err
					ginjwt.BearerError(c, err)
				})
			})
			engine.Use(func(c *gin.Context) {
				c.Next()
				require.True(t, errors.As(c.Errors.Last().Err, &logged))
			})
			engine.GET("/", mgr.JWTRequired(test.opts...), identify)
			// The same, without a route that is registered.
			engine.GET("/own", func(c *gin.Context) {
				_, err := mgr.VerifyJWTInRequest(c, test.opts...)
				mgr.Refuse(c, err)
			})
			token := guarded(t, config, `"scope":"three"`)
			for _, path := range []string{"/", "/own"} {
				told = nil
				w := jwttest.Do(engine, "GET", path, jwttest.Header("Authorization", "JWT "+token))
				assert.Equal(t, 403, w.Code)
				assert.Equal(t, []string{"JWT " + test.challenge}, w.Header().Values("WWW-Authenticate"))
				assert.Equal(t, `{"error":"insufficient_scope","error_description":"The token does not allow this request","reason":"insufficient_scope"}`, w.Body.String())
				require.NotNil(t, told)
				assert.Equal(t, test.scope, told.Scope)
				assert.Zero(t, told.MaxAge)
				assert.Equal(t, "alice", told.Token.Identity)
				assert.Equal(t, "ginjwt: token does not allow this request (insufficient_scope)", logged.Error())
				assert.Equal(t, test.scope, logged.Scope)
			}
		})
	}
}

func TestAForbiddenRequestIsChallengedWhoeverAnswers(t *testing.T) {
	t.Parallel()
	const own = `Bearer realm="own"`
	for name, test := range map[string]struct {
		loader    ginjwt.ErrorHandler
		status    int
		challenge string
	}{
		"the default":      {ginjwt.FlaskError, 403, `Bearer realm="api", error="insufficient_scope", error_description="The token does not allow this request", reason="insufficient_scope", scope="a"`},
		"another body":     {func(c *gin.Context, _ *ginjwt.Error) { c.String(403, "no") }, 403, `Bearer realm="api", error="insufficient_scope", error_description="The token does not allow this request", reason="insufficient_scope", scope="a"`},
		"401":              {func(c *gin.Context, _ *ginjwt.Error) { c.String(401, "no") }, 401, `Bearer realm="api", error="insufficient_scope", error_description="The token does not allow this request", reason="insufficient_scope", scope="a"`},
		"hidden":           {func(c *gin.Context, _ *ginjwt.Error) { c.String(404, "no") }, 404, ""},
		"hidden late":      {func(c *gin.Context, _ *ginjwt.Error) { c.Status(403); c.String(404, "no") }, 404, ""},
		"its own, kept":    {func(c *gin.Context, _ *ginjwt.Error) { c.Header("WWW-Authenticate", own); c.String(403, "no") }, 403, own},
		"its own for 404":  {func(c *gin.Context, _ *ginjwt.Error) { c.Header("WWW-Authenticate", own); c.String(404, "no") }, 404, own},
		"says nothing":     {func(*gin.Context, *ginjwt.Error) {}, 403, `Bearer realm="api", error="insufficient_scope", error_description="The token does not allow this request", reason="insufficient_scope", scope="a"`},
		"says only status": {func(c *gin.Context, _ *ginjwt.Error) { c.Status(403) }, 403, `Bearer realm="api", error="insufficient_scope", error_description="The token does not allow this request", reason="insufficient_scope", scope="a"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := jwttest.Config(nil)
			mgr, engine := newManager(t, config, func(mgr *ginjwt.JWTManager) { mgr.InsufficientScopeLoader(test.loader) })
			engine.GET("/", mgr.JWTRequired(ginjwt.Scopes("a")), identify)
			status, challenge, _ := guardRequest(engine, guarded(t, config, ""))
			assert.Equal(t, test.status, status)
			assert.Equal(t, test.challenge, challenge)
		})
	}
}

// Other refusals with 403 name no scope.
func TestOtherForbiddenRequestsNameNoScope(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	mgr, engine := newManager(t, config)
	engine.GET("/", func(c *gin.Context) {
		mgr.Refuse(c, &ginjwt.Error{Kind: ginjwt.ErrVerification, Status: 403, Message: "Admins only", Scope: "admin", MaxAge: time.Minute})
	})
	status, challenge, body := guardRequest(engine, guarded(t, config, ""))
	assert.Equal(t, 403, status)
	assert.Equal(t, `Bearer realm="api", error="insufficient_scope", error_description="The token does not allow this request", reason="verification_failed"`, challenge)
	assert.Equal(t, `{"msg":"Admins only"}`+"\n", body)
}

// An error that the application made says what it asks for, if a header can.
func TestRefuseTellsScopeAndAge(t *testing.T) {
	t.Parallel()
	const insufficient = `Bearer realm="api", error="insufficient_scope", error_description="The token does not allow this request", reason="insufficient_scope"`
	const stale = `Bearer realm="api", error="insufficient_user_authentication", error_description="A fresh token is required", reason="fresh_required"`
	for name, test := range map[string]struct {
		err       ginjwt.Error
		challenge string
	}{
		"a scope":         {ginjwt.Error{Kind: ginjwt.ErrInsufficientScope, Scope: "read"}, insufficient + `, scope="read"`},
		"scopes":          {ginjwt.Error{Kind: ginjwt.ErrInsufficientScope, Scope: "read write"}, insufficient + `, scope="read write"`},
		"none":            {ginjwt.Error{Kind: ginjwt.ErrInsufficientScope}, insufficient},
		"a quote":         {ginjwt.Error{Kind: ginjwt.ErrInsufficientScope, Scope: `read", x="y`}, insufficient},
		"a line":          {ginjwt.Error{Kind: ginjwt.ErrInsufficientScope, Scope: "read\r\nSet-Cookie: x=y"}, insufficient},
		"a blank too":     {ginjwt.Error{Kind: ginjwt.ErrInsufficientScope, Scope: "read "}, insufficient},
		"an age":          {ginjwt.Error{Kind: ginjwt.ErrFreshRequired, MaxAge: 90 * time.Second}, stale + `, max_age="90"`},
		"a fraction":      {ginjwt.Error{Kind: ginjwt.ErrFreshRequired, MaxAge: 1999 * time.Millisecond}, stale + `, max_age="1"`},
		"too short":       {ginjwt.Error{Kind: ginjwt.ErrFreshRequired, MaxAge: time.Millisecond}, stale},
		"negative":        {ginjwt.Error{Kind: ginjwt.ErrFreshRequired, MaxAge: -time.Hour}, stale},
		"not for a scope": {ginjwt.Error{Kind: ginjwt.ErrInsufficientScope, MaxAge: time.Minute}, insufficient},
		"not for an age":  {ginjwt.Error{Kind: ginjwt.ErrFreshRequired, Scope: "read"}, stale},
	} {
		config := jwttest.Config(nil)
		mgr, engine := newManager(t, config)
		engine.GET("/", func(c *gin.Context) { mgr.Refuse(c, &test.err) })
		_, challenge, _ := guardRequest(engine, guarded(t, config, ""))
		assert.Equal(t, test.challenge, challenge, name)
	}
}

func TestFreshWithin(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	at := func(seconds int64) string { return strconv.FormatInt(clock.Now().Unix()+seconds, 10) }
	for _, test := range []struct {
		members string
		opts    []ginjwt.RequiredOption
		want    bool
	}{
		{`"auth_time":` + at(0), nil, true},
		{`"auth_time":` + at(-300), nil, true},
		{`"auth_time":` + at(-301), nil, false},
		{`"auth_time":` + at(-300) + `.9`, nil, true},
		{`"auth_time":` + at(10), nil, true}, // the leeway
		{`"auth_time":` + at(11), nil, false},
		{`"auth_time":1e400`, nil, false},
		{`"auth_time":-1e400`, nil, false},
		{`"auth_time":99999999999999999999`, nil, false},
		{`"auth_time":0`, nil, false},
		{`"auth_time":` + at(-301) + `,"fresh":true,"iat":` + at(0), nil, false},
		{`"auth_time":null,"fresh":true,"iat":` + at(0), nil, false},
		{`"auth_time":"` + at(0) + `","fresh":true,"iat":` + at(0), nil, false},
		{`"auth_time":true,"fresh":true,"iat":` + at(0), nil, false},
		{`"auth_time":[` + at(0) + `],"fresh":true,"iat":` + at(0), nil, false},

		{`"fresh":true,"iat":` + at(0), nil, true},
		{`"fresh":true,"iat":` + at(-300), nil, true},
		{`"fresh":true,"iat":` + at(-301), nil, false},
		{`"fresh":` + at(60) + `,"iat":` + at(-300), nil, true},
		{`"fresh":` + at(-1) + `,"iat":` + at(-60), nil, false},
		{`"fresh":true,"iat":` + at(10), nil, true},
		{`"fresh":false,"iat":` + at(0), nil, false},
		{`"iat":` + at(0), nil, false},
		{`"fresh":true`, nil, false},

		// The shortest holds, and Fresh is asked for beside it.
		{`"auth_time":` + at(-60), []ginjwt.RequiredOption{ginjwt.FreshWithin(time.Minute), ginjwt.FreshWithin(time.Hour)}, true},
		{`"auth_time":` + at(-61), []ginjwt.RequiredOption{ginjwt.FreshWithin(time.Minute), ginjwt.FreshWithin(time.Hour)}, false},
		{`"auth_time":` + at(0), []ginjwt.RequiredOption{ginjwt.Fresh()}, false},
		{`"fresh":true,"auth_time":` + at(0), []ginjwt.RequiredOption{ginjwt.Fresh()}, true},
	} {
		config := jwttest.Config(clock)
		config.DecodeLeeway = 10 * time.Second
		mgr, engine := newManager(t, config)
		engine.GET("/", mgr.JWTRequired(append(test.opts, ginjwt.FreshWithin(5*time.Minute))...), identify)
		status, _, body := guardRequest(engine, guarded(t, config, test.members))
		if test.want {
			assert.Equal(t, 200, status, test.members)
			continue
		}
		assert.Equal(t, 401, status, test.members)
		assert.Equal(t, `{"msg":"Fresh token required"}`+"\n", body)
	}
}

func TestFreshWithinTellsHowOldATokenMayBe(t *testing.T) {
	t.Parallel()
	const stale = `Bearer realm="api", error="insufficient_user_authentication", error_description="A fresh token is required", reason="fresh_required"`
	for _, test := range []struct {
		name      string
		opts      []ginjwt.RequiredOption
		challenge string
		maxAge    time.Duration
	}{
		{"fresh", []ginjwt.RequiredOption{ginjwt.Fresh()}, stale, 0},
		{"fresh within", []ginjwt.RequiredOption{ginjwt.FreshWithin(5 * time.Minute)}, stale + `, max_age="300"`, 5 * time.Minute},
		{"the shortest", []ginjwt.RequiredOption{ginjwt.FreshWithin(90*time.Second + time.Millisecond), ginjwt.FreshWithin(time.Hour)}, stale + `, max_age="90"`, 90*time.Second + time.Millisecond},
		{"both", []ginjwt.RequiredOption{ginjwt.FreshWithin(5 * time.Minute), ginjwt.Fresh()}, stale + `, max_age="300"`, 5 * time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := jwttest.Config(nil)
			var told *ginjwt.Error
			mgr, engine := newManager(t, config, func(mgr *ginjwt.JWTManager) {
				mgr.NeedsFreshTokenLoader(func(c *gin.Context, err *ginjwt.Error) {
					told = err
					ginjwt.BearerError(c, err)
				})
			})
			engine.GET("/", mgr.JWTRequired(test.opts...), identify)
			status, challenge, body := guardRequest(engine, guarded(t, config, ""))
			assert.Equal(t, 401, status)
			assert.Equal(t, test.challenge, challenge)
			assert.Equal(t, `{"error":"insufficient_user_authentication","error_description":"A fresh token is required","reason":"fresh_required"}`, body)
			assert.Equal(t, test.maxAge, told.MaxAge)
			assert.Empty(t, told.Scope)
		})
	}
}

func TestGuardsOnGroups(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	mgr, engine := newManager(t, config)
	reports := engine.Group("/reports", mgr.JWTRequired(ginjwt.Scopes("reports:read")))
	reports.GET("", identify)
	reports.DELETE("", mgr.JWTRequired(ginjwt.Scopes("reports:delete")), identify)
	for _, test := range []struct {
		scope          string
		get, del       int
		delete, denied string
	}{
		{"reports:read", 200, 403, "reports:delete", ""},
		{"reports:read reports:delete", 200, 200, "", ""},
		{"reports:delete", 403, 403, "reports:read", "reports:read"},
	} {
		bearer := jwttest.Bearer(guarded(t, config, `"scope":"`+test.scope+`"`))
		for method, want := range map[string]struct {
			status  int
			missing string
		}{"GET": {test.get, test.denied}, "DELETE": {test.del, test.delete}} {
			w := jwttest.Do(engine, method, "/reports", bearer)
			assert.Equal(t, want.status, w.Code, "%s with %s", method, test.scope)
			if want.status == 403 {
				assert.Contains(t, w.Header().Get("WWW-Authenticate"), `, scope="`+want.missing+`"`)
			} else {
				assert.Equal(t, "alice", w.Body.String())
			}
		}
	}
}

// An Optional route lets visitors without a token through, and nobody else.
func TestGuardsOnOptionalRoutes(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	mgr, engine := newManager(t, config)
	guards := []ginjwt.RequiredOption{ginjwt.Scopes("read"), ginjwt.Roles("admin"), ginjwt.Claim("tenant"), ginjwt.FreshWithin(time.Minute)}
	engine.Any("/", mgr.JWTRequired(append(guards, ginjwt.Optional())...), identify)
	engine.OPTIONS("/strict", mgr.JWTRequired(guards...), identify)

	for name, answer := range map[string]*httptest.ResponseRecorder{
		"nobody":               jwttest.Do(engine, "GET", "/"),
		"nobody, OPTIONS":      jwttest.Do(engine, "OPTIONS", "/"),
		"preflight":            jwttest.Do(engine, "OPTIONS", "/", preflight),
		"preflight of a guard": jwttest.Do(engine, "OPTIONS", "/strict", preflight),
	} {
		assert.Equal(t, 200, answer.Code, name)
		assert.Equal(t, "", answer.Body.String(), name)
	}
	assert.Equal(t, 401, jwttest.Do(engine, "OPTIONS", "/strict").Code)
	status, _, _ := guardRequest(engine, guarded(t, config, ""))
	assert.Equal(t, 401, status, "not fresh")
	status, _, _ = guardRequest(engine, guarded(t, config, `"auth_time":`+strconv.FormatInt(time.Now().Unix(), 10)))
	assert.Equal(t, 403, status)
}

func TestGuardsOnRefreshRoutes(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	mgr, engine := newManager(t, jwttest.Config(clock))
	engine.POST("/refresh", mgr.RefreshRequired(ginjwt.Scopes("offline_access"), ginjwt.FreshWithin(time.Hour)), identify)
	offline := ginjwt.WithClaims(ginjwt.Claims{"scope": "offline_access", "auth_time": clock.Now().Unix()})
	for name, test := range map[string]struct {
		token  string
		status int
	}{
		"with both":          {jwttest.RefreshToken(t, mgr, "alice", offline), 200},
		"never authorized":   {jwttest.RefreshToken(t, mgr, "alice"), 401},
		"without the scope":  {jwttest.RefreshToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"auth_time": clock.Now().Unix()})), 403},
		"of the wrong type":  {jwttest.AccessToken(t, mgr, "alice", offline), 422},
		"of a login earlier": {jwttest.RefreshToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"scope": "offline_access", "auth_time": clock.Now().Unix() - 3601})), 401},
	} {
		assert.Equal(t, test.status, jwttest.Do(engine, "POST", "/refresh", jwttest.Bearer(test.token)).Code, name)
	}
}

func TestVerifyTokenKeepsGuards(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	mgr, _ := newManager(t, config)
	encoded := guarded(t, config, `"scope":"read","roles":["editor"]`)
	token, err := mgr.VerifyToken(t.Context(), encoded, ginjwt.Scopes("read"), ginjwt.Roles("editor"))
	require.NoError(t, err)
	assert.Equal(t, "alice", token.Identity)

	token, err = mgr.VerifyToken(t.Context(), encoded, ginjwt.Scopes("read"), ginjwt.AnyScope("write", "admin"))
	assert.Nil(t, token)
	var refused *ginjwt.Error
	require.ErrorAs(t, err, &refused)
	require.ErrorIs(t, err, ginjwt.ErrInsufficientScope)
	assert.Equal(t, 403, refused.Status)
	assert.Equal(t, "Insufficient scope", refused.Message)
	assert.Equal(t, "read write", refused.Scope)
	assert.Nil(t, refused.Token)

	_, err = mgr.VerifyToken(t.Context(), encoded, ginjwt.FreshWithin(time.Minute))
	require.ErrorAs(t, err, &refused)
	require.ErrorIs(t, err, ginjwt.ErrFreshRequired)
	assert.Equal(t, time.Minute, refused.MaxAge)
}

// What is wrong with the token itself is told first: who holds a revoked one
// learns nothing of what the route asks for. The application is asked last.
func TestGuardsComeAfterRevocation(t *testing.T) {
	t.Parallel()
	var asked []string
	mgr, engine := newManager(t, jwttest.Config(nil), func(mgr *ginjwt.JWTManager) {
		mgr.TokenInBlocklistLoader(func(_ context.Context, token *ginjwt.Token) (bool, error) {
			asked = append(asked, "blocklist")
			if token.ID == "unknown" {
				return false, errors.New("down")
			}
			return token.ID == "revoked", nil
		})
		mgr.TokenVerificationLoader(func(context.Context, *ginjwt.Token) (bool, error) {
			asked = append(asked, "verification")
			return true, nil
		})
		mgr.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
			asked = append(asked, "user")
			return token.Identity, nil
		})
	})
	engine.GET("/", mgr.JWTRequired(ginjwt.Scopes("read")), identify)
	engine.GET("/fresh", mgr.JWTRequired(ginjwt.Scopes("read"), ginjwt.FreshWithin(time.Minute)), identify)
	read := ginjwt.WithClaims(ginjwt.Claims{"scope": "read"})
	for _, test := range []struct {
		name, path, token string
		status            int
		asked             string
	}{
		{"of the wrong type", "/", jwttest.RefreshToken(t, mgr, "alice"), 422, ""},
		{"stale and revoked", "/fresh", jwttest.AccessToken(t, mgr, "alice", ginjwt.WithID("revoked")), 401, ""},
		{"revoked", "/", jwttest.AccessToken(t, mgr, "alice", ginjwt.WithID("revoked")), 401, "blocklist"},
		{"nobody knows", "/", jwttest.AccessToken(t, mgr, "alice", ginjwt.WithID("unknown")), 503, "blocklist"},
		{"without the scope", "/", jwttest.AccessToken(t, mgr, "alice"), 403, "blocklist"},
		{"with it", "/", jwttest.AccessToken(t, mgr, "alice", read), 200, "blocklist verification user"},
	} {
		asked = nil
		assert.Equal(t, test.status, jwttest.Do(engine, "GET", test.path, jwttest.Bearer(test.token)).Code, test.name)
		assert.Equal(t, test.asked, strings.Join(asked, " "), test.name)
	}
}

// A refresh token that was used before ends its session, whatever it lacks.
func TestGuardsComeAfterTheSession(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
	mgr, engine := newManager(t, config)
	engine.POST("/refresh", mgr.RefreshRequired(), func(c *gin.Context) {
		token, _ := ginjwt.GetToken(c)
		_, err := mgr.RotateTokens(c, token)
		require.NoError(t, err)
	})
	engine.POST("/guarded", mgr.RefreshRequired(ginjwt.Scopes("read")), identify)
	refresh := jwttest.Bearer(jwttest.TokenPair(t, mgr, "alice").RefreshToken)
	assert.Equal(t, 403, jwttest.Do(engine, "POST", "/guarded", refresh).Code)
	clock.Advance(tradable)
	require.Equal(t, 200, jwttest.Do(engine, "POST", "/refresh", refresh).Code)
	clock.Advance(grace)
	w := jwttest.Do(engine, "POST", "/guarded", refresh)
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Refresh token has already been used"}`+"\n", w.Body.String())
}

func TestGuardsPanicOnWrongArguments(t *testing.T) {
	t.Parallel()
	for says, option := range map[string]func() ginjwt.RequiredOption{
		`ginjwt: Scopes: needs at least one name`:                                                   func() ginjwt.RequiredOption { return ginjwt.Scopes() },
		`ginjwt: AnyScope: needs at least one name`:                                                 func() ginjwt.RequiredOption { return ginjwt.AnyScope() },
		`ginjwt: Roles: needs at least one name`:                                                    func() ginjwt.RequiredOption { return ginjwt.Roles() },
		`ginjwt: Scopes: "" is not a scope (RFC 6749 §3.3)`:                                         func() ginjwt.RequiredOption { return ginjwt.Scopes("read", "") },
		`ginjwt: Scopes: "a b" is not a scope (RFC 6749 §3.3)`:                                      func() ginjwt.RequiredOption { return ginjwt.Scopes("a b") },
		`ginjwt: Scopes: "a\"" is not a scope (RFC 6749 §3.3)`:                                      func() ginjwt.RequiredOption { return ginjwt.Scopes(`a"`) },
		`ginjwt: Scopes: "a\\" is not a scope (RFC 6749 §3.3)`:                                      func() ginjwt.RequiredOption { return ginjwt.Scopes(`a\`) },
		`ginjwt: Scopes: "a\n" is not a scope (RFC 6749 §3.3)`:                                      func() ginjwt.RequiredOption { return ginjwt.Scopes("a\n") },
		`ginjwt: Scopes: "a\x7f" is not a scope (RFC 6749 §3.3)`:                                    func() ginjwt.RequiredOption { return ginjwt.Scopes("a\x7f") },
		`ginjwt: AnyScope: "ä" is not a scope (RFC 6749 §3.3)`:                                      func() ginjwt.RequiredOption { return ginjwt.AnyScope("ä") },
		`ginjwt: Roles: "" is not a role`:                                                           func() ginjwt.RequiredOption { return ginjwt.Roles("") },
		`ginjwt: Roles: "\xff" is not a role`:                                                       func() ginjwt.RequiredOption { return ginjwt.Roles("\xff") },
		`ginjwt: Claim: "" is not the name of a claim`:                                              func() ginjwt.RequiredOption { return ginjwt.Claim("") },
		`ginjwt: Claim: "\xff" is not the name of a claim`:                                          func() ginjwt.RequiredOption { return ginjwt.Claim("\xff", 1) },
		`ginjwt: Claim: "/a~" starts with a slash, but is not a JSON Pointer (RFC 6901)`:            func() ginjwt.RequiredOption { return ginjwt.Claim("/a~") },
		`ginjwt: Claim: "/a~2" starts with a slash, but is not a JSON Pointer (RFC 6901)`:           func() ginjwt.RequiredOption { return ginjwt.Claim("/a~2") },
		`ginjwt: Claim: a float64 cannot be compared; use strings, booleans and integers`:           func() ginjwt.RequiredOption { return ginjwt.Claim("a", 1, 1.5) },
		`ginjwt: Claim: a <nil> cannot be compared; use strings, booleans and integers`:             func() ginjwt.RequiredOption { return ginjwt.Claim("a", nil) },
		`ginjwt: Claim: a []string cannot be compared; use strings, booleans and integers`:          func() ginjwt.RequiredOption { return ginjwt.Claim("a", []string{"b"}) },
		`ginjwt: Claim: a value is not valid UTF-8`:                                                 func() ginjwt.RequiredOption { return ginjwt.Claim("a", "\xff") },
		`ginjwt: FreshWithin: must be at least a second (it is 300ns; 5 minutes are 5*time.Minute)`: func() ginjwt.RequiredOption { return ginjwt.FreshWithin(300) },
		`ginjwt: FreshWithin: must be at least a second (it is 0s; 5 minutes are 5*time.Minute)`:    func() ginjwt.RequiredOption { return ginjwt.FreshWithin(0) },
		`ginjwt: FreshWithin: must be at least a second (it is -1s; 5 minutes are 5*time.Minute)`:   func() ginjwt.RequiredOption { return ginjwt.FreshWithin(-time.Second) },
	} {
		assert.PanicsWithValue(t, says, func() { option() })
	}
	assert.NotPanics(t, func() {
		ginjwt.Scopes("!#[]~", "https://example.com/a:b")
		ginjwt.Roles("Chef de rang, été")
		ginjwt.Claim("a~2", "", true)
		ginjwt.Claim("/a~0~1/", "")
		ginjwt.FreshWithin(time.Second)
	})
}

func TestScopesOfAToken(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	mgr, _ := newManager(t, config)
	for members, want := range map[string][]string{
		`"scope":"read write"`:              {"read", "write"},
		`"scope":" read   write "`:          {"read", "write"},
		`"scope":["read","write"]`:          {"read", "write"},
		`"scope":["read write",5,null,"x"]`: {"read write", "x"},
		`"scope":""`:                        {},
		`"scope":5`:                         nil,
		`"scope":{"read":true}`:             nil,
		`"scopes":"read"`:                   nil,
	} {
		token, err := mgr.VerifyToken(t.Context(), guarded(t, config, members))
		require.NoError(t, err, members)
		assert.Equal(t, want, token.Scopes(), members)
	}
}
