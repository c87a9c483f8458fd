package keys

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// parseFirst reads the first wanted key of a normalized text, or its first key if none is
// wanted. A key that is only for certain algorithms is bound to one of them.
func parseFirst(text []byte, algorithm string, isWanted func(Key) bool) (first Key, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "EC PARAMETERS" { // openssl writes it before the key
			continue
		}
		found, err := parseBlock(block)
		if err != nil {
			return Key{}, err
		}
		k, err := found.bind(algorithm)
		if err != nil || isWanted(k) {
			return k, err
		}
		if first.half() == nil {
			first = k
		}
	}
	if first.half() == nil {
		return Key{}, errNoKey
	}
	return first, nil
}

// parsePEMs reads all keys of a normalized text.
func parsePEMs(text []byte) ([]Key, error) {
	var found pemKeys
	blocks := 0
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		blocks++
		if err := found.add(block); err != nil {
			return nil, fmt.Errorf("PEM block %d: %w", blocks, err)
		}
	}
	if len(found.keys) == 0 {
		return nil, errNoKey
	}
	return found.keys, nil
}

// pemKeys are the keys found in a PEM text, and its certificates.
type pemKeys struct {
	keys         []Key
	certificates []*x509.Certificate
}

func (found *pemKeys) add(block *pem.Block) error {
	if block.Type == "EC PARAMETERS" {
		return nil
	}
	parsed, err := parseBlock(block)
	if err != nil {
		return err
	}
	if block.Type == "CERTIFICATE" {
		if err := found.addCertificate(block.Bytes); err != nil {
			return err
		}
	}
	k, err := parsed.bind("")
	if err != nil {
		return err
	}
	return found.addKey(k)
}

// addCertificate refuses certificates that sign each other. The key of an authority
// verifies certificates, not tokens.
func (found *pemKeys) addCertificate(der []byte) error {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return damaged("CERTIFICATE")
	}
	for _, other := range found.certificates {
		if signed(certificate, other) || signed(other, certificate) {
			return errors.New("a certificate in the text belongs to an authority that signed another one; remove the authority's certificate")
		}
	}
	found.certificates = append(found.certificates, certificate)
	return nil
}

// signed reports whether the key of authority signed certificate, with another key.
func signed(authority, certificate *x509.Certificate) bool {
	return !bytes.Equal(authority.RawSubjectPublicKeyInfo, certificate.RawSubjectPublicKeyInfo) &&
		bytes.Equal(authority.RawSubject, certificate.RawIssuer) &&
		certificate.CheckSignatureFrom(authority) == nil
}

// addKey joins a private key and its public key to one Key.
func (found *pemKeys) addKey(k Key) error {
	public, err := k.Public()
	if err != nil {
		return err
	}
	if err := checkKey(k); err != nil {
		return err
	}
	for i, other := range found.keys {
		if known, err := other.Public(); err == nil && sameKey(known, public) {
			if other.Sign != nil {
				k, other = other, k
			}
			k.Algorithm = cmp.Or(k.Algorithm, other.Algorithm)
			found.keys[i] = k
			return nil
		}
	}
	if len(found.keys) == maxKeys {
		return fmt.Errorf("there are more than %d keys", maxKeys)
	}
	found.keys = append(found.keys, k)
	return nil
}

func parseBlock(block *pem.Block) (derKey, error) {
	if len(block.Headers) > 0 { // normalize keeps only headers that mean "encrypted"
		return derKey{}, errEncrypted
	}
	return parseDER(block.Type, block.Bytes)
}
