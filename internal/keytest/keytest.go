// Package keytest makes keys for tests.
package keytest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// PEMs are keys as PEM texts, generated for one run of the tests.
type PEMs struct {
	RSAPrivate, RSAPublic, RSASmall, RSAPKCS1, RSAPublicPKCS1 string
	P256Private, P256Public, P256SEC1                         string
	P384Private, P521Private                                  string
	Ed25519Private, Ed25519Public, Ed25519Other               string
	Certificate                                               string // of the P-256 key
}

var generate = sync.OnceValues(func() (pems PEMs, err error) {
	defer func() { err, _ = recover().(error) }()
	rsaKey := Must(rsa.GenerateKey(rand.Reader, 2048))
	pems.RSAPrivate, pems.RSAPublic = Private(rsaKey), Public(&rsaKey.PublicKey)
	pems.RSAPKCS1 = Encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey))
	pems.RSAPublicPKCS1 = Encode("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey))
	pems.RSASmall = Private(Must(rsa.GenerateKey(rand.Reader, 1024)))
	p256 := Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	pems.P256Private, pems.P256Public = Private(p256), Public(&p256.PublicKey)
	pems.P256SEC1 = Encode("EC PARAMETERS", []byte{6, 8}) + Encode("EC PRIVATE KEY", Must(x509.MarshalECPrivateKey(p256)))
	pems.P384Private = Private(Must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)))
	pems.P521Private = Private(Must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)))
	edPublic, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	Must(edPublic, err)
	pems.Ed25519Private, pems.Ed25519Public = Private(edPrivate), Public(edPublic)
	_, other, err := ed25519.GenerateKey(rand.Reader)
	pems.Ed25519Other = Private(Must(other, err))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour)}
	pems.Certificate = Encode("CERTIFICATE", Must(x509.CreateCertificate(rand.Reader, template, template, &p256.PublicKey, p256)))
	return pems, nil
})

// Generate returns the keys of this run.
func Generate(t testing.TB) PEMs {
	t.Helper()
	pems, err := generate()
	require.NoError(t, err)
	return pems
}

// Must returns value, and panics with err.
func Must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// Encode returns a PEM text.
func Encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// Private returns a private key as PKCS #8.
func Private(key any) string { return Encode("PRIVATE KEY", Must(x509.MarshalPKCS8PrivateKey(key))) }

// Public returns a public key as PKIX.
func Public(key any) string { return Encode("PUBLIC KEY", Must(x509.MarshalPKIXPublicKey(key))) }
