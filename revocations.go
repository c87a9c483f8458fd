package ginjwt

import (
	"context"
	"fmt"
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// revocations decides what is on the blocklist, for how long, and who is refused
// for it.
type revocations struct {
	list      store.Blocklist
	callbacks *callbacks
	events    *events
	realm     string
	required  bool // the application itself said how tokens are revoked
	sessions  bool // there are sessions

	now            func() time.Time
	leeway         time.Duration
	accessLifetime time.Duration
}

// clockMargin is how much the clocks of processes that share a store may differ.
const clockMargin = time.Minute

// block refuses whatever has this ID until the last token with it has expired on
// every clock. A zero time is that of a token that never expires.
func (r *revocations) block(ctx context.Context, id string, lastExpiry time.Time) error {
	if !lastExpiry.IsZero() {
		lastExpiry = lastExpiry.Add(r.leeway + clockMargin)
	}
	return r.list.Add(ctx, id, lastExpiry)
}

// blockSession refuses the tokens of s. A session that a token without one became
// stays blocked for as long as that token may live, so that it does not become a
// session again; so does one that was stolen, so that it is over even if the
// store fails to remove it.
func (r *revocations) blockSession(ctx context.Context, s store.Session, stolen bool) error {
	last := r.now().Add(r.accessLifetime)
	if stolen || wasAdopted(s) {
		last = later(last, s.ExpiresAt)
	}
	return r.block(ctx, s.ID, last)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// revoke blocks one token.
func (r *revocations) revoke(ctx context.Context, token *Token, cause Cause) error {
	if token == nil {
		return fmt.Errorf("%w: it is nil", ErrNoID)
	}
	id := or(token.ids[0], or(revocationID(r.realm, token.ID), token.ID))
	if id == "" {
		return ErrNoID
	}
	if err := r.block(ctx, id, token.ExpiresAt); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	r.events.revoked(ctx, token, cause)
	return nil
}

// ids returns what token may be on the blocklist by.
func (r *revocations) ids(token *Token) []string {
	switch {
	case r.sessions && canBecomeSession(token):
		return []string{token.ids[0], adoptedID(r.realm, token)}
	case token.SessionID == "" && token.ids[0] == "":
		return nil
	case token.SessionID == "":
		return token.ids[:1]
	case token.ids[0] == "":
		return token.ids[1:]
	}
	return token.ids[:]
}

// check asks the blocklist and the loader. An error from either is no answer, and
// without an answer nobody passes.
func (r *revocations) check(ctx context.Context, token *Token) error {
	if token.ids[0] == "" && (r.required || r.sessions && token.Type == RefreshToken) { // which could start no session
		return errNoJTI.about(token)
	}
	ctx = r.uncancelled(ctx, token)
	blocked, err := false, error(nil)
	if ids := r.ids(token); len(ids) > 0 {
		blocked, err = r.list.Contains(ctx, ids...)
	}
	if load := r.callbacks.tokenInBlocklist; err == nil && !blocked && load != nil {
		start := r.events.begin()
		blocked, err = load(ctx, token)
		r.events.storeFailed(ctx, OperationBlocklistLoader, start, err)
	}
	switch {
	case err != nil:
		return refusal(ErrUnavailable, err).about(token)
	case blocked:
		return refusal(ErrRevokedToken, nil).about(token)
	}
	return nil
}

// uncancelled returns a context for questions about a token. A refresh token that
// was used before has to be noticed, also if who sent it goes away at once.
func (r *revocations) uncancelled(ctx context.Context, token *Token) context.Context {
	if !r.sessions || token.Type != RefreshToken {
		return ctx
	}
	return context.WithoutCancel(ctx)
}
