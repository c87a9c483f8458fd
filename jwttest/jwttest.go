// Package jwttest helps you to test an application that uses ginjwt. It has settings
// with a test key, a clock that the test advances, tokens, requests that carry tokens and
// cookies, and a fake identity provider. Requests go straight to the handler. Only the
// server of [NewIssuer] listens on a port.
//
//	clock := &jwttest.Clock{}
//	mgr := ginjwt.New(jwttest.Config(clock))
//	engine := newEngine(mgr) // calls mgr.InitApp and registers the routes
//
//	token := jwttest.AccessToken(t, mgr, "alice")
//	w := jwttest.Do(engine, "GET", "/me", jwttest.Bearer(token))
//	require.Equal(t, 200, w.Code)
//
//	clock.Advance(15 * time.Minute)
//	w = jwttest.Do(engine, "GET", "/me", jwttest.Bearer(token))
//	require.Equal(t, 401, w.Code)
package jwttest

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
)

// secret is random and made anew in each run. A fixed one could end up in production.
var secret = rand.Text() + rand.Text()

// Config returns settings with a SecretKey, and with clock as Config.Now. If clock is nil,
// the manager uses the real time. All calls in one process return the same key, so one
// manager accepts the tokens of another. The key is different in the next run.
//
// Stores have their own clocks. If you add a store, give it the same clock:
//
//	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
func Config(clock *Clock) ginjwt.Config {
	config := ginjwt.Config{SecretKey: secret}
	if clock != nil {
		config.Now = clock.Now
	}
	return config
}

// Clock is a clock that changes only when the test calls [Clock.Advance]. The zero
// value is ready to use: it starts at the current time, rounded down to a whole second.
// A Clock is safe for concurrent use; do not copy it.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time that the clock shows. Use it as Config.Now.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.start()
}

// Advance moves the clock forward by d, or back if d is negative.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.start().Add(d)
}

// start returns the time, and starts the clock at the first call. The caller holds mu.
func (c *Clock) start() time.Time {
	if c.now.IsZero() {
		c.now = time.Now().Truncate(time.Second)
	}
	return c.now
}

// AccessToken returns a new access token for identity. It calls CreateAccessToken of m with
// opts. If that fails, it ends the test by tb.Fatalf.
func AccessToken(tb testing.TB, m *ginjwt.JWTManager, identity any, opts ...ginjwt.TokenOption) string {
	tb.Helper()
	token, err := m.CreateAccessToken(tb.Context(), identity, opts...)
	if err != nil {
		tb.Fatalf("jwttest: %v", err)
	}
	return token
}

// RefreshToken returns a new refresh token for identity. It calls CreateRefreshToken of m
// with opts. If that fails, it ends the test by tb.Fatalf.
func RefreshToken(tb testing.TB, m *ginjwt.JWTManager, identity any, opts ...ginjwt.TokenOption) string {
	tb.Helper()
	token, err := m.CreateRefreshToken(tb.Context(), identity, opts...)
	if err != nil {
		tb.Fatalf("jwttest: %v", err)
	}
	return token
}

// TokenPair starts a session for identity and returns its first tokens. It calls
// CreateTokenPair of m with opts. If that fails, it ends the test by tb.Fatalf. Set
// Config.Sessions, for example to a [ginjwt.MemorySessions].
func TokenPair(tb testing.TB, m *ginjwt.JWTManager, identity any, opts ...ginjwt.TokenOption) ginjwt.TokenPair {
	tb.Helper()
	pair, err := m.CreateTokenPair(tb.Context(), identity, opts...)
	if err != nil {
		tb.Fatalf("jwttest: %v", err)
	}
	return pair
}

