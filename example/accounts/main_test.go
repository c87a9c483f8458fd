package main

import (
	"bytes"
	"context"
	"html"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

const (
	public   = "https://accounts.example.org"
	alice    = "alice@example.org"
	bob      = "bob@example.org"
	password = "correct horse"
)

// site is the service with the mails that it has sent.
type site struct {
	*service
	t      *testing.T
	router *gin.Engine
	clock  *jwttest.Clock
	sent   []message
	logged *safeBuffer
}

func newSite(t *testing.T, changes ...func(*ginjwt.Config)) *site {
	t.Helper()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
	config.Blocklist = &ginjwt.MemoryBlocklist{Now: clock.Now}
	config.Once = &ginjwt.MemoryOnce{Now: clock.Now}
	for _, change := range changes {
		change(&config)
	}
	passwords, err := newPasswords(bcrypt.MinCost)
	require.NoError(t, err)
	s := &site{t: t, clock: clock, logged: &safeBuffer{}}
	logger := log.New(s.logged, "", 0)
	s.service = &service{public: public, users: newMemoryUsers(), passwords: passwords, mailer: s, outbox: newOutbox(logger), log: logger}
	s.router, err = s.newRouter(config)
	require.NoError(t, err)
	t.Cleanup(s.checkLog)
	return s
}

// send keeps a mail, and opens all its links first, as mail scanners do.
func (s *site) send(_ context.Context, m message) error {
	s.sent = append(s.sent, m)
	scanner := s.newBrowser()
	for _, link := range linksIn(m.body) {
		for range 2 {
			for _, method := range []string{"GET", "HEAD"} {
				w := scanner.do(method, link, nil)
				assert.Less(s.t, w.Code, 500, link)
				assert.NotEqual(s.t, 404, w.Code, link)
			}
		}
	}
	return nil
}

// deliver runs the jobs of the outbox, and returns their mails to an address.
func (s *site) deliver(address string) (mails []message) {
	first := len(s.sent)
	for len(s.outbox.jobs) > 0 {
		s.outbox.do(s.t.Context(), <-s.outbox.jobs)
	}
	for _, m := range s.sent[first:] {
		if m.to == address {
			mails = append(mails, m)
		}
	}
	return mails
}

// linkTo returns the link of the one mail to an address.
func (s *site) linkTo(address, path string) string {
	s.t.Helper()
	mails := s.deliver(address)
	require.Len(s.t, mails, 1)
	links := linksIn(mails[0].body)
	require.Len(s.t, links, 1)
	require.Contains(s.t, links[0], public+path+"?token=")
	return links[0]
}

// checkLog checks after each test that the log has no tokens.
func (s *site) checkLog() {
	text := s.logged.String()
	assert.NotContains(s.t, text, "token=")
	for _, m := range s.sent {
		for _, link := range linksIn(m.body) {
			if token := tokenOf(s.t, link); token != "" {
				assert.NotContains(s.t, text, token)
			}
		}
	}
}

func linksIn(text string) []string { return regexp.MustCompile(`https://\S+`).FindAllString(text, -1) }

func tokenOf(t *testing.T, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	require.NoError(t, err)
	return u.Query().Get("token")
}

// safeBuffer is a buffer for several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// browser is an HTTP client that keeps cookies.
type browser struct {
	s   *site
	jar *cookiejar.Jar
}

func (s *site) newBrowser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	return &browser{s, jar}
}

func (b *browser) do(method, target string, form url.Values, with ...jwttest.RequestOption) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	home, err := url.Parse(public)
	require.NoError(b.s.t, err)
	for _, cookie := range b.jar.Cookies(home) {
		r.AddCookie(cookie)
	}
	for _, option := range with {
		option(r)
	}
	b.s.router.ServeHTTP(w, r)
	b.jar.SetCookies(home, w.Result().Cookies())
	return w
}

func (b *browser) open(target string) *httptest.ResponseRecorder { return b.do("GET", target, nil) }

// submit fills in and sends the first form of a page.
func (b *browser) submit(page *httptest.ResponseRecorder, namesAndValues ...string) *httptest.ResponseRecorder {
	b.s.t.Helper()
	action, form := formOf(b.s.t, page)
	for i := 0; i < len(namesAndValues); i += 2 {
		form.Set(namesAndValues[i], namesAndValues[i+1])
	}
	return b.do("POST", action, form)
}

// formOf returns the target of the first form of a page, and its hidden fields.
func formOf(t *testing.T, page *httptest.ResponseRecorder) (action string, fields url.Values) {
	t.Helper()
	text := page.Body.String()
	found := regexp.MustCompile(`<form method="post" action="([^"]+)">`).FindStringSubmatch(text)
	require.NotNil(t, found, "no form on %d: %s", page.Code, text)
	fields = url.Values{}
	for _, hidden := range regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`).FindAllStringSubmatch(text, -1) {
		fields.Set(hidden[1], html.UnescapeString(hidden[2]))
	}
	return found[1], fields
}

// register creates a confirmed account.
func (s *site) register(address string) {
	s.t.Helper()
	b := s.newBrowser()
	b.submit(b.open("/register"), "address", address)
	w := b.submit(b.open(s.linkTo(address, "/register/confirm")), "password", password, "repeated", password)
	require.Equal(s.t, "/login?note=registered", w.Header().Get("Location"), w.Body.String())
}

// loginAs returns a browser that is logged in.
func (s *site) loginAs(address, password string) *browser {
	s.t.Helper()
	b := s.newBrowser()
	w := b.submit(b.open("/login"), "address", address, "password", password)
	require.Equal(s.t, "/", w.Header().Get("Location"), w.Body.String())
	require.True(s.t, b.loggedIn(address))
	return b
}

// loggedIn reports whether a browser shows the account of an address.
func (b *browser) loggedIn(address string) bool {
	w := b.open("/")
	return w.Code == http.StatusOK && strings.Contains(w.Body.String(), "<strong>"+address+"</strong>")
}

// wrongLogin reports whether a password is refused.
func (s *site) wrongLogin(address, password string) bool {
	b := s.newBrowser()
	w := b.submit(b.open("/login"), "address", address, "password", password)
	return w.Code == http.StatusForbidden && !b.loggedIn(address)
}

// shows asserts status and title of a page.
func shows(t *testing.T, w *httptest.ResponseRecorder, status int, title string) {
	t.Helper()
	assert.Equal(t, status, w.Code)
	assert.Contains(t, w.Body.String(), "<h1>"+title+"</h1>")
}

// form returns a form from alternating names and values.
func form(namesAndValues ...string) url.Values {
	fields := url.Values{}
	for i := 0; i < len(namesAndValues); i += 2 {
		fields.Set(namesAndValues[i], namesAndValues[i+1])
	}
	return fields
}
