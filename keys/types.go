package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"reflect"
)

// typeOfSign reports a wrong Go type of Key.Sign, and what to write instead; nil if it
// can sign.
func typeOfSign(key any) error {
	switch key := key.(type) {
	case []byte, ed25519.PrivateKey:
		return nil
	case *rsa.PrivateKey:
		if key != nil {
			return nil
		}
	case *ecdsa.PrivateKey:
		if key != nil {
			return nil
		}
	}
	return fmt.Errorf("a %s cannot sign; %s", nameOfType(key), adviceForSign(key))
}

// typeOfVerify is typeOfSign for Key.Verify.
func typeOfVerify(key any) error {
	switch key := key.(type) {
	case []byte, ed25519.PublicKey:
		return nil
	case *rsa.PublicKey:
		if key != nil {
			return nil
		}
	case *ecdsa.PublicKey:
		if key != nil {
			return nil
		}
	}
	return fmt.Errorf("a %s cannot verify; %s", nameOfType(key), adviceForVerify(key))
}

// typeError returns the error about the type of the half of k that is used.
func typeError(k Key) error {
	if k.Sign == nil {
		return typeOfVerify(k.Verify)
	}
	return typeOfSign(k.Sign)
}

// noKey returns the error for a Key without a key, and names a nil pointer.
func noKey(k Key) error {
	if half := k.half(); reflect.ValueOf(half).Kind() == reflect.Pointer {
		return fmt.Errorf("there is no key, but a %s", nameOfType(half))
	}
	return errors.New("there is no key")
}

func nameOfType(key any) string {
	if v := reflect.ValueOf(key); v.Kind() == reflect.Pointer && v.IsNil() {
		return fmt.Sprintf("nil %T", key)
	}
	return fmt.Sprintf("%T", key)
}

func adviceForSign(key any) string {
	switch key.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
		return "a public key belongs in Verify"
	case tls.Certificate, *tls.Certificate:
		return "write its PrivateKey"
	}
	if advice := adviceForAny(key); advice != "" {
		return advice
	}
	const takes = "Sign takes a []byte, *rsa.PrivateKey, *ecdsa.PrivateKey or ed25519.PrivateKey"
	if _, signer := key.(crypto.Signer); signer {
		return takes + ", and no other crypto.Signer: the key must be in the memory of the process"
	}
	return takes
}

func adviceForVerify(key any) string {
	switch key.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey:
		return "a private key belongs in Sign; to verify only, write &key.PublicKey"
	case ed25519.PrivateKey:
		return "a private key belongs in Sign; to verify only, write key.Public()"
	case *x509.Certificate:
		return "write its PublicKey"
	}
	if advice := adviceForAny(key); advice != "" {
		return advice
	}
	return "Verify takes a []byte, *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey"
}

// adviceForAny returns advice for types that are wrong in both halves, or "".
func adviceForAny(key any) string {
	switch key.(type) {
	case rsa.PrivateKey, rsa.PublicKey, ecdsa.PrivateKey, ecdsa.PublicKey:
		return "write a pointer to it, &key"
	case string:
		return "write []byte(key) for a secret; the text of a key is read by keys.Parse"
	case *pem.Block:
		return "read the text around it with keys.Parse"
	}
	v := reflect.ValueOf(key)
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil():
		return "look at the error of the function that returned it"
	case v.Kind() == reflect.Map:
		return "a JWK is read by keys.Parse, from its JSON"
	case v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Slice:
		return "write what it points to, *key"
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return "write []byte(key)"
	case v.Kind() == reflect.Array && v.Type().Elem().Kind() == reflect.Uint8:
		return "write key[:]"
	}
	return ""
}
