package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// publicName is the origin that clients sign in their proofs. The tests reach it at another address.
const publicName = "https://api.example.com"

// site is the API behind a proxy, as a browser sees it.
type site struct {
	t      *testing.T
	url    string // https
	client *http.Client
	mgr    *ginjwt.JWTManager // makes tokens
	dir    string             // of the proxy
}

func newSite(t *testing.T, start func(t *testing.T, c certificate, api, files string) string) *site {
	t.Helper()
	config := jwttest.Config(nil)
	config.DPoP, config.DPoPNonce, config.DPoPOrigins = "accepted", true, []string{publicName}
	router, err := newRouter(config, "127.0.0.1")
	require.NoError(t, err)
	api := httptest.NewServer(router)
	t.Cleanup(api.Close)
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Method+" of "+r.Header.Get("X-Identity")+r.Header.Get("Authorization")+r.Header.Get("Cookie"))
	}))
	t.Cleanup(files.Close)
	c := newCertificate(t)
	s := &site{t: t, client: c.client, mgr: ginjwt.New(config), dir: c.dir}
	require.NoError(t, s.mgr.InitApp(nil))
	s.url = "https://" + start(t, c, api.Listener.Addr().String(), files.Listener.Addr().String())
	s.client.Jar, err = cookiejar.New(nil)
	require.NoError(t, err)
	return s
}

// do sends a request, with headers as names and values in turn.
func (s *site) do(method, path string, headers ...string) (status int, body string) {
	s.t.Helper()
	return s.send(method, path, "", headers...)
}

func (s *site) send(method, path, content string, headers ...string) (status int, body string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(content))
	require.NoError(s.t, err)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := s.client.Do(request)
	require.NoError(s.t, err)
	text, err := io.ReadAll(answer.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, answer.Body.Close())
	return answer.StatusCode, string(text)
}

func (s *site) cookie(name string) string {
	home, err := url.Parse(s.url)
	require.NoError(s.t, err)
	for _, cookie := range s.client.Jar.Cookies(home) {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}

func TestBehindProxies(t *testing.T) {
	t.Parallel()
	for name, start := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, start)

			// Secure cookies, though the API itself speaks http.
			status, _ := s.do("POST", "/login")
			require.Equal(t, 200, status)
			_, body := s.do("GET", "/me")
			assert.JSONEq(t, `{"identity":"alice","ip":"127.0.0.1"}`, body)

			// A client cannot choose its address.
			_, body = s.do("GET", "/me", "X-Forwarded-For", "192.0.2.7", "X-Real-IP", "192.0.2.7", "Forwarded", "for=192.0.2.7")
			assert.JSONEq(t, `{"identity":"alice","ip":"127.0.0.1"}`, body)

			// The largest token that the API makes passes, and a larger one is not made.
			large, err := s.mgr.CreateAccessToken(t.Context(), "bob", ginjwt.WithClaims(ginjwt.Claims{"groups": strings.Repeat("g", 4300)}))
			require.NoError(t, err)
			require.Greater(t, len(large), 6000)
			_, body = s.do("GET", "/me", "Authorization", "Bearer "+large)
			assert.JSONEq(t, `{"identity":"bob","ip":"127.0.0.1"}`, body)

			s.opensAWebSocket()
		})
	}
}

func (s *site) opensAWebSocket() {
	s.t.Helper()
	_, body := s.send("POST", "/ticket", `{"url":"/live"}`, "Content-Type", "application/json", "X-CSRF-TOKEN", s.cookie("csrf_access_token"))
	var bought struct{ Ticket string }
	require.NoError(s.t, json.Unmarshal([]byte(body), &bought), body)
	conn, _, err := websocket.Dial(s.t.Context(), s.url+"/live?ticket="+bought.Ticket, &websocket.DialOptions{ //nolint:bodyclose // it is closed: see Dial
		HTTPClient: s.client, HTTPHeader: http.Header{"Origin": {s.url}},
	})
	require.NoError(s.t, err)
	_, message, err := conn.Read(s.t.Context())
	require.NoError(s.t, err)
	assert.Equal(s.t, "hello alice", string(message))
	_ = conn.CloseNow()
}

func TestLargestToken(t *testing.T) {
	t.Parallel()
	router, err := newRouter(jwttest.Config(nil))
	require.NoError(t, err)
	router.GET("/large", func(c *gin.Context) {
		mgr := ginjwt.FromContext(c)
		_, err := mgr.CreateAccessToken(c, "bob", ginjwt.WithClaims(ginjwt.Claims{"groups": strings.Repeat("g", 5000)}))
		assert.ErrorIs(t, err, ginjwt.ErrTokenTooLarge)
	})
	jwttest.Do(router, "GET", "/large")
}

// Nobody but the proxies is believed.
func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	token := jwttest.Bearer(accessToken(t))
	for proxy, ip := range map[string]string{"127.0.0.1": "192.0.2.1", "192.0.2.1": "203.0.113.9"} { // httptest connects from 192.0.2.1
		router, err := newRouter(jwttest.Config(nil), proxy)
		require.NoError(t, err)
		w := jwttest.Do(router, "GET", "/me", token, jwttest.Header("X-Forwarded-For", "203.0.113.9"))
		assert.JSONEq(t, `{"identity":"alice","ip":"`+ip+`"}`, w.Body.String(), proxy)
	}
}

