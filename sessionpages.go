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

// The number of sessions in a response of SessionsHandler.
const (
	defaultPage = 100
	maxPage     = 1000
)

// sessionView is what a user may see of a session.
type sessionView struct {
	ID        string    `json:"id"`
	Device    string    `json:"device"`
	CreatedAt time.Time `json:"created_at"`
	LastUsed  time.Time `json:"last_used_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Current   bool      `json:"current"` // the session of the request
}

// viewPrecision is the precision of the times of use in a view: exact times would tell a
// thief when the user refreshes.
const viewPrecision = 10 * time.Minute

func viewOf(s Session, current bool) sessionView {
	used := later(s.CreatedAt, s.RotatedAt.Truncate(viewPrecision))
	expires := s.ExpiresAt.Add(viewPrecision - 1).Truncate(viewPrecision)
	return sessionView{s.ID, s.Device, s.CreatedAt, used, expires, current}
}

// sessionsPage is a response of SessionsHandler.
type sessionsPage struct {
	Sessions []sessionView `json:"sessions"`
	Next     string        `json:"next_cursor,omitzero"` // cursor of the next page; empty: none
}

// SessionsHandler returns a handler that lists the sessions of the identity in
// the verified token, the newest first:
//
//	router.GET("/sessions", mgr.JWTRequired(), mgr.SessionsHandler())
//
// The response is {"sessions": [{"id", "device", "created_at", "last_used_at",
// "expires_at", "current"}]}. The list must not tell a thief when the user refreshes. So
// "last_used_at" is rounded down to ten minutes, but not below "created_at", and
// "expires_at" is rounded up to ten minutes.
//
// A response has at most 100 sessions. The query parameter "limit" asks for another
// number; above 1000 it means 1000. If there are more sessions, the response has a "next_cursor": send
// its value as the query parameter "cursor" of the next request. If a session begins or
// ends between two requests, the list does not repeat or skip other sessions.
// The handler responds with 400 to an invalid limit or cursor.
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

// pageRequest is the part of the list that a client asks for.
type pageRequest struct {
	limit int
	after *Session // the last session of the previous page; nil: none
}

// readPageRequest reads a query. The problem is a message for the client; empty: none.
func readPageRequest(query url.Values) (p pageRequest, problem string) {
	p.limit = defaultPage
	if text := query.Get("limit"); text != "" {
		limit, err := strconv.Atoi(text)
		if err != nil || limit < 1 {
			return p, "The limit must be a positive number"
		}
		p.limit = min(limit, maxPage)
	}
	if text := query.Get("cursor"); text != "" {
		if p.after = sessionAt(text); p.after == nil {
			return p, "The cursor is invalid"
		}
	}
	return p, ""
}

// page returns one page of all sessions, which are sorted newest first. The session that
// the cursor names may have ended.
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

// cursorOf returns the place of a session in the list. It reveals nothing that is not in
// the list.
func cursorOf(s Session) string {
	return base64url.Encode(fmt.Appendf(nil, "%d %s", s.CreatedAt.UnixMilli(), s.ID))
}

// sessionAt returns the fields of a session that decide its place; nil if the cursor is
// invalid.
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
