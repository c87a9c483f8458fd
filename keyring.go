package ginjwt

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// keyring holds the keys made from a Config.
type keyring struct {
	signing   *boundKey // nil: nothing to sign with
	verifying []boundKey
	cache     *tokenCache // nil: off; what it holds was verified with these keys
}

// parseKeys makes the keys of config, one an algorithm. What is wrong with
// them goes into p. A key may be missing if a loader brings it.
func (m *JWTManager) parseKeys(config Config, p *problems) keyring {
	var ring keyring
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
		case !given && m.decodeKey == nil:
			m.missingKey(config, name, p)
		case given:
			ring.verifying = append(ring.verifying, key)
		}
	}
	if len(ring.verifying) > 0 && ring.verifying[0].algorithm == config.Algorithm && ring.verifying[0].signs {
		ring.signing = &ring.verifying[0]
	}
	return ring
}

// cacheFor makes the cache of tokens that ring verifies.
func (m *JWTManager) cacheFor(ring keyring, config Config) *tokenCache {
	if config.TokenCache < 0 || m.decodeKey != nil { // a loader wants to be asked every time
		return nil
	}
	asymmetric := func(k boundKey) bool { return algorithms[k.algorithm].family != "HMAC" }
	return newTokenCache(config.TokenCache, slices.ContainsFunc(ring.verifying, asymmetric), config.DecodeLeeway)
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

func (m *JWTManager) missingKey(c Config, name string, p *problems) {
	why := ""
	if m.encodeKey != nil {
		why = " to verify tokens, as there is no DecodeKeyLoader"
	}
	switch a := algorithms[name]; {
	case a.family != "HMAC":
		p.add("PublicKey", "a key must be set to use the asymmetric algorithm %q%s: PrivateKey to sign, or PublicKey to verify only", name, why)
	case c.PrivateKey != "" || c.PublicKey != "":
		p.add("SecretKey", "must be set to use the symmetric algorithm %q%s; to use the PEM key, set Algorithm", name, why)
	default:
		p.add("SecretKey", "must be set to use the symmetric algorithm %q%s; make one with: openssl rand -base64 32", name, why)
	}
}

// signingKey returns the key for a new token.
func (m *JWTManager) signingKey(ctx context.Context, identity any) (*boundKey, error) {
	if m.encodeKey == nil {
		if m.keys.signing == nil {
			return nil, fmt.Errorf("%w: set %s", ErrNoSigningKey, m.signingField())
		}
		return m.keys.signing, nil
	}
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
	return &key, nil
}

func (m *JWTManager) signingField() string {
	if algorithms[m.config.Algorithm].family == "HMAC" {
		return "SecretKey, or an EncodeKeyLoader"
	}
	return "PrivateKey; a PublicKey only verifies"
}

// verificationKey returns the key for a token, which names its algorithm but
// does not choose it: a key answers to one only.
func (m *JWTManager) verificationKey(ctx context.Context, encoded string, c *contents, alg string) (*boundKey, error) {
	if m.decodeKey == nil {
		for i := range m.keys.verifying {
			if m.keys.verifying[i].algorithm == alg {
				return &m.keys.verifying[i], nil
			}
		}
		return nil, errAlgorithm
	}
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
