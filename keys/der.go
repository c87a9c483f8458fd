package keys

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
)

// derKey is a key in DER, after reading.
type derKey struct {
	key        any
	algorithms []string // the only algorithms for this key; nil if its type decides
}

// parseDER reads a key in the form of a PEM label.
func parseDER(label string, der []byte) (found derKey, err error) {
	switch {
	case !isKeyLabel(label):
		return derKey{}, noKeyIn(label)
	case elements(der) == nil:
		return derKey{}, damaged(label)
	}
	switch label {
	case "PRIVATE KEY":
		return parsePKCS8(der)
	case "RSA PRIVATE KEY":
		found.key, err = parsePKCS1(der)
	case "EC PRIVATE KEY":
		found.key, err = parseSEC1(der)
	case "PUBLIC KEY":
		return parsePKIX(der)
	case "RSA PUBLIC KEY":
		found.key, err = x509.ParsePKCS1PublicKey(der)
	case "CERTIFICATE":
		return parseCertificate(der)
	}
	if err != nil {
		return derKey{}, told(err, label)
	}
	return found, nil
}

// keyError is an error of this package about a key. Errors of parsers are not shown,
// because they may quote the key.
type keyError struct{ text string }

func (e *keyError) Error() string { return e.text }

// told returns an error of this package as it is. For an error of a parser, it says that
// the key is damaged.
func told(err error, label string) error {
	if errors.As(err, new(*keyError)) {
		return err
	}
	return damaged(label)
}

func damaged(label string) error {
	return &keyError{fmt.Sprintf("the %s is damaged or of an unknown kind", strings.ToLower(label))}
}

// isKeyLabel reports whether parseDER reads blocks with this label.
func isKeyLabel(label string) bool {
	switch label {
	case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE":
		return true
	}
	return false
}

// noKeyIn says what a block without a readable key is.
func noKeyIn(label string) error {
	switch label {
	case "ENCRYPTED PRIVATE KEY":
		return errEncrypted
	case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST":
		return errors.New("is a certificate signing request, not a key; for its public key type: openssl req -in FILE -pubkey -noout")
	case "PKCS12":
		return errors.New("is a PKCS #12 file; convert it: openssl pkcs12 -in FILE -nodes")
	case "TRUSTED CERTIFICATE":
		return errors.New("is a certificate in OpenSSL's own format; convert it: openssl x509 -in FILE")
	case "PKCS7", "CMS":
		return errors.New("is a PKCS #7 file of certificates; convert it: openssl pkcs7 -in FILE -print_certs (-inform DER if it is binary)")
	case "DSA PRIVATE KEY":
		return unsupported("DSA")
	}
	return fmt.Errorf("a PEM block of the type %.64q is not a key", label)
}

var (
	errEncrypted     = errors.New("the key is encrypted; decrypt it first: openssl pkey -in FILE -out key.pem")
	errForeignPublic = &keyError{"the private key contains the public key of another key"}
)

// algorithmID is AlgorithmIdentifier of RFC 5280 §4.1.1.2.
type algorithmID struct {
	Algorithm  asn1.ObjectIdentifier
	Parameters asn1.RawValue `asn1:"optional"`
}

// parsePKCS8 reads PKCS #8, with or without the public key of RFC 5958.
func parsePKCS8(der []byte) (derKey, error) {
	var outer struct {
		Version   int
		Algorithm algorithmID
		Key       []byte
	}
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		return derKey{}, damaged("PRIVATE KEY")
	}
	algorithms, err := checkAlgorithm(outer.Algorithm)
	if err != nil {
		return derKey{}, err
	}
	var key any
	if algorithms != nil {
		key, err = parsePKCS1(outer.Key)
	} else {
		key, err = x509.ParsePKCS8PrivateKey(der)
	}
	if err == nil {
		err = checkPrimes(key)
	}
	if err != nil {
		return derKey{}, told(err, "PRIVATE KEY")
	}
	_, isEC := key.(*ecdsa.PrivateKey)
	if !statesItsPublic(key, der) || isEC && !statesItsPublic(key, outer.Key) {
		return derKey{}, errForeignPublic
	}
	return derKey{key, algorithms}, nil
}

func parsePKCS1(der []byte) (*rsa.PrivateKey, error) {
	key, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		return nil, err
	}
	return key, checkPrimes(key)
}

// checkPrimes refuses RSA keys of more than two primes.
func checkPrimes(key any) error {
	if key, ok := key.(*rsa.PrivateKey); ok && len(key.Primes) > 2 {
		return &keyError{"is an RSA key of more than two primes, which is not supported; make one with: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072"}
	}
	return nil
}

