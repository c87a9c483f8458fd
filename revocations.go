package ginjwt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// revocations decides what is on the blocklist and for how long, and which tokens are
// refused because of it.
type revocations struct {
	list      store.Blocklist
	memory    *store.MemoryBlocklist // list, if it is one
	aging     store.AgingBlocklist   // list without events, if it is one; otherwise nil
	callbacks *callbacks
	events    *events
	realm     string
	required  bool // the application has set a Blocklist or a TokenInBlocklistLoader
	sessions  bool // Config.Sessions is set

	now            func() time.Time
	leeway         time.Duration
	accessLifetime time.Duration
	idleLifetime   time.Duration // of a session
}

// clockMargin is how far the clocks of processes that share a store may be apart.
const clockMargin = time.Minute

// block blocks an ID until the last token with it has expired by every clock. A zero time
// means that the token never expires.
func (r *revocations) block(ctx context.Context, id string, lastExpiry time.Time, cause Cause) error {
	return r.add(ctx, endedBy(cause, store.Revocation{ID: id, Expires: keptUntil(lastExpiry, r.leeway)}))
}

// add adds entries in order. After an error some of them may be on the list.
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

// containsNow asks for the entries of all processes, if the list can tell them.
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

// blockStolen blocks a stolen session for as long as it could live, so it is over even if
// the store fails to delete it.
func (r *revocations) blockStolen(ctx context.Context, s store.Session) error {
	return r.block(ctx, s.ID, later(r.lastExpiry(s), s.ExpiresAt), CauseReuse)
}

// blockUnknown blocks a session that the store does not have. Nobody but the signer of the
// token says that it is of this realm.
func (r *revocations) blockUnknown(ctx context.Context, s store.Session, cause Cause) error {
	return r.block(ctx, unknownSessionID(r.realm, s.ID), r.lastExpiry(s), cause)
}

// blockSessions blocks sessions, and returns the sessions that are blocked.
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

// lastExpiry is when the last token of a session that ends now has expired. A session that
// began with a token without a session stays blocked until that token has expired:
// otherwise the token would start a session again.
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

// blockAll blocks several IDs. After an error some of them may be blocked.
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
	id := or(token.read().payload.revocationIDs[0], or(revocationID(r.realm, token.ID), token.ID))
	if id == "" {
		return ErrNoID
	}
	leeway := max(r.leeway, token.names().leeway) // the leeway of another issuer may be larger
	ended := store.Revocation{ID: id, Expires: keptUntil(token.ExpiresAt, leeway)}
	if err := r.add(ctx, endedBy(cause, ended)); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	r.events.revoked(ctx, token, cause)
	return nil
}

// appendIDs appends the IDs by which token may be on the blocklist, without those of an
// upstream logout.
func (r *revocations) appendIDs(ids []string, token *Token) []string {
	p := &token.read().payload
	if r.sessions && canBecomeSession(token) {
		session := adoptedID(r.realm, token)
		return append(ids, p.revocationIDs[0], session, unknownSessionID(r.realm, session))
	}
	return p.appendRevocationIDs(ids)
}

func (p *payload) appendRevocationIDs(ids []string) []string {
	for _, id := range p.revocationIDs {
		if id != "" {
			ids = append(ids, id)
		}
	}
	if unknown := p.revocationIDs[1]; unknown != "" && unknown != p.session {
		ids = append(ids, p.session)
	}
	return ids
}

// isAtHand reports whether the list is in memory, at least as a copy.
func (r *revocations) isAtHand() bool { return r.memory != nil || r.aging != nil }

// containsAccess reports whether an access token of this manager, or its session, is on the
// list. ok is false if that is not all that must be asked.
func (r *revocations) containsAccess(ctx context.Context, p *payload, reading time.Time) (blocked, ok bool, err error) {
	if p.revocationIDs[0] == "" && r.required || len(p.originIDs) > 0 {
		return false, false, nil
	}
	var room [3]string // on the stack
	blocked, err = r.contains(ctx, p.appendRevocationIDs(room[:0]), reading)
	return blocked, true, err
}

// contains asks the list. Only a list that this package does not know gets a copy of ids,
// which stay on the stack for the others.
func (r *revocations) contains(ctx context.Context, ids []string, reading time.Time) (bool, error) {
	switch {
	case len(ids) == 0:
		return false, nil
	case r.memory != nil:
		return r.memory.Contains(ctx, ids...)
	case r.aging != nil && len(ids) == 1:
		return r.containsAt(ctx, reading, ids[0], "")
	case r.aging != nil && len(ids) == 2:
		return r.containsAt(ctx, reading, ids[0], ids[1])
	case r.aging != nil && len(ids) == 3:
		if blocked, err := r.containsAt(ctx, reading, ids[0], ids[1]); blocked || err != nil {
			return blocked, err
		}
		return r.containsAt(ctx, reading, ids[2], "")
	}
	return r.list.Contains(ctx, slices.Clone(ids)...)
}

func (r *revocations) containsAt(ctx context.Context, reading time.Time, id, other string) (bool, error) {
	start := r.events.begin()
	blocked, err := r.aging.ContainsAt(ctx, reading, id, other)
	r.events.storeFailed(ctx, OperationBlocklistContains, start, err)
	return blocked, err
}

// check is checkAt without a reading of the clock.
func (r *revocations) check(ctx context.Context, token *Token) error {
	return r.checkAt(ctx, token, time.Time{})
}

// checkAt asks the blocklist and the loader. If one of them fails, the token is refused.
// If reading is zero, a list that has to know the time reads the clock: see found.
func (r *revocations) checkAt(ctx context.Context, token *Token, reading time.Time) error {
	if token.read().payload.revocationIDs[0] == "" && (r.required || r.sessions && token.Type == RefreshToken) { // without a jti it cannot start a session
		return errNotRevocable.about(token)
	}
	ctx = r.uncancelled(ctx, token)
	var room [3]string // on the stack
	ids := append(r.appendIDs(room[:0], token), token.read().payload.originIDs...)
	blocked, err := r.contains(ctx, ids, reading)
	if load := r.callbacks.tokenInBlocklist; err == nil && !blocked && load != nil {
		start := r.events.begin()
		blocked, err = load(ctx, token)
		r.events.storeFailed(ctx, OperationBlocklistLoader, start, err)
	}
	switch {
	case err != nil:
		return refusalOf(ErrUnavailable, err, token)
	case blocked:
		return refusalOf(ErrRevokedToken, nil, token)
	}
	return nil
}

// uncancelled returns a context for checks of a token. A reused refresh token has to be
// noticed even if the client goes away immediately.
func (r *revocations) uncancelled(ctx context.Context, token *Token) context.Context {
	if !r.sessions || token.Type != RefreshToken {
		return ctx
	}
	return context.WithoutCancel(ctx)
}
