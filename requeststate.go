package ginjwt

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/gin-gonic/gin"
)

// requestState is the one thing that is stored about a request. It is the
// request's context itself, so that storing it is the only cost.
type requestState struct {
	context.Context
	manager  *JWTManager
	request  *http.Request // that it was made for
	verified atomic.Pointer[verified]

	// What verified points to. It is written once, by whoever claims it.
	own     verified
	claimed atomic.Bool
}

// verified is the outcome of a check: a token, and its user if one was looked
// up, or neither for an anonymous visitor.
type verified struct {
	token *Token
	user  any
	by    *JWTManager // that made all its checks; nil: somebody put the token there
	need  *requirement

	ticket *ticket // that the token came by; nil: it came itself
}

// fill stores the outcome of the first check, and reports whether it was that.
func (s *requestState) fill(v verified) bool {
	if !s.claimed.CompareAndSwap(false, true) {
		return false
	}
	s.own = v
	s.verified.Store(&s.own)
	return true
}

type stateKey struct{}

// Value returns the state itself for its key.
func (s *requestState) Value(key any) any {
	if key == (stateKey{}) {
		return s
	}
	return s.Context.Value(key)
}

// String keeps what was verified out of printed contexts, Format whatever the
// verb.
func (s *requestState) String() string             { return "ginjwt request" }
func (s *requestState) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// stateOf finds the state in a request's context, or by way of the gin.Context
// that ctx is or was made from.
func stateOf(ctx context.Context) *requestState {
	if state, ok := ctx.Value(stateKey{}).(*requestState); ok {
		return state
	}
	if c, ok := ctx.Value(gin.ContextKey).(*gin.Context); ok && c.Request != nil {
		state, _ := c.Request.Context().Value(stateKey{}).(*requestState)
		return state
	}
	return nil
}

// verifiedIn returns the outcome of the check; nil if there was none.
func verifiedIn(ctx context.Context) *verified {
	if state := stateOf(ctx); state != nil {
		return state.verified.Load()
	}
	return nil
}

// spentTicket returns the ticket that has let a request in; empty if none has.
func spentTicket(ctx context.Context) (encoded string) {
	if v := verifiedIn(ctx); v != nil && v.ticket != nil {
		return v.ticket.own.Raw()
	}
	return ""
}

// attach stores m in the request, where FromContext finds it in place of one that
// was attached before. What another manager verified before stays.
func (m *JWTManager) attach(c *gin.Context) {
	before := verifiedIn(c.Request.Context())
	state := newState(c, m)
	if before != nil {
		state.fill(*before)
	}
}

// attached is the handler that attaches m.
func (m *JWTManager) attached(c *gin.Context) {
	defer returnForm(c, c.Request)
	m.attach(c)
	c.Next()
}

// returnForm gives the request of the server the form that a handler has parsed in a copy
// of it: the server removes the files of no other.
func returnForm(c *gin.Context, own *http.Request) {
	if form := c.Request.MultipartForm; form != nil && own.MultipartForm == nil {
		own.MultipartForm = form
	}
}

// newState gives the request a state of its own.
func newState(c *gin.Context, m *JWTManager) *requestState {
	state := &requestState{Context: c.Request.Context(), manager: m}
	c.Request = c.Request.WithContext(state)
	state.request = c.Request
	return state
}

// remember stores the outcome of a check. It fills in the state of this very
// request if nobody can have read it yet. Otherwise it makes another: what was
// read before does not change, nor does that of a request whose context this
// one was given. FromContext goes on to return the manager that was attached,
// whichever made the check.
func remember(c *gin.Context, m *JWTManager, v verified) {
	state := stateOf(c.Request.Context())
	if state != nil && state.request == c.Request && state.fill(v) {
		return
	}
	if state != nil {
		m = state.manager
	}
	newState(c, m).fill(v)
}

// plain returns ctx, or the request's context if ctx is a *gin.Context: that
// one is used again for other requests, and knows nothing of cancellation.
func plain(ctx context.Context) context.Context {
	c, ok := ctx.(*gin.Context)
	switch {
	case !ok:
		return ctx
	case c.Request == nil:
		return context.Background()
	}
	return c.Request.Context()
}
