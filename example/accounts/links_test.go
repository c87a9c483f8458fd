package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// A token works for its own form, and for no other.
func TestTokensOfOtherKinds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	b := s.loginAs(alice, password)
	ask := s.newBrowser()
	ask.submit(ask.open("/register"), "address", bob)
	tokens := map[string]string{
		"/register/confirm":   tokenOf(t, s.linkTo(bob, "/register/confirm")),
		"/reset/confirm":      tokenOf(t, s.resetLinkOf(alice)),
		"/login/link/confirm": tokenOf(t, b.magicLinkOf(alice)),
		"/address/confirm":    tokenOf(t, b.addressLinkOf(alice, newAlice)),
	}
	others := map[string]string{"none": "", "text": "x", "part": tokens["/reset/confirm"][:40]}
	for _, cookie := range b.jar.Cookies(mustParse(t, public)) {
		others[cookie.Name] = cookie.Value
	}
	require.Contains(t, others, "__Host-access")
	require.Contains(t, others, "__Host-refresh")
	_, fields := formOf(t, b.open("/"))
	for path := range tokens {
		for name, token := range others {
			shows(t, b.open(path+"?token="+token), 400, "This link does not work")
			w := b.do("POST", path, form("token", token, "csrf_token", fields.Get("csrf_token"), "password", newPassword, "repeated", newPassword))
			shows(t, w, 400, "This link does not work")
			assert.Empty(t, w.Result().Cookies(), name)
		}
		for other, token := range tokens {
			if other != path {
				w := b.do("POST", path, form("token", token, "csrf_token", fields.Get("csrf_token"), "password", newPassword, "repeated", newPassword))
				shows(t, w, 400, "This link does not work")
			}
		}
	}
	for path, token := range tokens {
		for _, name := range []string{"__Host-access", "__Host-refresh"} {
			w := jwttest.Do(s.router, "GET", "/", jwttest.Header("Cookie", name+"="+token))
			assert.Equal(t, 303, w.Code, path)
		}
		assert.Equal(t, 200, b.open(path+"?token="+token).Code, "no try has burned the link to %s", path)
	}
}

// No page tells which addresses have accounts.
func TestKnownAndUnknownAddressesAreAnsweredAlike(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	b := s.newBrowser()
	b.submit(b.open("/register"), "address", bob) // not confirmed
	s.deliver(bob)
	for _, path := range []string{"/register", "/reset", "/login/link", "/login"} {
		var answers []*httptest.ResponseRecorder
		for _, address := range []string{alice, "carla@example.org", "b" + bob[1:]} {
			b := s.newBrowser()
			w := b.submit(b.open(path), "address", address, "password", "wrong password")
			answers = append(answers, w)
			text := strings.ReplaceAll(w.Body.String(), address, "ADDRESS")
			assert.Equal(t, answers[0].Code, w.Code, path)
			assert.Equal(t, strings.ReplaceAll(answers[0].Body.String(), alice, "ADDRESS"), text, path)
			assert.Equal(t, headerWithoutMark(answers[0]), headerWithoutMark(w), path)
		}
	}
	assert.Len(t, s.outbox.jobs, 9, "nothing was looked up before the answer")
}

// headerWithoutMark returns a header without the random mark of the browser.
func headerWithoutMark(w *httptest.ResponseRecorder) http.Header {
	header := w.Header().Clone()
	for i, cookie := range w.Result().Cookies() {
		header["Set-Cookie"][i] = strings.ReplaceAll(header["Set-Cookie"][i], cookie.Value, "MARK")
	}
	return header
}

func TestHeadersOfPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	b := s.newBrowser()
	link := s.resetLinkOf(alice)
	for _, target := range []string{link, public + "/reset/confirm?token=x", public + "/login", public + "/reset"} {
		w := b.open(target)
		want := "same-origin"
		if tokenOf(t, target) != "" {
			want = "no-referrer"
		}
		assert.Equal(t, want, w.Header().Get("Referrer-Policy"), target)
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"), target)
		assert.Equal(t, contentSecurityPolicy, w.Header().Get("Content-Security-Policy"), target)
		assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"), target)
		assert.NotContains(t, w.Body.String(), "http", "nothing is loaded from elsewhere")
		assert.NotContains(t, w.Body.String(), "<script", target)
		assert.Equal(t, strings.Count(w.Body.String(), "<input name"), strings.Count(w.Body.String(), "<label>"), target)
	}
	action, fields := formOf(t, b.open(link))
	assert.Equal(t, "/reset/confirm", action, "the token is in the body from now on")
	assert.Equal(t, tokenOf(t, link), fields.Get("token"))
	assert.Equal(t, "text/css; charset=utf-8", b.open("/style.css").Header().Get("Content-Type"))
}

// A client can choose the Host header. A link with that host would send the token there.
func TestLinksBeginAsConfigured(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	evil := func(r *http.Request) {
		r.Host = "evil.example.org"
		r.Header.Set("X-Forwarded-Host", "evil.example.org")
	}
	s.newBrowser().do("POST", "/reset", form("address", alice), evil)
	assert.True(t, strings.HasPrefix(s.linkTo(alice, "/reset/confirm"), public+"/"))
}

func TestLogoutEverywhereVoidsLinks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	laptop, phone := s.loginAs(alice, password), s.loginAs(alice, password)
	reset, magic := s.resetLinkOf(alice), phone.magicLinkOf(alice)
	_, fields := formOf(t, laptop.open("/"))
	require.Equal(t, "/login", laptop.do("POST", "/logout/all", fields).Header().Get("Location"))
	assert.False(t, laptop.loggedIn(alice))
	assert.False(t, phone.loggedIn(alice))
	shows(t, phone.open(magic), 410, "This link is void")
	shows(t, phone.open(reset), 410, "This link is void")
	again := s.loginAs(alice, password)
	shows(t, again.open(s.resetLinkOf(alice)), 200, "Choose a password")
	assert.Equal(t, "/login", again.submit(again.open("/")).Header().Get("Location"))
	assert.False(t, again.loggedIn(alice))
}

func TestPanicsAreLoggedWithoutTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	link := s.resetLinkOf(alice)
	s.users = &failingUsers{userStore: s.users, beforeByID: func() { panic("broken") }}
	shows(t, s.newBrowser().open(link), 500, "Something went wrong")
	assert.Contains(t, s.logged.String(), "broken")
}

// In debug mode Gin logs where it redirects to, with the token of a link that still works.
func TestNoLinkIsRedirected(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	b := s.loginAs(alice, password)
	for _, l := range []link{registrationLink, resetLink, magicLink, addressLink} {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			assert.Equal(t, 404, b.do(method, l.path+"/?token=x", nil).Code, "%s %s", method, l.path)
		}
	}
}

// After any change of the account, all links that were mailed before are void.
func TestLinksAreBoundToTheAccount(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*site, user) error{
		"password": func(s *site, u user) error { return s.users.setPassword(s.t.Context(), u, []byte("another hash")) },
		"address":  func(s *site, u user) error { return s.users.setAddress(s.t.Context(), u, newAlice) },
	} {
		s := newSite(t)
		s.register(alice)
		b := s.loginAs(alice, password)
		links := map[string]string{
			"/reset/confirm":      s.resetLinkOf(alice),
			"/login/link/confirm": b.magicLinkOf(alice),
			"/address/confirm":    b.addressLinkOf(alice, "alice@example.net"),
		}
		u, err := s.users.byAddress(t.Context(), alice)
		require.NoError(t, err)
		require.NoError(t, change(s, *u))
		_, fields := formOf(t, b.open("/"))
		for path, link := range links {
			want := 410
			if path == "/login/link/confirm" {
				want = 403
			}
			assert.Equal(t, want, b.open(link).Code, "%s %s", name, path)
			w := b.do("POST", path, form("token", tokenOf(t, link), "csrf_token", fields.Get("csrf_token"), "password", newPassword, "repeated", newPassword))
			assert.Equal(t, want, w.Code, "%s %s", name, path)
		}
	}
}
