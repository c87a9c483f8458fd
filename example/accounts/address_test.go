package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

const newAlice = "alice@example.com"

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	require.NoError(t, err)
	return u
}

// addressLinkOf returns a link that confirms an address, and checks the mail to the old one.
func (b *browser) addressLinkOf(old, address string) string {
	b.s.t.Helper()
	shows(b.s.t, b.submit(b.open("/address"), "address", address, "password", password), 200, "Look into your mailbox")
	first := len(b.s.sent)
	link := b.s.linkTo(address, "/address/confirm")
	told := b.s.sent[first]
	assert.Equal(b.s.t, old, told.to)
	assert.Contains(b.s.t, told.body, "asks to change the address of your account to "+address)
	assert.NotContains(b.s.t, told.body, "token=")
	return link
}

func TestChangeOfAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	b := s.loginAs(alice, password)
	reset := s.resetLinkOf(alice)
	link := b.addressLinkOf(alice, newAlice)
	page := b.open(link)
	shows(t, page, 200, "Confirm your new address")
	assert.Contains(t, page.Body.String(), newAlice)
	assert.True(t, b.loggedIn(alice), "nothing has changed yet")

	assert.Equal(t, "/?note=address", b.submit(page).Header().Get("Location"))
	assert.True(t, b.loggedIn(newAlice))
	told := s.deliver(alice)
	require.Len(t, told, 1)
	assert.Equal(t, "Your address has changed", told[0].subject)

	shows(t, b.submit(page), 410, "This link was used")
	shows(t, s.newBrowser().open(reset), 410, "This link is void")
	assert.True(t, s.wrongLogin(alice, password))
	s.loginAs(newAlice, password)
}

func TestChangeOfAddressNeedsThePassword(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	b := s.loginAs(alice, password)
	page := b.submit(b.open("/address"), "address", newAlice, "password", "wrong password")
	shows(t, page, 403, "Change your address")
	assert.Contains(t, page.Body.String(), "The password is wrong.")
	shows(t, b.submit(page, "address", "alice", "password", password), 422, "Change your address")
	shows(t, b.submit(page, "address", alice, "password", password), 422, "Change your address")
	assert.Empty(t, s.deliver(newAlice))
	assert.Empty(t, s.sent[1:], "the mail of the registration is all")

	noCSRF := b.do("POST", "/address", form("address", newAlice, "password", password))
	shows(t, noCSRF, 403, "Please try again")
	assert.Equal(t, "/login", s.newBrowser().do("POST", "/address", form("address", newAlice, "password", password)).Header().Get("Location"))
	assert.Empty(t, s.outbox.jobs)
}

func TestAddressLinkIsForItsUser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	s.register(bob)
	b, other := s.loginAs(alice, password), s.loginAs(bob, password)
	link := b.addressLinkOf(alice, newAlice)
	token := tokenOf(t, link)

	shows(t, other.open(link), 410, "This link is void")
	_, fields := formOf(t, other.open("/"))
	shows(t, other.do("POST", "/address/confirm", form("token", token, "csrf_token", fields.Get("csrf_token"))), 410, "This link is void")
	stranger := s.newBrowser()
	assert.Equal(t, "/login?note=open", stranger.open(link).Header().Get("Location"))
	assert.Contains(t, stranger.open("/login?note=open").Body.String(), "Then open the link in the mail again.")
	assert.Equal(t, "/login?note=open", stranger.do("POST", "/address/confirm", form("token", token)).Header().Get("Location"))
	shows(t, b.do("POST", "/address/confirm", form("token", token)), 403, "Please try again") // no CSRF value
	shows(t, b.do("POST", "/address/confirm", form("token", token), jwttest.Header("Sec-Fetch-Site", "cross-site")), 403, "Please try again")

	assert.Equal(t, 303, b.submit(b.open(link)).Code, "no try has burned the link")
	assert.True(t, b.loggedIn(newAlice))
	assert.True(t, other.loggedIn(bob))
}

// Bob has a neighbouring host. He sets all cookies of a visitor except the __Host- cookies. If
// this logged the visitor in as bob, the visitor would confirm an address for bob's account.
func TestCookiesOfANeighbour(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(bob)
	neighbour, visitor := s.loginAs(bob, password), s.newBrowser()
	planted := neighbour.addressLinkOf(bob, newAlice)
	home := mustParse(t, public)
	for _, cookie := range neighbour.jar.Cookies(home) {
		name := strings.TrimPrefix(cookie.Name, "__Host-")
		visitor.jar.SetCookies(home, []*http.Cookie{{Name: name, Value: cookie.Value, Path: "/", Domain: "example.org"}})
	}
	require.NotEmpty(t, visitor.jar.Cookies(home))
	assert.Equal(t, "/login?note=open", visitor.open(planted).Header().Get("Location"))
	assert.False(t, visitor.loggedIn(bob))
}

// The owner of the old address can still prevent the change.
func TestNewPasswordVoidsAddressLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	thief := s.loginAs(alice, password)
	link := thief.addressLinkOf(alice, "thief@example.org")
	page := thief.open(link)
	b := s.newBrowser()
	require.Equal(t, 303, b.submit(b.open(s.resetLinkOf(alice)), "password", newPassword, "repeated", newPassword).Code)
	assert.Equal(t, "/login?note=open", thief.submit(page).Header().Get("Location"), "logged out")
	shows(t, s.loginAs(alice, newPassword).open(link), 410, "This link is void")
	s.loginAs(alice, newPassword)
}

func TestAddressOfAnotherAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	s.register(bob)
	b := s.loginAs(alice, password)
	taken := b.submit(b.open("/address"), "address", bob, "password", password)
	mails := s.deliver(bob)
	require.Len(t, mails, 1)
	assert.Equal(t, "You have an account", mails[0].subject)
	assert.Empty(t, linksIn(mails[0].body))
	free := b.submit(b.open("/address"), "address", newAlice, "password", password)
	assert.Equal(t, taken.Body.String(), free.Body.String())
	assert.Equal(t, taken.Header(), free.Header())
	link := s.linkTo(newAlice, "/address/confirm")

	stranger := s.newBrowser()
	stranger.submit(stranger.open("/register"), "address", newAlice)
	registration := s.linkTo(newAlice, "/register/confirm")
	stranger.submit(stranger.open(registration), "password", password, "repeated", password)
	shows(t, b.submit(b.open(link)), 409, "The address has an account")
	assert.True(t, b.loggedIn(alice))
}

// A stranger who registers an address but cannot confirm it does not keep it.
func TestAddressThatNobodyConfirmed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	stranger := s.newBrowser()
	stranger.submit(stranger.open("/register"), "address", newAlice)
	registration := s.linkTo(newAlice, "/register/confirm")
	b := s.loginAs(alice, password)
	require.Equal(t, 303, b.submit(b.open(b.addressLinkOf(alice, newAlice))).Code)
	assert.True(t, b.loggedIn(newAlice))
	assert.Equal(t, 410, stranger.open(registration).Code)
}
