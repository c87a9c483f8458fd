package browser

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

const (
	tossed = "; Domain=example.test; Path=/; Secure"
	remove = "; Max-Age=0" + tossed
)

// A neighbouring host sets cookies of the same names for the domain above both. With
// the session of somebody else in them nobody works in that session, and when they are
// gone the user's own is as good as before.
func TestCookiesOfANeighbourDoNotTakeOver(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"access_token_cookie", "refresh_token_cookie"} {
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
			clock.Advance(61 * time.Second)
			eval[string](neighbour, `document.cookie = "`+name+"="+value+tossed+`"`)
			assert.Len(t, p.user.cookies(), 5)
			for _, outcome := range p.all(call) {
				assert.NotEqual(t, "ok", outcome, "nobody can tell which cookie is the user's")
			}
			eval[string](neighbour, `document.cookie = "`+name+"=x"+remove+`"`)
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
		eval[string](neighbour, `document.cookie = "`+name+"=x"+tossed+`"`)
	}
	assert.Equal(t, mine, p.user.cookies())
	for range 3 {
		clock.Advance(3 * time.Minute)
		p.assertAllIn(p.all(call))
	}
	p.end()
}
