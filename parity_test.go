package ginjwt_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
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
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// The cases of testdata/flask-parity.json were recorded from the real Flask-JWT-Extended.
// The test replays all of them. Cases with another result are in deviations and waysBack,
// each with its row of the table in docs/from-flask.md.

type parityCase struct {
	Name, Group string
	Config      map[string]any
	Loaders     map[string]any
	Route       struct{ Required map[string]any }
	Request     *parityRequest
	Decode      map[string]any
	Create      map[string]any
	Cookies     []map[string]any
	Expect      parityExpectation
	Original500 bool `json:"original_500"`
}

type parityRequest struct {
	Method, Path, Query string
	Headers, Cookies    [][2]string
	ContentType         *string `json:"content_type"`
	Body                string
	BodyBase64          []byte `json:"body_base64"`
}

type parityExpectation struct {
	Status        int
	ContentType   string `json:"content_type"`
	JSON          any
	MessagePrefix string `json:"message_prefix"`

	Result any
	Error  *struct{ Class, Message string }

	Header           map[string]any
	Payload          map[string]any
	UUID4            []string           `json:"uuid4"`
	SecondsAfterNow  map[string]int64   `json:"seconds_after_now"`
	FractionAfterNow map[string]float64 `json:"fraction_after_now"`
	VerifyKey        string             `json:"verify_key"`

	SetCookie []parityCookie `json:"set_cookie"`
}

type parityCookie struct {
	Name, Value string
	Attributes  map[string]any
}

// deviation is a case with another result than the original.
type deviation struct {
	row      string // of the table in docs/from-flask.md
	status   int    // what is answered instead, for requests
	message  string
	identity string // for whom, if the status is 200
	err      error  // what the call returns instead, for calls
}

const (
	missingBearer = "Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'"
	missingJSON   = `Missing "access_token" key in json data.`
	onlyAccess    = "Only access tokens are allowed"
)

