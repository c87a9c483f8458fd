package keys

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// publicJWK has the public members of a JWK, and no others.
type publicJWK struct {
	Type      string `json:"kty"`
	ID        string `json:"kid,omitzero"`
	Use       string `json:"use,omitzero"`
	Algorithm string `json:"alg,omitzero"`
	Curve     string `json:"crv,omitzero"`
	X         string `json:"x,omitzero"`
	Y         string `json:"y,omitzero"`
	N         string `json:"n,omitzero"`
	E         string `json:"e,omitzero"`
}

// wholeJWK is a JWK with its secret members, and with the members of this module.
type wholeJWK struct {
	publicJWK `json:",inline"`

	D  string `json:"d,omitzero"`
	P  string `json:"p,omitzero"`
	Q  string `json:"q,omitzero"`
	DP string `json:"dp,omitzero"`
	DQ string `json:"dq,omitzero"`
	QI string `json:"qi,omitzero"`
	K  string `json:"k,omitzero"`

	Operations        []string `json:"key_ops,omitzero"`
	NotBefore         *int64   `json:"nbf,omitzero"`
	NotAfter          *int64   `json:"exp,omitzero"`
	TokenType         string   `json:"token_type,omitzero"`
	AllowMissingKeyID bool     `json:"verify_unnamed,omitzero"`
}

// MarshalPublicJWK returns the public key as a JWK (RFC 7517), for everybody to read. A
// secret has no public part, and is an error.
func (k Key) MarshalPublicJWK() ([]byte, error) {
	members, err := k.publicJWK()
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	return json.Marshal(members)
}

func (k Key) publicJWK() (publicJWK, error) {
	public, err := k.Public()
	if err != nil {
		return publicJWK{}, err
	}
	if err := checkKey(k); err != nil {
		return publicJWK{}, err
	}
	members, err := publicMembers(public)
	members.ID, members.Use, members.Algorithm = k.ID, "sig", CanonicalAlgorithm(k.Algorithm)
	return members, err
}

// publicMembers returns the type and the public members of a public key.
func publicMembers(key any) (publicJWK, error) {
	switch key := key.(type) {
	case *rsa.PublicKey:
		e := big.NewInt(int64(key.E))
		return publicJWK{Type: "RSA", N: base64url.Encode(key.N.Bytes()), E: base64url.Encode(e.Bytes())}, nil
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // 4, x, y
		if err != nil {
			return publicJWK{}, errors.New("is not a point on its curve")
		}
		x, y := point[1:1+len(point)/2], point[1+len(point)/2:]
		return publicJWK{Type: "EC", Curve: key.Params().Name, X: base64url.Encode(x), Y: base64url.Encode(y)}, nil
	case ed25519.PublicKey:
		return publicJWK{Type: "OKP", Curve: "Ed25519", X: base64url.Encode(key)}, nil
	}
	return publicJWK{}, errors.New("a secret has no public part")
}

// MarshalJWK returns the whole key as a JWK (RFC 7517), with the private key or secret.
// Keep the result in a file that nobody else can read. [Parse] reads it back. NotBefore
// and NotAfter are written in whole seconds.
func (k Key) MarshalJWK() ([]byte, error) {
	members, err := k.wholeJWK()
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	return json.Marshal(members)
}

func (k Key) wholeJWK() (members wholeJWK, err error) {
	public, err := k.Public()
	if err != nil {
		return members, err
	}
	if err := checkKey(k); err != nil {
		return members, err
	}
	if k.TokenType != "" && !isTokenType(k.TokenType) {
		return members, errors.New(`the TokenType must be "access" or "refresh"`)
	}
	if secret, ok := public.([]byte); ok {
		members.setSecret(secret, k.Sign != nil)
	} else if members.publicJWK, err = publicMembers(public); err != nil {
		return members, err
	} else if err = members.setPrivate(k.Sign); err != nil {
		return members, err
	}
	members.ID, members.Algorithm = k.ID, CanonicalAlgorithm(k.Algorithm)
	members.TokenType, members.AllowMissingKeyID = k.TokenType, k.AllowMissingKeyID
	return members, members.setDates(k)
}

