package ginjwt

import (
	"context"
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// issuerKeys are the keys of another issuer: fixed keys, keys of a source, or both. The
// "kid" of a token decides which of the two verify it. So nothing is fetched for a token
// of a fixed key, and the source cannot replace a fixed key.
type issuerKeys struct {
	fixed   keySide
	fetched keySide

	named   map[string]bool // the IDs of the fixed keys
	unnamed bool            // a fixed key verifies tokens without "kid"
}

// keySide is one of the two. It has no source if there are no such keys.
type keySide struct {
	source     keys.Source
	algorithms []string // accepted for its tokens
}

// keysOf returns the keys of an issuer. fixed are the keys in Issuer.Keys, or nil.
func keysOf(i Issuer, fixed *keys.Set) issuerKeys {
	k := issuerKeys{named: map[string]bool{}}
	side := func(source keys.Source) keySide {
		if len(i.Algorithms) > 0 {
			return keySide{source, keys.CanonicalAlgorithms(i.Algorithms)}
		}
		return keySide{source, algorithmsOf(source)}
	}
	if fixed != nil {
		k.fixed = side(fixed)
	}
	if i.KeySource != nil {
		k.fetched = side(i.KeySource)
	}
	for _, key := range i.Keys {
		id := key.ID
		if id == "" {
			id, _ = key.Thumbprint() // its ID in the set; there is an error only for keys that are no part of a set
		}
		k.named[id] = true
		k.unnamed = k.unnamed || key.AllowMissingKeyID
	}
	return k
}

// algorithmsOf returns the default algorithms for the tokens of a source.
func algorithmsOf(source keys.Source) []string {
	if set, ok := source.(*keys.Set); ok && set != nil {
		return set.Algorithms()
	}
	return keys.AsymmetricAlgorithms()
}

// side returns the keys for a token with kid. An empty kid means a token without one.
func (k *issuerKeys) side(kid string) keySide {
	isFixed := k.named[kid] || kid == "" && k.unnamed
	if k.fetched.source == nil || k.fixed.source != nil && isFixed {
		return k.fixed
	}
	return k.fetched
}

// verify returns the key that made a signature, and its set. A token without "kid" may
// match a fetched key with the ID of a fixed one. It then counts as a token with that
// "kid". Otherwise a retired fixed key would work again for tokens without "kid".
func (k *issuerKeys) verify(ctx context.Context, sig keys.Signature, now time.Time) (*keys.Bound, *keys.Set, error) {
	set, err := k.set(ctx, sig)
	if err != nil {
		return nil, nil, err
	}
	key, err := set.Verify(sig, now)
	switch {
	case err != nil:
		return nil, nil, keyRefusal(err)
	case sig.KeyID == "" && !k.unnamed && k.fetched.source != nil && k.named[key.ID()]:
		sig.KeyID = key.ID()
		return k.verify(ctx, sig, now)
	}
	return key, set, nil
}

// set returns the keys for a signature. It checks the algorithm first, so that nothing is
// fetched for a token that no key of the issuer could have signed.
func (k *issuerKeys) set(ctx context.Context, sig keys.Signature) (*keys.Set, error) {
	side := k.side(sig.KeyID)
	if !slices.Contains(side.algorithms, sig.Algorithm) {
		return nil, errAlgorithm
	}
	set, err := side.source.KeySet(ctx, sig.KeyID)
	if err != nil {
		return nil, refusal(ErrUnavailable, err).because(reasonKeys)
	}
	if set == nil {
		return nil, errUnknownKey
	}
	return set, nil
}

// stillHas reports whether the set of a key is still current.
func (k *issuerKeys) stillHas(ctx context.Context, key *keys.Bound, set *keys.Set) bool {
	now, err := k.side(key.ID()).source.KeySet(ctx, key.ID())
	return err == nil && now == set
}

// ready returns an error while the source has no keys.
func (k *issuerKeys) ready(ctx context.Context) error {
	if k.fetched.source == nil {
		return nil
	}
	_, err := k.fetched.source.KeySet(ctx, "")
	return err
}
