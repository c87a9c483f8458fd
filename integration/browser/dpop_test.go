package browser

import (
	"fmt"
	"html/template"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// newBoundPlay is a user who has logged in with a key, in several tabs.
func newBoundPlay(t *testing.T, tabs int, configure ...func(*ginjwt.Config)) (*play, *jwttest.Clock) {
	t.Helper()
	clock := &jwttest.Clock{}
	s := newService(t, place{clock: clock, configure: func(c *ginjwt.Config) {
		minutes(c)
		for _, f := range configure {
			f(c)
		}
	}})
	return newPlay(t, s, documented, "dpop", tabs), clock
}

// held returns what the page has stored of its tokens.
func held(tab *tab) (tokens struct{ Type, Access, Refresh string }) {
	tab.t.Helper()
	return eval[struct{ Type, Access, Refresh string }](tab, "JSON.parse(localStorage.ginjwt)")
}

// reasons returns how often the service has refused since the last call, by reason.
func (s *service) reasons() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	refused := s.refused
	s.refused = map[string]int{}
	return refused
}

// newestProof returns a proof that was used.
func (s *service) newestProof() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proof
}

func TestABoundLoginSurvivesAReload(t *testing.T) {
	t.Parallel()
	p, clock := newBoundPlay(t, 1)
	tab := p.tabs[0]
	p.assertAllIn(p.all(call))
	before := held(tab)
	assert.Equal(t, "DPoP", before.Type)
	for range 3 {
		tab.visit(p.page(app, documented, "dpop"))
		p.assertAllIn(p.all(call))
		assert.Equal(t, before, held(tab), "there was no refresh")
	}
	clock.Advance(3 * time.Minute)
	tab.visit(p.page(app, documented, "dpop"))
	p.assertAllIn(p.all(call))
	assert.NotEqual(t, before, held(tab))
	assert.Empty(t, p.user.cookies())
	p.end()
}

// A script of the page can use the key, but nothing can take it away.
func TestNoScriptCanReadTheKey(t *testing.T) {
	t.Parallel()
	p, _ := newBoundPlay(t, 1)
	assert.Equal(t, []any{"InvalidAccessError", "InvalidAccessError", "InvalidAccessError", false, "{}"}, eval[[]any](p.tabs[0], "client.exported()"))
	p.end()
}

// Tabs that are the first to need a key agree on one.
func TestTabsShareOneKey(t *testing.T) {
	t.Parallel()
	s := newService(t, place{})
	p := &play{service: s, user: newUser(t, &withBackForwardCache), in: "dpop"}
	for range 5 {
		p.tabs = append(p.tabs, p.user.open(s.page(app, documented, "dpop")))
	}
	keys := p.all("client.key()")
	assert.Len(t, keys[0], 43)
	for _, key := range keys {
		assert.Equal(t, keys[0], key)
	}
	stranger := newUser(t, &withBackForwardCache).open(s.page(app, documented, "dpop"))
	assert.NotEqual(t, keys[0], eval[string](stranger, "client.key()"))
}

