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
}

// parseKeys makes the keys of config, one an algorithm. What is wrong with
// them goes into p. A key may be missing if a loader brings it.
func parseKeys(config Config, loadsSigning, loadsVerifying bool, p *problems) keyring {
	var ring keyring
	names := append([]string{config.Algorithm}, config.DecodeAlgorithms...)
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		key, given := config.keyFor(name, i == 0, p)
		switch {
		case !given && !loadsVerifying:
			config.missingKey(name, loadsSigning, p)
		case given:
			ring.verifying = append(ring.verifying, key)
		}
	}
	if len(ring.verifying) > 0 && ring.verifying[0].algorithm == config.Algorithm && ring.verifying[0].sign != nil {
		ring.signing = &ring.verifying[0]
	}
	return ring
}

// keyFor makes the key of one algorithm, if it is in c.
func (c Config) keyFor(name string, signs bool, p *problems) (key boundKey, given bool) {
	a, known := algorithms[name]
	switch {
	case !known:
		field := "DecodeAlgorithms"
		if signs {
			field = "Algorithm"
		}
		p.add(field, "%q is not a signing algorithm; use HS256, RS256, PS256, ES256, EdDSA or one of their kin", name)
		return key, true
	case a.family == "HMAC":
		if c.SecretKey == "" {
			return key, false
		}
		key, err := bind(Key{Algorithm: name, Sign: []byte(c.SecretKey)}, c.AllowShortSecret)
		p.addError("SecretKey", err)
		return key, true
	case c.PrivateKey == "" && c.PublicKey == "":
		return key, false
	}
	k := Key{Algorithm: name}
	field := "PublicKey"
	if c.PublicKey != "" {
		parsed, err := parsePEM([]byte(c.PublicKey))
		if _, private := parsed.(crypto.Signer); err == nil && private {
			err = errors.New("holds a private key")
		}
		if err != nil {
			p.add("PublicKey", "%w", err)
			return key, true
		}
		k.Verify = parsed
	}
	if c.PrivateKey != "" {
		parsed, err := parsePEM([]byte(c.PrivateKey))
		if _, private := parsed.(crypto.Signer); err == nil && !private {
			err = errors.New("holds a public key")
		}
		if err != nil {
			p.add("PrivateKey", "%w", err)
			return key, true
		}
		k.Sign, field = parsed, "PrivateKey"
	}
	key, err := bind(k, false)
	p.addError(field, err)
	return key, true
}

func (c Config) missingKey(name string, loadsSigning bool, p *problems) {
	why := ""
	if loadsSigning {
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
func (m *JWTManager) signingKey(ctx context.Context, identity any) (boundKey, error) {
	if m.encodeKey == nil {
		if m.keys.signing == nil {
			return boundKey{}, fmt.Errorf("%w: set PrivateKey; a PublicKey only verifies", ErrNoSigningKey)
		}
		return *m.keys.signing, nil
	}
	loaded, err := m.encodeKey(ctx, identity)
	if err != nil {
		return boundKey{}, fmt.Errorf("ginjwt: EncodeKeyLoader: %w", err)
	}
	loaded.Algorithm = or(loaded.Algorithm, m.config.Algorithm)
	key, err := bind(loaded, m.config.AllowShortSecret)
	if err != nil {
		return boundKey{}, fmt.Errorf("ginjwt: EncodeKeyLoader: %w", err)
	}
	if key.sign == nil {
		return boundKey{}, fmt.Errorf("%w: EncodeKeyLoader returned a key that only verifies", ErrNoSigningKey)
	}
	return key, nil
}

// verificationKey returns the key for a token, which names its algorithm but
// does not choose it: a key answers to one only.
func (m *JWTManager) verificationKey(ctx context.Context, unverified *Token, alg string) (boundKey, error) {
	if m.decodeKey == nil {
		for _, key := range m.keys.verifying {
			if key.algorithm == alg {
				return key, nil
			}
		}
		return boundKey{}, errAlgorithm
	}
	loaded, err := m.decodeKey(ctx, unverified)
	switch {
	case errors.Is(err, ErrInvalidToken), err == nil && loaded.isZero():
		return boundKey{}, errUnknownKey
	case err != nil:
		return boundKey{}, failure(err)
	}
	loaded.Algorithm = or(loaded.Algorithm, m.config.Algorithm)
	if loaded.Algorithm != alg {
		return boundKey{}, errAlgorithm
	}
	key, err := bind(loaded, m.config.AllowShortSecret)
	if err != nil { // the token may have had a say in what was loaded
		unusable := *errUnknownKey
		unusable.Err = fmt.Errorf("%w: DecodeKeyLoader: %w", jwt.ErrTokenUnverifiable, err)
		return boundKey{}, &unusable
	}
	return key, nil
}
