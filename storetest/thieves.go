package storetest

import (
	"net/http"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

// thieves use a copy of the refresh token of a user. Each theft must be detected and
// reported once.
var thieves = map[string]func(t *theft){
	"refreshes as the user does": func(t *theft) {
		for range 20 {
			t.pass(lifetime / 2)
			t.use(&t.copied, "")
			t.pass(lifetime / 2)
			t.use(&t.own, "")
		}
	},
	"finds an old token": func(t *theft) {
		for range 2 {
			t.pass(lifetime)
			t.use(&t.own, "")
		}
		t.pass(2 * grace)
		t.use(&t.copied, "")
	},
	"knows the key of a token": func(t *theft) {
		t.use(&t.own, t.key)
		t.pass(lifetime)
		t.use(&t.copied, t.key) // the same response
		t.pass(grace)
		t.use(&t.copied, "")
		t.pass(2 * grace)
		t.use(&t.own, newID())
	},
	"knows the key of a user who has only one": func(t *theft) {
		for range 20 {
			t.pass(lifetime)
			t.use(&t.own, t.key)
			t.pass(lifetime)
			t.use(&t.copied, t.key)
		}
	},
	"goes away before each answer": func(t *theft) {
		for range 2 {
			t.pass(lifetime)
			t.use(&t.own, "")
		}
		t.gone = true
		t.use(&t.copied, "")
	},
}

// theft is a session whose tokens both a user and a thief have.
type theft struct {
	*service
	own, copied string
	key         string
	gone        bool // clients disconnect before the response
	over        bool // the session has ended
}

func testThief(s *service, does func(*theft)) {
	s.start(func(*ginjwt.Config) {})
	first := s.signIn()
	v := &theft{service: s, own: first.Refresh, copied: first.Refresh, key: newID()}
	v.pass(time.Hour)
	does(v)
	assert.True(s.t, v.over || v.gone, "nobody has noticed")
	assert.Equal(s.t, 1, s.told, "OnReuse")
	for _, token := range []string{v.own, v.copied} {
		w := s.send(request(s.t.Context(), http.MethodPost, "/refresh", token, ""))
		assert.Equal(s.t, http.StatusUnauthorized, w.Code)
	}
	_, ok, err := s.sessions.Get(s.t.Context(), s.read(v.own).SessionID)
	require.NoError(s.t, err)
	assert.False(s.t, ok, "the session is there")
}

func (v *theft) pass(d time.Duration) { v.clock.Advance(d) }

// use refreshes, unless the session is over.
func (v *theft) use(token *string, key string) {
	if v.over {
		return
	}
	r := request(v.t.Context(), http.MethodPost, "/refresh", *token, key)
	if v.gone {
		r = cancelled(r)
	}
	w := v.send(r)
	if v.over = w.Code == http.StatusUnauthorized; !v.over && !v.gone {
		require.Equal(v.t, http.StatusOK, w.Code)
		*token = pairIn(v.t, w).Refresh
	}
}
