package ginjwt_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// listOfSessions is an answer of SessionsHandler.
type listOfSessions struct {
	Sessions []struct {
		ID      string `json:"id"`
		Current bool   `json:"current"`
	} `json:"sessions"`
	Next string `json:"next_cursor"`
}

func (l listOfSessions) ids() (ids []string) {
	for _, s := range l.Sessions {
		ids = append(ids, s.ID)
	}
	return ids
}

// listingApp is one in which alice has n sessions, the newest first.
type listingApp struct {
	mgr    *ginjwt.JWTManager
	engine *gin.Engine
	all    []ginjwt.Session
	access string
}

func newListingApp(t *testing.T, n int) *listingApp {
	t.Helper()
	config := jwttest.Config(nil)
	sessions := new(ginjwt.MemorySessions)
	config.Sessions = sessions
	mgr, engine := newManager(t, config)
	engine.GET("/sessions", mgr.JWTRequired(), mgr.SessionsHandler())
	return &listingApp{mgr, engine, fillSessions(t, sessions, n), jwttest.AccessToken(t, mgr, "alice")}
}

func (a *listingApp) list(t *testing.T, query string) (l listOfSessions) {
	t.Helper()
	w := jwttest.Do(a.engine, "GET", "/sessions?"+query, jwttest.Bearer(a.access))
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &l))
	return l
}

// pages follows the cursors. between is called after each page.
func (a *listingApp) pages(t *testing.T, limit int, between func(listed []string)) (ids []string, sizes []int) {
	t.Helper()
	cursor := ""
	for {
		l := a.list(t, fmt.Sprintf("limit=%d&cursor=%s", limit, cursor))
		ids, sizes = append(ids, l.ids()...), append(sizes, len(l.Sessions))
		require.Less(t, len(sizes), 100, "pages without end")
		if between != nil {
			between(ids)
		}
		if cursor = l.Next; cursor == "" {
			return ids, sizes
		}
	}
}

