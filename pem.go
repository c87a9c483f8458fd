package ginjwt

import (
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
			return nil, errors.New("no key in PEM form found")
		}
		if block.Type != "EC PARAMETERS" { // openssl writes it before the key
			return parseBlock(block)
		}
		text = rest
	}
}

func parseBlock(block *pem.Block) (any, error) {
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
	case "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("the key is encrypted; decrypt it first (openssl pkey)")
	default:
		return nil, fmt.Errorf("a PEM block of the type %q is no key", block.Type)
	}
	if err != nil || block.Headers["DEK-Info"] != "" {
		// The parser's error is left out, as it may quote what it read.
		return nil, fmt.Errorf("the %s is damaged, encrypted or of an unknown kind", strings.ToLower(block.Type))
	}
	return key, nil
}
