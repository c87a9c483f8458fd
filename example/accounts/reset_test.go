package main

import (
	"context"
	"errors"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

const newPassword = "battery staple"

// resetLinkOf returns a link for a new password.
func (s *site) resetLinkOf(address string) string {
	s.t.Helper()
	b := s.newBrowser()
	shows(s.t, b.submit(b.open("/reset"), "address", address), 200, "Look into your mailbox")
	return s.linkTo(address, "/reset/confirm")
}

func TestReset(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	s.register(bob)
	laptop, phone, other := s.loginAs(alice, password), s.loginAs(alice, password), s.loginAs(bob, password)
	phone.submit(phone.open("/login/link"), "address", alice)
	magic := s.linkTo(alice, "/login/link/confirm")

	b := s.newBrowser()
	link := s.resetLinkOf(alice)
	page := b.submit(b.open(link), "password", newPassword, "repeated", password)
	shows(t, page, 422, "Choose a password")
	assert.True(t, laptop.loggedIn(alice), "nothing has changed yet")
	done := b.submit(page, "password", newPassword, "repeated", newPassword)
	require.Equal(t, "/login?note=password", done.Header().Get("Location"))

	assert.False(t, laptop.loggedIn(alice))
	assert.False(t, phone.loggedIn(alice))
	assert.False(t, b.loggedIn(alice))
	assert.True(t, other.loggedIn(bob))
	assert.True(t, s.wrongLogin(alice, password))
	s.loginAs(alice, newPassword)
	shows(t, b.open(link), 410, "This link was used")
	assert.Equal(t, 410, phone.open(magic).Code, "a link that was mailed before")
}

func TestResetByTheNewestLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	s.register(bob)
	others := s.resetLinkOf(bob)
	older, newer := s.resetLinkOf(alice), s.resetLinkOf(alice)
	b := s.newBrowser()
	page := b.open(newer)
	refused := b.open(older)
	shows(t, refused, 410, "This link is void")
	assert.Contains(t, refused.Body.String(), `<a href="/reset">Ask for another link</a>`)
	shows(t, b.do("POST", "/reset/confirm", form("token", tokenOf(t, older), "password", newPassword, "repeated", newPassword)), 410, "This link is void")
	assert.Equal(t, 303, b.submit(page, "password", newPassword, "repeated", newPassword).Code)
	shows(t, b.open(others), 200, "Choose a password")
}

func TestResetLinkExpires(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	link := s.resetLinkOf(alice)
	b := s.newBrowser()
	page := b.open(link)
	s.clock.Advance(30*time.Minute + time.Second)
	shows(t, b.open(link), 410, "This link has expired")
	shows(t, b.submit(page, "password", newPassword, "repeated", newPassword), 410, "This link has expired")
	assert.True(t, s.wrongLogin(alice, newPassword))
}

// A double click sends the form twice at once.
func TestResetTwiceAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	b := s.newBrowser()
	page := b.open(s.resetLinkOf(alice))
	answers := make([]*httptest.ResponseRecorder, 8)
	var clicks sync.WaitGroup
	for i := range answers {
		clicks.Go(func() {
			answers[i] = s.newBrowser().submit(page, "password", newPassword, "repeated", newPassword)
		})
	}
	clicks.Wait()
	won := 0
	for _, w := range answers {
		if w.Code == 303 {
			won++
			continue
		}
		assert.Equal(t, 410, w.Code)
		assert.Regexp(t, "<h1>This link (was used|is void)</h1>", w.Body.String()) // the password may have changed before the check
		assert.Contains(t, w.Body.String(), `<a href="/">Your account</a>`)
	}
	assert.Equal(t, 1, won)
	s.loginAs(alice, newPassword)
}

// failingUsers is a database that fails, or that changes during a request.
type failingUsers struct {
	userStore
	setPasswordFails error
	beforeByID       func()
}

func (f *failingUsers) setPassword(ctx context.Context, u user, hash []byte) error {
	if f.setPasswordFails != nil {
		return f.setPasswordFails
	}
	return f.userStore.setPassword(ctx, u, hash)
}

func (f *failingUsers) byID(ctx context.Context, id string) (*user, error) {
	if f.beforeByID != nil {
		f.beforeByID()
	}
	return f.userStore.byID(ctx, id)
}

