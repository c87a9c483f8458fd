package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/oddtext"
	"github.com/gin-jwt-extended/ginjwt/internal/wellknown"
)

// checkKey checks k for its algorithm, or for the default of its type. It does not check
// the length of a secret; the user of the key does (Config.AllowShortSecret).
func checkKey(k Key) error {
	k.Algorithm = k.AlgorithmOr("")
	switch {
	case k.half() == nil:
		return errors.New("there is no key")
	case k.Algorithm == "":
		return typeError(k)
	}
	if _, err := (Options{AllowShortSecret: true}).Bind(k); err != nil {
		return err
	}
	return checkPrivate(k.Sign)
}

// checkPrivate makes the slow checks of a private key. [Options.Bind] does not make them,
// because it may run for every token. An RSA key comes with extra numbers that speed it
// up. They must not be trusted: a single signature with a wrong one reveals the key.
func checkPrivate(sign any) error {
	key, ok := sign.(*rsa.PrivateKey)
	switch {
	case !ok:
		return nil
	case key == nil || key.N == nil || key.D == nil || len(key.Primes) != 2 || key.N.BitLen() > maxRSANumber:
		return errNoRSA
	case !isValidRSA(&rsa.PrivateKey{PublicKey: key.PublicKey, D: key.D, Primes: key.Primes}):
		return errNoRSA
	}
	return nil
}

var errNoRSA = errors.New("not a valid RSA key")

func (a algorithm) check(key any, allowShort bool) error {
	if key == nil {
		return errors.New("there is no key")
	}
	if err := typeOfVerify(key); err != nil {
		return err
	}
	switch key := key.(type) {
	case []byte:
		return a.checkSecret(key, allowShort)
	case *rsa.PublicKey:
		return a.checkRSA(key)
	case *ecdsa.PublicKey:
		return a.checkEC(key)
	}
	return a.checkEd25519(key.(ed25519.PublicKey))
}

func (a algorithm) wrongType(got string) error {
	return fmt.Errorf("needs a key for %s, not %s", a.family, got)
}

// checkSecret refuses secrets that can be guessed, and keys in place of secrets. A public
// key as a secret is algorithm confusion (RFC 8725 §2.1).
func (a algorithm) checkSecret(secret []byte, allowShort bool) error {
	s := strings.TrimSpace(string(secret))
	switch what := disguised(secret); {
	case a.family != "HMAC":
		return a.wrongType("a secret")
	case len(secret) == 0:
		return errors.New("the secret is empty")
	case what != "":
		return errors.New(what)
	case oddtext.IsPlaceholder(s):
		return errPlaceholder
	case slices.Contains(wellknown.Refused, s):
		return errors.New("is a secret that everybody knows")
	case len(secret) < a.bits/8 && !allowShort:
		return fmt.Errorf("has %d bytes, but must have at least the %d of the hash; make one with: openssl rand -base64 %d",
			len(secret), a.bits/8, a.bits/8)
	}
	return nil
}

// smallPrimes is the product of the odd primes below 100.
var smallPrimes, _ = new(big.Int).SetString("1152783981972759212376551073665878035", 10)

func (a algorithm) checkRSA(key *rsa.PublicKey) error {
	switch {
	case a.family != "RSA":
		return a.wrongType("an RSA key")
	case key == nil || key.N == nil:
		return errors.New("not a valid RSA key")
	case key.N.BitLen() > maxRSANumber:
		return fmt.Errorf("has %d bits, but may have %d at most", key.N.BitLen(), maxRSANumber)
	case key.N.BitLen() < 2048:
		return fmt.Errorf("has %d bits, but must have at least 2048 (RFC 7518 §3.3)", key.N.BitLen())
	case key.E < 3 || key.E%2 == 0 || key.E > math.MaxInt32:
		return fmt.Errorf("has the exponent %d, which is not safe", key.E)
	case key.N.Bit(0) == 0 || new(big.Int).GCD(nil, nil, key.N, smallPrimes).BitLen() > 1:
		return errors.New("has a modulus with small factors")
	}
	return nil
}

// isValidRSA checks a key of two primes, and computes the numbers that speed it up. It
// checks the product first, because Validate is slow and calculates modulo n.
func isValidRSA(key *rsa.PrivateKey) bool {
	if new(big.Int).Mul(key.Primes[0], key.Primes[1]).Cmp(key.N) != 0 {
		return false
	}
	key.Precompute()
	return key.Validate() == nil
}

func (a algorithm) checkEC(key *ecdsa.PublicKey) error {
	if a.family != "EC" {
		return a.wrongType("an EC key")
	}
	if key == nil || key.Curve == nil || key.Curve.Params().BitSize != a.bits || !hasPoint(key) {
		return fmt.Errorf("needs a key on the curve P-%d", a.bits)
	}
	if _, err := key.ECDH(); err != nil {
		return errors.New("is not a point on its curve")
	}
	return nil
}

// hasPoint reports whether the fields of key are set. crypto/ecdsa panics if they are
// not.
func hasPoint(key *ecdsa.PublicKey) bool {
	//lint:ignore SA1019 there is no other way to see that they are missing
	return key.Curve != nil && key.X != nil && key.Y != nil
}

// isWholeEC reports whether both halves of a key belong together.
func isWholeEC(key *ecdsa.PrivateKey) bool {
	//lint:ignore SA1019 as in hasPoint
	if key == nil || !hasPoint(&key.PublicKey) || key.D == nil {
		return false
	}
	if _, err := key.ECDH(); err != nil {
		return false
	}
	secret, err := key.Bytes()
	if err != nil {
		return false
	}
	own, err := ecdsa.ParseRawPrivateKey(key.Curve, secret)
	return err == nil && own.PublicKey.Equal(&key.PublicKey)
}

func (a algorithm) checkEd25519(key ed25519.PublicKey) error {
	if a.family != "Ed25519" || len(key) != ed25519.PublicKeySize {
		return a.wrongType("an Ed25519 key")
	}
	unsigned := slices.Clone(key)
	unsigned[len(unsigned)-1] &= 0x7f
	if slices.Contains(weakEd25519, hex.EncodeToString(unsigned)) {
		return errors.New("is a point of small order, which anybody can sign for")
	}
	return nil
}

// weakEd25519 are the points of small order in all encodings, without the sign bit. For
// such a point, anybody can make a signature that is valid for every text.
var weakEd25519 = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

func sameKey(a, b any) bool {
	if a, ok := a.([]byte); ok {
		b, ok := b.([]byte)
		return ok && bytes.Equal(a, b)
	}
	public, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(b)
}