func accessToken(t *testing.T) string {
	t.Helper()
	mgr := ginjwt.New(jwttest.Config(nil))
	require.NoError(t, mgr.InitApp(nil))
	return jwttest.AccessToken(t, mgr, "alice")
}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	router, err := newRouter(jwttest.Config(nil))
	require.NoError(t, err)
	login := jwttest.Do(router, "POST", "/login")
	cookies := jwttest.Cookies(login)
	withoutCSRF := func(r *http.Request) { r.Header.Del("X-CSRF-TOKEN") }
	method := func(m string) jwttest.RequestOption { return jwttest.Header("X-Forwarded-Method", m) }
	preflight := func(r *http.Request) {
		r.Header.Set("Origin", "https://evil.example.net")
		r.Header.Set("Access-Control-Request-Method", "DELETE")
	}
	for name, test := range map[string]struct {
		options []jwttest.RequestOption
		status  int
	}{
		"a token":                       {[]jwttest.RequestOption{method("POST"), jwttest.Bearer(accessToken(t))}, 204},
		"cookies that read":             {[]jwttest.RequestOption{method("GET"), cookies, withoutCSRF}, 204},
		"cookies that change":           {[]jwttest.RequestOption{method("POST"), cookies}, 204},
		"cookies of another site":       {[]jwttest.RequestOption{method("POST"), cookies, withoutCSRF}, 401},
		"a proxy that tells no method":  {[]jwttest.RequestOption{cookies, withoutCSRF}, 401},
		"no token":                      {[]jwttest.RequestOption{method("GET")}, 401},
		"half a token":                  {[]jwttest.RequestOption{method("GET"), jwttest.Bearer("x.y")}, 401},
		"two tokens":                    {[]jwttest.RequestOption{method("GET"), jwttest.Header("Authorization", "Bearer a, Bearer b")}, 401},
		"a preflight":                   {[]jwttest.RequestOption{method("OPTIONS"), preflight}, 401},
		"a preflight with cookies":      {[]jwttest.RequestOption{method("OPTIONS"), preflight, cookies}, 401},
		"OPTIONS that are no preflight": {[]jwttest.RequestOption{method("OPTIONS")}, 401},
	} {
		w := jwttest.Do(router, "GET", "/authorize", test.options...)
		assert.Equal(t, test.status, w.Code, name)
		assert.Equal(t, test.status == 204, w.Header().Get("X-Identity") == "alice", name)
	}
}

// A service that knows no tokens gets the identity, and nothing that a client made up.
func TestServiceBehindAuthorize(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"nginx", "caddy"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, proxies[name])
			status, _ := s.do("GET", "/files/a", "X-Identity", "alice")
			assert.Equal(t, 401, status)
			status, _ = s.do("GET", "/files/a", "Authorization", "Bearer x.y")
			assert.Equal(t, 401, status)
			_, body := s.do("GET", "/files/a", "Authorization", "Bearer "+jwttest.AccessToken(t, s.mgr, "bob"), "X-Identity", "alice")
			assert.Equal(t, "GET of bob", body)

			status, _ = s.do("POST", "/login")
			require.Equal(t, 200, status)
			_, body = s.do("GET", "/files/a")
			assert.Equal(t, "GET of alice", body)
			status, _ = s.do("POST", "/files/a", "X-Forwarded-Method", "GET")
			assert.Equal(t, 401, status, "another site has no CSRF value")
			_, body = s.do("POST", "/files/a", "X-CSRF-TOKEN", s.cookie("csrf_access_token"))
			assert.Equal(t, "POST of alice", body)
		})
	}
}

// A bound token passes with the proof of the request that the client has sent, and with no other.
func TestBoundTokenBehindAuthorize(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"nginx", "caddy"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, proxies[name])
			key := jwttest.NewDPoPKey(t, nil)
			token := jwttest.AccessToken(t, s.mgr, "bob", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
			get := func(signed string) (status int, body string) {
				request, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/files/a%2Fb?c=d", nil)
				require.NoError(t, err)
				request.Header.Set("Authorization", "DPoP "+token)
				request.Header.Set("X-Forwarded-Uri", signed) // the proxy replaces it
				request.Header.Set("DPoP", key.Proof(t, "GET", publicName+signed, token))
				answer, err := s.client.Do(request)
				require.NoError(t, err)
				defer answer.Body.Close()
				if nonce := answer.Header.Get("DPoP-Nonce"); nonce != "" {
					key.Nonce = nonce
				}
				text, err := io.ReadAll(answer.Body)
				require.NoError(t, err)
				return answer.StatusCode, string(text)
			}
			status, _ := get("/files/a%2Fb")
			assert.Equal(t, 401, status)
			assert.NotEmpty(t, key.Nonce, "the proxy passes on the nonce of a refusal")
			_, body := get("/files/a%2Fb")
			assert.Equal(t, "GET of bob", body)
			for _, other := range []string{"/authorize", "/files/b", "/files/a/b"} {
				status, _ = get(other)
				assert.Equal(t, 401, status, other)
			}
		})
	}
}

func TestLogOfNginx(t *testing.T) {
	t.Parallel()
	s := newSite(t, proxies["nginx"])
	s.do("GET", "/me?ticket=of-a-user")
	var log []byte
	require.Eventually(t, func() bool {
		log, _ = os.ReadFile(s.dir + "/access.log")
		return len(log) > 0
	}, time.Minute, 10*time.Millisecond)
	assert.Contains(t, string(log), `"GET /me" 401`)
	assert.NotContains(t, string(log), "of-a-user")
	status, _ := s.do("GET", "/authorize")
	assert.Equal(t, 404, status, "internal")
}

// The page shows lines of the file that is tested.
func TestPageShowsTheFile(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/recipes/reverse-proxy.md")
	require.NoError(t, err)
	text, err := os.ReadFile("nginx.conf")
	require.NoError(t, err)
	_, shown, ok := strings.Cut(string(page), "```nginx\n")
	require.True(t, ok)
	shown, _, _ = strings.Cut(shown, "```")
	assert.Contains(t, string(text), shown)
}
