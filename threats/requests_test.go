package threats_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// The tests in attack_*_test.go attack an application from outside. The names
// of subtests begin with the entries of the threat list that they cover.

// attackApp is the application: a route for each requirement, all of which
// answer with the identity that they see.
type attackApp struct {
	config ginjwt.Config
	clock  *jwttest.Clock
	mgr    *ginjwt.JWTManager
	engine *gin.Engine
}

// attackNew starts an application. A nil settings means those of jwttest.
func attackNew(t testing.TB, settings func(*ginjwt.Config), loaders ...func(*ginjwt.JWTManager)) *attackApp {
	t.Helper()
	a := &attackApp{clock: &jwttest.Clock{}, engine: gin.New()}
	a.config = jwttest.Config(a.clock)
	a.config.TokenCacheSize = tokenCache()
	if settings != nil {
		settings(&a.config)
	}
	a.mgr = ginjwt.New(a.config)
	for _, load := range loaders {
		load(a.mgr)
	}
	require.NoError(t, a.mgr.InitApp(a.engine))
	a.engine.Any("/private", a.mgr.JWTRequired(), attackHandler)
	a.engine.Any("/optional", a.mgr.JWTRequired(ginjwt.Optional()), attackHandler)
	a.engine.Any("/refresh", a.mgr.RefreshRequired(), attackHandler)
	a.engine.Any("/fresh", a.mgr.JWTRequired(ginjwt.Fresh()), attackHandler)
	a.engine.Any("/any", a.mgr.JWTRequired(ginjwt.AnyType()), attackHandler)
	a.engine.Any("/unchecked", a.mgr.JWTRequired(ginjwt.SkipRevocationCheck()), attackHandler)
	return a
}

// attackIn is the settings of an application that looks in these locations.
func attackIn(locations ...ginjwt.Location) func(*ginjwt.Config) {
	return func(c *ginjwt.Config) { c.TokenLocation = locations }
}

// attackHandler is what must not run for a refused request.
func attackHandler(c *gin.Context) {
	c.Header("X-Ran", "yes")
	if token, ok := ginjwt.GetToken(c); ok {
		c.JSON(http.StatusOK, gin.H{"identity": token.Identity})
		return
	}
	c.JSON(http.StatusOK, gin.H{"identity": nil})
}

// token signs the claims of a good access token of alice with some replaced:
// pairs of a name and its JSON, where an empty JSON leaves the claim out.
func (a *attackApp) token(pairs ...string) string {
	claims := []string{
		"fresh", "false", "iat", a.at(0), "jti", `"jti-of-alice"`, "type", `"access"`,
		"sub", `"alice"`, "csrf", `"` + attackCSRFValue + `"`, "exp", a.at(60),
	}
	for i := 0; i < len(pairs); i += 2 {
		claims = attackReplace(claims, pairs[i], pairs[i+1])
	}
	var members []string
	for i := 0; i < len(claims); i += 2 {
		if claims[i+1] != "" {
			members = append(members, strconv.Quote(claims[i])+":"+claims[i+1])
		}
	}
	return a.sign(`{"alg":"HS256","typ":"JWT"}`, "{"+strings.Join(members, ",")+"}")
}

const attackCSRFValue = "5d2b7f6e-csrf-of-alice"

func attackReplace(claims []string, name, value string) []string {
	for i := 0; i < len(claims); i += 2 {
		if claims[i] == name {
			claims[i+1] = value
			return claims
		}
	}
	return append(claims, name, value)
}

// sign signs any header and payload with the key of the application.
func (a *attackApp) sign(header, payload string) string {
	return attackSign(a.config.SecretKey, header, payload)
}

func attackSign(secret, header, payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(header)) + "." + encode([]byte(payload))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}

// at is the JSON of a time, in seconds from now.
func (a *attackApp) at(seconds int64) string {
	return strconv.FormatInt(a.clock.Now().Unix()+seconds, 10)
}

// attackAnswer is a whole response: status, body and WWW-Authenticate.
type attackAnswer struct {
	status    int
	body      string
	challenge string
}

func attackPassed(identity string) attackAnswer {
	return attackAnswer{200, `{"identity":` + attackJSON(identity) + `}`, ""}
}

var attackAnonymous = attackAnswer{200, `{"identity":null}`, ""}

// The classes of refusals, as the default profile answers them.
const (
	missingBearer = "Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'"
	missingJSON   = `Missing "access_token" key in json data.`
	onlyAccess    = "Only access tokens are allowed"
)

