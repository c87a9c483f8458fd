package store

import (
	"context"
	"time"
)

// Blocklist remembers revoked tokens by their "jti", and ended sessions by the
// "sid" of their tokens. Its methods must be safe for concurrent use. An error
// means that the result is not known: package ginjwt then refuses the request with
// status 503 (ginjwt.ErrUnavailable).
type Blocklist interface {
	// Add blocks id at least until expires. A zero expires means for ever. If id is
	// added twice, the later time counts.
	Add(ctx context.Context, id string, expires time.Time) error

	// Contains reports whether any of ids is blocked. There are at most MaxBatch ids.
	Contains(ctx context.Context, ids ...string) (bool, error)
}
