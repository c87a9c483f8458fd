// Package jwttest helps to test applications that use ginjwt: settings with a
// key that is made for the run, a clock to advance, tokens, and requests that
// carry tokens and cookies as clients do.
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

// secret is new in every run, so that it cannot end up in production.
var secret = rand.Text() + rand.Text()

// Config returns settings with a key for tests, and clock to tell the time by.
// A nil clock means the real time.
func Config(clock *Clock) ginjwt.Config {
	config := ginjwt.Config{SecretKey: secret}
	if clock != nil {
		config.Now = clock.Now
	}
	return config
}

// Clock is a clock that stands still until it is advanced. The zero value
// starts now, at a whole second. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time of the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.start()
}

// Advance moves the clock by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.start().Add(d)
}

func (c *Clock) start() time.Time {
	if c.now.IsZero() {
		c.now = time.Now().Truncate(time.Second)
	}
	return c.now
}

// AccessToken returns a new access token, or fails the test.
func AccessToken(tb testing.TB, m *ginjwt.JWTManager, identity any, opts ...ginjwt.TokenOption) string {
	tb.Helper()
	token, err := m.CreateAccessToken(tb.Context(), identity, opts...)
	if err != nil {
		tb.Fatalf("jwttest: %v", err)
	}
	return token
}

// RefreshToken returns a new refresh token, or fails the test.
func RefreshToken(tb testing.TB, m *ginjwt.JWTManager, identity any, opts ...ginjwt.TokenOption) string {
	tb.Helper()
	token, err := m.CreateRefreshToken(tb.Context(), identity, opts...)
	if err != nil {
		tb.Fatalf("jwttest: %v", err)
	}
	return token
}

// TokenPair returns the first tokens of a new session, or fails the test. The
// manager needs a [ginjwt.SessionStore], such as ginjwt.MemorySessions.
func TokenPair(tb testing.TB, m *ginjwt.JWTManager, identity any, opts ...ginjwt.TokenOption) ginjwt.TokenPair {
	tb.Helper()
	pair, err := m.CreateTokenPair(tb.Context(), identity, opts...)
	if err != nil {
		tb.Fatalf("jwttest: %v", err)
	}
	return pair
}

// Do sends a request to h and returns its response.
func Do(h http.Handler, method, target string, opts ...RequestOption) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for _, opt := range opts {
		opt(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// A RequestOption changes a request before it is sent.
type RequestOption func(*http.Request)

// Bearer sends a token in the Authorization header.
func Bearer(encoded string) RequestOption {
	return Header("Authorization", "Bearer "+encoded)
}

// Header sends a header, in place of others with that name.
func Header(name, value string) RequestOption {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// JSON sends a body of JSON text.
func JSON(text string) RequestOption { return body("application/json", text) }

func body(contentType, text string) RequestOption {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", contentType)
		r.Body = io.NopCloser(strings.NewReader(text))
		r.ContentLength = int64(len(text))
	}
}

// Form sends a URL-encoded form of names and values in turn.
func Form(namesAndValues ...string) RequestOption {
	form := url.Values{}
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		form.Add(namesAndValues[i], namesAndValues[i+1])
	}
	return body("application/x-www-form-urlencoded", form.Encode())
}

// Cookies sends the cookies of earlier responses, oldest first, as a browser
// does: those whose path fits and that were not removed since. As a script on
// the page does, it sends the value of the cookie "csrf_access_token" in the
// header X-CSRF-TOKEN. Where these have other names, add a [Header]. Make one
// for each goroutine: recorders are not for several at once.
func Cookies(from ...*httptest.ResponseRecorder) RequestOption {
	return cookies("csrf_access_token", from)
}

// RefreshCookies is [Cookies] for routes that want a refresh token: the CSRF
// value is that of the cookie "csrf_refresh_token".
func RefreshCookies(from ...*httptest.ResponseRecorder) RequestOption {
	return cookies("csrf_refresh_token", from)
}

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

// kept returns what a browser has of the cookies of several responses.
func kept(from []*httptest.ResponseRecorder) (cookies []*http.Cookie) {
	for _, w := range from {
		for _, cookie := range w.Result().Cookies() {
			cookies = replaced(cookies, cookie)
		}
	}
	return cookies
}

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

// pathMatches is RFC 6265 §5.1.4.
func pathMatches(request, cookie string) bool {
	rest, ok := strings.CutPrefix(request, cookie)
	return ok && (rest == "" || strings.HasSuffix(cookie, "/") || rest[0] == '/')
}
