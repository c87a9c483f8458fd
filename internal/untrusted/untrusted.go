// Package untrusted marks work for a name that an untrusted client has chosen. For such work
// keys are fetched only from public addresses.
package untrusted

import "context"

type key struct{}

// Mark returns a context that is marked as untrusted.
func Mark(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, true) }

// Is reports whether ctx, or a context that it was made from, was marked.
func Is(ctx context.Context) bool { return ctx.Value(key{}) != nil }