var deviations = map[string]deviation{
	"headers/a blank element before another scheme": {row: "D1", status: 401, message: missingBearer},
	"json/body is an array":                         {row: "D1", status: 401, message: missingJSON},
	"json/body is a string":                         {row: "D1", status: 401, message: missingJSON},
	"json/body is a number":                         {row: "D1", status: 401, message: missingJSON},
	"csrf/not ASCII":                                {row: "D1", status: 401, message: "CSRF double submit tokens do not match"},
	"csrf/the claim is a number":                    {row: "D1", status: 401, message: "CSRF double submit tokens do not match"},
	"type_and_fresh/fresh: a text":                  {row: "D1", status: 401, message: "Fresh token required"},
	"type_and_fresh/fresh: null":                    {row: "D1", status: 401, message: "Fresh token required"},
	"time_claims/exp: null":                         {row: "D1", status: 422, message: "Expiration Time claim (exp) must be an integer."},
	"time_claims/exp: an array":                     {row: "D1", status: 422, message: "Expiration Time claim (exp) must be an integer."},
	"time_claims/exp: beyond floating point":        {row: "D1", status: 422, message: "Expiration Time claim (exp) must be an integer."},
	"time_claims/nbf: an object":                    {row: "D1", status: 422, message: "Not Before claim (nbf) must be an integer."},
	"time_claims/iat: null":                         {row: "D1", status: 422, message: "Issued At claim (iat) must be an integer."},
	"segments/header is nested too deep":            {row: "D1", status: 422, message: "Invalid header string: not valid JSON"},
	"decode/exp is null":                            {row: "D1", err: ginjwt.ErrInvalidToken},

	"create/access, expires in no time":            {row: "D3"}, // has the default lifetime
	"create/access, expired from the start":        {row: "D3", err: ginjwt.ErrLifetime},
	"create/identity is a number":                  {row: "D4"}, // becomes a text
	"create/claims replace what the library makes": {row: "D6", err: ginjwt.ErrReservedClaim},
	"create/claims with a time":                    {row: "D6", err: ginjwt.ErrReservedClaim},
	"create/headers: another alg":                  {row: "D12", err: ginjwt.ErrReservedHeader},

	"type_and_fresh/an unknown type counts as access":      {row: "D5", status: 422, message: onlyAccess},
	"type_and_fresh/type null counts as access":            {row: "D5", status: 422, message: onlyAccess},
	"type_and_fresh/an array as the type counts as access": {row: "D5", status: 422, message: onlyAccess},

	"headers/the scheme in mixed case":  {row: "D7", status: 200, identity: "nadia"},
	"optional/the scheme in lower case": {row: "D7", status: 200, identity: "nadia"},
	"optional/two bearers":              {row: "D8", status: 401, message: missingBearer},

	"cookies/lasting":             {row: "D14"},
	"cookies/set with everything": {row: "D14"},

	"query_string/of two the first counts":                      {row: "D16", status: 401, message: "More than one 'jwt' query parameter"},
	"query_string/of two the first counts, even if it is empty": {row: "D16", status: 401, message: "More than one 'jwt' query parameter"},
	"json/the key twice, the last counts":                       {row: "D16", status: 401, message: `More than one "access_token" key in json data`},
	"cookie_location/of two the first counts":                   {row: "D16", status: 401, message: `More than one cookie "access_token_cookie"`},

	"query_string/a plus sign is a blank in front of the token": {row: "D17", status: 422, message: "Invalid header padding"},
	"segments/signature with other spare bits":                  {row: "D17", status: 422, message: "Invalid crypto padding"},
	"segments/signature with padding":                           {row: "D17", status: 422, message: "Invalid crypto padding"},
	"segments/signature with characters that are no base64":     {row: "D17", status: 422, message: "Invalid crypto padding"},
	"segments/signature in the other base64 alphabet":           {row: "D17", status: 422, message: "Invalid crypto padding"},
	"segments/padded segments, signed as such":                  {row: "D17", status: 422, message: "Invalid payload padding"},
	"segments/header has alg twice":                             {row: "D17", status: 422, message: "Invalid header string: not valid JSON"},
	"segments/payload has sub twice, the last counts":           {row: "D17", status: 422, message: "Invalid payload string: not valid JSON"},
	"segments/payload with a byte order mark":                   {row: "D17", status: 422, message: "Invalid payload string: not valid JSON"},
	"jose_header/typ: a number":                                 {row: "D17", status: 422, message: "The specified typ value is not allowed"},

	"loaders/blocklist: a token without a jti": {row: "D18", status: 422, message: `Token is missing the "jti" claim`},

	"identity/sub: empty":                           {row: "D20", status: 422, message: "Empty claim: sub"},
	"loaders/user: any value but nothing is a user": {row: "D20", status: 422, message: "Empty claim: sub"},

	"time_claims/exp: beyond 64 bits": {row: "D19", status: 422, message: "Expiration Time claim (exp) must be an integer."},
}

// wayBack is a case that has the result of the original with a setting, and another result
// without the setting.
type wayBack struct {
	row     string // of the table in docs/from-flask.md
	setting string // that is true
	without deviation
}

var waysBack = map[string]wayBack{
	"methods/OPTIONS needs no token":                  {"D21", "JWT_ALLOW_ANY_OPTIONS", deviation{status: 401, message: "Missing Authorization Header"}},
	"methods/OPTIONS does not look at the token":      {"D21", "JWT_ALLOW_ANY_OPTIONS", deviation{status: 422, message: "Not enough segments"}},
	"methods/OPTIONS with a cookie and no CSRF value": {"D21", "JWT_ALLOW_ANY_OPTIONS", deviation{status: 401, message: "Missing CSRF token"}}, // its JWT_CSRF_METHODS name OPTIONS
}

