package ginjwt

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/gin-gonic/gin"
)

// requestState holds everything that is stored about a request, and the copy of the
// request that carries it: one allocation for both. It is itself the request's context,
// and needs no wrapper to be stored.
type requestState struct {
	context.Context
	manager *JWTManager
	request http.Request // with this context; zero if NewContext made the state

	// The outcome of a check. Its need is nil before the check, and is written last: a
	// reader that finds it also sees the other fields, which never change again.
	need  atomic.Pointer[requirement]
	token atomic.Pointer[Token] // nil before it is made from known
	known knownToken
	rare  atomic.Pointer[rareOutcome] // its proof is stored before the outcome
}

// verified is the outcome of a check: a token with its user, or no token for an
// anonymous visitor.
type verified struct {
	token *Token
	known knownToken // of which the token has not been made yet
	need  *requirement
	rare  *rareOutcome // nil: all its fields are empty
}

// rareOutcome is what few requests have.
type rareOutcome struct {
	user   any     // of NewContext; nil: the user of the token
	ticket *ticket // stood for the token; nil: none
	proof  *proof  // DPoP proof of this request that was accepted; nil: none
}

// These requirements belong to no route.
var (
	unchecked requirement // of a token that NewContext stored
	claiming  requirement // while a check stores its outcome
)

// user returns the user; nil if there is none.
func (v *verified) user() any {
	switch {
	case v.rare != nil && v.rare.user != nil:
		return v.rare.user
	case v.token != nil:
		return v.token.user
	}
	return nil
}

// ticket returns the ticket that stood for the token; nil if there is none.
func (v *verified) ticket() *ticket {
	if v.rare == nil {
		return nil
	}
	return v.rare.ticket
}

// fill stores the outcome of the first check. It reports false if there already
// is one.
func (s *requestState) fill(v verified) bool {
	if !s.need.CompareAndSwap(nil, &claiming) {
		return false
	}
	s.known = v.known
	if v.rare != nil {
		rare := *v.rare
		rare.proof = s.proof()
		s.rare.Store(&rare)
	}
	if v.token != nil {
		s.token.Store(v.token)
	}
	s.need.Store(v.need)
	return true
}

// checked returns the requirement of the check; nil before the check.
func (s *requestState) checked() *requirement {
	if need := s.need.Load(); need != &claiming {
		return need
	}
	return nil
}

// outcome returns what fill stored, and whether it did.
func (s *requestState) outcome() (v verified, ok bool) {
	need := s.checked()
	if need == nil {
		return v, false
	}
	token := s.token.Load()
	if token == nil && s.known.contents != nil {
		s.token.CompareAndSwap(nil, s.known.token()) // another goroutine may have been faster
		token = s.token.Load()
	}
	return verified{token: token, need: need, rare: s.rare.Load()}, true
}

// proof returns the proof that this request has used; nil: none.
func (s *requestState) proof() *proof {
	if rare := s.rare.Load(); rare != nil {
		return rare.proof
	}
	return nil
}

// useProof stores the proof that this request has used.
func (s *requestState) useProof(p *proof) {
	for {
		before, rare := s.rare.Load(), rareOutcome{}
		if before != nil {
			rare = *before
		}
		rare.proof = p
		if s.rare.CompareAndSwap(before, &rare) {
			return
		}
	}
}

// inheritProof stores the proof that the request of ctx has used, if any.
func (s *requestState) inheritProof(ctx context.Context) {
	if before := stateOf(ctx); before != nil && before.proof() != nil {
		s.useProof(before.proof())
	}
}

// identity returns the identity of a token that nobody has asked for.
func (s *requestState) identity() (identity string, ok bool) {
	if s.checked() == nil || s.known.contents == nil || s.token.Load() != nil {
		return "", false
	}
	return s.known.contents.payload.identity, true
}

// requestIn returns the request that ctx belongs to; nil: none.
func requestIn(ctx context.Context) *http.Request {
	if c, ok := ctx.(*gin.Context); ok {
		return c.Request
	}
	for state := stateOf(ctx); state != nil; state = stateOf(state.Context) {
		if state.request.URL != nil {
			return &state.request
		}
	}
	if c := ginIn(ctx); c != nil { // no middleware has attached a manager
		return c.Request
	}
	return nil
}

