package ginjwt

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// keyring holds the keys of a manager, and the tokens that were verified while
// it had them. It is replaced as a whole.
type keyring struct {
	set   *KeySet
	cache *tokenCache // nil: off
}

// SetKeys replaces the keys of the manager while it serves: those of
// Config.Keys, and SecretKey, PrivateKey and PublicKey too. As in Config.Keys,
// the first key that is active signs, and all verify. Requests in flight see
// the old keys or the new ones, never a part of each.
//
// Tokens of a key that is not in the list are refused from now on, so keep
// old keys in it until the last of their tokens has expired, and let all who
// verify know a new key before it signs: see Key.NotAfter and Key.NotBefore.
// Tokens of SecretKey and PrivateKey name no key: put that key in the list with
// Key.VerifyUnnamed.
//
// After an error nothing has changed. It is an error if none of keys signs now,
// but one of those before does, unless one of keys is retired: who takes a key
// away in a hurry means it, also if nobody can log in then. Keys from an EncodeKeyLoader or a
// DecodeKeyLoader stay in charge. SetKeys is safe for concurrent use, and is
// called after InitApp.
func (m *JWTManager) SetKeys(keys ...Key) error {
	if !m.ready {
		return ErrNotInitialized
	}
	if len(keys) == 0 {
		return errors.New("ginjwt: SetKeys: there are no keys")
	}
	set, problems := newKeySet(keys, m.config.Algorithm, m.config.AllowShortSecret)
	if len(problems) > 0 {
		return fmt.Errorf("ginjwt: SetKeys: %w", errors.Join(problems...))
	}
	for _, i := range m.config.Issuers {
		if i.IdentityPrefix == "" && !i.SharesIdentities {
			return fmt.Errorf("ginjwt: SetKeys: issuer %q: it could name the users of the manager itself; set its IdentityPrefix, or SharesIdentities", i.Name)
		}
	}
	if err := m.keys.Load().set.checkSuccessor(set, m.config.Now()); err != nil {
		return fmt.Errorf("ginjwt: SetKeys: %w", err)
	}
	m.keys.Store(m.keyringOf(set))
	return nil
}

// checkSuccessor refuses a list that signs nothing by mistake: of public keys
// only, or of keys that begin later.
func (s *KeySet) checkSuccessor(next *KeySet, now time.Time) error {
	for _, typ := range []TokenType{AccessToken, RefreshToken} {
		if next.signing(typ, now, now) == nil && s.signing(typ, now, now) != nil && !next.hasRetired(now) {
			return fmt.Errorf("none of the keys signs %s tokens now", typ)
		}
	}
	return nil
}

func (m *JWTManager) keyringOf(set *KeySet) *keyring {
	return &keyring{set, m.cacheFor(set)}
}

// cacheFor makes the cache of tokens that set, or the keys of another issuer,
// verify.
func (m *JWTManager) cacheFor(set *KeySet) *tokenCache {
	if m.config.TokenCache < 0 || m.decodeKey != nil { // a loader wants to be asked every time
		return nil
	}
	digests := set.hasAsymmetric() || len(m.foreign) > 0
	return newTokenCache(m.config.TokenCache, digests, m.config.DecodeLeeway)
}

// parseKeys makes the keys of config. What is wrong with them goes into p.
func (m *JWTManager) parseKeys(config Config, p *problems) *KeySet {
	listed, wrong := newKeySet(config.Keys, config.Algorithm, config.AllowShortSecret)
	for _, err := range wrong {
		p.addError("Keys", err)
	}
	if len(listed.keys) > 0 && listed.isRetired(config.Now()) {
		p.add("Keys", "all keys are retired: no token could be made or verified")
	}
	keys := slices.Clone(listed.keys)
	names := config.algorithms()
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		field := "DecodeAlgorithms"
		if i == 0 {
			field = "Algorithm"
		}
		key, given := config.keyFor(name, field, p)
		switch {
		case given:
			key.signs = key.signs && i == 0 && len(config.Keys) == 0
			keys = append(keys, key)
		case !listed.hasAlgorithm(name) && m.needsKey(i, name):
			m.missingKey(config, name, field, p)
		}
	}
	return keySetOf(keys)
}

// needsKey reports whether there must be a key for the i-th algorithm of the
// settings. A loader may bring it, and where there are other keys the one that
// is the default is not asked for.
func (m *JWTManager) needsKey(i int, name string) bool {
	isDefault := i == 0 && m.config.Algorithm == ""
	return m.decodeKey == nil && !(isDefault && len(m.config.Keys)+len(m.config.Issuers) > 0)
}

// algorithms returns the names of all that c accepts, that which signs first.
func (c Config) algorithms() []string {
	return append([]string{c.Algorithm}, c.DecodeAlgorithms...)
}

// keyFor makes the key of one algorithm, if it is in c.
func (c Config) keyFor(name, field string, p *problems) (key boundKey, given bool) {
	a, known := algorithms[name]
	switch {
	case !known:
		p.add(field, "%q is not a signing algorithm; use HS256, RS256, PS256, ES256, EdDSA or one of their kin", name)
		return key, true
	case a.family == "HMAC" && c.SecretKey != "":
		key, err := bind(Key{Algorithm: name, Sign: []byte(c.SecretKey)}, c.AllowShortSecret)
		p.addError("SecretKey", err)
		return key, true
	case a.family != "HMAC" && c.PrivateKey+c.PublicKey != "":
		return c.keyPairFor(name, p), true
	}
	return key, false
}

