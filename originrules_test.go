package ginjwt_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// These are what a request may say about its page, by how much that is worth.
var (
	saidSites = map[string][][]string{
		"no site":     {nil},
		"same-origin": {{"same-origin"}},
		"none":        {{"none"}},
		"other": {
			{"same-site"}, {"cross-site"}, {""}, {"Same-Origin"}, {" same-origin"}, {"same-origin, same-origin"}, {"null"}, {"new-value"},
			{"same-origin", "same-origin"}, {"same-origin", "cross-site"}, {"none", "none"}, {"", "same-origin"}, {"same-origin", ""},
		},
	}
	saidOrigins = map[string][][]string{
		"no origin": {nil},
		"own":       {{"https://app.example"}, {"https://app.example:443"}},
		"own, http": {{"http://app.example"}, {"http://app.example:80"}},
		"trusted":   {{"https://www.example"}, {"https://www.example:8443"}, {"http://localhost:5173"}, {"https://[2001:db8::1]"}},
		"null":      {{"null"}},
		"foreign": {
			{""}, {"https://evil.example"}, {"https://forwarded.example"}, {"https://app.example:8443"}, {"https://app.example:80"}, {"http://app.example:443"},
			{"https://app.example/"}, {"HTTPS://app.example"}, {"https://APP.example"}, {"https://app.example."}, {"https://evil@app.example"},
			{"https://app.example.evil.example"}, {"https://blog.app.example"}, {"app.example"}, {"//app.example"}, {"https://"}, {"wss://app.example"},
			{"http://www.example"}, {"https://www.example/"}, {"https://WWW.example"}, {"https://www.example:443"}, {"http://localhost:5174"},
			{"chrome-extension://app.example"}, {"https://app.example https://app.example"}, {"https://app.example, https://app.example"}, {"NULL"},
		},
		"several": {{"https://app.example", "https://app.example"}, {"https://app.example", "https://evil.example"}, {"https://www.example", "https://www.example"}, {"", "https://www.example"}},
	}
)

// originVerdicts is the rule of Config.CSRFProtection: yes, no, "http" if cookies without
// Secure allow it, or "silent" if the request says nothing.
var originVerdicts = map[string]map[string]string{
	"no site":     {"no origin": "silent", "own": "yes", "own, http": "http", "trusted": "yes", "null": "no", "foreign": "no", "several": "no"},
	"same-origin": {"no origin": "yes", "own": "yes", "own, http": "yes", "trusted": "yes", "null": "yes", "foreign": "yes", "several": "yes"},
	"none":        {"no origin": "yes", "own": "yes", "own, http": "yes", "trusted": "yes", "null": "no", "foreign": "yes", "several": "yes"},
	"other":       {"no origin": "no", "own": "no", "own, http": "no", "trusted": "yes", "null": "no", "foreign": "no", "several": "no"},
}

const (
	saysOther  = `{"msg":"The request comes from another origin"}` + "\n"
	saysSilent = `{"msg":"Missing Sec-Fetch-Site or Origin header. A client that is not a browser sends its token in a header"}` + "\n"
	saysNoCSRF = `{"msg":"Missing CSRF token"}` + "\n"
)

func trustingConfig(protection string) ginjwt.Config {
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	config.CSRFProtection = protection
	config.CSRFTrustedOrigins = []string{"https://www.example", "https://www.example:8443", "http://localhost:5173", "https://[2001:db8::1]"}
	return config
}

// eachSaying calls f with every combination of what a request may say, and its verdict.
func eachSaying(plain bool, f func(verdict string, sites, origins []string)) {
	for site, rows := range originVerdicts {
		for origin, verdict := range rows {
			if verdict == "http" {
				verdict = map[bool]string{true: "yes", false: "no"}[plain]
			}
			for _, sites := range saidSites[site] {
				for _, origins := range saidOrigins[origin] {
					f(verdict, sites, origins)
				}
			}
		}
	}
}

func saying(method, host string, sites, origins []string) *http.Request {
	r := httptest.NewRequest(method, "/", nil)
	r.Host = host
	r.Header["Sec-Fetch-Site"], r.Header["Origin"] = sites, origins
	if sites == nil {
		delete(r.Header, "Sec-Fetch-Site")
	}
	if origins == nil {
		delete(r.Header, "Origin")
	}
	r.Header.Set("X-Forwarded-Host", "forwarded.example")
	r.Header.Set("X-Forwarded-Proto", "http")
	return r
}

