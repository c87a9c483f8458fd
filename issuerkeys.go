package ginjwt

import (
	"context"
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// issuerKeys are the keys of another issuer: fixed ones, those that a source brings, or
// both. A token is of one of the two, by its "kid": nothing is fetched for a token of
// a fixed key, and no source takes its place.
type issuerKeys struct {
	fixed   keySide
	fetched keySide

	named   map[string]bool // the IDs of the fixed keys
	unnamed bool            // a fixed key verifies tokens without "kid"
}

// keySide is one of the two; without a source there is none.
type keySide struct {
	source     keys.Source
	algorithms []string // that its tokens may have
}

// keysOf returns the keys of an issuer, of which fixed are those of Issuer.Keys; nil if
// there are none.
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
			id, _ = key.Thumbprint() // the ID that it has in a set, which could be made
		}
		k.named[id] = true
		k.unnamed = k.unnamed || key.AllowMissingKeyID
	}
	return k
}

// algorithmsOf returns the algorithms that a token may have if nothing else is
// said.
func algorithmsOf(source keys.Source) []string {
	if set, ok := source.(*keys.Set); ok && set != nil {
		return set.Algorithms()
	}
	return keys.AsymmetricAlgorithms()
}

// side returns where the key of a token with kid is. An empty kid is that of a token
// without one.
func (k *issuerKeys) side(kid string) keySide {
	isFixed := k.named[kid] || kid == "" && k.unnamed
	if k.fetched.source == nil || k.fixed.source != nil && isFixed {
		return k.fixed
	}
	return k.fetched
}

// verify returns the key that made a signature, and the set that it is of. A token without
// "kid" of a fetched key that has the ID of a fixed one counts as if it named that: a key
// that was retired does not come back by leaving out its name.
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

// set returns the keys for a signature. The algorithm is looked at first: nothing is
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

// stillHas reports whether a key that verified a token is of a set that has not
// changed since.
func (k *issuerKeys) stillHas(ctx context.Context, key *keys.Bound, set *keys.Set) bool {
	now, err := k.side(key.ID()).source.KeySet(ctx, key.ID())
	return err == nil && now == set
}

// ready returns an error while a source has no keys.
func (k *issuerKeys) ready(ctx context.Context) error {
	if k.fetched.source == nil {
		return nil
	}
	_, err := k.fetched.source.KeySet(ctx, "")
	return err
}
