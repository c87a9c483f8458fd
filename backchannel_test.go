package ginjwt_test

import (
	"context"
	"maps"
	"math/bits"
	"net/http/httptest"
	"strings"
	"sync/atomic"
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

const (
	backChannelEvent = "http://schemas.openid.net/event/backchannel-logout"
	backChannelPath  = "/backchannel-logout"
	maxTokenAge      = time.Hour
)

// upstreamApp is an application whose users log in at two issuers, A and B, who can log
// them out. C cannot.
type upstreamApp struct {
	*recorder
	clock  *jwttest.Clock
	list   *countedBlocklist
	mgr    *ginjwt.JWTManager
	engine *gin.Engine
}

const issuerC = "https://c.example/"

// countedBlocklist counts how often, and for how many IDs, it was asked, and what was added.
type countedBlocklist struct {
	switchedBlocklist
	calls, asked, added atomic.Int64
	adding              func() // if there is one, is called before Add
}

func (b *countedBlocklist) Contains(ctx context.Context, ids ...string) (bool, error) {
	b.calls.Add(1)
	b.asked.Add(int64(len(ids)))
	return b.switchedBlocklist.Contains(ctx, ids...)
}

func (b *countedBlocklist) Add(ctx context.Context, id string, expires time.Time) error {
	b.added.Add(1)
	if b.adding != nil {
		b.adding()
	}
	return b.switchedBlocklist.Add(ctx, id, expires)
}

func newUpstreamApp(t *testing.T, configure ...func(*ginjwt.Config)) *upstreamApp {
	t.Helper()
	a := &upstreamApp{recorder: &recorder{}, clock: &jwttest.Clock{}, list: &countedBlocklist{}}
	a.list.Now = a.clock.Now
	config := jwttest.Config(a.clock)
	config.EncodeIssuer, config.DecodeIssuer = "https://own.example/", "https://own.example/"
	config.Blocklist, config.Observer = a.list, a
	config.Sessions = &ginjwt.MemorySessions{Now: a.clock.Now}
	for name, logout := range map[string][]string{issuerA: {"client-a", "client-a2"}, issuerB: {"client-b"}, issuerC: nil} {
		issuer := ginjwt.Issuer{Name: name, Keys: []keys.Key{secretKey(keyOf(name))}, Audience: []string{"shop"}, IdentityPrefix: keyOf(name) + ":", LogoutAudience: logout, Leeway: -1}
		if logout != nil {
			issuer.MaxTokenAge = maxTokenAge
		}
		config.Issuers = append(config.Issuers, issuer)
	}
	for _, change := range configure {
		change(&config)
	}
	a.mgr, a.engine = newManager(t, config)
	a.engine.Any(backChannelPath, a.mgr.BackChannelLogoutHandler())
	a.engine.GET("/", a.mgr.JWTRequired(), identify)
	return a
}

// issuerNamed returns the settings of an issuer, to change them.
func issuerNamed(c *ginjwt.Config, name string) *ginjwt.Issuer {
	for i := range c.Issuers {
		if c.Issuers[i].Name == name {
			return &c.Issuers[i]
		}
	}
	return nil
}

func keyOf(issuer string) string { return issuer[len("https://"):][:1] }

// signed is a token of an issuer with the claims of one, and others in place of them; nil
// takes one away.
func (a *upstreamApp) signed(t *testing.T, issuer string, header map[string]any, claims ...jwt.MapClaims) string {
	t.Helper()
	all := jwt.MapClaims{"iss": issuer, "sub": "alice", "iat": a.clock.Now().Unix()}
	for _, some := range claims {
		maps.Copy(all, some)
	}
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, all)
	token.Header["kid"] = keyOf(issuer)
	maps.Copy(token.Header, header)
	encoded, err := token.SignedString([]byte(strings.Repeat(keyOf(issuer), 32)))
	require.NoError(t, err)
	return encoded
}

// access is an access token.
func (a *upstreamApp) access(t *testing.T, issuer string, claims ...jwt.MapClaims) string {
	t.Helper()
	own := jwt.MapClaims{"aud": "shop", "exp": a.clock.Now().Unix() + 900}
	return a.signed(t, issuer, nil, append([]jwt.MapClaims{own}, claims...)...)
}