func TestFetchMetadata(t *testing.T) {
	t.Parallel()
	for _, protection := range []string{"double_submit", "fetch_metadata", "both"} {
		for _, plain := range []bool{false, true} {
			config := trustingConfig(protection)
			config.DisableCookieSecure = plain
			mgr, engine := newManager(t, config)
			engine.POST("/", mgr.JWTRequired(), identify)
			encoded := jwttest.AccessToken(t, mgr, "alice")
			csrf, err := mgr.GetCSRFToken(t.Context(), encoded)
			require.NoError(t, err)
			for _, host := range []string{"app.example", "APP.example"} {
				for _, value := range []string{csrf, ""} {
					eachSaying(plain, func(verdict string, sites, origins []string) {
						want := map[string]string{"yes": "alice", "no": saysOther, "silent": saysSilent}[verdict]
						if protection == "double_submit" {
							want = "alice"
						}
						if want == "alice" && value == "" && protection != "fetch_metadata" {
							want = saysNoCSRF
						}
						r := saying("POST", host, sites, origins)
						r.Header.Set("Cookie", "access_token_cookie="+encoded)
						r.Header.Set("X-CSRF-TOKEN", value)
						w := httptest.NewRecorder()
						engine.ServeHTTP(w, r)
						assert.Equal(t, want, w.Body.String(), "%s, plain %v, value %q, site %q, origin %q", protection, plain, value, sites, origins)
						assert.Equal(t, map[string]int{"alice": 200, saysNoCSRF: 401, saysOther: 403, saysSilent: 403}[want], w.Code)
					})
				}
			}
		}
	}
}

// The port of the Host header may be the default port, as some proxies write it.
func TestFetchMetadataAndPorts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		host, origin string
		plain, ok    bool
	}{
		{"app.example:443", "https://app.example", false, true},
		{"app.example:80", "https://app.example", false, false},
		{"app.example:8443", "https://app.example:8443", false, true},
		{"app.example:8443", "https://app.example", false, false},
		{"[::1]:443", "https://[::1]", false, true},
		{"[::1]", "https://[::1]", false, true},
		{"app.example:80", "http://app.example", true, true},
		{"app.example:443", "http://app.example", true, false},
		{"app.example:8080", "http://app.example:8080", true, true},
		{"app.example:8080", "http://app.example:8080", false, false},
		{"", "https://", false, false},
		{":443", "https://", false, false},
		{"", "null", false, false},
	} {
		config := trustingConfig("fetch_metadata")
		config.DisableCookieSecure = test.plain
		mgr, engine := newManager(t, config)
		engine.POST("/", mgr.JWTRequired(), identify)
		r := saying("POST", test.host, nil, []string{test.origin})
		r.Header.Set("Cookie", "access_token_cookie="+jwttest.AccessToken(t, mgr, "alice"))
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, r)
		assert.Equal(t, test.ok, w.Code == 200, "%+v", test)
	}
}

// asUpgrade are requests that ask for another protocol, by method and header.
var asUpgrade = []struct {
	method, header, value string
	is                    bool
}{
	{"GET", "Upgrade", "websocket", true},
	{"GET", "Upgrade", "", true},
	{"GET", "Upgrade", "h2c", true},
	{"HEAD", "Upgrade", "websocket", true},
	{"TRACE", "Upgrade", "websocket", true},
	{"OPTIONS", "Upgrade", "websocket", true},
	{"GET", "Connection", "upgrade", true},
	{"GET", "Connection", "keep-alive,\tUpgrade", true},
	{"CONNECT", ":protocol", "websocket", true},
	{"CONNECT", "X", "", true},
	{"GET", "Connection", "keep-alive", false},
	{"GET", "Upgrade-Insecure-Requests", "1", false},
	{"HEAD", "X", "", false},
	{"TRACE", "X", "", false},
	{"OPTIONS", "X", "", false},
}