func TestResetWhoseChangeFails(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	laptop := s.loginAs(alice, password)
	link := s.resetLinkOf(alice)
	database := &failingUsers{userStore: s.users, setPasswordFails: errors.New("connection refused")}
	s.users = database
	b := s.newBrowser()
	page := b.open(link)
	failed := b.submit(page, "password", newPassword, "repeated", newPassword)
	shows(t, failed, 500, "Something went wrong")
	assert.NotContains(t, failed.Body.String(), "connection refused")
	assert.Contains(t, s.logged.String(), "connection refused")
	assert.True(t, laptop.loggedIn(alice), "nothing has changed")
	s.loginAs(alice, password)

	database.setPasswordFails = nil
	shows(t, b.submit(page, "password", newPassword, "repeated", newPassword), 410, "This link was used")
	assert.Equal(t, 303, b.submit(b.open(s.resetLinkOf(alice)), "password", newPassword, "repeated", newPassword).Code)
	s.loginAs(alice, newPassword)
}

// Somebody changes the password between the check of the form and the change.
func TestResetThatComesSecond(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	database := &failingUsers{userStore: s.users}
	s.users = database
	b := s.newBrowser()
	page := b.open(s.resetLinkOf(alice))
	database.setPasswordFails = errChanged
	shows(t, b.submit(page, "password", newPassword, "repeated", newPassword), 410, "This link is void")
}

// A reset ends all sessions, also a session that begins at the same moment with the old password.
func TestLoginDuringReset(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	s.loginAs(alice, password)
	database := &failingUsers{userStore: s.users}
	s.users = database
	u, err := s.users.byAddress(t.Context(), alice)
	require.NoError(t, err)
	database.beforeByID = func() {
		database.beforeByID = nil
		hash, err := s.passwords.hash(newPassword)
		assert.NoError(t, err)
		assert.NoError(t, database.setPassword(t.Context(), *u, hash))
	}
	assert.True(t, s.wrongLogin(alice, password))
	sessions, err := s.jwt.Sessions(t.Context(), u.id)
	require.NoError(t, err)
	assert.Len(t, sessions, 1, "the one before")
	s.loginAs(alice, newPassword)
}

// failingStores fail when the test says so.
type failingStores struct {
	ginjwt.Blocklist
	ginjwt.Once
	addFails, claimFails error
}

func (f *failingStores) Add(ctx context.Context, id string, until time.Time) error {
	if f.addFails != nil {
		return f.addFails
	}
	return f.Blocklist.Add(ctx, id, until)
}

func (f *failingStores) Claim(ctx context.Context, id string, until time.Time) (bool, error) {
	if f.claimFails != nil {
		return false, f.claimFails
	}
	return f.Once.Claim(ctx, id, until)
}

func newSiteWithStores(t *testing.T) (*site, *failingStores) {
	t.Helper()
	stores := &failingStores{}
	return newSite(t, func(config *ginjwt.Config) {
		stores.Blocklist, stores.Once = config.Blocklist, config.Once
		config.Blocklist, config.Once = stores, stores
	}), stores
}

// If the store cannot say whether a link was used, nothing changes.
func TestResetWithoutTheStore(t *testing.T) {
	t.Parallel()
	s, stores := newSiteWithStores(t)
	s.register(alice)
	b := s.newBrowser()
	page := b.open(s.resetLinkOf(alice))
	stores.claimFails = errors.New("connection refused")
	shows(t, b.submit(page, "password", newPassword, "repeated", newPassword), 503, "Something went wrong")
	assert.True(t, s.wrongLogin(alice, newPassword))

	stores.claimFails = nil
	assert.Equal(t, 303, b.submit(page, "password", newPassword, "repeated", newPassword).Code)
	s.loginAs(alice, newPassword)
}

// The password has changed, but the sessions go on. The page tells the user to end them, and the
// user can.
func TestResetThatCannotEndSessions(t *testing.T) {
	t.Parallel()
	s, stores := newSiteWithStores(t)
	s.register(alice)
	thief := s.loginAs(alice, password)
	b := s.newBrowser()
	page := b.open(s.resetLinkOf(alice))
	stores.addFails = errors.New("connection refused")
	done := b.submit(page, "password", newPassword, "repeated", newPassword)
	require.Equal(t, "/login?note=sessions", done.Header().Get("Location"))
	assert.Contains(t, b.open("/login?note=sessions").Body.String(), "and then log out everywhere")
	assert.True(t, s.wrongLogin(alice, password))

	stores.addFails = nil
	user := s.loginAs(alice, newPassword)
	_, fields := formOf(t, user.open("/"))
	require.Equal(t, "/login", user.do("POST", "/logout/all", fields).Header().Get("Location"))
	assert.False(t, thief.loggedIn(alice))
}
