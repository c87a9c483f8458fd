package ginjwt_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// reasonsApp has a refusal for every reason.
type reasonsApp struct {
	clock    *jwttest.Clock
	sessions *switchedSessions
	blocked  *switchedBlocklist
	mgr      *ginjwt.JWTManager
	engine   *gin.Engine
}

func newReasonsApp(t *testing.T, profile string, configure ...func(*ginjwt.Config)) *reasonsApp {
	t.Helper()
	a := &reasonsApp{clock: &jwttest.Clock{}, sessions: &switchedSessions{}, blocked: &switchedBlocklist{}}
	a.sessions.Now, a.blocked.Now = a.clock.Now, a.clock.Now
	down := &keySource{}
	down.down.Store(true)
	config := jwttest.Config(a.clock)
	config.ErrorProfile, config.QueryStringValuePrefix = profile, "v1~"
	config.Sessions, config.Blocklist = a.sessions, a.blocked
	config.Issuers = []ginjwt.Issuer{{Name: issuerA, KeySource: down, Algorithms: []string{"ES256"}, Audience: []string{"shop"}, IdentityPrefix: "a:"}}
	for _, fn := range configure {
		fn(&config)
	}
	a.mgr, a.engine = newManager(t, config, func(mgr *ginjwt.JWTManager) {
		mgr.TokenVerificationLoader(func(_ context.Context, token *ginjwt.Token) (bool, error) {
			return token.Identity != "unfit", nil
		})
		mgr.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
			switch token.Identity {
			case "nobody":
				return nil, nil
			case "fails":
				return nil, errors.New("secret detail")
			}
			return token.Identity, nil
		})
	})
	for path, options := range map[string][]ginjwt.RequiredOption{
		"/headers": {ginjwt.Locations(ginjwt.InHeaders)},
		"/cookies": {ginjwt.Locations(ginjwt.InCookies)},
		"/query":   {ginjwt.Locations(ginjwt.InQueryString)},
		"/admit":   {ginjwt.Locations(ginjwt.InTicket)},
		"/fresh":   {ginjwt.Fresh()},
		"/scope":   {ginjwt.Roles("admin")},
		"/bound":   {ginjwt.Bound()},
	} {
		a.engine.POST(path, a.mgr.JWTRequired(options...), identify)
	}
	a.engine.POST("/refresh", a.mgr.RefreshHandler())
	a.engine.POST("/ticket", a.mgr.TicketHandler())
	a.engine.POST("/confirm", func(c *gin.Context) {
		if _, err := a.mgr.ConsumePurposeToken(c, confirm, c.Query("token")); err != nil {
			a.mgr.Refuse(c, err)
		}
	})
	a.engine.POST("/logout", a.mgr.LogoutHandler())
	return a
}

func (a *reasonsApp) send(path string, options ...jwttest.RequestOption) *httptest.ResponseRecorder {
	return jwttest.Do(a.engine, "POST", path, options...)
}

func (a *reasonsApp) bearer(path, encoded string) *httptest.ResponseRecorder {
	return a.send(path, jwttest.Bearer(encoded))
}

func (a *reasonsApp) header(path, value string) *httptest.ResponseRecorder {
	return a.send(path, jwttest.Header("Authorization", value))
}

// signed returns a token with any header and claims.
func (a *reasonsApp) signed(t *testing.T, header map[string]any, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	for name, value := range header {
		token.Header[name] = value
	}
	encoded, err := token.SignedString([]byte(appSecret()))
	require.NoError(t, err)
	return encoded
}

// refusedFor is a refused request, with its status in the default profile.
type refusedFor struct {
	name, reason string
	status       int
	send         func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder
}

