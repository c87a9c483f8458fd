package ginjwt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// verifier turns encoded tokens into verified ones. It owns the keys, the issuers, the
// token cache, and the rules about claims and time. It knows neither requests nor
// responses.
type verifier struct {
	own     *issuerRules
	names   []string                // own issuer names; "" means a token without "iss"
	foreign map[string]*issuerRules // by "iss"
	others  *resolver               // nil without an IssuerResolver
	claims  claimChecks
	ring    atomic.Pointer[keyring]

	loadKey    func(ctx context.Context, unverified *Token) (keys.Key, error) // the DecodeKeyLoader; nil: the keys of ring
	options    keys.Options                                                   // for loaded keys
	algorithms []string                                                       // accepted for loaded keys

	startContext func(parent context.Context, token *Token) context.Context // for SessionContext, which knows the verifier of a token

	maxSize   int
	cacheSize int // negative: off
	now       func() time.Time

	waitsForNothing bool // now is time.Now, and decode calls no loader and fetches no keys
}

// newVerifier makes a verifier from the settings. loadKey is nil if the settings contain
// the keys.
func newVerifier(config *Config, checked checkedConfig, loadKey func(context.Context, *Token) (keys.Key, error), events *events) *verifier {
	v := &verifier{
		own:     config.ownRules(),
		names:   config.ownIssuers(),
		foreign: checked.foreign,
		others:  newResolver(config, events),
		claims:  claimChecks{config.DisableVerifySub, config.resourceURLs()},

		loadKey:    loadKey,
		options:    config.keyOptions(),
		algorithms: config.algorithms(),

		maxSize:   config.MaxTokenSize,
		cacheSize: config.TokenCacheSize,
		now:       config.Now,
	}
	v.waitsForNothing = checked.clockIsReal && loadKey == nil && !v.hasForeign()
	v.setKeys(checked.keys)
	return v
}

// setKeys replaces the keys, and empties the token cache.
func (v *verifier) setKeys(set *keys.Set) { v.ring.Store(&keyring{set, v.newCache(set)}) }

// keySet returns the current keys of the manager.
func (v *verifier) keySet() *keys.Set { return v.ring.Load().set }

// newCache makes the cache for tokens verified by set, or by the keys of other issuers.
func (v *verifier) newCache(set *keys.Set) *tokenCache {
	if v.cacheSize < 0 || v.loadKey != nil { // a loader is called every time
		return nil
	}
	digests := set.HasAsymmetric() || v.hasForeign()
	return newTokenCache(v.cacheSize, digests)
}

// decodeSpec is what a caller of decode requires.
type decodeSpec struct {
	csrf         string   // empty: no CSRF check
	audience     []string // of the resource; nil: the audience of the issuer
	elsewhere    bool     // the route belongs to no resource
	anyResource  bool     // the token may be for any of Config.Resources
	allowExpired bool
}

func (v *verifier) decode(ctx context.Context, encoded string, spec decodeSpec) (*Token, error) {
	return v.decodeAt(ctx, encoded, spec, v.now())
}

// decodeAt is the only place where bytes become a verified token. The checks have the order
// of Flask-JWT-Extended, and the first failure wins. An expired token is an exception: it
// passes all other checks first, and any other failure wins.
func (v *verifier) decodeAt(ctx context.Context, encoded string, spec decodeSpec, now time.Time) (*Token, error) {
	good, err := v.verifiedContents(ctx, encoded, now)
	if err != nil {
		return nil, err
	}
	return v.trusted(ctx, encoded, good, spec, now)
}

// trusted checks the claims of a token with a valid signature.
func (v *verifier) trusted(ctx context.Context, encoded string, good *goodToken, spec decodeSpec, now time.Time) (*Token, error) {
	token := newToken(encoded, &good.contents, good.payload.fresh.at(now)).withTimes()
	expired, err := v.claims.check(token, &good.payload, good.rules, spec, now)
	if err != nil {
		return nil, err
	}
	if err := good.rules.nameUser(ctx, token); err != nil {
		return nil, err
	}
	if err := checkCSRF(good.payload.csrfJSON, spec.csrf); err != nil {
		return nil, err
	}
	if expired {
		return nil, refusalOf(ErrExpiredToken, jwt.ErrTokenExpired, token)
	}
	return token, nil
}

// hasVerified reports whether token is a result of decode of this verifier, and not of
// another verifier or of a test. The token may have expired since.
func (v *verifier) hasVerified(token *Token) bool {
	return token != nil && token.contents != nil && token.contents.verifier == v
}