// keyPairFor makes the key of an asymmetric algorithm of PrivateKey, PublicKey
// or both.
func (c Config) keyPairFor(name string, p *problems) boundKey {
	public, err := parseHalf(c.PublicKey, false)
	p.addError("PublicKey", err)
	private, err2 := parseHalf(c.PrivateKey, true)
	p.addError("PrivateKey", err2)
	if err != nil || err2 != nil {
		return boundKey{}
	}
	field := "PublicKey"
	if private != nil {
		field = "PrivateKey"
	}
	key, err := bind(Key{Algorithm: name, Sign: private, Verify: public}, false)
	p.addError(field, err)
	return key
}

// parseHalf reads the private or the public key in a PEM text, if there is one.
func parseHalf(text string, private bool) (key any, err error) {
	if text == "" {
		return nil, nil
	}
	if key, err = parsePEM([]byte(text)); err != nil {
		return nil, err
	}
	switch _, signs := key.(crypto.Signer); {
	case signs && !private:
		return nil, errors.New("holds a private key")
	case !signs && private:
		return nil, errors.New("holds a public key")
	}
	return key, nil
}

func (m *JWTManager) missingKey(c Config, name, field string, p *problems) {
	why := ""
	if m.encodeKey != nil {
		why = " to verify tokens, as there is no DecodeKeyLoader"
	}
	switch a := algorithms[name]; {
	case len(c.Keys) > 0:
		p.add(field, "no key of Keys is for %q%s; add one, or remove the algorithm", name, why)
	case a.family != "HMAC":
		p.add("PublicKey", "a key must be set to use the asymmetric algorithm %q%s: PrivateKey to sign, or PublicKey to verify only", name, why)
	case c.PrivateKey != "" || c.PublicKey != "":
		p.add("SecretKey", "must be set to use the symmetric algorithm %q%s; to use the PEM key, set Algorithm", name, why)
	default:
		p.add("SecretKey", "must be set to use the symmetric algorithm %q%s; make one with: openssl rand -base64 32", name, why)
	}
}

// signingKey returns the key for a new token that expires then; a zero time is
// that of one that never does.
func (m *JWTManager) signingKey(ctx context.Context, identity any, typ TokenType, now, expires time.Time) (*boundKey, error) {
	if m.encodeKey != nil {
		return m.loadSigningKey(ctx, identity, typ, now)
	}
	set := m.keys.Load().set
	if key := set.signing(typ, now, expires); key != nil {
		return key, nil
	}
	if set.named {
		return nil, fmt.Errorf("%w: no key of the list signs %s tokens at this time", ErrNoSigningKey, typ)
	}
	return nil, fmt.Errorf("%w: set %s", ErrNoSigningKey, m.signingField())
}

func (m *JWTManager) loadSigningKey(ctx context.Context, identity any, typ TokenType, now time.Time) (*boundKey, error) {
	loaded, err := m.encodeKey(ctx, identity)
	if err != nil {
		return nil, fmt.Errorf("ginjwt: EncodeKeyLoader: %w", err)
	}
	loaded.Algorithm = or(loaded.Algorithm, m.config.Algorithm)
	key, err := bind(loaded, m.config.AllowShortSecret)
	if err != nil {
		return nil, fmt.Errorf("ginjwt: EncodeKeyLoader: %w", err)
	}
	if !key.signs {
		return nil, fmt.Errorf("%w: EncodeKeyLoader returned a key that only verifies", ErrNoSigningKey)
	}
	if !key.signsAt(typ, now) {
		return nil, fmt.Errorf("%w: EncodeKeyLoader returned a key that signs no %s tokens at this time", ErrNoSigningKey, typ)
	}
	return &key, nil
}

func (m *JWTManager) signingField() string {
	if algorithms[m.config.Algorithm].family == "HMAC" {
		return "SecretKey, or an EncodeKeyLoader"
	}
	return "PrivateKey; a PublicKey only verifies"
}

// loadVerificationKey asks the DecodeKeyLoader for the key of a token, which
// names its algorithm but does not choose it.
func (m *JWTManager) loadVerificationKey(ctx context.Context, encoded string, c *contents, alg string) (*boundKey, error) {
	loaded, err := m.decodeKey(ctx, newToken(encoded, c, m.config.Now())) // a Token that never becomes a trusted one
	switch {
	case errors.Is(err, ErrInvalidToken), err == nil && loaded.isZero():
		return nil, errUnknownKey
	case err != nil:
		return nil, failure(err)
	}
	if loaded.Algorithm == "" && slices.Contains(m.algorithms, alg) {
		loaded.Algorithm = alg
	}
	if loaded.Algorithm == "" || loaded.Algorithm != alg {
		return nil, errAlgorithm
	}
	key, err := bind(loaded, m.config.AllowShortSecret)
	if err != nil { // the token may have had a say in what was loaded
		unusable := *errUnknownKey
		unusable.Err = fmt.Errorf("%w: DecodeKeyLoader: %w", jwt.ErrTokenUnverifiable, err)
		return nil, &unusable
	}
	return &key, nil
}
