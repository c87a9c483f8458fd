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

// verifier turns encoded tokens into trusted ones. It owns the keys, the issuers,
// the cache and the rules about claims and time; it knows neither requests nor
// answers.
type verifier struct {
	own     *issuerRules
	names   []string                // of the manager as an issuer; empty: a token without "iss"
	foreign map[string]*issuerRules // by "iss"
	others  *resolver               // nil: there are none
	claims  claimChecks
	ring    atomic.Pointer[keyring]

	loadKey    func(ctx context.Context, unverified *Token) (keys.Key, error) // nil: the keys of ring
	options    keys.Options                                                   // of keys that are loaded
	algorithms []string                                                       // that they may have

	startContext func(parent context.Context, token *Token) context.Context // for SessionContext, which knows the verifier of a token

	maxSize   int
	cacheSize int // negative: off
	now       func() time.Time
}

// newVerifier makes a verifier by the settings. loadKey is nil where they hold the
// keys.
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
	v.setKeys(checked.keys)
	return v
}

// setKeys replaces the keys, and forgets the tokens that were verified with those
// before.
func (v *verifier) setKeys(set *keys.Set) { v.ring.Store(&keyring{set, v.newCache(set)}) }

// keySet returns the keys of the manager as they are now.
func (v *verifier) keySet() *keys.Set { return v.ring.Load().set }

// newCache makes the cache of tokens that set, or the keys of another issuer,
// verify.
func (v *verifier) newCache(set *keys.Set) *tokenCache {
	if v.cacheSize < 0 || v.loadKey != nil { // a loader wants to be asked every time
		return nil
	}
	digests := set.HasAsymmetric() || v.hasForeign()
	return newTokenCache(v.cacheSize, digests)
}

// decodeSpec is what a caller asks of decode.
type decodeSpec struct {
	csrf         string   // empty: not asked for
	audience     []string // of the resource that the token is for; nil: that of the issuer
	elsewhere    bool     // access to what belongs to no resource is asked for
	anyResource  bool     // the token may be for any of Config.Resources
	allowExpired bool
}

// decode is the one place where bytes become a trusted token. The checks come
// in the original's order and the first that fails wins, except that an
// expired token is checked to the end: whatever else is wrong with it wins.
func (v *verifier) decode(ctx context.Context, encoded string, spec decodeSpec) (*Token, error) {
	now := v.now()
	good, err := v.verifiedContents(ctx, encoded, now)
	if err != nil {
		return nil, err
	}
	return v.trusted(ctx, encoded, good, spec, now)
}

// trusted checks what a token with a good signature says.
func (v *verifier) trusted(ctx context.Context, encoded string, good *goodToken, spec decodeSpec, now time.Time) (*Token, error) {
	token := newToken(encoded, &good.contents, now)
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
		return nil, refusal(ErrExpiredToken, jwt.ErrTokenExpired).about(token)
	}
	return token, nil
}

// hasVerified reports whether token came out of decode of this very verifier, and
// not of another one or of a test. It is true also of one that has expired since.
func (v *verifier) hasVerified(token *Token) bool {
	return token != nil && token.contents != nil && token.contents.verifier == v
}

// verifiedContents returns what a token says whose signature is good: this
// one's, or that of a request before with the very same token.
func (v *verifier) verifiedContents(ctx context.Context, encoded string, now time.Time) (*goodToken, error) {
	if len(encoded) > v.maxSize {
		return nil, errTooLarge
	}
	ring := v.ring.Load()
	if known := ring.cache.get(encoded, now); known != nil && known.stillVerifies(ctx, now) {
		return known, nil
	}
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
	ring.cache.add(encoded, good, now)
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
	if k := parts.key; k != nil { // the cheap way to refuse what is forged
		if err := k.Verify(parts.signed, s.signature, now); err != nil {
			return parts, nil, or(malformedPayload(s.payload), keyRefusal(err))
		}
	}
	good, err := v.parse(ctx, s, parts.header)
	return parts, good, err
}

// readOwn takes a token apart that can be of nobody but the manager, and reads it. It is
// not verified.
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

// parseOwn reads the claims in s by the names that they have in tokens of the manager.
func (v *verifier) parseOwn(s *scratch, header string) (*goodToken, error) {
	good := &goodToken{rules: v.own}
	good.header, good.text, good.names = header, string(s.payload), &v.own.claims
	var err error
	good.payload, err = readPayload(s.payload, good.text, good.names, v.own.required)
	switch err {
	case strictjson.ErrNotObject:
		return nil, errPayloadObject
	case strictjson.ErrNotJSON:
		return nil, errPayloadJSON
	}
	return good, nil
}

// parse reads the claims in s, and finds out whose token it is.
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
		good.payload, _ = readPayload(s.payload, good.text, good.names, r.required) // it was read before, by other names
	}
	good.rules.applyIssuer(&good.payload, good.text)
	return good, nil
}

// rulesFor returns whose token it is that says so. Anybody may have written it.
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

// foreignRules returns how the tokens of another issuer are read; nil if it is unknown.
func (v *verifier) foreignRules(ctx context.Context, name string) (*issuerRules, error) {
	if r := v.foreign[name]; r != nil || v.others == nil {
		return r, nil
	}
	return v.others.rulesFor(ctx, name)
}

// verifySignature finds the key, compares the algorithm, and verifies, unless the
// header alone told the key and that was done.
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

// verifyBy verifies the token with the keys of its issuer; own are those of the manager.
func (t *goodToken) verifyBy(ctx context.Context, own *keys.Set, sig keys.Signature, now time.Time) (err error) {
	switch {
	case t.names.foreign:
		t.key, t.keys, err = t.rules.keys.verify(ctx, sig, now)
		return err
	case own.Len() == 0: // only other issuers are accepted, and it is of none of them
		return ofUnknown(checkIssuer(t.payload.issJSON, nil))
	}
	if t.key, err = own.Verify(sig, now); err != nil {
		return keyRefusal(err)
	}
	return nil
}

// verifiedBy notes that k verified the token, unless k is for tokens of another
// type.
func (t *goodToken) verifiedBy(k *keys.Bound) error {
	if !k.IsFor(string(t.payload.typ)) {
		return errKeyType
	}
	t.key = k
	return nil
}

// verifyByLoader verifies with the key of the DecodeKeyLoader. A missing
// algorithm is found only after it, as the original asks for the key first.
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

// loadedKey asks the DecodeKeyLoader for the key of a token, which names its
// algorithm but does not choose it.
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
	if err != nil { // the token may have had a say in what was loaded
		unusable := *errUnknownKey
		unusable.Err = fmt.Errorf("%w: DecodeKeyLoader: %w", jwt.ErrTokenUnverifiable, err)
		return nil, &unusable
	}
	return key, nil
}

// unverified returns a Token that never becomes a trusted one.
func (v *verifier) unverified(encoded string, good *goodToken) *Token {
	said := good.contents
	return newToken(encoded, &said, v.now())
}