func (a *upstreamApp) logoutToken(t *testing.T, issuer string, claims ...jwt.MapClaims) string {
	t.Helper()
	own := jwt.MapClaims{
		"aud": "client-" + keyOf(issuer), "jti": "logout-1", "exp": a.clock.Now().Unix() + 120,
		"events": map[string]any{backChannelEvent: map[string]any{}},
	}
	return a.signed(t, issuer, map[string]any{"typ": "logout+jwt"}, append([]jwt.MapClaims{own}, claims...)...)
}

func (a *upstreamApp) post(encoded string) *httptest.ResponseRecorder {
	return jwttest.Do(a.engine, "POST", backChannelPath, jwttest.Form("logout_token", encoded))
}

// logOut posts a logout token, which is taken.
func (a *upstreamApp) logOut(t *testing.T, issuer string, claims ...jwt.MapClaims) {
	t.Helper()
	w := a.post(a.logoutToken(t, issuer, claims...))
	require.Equal(t, 200, w.Code, w.Body.String())
	assert.Empty(t, w.Body.String())
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
}

func (a *upstreamApp) get(encoded string) int {
	return jwttest.Do(a.engine, "GET", "/", jwttest.Bearer(encoded)).Code
}

const notALogout = `{"error":"invalid_request","error_description":"The logout token is not valid"}` + "\n"