// Do sends a request to h and returns the recorded response. target is a path such as
// "/me?page=2", or a URL. The request comes from the address 192.0.2.1 for the host
// example.com, as with [httptest.NewRequest]. It has only the headers of opts.
func Do(h http.Handler, method, target string, opts ...RequestOption) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for _, opt := range opts {
		opt(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// A RequestOption changes the request of [Do] before it is sent. Options run in order. Any
// function of this type is one.
type RequestOption func(*http.Request)

// Bearer sends a token in the Authorization header, with the scheme Bearer. If your settings
// change HeaderName or HeaderType, use [Header].
func Bearer(encoded string) RequestOption {
	return Header("Authorization", "Bearer "+encoded)
}

// Header sends a header. It replaces earlier headers of the same name.
func Header(name, value string) RequestOption {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// JSON sends text as the body, with the Content-Type application/json.
func JSON(text string) RequestOption { return body("application/json", text) }

// body sends text as a body of contentType.
func body(contentType, text string) RequestOption {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", contentType)
		r.Body = io.NopCloser(strings.NewReader(text))
		r.ContentLength = int64(len(text))
	}
}

// Form sends a URL-encoded form. Each name comes before its value:
//
//	jwttest.Form("username", "alice", "password", "correct horse")
func Form(namesAndValues ...string) RequestOption {
	form := url.Values{}
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		form.Add(namesAndValues[i], namesAndValues[i+1])
	}
	return body("application/x-www-form-urlencoded", form.Encode())
}

// Cookies sends the cookies that earlier responses set, as a browser does. List the
// responses from the oldest to the newest. A cookie is sent if its path matches and no
// later response removed it. Domain, Secure and SameSite are not checked, and cookies
// do not expire by the [Clock].
//
// Cookies also sends the value of the cookie "csrf_access_token" in the header
// X-CSRF-TOKEN, as a script of the page does. If your settings change these names, add
// a [Header]. To send another value or no value, put an option that changes the header
// after Cookies.
//
// Do not use the same responses in several goroutines: a recorder is not safe for
// concurrent use.
func Cookies(from ...*httptest.ResponseRecorder) RequestOption {
	return cookies("csrf_access_token", from)
}

// RefreshCookies is [Cookies] for routes that take a refresh token. The CSRF value comes from
// the cookie "csrf_refresh_token".
func RefreshCookies(from ...*httptest.ResponseRecorder) RequestOption {
	return cookies("csrf_refresh_token", from)
}

// cookies sends cookies, and the value of csrfCookie in a header.
func cookies(csrfCookie string, from []*httptest.ResponseRecorder) RequestOption {
	return func(r *http.Request) {
		for _, cookie := range kept(from) {
			// Scripts read a cookie by the path of the page, not of the request.
			if cookie.Name == csrfCookie {
				r.Header.Set("X-CSRF-TOKEN", cookie.Value)
			}
			if pathMatches(r.URL.Path, cookie.Path) {
				r.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
			}
		}
	}
}

// kept returns the cookies that a browser holds after several responses.
func kept(from []*httptest.ResponseRecorder) (cookies []*http.Cookie) {
	for _, w := range from {
		for _, cookie := range w.Result().Cookies() {
			cookies = replaced(cookies, cookie)
		}
	}
	return cookies
}

// replaced returns cookies after a browser has received one more: it replaces the cookie with
// the same name, path, domain and partition, or removes it.
func replaced(cookies []*http.Cookie, cookie *http.Cookie) (others []*http.Cookie) {
	for _, other := range cookies {
		if other.Name != cookie.Name || other.Path != cookie.Path || other.Domain != cookie.Domain || other.Partitioned != cookie.Partitioned {
			others = append(others, other)
		}
	}
	removed := cookie.MaxAge < 0 || cookie.MaxAge == 0 && cookie.RawExpires != "" && cookie.Expires.Before(time.Now())
	if !removed {
		others = append(others, cookie)
	}
	return others
}

// pathMatches reports whether a request is sent a cookie of this path (RFC 6265 §5.1.4).
func pathMatches(request, cookie string) bool {
	rest, ok := strings.CutPrefix(request, cookie)
	return ok && (rest == "" || strings.HasSuffix(cookie, "/") || rest[0] == '/')
}