// Who has copied all that the page has stored can use it in no other browser, and in no
// program.
func TestACopyOfBoundTokensIsWorthNothing(t *testing.T) {
	t.Parallel()
	p, _ := newBoundPlay(t, 1)
	eval[any](p.tabs[0], `client.session.fetch("messages")`)
	stored := eval[string](p.tabs[0], "localStorage.ginjwt")
	tokens, caught := held(p.tabs[0]), p.newestProof()
	require.NotEmpty(t, caught)

	thief := newUser(t, &withBackForwardCache).open(p.page(app, documented, "dpop"))
	eval[any](thief, "void (localStorage.ginjwt = "+strconv.Quote(stored)+")")
	p.reasons()
	assert.Equal(t, "out", eval[string](thief, call))
	assert.Equal(t, 1, p.reasons()["key_mismatch"])
	for _, token := range []string{tokens.Access, tokens.Refresh} {
		assert.True(t, eval[bool](thief, fmt.Sprintf("client.refused(%q)", token)))
	}
	assert.False(t, eval[bool](p.tabs[0], fmt.Sprintf("client.refused(%q)", tokens.Access)), "its own key")

	p.reasons()
	for _, method := range []string{"GET", "POST"} {
		for _, proof := range []string{"", caught} {
			for _, scheme := range []string{"Bearer ", "DPoP "} {
				assert.Equal(t, 401, p.program(method, "/messages", scheme+tokens.Access, proof))
			}
		}
	}
	assert.Equal(t, map[string]int{"key_scheme": 4, "dpop_proof_missing": 2, "dpop_proof_replayed": 1, "dpop_proof_invalid": 1}, p.reasons())
	for _, path := range []string{"/refresh", "/logout"} {
		assert.Equal(t, 401, p.program("POST", path, "Bearer "+tokens.Refresh, ""))
		assert.Equal(t, 401, p.program("POST", path, "DPoP "+tokens.Refresh, caught))
	}
	assert.Equal(t, 1, p.sessions("alice"))
	p.assertAllIn(p.all(call))
}

