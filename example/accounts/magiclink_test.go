package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// magicLinkOf returns a link that b asks for.
func (b *browser) magicLinkOf(address string) string {
	b.s.t.Helper()
	shows(b.s.t, b.submit(b.open("/login/link"), "address", address), 200, "Look into your mailbox")
	return b.s.linkTo(address, "/login/link/confirm")
}

func TestMagicLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	b := s.newBrowser()
	asked := b.submit(b.open("/login/link"), "address", alice)
	cookies := asked.Result().Cookies()
	require.Len(t, cookies, 1)
	assert.Len(t, cookies[0].Value, 26, "128 random bits")
	cookies[0].Value, cookies[0].Raw = "", ""
	assert.Equal(t, &http.Cookie{Name: "__Host-browser", Path: "/", MaxAge: 600, HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode}, cookies[0])
	first, second := s.linkTo(alice, "/login/link/confirm"), b.magicLinkOf(alice)

	fromMail := jwttest.Header("Sec-Fetch-Site", "cross-site")
	page := b.do("GET", first, nil, fromMail)
	shows(t, page, 200, "Log in")
	assert.False(t, b.loggedIn(alice), "a link that was only opened")
	assert.Equal(t, "/", b.submit(b.open(second)).Header().Get("Location"), "a newer one")
	assert.True(t, b.loggedIn(alice))

	shows(t, b.open(second), 410, "This link was used")
	assert.Equal(t, "/", b.submit(page).Header().Get("Location"), "the older one, which anybody could have made void")
}

func TestMagicLinkTwice(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	b := s.newBrowser()
	page := b.open(b.magicLinkOf(alice))
	require.Equal(t, 303, b.submit(page).Code)
	again := b.submit(page)
	shows(t, again, 410, "This link was used")
	assert.Contains(t, again.Body.String(), `<a href="/">Your account</a>`, "where a double click goes on")
	assert.True(t, b.loggedIn(alice))
}

// A link works only in the browser that asked for it. A link that a stranger asked for logs
// nobody in, and nobody else can use your link.
func TestMagicLinkInAnotherBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	s.register(bob)
	mallory, victim := s.newBrowser(), s.newBrowser()
	planted := mallory.magicLinkOf(bob)
	own := victim.magicLinkOf(alice)
	stranger := s.newBrowser()

	for _, try := range []struct {
		name string
		b    *browser
		link string
	}{
		{"planted, in a browser that asked for another", victim, planted},
		{"planted, in a browser that asked for none", stranger, planted},
		{"stolen", mallory, own},
	} {
		shows(t, try.b.open(try.link), 403, "Not in this browser")
		w := try.b.do("POST", "/login/link/confirm", form("token", tokenOf(t, try.link)))
		shows(t, w, 403, "Not in this browser")
		assert.Empty(t, w.Result().Cookies(), try.name)
	}
	for address, b := range map[string]*browser{alice: victim, bob: mallory} {
		link := map[string]string{alice: own, bob: planted}[address]
		assert.Equal(t, "/", b.submit(b.open(link)).Header().Get("Location"), "no try has burned the link of %s", address)
		assert.True(t, b.loggedIn(address))
	}
}

// A site that asks for a link in the browser of its visitor would mark that browser for a link
// to the site's own account.
func TestMagicLinkAskedForByAnotherSite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(bob)
	b := s.newBrowser()
	for _, origin := range []jwttest.RequestOption{
		jwttest.Header("Sec-Fetch-Site", "cross-site"),
		jwttest.Header("Sec-Fetch-Site", "same-site"),
		func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", "https://evil.example.org")
		},
	} {
		for _, path := range []string{"/login/link", "/login", "/register", "/reset"} {
			w := b.do("POST", path, form("address", bob, "password", password), origin)
			shows(t, w, 403, "Please use our own form")
			assert.Empty(t, w.Result().Cookies(), path)
		}
	}
	assert.Empty(t, s.outbox.jobs)
}
