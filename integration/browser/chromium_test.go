package browser

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
)

var long = flag.Bool("long", false, "many more rounds")

// patience is for what takes moments on an idle machine.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "6") // they wait for each other's tabs, and for clocks
	code := m.Run()
	withBackForwardCache.quit()
	withoutBackForwardCache.quit()
	os.Exit(code)
}

// chromium is a running Chromium with a directory of its own. It ends with the
// process of the tests, in whatever way that ends.
type chromium struct {
	flags []chromedp.ExecAllocatorOption

	once  sync.Once
	ctx   context.Context
	close []func()
	err   error
}

var (
	withBackForwardCache    = chromium{flags: []chromedp.ExecAllocatorOption{chromedp.Flag("enable-features", "CacheControlNoStoreEnterBackForwardCache")}}
	withoutBackForwardCache = chromium{flags: []chromedp.ExecAllocatorOption{chromedp.Flag("disable-back-forward-cache", true)}}
)

// flags let every name lead to this machine, certificates be anybody's, and all
// tabs work as if each was in front.
var flags = []chromedp.ExecAllocatorOption{
	chromedp.NoFirstRun,
	chromedp.NoDefaultBrowserCheck,
	chromedp.Flag("headless", "new"),
	chromedp.Flag("host-resolver-rules", "MAP * 127.0.0.1"),
	chromedp.Flag("ignore-certificate-errors-spki-list", certificateOfTests()), // ignore-certificate-errors would keep pages out of caches
	chromedp.Flag("disable-background-networking", true),
	chromedp.Flag("disable-background-timer-throttling", true),
	chromedp.Flag("disable-backgrounding-occluded-windows", true),
	chromedp.Flag("disable-renderer-backgrounding", true),
	chromedp.Flag("disable-ipc-flooding-protection", true),
	chromedp.Flag("disable-dev-shm-usage", true),
	chromedp.Flag("disable-gpu", true),
	chromedp.Flag("password-store", "basic"),
}

// certificateOfTests returns the hash of the public key of all servers of httptest.
func certificateOfTests() string {
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	hash := sha256.Sum256(server.Certificate().RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(hash[:])
}

// start starts it, for all tests of this process.
func (b *chromium) start(path string) {
	dir, err := os.MkdirTemp("", "ginjwt-chromium-")
	if err != nil {
		b.err = err
		return
	}
	options := append([]chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.WSURLReadTimeout(patience)}, flags...)
	options = append(options, b.flags...)
	if os.Geteuid() == 0 { // its sandbox is not for root
		options = append(options, chromedp.NoSandbox)
	}
	allocator, ended := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, quit := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {})) // events that are newer than the driver
	b.ctx, b.close = ctx, []func(){quit, ended, func() { _ = os.RemoveAll(dir) }}
	b.err = chromedp.Run(ctx)
}

// executor is for commands to the browser, and not to a tab.
func (b *chromium) executor() context.Context {
	return cdp.WithExecutor(b.ctx, chromedp.FromContext(b.ctx).Browser)
}

func (b *chromium) quit() {
	for _, f := range b.close {
		f()
	}
}

// user is somebody at a browser: tabs with cookies and storage of their own.
type user struct {
	t       *testing.T
	browser *chromium
	own     cdp.BrowserContextID
	ctx     context.Context // of the first tab
}

// newUser returns somebody who has not been here before.
func newUser(t *testing.T, b *chromium) *user {
	t.Helper()
	path := testserver.Program(t, "chromium", "chromium")
	b.once.Do(func() { b.start(path) })
	require.NoError(t, b.err)
	return &user{t: t, browser: b}
}

// open opens a page in a new tab.
func (u *user) open(url string) *tab {
	u.t.Helper()
	parent, options := u.ctx, []chromedp.ContextOption(nil)
	if parent == nil {
		parent, options = u.browser.ctx, []chromedp.ContextOption{chromedp.WithTargetID(u.firstTarget())}
	} else {
		options = []chromedp.ContextOption{chromedp.WithExistingBrowserContext(u.own)}
	}
	ctx, cancel := chromedp.NewContext(parent, options...)
	u.t.Cleanup(cancel)
	require.NoError(u.t, chromedp.Run(ctx)) // attaches; a deadline here would be that of the tab
	if u.ctx == nil {
		u.ctx = ctx
	}
	opened := &tab{t: u.t, ctx: ctx}
	opened.visit(url)
	return opened
}

// firstTarget makes cookies and storage for the user, and opens a window, which the
// driver does not.
func (u *user) firstTarget() (id target.ID) {
	u.t.Helper()
	browser := u.browser.executor()
	own, err := target.CreateBrowserContext().WithDisposeOnDetach(true).Do(browser)
	require.NoError(u.t, err)
	u.t.Cleanup(func() { _ = target.DisposeBrowserContext(own).Do(browser) })
	id, err = target.CreateTarget("about:blank").WithBrowserContextID(own).WithNewWindow(true).Do(browser)
	require.NoError(u.t, err)
	u.own = own
	return id
}

// cookies returns the values of all cookies of the user, by "name domain path".
func (u *user) cookies() map[string]string {
	u.t.Helper()
	all := map[string]string{}
	cookies, err := storage.GetCookies().WithBrowserContextID(u.own).Do(u.browser.executor())
	require.NoError(u.t, err)
	for _, c := range cookies {
		all[strings.Join([]string{c.Name, c.Domain, c.Path}, " ")] = c.Value
	}
	return all
}

// awaitCookies waits until the user has n cookies: the browser stores what a script sets
// after the script has run on.
func (u *user) awaitCookies(n int) {
	u.t.Helper()
	require.EventuallyWithT(u.t, func(c *assert.CollectT) { assert.Len(c, u.cookies(), n) }, patience, 20*time.Millisecond)
}

// tab is a tab of a browser.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func (tab *tab) visit(url string) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	require.NoError(tab.t, chromedp.Run(ctx, chromedp.Navigate(url)), url)
}

// arrive waits until the tab is at a path, and the page is complete, and returns its
// text.
func (tab *tab) arrive(path string) (text string) {
	tab.t.Helper()
	expression := fmt.Sprintf("location.pathname === %q && document.readyState === 'complete' ? document.body.innerText : null", path)
	require.EventuallyWithT(tab.t, func(c *assert.CollectT) {
		shown, err := try[*string](tab, expression) // fails while the page goes
		if assert.NoError(c, err) && assert.NotNil(c, shown) {
			text = strings.TrimSpace(*shown)
		}
	}, patience, 20*time.Millisecond)
	return text
}

// try returns what a JavaScript expression becomes, once it is settled.
func try[T any](tab *tab, expression string) (value T, err error) {
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	var text string
	// As text, for what is undefined has no JSON.
	expression = fmt.Sprintf("(async () => JSON.stringify(await (%s) ?? null))()", expression)
	err = chromedp.Run(ctx, chromedp.Evaluate(expression, &text, func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
		return p.WithAwaitPromise(true)
	}))
	if err == nil {
		err = json.Unmarshal([]byte(text), &value)
	}
	return value, err
}

func eval[T any](tab *tab, expression string) T {
	tab.t.Helper()
	value, err := try[T](tab, expression)
	require.NoError(tab.t, err, expression)
	return value
}