var refusedForReasons = []refusedFor{
	{"no header", "token_missing", 401, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder { return a.send("/headers") }},
	{"another scheme", "token_missing", 401, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.header("/headers", "Basic eDp5")
	}},
	{"no cookie", "token_missing", 401, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder { return a.send("/cookies") }},
	{"an empty cookie", "token_missing", 401, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.send("/cookies", jwttest.Header("Cookie", "access_token_cookie="))
	}},
	{"no parameter", "token_missing", 401, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder { return a.send("/query") }},
	{"no refresh token", "token_missing", 401, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder { return a.send("/refresh") }},
	{"the scheme alone", "token_empty", 422, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder { return a.header("/headers", "Bearer") }},
	{"the scheme and a blank", "token_empty", 422, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder { return a.header("/headers", "Bearer ") }},
	{"what JavaScript makes of nothing", "token_malformed", 422, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.header("/headers", "Bearer undefined")
	}},
	{"cut off", "token_malformed", 422, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		encoded := jwttest.AccessToken(t, a.mgr, "alice")
		return a.bearer("/headers", encoded[:strings.LastIndexByte(encoded, '.')])
	}},
	{"too large", "token_malformed", 422, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/headers", strings.Repeat("x", 17<<10))
	}},
	{"an empty parameter", "token_malformed", 422, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder { return a.send("/query?jwt=v1~") }},
	{"an unknown extension", "token_unsupported", 422, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/headers", a.signed(t, map[string]any{"crit": []string{"x"}}, jwt.MapClaims{"sub": "alice"}))
	}},
	{"another type of token by its header", "token_unsupported", 422, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/headers", a.signed(t, map[string]any{"typ": "logout+jwt"}, jwt.MapClaims{"sub": "alice"}))
	}},
	{"forged", "signature_invalid", 422, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/headers", signedWith(t, otherSecret, map[string]any{"sub": "alice"}))
	}},
	{"another algorithm", "signature_invalid", 422, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/headers", "eyJhbGciOiJub25lIn0.e30.")
	}},
	{"not yet valid", "token_not_yet_valid", 422, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/headers", a.signed(t, nil, jwt.MapClaims{"sub": "alice", "nbf": a.clock.Now().Add(time.Minute).Unix()}))
	}},
	{"no subject", "token_claims_invalid", 422, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/headers", a.signed(t, nil, jwt.MapClaims{"jti": "1"}))
	}},
	{"a refresh token", "token_wrong_type", 422, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/headers", jwttest.RefreshToken(t, a.mgr, "alice"))
	}},
	{"an access token at the refresh", "token_wrong_type", 422, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/refresh", jwttest.AccessToken(t, a.mgr, "alice"))
	}},
	{"expired", "token_expired", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		encoded := jwttest.AccessToken(t, a.mgr, "alice")
		a.clock.Advance(15 * time.Minute)
		return a.bearer("/headers", encoded)
	}},
	{"an access token of a session that was ended", "token_revoked", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		pair := jwttest.TokenPair(t, a.mgr, "alice")
		require.NoError(t, a.mgr.EndSession(t.Context(), pair.SessionID))
		return a.bearer("/headers", pair.AccessToken)
	}},
	{"a refresh token of a session that is gone", "session_ended", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		pair := jwttest.TokenPair(t, a.mgr, "alice")
		_, err := a.sessions.Delete(t.Context(), pair.SessionID)
		require.NoError(t, err)
		return a.bearer("/refresh", pair.RefreshToken)
	}},
	{"a refresh token that was used", "session_reused", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		pair := jwttest.TokenPair(t, a.mgr, "alice")
		a.clock.Advance(tradable)
		require.Equal(t, 200, a.bearer("/refresh", pair.RefreshToken).Code)
		a.clock.Advance(grace)
		return a.bearer("/refresh", pair.RefreshToken)
	}},
	{"a user who is gone", "user_not_found", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/headers", jwttest.AccessToken(t, a.mgr, "nobody"))
	}},
	{"a user who is gone, at the refresh", "user_not_found", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/refresh", jwttest.TokenPair(t, a.mgr, "nobody").RefreshToken)
	}},
	{"a token of a refresh", "fresh_required", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/fresh", jwttest.AccessToken(t, a.mgr, "alice"))
	}},
	{"no role", "insufficient_scope", 403, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/scope", jwttest.AccessToken(t, a.mgr, "alice"))
	}},
	{"unfit", "verification_failed", 400, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/headers", jwttest.AccessToken(t, a.mgr, "unfit"))
	}},
	{"no CSRF value", "csrf_missing", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.send("/cookies", jwttest.Header("Cookie", "access_token_cookie="+jwttest.AccessToken(t, a.mgr, "alice")))
	}},
	{"another CSRF value", "csrf_mismatch", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.send("/cookies", jwttest.Header("X-CSRF-TOKEN", "x"),
			jwttest.Header("Cookie", "access_token_cookie="+jwttest.TokenPair(t, a.mgr, "alice").AccessToken))
	}},
	{"a logout by another page", "csrf_cross_origin", 403, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.send("/logout", jwttest.Header("Sec-Fetch-Site", "cross-site"))
	}},
	{"two headers", "multiple_tokens", 401, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.header("/headers", "Bearer a, Bearer b")
	}},
	{"two cookies", "multiple_tokens", 401, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.send("/cookies", jwttest.Header("Cookie", "access_token_cookie=a; access_token_cookie=b"))
	}},
	{"two parameters", "multiple_tokens", 401, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.send("/query?jwt=v1~a&jwt=v1~b")
	}},
	{"two words", "header_malformed", 422, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.header("/headers", "Bearer Bearer x")
	}},
	{"no prefix", "query_malformed", 422, func(_ *testing.T, a *reasonsApp) *httptest.ResponseRecorder { return a.send("/query?jwt=x") }},
	{"a short key", "idempotency_key_malformed", 422, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.send("/refresh", jwttest.Bearer(jwttest.TokenPair(t, a.mgr, "alice").RefreshToken), jwttest.Header("Idempotency-Key", "short"))
	}},
	{"no blocklist", "store_unavailable", 503, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		encoded := jwttest.AccessToken(t, a.mgr, "alice")
		a.blocked.down.Store(true)
		return a.bearer("/headers", encoded)
	}},
	{"no sessions", "store_unavailable", 503, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		pair := jwttest.TokenPair(t, a.mgr, "alice")
		a.sessions.down.Store(true)
		return a.bearer("/refresh", pair.RefreshToken)
	}},
	{"what was used", "token_consumed", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		token := purposeToken(t, a.mgr, confirm, "alice")
		require.Equal(t, 200, a.send("/confirm?token="+token).Code)
		return a.send("/confirm?token=" + token)
	}},
	{"what is bound to something else", "binding_mismatch", 422, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.send("/confirm?token=" + purposeToken(t, a.mgr, confirm, "alice", ginjwt.BoundTo("a@example.com")))
	}},
	{"a ticket that was used", "token_consumed", 401, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		ticket := buy(t, a.engine, "POST", "/admit", jwttest.Bearer(jwttest.AccessToken(t, a.mgr, "alice")))
		require.Equal(t, 200, use(a.engine, "POST", "/admit", ticket).Code)
		return use(a.engine, "POST", "/admit", ticket)
	}},
	{"a ticket for another request", "ticket_mismatch", 422, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return use(a.engine, "POST", "/admit", buy(t, a.engine, "GET", "/admit", jwttest.Bearer(jwttest.AccessToken(t, a.mgr, "alice"))))
	}},
	{"a ticket on another page", "csrf_cross_origin", 403, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		ticket := buy(t, a.engine, "POST", "/admit", jwttest.Bearer(jwttest.AccessToken(t, a.mgr, "alice")))
		return use(a.engine, "POST", "/admit", ticket, jwttest.Header("Origin", "https://evil.example"))
	}},
	{"no keys", "keys_unavailable", 503, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/headers", a.signed(t, map[string]any{"alg": "ES256"}, jwt.MapClaims{"iss": issuerA}))
	}},
	{"a mistake in a callback", "internal_error", 500, func(t *testing.T, a *reasonsApp) *httptest.ResponseRecorder {
		return a.bearer("/headers", jwttest.AccessToken(t, a.mgr, "fails"))
	}},
}