func loadParity(t *testing.T) (cases []parityCase, list map[string]string) {
	t.Helper()
	data, err := os.ReadFile("testdata/flask-parity.json")
	require.NoError(t, err)
	var file struct {
		Keys   map[string]string
		Counts map[string]int
		Cases  []parityCase
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // 9007199254740993 is one of the claims
	require.NoError(t, decoder.Decode(&file))
	require.Len(t, file.Cases, file.Counts["total"])
	for i := range file.Cases {
		file.Cases[i].Config, _ = fillKeys(file.Cases[i].Config, file.Keys).(map[string]any)
		file.Cases[i].Loaders, _ = fillKeys(file.Cases[i].Loaders, file.Keys).(map[string]any)
	}
	return file.Cases, file.Keys
}

// fillKeys replaces "key:name" by the keys.
func fillKeys(value any, list map[string]string) any {
	switch x := value.(type) {
	case string:
		if name, ok := strings.CutPrefix(x, "key:"); ok {
			return list[name]
		}
	case []any:
		for i := range x {
			x[i] = fillKeys(x[i], list)
		}
	case map[string]any:
		for k := range x {
			x[k] = fillKeys(x[k], list)
		}
	}
	return value
}

func TestParity(t *testing.T) {
	t.Parallel()
	cases, list := loadParity(t)
	used := map[string]bool{}
	for _, v := range cases {
		name := v.Group + "/" + v.Name
		other, deviates := deviations[name]
		back := waysBack[name]
		used[name] = true
		require.False(t, v.Original500 && !deviates, "%s: nothing says what is answered where the original fails", name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			switch {
			case back.setting != "":
				v.replayRequest(t, back.without, true)
				v.Config[back.setting] = true
				v.replayRequest(t, deviation{}, false)
			case v.Request != nil:
				v.replayRequest(t, other, deviates)
			case v.Decode != nil:
				v.replayDecode(t, other)
			case v.Create != nil:
				v.replayCreate(t, other, list)
			default:
				v.replayCookies(t, other)
			}
		})
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(deviations)), slices.Collect(maps.Keys(waysBack))) {
		assert.True(t, used[name], "no case is named %q", name)
	}
}

func TestParityDeviationsAreDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("docs/from-flask.md")
	require.NoError(t, err)
	for name, d := range deviations {
		assert.Contains(t, string(doc), "\n| "+d.row+" | ", name)
	}
	for name, back := range waysBack {
		assert.Regexp(t, `(?m)^\| `+back.row+` \| .*`+back.setting+`=true`, string(doc), name)
	}
}

// settings returns the configuration of a case as settings for LoadConfig. It sets the
// defaults of the original where the defaults of ginjwt are stricter (D10).
func (v parityCase) settings() func(string) (string, bool) {
	env := map[string]string{"JWT_COOKIE_SECURE": "false", "JWT_COOKIE_SAMESITE": "Default"}
	for name, value := range v.Config {
		switch x := value.(type) {
		case []any:
			list, _ := json.Marshal(x)
			env[name] = string(list)
		default:
			env[name] = fmt.Sprint(x)
		}
	}
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

// parityTime is the time of the replay. The tokens were issued in 2020, and expire or
// become valid around 2100.
var parityTime = time.Date(2026, 11, 21, 6, 0, 0, 250e6, time.UTC)

func (v parityCase) manager(t *testing.T) (*ginjwt.JWTManager, error) {
	t.Helper()
	config, err := ginjwt.LoadConfig(v.settings())
	if err != nil {
		return nil, err
	}
	config.Now = func() time.Time { return parityTime }
	mgr := ginjwt.New(config)
	for name, spec := range v.Loaders {
		v.register(t, mgr, name, spec)
	}
	return mgr, nil
}

func (v parityCase) register(t *testing.T, mgr *ginjwt.JWTManager, name string, spec any) {
	t.Helper()
	fields, _ := spec.(map[string]any)
	algorithm, ok := v.Config["JWT_ALGORITHM"].(string)
	if !ok {
		algorithm = "HS256"
	}
	switch name {
	case "blocklist":
		mgr.TokenInBlocklistLoader(func(_ context.Context, token *ginjwt.Token) (bool, error) {
			return slices.Contains(spec.([]any), any(token.ID)), nil
		})
	case "user_lookup":
		mgr.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
			return fields[token.Identity], nil
		})
	case "verification":
		mgr.TokenVerificationLoader(func(_ context.Context, token *ginjwt.Token) (bool, error) {
			return token.Claims()[fields["claim"].(string)] == fields["equals"], nil
		})
	case "decode_key":
		mgr.DecodeKeyLoader(func(_ context.Context, token *ginjwt.Token) (keys.Key, error) {
			var by any
			if member, ok := fields["header"].(string); ok {
				by = token.Header()[member]
			} else {
				by = token.Claims()[fields["claim"].(string)]
			}
			return parityKey(algorithm, choose(fields, by))
		})
	case "encode_key":
		mgr.EncodeKeyLoader(func(_ context.Context, identity any) (keys.Key, error) {
			return parityKey(algorithm, choose(fields, identity))
		})
	case "user_identity":
		mgr.UserIdentityLoader(func(_ context.Context, user any) (string, error) {
			return user.(map[string]any)[fields["field"].(string)].(string), nil
		})
	case "additional_claims":
		mgr.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) { return fields, nil })
	case "additional_headers":
		mgr.AdditionalHeadersLoader(func(context.Context, any) (ginjwt.Header, error) { return fields, nil })
	case "responses":
		registerResponses(t, mgr, fields)
	default:
		t.Fatalf("unknown loader %q", name)
	}
}