// A request that asks for another protocol is checked, whatever its method and CSRFMethods
// say. It needs no CSRF value.
func TestFetchMetadataOfUpgrades(t *testing.T) {
	t.Parallel()
	for _, protection := range []string{"double_submit", "fetch_metadata", "both"} {
		config := trustingConfig(protection)
		config.CSRFMethods = []string{"POST"}
		mgr, _ := newManager(t, config)
		handler := mgr.Middleware()(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		for _, as := range asUpgrade {
			for site, want := range map[string]int{"same-origin": 200, "cross-site": 403, "same-site": 403} {
				r := saying(as.method, "app.example", []string{site}, nil)
				r.Header[as.header] = []string{as.value}
				r.Header.Set("Cookie", "access_token_cookie="+jwttest.AccessToken(t, mgr, "alice"))
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				if protection == "double_submit" || !as.is {
					want = 200
				}
				assert.Equal(t, want, w.Code, "%s %+v %s", protection, as, site)
			}
		}
	}
}

// Without CSRFMethods every method is checked that is not safe, and with it these, however
// they are spelled.
func TestFetchMetadataMethods(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		methods []string
		method  string
		checked bool
	}{
		{nil, "GET", false}, {nil, "HEAD", false}, {nil, "OPTIONS", false}, {nil, "TRACE", false},
		{nil, "POST", true}, {nil, "PUT", true}, {nil, "PATCH", true}, {nil, "DELETE", true}, {nil, "QUERY", true}, {nil, "get", true}, {nil, "post", true},
		{[]string{"PATCH"}, "PATCH", true}, {[]string{"PATCH"}, "patch", true}, {[]string{"PATCH"}, "POST", false},
		{[]string{"GET"}, "GET", true}, {[]string{"GET"}, "HEAD", false},
	} {
		config := trustingConfig("fetch_metadata")
		config.CSRFMethods = test.methods
		mgr, _ := newManager(t, config)
		handler := mgr.Middleware()(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		r := saying(test.method, "app.example", []string{"same-site"}, []string{"https://blog.example"})
		r.Header.Set("Cookie", "access_token_cookie="+jwttest.AccessToken(t, mgr, "alice"))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		assert.Equal(t, test.checked, w.Code == 403, "%+v", test)
	}
}

// Only a token in a cookie needs a page, also if the browser sends cookies beside it. A
// cookie that is checked makes no request anonymous.
func TestFetchMetadataIsForCookies(t *testing.T) {
	t.Parallel()
	config := trustingConfig("both")
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InJSON}
	mgr, engine := newManager(t, config)
	engine.POST("/", mgr.JWTRequired(), identify)
	engine.POST("/optional", mgr.JWTRequired(ginjwt.Optional()), identify)
	encoded := jwttest.AccessToken(t, mgr, "alice")
	for path, want := range map[string]string{"/": saysOther, "/optional": saysOther} {
		r := saying("POST", "app.example", []string{"cross-site"}, nil)
		r.URL.Path = path
		r.Header.Set("Cookie", "access_token_cookie="+encoded)
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, r)
		assert.Equal(t, want, w.Body.String())

		r.Header.Set("Authorization", "Bearer "+encoded)
		w = httptest.NewRecorder()
		engine.ServeHTTP(w, r)
		assert.Equal(t, "alice", w.Body.String())
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(`{"access_token":"`+encoded+`"}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	engine.ServeHTTP(w, r)
	assert.Equal(t, "alice", w.Body.String())
}

// A preflight passes as before: it has no cookie that could be checked.
func TestFetchMetadataLetsPreflightsPass(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, trustingConfig("both"))
	engine.Any("/", mgr.JWTRequired(), identify)
	r := saying("OPTIONS", "app.example", []string{"cross-site"}, []string{"https://evil.example"})
	r.Header.Set("Access-Control-Request-Method", "POST")
	w := httptest.NewRecorder()
	engine.ServeHTTP(w, r)
	assert.Equal(t, 200, w.Code)
}

// The other doors check a cookie in the same way: a refresh, a logout and a ticket. Trusted
// pages may use them.
func TestFetchMetadataAtEveryDoor(t *testing.T) {
	t.Parallel()
	for _, protection := range []string{"fetch_metadata", "both"} {
		config, _ := sessionsConfig()
		config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
		config.CSRFProtection, config.CSRFTrustedOrigins = protection, []string{"https://www.example"}
		mgr, engine := newManager(t, config)
		engine.POST("/refresh", mgr.RefreshHandler())
		engine.POST("/logout", mgr.LogoutHandler())
		engine.POST("/ticket", mgr.TicketHandler())
		pair := newPair(t, mgr)
		send := func(path, csrf string, sites, origins []string) *httptest.ResponseRecorder {
			r := saying("POST", "app.example", sites, origins)
			r.URL.Path = path
			if path == "/ticket" {
				r.Header.Set("Content-Type", "application/json")
				body := strings.NewReader(`{"url":"/ws"}`)
				r.Body, r.ContentLength = http.NoBody, 0
				r2 := httptest.NewRequest("POST", path, body)
				r2.Header, r2.Host = r.Header, r.Host
				r = r2
			}
			r.Header.Set("Cookie", "access_token_cookie="+pair.AccessToken+"; refresh_token_cookie="+pair.RefreshToken)
			r.Header.Set("X-CSRF-TOKEN", csrf)
			w := httptest.NewRecorder()
			engine.ServeHTTP(w, r)
			return w
		}
		for _, path := range []string{"/refresh", "/ticket", "/logout"} {
			for _, site := range []string{"same-site", "cross-site"} {
				w := send(path, pair.CSRF, []string{site}, []string{"https://blog.example"})
				assert.Equal(t, 403, w.Code, path)
				assert.Equal(t, saysOther, w.Body.String(), path)
				assert.Empty(t, w.Header()["Set-Cookie"], path)
			}
			w := send(path, pair.CSRF, nil, nil)
			assert.Equal(t, 403, w.Code, path)
			assert.Equal(t, saysSilent, w.Body.String(), path)
			assert.Empty(t, w.Header()["Set-Cookie"], path)
			if w = send(path, "", []string{"same-origin"}, nil); protection == "both" {
				assert.Equal(t, saysNoCSRF, w.Body.String(), path)
			} else {
				assert.Less(t, w.Code, 300, path)
			}
			if w = send(path, pair.CSRF, []string{"same-site"}, []string{"https://www.example"}); protection == "both" || path != "/logout" {
				assert.Less(t, w.Code, 300, path)
			}
		}
		sessions, err := mgr.Sessions(t.Context(), "alice")
		require.NoError(t, err)
		assert.Empty(t, sessions, "the last logout was allowed")
	}
}

// With CSRFMethods that leave out POST, a logout still refuses pages of other origins.
func TestFetchMetadataOfALogoutThatNeedsNoProof(t *testing.T) {
	t.Parallel()
	config := trustingConfig("fetch_metadata")
	config.CSRFMethods = []string{"DELETE"}
	mgr, engine := newManager(t, config)
	engine.POST("/", mgr.LogoutHandler())
	encoded := jwttest.AccessToken(t, mgr, "alice")
	for _, test := range []struct {
		origins []string
		want    int
	}{{[]string{"http://app.example"}, 403}, {[]string{"https://evil.example"}, 403}, {[]string{"https://www.example"}, 204}, {nil, 204}} {
		r := saying("POST", "app.example", nil, test.origins)
		r.Header.Set("Cookie", "access_token_cookie="+encoded)
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, r)
		assert.Equal(t, test.want, w.Code, test.origins)
	}
}

// A page of another origin that sends a token of its own does not remove the cookies of
// the user, and a request without an origin does not either; a trusted page does.
func TestFetchMetadataOfALogoutWithAForeignToken(t *testing.T) {
	t.Parallel()
	config := trustingConfig("fetch_metadata")
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies, ginjwt.InHeaders}
	mgr, engine := newManager(t, config)
	engine.POST("/", mgr.LogoutHandler())
	for _, test := range []struct {
		origin  string
		removed int
	}{{"", 0}, {"http://app.example", 0}, {"https://evil.example", 0}, {"https://app.example", 4}, {"https://www.example", 4}} {
		r := saying("POST", "app.example", nil, []string{test.origin})
		if test.origin == "" {
			r.Header.Del("Origin")
		}
		r.Header.Set("Authorization", "Bearer "+jwttest.AccessToken(t, mgr, "mallory"))
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, r)
		assert.Equal(t, 204, w.Code)
		assert.Len(t, w.Result().Cookies(), test.removed, test.origin)
	}
}

// A login accepts what Fetch Metadata accepts, in every mode, and clients that are not
// browsers.
func TestSameOriginRequired(t *testing.T) {
	t.Parallel()
	for _, configure := range []func(*ginjwt.Config){
		func(*ginjwt.Config) {},
		func(c *ginjwt.Config) { c.CSRFProtection = "both" },
		func(c *ginjwt.Config) { c.CSRFProtection = "fetch_metadata" },
		func(c *ginjwt.Config) { c.DisableCookieCSRFProtect = true },
		func(c *ginjwt.Config) { c.CSRFMethods = []string{"DELETE"} },
	} {
		config := trustingConfig("")
		configure(&config)
		mgr, engine := newManager(t, config)
		engine.POST("/", mgr.SameOriginRequired(), func(c *gin.Context) { c.String(200, "alice") })
		forHTTP := mgr.SameOriginMiddleware()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("alice")) }))
		for _, handler := range []http.Handler{engine, forHTTP} {
			for _, cookie := range []string{"", "theme=dark"} {
				eachSaying(false, func(verdict string, sites, origins []string) {
					if verdict == "silent" && cookie == "" {
						verdict = "yes"
					}
					r := saying("POST", "app.example", sites, origins)
					if cookie != "" {
						r.Header.Set("Cookie", cookie)
					}
					w := httptest.NewRecorder()
					handler.ServeHTTP(w, r)
					want := map[string]string{"yes": "alice", "no": saysOther, "silent": saysSilent}[verdict]
					assert.Equal(t, want, w.Body.String(), "cookie %q, site %q, origin %q", cookie, sites, origins)
					assert.Equal(t, map[bool]int{true: 200, false: 403}[verdict == "yes"], w.Code)
				})
			}
		}
		for _, as := range asUpgrade {
			r := saying(as.method, "app.example", []string{"cross-site"}, nil)
			r.Header[as.header] = []string{as.value}
			w := httptest.NewRecorder()
			forHTTP.ServeHTTP(w, r)
			assert.Equal(t, as.is, w.Code == 403, "%+v", as)
		}
	}
}

func TestSameOriginRequiredNeedsInitApp(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(jwttest.Config(nil))
	assert.Panics(t, func() { mgr.SameOriginRequired() })
	assert.Panics(t, func() { mgr.SameOriginMiddleware() })
}

// The log says what to do about a refusal, the response does not.
func TestLogOfAnotherOrigin(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, trustingConfig("fetch_metadata"))
	for _, test := range []struct {
		sites []string
		says  string
	}{
		{[]string{"cross-site"}, "ginjwt: CSRF check failed (csrf_cross_origin): The request comes from another origin: if its pages may act for your users, name the origin in CSRFTrustedOrigins"},
		{nil, "ginjwt: CSRF check failed (csrf_cross_origin): Missing Sec-Fetch-Site or Origin header. A client that is not a browser sends its token in a header; a proxy must pass on both"},
	} {
		r := saying("POST", "app.example", test.sites, nil)
		r.Header.Set("Cookie", "access_token_cookie="+jwttest.AccessToken(t, mgr, "alice"))
		_, err := mgr.VerifyRequest(r)
		require.ErrorIs(t, err, ginjwt.ErrCSRF)
		assert.EqualError(t, err, test.says)
	}
}

func TestCSRFSettings(t *testing.T) {
	t.Parallel()
	const form = `%q is not an origin as browsers send it; write scheme://host or scheme://host:port in lower case, without a path and wildcards, and without the default port`
	refused := map[string]string{
		"null":                  `"null" is the origin of every sandboxed page of every site; remove it`,
		"http://app.example":    `"http://app.example" is not encrypted: anybody in the network can change its pages; use https`,
		"http://192.168.1.20":   `"http://192.168.1.20" is not encrypted: anybody in the network can change its pages; use https`,
		"http://localhost.evil": `"http://localhost.evil" is not encrypted: anybody in the network can change its pages; use https`,
	}
	for _, origin := range []string{
		"", "*", "https://*", "https://*.example", "app.example", "https://app.example/", "https://app.example?", "https://app.example#", "https://app.example/a",
		"https://App.example", "HTTPS://app.example", "https://bücher.example", "https://a b.example", "https://user@app.example", "https://user:pass@app.example",
		"https://app.example:443", "http://localhost:80", "https://app.example:", "https://app.example:0", "https://app.example:65536", "https://app.example:08443",
		"https://[::1", "https://[0::1]", "https://[fe80::1%25eth0]", "https://", "//app.example", "ftp://app.example", "file://", "chrome-extension://abc", "https:app.example",
		"https://app.example, https://b.example", "https://-a.example", "https://a.example.", "https://a\x00.example", "https://%61pp.example", " https://app.example",
		"https://[::ffff:192.0.2.1]", "https://[::ffff:c000:201]", "https://127.1", "https://192.168.001.1", "https://2130706433", "https://0x7f.0x1", "https://a.example.1",
	} {
		refused[origin] = strings.Replace(form, "%q", strconv.Quote(origin), 1)
	}
	for origin, says := range refused {
		config := trustingConfig("both")
		config.CSRFTrustedOrigins = []string{origin}
		assert.EqualError(t, ginjwt.New(config).InitApp(gin.New()), "ginjwt: CSRFTrustedOrigins (JWT_CSRF_TRUSTED_ORIGINS): "+says, origin)
	}
	for _, origin := range []string{
		"https://app.example", "https://xn--bcher-kva.example:8443", "https://localhost", "http://localhost:5173", "http://app.localhost", "http://127.0.0.1:8080",
		"http://[::1]:8080", "https://[2001:db8::1]", "https://192.168.1.20", "https://1.example", "https://a_b.example", "https://app.example:80", "http://localhost:443",
	} {
		config := trustingConfig("both")
		config.CSRFTrustedOrigins = []string{origin}
		assert.NoError(t, ginjwt.New(config).InitApp(gin.New()), origin)
	}
	for says, configure := range map[string]func(*ginjwt.Config){
		`CSRFTrustedOrigins (JWT_CSRF_TRUSTED_ORIGINS): contains "https://a.example" twice; remove one`: func(c *ginjwt.Config) {
			c.CSRFTrustedOrigins = []string{"https://a.example", "https://b.example", "https://a.example"}
		},
		`CSRFProtection (JWT_CSRF_PROTECTION): "Both" is not a protection; use double_submit, fetch_metadata or both`: func(c *ginjwt.Config) { c.CSRFProtection = "Both" },
		`CSRFProtection (JWT_CSRF_PROTECTION): DisableCookieCSRFProtect (JWT_COOKIE_CSRF_PROTECT) turns the protection off; remove one of the two settings`: func(c *ginjwt.Config) {
			c.CSRFProtection, c.DisableCookieCSRFProtect = "double_submit", true
		},
	} {
		config := trustingConfig("")
		configure(&config)
		assert.EqualError(t, ginjwt.New(config).InitApp(gin.New()), "ginjwt: "+says)
	}
	plain := trustingConfig("both")
	plain.DisableCookieSecure, plain.CSRFTrustedOrigins = true, []string{"http://192.168.1.20:8080"}
	assert.NoError(t, ginjwt.New(plain).InitApp(gin.New()))

	off := trustingConfig("")
	off.DisableCookieCSRFProtect = true
	mgr, _ := newManager(t, off)
	assert.Empty(t, mgr.Config().CSRFProtection)
	assert.NoError(t, ginjwt.New(func() ginjwt.Config { c := mgr.Config(); c.SecretKey = off.SecretKey; return c }()).InitApp(gin.New()))
}

// Tokens and cookies are the same in every mode, so that processes with another mode, and
// Flask services, accept them.
func TestCSRFValuesInEveryMode(t *testing.T) {
	t.Parallel()
	for _, protection := range []string{"double_submit", "fetch_metadata", "both"} {
		config := trustingConfig(protection)
		mgr, engine := newManager(t, config)
		encoded := jwttest.AccessToken(t, mgr, "alice")
		csrf, err := mgr.GetCSRFToken(t.Context(), encoded)
		require.NoError(t, err)
		assert.Equal(t, csrf, claimsIn(t, encoded)["csrf"])
		engine.GET("/", func(c *gin.Context) { assert.NoError(t, mgr.SetAccessCookies(c, encoded)) })
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		require.Len(t, w.Result().Cookies(), 2)
		assert.Equal(t, csrf, w.Result().Cookies()[1].Value)
	}
}

// The report of routes names the protection. SameOriginRequired is no guard: it lets
// everybody in who comes from the right page.
func TestRoutesTellTheProtection(t *testing.T) {
	t.Parallel()
	for _, protection := range []string{"double_submit", "fetch_metadata", "both"} {
		mgr, engine := newManager(t, trustingConfig(protection))
		engine.POST("/orders", mgr.JWTRequired(), identify)
		engine.POST("/login", mgr.SameOriginRequired(), identify)
		routes, err := ginjwt.Routes(engine)
		require.NoError(t, err)
		for _, route := range routes {
			if route.Path == "/orders" {
				require.Len(t, route.Guards, 1)
				assert.Equal(t, protection, route.Guards[0].CSRF)
			} else {
				assert.Empty(t, route.Guards)
			}
		}
		assert.ErrorContains(t, ginjwt.CheckRoutes(engine), "/login")
		assert.NoError(t, ginjwt.CheckRoutes(engine, ginjwt.Public("POST /login")))
	}
}

// With double submit, CSRFMethods are compared as they are spelled, as in Flask.
func TestDoubleSubmitComparesMethodsAsSpelled(t *testing.T) {
	t.Parallel()
	config := trustingConfig("double_submit")
	config.CSRFMethods = []string{"PATCH"}
	mgr, _ := newManager(t, config)
	handler := mgr.Middleware()(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for method, want := range map[string]int{"PATCH": 401, "patch": 200} {
		r := saying(method, "app.example", nil, nil)
		r.Header.Set("Cookie", "access_token_cookie="+jwttest.AccessToken(t, mgr, "alice"))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		assert.Equal(t, want, w.Code, method)
	}
}

// Without any token, a logout is for pages of the service and for trusted pages.
func TestFetchMetadataOfALogoutWithoutAToken(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, trustingConfig("fetch_metadata"))
	engine.POST("/", mgr.LogoutHandler())
	for origin, want := range map[string]int{"https://app.example": 204, "https://www.example": 204, "http://app.example": 403, "https://evil.example": 403, "null": 403} {
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, saying("POST", "app.example", nil, []string{origin}))
		assert.Equal(t, want, w.Code, origin)
	}
}

