package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRegistration(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.newBrowser()
	shows(t, b.submit(b.open("/register"), "address", " Alice@Example.org"), 200, "Look into your mailbox")
	link := s.linkTo(alice, "/register/confirm")
	for _, password := range []string{"", password} {
		assert.True(t, s.wrongLogin(alice, password), "before the address is confirmed")
	}
	b.submit(b.open("/reset"), "address", alice)
	b.submit(b.open("/login/link"), "address", alice)
	assert.Empty(t, s.deliver(alice), "before the address is confirmed")

	page := b.open(link)
	shows(t, page, 200, "Choose a password")
	assert.Contains(t, page.Body.String(), "<strong>"+alice+"</strong>")
	for _, wrong := range []struct{ password, repeated, problem string }{
		{"short", "short", "A password has at least 8 characters."},
		{password, "correct house", "The two passwords are different."},
	} {
		page = b.submit(page, "password", wrong.password, "repeated", wrong.repeated)
		shows(t, page, 422, "Choose a password")
		assert.Contains(t, page.Body.String(), wrong.problem)
		assert.NotContains(t, page.Body.String(), password)
	}
	done := b.submit(page, "password", password, "repeated", password)
	require.Equal(t, "/login?note=registered", done.Header().Get("Location"))
	assert.Contains(t, b.open(done.Header().Get("Location")).Body.String(), "Your address is confirmed.")
	assert.False(t, b.loggedIn(alice), "the link may be of a stranger")
	s.loginAs(alice, password)

	again := b.submit(page, "password", "another password", "repeated", "another password")
	shows(t, again, 410, "This link was used")
	shows(t, b.open(link), 410, "This link was used")
	assert.True(t, s.wrongLogin(alice, "another password"))
}

func TestRegistrationTwice(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.newBrowser()
	ask := func() string {
		b.submit(b.open("/register"), "address", alice)
		return s.linkTo(alice, "/register/confirm")
	}
	older, newer := ask(), ask()
	shows(t, b.open(older), 410, "This link is void")
	b.submit(b.open(newer), "password", password, "repeated", password)
	s.loginAs(alice, password)

	shows(t, b.submit(b.open("/register"), "address", alice), 200, "Look into your mailbox")
	mails := s.deliver(alice)
	require.Len(t, mails, 1)
	assert.Equal(t, "You have an account", mails[0].subject)
	assert.Equal(t, []string{public + "/login", public + "/reset"}, linksIn(mails[0].body))
}

func TestAddressesThatAreNone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.newBrowser()
	for _, address := range []string{"", "alice", "Alice <alice@example.org>", "alice@example.org\r\nBcc: bob@example.org", "alice@example.org, bob@example.org"} {
		for _, path := range []string{"/register", "/reset", "/login/link", "/login"} {
			w := b.submit(b.open(path), "address", address, "password", password)
			assert.Equal(t, 422, w.Code, "%s %q", path, address)
			assert.Contains(t, w.Body.String(), "Please type an e-mail address", path)
		}
	}
	assert.Empty(t, s.outbox.jobs)
}