func choose(fields map[string]any, by any) string {
	if name, ok := by.(string); ok {
		if key, ok := fields["keys"].(map[string]any)[name].(string); ok {
			return key
		}
	}
	return fields["default"].(string)
}

func parityKey(algorithm, text string) (keys.Key, error) {
	if strings.HasPrefix(algorithm, "HS") {
		return keys.Key{Algorithm: algorithm, Sign: []byte(text)}, nil
	}
	return keys.ParseOne("", algorithm, []byte(text))
}

func registerResponses(t *testing.T, mgr *ginjwt.JWTManager, statuses map[string]any) {
	t.Helper()
	for name, status := range statuses {
		code, err := status.(json.Number).Int64()
		require.NoError(t, err)
		about := func(c *gin.Context, e *ginjwt.Error) {
			c.JSON(int(code), gin.H{"loader": name, "header": e.Token.Header(), "claims": e.Token.Claims()})
		}
		text := func(c *gin.Context, e *ginjwt.Error) {
			c.JSON(int(code), gin.H{"loader": name, "error": e.Message})
		}
		switch name {
		case "expired":
			mgr.ExpiredTokenLoader(about)
		case "needs_fresh":
			mgr.NeedsFreshTokenLoader(about)
		case "revoked":
			mgr.RevokedTokenLoader(about)
		case "verification_failed":
			mgr.TokenVerificationFailedLoader(about)
		case "user_lookup_error":
			mgr.UserLookupErrorLoader(about)
		case "invalid":
			mgr.InvalidTokenLoader(text)
		case "unauthorized":
			mgr.UnauthorizedLoader(text)
		default:
			t.Fatalf("unknown response %q", name)
		}
	}
}

func (v parityCase) required(t *testing.T) (opts []ginjwt.RequiredOption) {
	t.Helper()
	for name, value := range v.Route.Required {
		switch {
		case name == "locations":
			list, ok := value.([]any)
			if !ok {
				list = []any{value}
			}
			var in []ginjwt.Location
			for _, location := range list {
				in = append(in, ginjwt.Location(location.(string)))
			}
			opts = append(opts, ginjwt.Locations(in...))
		case name == "verify_type" && value == false:
			opts = append(opts, ginjwt.AnyType())
		case value == false || name == "verify_type":
		case name == "optional":
			opts = append(opts, ginjwt.Optional())
		case name == "fresh":
			opts = append(opts, ginjwt.Fresh())
		case name == "refresh":
			opts = append(opts, ginjwt.Refresh())
		case name == "skip_revocation_check":
			opts = append(opts, ginjwt.SkipRevocationCheck())
		default:
			t.Fatalf("unknown argument %q", name)
		}
	}
	return opts
}

func (v parityCase) server(t *testing.T) http.Handler {
	t.Helper()
	mgr, err := v.manager(t)
	require.NoError(t, err)
	engine := gin.New()
	require.NoError(t, mgr.InitApp(engine))
	engine.Any("/vault", mgr.JWTRequired(v.required(t)...), func(c *gin.Context) {
		if c.Request.Method == http.MethodOptions {
			c.JSON(http.StatusOK, gin.H{"options": true})
			return
		}
		claims := ginjwt.GetJWT(c)
		answer := gin.H{"identity": nil, "location": nil, "claims": claims, "header": ginjwt.GetJWTHeader(c)}
		if _, ok := ginjwt.GetToken(c); ok {
			answer["location"] = ginjwt.GetJWTRequestLocation(c)
			answer["identity"] = v.identity(c, claims)
		}
		if v.Loaders["user_lookup"] != nil {
			answer["user"] = ginjwt.GetCurrentUser[any](c)
		}
		c.JSON(http.StatusOK, answer)
	})
	return engine
}

