package keys

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// parsePEM reads the first key of a PEM text.
func parsePEM(text []byte) (any, error) {
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, unreadablePEM(text, "no key in PEM form found")
		}
		if block.Type != "EC PARAMETERS" { // openssl writes it before the key
			return parseBlock(block)
		}
		text = rest
	}
}

// parsePEMs reads every key of a PEM text.
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
	switch {
	case bytes.Count(text, []byte("-----BEGIN ")) != blocks: // the decoder passes over it
		return nil, unreadablePEM(text, "")
	case len(found.keys) == 0:
		return nil, errors.New("neither a key in PEM form nor a JWK found")
	}
	return found.keys, nil
}

// unreadablePEM says what is wrong with a text in which the decoder found no block,
// or not all. It quotes nothing. Where no block begins, without is what it says.
func unreadablePEM(text []byte, without string) error {
	start := bytes.Index(text, []byte("-----BEGIN "))
	switch {
	case start < 0:
		return errors.New(without)
	case bytes.Contains(text, []byte(`\n`)) || bytes.Contains(text, []byte(`\r`)):
		return errors.New(`a PEM block has its line breaks spelled out, as \n; write real ones`)
	case !bytes.Contains(text, []byte("-----END ")):
		return errors.New("a PEM block has no END line; the text is cut off")
	case !bytes.ContainsRune(bytes.TrimSpace(text), '\n'):
		return errors.New("a PEM block has no line breaks; BEGIN and END need lines of their own")
	case start > 0 && bytes.IndexByte([]byte("\"'`"), text[start-1]) >= 0:
		return errors.New("a PEM block stands in quotation marks; remove them")
	}
	return errors.New("a PEM block is damaged or indented")
}

// pemKeys are the keys found in a PEM text, and the certificates that they are
// in.
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
	return found.addKey(keyOf(parsed))
}

// addCertificate refuses certificates that sign each other: the key of an
// authority is in a file to verify certificates, not tokens.
func (found *pemKeys) addCertificate(der []byte) error {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	for _, other := range found.certificates {
		if signed(certificate, other) || signed(other, certificate) {
			return errors.New("a certificate in the text is that of an authority that signed another; leave the authority out")
		}
	}
	found.certificates = append(found.certificates, certificate)
	return nil
}

// signed reports whether the key of one certificate signed another key's.
func signed(authority, certificate *x509.Certificate) bool {
	return !bytes.Equal(authority.RawSubjectPublicKeyInfo, certificate.RawSubjectPublicKeyInfo) &&
		bytes.Equal(authority.RawSubject, certificate.RawIssuer) &&
		certificate.CheckSignatureFrom(authority) == nil
}

// addKey makes one Key of a private key and its public key.
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
			if other.Sign == nil {
				found.keys[i] = k
			}
			return nil
		}
	}
	if len(found.keys) == maxKeys {
		return fmt.Errorf("there are more than %d keys", maxKeys)
	}
	found.keys = append(found.keys, k)
	return nil
}

func parseBlock(block *pem.Block) (any, error) {
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return nil, errors.New("the key is encrypted; decrypt it first (openssl pkey)")
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = certificate.PublicKey
		}
	default:
		return nil, fmt.Errorf("a PEM block of the type %q is no key", block.Type)
	}
	if err != nil {
		// The parser's error is left out, as it may quote what it read.
		return nil, fmt.Errorf("the %s is damaged, encrypted or of an unknown kind", strings.ToLower(block.Type))
	}
	return key, nil
}
