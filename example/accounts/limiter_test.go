package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	from := func(ip string) jwttest.RequestOption {
		return func(r *http.Request) {
			r.RemoteAddr = ip
			r.Header.Set("X-Forwarded-For", "203.0.113.9")
		}
	}
	s := newSite(t)
	b := s.newBrowser()
	ask := func(address, ip string) int {
		return b.do("POST", "/reset", form("address", address), from(ip)).Code
	}
	for i := range 5 {
		assert.Equal(t, 200, ask(alice, fmt.Sprintf("192.0.2.%d:1", i)))
	}
	refused := b.do("POST", "/reset", form("address", alice), from("192.0.2.99:1"))
	shows(t, refused, 429, "Too many requests")
	assert.Equal(t, "3600", refused.Header().Get("Retry-After"))
	assert.Equal(t, 200, ask(bob, "192.0.2.99:1"), "another address")

	for i := range 30 {
		assert.Equal(t, 200, ask(fmt.Sprintf("%d@example.org", i), fmt.Sprintf("[2001:db8::%x]:1", i+1)))
	}
	assert.Equal(t, 429, ask("31@example.org", "[2001:db8::ffff]:1"), "the same network")
	assert.Equal(t, 200, ask("31@example.org", "[2001:db8:1::1]:1"), "another network")

	s.clock.Advance(time.Hour)
	assert.Equal(t, 200, ask(alice, "192.0.2.1:1"))
}

func TestLimitOfPasswords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	for range 10 {
		assert.True(t, s.wrongLogin(alice, "wrong password"))
	}
	b := s.newBrowser()
	shows(t, b.do("POST", "/login", form("address", alice, "password", password)), 429, "Too many requests")
	elsewhere := func(r *http.Request) { r.RemoteAddr = "198.51.100.7:1" }
	w := b.do("POST", "/login", form("address", alice, "password", password), elsewhere)
	assert.Equal(t, 303, w.Code, "strangers do not lock a user out")
}

// A client that has reached its own limit uses up neither the limit of an address nor the memory.
func TestLimitOfAClientComesFirst(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b, elsewhere := s.newBrowser(), func(r *http.Request) { r.RemoteAddr = "198.51.100.7:1" }
	for i := range 30 {
		assert.Equal(t, 200, b.do("POST", "/reset", form("address", fmt.Sprintf("%d@example.org", i))).Code)
	}
	for range 5 {
		assert.Equal(t, 429, b.do("POST", "/reset", form("address", alice)).Code)
	}
	assert.Equal(t, 200, b.do("POST", "/reset", form("address", alice), elsewhere).Code)

	for i := range 100 {
		assert.Equal(t, 403, b.do("POST", "/login", form("address", fmt.Sprintf("%d@example.org", i))).Code)
	}
	counts := len(s.limits.counts)
	for i := range 10 {
		assert.Equal(t, 429, b.do("POST", "/login", form("address", fmt.Sprintf("%d@example.net", i))).Code)
		assert.Equal(t, 429, b.do("POST", "/register", form("address", fmt.Sprintf("%d@example.net", i))).Code)
	}
	assert.Len(t, s.limits.counts, counts)
}

// A thief who knows the password asks for links until no more are sent. The user can still
// choose a new password.
func TestLinksOfOnePageDoNotUseUpThoseOfAnother(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	thief := s.newBrowser()
	for range 6 {
		thief.do("POST", "/login/link", form("address", alice))
		thief.do("POST", "/register", form("address", alice))
	}
	assert.Len(t, s.deliver(alice), 9, "five magic links, and four times that there is an account")
	assert.Equal(t, 303, s.newBrowser().submit(s.newBrowser().open(s.resetLinkOf(alice)), "password", newPassword, "repeated", newPassword).Code)
}

func TestLimiterIsBounded(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	l := newLimiter(clock.Now)
	for i := range maxCounts {
		l.allow(fmt.Sprint(i), 2)
	}
	assert.False(t, l.allow("new", 2))
	assert.True(t, l.allow("0", 2))
	clock.Advance(time.Hour)
	assert.True(t, l.allow("new", 2))
}