// The rules of Back-Channel Logout 1.0 §2.4 and §2.6, one by one.
func TestLogoutTokens(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t)
	now := a.clock.Now().Unix()
	events := func(v any) jwt.MapClaims { return jwt.MapClaims{"events": v} }
	one := map[string]any{backChannelEvent: map[string]any{}}
	for name, test := range map[string]struct {
		claims jwt.MapClaims
		header map[string]any
		status int
	}{
		"as it should be":                  {status: 200},
		"several audiences":                {claims: jwt.MapClaims{"aud": []string{"other", "client-a2"}}, status: 200},
		"no exp":                           {claims: jwt.MapClaims{"exp": nil}, status: 200},
		"typ JWT":                          {header: map[string]any{"typ": "JWT"}, status: 200},
		"no typ":                           {header: map[string]any{"typ": nil}, status: 200},
		"the full media type":              {header: map[string]any{"typ": "application/logout+jwt"}, status: 200},
		"only sid":                         {claims: jwt.MapClaims{"sub": nil, "sid": "s"}, status: 200},
		"sid and sub":                      {claims: jwt.MapClaims{"sid": "s"}, status: 200},
		"a member in the event":            {claims: events(map[string]any{backChannelEvent: map[string]any{"x": 1}}), status: 200},
		"another event too":                {claims: events(map[string]any{backChannelEvent: map[string]any{}, "urn:x": map[string]any{}}), status: 200},
		"a type in the claims":             {claims: jwt.MapClaims{"typ": "Logout", "type": "Logout"}, status: 200},
		"ten minutes old, without exp":     {claims: jwt.MapClaims{"iat": now - 599, "exp": nil}, status: 200},
		"older":                            {claims: jwt.MapClaims{"iat": now - 600, "exp": nil}, status: 400},
		"older, though it has not expired": {claims: jwt.MapClaims{"iat": now - 600}, status: 400},
		"expired":                          {claims: jwt.MapClaims{"exp": now}, status: 400},
		"exp that is none":                 {claims: jwt.MapClaims{"exp": "soon"}, status: 400},
		"from the future":                  {claims: jwt.MapClaims{"iat": now + 1}, status: 400},
		"no iat":                           {claims: jwt.MapClaims{"iat": nil}, status: 400},
		"iat before all times":             {claims: jwt.MapClaims{"iat": -1}, status: 400},
		"no aud":                           {claims: jwt.MapClaims{"aud": nil}, status: 400},
		"the audience of access tokens":    {claims: jwt.MapClaims{"aud": "shop"}, status: 400},
		"the audience of B":                {claims: jwt.MapClaims{"aud": "client-b"}, status: 400},
		"no events":                        {claims: events(nil), status: 400},
		"events that are a list":           {claims: events([]string{backChannelEvent}), status: 400},
		"events that are text":             {claims: events(backChannelEvent), status: 400},
		"no event":                         {claims: events(map[string]any{}), status: 400},
		"another event":                    {claims: events(map[string]any{backChannelEvent + "/": map[string]any{}}), status: 400},
		"an event that is no object":       {claims: events(map[string]any{backChannelEvent: true}), status: 400},
		"a nonce":                          {claims: jwt.MapClaims{"nonce": "n"}, status: 400},
		"an empty nonce":                   {claims: jwt.MapClaims{"nonce": ""}, status: 400},
		"neither sid nor sub":              {claims: jwt.MapClaims{"sub": nil}, status: 400},
		"an empty sub":                     {claims: jwt.MapClaims{"sub": ""}, status: 400},
		"an empty sub beside a sid":        {claims: jwt.MapClaims{"sub": "", "sid": "s"}, status: 400},
		"a sub that is a number":           {claims: jwt.MapClaims{"sub": 7, "sid": "s"}, status: 400},
		"a sid that is a number":           {claims: jwt.MapClaims{"sid": 7}, status: 400},
		"no jti":                           {claims: jwt.MapClaims{"jti": nil}, status: 400},
		"a jti that is a number":           {claims: jwt.MapClaims{"jti": 7}, status: 400},
		"no iss":                           {claims: jwt.MapClaims{"iss": nil}, status: 400},
		"iss of nobody":                    {claims: jwt.MapClaims{"iss": "https://d.example/"}, status: 400},
		"iss of this service":              {claims: jwt.MapClaims{"iss": "https://own.example/"}, status: 400},
		"A names B":                        {claims: jwt.MapClaims{"iss": issuerB, "aud": "client-b"}, status: 400},
		"A names B, and its key":           {claims: jwt.MapClaims{"iss": issuerB, "aud": "client-b"}, header: map[string]any{"kid": "b"}, status: 400},
		"typ of an access token":           {header: map[string]any{"typ": "at+jwt"}, status: 400},
		"typ that is no text":              {header: map[string]any{"typ": []string{}}, status: 400},
		"a key that nobody has":            {header: map[string]any{"kid": "z"}, status: 400},
		"a critical extension":             {header: map[string]any{"crit": []string{"exp"}}, status: 400},
		"an ID token": {
			claims: jwt.MapClaims{"events": nil, "nonce": "n", "auth_time": now}, header: map[string]any{"typ": "JWT"}, status: 400},
		"no events, but else a logout token": {claims: jwt.MapClaims{"events": nil, "sid": "s"}, status: 400},
	} {
		own := jwt.MapClaims{"aud": "client-a", "jti": name, "exp": now + 120, "events": one}
		header := map[string]any{"typ": "logout+jwt"}
		maps.Copy(header, test.header)
		maps.DeleteFunc(header, func(_ string, value any) bool { return value == nil })
		added := a.list.added.Load()
		w := a.post(a.signed(t, issuerA, header, own, test.claims))
		assert.Equal(t, test.status, w.Code, name)
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"), name)
		if test.status == 400 {
			assert.Equal(t, notALogout, w.Body.String(), name)
			assert.Equal(t, added, a.list.added.Load(), name)
		} else {
			assert.Empty(t, w.Body.String(), name)
			assert.Greater(t, a.list.added.Load(), added, name)
		}
	}
	assert.Equal(t, 400, a.post(a.access(t, issuerA)).Code)
	assert.Equal(t, 400, a.post(a.signed(t, issuerC, nil, jwt.MapClaims{"aud": "client-c", "jti": "1", "events": one})).Code, "it has no logout audience")
}

func TestForgedLogoutTokens(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t)
	good := a.logoutToken(t, issuerA)
	parts := strings.Split(good, ".")
	claims := jwt.MapClaims{}
	_, _, err := jwt.NewParser().ParseUnverified(good, claims)
	require.NoError(t, err)
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, claims).SignedString(jwt.UnsafeAllowNoneSignatureType)
	require.NoError(t, err)
	for name, encoded := range map[string]string{
		"alg none":          none,
		"no signature":      parts[0] + "." + parts[1] + ".",
		"another signature": parts[0] + "." + parts[1] + "." + strings.Split(a.access(t, issuerA), ".")[2],
		"two segments":      parts[0] + "." + parts[1],
		"no JWT":            "x",
		"too large":         good + strings.Repeat("x", 16<<10),
	} {
		w := a.post(encoded)
		assert.Equal(t, 400, w.Code, name)
		assert.Equal(t, notALogout, w.Body.String(), name)
	}
	assert.Zero(t, a.list.added.Load())

	// Nobody learns which issuers there are.
	unknown := a.post(a.logoutToken(t, "https://d.example/"))
	for _, issuer := range []string{issuerA, issuerC} {
		forged := a.post(a.logoutToken(t, issuer) + "x")
		assert.Equal(t, unknown.Body, forged.Body, issuer)
		assert.Equal(t, unknown.Header(), forged.Header(), issuer)
	}
}