// program sends a request as a program does that has copied what it sends, and returns the status.
func (s *service) program(method, path, authorization, proof string) int {
	r := httptest.NewRequest(method, s.at(app, path), nil)
	r.Header.Set("Authorization", authorization)
	if proof != "" {
		r.Header.Set("DPoP", proof)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code
}

// Nonces change with the clock of the service, and the first refusal corrects both.
func TestNoncesAndClocks(t *testing.T) {
	t.Parallel()
	p, clock := newBoundPlay(t, 1, func(c *ginjwt.Config) { c.AccessTokenExpires = time.Hour })
	p.assertAllIn(p.all(call))
	p.reasons()
	for range 3 {
		p.assertAllIn(p.all(call))
		assert.Empty(t, p.reasons())
		clock.Advance(10 * time.Minute)
		p.assertAllIn(p.all(call))
		assert.Equal(t, map[string]int{"dpop_nonce_required": 1}, p.reasons(), "one repetition")
	}
	for range 10 { // the nonces follow, and so does the clock
		clock.Advance(20 * time.Second)
		eval[any](p.tabs[0], "void ((now) => (Date.now = () => now() + 20_000))(Date.now)")
		p.assertAllIn(p.all(call))
	}
	assert.Empty(t, p.reasons())
	for _, hours := range []int{3, -7} {
		eval[any](p.tabs[0], fmt.Sprintf("void ((now) => (Date.now = () => now() + %d * 3600_000))(Date.now)", hours))
		p.assertAllIn(p.all(call))
		assert.Equal(t, map[string]int{"dpop_proof_time": 1}, p.reasons())
		p.assertAllIn(p.all(call))
		assert.Empty(t, p.reasons())
	}
	p.end()
}

// The ticket is bought with a proof, and stands for it.
func TestAWebSocketByABoundTicket(t *testing.T) {
	t.Parallel()
	p, _ := newBoundPlay(t, 1)
	assert.Equal(t, []string{"open", "error"}, eval[[]string](p.tabs[0], `client.socket("/ws")`))
	p.end()
}

// A service worker passes proofs on. It has the key too, and cannot read it either.
func TestAServiceWorkerBetween(t *testing.T) {
	t.Parallel()
	p, clock := newBoundPlay(t, 2)
	eval[any](p.tabs[0], `new Promise(async (controlled) => {
		navigator.serviceWorker.oncontrollerchange = () => controlled(1);
		await navigator.serviceWorker.register("/worker.js", { type: "module" });
	})`)
	for range 3 {
		clock.Advance(3 * time.Minute)
		p.assertAllIn(p.all(call))
	}
	token := held(p.tabs[0]).Access
	assert.Equal(t, "InvalidAccessError 200", eval[string](p.tabs[0], fmt.Sprintf(`new Promise((told) => {
		const { port1, port2 } = new MessageChannel();
		port1.onmessage = (event) => told(event.data);
		navigator.serviceWorker.controller.postMessage(%q, [port2]);
	})`, token)))
	p.end()
}

// A key that is gone, as after a user has deleted a part of the data of the site, asks for a
// login, which is good for all tabs.
func TestALostKeyAsksForALogin(t *testing.T) {
	t.Parallel()
	p, _ := newBoundPlay(t, 2)
	p.assertAllIn(p.all(call))
	eval[any](p.tabs[0], "client.dpop.forget()")
	assert.Equal(t, []string{"out", "out"}, p.all(call))
	p.login()
	p.assertAllIn(p.all(call))
}

// A script that has run once cannot prepare the key of a later login.
func TestAPlantedKeyIsNotUsed(t *testing.T) {
	t.Parallel()
	p, _ := newBoundPlay(t, 2)
	planted := eval[string](p.tabs[0], "client.plant()")
	assert.Equal(t, planted, eval[string](p.tabs[1], "client.key()"))
	assert.Equal(t, []string{"out", "out"}, p.all(call))
	p.login()
	p.assertAllIn(p.all(call))
	assert.NotEqual(t, planted, eval[string](p.tabs[1], "client.key()"))
}

// examplePage serves the page of example/spa, and returns its URL.
func examplePage(t *testing.T) (s *service, url string) {
	t.Helper()
	s = newService(t, place{prefix: "/api"})
	html := template.Must(template.ParseFiles("../../example/spa/pages/script.html"))
	s.router.GET("/", func(c *gin.Context) { _ = html.Execute(c.Writer, nil) })
	for _, name := range []string{"session", "dpop", "app"} {
		s.router.GET("/script/"+name+".js", serveDocumented(name))
	}
	s.router.POST("/api/token", func(c *gin.Context) {
		c.Request.URL.RawQuery = "in=dpop"
		s.login(c)
	})
	return s, "https://" + app + ":" + s.port + "/?dpop"
}

// shows waits until a tab of the example shows an element and a text.
func shows(tab *tab, id, text string) {
	tab.t.Helper()
	require.EventuallyWithT(tab.t, func(c *assert.CollectT) {
		shown, err := try[string](tab, fmt.Sprintf(`document.getElementById(%q).hidden ? "" : document.body.innerText`, id))
		assert.NoError(c, err)
		assert.Contains(c, shown, text)
	}, patience, 20*time.Millisecond)
}

const logIn = `(() => {
	const form = document.getElementById("login");
	form.username.value = "alice";
	form.password.value = "correct horse";
	form.requestSubmit();
})()`

// The page of the example, from the form over a reload to the logout.
func TestThePageOfTheExampleWithAKey(t *testing.T) {
	t.Parallel()
	s, url := examplePage(t)
	tab := newUser(t, &withBackForwardCache).open(url)
	shows(tab, "login", "Log in")
	eval[any](tab, logIn)
	shows(tab, "inside", "secrets of alice")
	tab.visit(url)
	shows(tab, "inside", "secrets of alice")
	assert.Equal(t, 1, s.sessions("alice"))
	eval[any](tab, `document.getElementById("send").click()`)
	shows(tab, "inside", "alice")
	eval[any](tab, `document.getElementById("logout").click()`)
	shows(tab, "login", "Log in")
	assert.Zero(t, s.sessions("alice"))
	assert.Zero(t, eval[int](tab, "localStorage.length"))
}

// A form that stayed open in another tab would replace the key of the login, even if the password
// is wrong.
func TestTabsOfTheExampleLogInAndOutTogether(t *testing.T) {
	t.Parallel()
	_, url := examplePage(t)
	user := newUser(t, &withBackForwardCache)
	tab := user.open(url)
	other := user.open(url)
	shows(tab, "login", "Log in")
	shows(other, "login", "Log in")
	eval[any](tab, logIn)
	shows(tab, "inside", "secrets of alice")
	shows(other, "inside", "secrets of alice")

	eval[any](tab, `document.getElementById("logout").click()`)
	shows(tab, "login", "Log in")
	shows(other, "login", "Log in")
	assert.NotContains(t, eval[string](other, "document.body.innerText"), "secrets")
}
