package browser

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// Whatever the order in which refreshes and the logout arrive, and in which their
// answers do, nothing is left that could be used, and the next login is good.
func TestALogoutHoldsWhileOtherTabsRefresh(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, c client, in string) {
		clock := &jwttest.Clock{}
		s := newService(t, place{clock: clock, configure: minutes})
		p := newPlay(t, s, c, in, 5)
		for range rounds() {
			clock.Advance(3 * time.Minute)
			var wait sync.WaitGroup
			wait.Go(func() { p.all(call) })
			assert.Equal(t, 204, eval[int](p.tabs[0], "client.logout()"))
			wait.Wait()

			assert.Zero(t, p.sessions("alice"))
			p.assertDead()
			for _, outcome := range p.all(call) {
				assert.Equal(t, "out", outcome)
			}
			p.login()
			p.assertAllIn(p.all(call))
		}
		p.end()
	})
}

// With the back button a page is loaded again, or comes from the memory of the
// browser as it was.
func TestThePageBeforeTheLogoutIsNotShownAgain(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]*chromium{"with the back/forward cache": &withBackForwardCache, "without": &withoutBackForwardCache} {
		for _, logout := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := newService(t, place{})
				tab := newUser(t, b).open(s.page(app, naive, "cookies"))
				assert.Equal(t, 200, eval[int](tab, "client.login()"))
				tab.visit(s.at(app, "/messages"))
				assert.Equal(t, "secrets of alice", tab.arrive("/messages"))
				eval[any](tab, "window.mark = 1")
				tab.visit(s.page(app, naive, "cookies"))
				if logout {
					assert.Equal(t, 204, eval[int](tab, "client.logout()"))
				}
				eval[any](tab, "history.back()")
				text := tab.arrive("/messages")
				restored := eval[bool](tab, "window.mark === 1")
				if logout {
					assert.NotContains(t, text, "secrets")
				} else {
					assert.Equal(t, "secrets of alice", text)
					assert.Equal(t, b == &withBackForwardCache, restored)
				}
			})
		}
	}
}

// submit submits a form from the page of another host to the logout, as a click would.
func submit(tab *tab, url string) (text string) {
	tab.t.Helper()
	eval[any](tab, `(() => {
		const form = document.createElement("form");
		form.method = "post";
		form.action = "`+url+`";
		document.body.append(form);
		form.submit();
	})()`)
	return tab.arrive("/logout")
}

func TestAFormOfAnotherHostLogsNobodyOut(t *testing.T) {
	t.Parallel()
	for host, answer := range map[string]string{
		"evil.test":         `{"msg":"The request comes from another origin"}`, // without cookies, as these are SameSite=Lax
		"blog.example.test": `{"msg":"The request comes from another origin"}`, // with cookies
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			s := newService(t, place{})
			p := newPlay(t, s, naive, "cookies", 1)
			before := p.user.cookies()
			assert.Len(t, before, 4)
			other := p.user.open(s.at(host, "/empty"))
			assert.Equal(t, answer, submit(other, s.at(app, "/logout")))
			assert.Equal(t, before, p.user.cookies())
			p.assertAllIn(p.all(call))
			p.end()
		})
	}
}