func TestRequestsToLogOut(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t)
	good := a.logoutToken(t, issuerA)
	const noForm = `{"error":"invalid_request","error_description":"Send one token, in a form (application/x-www-form-urlencoded)"}` + "\n"
	for name, test := range map[string]struct {
		method, target string
		options        []jwttest.RequestOption
		status         int
		body           string
	}{
		"GET":               {"GET", backChannelPath + "?logout_token=" + good, nil, 405, ""},
		"HEAD":              {"HEAD", backChannelPath, nil, 405, ""},
		"OPTIONS":           {"OPTIONS", backChannelPath, nil, 204, ""},
		"PUT":               {"PUT", backChannelPath, []jwttest.RequestOption{jwttest.Form("logout_token", good)}, 405, ""},
		"in the query":      {"POST", backChannelPath + "?logout_token=" + good, []jwttest.RequestOption{jwttest.Form("x", "1")}, 400, noForm},
		"no body":           {"POST", backChannelPath, nil, 400, noForm},
		"JSON":              {"POST", backChannelPath, []jwttest.RequestOption{jwttest.JSON(`{"logout_token":"` + good + `"}`)}, 400, noForm},
		"in a header":       {"POST", backChannelPath, []jwttest.RequestOption{jwttest.Bearer(good)}, 400, noForm},
		"two of them":       {"POST", backChannelPath, []jwttest.RequestOption{jwttest.Form("logout_token", good, "logout_token", good)}, 400, noForm},
		"an empty one":      {"POST", backChannelPath, []jwttest.RequestOption{jwttest.Form("logout_token", "")}, 400, noForm},
		"another name":      {"POST", backChannelPath, []jwttest.RequestOption{jwttest.Form("token", good)}, 400, noForm},
		"a huge form":       {"POST", backChannelPath, []jwttest.RequestOption{jwttest.Form("x", strings.Repeat("x", 2<<20), "logout_token", good)}, 400, noForm},
		"a huge token":      {"POST", backChannelPath, []jwttest.RequestOption{jwttest.Form("logout_token", strings.Repeat("x", 512<<10))}, 400, notALogout},
		"with other fields": {"POST", backChannelPath, []jwttest.RequestOption{jwttest.Form("x", "1", "logout_token", good, "x", "2")}, 200, ""},
	} {
		w := jwttest.Do(a.engine, test.method, test.target, test.options...)
		assert.Equal(t, test.status, w.Code, name)
		assert.Equal(t, test.body, w.Body.String(), name)
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"), name)
		if test.method != "POST" {
			assert.Equal(t, "POST", w.Header().Get("Allow"), name)
		}
	}
}

func TestLogoutEndsTokensOfOneSession(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t)
	phone, laptop := jwt.MapClaims{"sid": "phone"}, jwt.MapClaims{"sid": "laptop"}
	tokens := map[string]string{
		"phone":              a.access(t, issuerA, phone),
		"laptop":             a.access(t, issuerA, laptop),
		"without sid":        a.access(t, issuerA),
		"bob":                a.access(t, issuerA, laptop, jwt.MapClaims{"sub": "bob"}),
		"bob, without sid":   a.access(t, issuerA, jwt.MapClaims{"sub": "bob"}),
		"B":                  a.access(t, issuerB, phone),
		"B, without sid":     a.access(t, issuerB),
		"C":                  a.access(t, issuerC, phone),
		"own, of that name":  jwttest.AccessToken(t, a.mgr, "a:alice"),
		"own, of that name2": jwttest.AccessToken(t, a.mgr, "alice"),
	}
	for name, token := range tokens {
		require.Equal(t, 200, a.get(token), name)
	}
	a.logOut(t, issuerA, phone)
	for name, token := range tokens {
		want := 200
		if name == "phone" || name == "without sid" { // which may be of the phone
			want = 401
		}
		assert.Equal(t, want, a.get(token), name)
	}
	assert.Equal(t, 401, a.get(a.access(t, issuerA, phone, jwt.MapClaims{"iat": a.clock.Now().Unix() - 60})), "another token of the session")
	a.clock.Advance(time.Second)
	assert.Equal(t, 401, a.get(a.access(t, issuerA, phone)), "the session is over")
	assert.Equal(t, 200, a.get(a.access(t, issuerA)), "it is of a login since")
	assert.Equal(t, 200, a.get(a.access(t, issuerA, jwt.MapClaims{"sid": "phone2"})))
}

