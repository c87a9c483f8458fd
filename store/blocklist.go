package store

import (
	"context"
	"time"
)

// Blocklist remembers revoked tokens by their "jti", and ended sessions by the
// "sid" of their tokens. Its methods must be safe for concurrent use. An error
// means that the answer is not known: the request is refused with
// status 503 (ginjwt.ErrUnavailable).
type Blocklist interface {
	// Add blocks id at least until expires; a zero expires means for ever.
	// Adding twice keeps the later time.
	Add(ctx context.Context, id string, expires time.Time) error

	// Contains reports whether any of the ids, at most MaxBatch, is blocked.
	Contains(ctx context.Context, ids ...string) (bool, error)
}