// setSecret sets "use" or "key_ops", but not both (RFC 7517 §4.3).
func (members *wholeJWK) setSecret(secret []byte, signs bool) {
	members.Type, members.Use, members.K = "oct", "sig", base64url.Encode(secret)
	if !signs {
		members.Use, members.Operations = "", []string{"verify"}
	}
}

func (members *wholeJWK) setPrivate(key any) error {
	members.Use = "sig"
	switch key := key.(type) {
	case *rsa.PrivateKey:
		members.setRSA(key)
	case *ecdsa.PrivateKey:
		d, err := key.Bytes()
		members.D = base64url.Encode(d)
		return err
	case ed25519.PrivateKey:
		members.D = base64url.Encode(key.Seed())
	}
	return nil
}

// setRSA works on a copy. Others may be using the key, and it may lack the numbers that
// speed it up.
func (members *wholeJWK) setRSA(key *rsa.PrivateKey) {
	private := rsa.PrivateKey{PublicKey: key.PublicKey, D: key.D, Primes: key.Primes}
	private.Precompute()
	number := func(n *big.Int) string { return base64url.Encode(n.Bytes()) }
	members.D, members.P, members.Q = number(key.D), number(key.Primes[0]), number(key.Primes[1])
	members.DP, members.DQ = number(private.Precomputed.Dp), number(private.Precomputed.Dq)
	members.QI = number(private.Precomputed.Qinv)
}

func (members *wholeJWK) setDates(k Key) (err error) {
	if members.NotBefore, err = dateMember("NotBefore", k.NotBefore); err != nil {
		return err
	}
	members.NotAfter, err = dateMember("NotAfter", k.NotAfter)
	return err
}

// dateMember returns nil for the zero time.
func dateMember(field string, t time.Time) (*int64, error) {
	if t.IsZero() {
		return nil, nil
	}
	seconds := t.Unix()
	if seconds < 0 || seconds > strictjson.MaxDate {
		return nil, fmt.Errorf("%s must be between the years 1970 and 9999", field)
	}
	return &seconds, nil
}

// Thumbprint returns the SHA-256 thumbprint of the public key in base64url (RFC 7638). It
// is the ID of a key without an ID.
//
// The thumbprint of a secret (RFC 7638 §3.2) reveals no more than any token that the
// secret signed: both only let an attacker test guesses. A random secret of the required
// length cannot be guessed (RFC 7638 §7).
func (k Key) Thumbprint() (string, error) {
	members, err := k.thumbprintMembers()
	if err != nil {
		return "", fmt.Errorf("keys: %w", err)
	}
	sum := sha256.Sum256([]byte(members))
	return base64url.Encode(sum[:]), nil
}

// thumbprintMembers returns the JSON that RFC 7638 §3 hashes: the required members of the
// type, in alphabetical order.
func (k Key) thumbprintMembers() (string, error) {
	public, err := k.Public()
	if err != nil {
		return "", err
	}
	if secret, ok := public.([]byte); ok && len(secret) > 0 {
		return fmt.Sprintf(`{"k":"%s","kty":"oct"}`, base64url.Encode(secret)), nil
	}
	if err := checkKey(Key{Verify: public}); err != nil {
		return "", err
	}
	members, err := publicMembers(public)
	switch members.Type {
	case "RSA":
		return fmt.Sprintf(`{"e":"%s","kty":"RSA","n":"%s"}`, members.E, members.N), err
	case "EC":
		return fmt.Sprintf(`{"crv":"%s","kty":"EC","x":"%s","y":"%s"}`, members.Curve, members.X, members.Y), err
	}
	return fmt.Sprintf(`{"crv":"%s","kty":"%s","x":"%s"}`, members.Curve, members.Type, members.X), err
}