// identity returns the identity as text, or its JSON if it is not text.
func (v parityCase) identity(c *gin.Context, claims ginjwt.Claims) any {
	name, ok := v.Config["JWT_IDENTITY_CLAIM"].(string)
	if !ok {
		name = "sub"
	}
	if _, ok := claims[name].(string); ok {
		return ginjwt.GetJWTIdentity(c)
	}
	return json.RawMessage(ginjwt.GetJWTIdentity(c))
}

func (q parityRequest) build() *http.Request {
	body := []byte(q.Body)
	if q.BodyBase64 != nil {
		body = q.BodyBase64
	}
	target := q.Path
	if q.Query != "" {
		target += "?" + q.Query
	}
	r := httptest.NewRequest(q.Method, target, bytes.NewReader(body))
	for _, h := range q.Headers {
		r.Header.Add(h[0], h[1])
	}
	var cookies []string
	for _, c := range q.Cookies {
		cookies = append(cookies, c[0]+"="+c[1])
	}
	if cookies != nil {
		r.Header.Set("Cookie", strings.Join(cookies, "; "))
	}
	if q.ContentType != nil {
		r.Header.Set("Content-Type", *q.ContentType)
	}
	return r
}

func (v parityCase) replayRequest(t *testing.T, other deviation, deviates bool) {
	v.answer(t, other, deviates, v.server(t))
	v.Config["JWT_TOKEN_CACHE_SIZE"] = -1
	v.answer(t, other, deviates, v.server(t))
	v.Config["JWT_TOKEN_CACHE_SIZE"] = 100
	server := v.server(t)
	v.answer(t, other, deviates, server)
	v.answer(t, other, deviates, server) // the token is in the cache now
}

func (v parityCase) answer(t *testing.T, other deviation, deviates bool, server http.Handler) {
	t.Helper()
	w := httptest.NewRecorder()
	server.ServeHTTP(w, v.Request.build())
	refused := w.Code >= 400 && w.Code != 404 && w.Code != 410 // what loaders answer that hide a route
	assert.Equal(t, refused, strings.Contains(w.Header().Get("WWW-Authenticate"), `reason="`), "D9")
	if deviates {
		require.Equal(t, other.status, w.Code, w.Body)
		if other.status == 200 {
			assert.Equal(t, other.identity, decodeExact(t, w.Body).(map[string]any)["identity"])
		} else {
			assert.JSONEq(t, `{"msg": `+mustJSON(other.message)+`}`, w.Body.String())
			assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
		}
		return
	}
	require.Equal(t, v.Expect.Status, w.Code, w.Body)
	if v.Request.Method == http.MethodHead {
		return
	}
	contentType, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	assert.Equal(t, v.Expect.ContentType, contentType)
	got := decodeExact(t, w.Body)
	if prefix := v.Expect.MessagePrefix; prefix != "" {
		key, ok := v.Config["JWT_ERROR_MESSAGE_KEY"].(string)
		if !ok {
			key = "msg"
		}
		message, _ := got.(map[string]any)[key].(string)
		assert.True(t, strings.HasPrefix(message, prefix), message)
		return
	}
	if !sameJSON(got, v.Expect.JSON) {
		t.Errorf("got  %v\nwant %v", got, v.Expect.JSON)
	}
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func decodeExact(t *testing.T, r io.Reader) (value any) {
	t.Helper()
	decoder := json.NewDecoder(r)
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&value))
	return value
}

// sameJSON compares JSON values. It compares numbers by value, and true is not 1.
func sameJSON(a, b any) bool {
	switch x := a.(type) {
	case json.Number:
		y, ok := b.(json.Number)
		if !ok {
			return false
		}
		p, ok1 := new(big.Rat).SetString(x.String())
		q, ok2 := new(big.Rat).SetString(y.String())
		return ok1 && ok2 && p.Cmp(q) == 0
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, sameJSON)
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k := range x {
			if v, ok := y[k]; !ok || !sameJSON(x[k], v) {
				return false
			}
		}
		return true
	}
	return a == b
}

