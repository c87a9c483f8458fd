package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestWebLogin(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	login := s.do("POST", "/web/login", jwttest.JSON(alice))
	requireAnswer(t, login, 200, `{"msg":"Logged in"}`)
	assert.Equal(t, "no-store", login.Header().Get("Cache-Control"))
	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login)), 200, `{"name":"alice","note":""}`)

	var cookies []string
	for _, cookie := range login.Result().Cookies() {
		require.NotEmpty(t, cookie.Value)
		cookies = append(cookies, strings.Replace(cookie.Raw, cookie.Value, "…", 1))
	}
	assert.Equal(t, []string{
		"access_token_cookie=…; Path=/; HttpOnly; SameSite=Lax",
		"csrf_access_token=…; Path=/; SameSite=Lax",
		"refresh_token_cookie=…; Path=/web; HttpOnly; SameSite=Lax",
		"csrf_refresh_token=…; Path=/; SameSite=Lax",
	}, cookies)
}

func TestWebNeedsCSRF(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	login := s.do("POST", "/web/login", jwttest.JSON(alice))
	note := jwttest.JSON(`{"note":"buy milk"}`)
	none := func(r *http.Request) { r.Header.Del("X-CSRF-TOKEN") }

	requireAnswer(t, s.do("POST", "/web/note", note, jwttest.Cookies(login), none), 401, `{"msg":"Missing CSRF token"}`)
	requireAnswer(t, s.do("POST", "/web/note", note, jwttest.Cookies(login), jwttest.Header("X-CSRF-TOKEN", "guess")), 401,
		`{"msg":"CSRF double submit tokens do not match"}`)
	for _, path := range []string{"/web/refresh", "/web/logout"} {
		requireAnswer(t, s.do("POST", path, jwttest.RefreshCookies(login), none), 401, `{"msg":"Missing CSRF token"}`)
		requireAnswer(t, s.do("POST", path, jwttest.Cookies(login)), 401, `{"msg":"CSRF double submit tokens do not match"}`)
	}
	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login), none), 200, `{"name":"alice","note":""}`)

	requireAnswer(t, s.do("POST", "/web/note", note, jwttest.Cookies(login)), 200, `{"note":"buy milk"}`)
	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login)), 200, `{"name":"alice","note":"buy milk"}`)
}

func TestWebNoteRefuses(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	login := s.do("POST", "/web/login", jwttest.JSON(alice))
	long := jwttest.JSON(`{"note":"` + strings.Repeat("x", 501) + `"}`)
	requireAnswer(t, s.do("POST", "/web/note", long, jwttest.Cookies(login)), 400, `{"msg":"A note has at most 500 bytes"}`)
	requireAnswer(t, s.do("POST", "/web/note", jwttest.JSON(`[]`), jwttest.Cookies(login)), 400,
		`{"msg":"The body is not the JSON object that this route takes"}`)
}

func TestWebTakesCookiesOnly(t *testing.T) {
	t.Parallel()
	s := newService(t)
	access, refresh := s.tokens(t)
	requireAnswer(t, s.do("GET", "/web/me", jwttest.Bearer(access)), 401, `{"msg":"Missing cookie \"access_token_cookie\""}`)
	requireAnswer(t, s.do("POST", "/web/note", jwttest.Bearer(access)), 401, `{"msg":"Missing cookie \"access_token_cookie\""}`)
	requireAnswer(t, s.do("POST", "/web/refresh", jwttest.Bearer(refresh)), 401, `{"msg":"Missing cookie \"refresh_token_cookie\""}`)
	requireAnswer(t, s.do("POST", "/web/logout", jwttest.Bearer(refresh)), 401, `{"msg":"Missing cookie \"refresh_token_cookie\""}`)

	login := s.do("POST", "/web/login", jwttest.JSON(alice))
	requireAnswer(t, s.do("GET", "/me", jwttest.Cookies(login)), 401, `{"msg":"Missing Authorization Header"}`)
}

func TestWebRefresh(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	login := s.do("POST", "/web/login", jwttest.JSON(alice))

	s.clock.Advance(15 * time.Minute)
	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login)), 401, `{"msg":"Token has expired"}`)
	refreshed := s.do("POST", "/web/refresh", jwttest.RefreshCookies(login))
	requireAnswer(t, refreshed, 200, `{"msg":"Refreshed"}`)
	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login, refreshed)), 200, `{"name":"alice","note":""}`)
}

func TestWebLogout(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	login := s.do("POST", "/web/login", jwttest.JSON(alice))
	logout := s.do("POST", "/web/logout", jwttest.RefreshCookies(login))
	requireAnswer(t, logout, 200, `{"msg":"Logged out"}`)

	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login, logout)), 401, `{"msg":"Missing cookie \"access_token_cookie\""}`)
	s = s.restart(t)
	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login)), 401, `{"msg":"Token has been revoked"}`)
	requireAnswer(t, s.do("POST", "/web/refresh", jwttest.RefreshCookies(login)), 401, `{"msg":"Token has been revoked"}`)
}

func TestWebLogoutWhenTheAccessTokenHasExpired(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	login := s.do("POST", "/web/login", jwttest.JSON(alice))
	s.clock.Advance(time.Hour)
	requireAnswer(t, s.do("POST", "/web/logout", jwttest.RefreshCookies(login)), 200, `{"msg":"Logged out"}`)
	requireAnswer(t, s.do("POST", "/web/refresh", jwttest.RefreshCookies(login)), 401, `{"msg":"Token has been revoked"}`)
}