// verifiedContents returns the contents of a token with a valid signature, from the cache
// if the same token was verified before.
func (v *verifier) verifiedContents(ctx context.Context, encoded string, now time.Time) (*goodToken, error) {
	if len(encoded) > v.maxSize {
		return nil, errTooLarge
	}
	ring := v.ring.Load()
	hash := ring.cache.hash(encoded)
	if known := ring.cache.get(hash, encoded); known != nil && known.stillVerifies(ctx, now) {
		return known, nil
	}
	return v.verifyNew(ctx, ring, hash, encoded, now)
}

// decodeShort is decode for a token in a header that only this manager can have made. It makes
// no Token.
func (v *verifier) decodeShort(ctx context.Context, encoded string, now time.Time) (knownToken, error) {
	good, err := v.verifiedContents(ctx, encoded, now)
	if err != nil {
		return knownToken{}, err
	}
	known := knownToken{encoded, &good.contents, good.payload.fresh.at(now)}
	expired, err := v.claims.checkOwn(&good.payload, v.own, decodeSpec{}, now)
	if err == nil && expired {
		token := known.token()
		token.Location = "" // as in decode, which does not know it
		err = refusalOf(ErrExpiredToken, jwt.ErrTokenExpired, token)
	}
	return known, err
}

// verifyNew is verifiedContents for a token that is not in the cache, which gets it. It is
// on its own to keep its large stack frame out of requests with a known token.
func (v *verifier) verifyNew(ctx context.Context, ring *keyring, hash uint64, encoded string, now time.Time) (*goodToken, error) {
	s := scratches.Get().(*scratch)
	defer s.free()
	segments, good, err := v.read(ctx, s, encoded, v.writers(ring), now)
	if err != nil {
		return nil, err
	}
	if err := v.verifySignature(ctx, ring, segments, s.signature, good, now); err != nil {
		return nil, err
	}
	if err := v.vouch(good); err != nil {
		return nil, err
	}
	if good.payload.confirmation.jkt != "" {
		good.bound = newBoundKey(encoded)
	}
	ring.cache.add(hash, encoded, good, now)
	return good, nil
}

// vouch notes that the signature of a token is good.
func (v *verifier) vouch(good *goodToken) (err error) {
	if good.payload.originIDs, err = good.rules.originIDs(&good.payload); err != nil {
		return err
	}
	good.verifier = v
	good.rules.prove()
	return nil
}

// writers returns the keys that a token may be known by from its header alone;
// none where a loader, or the issuer of the token, chooses the key.
func (v *verifier) writers(ring *keyring) *keys.Set {
	if v.loadKey != nil || v.hasForeign() {
		return nil
	}
	return ring.set
}

// hasForeign reports whether tokens of other issuers are accepted.
func (v *verifier) hasForeign() bool { return len(v.foreign) > 0 || v.others != nil }

// read takes a token apart, and reads it. It is verified only if one of writers is its key:
// see verifySignature.
func (v *verifier) read(ctx context.Context, s *scratch, encoded string, writers *keys.Set, now time.Time) (segments, *goodToken, error) {
	parts, err := s.load(encoded, writers)
	if err != nil {
		return parts, nil, err
	}
	if err := parts.head.check(); err != nil {
		return parts, nil, err
	}
	if k := parts.key; k != nil { // a cheap way to refuse forged tokens
		if err := k.Verify(parts.signed, s.signature, now); err != nil {
			return parts, nil, or(malformedPayload(s.payload), keyRefusal(err))
		}
	}
	good, err := v.parse(ctx, s, parts.header)
	return parts, good, err
}

// readOwn parses a token that can only be the manager's own. It does not verify the
// token.
func (v *verifier) readOwn(s *scratch, encoded string) (segments, *goodToken, error) {
	parts, err := s.load(encoded, nil)
	if err != nil {
		return parts, nil, err
	}
	if err := parts.head.check(); err != nil {
		return parts, nil, err
	}
	good, err := v.parseOwn(s, parts.header)
	return parts, good, err
}

// parseOwn reads the claims in s by their names in the manager's own tokens.
func (v *verifier) parseOwn(s *scratch, header string) (*goodToken, error) {
	good := &goodToken{rules: v.own}
	good.header, good.text, good.names = header, string(s.payload), &v.own.claims
	if err := good.payload.read(s.payload, good.text, good.names, v.own.required); err != nil {
		return nil, payloadError(err)
	}
	return good, nil
}

// parse reads the claims in s, and finds the issuer.
func (v *verifier) parse(ctx context.Context, s *scratch, header string) (*goodToken, error) {
	good, err := v.parseOwn(s, header)
	if err != nil {
		return nil, err
	}
	r, err := v.rulesFor(ctx, good.payload.issJSON)
	if err != nil {
		return nil, err
	}
	if r.claims.foreign {
		good.rules, good.names = r, &r.claims
		_ = good.payload.read(s.payload, good.text, good.names, r.required) // no error: the same text was parsed before
	}
	good.rules.applyIssuer(&good.payload, good.text)
	return good, nil
}