// pythonKinds map the exceptions of the original to errors. KeyError is raised for a token
// without the requested claim.
var pythonKinds = map[string]error{
	"ExpiredSignatureError": ginjwt.ErrExpiredToken,
	"CSRFError":             ginjwt.ErrCSRF,
	"KeyError":              ginjwt.ErrInvalidToken,
}

func (v parityCase) checkError(t *testing.T, err error) {
	t.Helper()
	kind, ok := pythonKinds[v.Expect.Error.Class]
	if !ok {
		kind = ginjwt.ErrInvalidToken
	}
	require.ErrorIs(t, err, kind)
	var e *ginjwt.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, v.Expect.Error.Class == "ExpiredSignatureError", e.Token != nil, "the exception has jwt_header and jwt_data")
	want := v.Expect.Error.Message
	switch v.Expect.Error.Class {
	case "ExpiredSignatureError":
		want = "Token has expired" // what a client reads
	case "KeyError":
		want = "Missing claim: csrf"
	}
	assert.Equal(t, want, e.Message)
}

func (v parityCase) replayDecode(t *testing.T, other deviation) {
	mgr, err := v.manager(t)
	require.NoError(t, err)
	require.NoError(t, mgr.InitApp(nil))
	got, err := v.callDecode(t, mgr)
	if other.err != nil {
		require.ErrorIs(t, err, other.err)
		return
	}
	if v.Expect.Error != nil {
		v.checkError(t, err)
		return
	}
	require.NoError(t, err)
	if !sameJSON(decodeExact(t, strings.NewReader(mustJSON(got))), v.Expect.Result) {
		t.Errorf("got  %v\nwant %v", got, v.Expect.Result)
	}
}

func (v parityCase) callDecode(t *testing.T, mgr *ginjwt.JWTManager) (any, error) {
	t.Helper()
	ctx, encoded := t.Context(), v.Decode["token"].(string)
	switch v.Decode["function"] {
	case "get_jti":
		id, err := mgr.GetJTI(ctx, encoded)
		if id == "" {
			return nil, err
		}
		return id, err
	case "get_csrf_token":
		return mgr.GetCSRFToken(ctx, encoded)
	case "get_unverified_jwt_headers":
		return ginjwt.GetUnverifiedJWTHeaders(encoded)
	}
	var opts []ginjwt.DecodeOption
	if csrf, ok := v.Decode["csrf"].(string); ok {
		opts = append(opts, ginjwt.RequireCSRF(csrf))
	}
	if v.Decode["allow_expired"] == true {
		opts = append(opts, ginjwt.AllowExpired())
	}
	token, err := mgr.DecodeToken(ctx, encoded, opts...)
	if err != nil {
		return nil, err
	}
	return token.Claims(), nil
}

func (v parityCase) replayCreate(t *testing.T, other deviation, list map[string]string) {
	encoded, err := v.callCreate(t)
	if other.err != nil {
		require.ErrorIs(t, err, other.err)
		return
	}
	if v.Expect.Error != nil {
		require.ErrorContains(t, err, mintingErrors[v.Expect.Error.Message])
		return
	}
	require.NoError(t, err)
	if other.row == "D3" {
		v.Expect.SecondsAfterNow["exp"] = 900
	}
	if other.row == "D4" {
		v.Expect.Payload["sub"] = "42"
	}
	v.checkCreated(t, encoded, list)
}

// mintingErrors map the errors of the original, which are for developers, to the errors of
// ginjwt for the same mistake.
var mintingErrors = map[string]string{
	"Issuer (iss) must be a string.":                                                        `claim is set by this package: "iss": use WithIssuer`,
	"Key ID header parameter must be a string":                                              `"kid" must be a string`,
	`JWT_SECRET_KEY or flask SECRET_KEY must be set when using symmetric algorithm "HS256"`: `SecretKey (JWT_SECRET_KEY): must be set to use the symmetric algorithm "HS256"`,
	`JWT_PRIVATE_KEY must be set to use asymmetric cryptography algorithm "RS256"`:          "no signing key: set PrivateKey",
}