func parseSEC1(der []byte) (*ecdsa.PrivateKey, error) {
	for _, element := range elements(der) {
		var curve asn1.RawValue
		if element.Class != asn1.ClassContextSpecific || element.Tag != 0 {
			continue
		}
		if _, err := asn1.Unmarshal(element.Bytes, &curve); err == nil {
			if err := checkCurve(curve); err != nil {
				return nil, err
			}
		}
	}
	key, err := x509.ParseECPrivateKey(der)
	if err == nil && !statesItsPublic(key, der) {
		return nil, errForeignPublic
	}
	return key, err
}

// statesItsPublic reports whether the optional public key in PKCS #8 or SEC 1 belongs to
// the private key.
func statesItsPublic(private any, der []byte) bool {
	for _, element := range elements(der) {
		if element.Class != asn1.ClassContextSpecific || element.Tag != 1 {
			continue
		}
		bits := element.Bytes // a BIT STRING with a replaced tag, as in PKCS #8
		if element.IsCompound {
			var inner asn1.RawValue
			if _, err := asn1.Unmarshal(element.Bytes, &inner); err != nil {
				return false
			}
			bits = inner.Bytes
		}
		return len(bits) > 0 && isPublicOf(private, bits[1:])
	}
	return true
}

// isPublicOf compares a private key with the bits of a public one.
func isPublicOf(private any, bits []byte) bool {
	switch key := private.(type) {
	case *rsa.PrivateKey:
		return bytes.Equal(bits, x509.MarshalPKCS1PublicKey(&key.PublicKey))
	case ed25519.PrivateKey:
		return bytes.Equal(bits, key[ed25519.SeedSize:])
	case *ecdsa.PrivateKey:
		point, err := key.PublicKey.Bytes()
		//lint:ignore SA1019 crypto/ecdh has no compressed points
		compressed := elliptic.MarshalCompressed(key.Curve, key.X, key.Y)
		return err == nil && (bytes.Equal(bits, point) || bytes.Equal(bits, compressed))
	}
	return false
}

// parsePKIX reads a SubjectPublicKeyInfo.
func parsePKIX(der []byte) (derKey, error) {
	var outer struct {
		Algorithm algorithmID
		Key       asn1.BitString
	}
	if rest, err := asn1.Unmarshal(der, &outer); err != nil || len(rest) > 0 {
		return derKey{}, damaged("PUBLIC KEY")
	}
	algorithms, err := checkAlgorithm(outer.Algorithm)
	if err != nil {
		return derKey{}, err
	}
	var key any
	bits := outer.Key.RightAlign()
	switch {
	case algorithms != nil:
		key, err = x509.ParsePKCS1PublicKey(bits)
	case outer.Algorithm.Algorithm.String() == oidEC && len(bits) > 0 && bits[0] != 4:
		key, err = parseCompressed(outer.Algorithm.Parameters, bits)
	default:
		key, err = x509.ParsePKIXPublicKey(der)
	}
	if err != nil {
		return derKey{}, damaged("PUBLIC KEY")
	}
	return derKey{key, algorithms}, nil
}

// parseCertificate reads the key of a certificate. If Go refuses the certificate because
// of its key, the error is about the key.
func parseCertificate(der []byte) (derKey, error) {
	certificate, err := x509.ParseCertificate(der)
	if err == nil {
		return parsePKIX(certificate.RawSubjectPublicKeyInfo)
	}
	if public := certifiedKey(der); public != nil {
		if _, err := parsePKIX(public); err != nil {
			return derKey{}, err
		}
	}
	return derKey{}, damaged("CERTIFICATE")
}

// certifiedKey returns the public key in a certificate, in PKIX form, or nil. It ignores
// defects of the rest of the certificate.
func certifiedKey(der []byte) []byte {
	outer := elements(der)
	if len(outer) != 3 {
		return nil
	}
	body := elements(outer[0].FullBytes)
	letters := lettersOf(body)
	if !certificateBody.MatchString(letters) {
		return nil
	}
	return body[strings.IndexByte(letters, 'I')+5].FullBytes // serial, algorithm, issuer, validity, subject
}

// parseCompressed reads a compressed point (x and the sign of y), which Go's parser does
// not support.
func parseCompressed(parameters asn1.RawValue, bits []byte) (*ecdsa.PublicKey, error) {
	curve := jwkCurves[nameOfCurve(parameters)]
	if curve == nil {
		return nil, errors.New("no curve")
	}
	//lint:ignore SA1019 crypto/ecdsa reads no compressed points
	x, y := elliptic.UnmarshalCompressed(curve, bits)
	if x == nil {
		return nil, errors.New("no point")
	}
	return &ecdsa.PublicKey{Curve: curve, X: x, Y: y}, nil
}