func TestLogoutEndsAllThatAUserBegan(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t)
	phone := jwt.MapClaims{"sid": "phone"}
	before, nameless, bob := a.access(t, issuerA, phone), a.access(t, issuerA), a.access(t, issuerA, jwt.MapClaims{"sub": "bob"})
	other := a.access(t, issuerB, phone)
	a.clock.Advance(time.Minute)
	same := a.access(t, issuerA, phone)
	logout := a.logoutToken(t, issuerA)
	a.clock.Advance(time.Second)
	after, afterNameless := a.access(t, issuerA, phone), a.access(t, issuerA)
	for range 2 { // it comes late, and again
		require.Equal(t, 200, a.post(logout).Code)
		for name, token := range map[string]string{"before": before, "without sid": nameless, "in the same second": same} {
			assert.Equal(t, 401, a.get(token), name)
		}
		for name, token := range map[string]string{"bob": bob, "B": other, "a new login": after, "a new login, without sid": afterNameless} {
			assert.Equal(t, 200, a.get(token), name)
		}
		a.clock.Advance(time.Second)
	}
}

// A logout is remembered for as long as a token can live that was made before it.
func TestHowLongLogoutsAreRemembered(t *testing.T) {
	t.Parallel()
	const leeway = 10 * time.Second
	for _, claims := range []jwt.MapClaims{{}, {"sid": "s"}} {
		dated := &datedBlocklist{}
		a := newUpstreamApp(t, func(c *ginjwt.Config) {
			dated.Now = c.Now
			c.Blocklist, c.Sessions, issuerNamed(c, issuerA).Leeway = dated, nil, leeway
		})
		token := a.access(t, issuerA, claims, jwt.MapClaims{"exp": nil})
		a.logOut(t, issuerA, claims)
		until := a.clock.Now().Add(maxTokenAge + leeway + time.Minute).UTC().Format(time.RFC3339Nano)
		added := dated.added()
		assert.NotEmpty(t, added)
		for id, expires := range added {
			assert.Equal(t, until, expires, id)
		}
		for range 90 {
			assert.Equal(t, 401, a.get(token))
			a.clock.Advance(time.Minute)
		}
	}
}

func TestTokensOfAnIssuerThatLogsOut(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t, func(c *ginjwt.Config) { issuerNamed(c, issuerA).Leeway = 10 * time.Second })
	old := a.access(t, issuerA, jwt.MapClaims{"exp": a.clock.Now().Unix() + 1e6})
	a.clock.Advance(maxTokenAge + 9*time.Second)
	assert.Equal(t, 200, a.get(old))
	a.clock.Advance(time.Second)
	w := jwttest.Do(a.engine, "GET", "/", jwttest.Bearer(old))
	assert.Equal(t, 401, w.Code)
	assert.Equal(t, `{"msg":"Token has expired"}`+"\n", w.Body.String())
	_, err := a.mgr.DecodeToken(t.Context(), old, ginjwt.AllowExpired())
	require.NoError(t, err)

	assert.Equal(t, `Token is missing the "iat" claim`, refusalOf(t, a.mgr, a.access(t, issuerA, jwt.MapClaims{"iat": nil})))
	assert.Equal(t, 200, a.get(a.access(t, issuerC, jwt.MapClaims{"iat": nil})), "C does not log out")
	byName := newUpstreamApp(t, func(c *ginjwt.Config) { issuerNamed(c, issuerA).IdentityClaim = "name" })
	assert.Equal(t, `Token is missing the "sub" claim`, refusalOf(t, byName.mgr, byName.access(t, issuerA, jwt.MapClaims{"sub": nil, "name": "alice"})))
	assert.Equal(t, 200, byName.get(byName.access(t, issuerA, jwt.MapClaims{"name": "Alice"})))
	byName.logOut(t, issuerA)
	assert.Equal(t, 401, byName.get(byName.access(t, issuerA, jwt.MapClaims{"name": "Alice"})), "it is the sub that counts")
}