func (v parityCase) callCreate(t *testing.T) (string, error) {
	t.Helper()
	mgr, err := v.manager(t)
	require.NoError(t, err)
	if err := mgr.InitApp(nil); err != nil {
		return "", err
	}
	opts := v.tokenOptions(t)
	identity := v.Create["identity"]
	if number, ok := identity.(json.Number); ok {
		identity, err = number.Int64()
		require.NoError(t, err)
	}
	if v.Create["function"] == "create_refresh_token" {
		return mgr.CreateRefreshToken(t.Context(), identity, opts...)
	}
	return mgr.CreateAccessToken(t.Context(), identity, opts...)
}

func (v parityCase) tokenOptions(t *testing.T) (opts []ginjwt.TokenOption) {
	t.Helper()
	seconds := func(value any) int64 {
		n, err := value.(json.Number).Int64()
		require.NoError(t, err)
		return n
	}
	switch fresh := v.Create["fresh"].(type) {
	case bool:
		if fresh {
			opts = append(opts, ginjwt.WithFresh())
		}
	case map[string]any:
		opts = append(opts, ginjwt.WithFreshFor(time.Duration(seconds(fresh["for_seconds"]))*time.Second))
	case json.Number:
		opts = append(opts, ginjwt.WithFreshUntil(time.Unix(seconds(fresh), 0)))
	}
	switch delta := v.Create["expires_delta"].(type) {
	case bool:
		opts = append(opts, ginjwt.WithExpires(ginjwt.NeverExpires))
	case json.Number:
		opts = append(opts, ginjwt.WithExpires(time.Duration(seconds(delta))*time.Second))
	}
	if claims, ok := v.Create["additional_claims"].(map[string]any); ok {
		opts = append(opts, ginjwt.WithClaims(claims))
	}
	if header, ok := v.Create["additional_headers"].(map[string]any); ok {
		opts = append(opts, ginjwt.WithHeaders(header))
	}
	return opts
}

var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func (v parityCase) checkCreated(t *testing.T, encoded string, list map[string]string) {
	t.Helper()
	verifySignature(t, encoded, v.Expect.Header["alg"].(string), fillKeys(v.Expect.VerifyKey, list).(string))
	parts := strings.Split(encoded, ".")
	header, claims := decodePart(t, parts[0]), decodePart(t, parts[1])
	assert.True(t, sameJSON(header, v.Expect.Header), "header %v", header)

	for _, name := range v.Expect.UUID4 {
		assert.Regexp(t, uuid4, claims[name])
		delete(claims, name)
	}
	for name, offset := range v.Expect.SecondsAfterNow {
		seconds, err := claims[name].(json.Number).Int64()
		require.NoError(t, err)
		assert.Equal(t, parityTime.Unix()+offset, seconds, name)
		delete(claims, name)
	}
	for name, offset := range v.Expect.FractionAfterNow {
		seconds, err := claims[name].(json.Number).Float64()
		require.NoError(t, err)
		assert.InDelta(t, float64(parityTime.UnixMicro())/1e6+offset, seconds, 1e-3, name)
		delete(claims, name)
	}
	assert.True(t, sameJSON(claims, any(v.Expect.Payload)), "claims %v", claims)
}

func decodePart(t *testing.T, part string) map[string]any {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(part)
	require.NoError(t, err)
	return decodeExact(t, bytes.NewReader(data)).(map[string]any)
}

// verifySignature verifies with golang-jwt only.
func verifySignature(t *testing.T, encoded, algorithm, key string) {
	t.Helper()
	_, err := jwt.Parse(encoded, func(*jwt.Token) (any, error) {
		switch algorithm[:2] {
		case "HS":
			return []byte(key), nil
		case "ES":
			return jwt.ParseECPublicKeyFromPEM([]byte(key))
		case "Ed":
			return jwt.ParseEdPublicKeyFromPEM([]byte(key))
		}
		return jwt.ParseRSAPublicKeyFromPEM([]byte(key))
	}, jwt.WithValidMethods([]string{algorithm}), jwt.WithoutClaimsValidation())
	require.NoError(t, err)
}

