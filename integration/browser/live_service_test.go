package browser

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/live/server"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// liveService is the service of example/live, which may be started again.
type liveService struct {
	*server.Service
	t       *testing.T
	clock   *jwttest.Clock
	config  ginjwt.Config
	port    string
	running *httptest.Server
	gate    sync.RWMutex // held: nobody gets a ticket

	mu      sync.Mutex
	conns   []net.Conn
	tickets map[string]int // how often each was shown to the service, good or not
}

func newLive(t *testing.T) *liveService {
	t.Helper()
	l := &liveService{t: t, clock: &jwttest.Clock{}, tickets: map[string]int{}}
	l.config = jwttest.Config(l.clock)
	l.config.Sessions = &ginjwt.MemorySessions{Now: l.clock.Now}
	l.config.Blocklist = &ginjwt.MemoryBlocklist{Now: l.clock.Now}
	l.start()
	t.Cleanup(func() { l.stop() })
	return l
}

// start starts the service, at the port of before if there is one.
func (l *liveService) start() {
	l.t.Helper()
	service, router, err := server.New(l.config, io.Discard)
	require.NoError(l.t, err)
	router.GET("/test.html", func(c *gin.Context) { c.File("testdata/live.html") })
	router.GET("/test.js", func(c *gin.Context) { c.File("testdata/live.js") })
	l.Service, l.running = service, httptest.NewUnstartedServer(l.counted(router))
	if l.port != "" {
		_ = l.running.Listener.Close()
		l.running.Listener, err = net.Listen("tcp", "127.0.0.1:"+l.port)
		require.NoError(l.t, err)
	}
	_, l.port, err = net.SplitHostPort(l.running.Listener.Addr().String())
	require.NoError(l.t, err)
	l.running.Listener = &noted{l.running.Listener, l}
	l.running.EnableHTTP2 = true
	l.running.Config.ErrorLog = log.New(io.Discard, "", 0)
	l.running.StartTLS()
}

// stop ends the service as a deployment does.
func (l *liveService) stop() {
	l.Stop()
	assert.NoError(l.t, l.Wait(context.Background()))
	l.cut()
	l.running.Close()
}

// noted is a listener whose connections can be cut.
type noted struct {
	net.Listener
	live *liveService
}

func (n *noted) Accept() (net.Conn, error) {
	conn, err := n.Listener.Accept()
	if err == nil {
		n.live.mu.Lock()
		n.live.conns = append(n.live.conns, conn)
		n.live.mu.Unlock()
	}
	return conn, err
}

// cut cuts all connections, without a word.
func (l *liveService) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.conns {
		_ = conn.Close()
	}
	l.conns = nil
}

// hold calls run while nobody gets a ticket.
func (l *liveService) hold(run func()) {
	l.gate.Lock()
	defer l.gate.Unlock()
	run()
}

// counted counts tickets.
func (l *liveService) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/ticket" {
			l.gate.RLock()
			l.gate.RUnlock() //nolint:staticcheck // it only waits
		}
		if ticket := r.URL.Query().Get("ticket"); ticket != "" {
			l.mu.Lock()
			l.tickets[ticket]++
			l.mu.Unlock()
		}
		next.ServeHTTP(w, r)
	})
}

// shown returns how many tickets there were, and how often one was shown at most.
func (l *liveService) shown() (tickets, most int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, times := range l.tickets {
		most = max(most, times)
	}
	return len(l.tickets), most
}

func (l *liveService) at(host, path string) string { return "https://" + host + ":" + l.port + path }

// guest is a user with a page that has the client.
type guest struct {
	*tab
	live *liveService
	user *user
}

// visitLive logs in at a new page.
func visitLive(t *testing.T, l *liveService) *guest {
	t.Helper()
	g := &guest{live: l, user: newUser(t, &withBackForwardCache)}
	g.tab = g.user.open(l.at(app, "/test.html"))
	require.Equal(t, 200, eval[int](g.tab, "client.login()"))
	return g
}

// another opens the page in another tab, where the user is logged in.
func (g *guest) another() *tab { return g.user.open(g.live.at(app, "/test.html")) }

// all are the connections that stay; how a page sees that they end.
var liveKinds = []string{"gorilla", "coder", "events"}

// openAll opens all connections, and waits until a message has arrived on each.
func (g *guest) openAll() {
	g.t.Helper()
	for _, kind := range liveKinds {
		eval[any](g.tab, fmt.Sprintf("client.open(%q)", kind))
		g.await(kind, "^open$")
	}
	g.say("hello")
}

// say sends a message, and waits until it has arrived by all connections.
func (g *guest) say(text string) {
	g.t.Helper()
	require.Equal(g.t, 204, eval[int](g.tab, fmt.Sprintf("client.say(%q)", text)))
	for _, kind := range liveKinds {
		g.await(kind, "^message "+text+"$")
	}
}

// await waits until something has happened to a connection since it was opened, or to
// "end", and returns the whole line.
func (g *guest) await(kind, pattern string) (line string) {
	g.t.Helper()
	require.EventuallyWithT(g.t, func(c *assert.CollectT) {
		happened, err := try[[]string](g.tab, fmt.Sprintf("client.happened[%q]", kind))
		if !assert.NoError(c, err) {
			return
		}
		line = regexp.MustCompile("(?m)" + pattern).FindString(strings.Join(happened, "\n"))
		assert.NotEmpty(c, line, "%s: %v", kind, happened)
	}, patience, 20*time.Millisecond, "%s %s", kind, pattern)
	return line
}

// forget forgets what has happened.
func (g *guest) forget() {
	g.t.Helper()
	eval[any](g.tab, "client.forget()")
}

// steal uses a refresh token that the user has traded.
func (g *guest) steal(refresh string) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), http.MethodPost, g.live.running.URL+"/api/refresh", nil)
	require.NoError(g.t, err)
	r.Header.Set("Authorization", "Bearer "+refresh)
	answer, err := g.live.running.Client().Do(r)
	require.NoError(g.t, err)
	_ = answer.Body.Close()
	assert.Equal(g.t, http.StatusUnauthorized, answer.StatusCode)
}

// downloads tells of what the browser of a user downloads from now on: "completed", or
// "canceled".
func (g *guest) downloads() <-chan string {
	g.t.Helper()
	dir, err := os.MkdirTemp(g.t.TempDir(), "")
	require.NoError(g.t, err)
	ended := make(chan string, 10)
	own := map[string]bool{} // not those of other users of this browser
	chromedp.ListenBrowser(g.ctx, func(event any) {
		switch e := event.(type) {
		case *browser.EventDownloadWillBegin:
			own[e.GUID] = strings.HasPrefix(e.URL, g.live.at(app, "/"))
		case *browser.EventDownloadProgress:
			if own[e.GUID] && e.State != browser.DownloadProgressStateInProgress {
				ended <- e.State.String()
			}
		}
	})
	require.NoError(g.t, browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllowAndName).
		WithBrowserContextID(g.user.own).WithDownloadPath(dir).WithEventsEnabled(true).Do(g.user.browser.executor()))
	return ended
}