var reasonInChallenge = regexp.MustCompile(`^(?:Bearer|DPoP algs="[\w ]+",) realm="api",(?: error="\w+", error_description="[^"]+",)? reason="(\w+)"$`)

// Every reason is in the answers of every profile, and every refusal has a reason.
func TestReasonsInAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range slices.Concat(refusedForReasons, refusedForDPoP) {
		for _, profile := range []string{"flask", "bearer", "problem"} {
			t.Run(test.name+" "+profile, func(t *testing.T) {
				t.Parallel()
				w := test.send(t, newReasonsApp(t, profile))
				challenges := w.Header().Values("WWW-Authenticate")
				require.Len(t, challenges, 1)
				require.Regexp(t, reasonInChallenge, challenges[0])
				assert.Equal(t, test.reason, reasonInChallenge.FindStringSubmatch(challenges[0])[1])

				var body map[string]any
				require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
				if profile != "flask" {
					assert.Equal(t, test.reason, body["reason"])
					return
				}
				assert.Equal(t, test.status, w.Code)
				assert.Len(t, body, 1)
				assert.NotEmpty(t, body["msg"])
			})
		}
	}
}

// step is the next step of a client by the four rules of docs/custom-errors.md.
func step(reason string, status int) string {
	switch {
	case strings.HasPrefix(reason, "token_"), reason == "signature_invalid":
		return "refreshes"
	case strings.HasPrefix(reason, "session_"), strings.HasPrefix(reason, "user_"),
		reason == "key_mismatch", reason == "key_missing", reason == "fresh_required":
		return "logs in"
	case strings.HasPrefix(reason, "dpop_"):
		return "makes a new proof"
	case status == http.StatusServiceUnavailable:
		return "tries later"
	}
	return "gives up"
}

