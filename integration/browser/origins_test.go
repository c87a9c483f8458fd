package browser

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/coder/websocket"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// act is a request to the service, as it arrived behind the proxy.
type act struct {
	site, origin string
	status       int
}

// originService is a service behind a TLS proxy. Its pages are on every host, by TLS and
// without, with the default ports. It gives every request the cookie of alice: as if the
// browser had no SameSite, and blocked no cookies of third parties.
type originService struct {
	t       *testing.T
	encoded string
	csrf    string // of alice
	browser *chromium

	mu   sync.Mutex
	acts map[string]act // by the ID in the query
}

func newOriginService(t *testing.T, protection string) *originService {
	t.Helper()
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	config.CSRFProtection, config.CSRFTrustedOrigins = protection, []string{"https://www.partner.test"}
	router := gin.New()
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(router))
	s := &originService{t: t, encoded: jwttest.AccessToken(t, mgr, "alice"), acts: map[string]act{}}
	var err error
	s.csrf, err = mgr.GetCSRFToken(t.Context(), s.encoded)
	require.NoError(t, err)
	router.GET("/page", serveEmptyPage)
	router.Match([]string{"GET", "POST"}, "/api", mgr.JWTRequired(), func(c *gin.Context) { c.String(http.StatusOK, "done") })
	router.GET("/ws", mgr.JWTRequired(), acceptAll)
	router.POST("/login", mgr.SameOriginRequired(), func(c *gin.Context) { c.String(http.StatusOK, "done") })

	backend := httptest.NewServer(s.record(router))
	t.Cleanup(backend.Close)
	target, err := url.Parse(backend.URL)
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.SetXForwarded()
		r.Out.Host = r.In.Host
	}}
	rules := "MAP *:443 127.0.0.1:" + serve(t, proxy) + ",MAP *:80 127.0.0.1:" + target.Port()
	s.browser = &chromium{flags: []chromedp.ExecAllocatorOption{chromedp.Flag("host-resolver-rules", rules)}}
	t.Cleanup(s.browser.quit)
	return s
}

// serveEmptyPage has the response headers that the query names.
func serveEmptyPage(c *gin.Context) {
	for name, values := range c.Request.URL.Query() {
		c.Header(name, values[0])
	}
	c.Data(http.StatusOK, "text/html", []byte("<!doctype html><title>page</title><body>"))
}

// acceptAll accepts a WebSocket of every page, so that only ginjwt refuses one.
func acceptAll(c *gin.Context) {
	conn, err := websocket.Accept(c.Writer, c.Request, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err == nil {
		_ = conn.CloseNow()
	}
}

// statusWriter notes the status of a response.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = cmp.Or(w.status, status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// record notes the requests with an ID, adds the cookie, and removes Sec-Fetch-Site if the
// ID says so, as if the browser was from before 2023.
func (s *originService) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.URL.Query().Get("id")
		if id == "" {
			next.ServeHTTP(w, r)
			return
		}
		seen := act{site: strings.Join(r.Header["Sec-Fetch-Site"], ","), origin: strings.Join(r.Header["Origin"], ",")}
		if strings.HasSuffix(id, "-old") {
			r.Header.Del("Sec-Fetch-Site")
		}
		r.Header.Set("Cookie", "access_token_cookie="+s.encoded)
		answer := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(answer, r)
		seen.status = answer.status
		s.mu.Lock()
		s.acts[id] = seen
		s.mu.Unlock()
	})
}

// await returns the request with an ID.
func (s *originService) await(id string) (seen act) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		var ok bool
		seen, ok = s.acts[id]
		return ok
	}, patience, patience/5000, id)
	return seen
}

const (
	byFetch  = `fetch("%s", {method: "POST", mode: "no-cors", credentials: "include"}).catch(() => 0)`
	byCSRF   = `fetch("%s", {method: "POST", credentials: "include", headers: {"X-CSRF-TOKEN": "VALUE"}}).catch(() => 0)`
	byGet    = `location.assign("%s")`
	bySocket = `new WebSocket("%s".replace("https:", "wss:")) && 0`
	byForm   = `(() => {
		const form = document.createElement("form");
		form.method = "post";
		form.action = "%s";
		document.body.append(form);
		form.submit();
	})()`
	bySandbox = `new Promise((done) => {
		const frame = document.createElement("iframe");
		frame.sandbox = "allow-scripts";
		frame.srcdoc = '<script>fetch("%s", {method: "POST", mode: "no-cors"}).finally(() => parent.postMessage(0, "*"))</' + 'script>';
		onmessage = done;
		document.body.append(frame);
	}).then(() => 0)`
	own      = "https://app.example.test"
	plain    = "http://app.example.test"
	neighbor = "https://blog.example.test"
	foreign  = "https://evil.test"
	partner  = "https://www.partner.test"

	silent = "/page?Referrer-Policy=no-referrer"
)

// pageAct is what a page does, what the browser says about it, and how the service responds:
// to the browser, and without Sec-Fetch-Site.
type pageAct struct {
	page, script string
	said         act
	old          int
}