func (v parityCase) replayCookies(t *testing.T, other deviation) {
	mgr, err := v.manager(t)
	require.NoError(t, err)
	require.NoError(t, mgr.InitApp(nil))
	w := httptest.NewRecorder()
	c, _ := gin.CreateTestContext(w)
	c.Request = httptest.NewRequest(http.MethodGet, "/", nil)

	for _, call := range v.Cookies {
		err = errors.Join(err, callCookies(t, mgr, c, call))
	}
	if v.Expect.Error != nil {
		v.checkError(t, err)
		assert.Empty(t, w.Header().Values("Set-Cookie"))
		return
	}
	require.NoError(t, err)
	got := w.Result().Cookies()
	for _, want := range v.Expect.SetCookie {
		domain, _ := want.Attributes["Domain"].(string)
		i := slices.IndexFunc(got, func(cookie *http.Cookie) bool {
			return cookie.Name == want.Name && cookie.Domain == domain && cookie.Path == want.Attributes["Path"]
		})
		require.GreaterOrEqual(t, i, 0, want.Name)
		if other.row == "D14" && want.lasts(t) == 31540000 {
			want.setLasts(int64(time.Unix(4102444800, 0).Sub(parityTime).Seconds()))
		}
		want.check(t, got[i])
		got = slices.Delete(got, i, i+1)
	}
	for _, cookie := range got { // what the original does not do: cookies elsewhere are removed
		assert.Equal(t, "Thu, 01 Jan 1970 00:00:00 GMT", cookie.RawExpires)
		assert.Empty(t, cookie.Value)
	}
}

func callCookies(t *testing.T, mgr *ginjwt.JWTManager, c *gin.Context, call map[string]any) error {
	t.Helper()
	var opts []ginjwt.CookieOption
	if maxAge, ok := call["max_age"].(json.Number); ok {
		seconds, err := maxAge.Int64()
		require.NoError(t, err)
		opts = append(opts, ginjwt.WithMaxAge(time.Duration(seconds)*time.Second))
	}
	if domain, ok := call["domain"].(string); ok {
		opts = append(opts, ginjwt.WithDomain(domain))
	}
	switch token, _ := call["token"].(string); call["call"] {
	case "set_access_cookies":
		return mgr.SetAccessCookies(c, token, opts...)
	case "set_refresh_cookies":
		return mgr.SetRefreshCookies(c, token, opts...)
	case "unset_access_cookies":
		mgr.UnsetAccessCookies(c, opts...)
	case "unset_refresh_cookies":
		mgr.UnsetRefreshCookies(c, opts...)
	case "unset_jwt_cookies":
		mgr.UnsetJWTCookies(c, opts...)
	default:
		t.Fatalf("unknown call %v", call["call"])
	}
	return nil
}

func (k parityCookie) lasts(t *testing.T) int64 {
	t.Helper()
	if k.Attributes["Max-Age"] == nil {
		return 0
	}
	seconds, err := k.Attributes["Max-Age"].(json.Number).Int64()
	require.NoError(t, err)
	return seconds
}

func (k parityCookie) setLasts(seconds int64) {
	number := json.Number(fmt.Sprint(seconds))
	k.Attributes["Max-Age"] = number
	k.Attributes["Expires"] = map[string]any{"seconds_after_now": number}
}

func (k parityCookie) check(t *testing.T, got *http.Cookie) {
	t.Helper()
	assert.Equal(t, k.Value, got.Value)
	assert.Equal(t, k.Attributes["Path"], any(got.Path))
	assert.Equal(t, k.Attributes["HttpOnly"] == true, got.HttpOnly)
	assert.Equal(t, k.Attributes["Secure"] == true, got.Secure)
	domain, _ := k.Attributes["Domain"].(string)
	assert.Equal(t, domain, got.Domain)
	assert.Equal(t, k.lasts(t), int64(got.MaxAge))
	sameSites := map[any]http.SameSite{nil: 0, "Lax": http.SameSiteLaxMode, "Strict": http.SameSiteStrictMode, "None": http.SameSiteNoneMode}
	assert.Equal(t, sameSites[k.Attributes["SameSite"]], got.SameSite)
	switch expires := k.Attributes["Expires"].(type) {
	case nil:
		assert.Empty(t, got.RawExpires)
	case string:
		assert.Equal(t, expires, got.RawExpires)
	default:
		assert.WithinDuration(t, parityTime.Add(time.Duration(k.lasts(t))*time.Second), got.Expires, time.Second)
	}
}
