package browser

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// tossed are the attributes of a cookie for the hosts above and beside one.
const tossed = "; Domain=example.test; Secure; Path="

// A neighbouring host sets cookies of the same names for the domain above both. With
// the session of somebody else in them nobody works in that session, and when they are
// gone the user's own is as good as before.
func TestCookiesOfANeighbourDoNotTakeOver(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"access_token_cookie": "/messages", "refresh_token_cookie": "/refresh"} { // before the user's own in a request
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := &jwttest.Clock{}
			s := newService(t, place{clock: clock, configure: minutes})
			p := newPlay(t, s, naive, "cookies", 2)
			mine := p.user.cookies()

			pair, err := s.jwt.CreateTokenPair(t.Context(), "mallory")
			assert.NoError(t, err)
			value := map[string]string{"access_token_cookie": pair.AccessToken, "refresh_token_cookie": pair.RefreshToken}[name]
			neighbour := p.user.open(s.at("blog.example.test", "/empty"))
			eval[string](neighbour, `document.cookie = "`+name+"="+value+tossed+path+`"`)
			p.user.awaitCookies(len(mine) + 1)
			if name == "refresh_token_cookie" {
				clock.Advance(61 * time.Second)
			}
			assert.Equal(t, 401, eval[int](p.tabs[0], `fetch("/messages").then((answer) => answer.status)`))
			for _, outcome := range p.all(call) {
				assert.NotEqual(t, "ok", outcome, "nobody can tell which cookie is the user's")
			}
			eval[string](neighbour, `document.cookie = "`+name+"=; Max-Age=0"+tossed+path+`"`)
			p.user.awaitCookies(len(mine))
			assert.Equal(t, names(mine), names(p.user.cookies()), "the user's own are still there")
			p.assertAllIn(p.all(call))
			p.end()
			assert.Equal(t, 1, s.sessions("mallory"), "no logout was hers")
		})
	}
}

// With the prefix __Host- neighbours cannot set the cookies.
func TestThePrefixKeepsNeighboursOut(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	s := newService(t, place{clock: clock, configure: func(c *ginjwt.Config) {
		minutes(c)
		c.AccessCookieName, c.RefreshCookieName = "__Host-access", "__Host-refresh"
	}})
	p := newPlay(t, s, naive, "cookies", 2)
	mine := p.user.cookies()
	neighbour := p.user.open(s.at("blog.example.test", "/empty"))
	for _, name := range []string{"__Host-access", "__Host-refresh"} {
		eval[string](neighbour, `document.cookie = "`+name+"=x"+tossed+`/"`)
	}
	assert.Equal(t, mine, p.user.cookies())
	for range 3 {
		clock.Advance(3 * time.Minute)
		p.assertAllIn(p.all(call))
	}
	p.end()
}
