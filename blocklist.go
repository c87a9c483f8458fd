package ginjwt

import (
	"context"
	"fmt"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

// Blocklist remembers revoked tokens by their "jti", and ended sessions by the
// "sid" of their tokens. Its methods must be safe for concurrent use. An error
// means that the answer is not known: the request is refused with
// [ErrUnavailable], status 503.
type Blocklist interface {
	// Add blocks id at least until expires; a zero expires means for ever.
	// Adding twice keeps the later time.
	Add(ctx context.Context, id string, expires time.Time) error

	// Contains reports whether any of the ids is blocked.
	Contains(ctx context.Context, ids ...string) (bool, error)
}

var _ Blocklist = (*MemoryBlocklist)(nil)

// MemoryBlocklist is a [Blocklist] in this process's memory. The zero value is
// empty and ready to use. It drops expired entries as it grows and starts no
// goroutine.
//
// Other processes know nothing of it, and it is empty after a restart.
type MemoryBlocklist struct {
	// Now tells the time by which entries expire. Nil means [time.Now].
	Now func() time.Time

	set idset.Set
}

// Add blocks id at least until expires. It never fails.
func (b *MemoryBlocklist) Add(_ context.Context, id string, expires time.Time) error {
	b.set.Add(idset.EntryOf(id, expires), b.now)
	return nil
}

// Contains reports whether any of ids is blocked. It never fails.
func (b *MemoryBlocklist) Contains(_ context.Context, ids ...string) (bool, error) {
	if b.set.Empty() {
		return false, nil
	}
	for _, id := range ids {
		if b.set.Contains(idset.KeyOf(id)) {
			return true, nil
		}
	}
	return false, nil
}

func (b *MemoryBlocklist) now() time.Time {
	if b.Now != nil {
		return b.Now()
	}
	return time.Now()
}

// RevokeToken adds token to Config.Blocklist until it has expired, clocks that
// differ by Config.DecodeLeeway included. From then on every request with it
// is refused, on every process that shares the blocklist.
func (m *JWTManager) RevokeToken(ctx context.Context, token *Token) error {
	if !m.ready {
		return ErrNotInitialized
	}
	if token == nil {
		return fmt.Errorf("%w: it is nil", ErrNoID)
	}
	id := or(token.ids[0], token.ID)
	if id == "" {
		return ErrNoID
	}
	expires := token.ExpiresAt
	if !expires.IsZero() {
		expires = expires.Add(m.config.DecodeLeeway)
	}
	if err := m.config.Blocklist.Add(plain(ctx), id, expires); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// revocationIDs returns what token may be on the blocklist by.
func (m *JWTManager) revocationIDs(token *Token) []string {
	switch {
	case token.SessionID == "" && m.hasOwnSession(token):
		return []string{token.ID, ownSessionID(token)}
	case token.SessionID == "" && token.ids[0] == "":
		return nil
	case token.SessionID == "":
		return token.ids[:1]
	case token.ids[0] == "":
		return token.ids[1:]
	}
	return token.ids[:]
}

// checkRevoked asks the blocklist and the loader. An error from either is no
// answer, and without an answer nobody passes.
func (m *JWTManager) checkRevoked(ctx context.Context, token *Token) error {
	if token.ids[0] == "" && m.revokes {
		return errNoJTI.about(token)
	}
	ctx = m.toTheEnd(ctx, token)
	blocked, err := false, error(nil)
	if ids := m.revocationIDs(token); len(ids) > 0 {
		blocked, err = m.config.Blocklist.Contains(ctx, ids...)
	}
	if err == nil && !blocked && m.tokenInBlocklist != nil {
		blocked, err = m.tokenInBlocklist(ctx, token)
	}
	switch {
	case err != nil:
		return refusal(ErrUnavailable, err).about(token)
	case blocked:
		return refusal(ErrRevokedToken, nil).about(token)
	}
	return nil
}
