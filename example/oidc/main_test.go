package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
)

// A process of the service is this test binary with ISSUER in its environment.
func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	if os.Getenv("ISSUER") != "" {
		main()
	}
	os.Exit(m.Run())
}

// process starts the program, and returns its address.
func process(t *testing.T, env ...string) (address string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), append(env, "LISTEN=127.0.0.1:0")...)
	output, err := command.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Wait() }) // t.Context has ended by then
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if _, found, ok := strings.Cut(lines.Text(), "listening on "); ok {
			go func() { _, _ = io.Copy(io.Discard, output) }()
			return found
		}
		t.Log(lines.Text())
	}
	require.FailNow(t, "the program has ended")
	return ""
}

// cluster is three processes of the service, and the provider.
type cluster struct {
	*provider
	processes []string
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{provider: newProvider(t)}
	env := []string{
		"ISSUER=" + c.url, "CLIENT_ID=" + clientID, "CLIENT_SECRET=" + clientSecret, "API_AUDIENCE=" + clientID,
		"JWT_SECRET_KEY=" + strings.Repeat("s", 32), "REDIS_URL=redis://" + testserver.Redis(t).Addr(), "GIN_MODE=release",
	}
	for range 3 {
		c.processes = append(c.processes, process(t, env...))
		env = append(env, "PUBLIC_URL="+c.processes[0])
	}
	c.serves(c.processes[0])
	return c
}

// browser is a browser that has logged in.
type browser struct {
	*http.Client
	t *testing.T
}

// newBrowser logs in at the first process, and follows all links.
func (c *cluster) newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	b := &browser{&http.Client{Jar: jar}, t}
	at, page := signIn(t, b.Client, c.processes[0]+"/login")
	require.Equal(t, c.processes[0]+"/", at.String(), page)
	require.Contains(t, page, "Logged in as provider:"+subject)
	return b
}

func read(t *testing.T, answer *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return string(body)
}

func (b *browser) get(address string) (page string) {
	b.t.Helper()
	answer, err := b.Get(address)
	require.NoError(b.t, err)
	return read(b.t, answer)
}

// status is the answer to a request with the cookies, or a token in place of them.
func (b *browser) status(method, address, token string) int {
	b.t.Helper()
	request, err := http.NewRequestWithContext(context.WithoutCancel(b.t.Context()), method, address, nil)
	require.NoError(b.t, err)
	client := b.Client
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
		client = http.DefaultClient
	} else {
		home, err := url.Parse(address)
		require.NoError(b.t, err)
		for _, cookie := range b.Jar.Cookies(home) {
			if cookie.Name == "csrf_refresh_token" {
				request.Header.Set("X-CSRF-TOKEN", cookie.Value)
			}
		}
	}
	answer, err := client.Do(request)
	require.NoError(b.t, err)
	read(b.t, answer)
	return answer.StatusCode
}

