package browser

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

// What a page sees when its session has ended: a close code with a reason, a last event,
// a download that failed. It connects no more.
func TestAnEndedSessionEndsAllConnectionsOfABrowser(t *testing.T) {
	t.Parallel()
	for cause, end := range map[ginjwt.Cause]func(g *guest){
		ginjwt.CauseLogout: func(g *guest) {
			assert.Equal(g.t, 204, eval[int](g.another(), "client.logout()"))
		},
		ginjwt.CauseApplication: func(g *guest) {
			require.NoError(g.t, g.live.JWT.EndSessions(g.t.Context(), "alice"))
		},
		ginjwt.CauseExpired: func(g *guest) { g.live.clock.Advance(31 * 24 * time.Hour) },
		ginjwt.CauseReuse: func(g *guest) {
			stolen := g.user.cookies()["refresh_token_cookie "+app+" /"]
			g.live.clock.Advance(20 * time.Minute)
			assert.Equal(g.t, 200, eval[int](g.tab, "client.me()"))
			g.live.clock.Advance(20 * time.Minute)
			g.steal(stolen)
		},
	} {
		t.Run(string(cause), func(t *testing.T) {
			t.Parallel()
			g := visitLive(t, newLive(t))
			ended := g.downloads()
			g.openAll()
			assert.True(t, eval[bool](g.tab, "client.download(1e9)"))
			end(g)
			assert.Equal(t, "canceled", <-ended)
			assert.Equal(t, string(cause), g.await("end", ".+"))
			for kind, closed := range map[string]string{
				"gorilla": "closed 3000 " + string(cause) + " true",
				"coder":   "closed 3000 " + string(cause) + " true",
				"events":  "closed session-end",
			} {
				g.await(kind, "^closed ")
				happened := eval[[]string](g.tab, fmt.Sprintf("client.happened[%q]", kind))
				assert.Equal(t, []string{"connecting", "open", "message hello", closed}, happened, "it does not come back")
			}
		})
	}
}

// A refresh in another tab ends nothing, however often.
func TestARotationInAnotherTabEndsNoConnection(t *testing.T) {
	t.Parallel()
	g := visitLive(t, newLive(t))
	g.openAll()
	tickets, _ := g.live.shown()
	other := g.another()
	for range 3 {
		before := g.user.cookies()
		g.live.clock.Advance(20 * time.Minute)
		require.Equal(t, 200, eval[int](other, "client.me()"))
		require.NotEqual(t, before, g.user.cookies())
	}
	g.say("still here")
	now, _ := g.live.shown()
	assert.Equal(t, tickets, now, "no connection was opened again")
}

// A page comes back with a new ticket each time. What arrived while there was no
// connection it asks for by the ID of the last message.
func TestAPageReconnects(t *testing.T) {
	t.Parallel()
	g := visitLive(t, newLive(t))
	g.openAll()
	other := g.another()
	for name, interrupt := range map[string]func(){
		"cut": func() {
			g.live.hold(func() {
				g.live.cut()
				assert.Equal(t, 204, eval[int](other, `client.say("meanwhile")`))
			})
			for _, kind := range liveKinds {
				g.await(kind, "^message meanwhile$")
			}
		},
		"started again": func() {
			g.live.stop()
			g.live.start()
		},
	} {
		g.forget()
		interrupt()
		for _, kind := range liveKinds {
			line := g.await(kind, "^waiting .*")
			assert.Contains(t, []string{"waiting 1006  false", "waiting 1001 shutdown true", "waiting error"}, line, name)
			g.await(kind, "^open$")
		}
		g.say(name)
	}
	tickets, most := g.live.shown()
	assert.GreaterOrEqual(t, tickets, 9)
	assert.Equal(t, 1, most, "no ticket was used twice")
}