// rulesFor returns the rules for the unverified issuer of a token.
func (v *verifier) rulesFor(ctx context.Context, iss strictjson.Value) (*issuerRules, error) {
	if !v.hasForeign() {
		return v.own, nil
	}
	name, _ := iss.Str()
	if r, err := v.foreignRules(ctx, name); r != nil || err != nil {
		return r, err
	}
	return v.own, nil
}

// foreignRules returns the rules for tokens of another issuer, or nil if it is unknown.
func (v *verifier) foreignRules(ctx context.Context, name string) (*issuerRules, error) {
	if r := v.foreign[name]; r != nil || v.others == nil {
		return r, nil
	}
	return v.others.rulesFor(ctx, name)
}

// verifySignature finds the key, compares the algorithm, and verifies the signature. It
// skips this if the header alone named the key, because then the signature is already
// verified.
func (v *verifier) verifySignature(ctx context.Context, ring *keyring, s segments, signature []byte, good *goodToken, now time.Time) error {
	alg, _ := s.head.alg.Str()
	alg = keys.CanonicalAlgorithm(alg)
	switch {
	case s.key != nil:
		return good.verifiedBy(s.key)
	case v.loadKey != nil && !good.names.foreign:
		return v.verifyByLoader(ctx, s, signature, good, alg, now)
	case s.head.alg == "":
		return errNoAlgorithm
	}
	kid, _ := s.head.kid.Str()
	sig := keys.Signature{
		Algorithm: alg, KeyID: kid,
		Signed: s.signed, Bytes: signature, TokenType: string(good.payload.typ),
	}
	if err := good.verifyBy(ctx, ring.set, sig, now); err != nil {
		return err
	}
	return good.rules.checkProfile(s.head)
}

// verifyBy verifies the token with the keys of its issuer. own are the keys of the
// manager.
func (t *goodToken) verifyBy(ctx context.Context, own *keys.Set, sig keys.Signature, now time.Time) (err error) {
	switch {
	case t.names.foreign:
		t.key, t.keys, err = t.rules.keys.verify(ctx, sig, now)
		return err
	case own.Len() == 0: // only other issuers are accepted, and none of them matches
		return ofUnknown(checkIssuer(t.payload.issJSON, nil))
	}
	if t.key, err = own.Verify(sig, now); err != nil {
		return keyRefusal(err)
	}
	return nil
}

// verifiedBy records that k verified the token. It refuses a key for another type of
// token.
func (t *goodToken) verifiedBy(k *keys.Bound) error {
	if !k.IsFor(string(t.payload.typ)) {
		return errKeyType
	}
	t.key = k
	return nil
}

// verifyByLoader verifies with the key of the DecodeKeyLoader. It checks for a missing
// algorithm after the call, because Flask-JWT-Extended asks for the key first.
func (v *verifier) verifyByLoader(ctx context.Context, s segments, signature []byte, good *goodToken, alg string, now time.Time) error {
	key, err := v.loadedKey(ctx, s.encoded, good, alg)
	if s.head.alg == "" && (err == nil || err == error(errAlgorithm)) {
		return errNoAlgorithm
	}
	if err != nil {
		return err
	}
	if err := key.Verify(s.signed, signature, now); err != nil {
		return keyRefusal(err)
	}
	if err := good.verifiedBy(key); err != nil {
		return err
	}
	return good.rules.checkProfile(s.head)
}

// loadedKey asks the DecodeKeyLoader for the key of a token. The token names an
// algorithm, but does not choose it.
func (v *verifier) loadedKey(ctx context.Context, encoded string, good *goodToken, alg string) (*keys.Bound, error) {
	loaded, err := v.loadKey(ctx, v.unverified(encoded, good))
	switch {
	case errors.Is(err, ErrInvalidToken), err == nil && loaded.IsZero():
		return nil, errUnknownKey
	case err != nil:
		return nil, failure(err)
	}
	if loaded.Algorithm == "" && slices.Contains(v.algorithms, alg) {
		loaded.Algorithm = alg
	}
	if loaded.Algorithm == "" || keys.CanonicalAlgorithm(loaded.Algorithm) != alg {
		return nil, errAlgorithm
	}
	key, err := v.options.Bind(loaded)
	if err != nil { // the token may have influenced what was loaded
		unusable := *errUnknownKey
		unusable.Err = fmt.Errorf("%w: DecodeKeyLoader: %w", jwt.ErrTokenUnverifiable, err)
		return nil, &unusable
	}
	return key, nil
}

// unverified returns a Token that never becomes a verified one.
func (v *verifier) unverified(encoded string, good *goodToken) *Token {
	said := good.contents
	return newToken(encoded, &said, said.payload.fresh.at(v.now()))
}