// untilCallback is a browser that does not deliver the answer of the provider to the service.
func untilCallback(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/callback" {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

// signIn opens an address that leads to the provider, and types the password there. It
// returns where the browser is then, or was told to go, and the page.
func signIn(t *testing.T, b *http.Client, address string) (at *url.URL, page string) {
	t.Helper()
	answer, err := b.Get(address)
	require.NoError(t, err)
	read(t, answer)
	form := answer.Request.URL
	require.Contains(t, form.Path, "/login/username", "the page of the provider")
	answer, err = b.PostForm(form.String(), url.Values{"username": {username}, "password": {password}, "id": {form.Query().Get("authRequestID")}})
	require.NoError(t, err)
	if at, err = answer.Location(); err != nil {
		at = answer.Request.URL
	}
	return at, read(t, answer)
}

// providersToken gets an access token of the provider.
func (c *cluster) providersToken(t *testing.T) string {
	t.Helper()
	oauth := oauth2.Config{
		ClientID: clientID, ClientSecret: clientSecret, RedirectURL: c.processes[0] + "/callback", Scopes: []string{"openid"},
		Endpoint: oauth2.Endpoint{AuthURL: c.url + "/auth", TokenURL: c.url + "/oauth/token"},
	}
	back, _ := signIn(t, untilCallback(t), oauth.AuthCodeURL("state"))
	tokens, err := oauth.Exchange(t.Context(), back.Query().Get("code"))
	require.NoError(t, err)
	return tokens.AccessToken
}

// assertEverywhere expects a status from all processes. A process may respond with another to
// requests of the first second, which is MaxStaleness, and with 503 while its store does not reply.
func (c *cluster) assertEverywhere(b *browser, method, path, token string, want int) {
	b.t.Helper()
	began := time.Now()
	for _, process := range c.processes {
		assert.Eventually(b.t, func() bool {
			asked := time.Since(began)
			status := b.status(method, process+path, token)
			return status == want || status != http.StatusServiceUnavailable && !assert.LessOrEqual(b.t, asked, time.Second, status)
		}, time.Minute, 10*time.Millisecond, "%s %s", method, process+path)
	}
}

func TestLogoutAtTheProviderEndsAll(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	for name, sid := range map[string]func() string{"of the session": c.sid, "of the user": func() string { return "" }} {
		b, access := c.newBrowser(t), c.providersToken(t)
		c.assertEverywhere(b, "GET", "/protected", "", 200)
		c.assertEverywhere(b, "GET", "/protected", access, 200)
		c.assertEverywhere(b, "POST", "/refresh", "", 200)

		c.logOut(subject, sid())
		second := time.Now().Unix()
		require.Equal(t, []int{200}, c.answers(), name)
		c.assertEverywhere(b, "GET", "/protected", "", 401)
		c.assertEverywhere(b, "GET", "/protected", access, 401)
		c.assertEverywhere(b, "POST", "/refresh", "", 401)
		page := b.get(c.processes[1] + "/")
		assert.Contains(t, page, "Log in", name)

		c.newSession()
		require.Eventually(t, func() bool { return time.Now().Unix() > second }, time.Minute, 10*time.Millisecond) // a login in the same second is refused
		again, access := c.newBrowser(t), c.providersToken(t)
		for range 3 { // at once, and for good
			for _, process := range c.processes {
				assert.Equal(t, 200, again.status("GET", process+"/protected", ""), name)
				assert.Equal(t, 200, again.status("GET", process+"/protected", access), name)
				assert.Equal(t, 200, again.status("POST", process+"/refresh", ""), name)
			}
		}
		assert.Equal(t, 401, b.status("GET", c.processes[2]+"/protected", ""), name)
	}
}

var csrfField = regexp.MustCompile(`name="csrf_token" value="([^"]+)"`)

// A logout here ends the session of this service, the session at the provider, and so the
// session on the other device.
func TestLogoutHereIsOneAtTheProvider(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	b, other := c.newBrowser(t), c.newBrowser(t)
	page := b.get(c.processes[0] + "/")
	csrf := csrfField.FindStringSubmatch(page)
	require.Len(t, csrf, 2)
	answer, err := b.PostForm(c.processes[0]+"/logout", url.Values{"csrf_token": {"wrong"}})
	require.NoError(t, err)
	assert.NotContains(t, read(t, answer), "Log in")
	assert.Equal(t, 401, answer.StatusCode)

	answer, err = b.PostForm(c.processes[0]+"/logout", url.Values{"csrf_token": {csrf[1]}})
	require.NoError(t, err)
	assert.Contains(t, read(t, answer), "Log in")
	assert.Equal(t, c.processes[0]+"/", answer.Request.URL.String(), "back from the provider")
	assert.Equal(t, []int{200}, c.answers())
	c.assertEverywhere(b, "GET", "/protected", "", 401)
	c.assertEverywhere(other, "GET", "/protected", "", 401)
	c.assertEverywhere(other, "POST", "/refresh", "", 401)
}

// Only the browser that asked can use the answer of the provider.
func TestLoginsOfOthers(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	for name, change := range map[string]func(*http.Request){
		"no cookie":     func(r *http.Request) { r.Header.Del("Cookie") },
		"another state": func(r *http.Request) { r.Header.Set("Cookie", "login=a.b.c") },
		"another nonce": func(r *http.Request) {
			cookie, _ := r.Cookie("login")
			parts := strings.Split(cookie.Value, ".")
			r.Header.Set("Cookie", "login="+parts[0]+".x."+parts[2])
		},
		"another verifier": func(r *http.Request) {
			cookie, _ := r.Cookie("login")
			r.Header.Set("Cookie", "login="+cookie.Value+"x")
		},
		"an error": func(r *http.Request) { r.URL.RawQuery += "&error=access_denied" },
	} {
		b := untilCallback(t)
		back, _ := signIn(t, b, c.processes[0]+"/login")
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, back.String(), nil)
		require.NoError(t, err)
		for _, cookie := range b.Jar.Cookies(back) {
			request.AddCookie(cookie)
		}
		change(request)
		answer, err := http.DefaultTransport.RoundTrip(request)
		require.NoError(t, err)
		assert.Equal(t, "The login failed. Go back and try again.", read(t, answer), name)
		assert.Equal(t, 400, answer.StatusCode, name)
		assert.Empty(t, answer.Cookies(), name)
	}
}
