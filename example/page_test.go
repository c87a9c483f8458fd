package main

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// requirePage compares a page with what the template makes of view.
func requirePage(t *testing.T, w *httptest.ResponseRecorder, view pageView) {
	t.Helper()
	want := &bytes.Buffer{}
	require.NoError(t, pageTemplate.Execute(want, view))
	require.Equal(t, want.String(), w.Body.String())
	require.Equal(t, 200, w.Code)
	require.Equal(t, map[string][]string{
		"Content-Type":            {"text/html; charset=utf-8"},
		"Content-Security-Policy": {contentSecurityPolicy},
		"X-Content-Type-Options":  {"nosniff"},
		"Referrer-Policy":         {"no-referrer"},
		"Cache-Control":           {"no-store"},
	}, map[string][]string(w.Header()))
}

func TestPageOfAStranger(t *testing.T) {
	t.Parallel()
	s := newService(t)
	requirePage(t, s.do("GET", "/web"), pageView{})
	assert.Contains(t, s.do("GET", "/web").Body.String(), `<form method="post">`)
}

func TestPageShowsSessions(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	began := s.clock.Now().UTC()
	s.do("POST", "/login", jwttest.JSON(alice), jwttest.Header("User-Agent", `<script>"&'`))
	s.clock.Advance(time.Minute)
	login := s.do("POST", "/web/login", jwttest.JSON(alice), jwttest.Header("User-Agent", firefox))

	sessions := sessionsIn(t, s.do("GET", "/web/sessions", jwttest.Cookies(login)))
	require.Len(t, sessions, 2)
	w := s.do("GET", "/web", jwttest.Cookies(login))
	requirePage(t, w, pageView{
		User: &user{Name: "alice"},
		Sessions: []sessionView{
			{sessions[0].ID, "Firefox on Linux", firefox, began.Add(time.Minute), began.Add(time.Minute), true},
			{sessions[1].ID, `<script>"&'`, `<script>"&'`, began, began, false},
		},
	})
	assert.Contains(t, w.Body.String(), "Logged in as <strong>alice</strong>")
	assert.Contains(t, w.Body.String(), `data-method="DELETE" data-path="/web/sessions/`+sessions[1].ID+`"`)
	assert.NotContains(t, w.Body.String(), "<script>\"")
	assert.NotContains(t, w.Body.String(), "eyJ")
}

// A user who is no longer logged in sees the form. The script of the page tries to refresh.
func TestPageAfterALogin(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	login := s.do("POST", "/web/login", jwttest.JSON(alice))
	s.clock.Advance(15 * time.Minute)
	requirePage(t, s.do("GET", "/web", jwttest.Cookies(login)), pageView{})

	refreshed := s.do("POST", "/web/refresh", jwttest.RefreshCookies(login))
	requireNoContent(t, s.do("POST", "/web/logout/all", jwttest.Cookies(login, refreshed)))
	requirePage(t, s.do("GET", "/web", jwttest.Cookies(login, refreshed)), pageView{})
}

func TestPageWithoutItsDatabase(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	login := s.do("POST", "/web/login", jwttest.JSON(alice))
	require.NoError(t, s.db.Close())
	requireAnswer(t, s.do("GET", "/web", jwttest.Cookies(login)), 503, `{"msg":"Service unavailable"}`)
}

func TestPageFiles(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for name, contentType := range map[string]string{"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"} {
		content, err := os.ReadFile(filepath.Join("page", name))
		require.NoError(t, err)
		w := s.do("GET", "/web/"+name)
		assert.Equal(t, 200, w.Code)
		assert.Equal(t, string(content), w.Body.String())
		assert.Equal(t, contentType, w.Header().Get("Content-Type"))
		assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	}
}

func TestPageHasTheClient(t *testing.T) {
	t.Parallel()
	s := newService(t)
	w := s.do("GET", "/web/session.js")
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, "text/javascript; charset=utf-8", w.Header().Get("Content-Type"))
	assert.Contains(t, w.Body.String(), "export function createSession(options)")
}

// The page contains nothing that its policy forbids.
func TestPageIsPlain(t *testing.T) {
	t.Parallel()
	assert.NotRegexp(t, `(?i)\son\w+=|\sstyle=|<style|javascript:|https?:`, markup)
	assert.NotRegexp(t, `https?:|innerHTML|eval\(`, string(pageScript))
	assert.NotRegexp(t, `https?:|url\(|@import`, string(style))
}