// Where all tokens name their session, a logout looks for no others: one that names it in a
// form that no logout has would outlive all of them.
func TestRequiredSessionsAreNamedByText(t *testing.T) {
	t.Parallel()
	for name, sid := range map[string]any{"empty": "", "a number": 7, "a flag": true, "an array": []string{"s"}, "an object": map[string]any{"s": "s"}} {
		a := newUpstreamApp(t, func(c *ginjwt.Config) { issuerNamed(c, issuerA).RequiredClaims = []string{"sid"} })
		token := a.access(t, issuerA, jwt.MapClaims{"sid": sid})
		assert.Equal(t, "Claim sid must be text that is not empty", refusalOf(t, a.mgr, token), name)
		assert.Equal(t, 200, a.get(a.access(t, issuerA, jwt.MapClaims{"sid": "s"})), name)

		a = newUpstreamApp(t)
		token = a.access(t, issuerA, jwt.MapClaims{"sid": sid})
		assert.Equal(t, 200, a.get(token), "it names no session: "+name)
		a.logOut(t, issuerA, jwt.MapClaims{"sid": "s"})
		assert.Equal(t, 401, a.get(token), name)
	}
}

// A logout token is good for logging out only, also where its audience is accepted.
func TestLogoutTokensLogNobodyIn(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t, func(c *ginjwt.Config) {
		for i := range c.Issuers {
			c.Issuers[i].Audience = []string{}
		}
	})
	for _, issuer := range []string{issuerA, issuerC} {
		for _, typ := range []any{"JWT", "logout+jwt"} {
			events := map[string]any{backChannelEvent: map[string]any{}}
			token := a.signed(t, issuer, map[string]any{"typ": typ}, jwt.MapClaims{"aud": "client-a", "jti": "1", "events": events})
			assert.Equal(t, 422, a.get(token), "%s, %s", issuer, typ)
			_, err := a.mgr.VerifyToken(t.Context(), token, ginjwt.AnyType())
			require.Error(t, err)
		}
	}
}

func TestLogoutOnly(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t, func(c *ginjwt.Config) { issuerNamed(c, issuerA).LogoutOnly = true })
	assert.Equal(t, "Invalid issuer", refusalOf(t, a.mgr, a.access(t, issuerA)))
	assert.Equal(t, 200, a.get(a.access(t, issuerB)))
	a.logOut(t, issuerA)
}

// Nothing is confirmed that is not on the list.
func TestLogoutThatCannotBeStored(t *testing.T) {
	t.Parallel()
	const tryAgain = `{"error":"temporarily_unavailable","error_description":"Try again"}` + "\n"
	a := newUpstreamApp(t)
	token, logout := a.access(t, issuerA), a.logoutToken(t, issuerA)
	for calls := 0; ; calls++ {
		left := calls
		a.list.adding = func() {
			a.list.down.Store(left == 0)
			left--
		}
		w := a.post(logout)
		a.list.down.Store(false)
		if left >= 0 { // it needs no more calls: how many depends on the time
			require.Equal(t, 200, w.Code)
			require.Len(t, a.taken(ginjwt.EventLoggedOut), 1)
			require.Greater(t, calls, 5)
			break
		}
		require.Equal(t, 503, w.Code, calls)
		assert.Equal(t, tryAgain, w.Body.String())
		assert.Equal(t, "1", w.Header().Get("Retry-After"))
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		assert.Empty(t, a.taken(ginjwt.EventLoggedOut))
	}
	a.list.adding = nil
	require.Equal(t, 200, a.post(logout).Code, "the same again")
	assert.Equal(t, 401, a.get(token))
}

