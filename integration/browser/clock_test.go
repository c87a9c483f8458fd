package browser

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt"
)

// By the real clock, with cookies that the browser drops when their tokens expire: each
// tab goes on by itself, and tokens are traded every few rounds.
func TestTabsThatGoOnByThemselves(t *testing.T) {
	t.Parallel()
	// A request is repeated after a refresh. On a busy machine that takes seconds, in
	// which the new token must not expire.
	const access, grace = 10 * time.Second, 12 * time.Second
	eachKind(t, func(t *testing.T, c client, in string) {
		s := newService(t, place{configure: func(c *ginjwt.Config) { c.AccessTokenExpires, c.SessionGrace = access, grace }})
		p := newPlay(t, s, c, in, 10, "persistent", "1")
		for _, came := range p.all(fmt.Sprintf(`(async () => {
			const came = [];
			for (let round = 0; round < %d; round++) {
				await new Promise((resume) => setTimeout(resume, %d + 500 * Math.random()));
				came.push(await %s);
			}
			return came.filter((outcome) => outcome !== "ok").join();
		})()`, max(rounds()/3, 3), access.Milliseconds(), call)) {
			assert.Empty(t, came)
		}
		p.end()
	})
}
