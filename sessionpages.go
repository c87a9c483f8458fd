package ginjwt

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
)

// How many sessions an answer of SessionsHandler has.
const (
	defaultPage = 100
	maxPage     = 1000
)

// sessionView is a session as its user may see it.
type sessionView struct {
	ID        string    `json:"id"`
	Device    string    `json:"device"`
	CreatedAt time.Time `json:"created_at"`
	LastUsed  time.Time `json:"last_used_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Current   bool      `json:"current"` // that of the request
}

// viewPrecision is how exact a view tells when a session was used.
const viewPrecision = 10 * time.Minute

func viewOf(s Session, current bool) sessionView {
	used := later(s.CreatedAt, s.RotatedAt.Truncate(viewPrecision))
	expires := s.ExpiresAt.Add(viewPrecision - 1).Truncate(viewPrecision)
	return sessionView{s.ID, s.Device, s.CreatedAt, used, expires, current}
}

// sessionsPage is an answer of SessionsHandler.
type sessionsPage struct {
	Sessions []sessionView `json:"sessions"`
	Next     string        `json:"next_cursor,omitzero"` // where the next page begins; empty: there is none
}

// SessionsHandler returns a handler that lists the sessions of the identity in
// the verified token, the newest first:
//
//	router.GET("/sessions", mgr.JWTRequired(), mgr.SessionsHandler())
//
// The answer is {"sessions": [{"id", "device", "created_at", "last_used_at",
// "expires_at", "current"}]}. The last two times are rounded to ten minutes: the
// list must not tell a thief when the user refreshes.
//
// It has at most 100 sessions, or as many as the parameter "limit" of the query
// says, of which 1000 are the most. If there are more, it has a member "next_cursor"
// too, whose value is the parameter "cursor" of the next request. Sessions that end
// or begin between two requests make no others come twice, or be missed. What
// cannot be understood is answered 400.
//
// SessionsHandler panics if called before InitApp or without Config.Sessions.
func (m *JWTManager) SessionsHandler() gin.HandlerFunc {
	m.mustHaveSessions("SessionsHandler")
	return func(c *gin.Context) {
		page := sessionsPage{Sessions: []sessionView{}}
		token, ok := m.verifiedToken(c, "SessionsHandler")
		asked, problem := readPageRequest(c.Request.URL.Query())
		if problem != "" {
			m.refusePlainly(c, http.StatusBadRequest, problem)
			return
		}
		if ok {
			sessions, err := m.Sessions(c, token.Identity)
			if err != nil {
				m.Refuse(c, err)
				return
			}
			sessions, page.Next = asked.page(sessions)
			for _, s := range sessions {
				page.Sessions = append(page.Sessions, viewOf(s, s.ID == token.session()))
			}
		}
		noStore(c)
		answerJSON(c, http.StatusOK, page)
	}
}

// pageRequest is what a client asks for of a list of sessions.
type pageRequest struct {
	limit int
	after *Session // the last of the page before; nil: none
}

// readPageRequest returns what to tell the client if it asks for what there is not.
func readPageRequest(query url.Values) (p pageRequest, problem string) {
	p.limit = defaultPage
	if text := query.Get("limit"); text != "" {
		limit, err := strconv.Atoi(text)
		if err != nil || limit < 1 {
			return p, "The limit is not a number from 1 on"
		}
		p.limit = min(limit, maxPage)
	}
	if text := query.Get("cursor"); text != "" {
		if p.after = sessionAt(text); p.after == nil {
			return p, "The cursor is not one of an answer"
		}
	}
	return p, ""
}

// page cuts the page out of all sessions, the newest of which come first. The session
// at which it begins may have ended.
func (p pageRequest) page(sessions []Session) (page []Session, next string) {
	if p.after != nil {
		i, there := slices.BinarySearchFunc(sessions, *p.after, newestFirst)
		if there {
			i++
		}
		sessions = sessions[i:]
	}
	if len(sessions) <= p.limit {
		return sessions, ""
	}
	return sessions[:p.limit], cursorOf(sessions[p.limit-1])
}

// cursorOf returns the place of a session in the list. It says nothing that the list
// does not.
func cursorOf(s Session) string {
	return base64url.Encode(fmt.Appendf(nil, "%d %s", s.CreatedAt.UnixMilli(), s.ID))
}

// sessionAt returns as much of a session as its place depends on; nil if a cursor is
// none.
func sessionAt(cursor string) *Session {
	text, err := base64url.AppendDecode(nil, []byte(cursor))
	if err != nil {
		return nil
	}
	created, id, ok := strings.Cut(string(text), " ")
	milliseconds, err := strconv.ParseInt(created, 10, 64)
	if !ok || err != nil {
		return nil
	}
	return &Session{ID: id, CreatedAt: time.UnixMilli(milliseconds)}
}
