package ginjwt

import (
	"context"
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// Once remembers what was used: tickets, purpose tokens, and the DPoP proofs that get tickets or
// are on routes that demand bound tokens. See [store.Once] for the contract. All processes must
// share one Once.
type Once = store.Once

// MemoryOnce is a [Once] in the memory of one process. Other processes do not see it, and it
// is empty after a restart. A MemoryOnce is the default of Config.Once.
type MemoryOnce = store.MemoryOnce

// usedOnce decides which caller is the first to use a token.
type usedOnce struct {
	store  store.Once
	realm  string
	leeway time.Duration
}

// claim uses a token up. After an error other than [ErrConsumed], the token may be used up
// or not. If the client has disconnected before the call, nothing is used up. If it
// disconnects while the store is asked, claim goes on: otherwise a token might be used
// up without an effect.
func (u *usedOnce) claim(ctx context.Context, kind singleUse, token *Token) error {
	if err := ctx.Err(); err != nil {
		return refusalOf(ErrUnavailable, err, token)
	}
	id := derivedID(string(kind.name), u.realm, token.Issuer, token.ID)
	first, err := u.store.Claim(context.WithoutCancel(ctx), id, keptUntil(token.ExpiresAt, u.leeway))
	switch {
	case err != nil:
		return refusalOf(ErrUnavailable, err, token)
	case !first:
		return refusalOf(ErrConsumed, nil, token)
	}
	return nil
}