// The page has exactly the reasons of the answers, and the step of the four rules for
// each.
func TestReasonsInTheDocs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/custom-errors.md")
	require.NoError(t, err)
	documented := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([a-z ]+) \\| `Err").FindAllStringSubmatch(string(page), -1) {
		assert.NotContains(t, documented, row[1], "twice")
		documented[row[1]] = row[2]
	}
	answered := map[string]string{}
	for _, test := range slices.Concat(refusedForReasons, refusedForDPoP) {
		answered[test.reason] = step(test.reason, test.status)
	}
	assert.Equal(t, answered, documented)

	client, err := os.ReadFile("docs/front-end.md")
	require.NoError(t, err)
	remedies := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[a-z_`, ]+`) \\|.*\\| ([a-z ]+)[^|]*\\|$").FindAllStringSubmatch(string(client), -1) {
		for _, reason := range regexp.MustCompile("[a-z_]+").FindAllString(row[1], -1) {
			remedies[reason] = row[2]
		}
	}
	words := map[string]string{"refreshes": "refreshes", "asks for a login": "logs in", "gives up": "gives up", "waits": "tries later", "makes a new proof": "makes a new proof"}
	for reason, does := range answered {
		assert.Equal(t, does, words[strings.TrimSpace(remedies[reason])], "%s in docs/front-end.md: %q", reason, remedies[reason])
	}
}

// An error of the application keeps its reason, if the reason fits into a header and a
// label. Otherwise it has the reason of its kind.
func TestReasonsOfTheApplication(t *testing.T) {
	t.Parallel()
	const verification = `Bearer realm="api", error="insufficient_scope", error_description="The token does not allow this request", reason="`
	for name, test := range map[string]struct {
		err       error
		reason    string
		challenge string
	}{
		"none":             {&ginjwt.Error{Kind: ginjwt.ErrVerification}, "verification_failed", verification + `verification_failed"`},
		"its own":          {&ginjwt.Error{Kind: ginjwt.ErrVerification, Reason: "admins_only_2"}, "admins_only_2", verification + `admins_only_2"`},
		"of another kind":  {&ginjwt.Error{Kind: ginjwt.ErrVerification, Reason: "token_expired"}, "token_expired", verification + `token_expired"`},
		"the longest":      {&ginjwt.Error{Kind: ginjwt.ErrVerification, Reason: strings.Repeat("a", 64)}, strings.Repeat("a", 64), verification + strings.Repeat("a", 64) + `"`},
		"too long":         {&ginjwt.Error{Kind: ginjwt.ErrVerification, Reason: strings.Repeat("a", 65)}, "verification_failed", verification + `verification_failed"`},
		"a quote":          {&ginjwt.Error{Kind: ginjwt.ErrVerification, Reason: `a", x="b`}, "verification_failed", verification + `verification_failed"`},
		"a line":           {&ginjwt.Error{Kind: ginjwt.ErrVerification, Reason: "a\r\nSet-Cookie: x=y"}, "verification_failed", verification + `verification_failed"`},
		"upper case":       {&ginjwt.Error{Kind: ginjwt.ErrVerification, Reason: "Admins"}, "verification_failed", verification + `verification_failed"`},
		"a letter é":       {&ginjwt.Error{Kind: ginjwt.ErrVerification, Reason: "é"}, "verification_failed", verification + `verification_failed"`},
		"an unknown kind":  {&ginjwt.Error{Kind: errors.New("own")}, "internal_error", `Bearer realm="api", error="server_error", error_description="Internal server error", reason="internal_error"`},
		"no kind":          {&ginjwt.Error{}, "internal_error", `Bearer realm="api", error="server_error", error_description="Internal server error", reason="internal_error"`},
		"a kind alone":     {ginjwt.ErrRevokedToken, "token_revoked", `Bearer realm="api", error="invalid_token", error_description="The token has been revoked", reason="token_revoked"`},
		"any error":        {errors.New("own"), "internal_error", `Bearer realm="api", error="server_error", error_description="Internal server error", reason="internal_error"`},
		"a missing scope":  {&ginjwt.Error{Kind: ginjwt.ErrInsufficientScope, Scope: "a", Reason: "no_a"}, "no_a", verification + `no_a", scope="a"`},
		"nothing but text": {&ginjwt.Error{Kind: ginjwt.ErrCSRF, Message: "No"}, "csrf_mismatch", `Bearer realm="api", error="invalid_request", error_description="The CSRF check failed", reason="csrf_mismatch"`},
	} {
		var told *ginjwt.Error
		mgr, engine := newManager(t, jwttest.Config(nil), func(mgr *ginjwt.JWTManager) {
			mgr.ErrorLoader(func(c *gin.Context, err *ginjwt.Error) {
				told = err
				ginjwt.BearerError(c, err)
			})
		})
		engine.GET("/", func(c *gin.Context) { mgr.Refuse(c, test.err) })
		w := jwttest.Do(engine, "GET", "/")
		assert.Equal(t, test.challenge, w.Header().Get("WWW-Authenticate"), name)
		assert.Equal(t, test.reason, told.Reason, name)
		assert.Contains(t, told.Error(), " ("+test.reason+")", name)
		assert.Contains(t, w.Body.String(), `"reason":"`+test.reason+`"`, name)
	}
}