func TestLogoutWithoutTheKeysOfTheIssuer(t *testing.T) {
	t.Parallel()
	source := &keySource{}
	source.change(t, secretKey("a"))
	a := newUpstreamApp(t, func(c *ginjwt.Config) {
		i := issuerNamed(c, issuerA)
		i.Keys, i.KeySource, i.Algorithms = nil, source, []string{"HS256"}
	})
	logout := a.logoutToken(t, issuerA)
	source.down.Store(true)
	assert.Equal(t, 503, a.post(logout).Code)
	source.down.Store(false)
	assert.Equal(t, 200, a.post(logout).Code)
}

// Who does not use it does not pay for it.
func TestWhatLogoutsCost(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t)
	pair := jwttest.TokenPair(t, a.mgr, "alice")
	asked := func(token string) int64 {
		before := a.list.asked.Load()
		require.Equal(t, 200, a.get(token))
		return a.list.asked.Load() - before
	}
	assert.EqualValues(t, 2, asked(pair.AccessToken), "jti and sid")
	assert.EqualValues(t, 1, asked(a.access(t, issuerC)), "jti")
	now := uint64(a.clock.Now().Unix())
	assert.EqualValues(t, 2+33-bits.OnesCount64(now), asked(a.access(t, issuerA, jwt.MapClaims{"sid": "s"})), "jti, sid, and one for each bit of its time that is 0")

	added := func(claims jwt.MapClaims, app *upstreamApp) int64 {
		before := app.list.added.Load()
		app.logOut(t, issuerA, claims)
		return app.list.added.Load() - before
	}
	spans := int64(bits.OnesCount64(now + 1))
	assert.Equal(t, 1+spans, added(jwt.MapClaims{"sid": "s"}, a))
	assert.Equal(t, 2*spans, added(nil, a))
	assert.EqualValues(t, 1, added(jwt.MapClaims{"sid": "s", "sub": nil}, a))
	named := newUpstreamApp(t, func(c *ginjwt.Config) { issuerNamed(c, issuerA).RequiredClaims = []string{"sid"} })
	assert.EqualValues(t, 1, added(jwt.MapClaims{"sid": "s"}, named), "all tokens name their session")
	assert.EqualValues(t, bits.OnesCount64(uint64(named.clock.Now().Unix())+1), added(nil, named))
}

// A provider posts to one address, also where the service has several realms.
func TestOneLogoutTokenForSeveralRealms(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t, func(c *ginjwt.Config) { c.Realm = "shop" })
	b := newUpstreamApp(t, func(c *ginjwt.Config) { c.Realm, c.Now, c.Blocklist = "support", a.clock.Now, a.list })
	token := a.access(t, issuerA)
	a.logOut(t, issuerA, jwt.MapClaims{"sid": "s"})
	assert.Equal(t, 401, a.get(token))
	assert.Equal(t, 200, b.get(token), "nobody has told this realm")

	a.engine.POST("/both", a.mgr.BackChannelLogoutHandler(), b.mgr.BackChannelLogoutHandler())
	assert.Equal(t, 400, jwttest.Do(a.engine, "POST", "/both", jwttest.Form("logout_token", token)).Code)
	a.list.adding = func() { a.list.down.Store(true) }
	assert.Equal(t, 503, jwttest.Do(a.engine, "POST", "/both", jwttest.Form("logout_token", a.logoutToken(t, issuerA))).Code)
	a.list.adding = nil
	a.list.down.Store(false)
	assert.Equal(t, 200, jwttest.Do(a.engine, "POST", "/both", jwttest.Form("logout_token", a.logoutToken(t, issuerA))).Code)
	assert.Equal(t, 401, b.get(token))
}

func TestLogoutsAreObserved(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t)
	a.logOut(t, issuerA, jwt.MapClaims{"sid": "s"})
	assert.Equal(t, []ginjwt.Event{{Kind: ginjwt.EventLoggedOut, Issuer: issuerA, SessionID: "s", TokenID: "logout-1"}}, a.take())
	a.logOut(t, issuerB)
	assert.Equal(t, []ginjwt.Event{{Kind: ginjwt.EventLoggedOut, Issuer: issuerB, TokenID: "logout-1"}}, a.take())
	a.post(a.logoutToken(t, issuerA, jwt.MapClaims{"events": nil}))
	assert.Equal(t, []ginjwt.Event{{Kind: ginjwt.EventRefused, Fault: ginjwt.FaultCaller, Reason: "token_claims_invalid"}}, a.take())
}

