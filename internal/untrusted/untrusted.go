// Package untrusted marks work on a name that a stranger has chosen: what is fetched for
// it is fetched from public addresses only.
package untrusted

import "context"

type key struct{}

// Mark returns a context of such work.
func Mark(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, true) }

// Is reports whether ctx, or a context that it was made from, was marked.
func Is(ctx context.Context) bool { return ctx.Value(key{}) != nil }