// A slice of the application that changes later trusts nobody.
func TestTrustedOriginsAreCopied(t *testing.T) {
	t.Parallel()
	config := trustingConfig("fetch_metadata")
	mgr, engine := newManager(t, config)
	config.CSRFTrustedOrigins[0] = "https://evil.example"
	mgr.Config().CSRFTrustedOrigins[0] = "https://evil.example"
	assert.Equal(t, "https://www.example", mgr.Config().CSRFTrustedOrigins[0])
	engine.POST("/", mgr.SameOriginRequired())
	for origin, want := range map[string]int{"https://www.example": 200, "https://evil.example": 403} {
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, saying("POST", "app.example", nil, []string{origin}))
		assert.Equal(t, want, w.Code, origin)
	}
}

// JWTRequired before a logout asks for no proof if CSRFMethods leave out POST. The logout
// still refuses the cookie to pages of other origins, and accepts it from the service's own.
func TestLogoutBehindJWTRequiredThatNeedsNoProof(t *testing.T) {
	t.Parallel()
	for _, protection := range []string{"double_submit", "fetch_metadata", "both"} {
		config := trustingConfig(protection)
		config.CSRFMethods = []string{"DELETE"}
		mgr, engine := newManager(t, config)
		engine.POST("/", mgr.JWTRequired(), mgr.LogoutHandler())
		encoded := jwttest.AccessToken(t, mgr, "alice")
		for _, test := range []struct {
			site       string
			want, gone int
		}{{"cross-site", 403, 0}, {"same-site", 403, 0}, {"same-origin", 204, 4}} {
			r := saying("POST", "app.example", []string{test.site}, nil)
			r.Header.Set("Cookie", "access_token_cookie="+encoded)
			w := httptest.NewRecorder()
			engine.ServeHTTP(w, r)
			assert.Equal(t, test.want, w.Code, "%s %s", protection, test.site)
			assert.Len(t, w.Result().Cookies(), test.gone, "%s %s", protection, test.site)
		}
	}
}

// A WebSocket of HTTP/2 begins with CONNECT. As an upgrade by GET, it needs no CSRF value
// where its origin is checked, because no page can send one.
func TestCSRFValueOfAnExtendedConnect(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		protection, origin string
		methods            []string
		reason             string
	}{
		{"double_submit", "https://app.example", nil, saysNoCSRF},
		{"fetch_metadata", "https://app.example", nil, ""},
		{"both", "https://app.example", nil, ""},
		{"both", "https://app.example", []string{"CONNECT"}, saysNoCSRF},
		{"both", "https://evil.example", nil, saysOther},
		{"both", "http://app.example", nil, saysOther},
		{"fetch_metadata", "https://evil.example", nil, saysOther},
	} {
		config := trustingConfig(test.protection)
		config.CSRFMethods = test.methods
		mgr, _ := newManager(t, config)
		handler := mgr.Middleware()(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		r := saying("CONNECT", "app.example", nil, []string{test.origin})
		r.Header.Set("Cookie", "access_token_cookie="+jwttest.AccessToken(t, mgr, "alice"))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		assert.Equal(t, test.reason, w.Body.String(), "%+v", test)
	}
}