// A middleware can give a more precise reason than the package.
func TestAMiddlewareGivesAnotherReason(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.GET("/", func(c *gin.Context) {
		_, err := mgr.VerifyJWTInRequest(c, ginjwt.Scopes("a"))
		var refused *ginjwt.Error
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, "insufficient_scope", refused.Reason)
		refused.Reason = "no_a"
		mgr.Refuse(c, err)
	})
	w := jwttest.Do(engine, "GET", "/", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")))
	assert.Equal(t, `Bearer realm="api", error="insufficient_scope", error_description="The token does not allow this request", reason="no_a", scope="a"`,
		w.Header().Get("WWW-Authenticate"))
}

// A client without a key cannot find out which issuers are known.
func TestReasonsDoNotNameIssuers(t *testing.T) {
	t.Parallel()
	source := &keySource{} // a source without keys
	mgr, _ := newManager(t, ginjwt.Config{Issuers: []ginjwt.Issuer{{Name: issuerA, KeySource: source, Algorithms: []string{"ES256"}}}})
	a := &reasonsApp{}
	for _, iss := range []any{issuerA, issuerB, nil, 5} {
		for _, alg := range []string{"ES256", "RS256"} {
			_, err := mgr.VerifyToken(t.Context(), a.signed(t, map[string]any{"alg": alg}, jwt.MapClaims{"iss": iss}))
			var refused *ginjwt.Error
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, "signature_invalid", refused.Reason, "%v %s", iss, alg)
		}
	}
}
