package main

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt"
)

// listOfNetwork is a blocklist that fails when its caller is cancelled, like a blocklist on a server.
type listOfNetwork struct{ ginjwt.Blocklist }

func (l listOfNetwork) Add(ctx context.Context, id string, until time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.Blocklist.Add(ctx, id, until)
}

// A browser that disconnects after it has sent the form is still logged out.
func TestLogoutOfABrowserThatGoesAway(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(config *ginjwt.Config) { config.Blocklist = listOfNetwork{config.Blocklist} })
	s.register(alice)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	goesAway := func(r *http.Request) { *r = *r.WithContext(gone) }
	for path, left := range map[string]bool{"/logout": true, "/logout/all": false} {
		b, phone := s.loginAs(alice, password), s.loginAs(alice, password)
		thief := s.newBrowser()
		thief.jar.SetCookies(mustParse(t, public), b.jar.Cookies(mustParse(t, public)))
		_, fields := formOf(t, b.open("/"))
		assert.Equal(t, "/login", b.do("POST", path, fields, goesAway).Header().Get("Location"), path)
		assert.False(t, thief.loggedIn(alice), path)
		assert.Equal(t, left, phone.loggedIn(alice), path)
	}
}

// failingList is a blocklist that fails a given number of times.
type failingList struct {
	ginjwt.Blocklist
	failures int
}

func (l *failingList) Add(ctx context.Context, id string, until time.Time) error {
	if l.failures > 0 {
		l.failures--
		return errors.New("connection reset")
	}
	return l.Blocklist.Add(ctx, id, until)
}

// If links cannot be revoked, the sessions still end.
func TestLogoutEverywhereAsFarAsTheStoresAnswer(t *testing.T) {
	t.Parallel()
	list := &failingList{}
	s := newSite(t, func(config *ginjwt.Config) {
		list.Blocklist = config.Blocklist
		config.Blocklist = list
	})
	s.register(alice)
	laptop, phone := s.loginAs(alice, password), s.loginAs(alice, password)
	page := laptop.open("/")
	_, fields := formOf(t, page)
	list.failures = 1
	assert.Equal(t, 500, laptop.do("POST", "/logout/all", fields).Code)
	assert.Zero(t, list.failures)
	assert.False(t, phone.loggedIn(alice))
}