func TestSettingsOfLogouts(t *testing.T) {
	t.Parallel()
	issuer := ginjwt.Issuer{Name: issuerA, Keys: []keys.Key{secretKey("a")}, IdentityPrefix: "a:"}
	for want, change := range map[string]func(*ginjwt.Issuer){
		`Issuers[0].LogoutAudience: contains an empty value; remove it`:                        func(i *ginjwt.Issuer) { i.LogoutAudience = []string{""} },
		`Issuers[0].MaxTokenAge: must be at least a second, or zero for 24 hours (it is -1ns)`: func(i *ginjwt.Issuer) { i.LogoutAudience, i.MaxTokenAge = []string{"c"}, ginjwt.NeverExpires },
		`Issuers[0].MaxTokenAge: has no effect without a LogoutAudience`:                       func(i *ginjwt.Issuer) { i.MaxTokenAge = time.Hour },
		`Issuers[0].LogoutOnly: refuses all tokens of the issuer; set a LogoutAudience too`:    func(i *ginjwt.Issuer) { i.LogoutOnly = true },
	} {
		config := jwttest.Config(nil)
		bad := issuer
		change(&bad)
		config.Issuers = []ginjwt.Issuer{bad}
		assert.ErrorContains(t, ginjwt.New(config).InitApp(nil), want)
	}
	config := jwttest.Config(nil)
	config.Issuers = []ginjwt.Issuer{issuer}
	mgr := ginjwt.New(config)
	assert.PanicsWithValue(t, "ginjwt: BackChannelLogoutHandler must be called after InitApp", func() { mgr.BackChannelLogoutHandler() })
	require.NoError(t, mgr.InitApp(nil))
	assert.PanicsWithValue(t, "ginjwt: BackChannelLogoutHandler: no issuer can log users out; set the LogoutAudience of one of Config.Issuers",
		func() { mgr.BackChannelLogoutHandler() })
}

// MaxTokenAge is a day, unless it is set.
func TestDefaultMaxTokenAge(t *testing.T) {
	t.Parallel()
	a := newUpstreamApp(t, func(c *ginjwt.Config) { issuerNamed(c, issuerA).MaxTokenAge = 0 })
	token := a.access(t, issuerA, jwt.MapClaims{"exp": nil})
	a.clock.Advance(24*time.Hour - time.Second)
	assert.Equal(t, 200, a.get(token))
	a.clock.Advance(time.Second)
	assert.Equal(t, 401, a.get(token))
}

// An issuer that only a resolver knows logs out as the others do.
func TestLogoutsOfResolvedIssuers(t *testing.T) {
	t.Parallel()
	const resolved = "https://r.example/"
	a := newUpstreamApp(t, func(c *ginjwt.Config) {
		c.Issuers = nil
		c.IssuerResolver = func(_ context.Context, name string) (ginjwt.Issuer, error) {
			if name != resolved {
				return ginjwt.Issuer{}, ginjwt.ErrUnknownIssuer
			}
			return ginjwt.Issuer{
				Name: name, Keys: []keys.Key{secretKey(keyOf(name))}, Audience: []string{"shop"}, IdentityPrefix: "r:",
				RequiredClaims: []string{"sid"}, LogoutAudience: []string{"client-r"}, Leeway: -1,
			}, nil
		}
	})
	phone := jwt.MapClaims{"sid": "phone"}
	token, laptop := a.access(t, resolved, phone), a.access(t, resolved, jwt.MapClaims{"sid": "laptop"})
	pair, other := a.login(t, resolved, "phone", "alice"), a.login(t, resolved, "laptop", "alice")
	nameless := a.login(t, resolved, "", "alice")
	a.logOut(t, resolved, phone)
	assert.Equal(t, 401, a.get(token))
	assert.Equal(t, 200, a.get(laptop))
	assert.False(t, a.lives(t, &pair))
	assert.False(t, a.lives(t, &nameless), "what it has to say of sessions may change")
	assert.True(t, a.lives(t, &other))
	assert.Equal(t, 400, a.post(a.logoutToken(t, issuerA)).Code)
	_, err := a.mgr.CreateTokenPair(t.Context(), "x", ginjwt.WithUpstream(issuerA, "s", "alice", a.clock.Now()))
	assert.ErrorContains(t, err, "the issuer is unknown, or has no LogoutAudience")
}
