package ginjwt

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	idleLifetime   time.Duration // of a session
}

// clockMargin is how much the clocks of processes that share a store may differ.
const clockMargin = time.Minute

// block refuses whatever has this ID until the last token with it has expired on
// every clock. A zero time is that of a token that never expires.
func (r *revocations) block(ctx context.Context, id string, lastExpiry time.Time, cause Cause) error {
	return r.add(ctx, endedBy(cause, store.Revocation{ID: id, Expires: keptUntil(lastExpiry, r.leeway)}))
}

// add adds entries in their order. After an error some of them may be on the list.
func (r *revocations) add(ctx context.Context, entries []store.Revocation) error {
	if list, ok := store.AdderOf(r.list); ok && len(entries) > 1 {
		for some := range slices.Chunk(entries, store.MaxBatch) {
			if err := list.AddMany(ctx, some); err != nil {
				return err
			}
		}
		return nil
	}
	for _, e := range entries {
		if err := r.list.Add(ctx, e.ID, e.Expires); err != nil {
			return err
		}
	}
	return nil
}

// containsNow asks the list for what all processes have added, where it can tell.
func (r *revocations) containsNow(ctx context.Context, ids ...string) (bool, error) {
	if list, ok := store.CurrentOf(r.list); ok {
		return list.ContainsNow(ctx, ids...)
	}
	return r.list.Contains(ctx, ids...)
}

func keptUntil(lastExpiry time.Time, leeway time.Duration) time.Time {
	if lastExpiry.IsZero() {
		return lastExpiry
	}
	return lastExpiry.Add(leeway + clockMargin)
}

// blockStolen refuses the tokens of a session that was stolen, for as long as it may
// live: so it is over even if the store fails to remove it.
func (r *revocations) blockStolen(ctx context.Context, s store.Session) error {
	return r.block(ctx, s.ID, later(r.lastExpiry(s), s.ExpiresAt), CauseReuse)
}

// blockSessions refuses the tokens of sessions, and returns those that are blocked.
func (r *revocations) blockSessions(ctx context.Context, sessions []store.Session, cause Cause) (blocked []store.Session, err error) {
	if _, ok := store.AdderOf(r.list); ok {
		entries := make([]store.Revocation, len(sessions))
		for i, s := range sessions {
			entries[i] = store.Revocation{ID: s.ID, Expires: keptUntil(r.lastExpiry(s), r.leeway)}
		}
		if err := r.add(ctx, endedBy(cause, entries...)); err != nil {
			return nil, err
		}
		return sessions, nil
	}
	var failures []error
	for _, s := range sessions {
		if err := r.block(ctx, s.ID, r.lastExpiry(s), cause); err != nil {
			failures = append(failures, err)
			continue
		}
		blocked = append(blocked, s)
	}
	return blocked, errors.Join(failures...)
}

// lastExpiry is when the last token of a session that ends now has expired. For one
// that a token without a session became, it is when that token has: it must not
// become a session again.
func (r *revocations) lastExpiry(s store.Session) time.Time {
	last := r.now().Add(r.accessLifetime)
	if wasAdopted(s) {
		last = later(last, s.ExpiresAt)
	}
	return last
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// blockAll refuses whatever has one of the IDs. After an error some of them may be blocked.
func (r *revocations) blockAll(ctx context.Context, ids []string, until time.Time) error {
	entries := make([]store.Revocation, len(ids))
	for i, id := range ids {
		entries[i] = store.Revocation{ID: id, Expires: until}
	}
	return r.add(ctx, entries)
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
	leeway := max(r.leeway, token.names().leeway) // the clock of another issuer has its own
	ended := store.Revocation{ID: id, Expires: keptUntil(token.ExpiresAt, leeway)}
	if err := r.add(ctx, endedBy(cause, ended)); err != nil {
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
	case token.session() == "" && token.ids[0] == "":
		return nil
	case token.session() == "":
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
		return errNotRevocable.about(token)
	}
	ctx = r.uncancelled(ctx, token)
	blocked, err := false, error(nil)
	ids := r.ids(token)
	if origin := token.read().payload.originIDs; len(origin) > 0 { // which the others do not pay for
		ids = slices.Concat(ids, origin)
	}
	if len(ids) > 0 {
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