func idsOf(sessions []ginjwt.Session) (ids []string) {
	for _, s := range sessions {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestTenThousandSessionsAreListedInPages(t *testing.T) {
	t.Parallel()
	a := newListingApp(t, 10_000)
	ids, sizes := a.pages(t, 1000, nil)
	assert.Equal(t, idsOf(a.all), ids)
	assert.Equal(t, slices.Repeat([]int{1000}, 10), sizes)

	l := a.list(t, "")
	assert.Equal(t, idsOf(a.all[:100]), l.ids(), "without parameters")
	assert.Equal(t, idsOf(a.all[100:103]), a.list(t, "limit=3&cursor="+l.Next).ids())
	assert.Len(t, a.list(t, "limit=2000").Sessions, 1000, "no more than the most")
	assert.Len(t, a.list(t, "limit=1").Sessions, 1)
}

func TestTheLastPageHasNoCursor(t *testing.T) {
	t.Parallel()
	for n, want := range map[int][]int{0: {0}, 1: {1}, 3: {3}, 4: {3, 1}, 6: {3, 3}, 7: {3, 3, 1}} {
		a := newListingApp(t, n)
		ids, sizes := a.pages(t, 3, nil)
		assert.Equal(t, want, sizes)
		assert.Equal(t, idsOf(a.all), ids)
	}
}

// Of sessions that began in the same millisecond none is missed, or comes twice.
func TestPagesOfSessionsThatBeganTogether(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(&jwttest.Clock{}) // which stands still
	config.Sessions = new(ginjwt.MemorySessions)
	mgr, engine := newManager(t, config)
	engine.GET("/sessions", mgr.JWTRequired(), mgr.SessionsHandler())
	var want []string
	for range 25 {
		want = append(want, jwttest.TokenPair(t, mgr, "alice").SessionID)
	}
	a := &listingApp{mgr: mgr, engine: engine, access: jwttest.AccessToken(t, mgr, "alice")}
	ids, _ := a.pages(t, 4, nil)
	assert.ElementsMatch(t, want, ids)
}

// Sessions that end or begin meanwhile change nothing for the others.
func TestPagesOfAListThatChanges(t *testing.T) {
	t.Parallel()
	a := newListingApp(t, 20)
	want := idsOf(a.all)
	ids, _ := a.pages(t, 5, func(listed []string) {
		last := slices.Index(want, listed[len(listed)-1])
		require.NoError(t, a.mgr.EndSession(t.Context(), want[last]), "after which the next page begins")
		if last+2 < len(want) {
			require.NoError(t, a.mgr.EndSession(t.Context(), want[last+2]), "on the next page")
			want = slices.Delete(want, last+2, last+3)
		}
		jwttest.TokenPair(t, a.mgr, "alice") // newer than all
	})
	assert.Equal(t, want, ids)
	assert.Len(t, ids, 17)
}

func TestPagesShowTheCurrentSession(t *testing.T) {
	t.Parallel()
	a := newListingApp(t, 5)
	pair := jwttest.TokenPair(t, a.mgr, "alice")
	a.access = pair.AccessToken
	l := a.list(t, "limit=2")
	require.Len(t, l.Sessions, 2)
	assert.Equal(t, pair.SessionID, l.Sessions[0].ID, "the newest")
	assert.True(t, l.Sessions[0].Current)
	assert.False(t, l.Sessions[1].Current)
}

func TestPagesThatCannotBeUnderstood(t *testing.T) {
	t.Parallel()
	a := newListingApp(t, 3)
	const noLimit, noCursor = "The limit must be a positive number", "The cursor is invalid"
	cursor := func(text string) string { return "cursor=" + base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for query, message := range map[string]string{
		"limit=0": noLimit, "limit=-1": noLimit, "limit=x": noLimit, "limit=1.5": noLimit, "limit=99999999999999999999": noLimit,
		"cursor=x": noCursor, "cursor=%00": noCursor, "cursor=" + url.QueryEscape("===="): noCursor,
		cursor("1"): noCursor, cursor("x y"): noCursor, cursor("99999999999999999999 y"): noCursor,
		"cursor=" + strings.Repeat("A", 4000): noCursor,
	} {
		w := jwttest.Do(a.engine, "GET", "/sessions?"+query, jwttest.Bearer(a.access))
		assert.Equal(t, http.StatusBadRequest, w.Code, query)
		assert.Equal(t, `{"msg":"`+message+"\"}\n", w.Body.String(), query)
	}
	for _, query := range []string{"limit=&cursor=", cursor("9999999999999 "), cursor("-1 \x00")} {
		a.list(t, query) // places before and after all
	}
	assert.Empty(t, a.list(t, cursor("-1 ")).Sessions)
	assert.Len(t, a.list(t, cursor("9999999999999 ")).Sessions, 3)
}

// One session is found without the others of its user.
func TestEndingOneSessionListsNone(t *testing.T) {
	t.Parallel()
	b, _, all := newBatches(t, 3)
	config := jwttest.Config(nil)
	config.Sessions, config.Blocklist = unlisted{&b.sessions}, &b.list
	mgr, engine := newManager(t, config)
	engine.DELETE("/sessions/:id", mgr.JWTRequired(), mgr.EndSessionHandler())
	access := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))
	for _, id := range []string{strings.Repeat("x", 36), url.PathEscape(strings.Repeat("\xff", 36)), url.PathEscape(all[0].ID[:35] + "\x00"), all[0].ID[:35]} {
		assert.Equal(t, 404, jwttest.Do(engine, "DELETE", "/sessions/"+id, access).Code, "no store is asked for what is no ID")
	}
	expired, inRealm := all[0], all[0]
	expired.ID, expired.ExpiresAt = strings.Repeat("e", 36), expired.ExpiresAt.Add(-time.Hour)
	inRealm.ID, inRealm.Realm = strings.Repeat("f", 36), "north"
	for _, s := range []ginjwt.Session{expired, inRealm} {
		created, err := b.sessions.Create(t.Context(), s)
		require.NoError(t, err)
		require.True(t, created)
		assert.Equal(t, 404, jwttest.Do(engine, "DELETE", "/sessions/"+s.ID, access).Code)
	}
	assert.Empty(t, b.calls)
	assert.Equal(t, 204, jwttest.Do(engine, "DELETE", "/sessions/"+all[0].ID, access).Code)
	assert.Equal(t, 404, jwttest.Do(engine, "DELETE", "/sessions/"+all[0].ID, access).Code)
	assertEnded(t, &b.sessions, &b.list, all, 2)
}

// unlisted fails where a list is asked for, or a session by what is no ID.
type unlisted struct{ *batchSessions }

func (unlisted) List(context.Context, string, string) ([]ginjwt.Session, error) { return nil, errDown }

func (u unlisted) Get(ctx context.Context, id string) (ginjwt.Session, bool, error) {
	if len(id) != 36 || strings.Trim(id, "0123456789abcdef-") != "" {
		return ginjwt.Session{}, false, errDown
	}
	return u.batchSessions.Get(ctx, id)
}