// ginIn returns the gin.Context that ctx is or was made from; nil: none.
func ginIn(ctx context.Context) *gin.Context {
	c, ok := ctx.(*gin.Context)
	if !ok {
		c, _ = ctx.Value(gin.ContextKey).(*gin.Context)
	}
	return c
}

type stateKey struct{}

// Value returns the state itself for its key.
func (s *requestState) Value(key any) any {
	if key == (stateKey{}) {
		return s
	}
	return s.Context.Value(key)
}

// String hides the outcome in printed contexts, and Format does so for every
// verb.
func (s *requestState) String() string             { return "ginjwt request" }
func (s *requestState) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// stateOf finds the state in a request's context, or through the gin.Context
// that ctx is or was made from.
func stateOf(ctx context.Context) *requestState {
	switch c := ctx.(type) { // the usual contexts, without a search through all their parents
	case *requestState:
		return c
	case *gin.Context:
		if c.Request != nil {
			if state, ok := c.Request.Context().(*requestState); ok {
				return state
			}
		}
	}
	if state, ok := ctx.Value(stateKey{}).(*requestState); ok {
		return state
	}
	if c, ok := ctx.Value(gin.ContextKey).(*gin.Context); ok && c.Request != nil {
		state, _ := c.Request.Context().Value(stateKey{}).(*requestState)
		return state
	}
	return nil
}

// verifiedIn returns the outcome of the check, and whether there was one.
func verifiedIn(ctx context.Context) (v verified, ok bool) {
	if state := stateOf(ctx); state != nil {
		return state.outcome()
	}
	return v, false
}

// spentTicket returns the ticket that let the request in; empty if there is
// none.
func spentTicket(ctx context.Context) (encoded string) {
	v, _ := verifiedIn(ctx)
	if t := v.ticket(); t != nil {
		return t.own.Raw()
	}
	return ""
}

// attach stores m in the request, where FromContext finds it, instead of a
// manager that was attached before. The outcome of an earlier check stays.
func (m *JWTManager) attach(c *gin.Context) {
	before, ok := verifiedIn(c.Request.Context())
	state := newState(c, m)
	if ok {
		state.fill(before)
	}
}

// attached is the middleware that attaches m.
func (m *JWTManager) attached(c *gin.Context) {
	defer returnForm(c, c.Request)
	m.attach(c)
	c.Next()
}

// returnForm gives the server's request the form that a handler parsed in a
// copy of it. The server removes only the files of its own request.
func returnForm(c *gin.Context, own *http.Request) {
	if form := c.Request.MultipartForm; form != nil && own.MultipartForm == nil {
		own.MultipartForm = form
	}
}

// newState gives the request its own state. It takes the place of a state that is the
// context itself: otherwise a long request would keep one for each of its checks.
func newState(c *gin.Context, m *JWTManager) *requestState {
	parent := c.Request.Context()
	state := &requestState{Context: parent, manager: m}
	if before, ok := parent.(*requestState); ok {
		state.Context = before.Context
	}
	if len(c.Request.Header[proofHeader]) > 0 { // otherwise the search through all contexts is for nothing
		state.inheritProof(parent)
	}
	state.request = *c.Request.WithContext(state) // a copy that the compiler keeps on the stack
	c.Request = &state.request
	return state
}

// remember stores the outcome of a check. It fills the state of this request if
// that has no outcome yet. Otherwise it makes a new state: an outcome that was
// read must not change, and neither must the state of a request whose context
// this request received. FromContext still returns the attached manager,
// whichever manager made the check.
func remember(c *gin.Context, m *JWTManager, v verified) {
	state := stateOf(c.Request.Context())
	if state != nil && c.Request == &state.request && state.fill(v) {
		return
	}
	if state != nil {
		m = state.manager
	}
	newState(c, m).fill(v)
}

// plain returns ctx, or the request's context if ctx is a *gin.Context. Gin
// reuses a *gin.Context for other requests, and it knows nothing of
// cancellation.
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