var (
	attackExpired     = attackRefusal(401, "Token has expired", "invalid_token", "The token has expired", "token_expired")
	attackRevoked     = attackRefusal(401, "Token has been revoked", "invalid_token", "The token has been revoked", "token_revoked")
	attackStale       = attackRefusal(401, "Fresh token required", "insufficient_user_authentication", "A fresh token is required", "fresh_required")
	attackUnavailable = attackRefusal(503, "Service unavailable", "temporarily_unavailable", "Service unavailable", "store_unavailable")
	attackFailed      = attackRefusal(500, "Internal server error", "server_error", "Internal server error", "internal_error")
	attackVetoed      = attackRefusal(400, "User claims verification failed", "insufficient_scope", "The token does not allow this request", "verification_failed")
	attackBadHeader   = attackHeader("Bad Authorization header. Expected 'Authorization: Bearer <JWT>'", "header_malformed")
	attackEmptyHeader = attackHeader("Bad Authorization header. Expected 'Authorization: Bearer <JWT>'", "token_empty")
	attackNoHeader    = attackNoToken("Missing Authorization Header")
	attackNoBearer    = attackNoToken(missingBearer)
	attackTwoBearers  = attackAmbiguous(missingBearer)
	attackNoCookie    = attackNoToken(`Missing cookie "access_token_cookie"`)
	attackTwoCookies  = attackAmbiguous(`More than one cookie "access_token_cookie"`)
	attackNoQuery     = attackNoToken("Missing 'jwt' query paramater")
	attackTwoQueries  = attackAmbiguous("More than one 'jwt' query parameter")
	attackNoKey       = attackNoToken(missingJSON)
	attackTwoKeys     = attackAmbiguous(`More than one "access_token" key in json data`)
	attackNotJSON     = attackNoToken("Invalid content-type. Must be application/json.")
	attackNoCSRF      = attackCSRF("Missing CSRF token")
	attackWrongCSRF   = attackCSRF("CSRF double submit tokens do not match")
	attackBadKey      = attackInvalid("Signature verification failed")
	attackTooLarge    = attackInvalid("Token is too large")
	attackSegments    = attackInvalid("Not enough segments")
	attackNotAccess   = attackInvalid(onlyAccess)
	attackNotText     = attackInvalid("Invalid token type. Token must be a <class 'bytes'>")
)

func attackRefusal(status int, message, code, text, reason string) attackAnswer {
	answer := attackAnswer{status: status, body: `{"msg":` + attackJSON(message) + `}`, challenge: `Bearer realm="api"`}
	if code != "" {
		answer.challenge += `, error="` + code + `", error_description="` + text + `"`
	}
	answer.challenge += `, reason="` + reason + `"`
	return answer
}

// attackReasons are the reasons of messages that begin so. All others are about the
// claims.
var attackReasons = []struct{ message, reason string }{
	{"Signature verification failed", "signature_invalid"},
	{"The specified alg value", "signature_invalid"},
	{"Only ", "token_wrong_type"},
	{"The token is not yet valid", "token_not_yet_valid"},
	{"Token is too large", "token_malformed"},
	{"Not enough segments", "token_malformed"},
	{"Invalid token type.", "token_malformed"},
	{"Invalid header ", "token_malformed"},
	{"Invalid payload ", "token_malformed"},
	{"Invalid crypto ", "token_malformed"},
	{"Algorithm not specified", "token_unsupported"},
	{"Key ID header parameter", "token_unsupported"},
	{"Unsupported critical extension", "token_unsupported"},
	{"Invalid 'crit' header", "token_unsupported"},
	{"Critical extension 'b64'", "token_unsupported"},
	{"It is required that you pass", "token_unsupported"},
	{"Compressed tokens", "token_unsupported"},
	{"The specified typ value", "token_unsupported"},
	{"Token has expired", "token_expired"},
	{"Token has been revoked", "token_revoked"},
	{"Fresh token required", "fresh_required"},
	{"Error loading the user", "user_not_found"},
	{"Missing CSRF token", "csrf_missing"},
	{"CSRF double submit", "csrf_mismatch"},
	{"Bad Authorization header", "header_malformed"},
	{"Missing Authorization Header", "token_missing"},
	{"Missing 'jwt' query", "token_missing"},
}

func attackReasonOf(message string) string {
	for _, r := range attackReasons {
		if strings.HasPrefix(message, r.message) {
			return r.reason
		}
	}
	return "token_claims_invalid"
}

func attackInvalid(message string) attackAnswer {
	return attackRefusal(422, message, "invalid_token", "The token is not valid", attackReasonOf(message))
}

func attackHeader(message, reason string) attackAnswer {
	return attackRefusal(422, message, "invalid_request", "A header of the request is malformed", reason)
}

func attackNoToken(message string) attackAnswer {
	return attackRefusal(401, message, "", "", "token_missing")
}

func attackAmbiguous(message string) attackAnswer {
	return attackRefusal(401, message, "invalid_request", "More than one token was sent", "multiple_tokens")
}

func attackCSRF(message string) attackAnswer {
	return attackRefusal(401, message, "invalid_request", "The CSRF check failed", attackReasonOf(message))
}