func (s *originService) play(path string, acts map[string]pageAct) {
	s.t.Helper()
	u := newUser(s.t, s.browser)
	for i, name := range slices.Sorted(maps.Keys(acts)) {
		a := acts[name]
		for _, age := range []string{"new", "old"} {
			id := fmt.Sprint(i, "-", age)
			page := a.page
			if !strings.Contains(page, "/page") {
				page += "/page"
			}
			tab := u.open(page)
			script := strings.ReplaceAll(fmt.Sprintf(a.script, own+path+"?id="+id), "VALUE", s.csrf)
			_, _ = try[any](tab, script) // fails while the page goes
			want := a.said
			if age == "old" {
				want.status = a.old
			}
			assert.Equal(s.t, want, s.await(id), "%s, %s browser", name, age)
		}
	}
}

// What a real browser says about a page is what the service decides by.
func TestPagesOfOtherOrigins(t *testing.T) {
	t.Parallel()
	acts := map[string]pageAct{
		"fetch, same origin":                 {own, byFetch, act{"same-origin", own, 200}, 200},
		"form, same origin":                  {own, byForm, act{"same-origin", own, 200}, 200},
		"form, same origin, no referrer":     {own + silent, byForm, act{"same-origin", "null", 200}, 403},
		"fetch, same origin, no referrer":    {own + silent, byFetch, act{"same-origin", own, 200}, 200},
		"sandboxed frame, same origin":       {own, bySandbox, act{"cross-site", "null", 403}, 403},
		"sandboxed page, same origin":        {own + "/page?Content-Security-Policy=sandbox+allow-scripts+allow-forms", byForm, act{"cross-site", "null", 403}, 403},
		"fetch, same site":                   {neighbor, byFetch, act{"same-site", neighbor, 403}, 403},
		"form, same site":                    {neighbor, byForm, act{"same-site", neighbor, 403}, 403},
		"form, same site, no referrer":       {neighbor + silent, byForm, act{"same-site", "null", 403}, 403},
		"fetch, cross site":                  {foreign, byFetch, act{"cross-site", foreign, 403}, 403},
		"form, cross site":                   {foreign, byForm, act{"cross-site", foreign, 403}, 403},
		"form, cross site, no referrer":      {foreign + silent, byForm, act{"cross-site", "null", 403}, 403},
		"sandboxed frame, cross site":        {foreign, bySandbox, act{"cross-site", "null", 403}, 403},
		"form, http address of the service":  {plain, byForm, act{"cross-site", plain, 403}, 403},
		"fetch, http address of the service": {plain, byFetch, act{"cross-site", plain, 403}, 403},
		"fetch, trusted":                     {partner, byFetch, act{"cross-site", partner, 200}, 200},
		"form, trusted":                      {partner, byForm, act{"cross-site", partner, 200}, 200},
		"form, trusted, no referrer":         {partner + silent, byForm, act{"cross-site", "null", 403}, 403},
	}
	s := newOriginService(t, "fetch_metadata")
	s.play("/api", acts)
	s.acts = map[string]act{}
	s.play("/login", acts)
	s.acts = map[string]act{}
	s.play("/api", map[string]pageAct{
		"link, same origin":          {own, byGet, act{"same-origin", "", 200}, 200},
		"link, same site":            {neighbor, byGet, act{"same-site", "", 200}, 200},
		"link, cross site":           {foreign, byGet, act{"cross-site", "", 200}, 200},
		"link, http, same host":      {plain, byGet, act{"cross-site", "", 200}, 200},
		"link, sandboxed, same host": {own + "/page?Content-Security-Policy=sandbox+allow-scripts", byGet, act{"cross-site", "", 200}, 200},
	})
	tab := newUser(t, s.browser).open(own + "/api?id=typed") // as from the address bar
	assert.Equal(t, act{"none", "", 200}, s.await("typed"))
	assert.Equal(t, "done", tab.arrive("/api"))
}

// With both, the CSRF value alone is not enough, and the origin alone neither.
func TestPagesOfOtherOriginsWithCSRFValues(t *testing.T) {
	t.Parallel()
	s := newOriginService(t, "both")
	s.play("/api", map[string]pageAct{
		"without value": {own, byFetch, act{"same-origin", own, 401}, 401},
		"with value":    {own, byCSRF, act{"same-origin", own, 200}, 200},
		"other page":    {neighbor, byForm, act{"same-site", neighbor, 403}, 403},
	})
}

// Chromium sends no Sec-Fetch-Site with a handshake, so the Origin header alone decides:
// with its scheme, because a page of the http address of the service may be forged.
func TestWebSocketsOfOtherOrigins(t *testing.T) {
	t.Parallel()
	for _, protection := range []string{"fetch_metadata", "both"} {
		s := newOriginService(t, protection)
		s.play("/ws", map[string]pageAct{
			"same origin":                 {own, bySocket, act{"", own, 101}, 101},
			"same site":                   {neighbor, bySocket, act{"", neighbor, 403}, 403},
			"cross site":                  {foreign, bySocket, act{"", foreign, 403}, 403},
			"http address of the service": {plain, bySocket, act{"", plain, 403}, 403},
			"trusted":                     {partner, bySocket, act{"", partner, 101}, 101},
			"same origin, sandboxed":      {own + "/page?Content-Security-Policy=sandbox+allow-scripts", bySocket, act{"", "null", 403}, 403},
		})
	}
}