// A page of another site opens nothing with a ticket that it has seen: browsers send its
// Origin. The ticket is good all the same for the page that has bought it.
func TestAPageOfAnotherSiteCannotUseATicket(t *testing.T) {
	t.Parallel()
	g := visitLive(t, newLive(t))
	for _, host := range []string{"evil.test", "blog.example.test"} {
		other := g.user.open(g.live.at(host, "/test.html"))
		for _, kind := range []string{"gorilla", "coder"} {
			target := "/live/" + kind + "?ticket=" + eval[string](g.tab, fmt.Sprintf(`client.ticket("/live/%s")`, kind))
			socket := fmt.Sprintf("client.rawSocket(%q)", "wss://"+app+":"+g.live.port+target)
			assert.Equal(t, "1006,,false", eval[string](other, socket), host)
			assert.Equal(t, "open", eval[string](g.tab, socket))
		}
		target := "/live/events?ticket=" + eval[string](g.tab, `client.ticket("/live/events")`)
		events := fmt.Sprintf("client.rawEvents(%q)", g.live.at(app, target))
		assert.Equal(t, "error 2", eval[string](other, events), host)
		assert.Equal(t, "open", eval[string](g.tab, events))
	}
}

// What browsers tell of a refused connection: no status, and for good. A download is
// whole with a ticket.
func TestWhatABrowserTellsOfARefusal(t *testing.T) {
	t.Parallel()
	g := visitLive(t, newLive(t))
	assert.Equal(t, "1006,,false", eval[string](g.tab, `client.rawSocket("/live/coder?ticket=x")`))
	assert.Equal(t, "3000,token,true", eval[string](g.tab, `client.rawSocket("/first", '{"token":"x"}')`), "a first message")
	assert.Equal(t, "error 2", eval[string](g.tab, `client.rawEvents("/live/events?ticket=x")`), "closed: it does not come back")
	ended := g.downloads()
	assert.True(t, eval[bool](g.tab, "client.download(5000)"))
	assert.Equal(t, "completed", <-ended)
	eval[any](g.tab, `Object.assign(document.createElement("a"), { href: "/live/export?ticket=x", download: "" }).click()`)
	assert.Equal(t, "canceled", <-ended)
}

// Before the page is put aside it closes its connections, and so it may be. When it comes
// back, it opens them again.
func TestThePageComesBackWithTheBackButton(t *testing.T) {
	t.Parallel()
	g := visitLive(t, newLive(t))
	g.openAll()
	eval[any](g.tab, "window.mark = 1")
	g.forget()
	g.visit(g.live.at(app, "/"))
	eval[any](g.tab, "history.back()")
	g.arrive("/test.html")
	require.True(t, eval[bool](g.tab, "window.mark === 1"), "it comes from memory")
	for _, kind := range liveKinds {
		g.await(kind, "^closed the page is hidden$")
		g.await(kind, "^open$")
	}
	g.say("welcome back")
}

// The page of the example, from the form to the logout in another tab.
func TestThePageOfTheExample(t *testing.T) {
	t.Parallel()
	l := newLive(t)
	user := newUser(t, &withBackForwardCache)
	tab := user.open(l.at(app, "/"))
	// The poll learns last that the session has ended: what the others told must still be there.
	eval[any](tab, `(() => {
		const { fetch } = window;
		const closed = (id) => document.querySelector("#" + id + " output").textContent.startsWith("closed");
		window.fetch = async (...request) => {
			const answer = await fetch(...request);
			while (answer.status === 401 && !["gorilla", "coder", "events"].every(closed)) {
				await new Promise((resume) => setTimeout(resume, 20));
			}
			return answer;
		};
	})()`)
	eval[any](tab, `(() => {
		document.forms.login.username.value = "alice";
		document.forms.login.password.value = "correct horse";
		document.forms.login.requestSubmit();
	})()`)
	parts := []string{"gorilla", "coder", "events", "poll"}
	until := func(what, text string) {
		t.Helper()
		for _, part := range parts {
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				shown, err := try[string](tab, fmt.Sprintf(`document.querySelector("#%s %s").textContent`, part, what))
				assert.NoError(c, err)
				assert.Regexp(c, text, shown, part)
			}, patience, 20*time.Millisecond)
		}
	}
	until("output", "^open")
	eval[any](tab, `(() => {
		document.getElementById("text").value = "hello";
		document.getElementById("send").click();
	})()`)
	until("ul", "^hello$")

	other := user.open(l.at(app, "/"))
	eval[any](other, `document.getElementById("logout").click()`)
	until("output", "^closed")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		shown, err := try[string](tab, `document.getElementById("note").textContent`)
		assert.NoError(c, err)
		assert.Equal(c, "You were logged out: logout", shown)
	}, patience, 20*time.Millisecond)
	assert.Empty(t, eval[string](tab, "document.forms.login.password.value"), "the next user of the computer does not know it")
}