func attackNobody(identity string) attackAnswer {
	return attackRefusal(401, "Error loading the user "+identity, "invalid_token", "The token is not valid", "user_not_found")
}

func attackJSON(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// check compares a response. Whether the handler ran is read of X-Ran.
func (want attackAnswer) check(t *testing.T, status int, header http.Header, body string) {
	t.Helper()
	require.Equal(t, want.status, status, body)
	assert.JSONEq(t, want.body, body)
	assert.Equal(t, want.challenge, strings.Join(header.Values("WWW-Authenticate"), "\n"))
	assert.Equal(t, status == http.StatusOK, header.Get("X-Ran") == "yes", "the handler ran, or did not")
	assert.Equal(t, "application/json", strings.TrimSuffix(header.Get("Content-Type"), "; charset=utf-8"))
	if status != http.StatusOK {
		assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
		assert.Empty(t, header.Get("Location"))
	}
}

// expect sends a request and compares the whole response, in which nothing of
// the credentials may be.
func (a *attackApp) expect(t *testing.T, want attackAnswer, method, target string, opts ...jwttest.RequestOption) {
	t.Helper()
	r, w := attackRequest(method, target, opts...), httptest.NewRecorder()
	sent := attackSent(t, r)
	a.engine.ServeHTTP(w, r)
	want.check(t, w.Code, w.Header(), w.Body.String())
	attackKeepsQuiet(t, sent, w.Header(), w.Body.String())
}

// expectBoth sends a token to the route that needs one and to the one where it
// is optional. A bad token is as bad on either.
func (a *attackApp) expectBoth(t *testing.T, want attackAnswer, token string) {
	t.Helper()
	a.expect(t, want, "GET", "/private", jwttest.Bearer(token))
	a.expect(t, want, "GET", "/optional", jwttest.Bearer(token))
}

// expectAbsent sends what holds no token: refused where one is needed,
// anonymous where it is optional.
func (a *attackApp) expectAbsent(t *testing.T, want attackAnswer, method, query string, opts ...jwttest.RequestOption) {
	t.Helper()
	a.expect(t, want, method, "/private"+query, opts...)
	a.expect(t, attackAnonymous, method, "/optional"+query, opts...)
}

// attackRequest is a request, before it is sent.
func attackRequest(method, target string, opts ...jwttest.RequestOption) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	for _, opt := range opts {
		opt(r)
	}
	return r
}

// attackHeaders sends several lines of one header.
func attackHeaders(name string, values ...string) jwttest.RequestOption {
	return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
}

// attackCookie sends a cookie header as it is.
func attackCookie(line string) jwttest.RequestOption { return jwttest.Header("Cookie", line) }

// attackSent is all text of a request that could come back in its response.
func attackSent(t *testing.T, r *http.Request) string {
	t.Helper()
	lines := []string{r.URL.RawQuery}
	if r.Body != http.NoBody {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		lines = append(lines, string(body))
	}
	for _, values := range r.Header {
		lines = append(lines, values...)
	}
	return strings.Join(lines, "\n")
}

// attackWord is what a segment of a token looks like, and no other word of a
// request or a message does.
var attackWord = regexp.MustCompile(`[A-Za-z0-9_-]{24,}`)

func attackKeepsQuiet(t *testing.T, sent string, header http.Header, body string) {
	t.Helper()
	response := body
	for name, values := range header {
		response += "\n" + name + ": " + strings.Join(values, "\n")
	}
	for _, word := range attackWord.FindAllString(sent, 64) {
		if strings.Contains(response, word[:24]) {
			t.Errorf("a part of the token is in the response: %.200s", response)
		}
	}
}

// attackServer serves the application on a loopback port, and fails the test
// if a request panics.
func attackServer(t *testing.T, h http.Handler) (address string) {
	t.Helper()
	var logged attackLog
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(&logged, "", 0)
	server.Config.ReadTimeout = 20 * time.Second
	server.Start()
	t.Cleanup(func() {
		server.Close()
		assert.NotContains(t, logged.String(), "panic")
	})
	return server.Listener.Addr().String()
}

type attackLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *attackLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *attackLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// attackRaw sends bytes over a connection of its own and reads one response.
func attackRaw(t *testing.T, address, raw string) (status int, header http.Header, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	require.NoError(t, conn.SetDeadline(deadline))
	go func() { _, _ = io.WriteString(conn, raw) }() // the server may answer before it has read all
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, response.Header, string(b)
}

// attackGet is the bytes of a GET request with some lines of header.
func attackGet(target string, lines ...string) string {
	head := "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
	for _, line := range lines {
		head += line + "\r\n"
	}
	return head + "\r\n"
}

// expectRaw is expect over a connection.
func (want attackAnswer) expectRaw(t *testing.T, address, raw string) {
	t.Helper()
	status, header, body := attackRaw(t, address, raw)
	want.check(t, status, header, body)
	attackKeepsQuiet(t, raw, header, body)
}
