package main

import (
	"net/http"
	"net/http/httptest"
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
		line := cookie.Raw
		if cookie.Value != "" {
			line = strings.Replace(line, cookie.Value, "…", 1)
		}
		cookies = append(cookies, line)
	}
	assert.Equal(t, []string{
		"refresh_token_cookie=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax", // its place without the setting
		"access_token_cookie=…; Path=/; HttpOnly; SameSite=Lax",
		"refresh_token_cookie=…; Path=/web; HttpOnly; SameSite=Lax",
	}, cookies)
}

func TestWebRefusesOtherPages(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	login := s.do("POST", "/web/login", jwttest.JSON(alice))
	note := jwttest.JSON(`{"note":"buy milk"}`)
	silent := func(r *http.Request) { r.Header.Del("Sec-Fetch-Site") } // a client that says nothing

	for _, page := range []jwttest.RequestOption{fromPage("cross-site"), fromPage("same-site"), silent} {
		for _, w := range []*httptest.ResponseRecorder{
			s.do("POST", "/web/note", note, jwttest.Cookies(login), page),
			s.do("POST", "/web/refresh", jwttest.RefreshCookies(login), page),
			s.do("POST", "/web/logout", jwttest.Cookies(login), page),
			s.do("DELETE", "/web/me", jwttest.Cookies(login), page),
			s.do("POST", "/web/login", jwttest.JSON(alice), jwttest.Cookies(login), page),
		} {
			require.Equal(t, 403, w.Code, w.Body)
			require.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="csrf_cross_origin"`)
		}
		requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login), page), 200, `{"name":"alice","note":""}`)
	}
	requireAnswer(t, s.do("POST", "/web/login", jwttest.JSON(alice), silent), 200, `{"msg":"Logged in"}`) // curl has no cookies yet

	requireAnswer(t, s.do("POST", "/web/note", note, jwttest.Cookies(login)), 200, `{"note":"buy milk"}`)
	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login)), 200, `{"name":"alice","note":"buy milk"}`)
}

func TestWebNoteRefuses(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	login := s.do("POST", "/web/login", jwttest.JSON(alice))
	long := jwttest.JSON(`{"note":"` + strings.Repeat("x", 501) + `"}`)
	requireAnswer(t, s.do("POST", "/web/note", long, jwttest.Cookies(login)), 400, `{"msg":"A note has at most 500 characters"}`)
	accents := strings.Repeat("é", 500)
	requireAnswer(t, s.do("POST", "/web/note", jwttest.JSON(`{"note":"`+accents+`"}`), jwttest.Cookies(login)), 200, `{"note":"`+accents+`"}`)
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
	requireAnswer(t, refreshed, 200, `{"token_type":"Bearer","expires_in":900}`)
	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login, refreshed)), 200, `{"name":"alice","note":""}`)
}

func TestWebLogout(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	login := s.do("POST", "/web/login", jwttest.JSON(alice))
	logout := s.do("POST", "/web/logout", jwttest.RefreshCookies(login))
	requireNoContent(t, logout)

	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login, logout)), 401, `{"msg":"Missing cookie \"access_token_cookie\""}`)
	s = s.restart(t)
	s.requireCookiesRevoked(t, login)
}

// requireCookiesRevoked requires that the cookies of a session are refused.
func (s *service) requireCookiesRevoked(t *testing.T, login *httptest.ResponseRecorder) {
	t.Helper()
	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login)), 401, `{"msg":"Token has been revoked"}`)
	requireAnswer(t, s.do("POST", "/web/refresh", jwttest.RefreshCookies(login)), 401, `{"msg":"Token has been revoked"}`)
}

func TestWebLogoutWhenTheAccessTokenHasExpired(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	login := s.do("POST", "/web/login", jwttest.JSON(alice))
	s.clock.Advance(time.Hour)
	requireNoContent(t, s.do("POST", "/web/logout", jwttest.RefreshCookies(login)))
	requireAnswer(t, s.do("POST", "/web/refresh", jwttest.RefreshCookies(login)), 401, `{"msg":"Token has been revoked"}`)
}

func TestWebSessions(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	phone := s.do("POST", "/web/login", jwttest.JSON(alice), jwttest.Header("User-Agent", "phone"))
	s.clock.Advance(time.Minute)
	laptop := s.do("POST", "/web/login", jwttest.JSON(alice), jwttest.Header("User-Agent", "laptop"))

	sessions := sessionsIn(t, s.do("GET", "/web/sessions", jwttest.Cookies(laptop)))
	require.Len(t, sessions, 2)
	assert.Equal(t, "phone", sessions[1].Device)
	path := "/web/sessions/" + sessions[1].ID
	assert.Equal(t, 403, s.do("DELETE", path, jwttest.Cookies(laptop), fromPage("cross-site")).Code)
	requireNoContent(t, s.do("DELETE", path, jwttest.Cookies(laptop)))
	s.requireCookiesRevoked(t, phone)

	requireNoContent(t, s.do("POST", "/web/logout/all", jwttest.Cookies(laptop)))
	s.requireCookiesRevoked(t, laptop)
}

func TestWebChangePassword(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	login := s.do("POST", "/web/login", jwttest.JSON(alice))
	refreshed := s.do("POST", "/web/refresh", jwttest.RefreshCookies(login))
	body := jwttest.JSON(`{"new_password":"battery staple"}`)

	requireAnswer(t, s.do("POST", "/web/password", body, jwttest.Cookies(refreshed)), 401, `{"msg":"Fresh token required"}`)
	changed := s.do("POST", "/web/password", body, jwttest.Cookies(login))
	requireAnswer(t, changed, 200, `{"msg":"Password changed"}`)
	s.requireCookiesRevoked(t, login)
	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login, changed)), 200, `{"name":"alice","note":""}`)
}

func TestWebDeleteMe(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	login := s.do("POST", "/web/login", jwttest.JSON(alice))
	deleted := s.do("DELETE", "/web/me", jwttest.Cookies(login))
	requireAnswer(t, deleted, 200, `{"msg":"Deleted"}`)
	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login, deleted)), 401, `{"msg":"Missing cookie \"access_token_cookie\""}`)
	s.requireCookiesRevoked(t, login)
}

// A user of the pages stays logged in without a refresh request.
func TestWebRenewsTokens(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	login := s.do("POST", "/web/login", jwttest.JSON(alice))

	s.clock.Advance(7 * time.Minute)
	assert.Empty(t, s.do("GET", "/web/me", jwttest.Cookies(login)).Result().Cookies())
	s.clock.Advance(time.Minute)
	renewed := s.do("GET", "/web/me", jwttest.Cookies(login))
	requireAnswer(t, renewed, 200, `{"name":"alice","note":""}`)
	s.clock.Advance(14 * time.Minute)
	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login)), 401, `{"msg":"Token has expired"}`)
	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(login, renewed)), 200, `{"name":"alice","note":""}`)
}
