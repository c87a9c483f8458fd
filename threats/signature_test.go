package threats_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

func TestThreatSignatureDamaged(t *testing.T) {
	t.Parallel()
	for _, alg := range append(families(), "HS384", "HS512", "RS512", "PS512", "ES384", "ES512") {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			v := victimOf(t, alg)
			good := own(alg, aliceClaims())
			v.accepted(t, good, "alice")
			header, payload, _ := cut(good)
			input, signature := inputOf(good), signatureBytes(good)
			size := len(signature)
			for name, bad := range map[string][]byte{
				"T030 empty":                 {},
				"T031 one byte short":        signature[:size-1],
				"T031 first byte missing":    signature[1:],
				"T031 first half":            signature[:size/2],
				"T031 second half":           signature[size/2:],
				"T031 first byte only":       signature[:1],
				"T031 with a zero behind":    append(slices.Clone(signature), 0),
				"T031 with a zero in front":  append([]byte{0}, signature...),
				"T031 doubled":               append(slices.Clone(signature), signature...),
				"T032 first bit":             flipped(signature, 0),
				"T032 last bit":              flipped(signature, size*8-1),
				"T032 a bit in the middle":   flipped(signature, size*4),
				"T033 zeros":                 make([]byte, size),
				"T033 ones":                  bytes.Repeat([]byte{0xff}, size),
				"T034 of another token":      signatureBytes(own(alg, aliceClaims(`"n":1`))),
				"T036 of another key":        signatureOf(alg, alienKeys().of(alg), input),
				"T046 without the dot":       signatureOf(alg, ownKeys().of(alg), header+payload),
				"T046 of the payload":        signatureOf(alg, ownKeys().of(alg), payload),
				"T046 of the header":         signatureOf(alg, ownKeys().of(alg), header),
				"T046 of the decoded text":   signatureOf(alg, ownKeys().of(alg), headerFor(alg, `"typ":"JWT"`)+"."+aliceClaims()),
				"T046 with a dot behind":     signatureOf(alg, ownKeys().of(alg), input+"."),
				"T046 in hex":                []byte(hex.EncodeToString(signature)),
				"T046 in base64, once more":  []byte(base64.RawURLEncoding.EncodeToString(signature)),
				"T046 of the hash, not text": signatureOf(alg, ownKeys().of(alg), string(digestOf(hashOf(alg), input))),
			} {
				v.refusesAll(t, attack{name, withSignature(input, bad), msgSignature})
			}
			v.refusesAll(t,
				attack{"T030 missing", input, msgSegments},
				attack{"T035 payload changed", header + "." + b64(aliceClaims(`"admin":true`)) + good[len(input):], msgSignature},
				attack{"T035 header changed", b64(headerFor(alg)) + "." + payload + good[len(input):], msgSignature},
			)
			for name, bad := range map[string]string{
				"T031 last character missing": good[:len(good)-1],
				"T031 last two missing":       good[:len(good)-2],
				"T031 a character more":       good + "A",
				"T031 two characters more":    good + "AA",
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					v.refused(t, bad, msgSignature, msgCrypto64)
				})
			}
		})
	}
}

func flipped(b []byte, bit int) []byte {
	b = slices.Clone(b)
	b[bit/8] ^= 0x80 >> (bit % 8)
	return b
}

func TestThreatSignatureEachByte(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "HS256")
	good := own("HS256", aliceClaims())
	for bit := range 256 {
		_, err := v.mgr.DecodeToken(t.Context(), withSignature(inputOf(good), flipped(signatureBytes(good), bit)))
		require.ErrorIs(t, err, jwt.ErrTokenSignatureInvalid, "T032 bit %d", bit)
	}
}

func TestThreatSignatureECDSA(t *testing.T) {
	t.Parallel()
	for alg, size := range map[string]int{"ES256": 32, "ES384": 48, "ES512": 66} {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			v := victimOf(t, alg)
			key := ownKeys().of(alg).(*ecdsa.PrivateKey)
			n, p := key.Params().N, key.Params().P
			input := inputOf(own(alg, aliceClaims()))

			corners := map[string]*big.Int{
				"0": big.NewInt(0), "1": big.NewInt(1), "n-1": new(big.Int).Sub(n, big.NewInt(1)), "n": n,
				"n+1": new(big.Int).Add(n, big.NewInt(1)), "p": p, "p-n": new(big.Int).Sub(p, n),
			}
			for rName, r := range corners {
				for sName, s := range corners {
					v.refusesAll(t, attack{"T037 r=" + rName + " s=" + sName, withSignature(input, halves(r, s, size)), msgSignature})
				}
			}

			r, s := must2(ecdsa.Sign(rand.Reader, key, digestOf(hashOf(alg), input)))
			v.accepted(t, withSignature(input, halves(r, s, size)), "alice")
			rn, sn := new(big.Int).Add(r, n), new(big.Int).Add(s, n)
			wide := (sn.BitLen() + 7) / 8
			wide = max(wide, (rn.BitLen()+7)/8, size)
			der := must(ecdsa.SignASN1(rand.Reader, key, digestOf(hashOf(alg), input)))
			zero := big.NewInt(0)
			for name, bad := range map[string][]byte{
				"T038 DER":                  der,
				"T038 DER, same size":       append(slices.Clone(der), make([]byte, 2*size)...)[:2*size],
				"T039 a byte wider":         halves(r, s, size+1),
				"T039 swapped":              halves(s, r, size),
				"T039 r only":               r.FillBytes(make([]byte, size)),
				"T039 r and nothing":        halves(r, zero, size),
				"T039 nothing and s":        halves(zero, s, size),
				"T039 r twice":              halves(r, r, size),
				"T039 padded in front":      append(make([]byte, 2), halves(r, s, size)...),
				"T039 padded behind":        append(halves(r, s, size), 0, 0),
				"T039 size of another kind": append(halves(r, s, size), make([]byte, 64)...),
				"T040 r+n":                  halves(rn, s, wide),
				"T040 s+n":                  halves(r, sn, wide),
				"T040 both":                 halves(rn, sn, wide),
				"T037 -r":                   halves(new(big.Int).Sub(n, r), s, size),
			} {
				v.refusesAll(t, attack{name, withSignature(input, bad), msgSignature})
			}
		})
	}
}

// Whoever has a token can make another with the same claims: (r, n-s) is a
// signature wherever (r, s) is one. It must not outlive the first.
func TestThreatSignatureECDSAMalleable(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "ES256")
	good := own("ES256", aliceClaims())
	signature := signatureBytes(good)
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	twin := withSignature(inputOf(good), halves(r, s.Sub(ownKeys().p256.Params().N, s), 32))
	require.NotEqual(t, good, twin)

	token := v.accepted(t, twin, "alice")
	require.NoError(t, v.mgr.RevokeToken(t.Context(), token))
	for name, revoked := range map[string]string{"T041 first": good, "T041 twin": twin} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, route := range []string{"/access", "/optional"} {
				v.refusedAt(t, route, revoked, msgRevoked)
			}
		})
	}
}

func TestThreatSignatureRSA(t *testing.T) {
	t.Parallel()
	key := ownKeys().rsa
	one := big.NewInt(1)
	for _, alg := range []string{"RS256", "PS256"} {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			v := victimOf(t, alg)
			good := own(alg, aliceClaims())
			input, signature := inputOf(good), signatureBytes(good)
			s := new(big.Int).SetBytes(signature)
			sn := new(big.Int).Add(s, key.N)
			for name, bad := range map[string][]byte{
				"T042 0":                 make([]byte, 256),
				"T042 1":                 one.FillBytes(make([]byte, 256)),
				"T042 n-1":               new(big.Int).Sub(key.N, one).Bytes(),
				"T042 n":                 key.N.Bytes(),
				"T042 n+1":               new(big.Int).Add(key.N, one).Bytes(),
				"T042 s+n":               sn.FillBytes(make([]byte, max(256, (sn.BitLen()+7)/8))),
				"T042 n-s":               new(big.Int).Sub(key.N, s).FillBytes(make([]byte, 256)),
				"T043 zero in front":     append([]byte{0}, signature...),
				"T043 zero behind":       append(slices.Clone(signature), 0),
				"T043 one byte short":    signature[:255],
				"T043 another last byte": append(slices.Clone(signature[:255]), ^signature[255]),
			} {
				v.refusesAll(t, attack{name, withSignature(input, bad), msgSignature})
			}
		})
	}
}

func TestThreatSignatureRSALeadingZero(t *testing.T) {
	t.Parallel()
	victimOf(t, "RS256").refusesAll(t, attack{"T043 without leading zero", shortRSA(), msgSignature})
}

// shortRSA returns a token whose signature begins with a zero byte, which is
// left out.
func shortRSA() string {
	for i := 0; ; i++ {
		token := own("RS256", aliceClaims(fmt.Sprintf(`"n":%d`, i)))
		if signature := signatureBytes(token); signature[0] == 0 {
			return withSignature(inputOf(token), signature[1:])
		}
	}
}

func TestThreatSignaturePSSSalt(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "PS256")
	input := inputOf(own("PS256", aliceClaims()))
	salted := func(length int) string {
		return withSignature(input, must(rsa.SignPSS(rand.Reader, ownKeys().rsa, crypto.SHA256,
			digestOf(crypto.SHA256, input), &rsa.PSSOptions{SaltLength: length})))
	}
	v.accepted(t, salted(32), "alice")
	for _, length := range []int{1, 20, 31, 33, 48, 64, 222, rsa.PSSSaltLengthAuto} {
		v.refusesAll(t, attack{fmt.Sprintf("T044 salt of %d bytes", length), salted(length), msgSignature})
	}
	v.refusesAll(t, attack{"T044 no salt", withSignature(input, saltless(ownKeys().rsa, input)), msgSignature})
}

// saltless makes a PSS signature with no salt (RFC 8017 §9.1.1), as SignPSS
// takes 0 for the greatest length.
func saltless(key *rsa.PrivateKey, input string) []byte {
	const size = 256
	h := digestOf(crypto.SHA256, string(make([]byte, 8))+string(digestOf(crypto.SHA256, input)))
	db := make([]byte, size-len(h)-1)
	db[len(db)-1] = 1
	for i := 0; i*32 < len(db); i++ { // MGF1
		mask := digestOf(crypto.SHA256, string(h)+string([]byte{0, 0, 0, byte(i)}))
		for j := 0; j < 32 && i*32+j < len(db); j++ {
			db[i*32+j] ^= mask[j]
		}
	}
	db[0] &= 0x7f
	return rawRSA(key, append(append(db, h...), 0xbc))
}

// rawRSA is the private operation without any padding of its own.
func rawRSA(key *rsa.PrivateKey, message []byte) []byte {
	m := new(big.Int).SetBytes(message)
	return m.Exp(m, key.D, key.N).FillBytes(make([]byte, 256))
}

func TestThreatSignaturePKCS1Padding(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "RS256")
	input := inputOf(own("RS256", aliceClaims()))
	digest := digestOf(crypto.SHA256, input)
	sha256OID := "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
	ones := func(n int) string { return string(bytes.Repeat([]byte{0xff}, n)) }
	padded := func(info string) string { return "\x00\x01" + ones(256-3-len(info)) + "\x00" + info }
	info := sha256OID + string(digest)
	v.accepted(t, withSignature(input, rawRSA(ownKeys().rsa, []byte(padded(info)))), "alice")

	for name, message := range map[string]string{
		"T047 garbage behind (Bleichenbacher 2006)": "\x00\x01" + ones(8) + "\x00" + info + string(make([]byte, 256-11-len(info))),
		"T047 garbage behind, one byte":             padded(info)[1:] + "\x00",
		"T047 no NULL":                              padded("\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20" + string(digest)),
		"T047 NULL of one byte":                     padded("\x30\x32\x30\x0e\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x01\x00\x04\x20" + string(digest)),
		"T047 long form of length":                  padded("\x30\x81\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20" + string(digest)),
		"T047 indefinite length":                    padded("\x30\x80\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20" + string(digest) + "\x00\x00"),
		"T047 no DigestInfo":                        padded(string(digest)),
		"T047 another hash named":                   padded("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x20" + string(digest)),
		"T047 block type 0":                         "\x00\x00" + padded(info)[2:],
		"T047 block type 2":                         "\x00\x02" + padded(info)[2:],
		"T047 padding of zeros":                     "\x00\x01" + string(make([]byte, 256-3-len(info))) + "\x00" + info,
		"T047 one byte of padding is not ff":        "\x00\x01\xfe" + padded(info)[3:],
		"T047 no separator":                         "\x00\x01" + ones(256-2-len(info)) + info,
		"T047 digest cut":                           padded(info[:len(info)-1]),
		"T047 digest only, no padding":              string(digest),
	} {
		v.refusesAll(t, attack{name, withSignature(input, rawRSA(ownKeys().rsa, []byte(message))), msgSignature})
	}
}

func TestThreatSignatureEd25519(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "EdDSA")
	good := own("EdDSA", aliceClaims())
	input, signature := inputOf(good), signatureBytes(good)
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	for i := int64(1); i < 15; i++ {
		s := littleEndian(signature[32:])
		s.Add(s, new(big.Int).Mul(order, big.NewInt(i)))
		if s.BitLen() > 256 {
			break
		}
		bad := append(slices.Clone(signature[:32]), reversed(s.FillBytes(make([]byte, 32)))...)
		v.refusesAll(t, attack{fmt.Sprintf("T045 S+%dL", i), withSignature(input, bad), msgSignature})
	}
	zero := make([]byte, 32)
	identity := append([]byte{1}, zero[1:]...)
	for name, bad := range map[string][]byte{
		"T045 zero":                      make([]byte, 64),
		"T045 R is the identity, S=0":    slices.Concat(identity, zero),
		"T045 R is the identity, S":      slices.Concat(identity, signature[32:]),
		"T045 R of order 2":              slices.Concat([]byte{0xec}, bytes.Repeat([]byte{0xff}, 30), []byte{0x7f}, zero),
		"T045 R of order 4":              slices.Concat(zero, zero),
		"T045 R of order 4, negative":    slices.Concat(zero[:31], []byte{0x80}, zero),
		"T045 R of order 8":              slices.Concat(unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), zero),
		"T045 R is no canonical point":   slices.Concat([]byte{0xee}, bytes.Repeat([]byte{0xff}, 30), []byte{0x7f}, zero),
		"T045 S is the order":            slices.Concat(signature[:32], reversed(order.FillBytes(make([]byte, 32)))),
		"T045 R only":                    signature[:32],
		"T045 halves swapped":            slices.Concat(signature[32:], signature[:32]),
		"T045 63 bytes":                  signature[:63],
		"T045 65 bytes":                  append(slices.Clone(signature), 0),
		"T045 with the text, as in NaCl": append(slices.Clone(signature), input...),
		"T045 sign of R":                 flipped(signature, 31*8),
	} {
		v.refusesAll(t, attack{name, withSignature(input, bad), msgSignature})
	}
}

func littleEndian(b []byte) *big.Int { return new(big.Int).SetBytes(reversed(b)) }

func reversed(b []byte) []byte {
	b = slices.Clone(b)
	slices.Reverse(b)
	return b
}

func unhex(s string) []byte { return must(hex.DecodeString(s)) }

func TestThreatSignatureWrongSecret(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "HS256")
	secret := ownKeys().secret
	for name, wrong := range map[string][]byte{
		"T036 zeros":               make([]byte, 64),
		"T036 nothing":             {},
		"T036 cut":                 secret[:len(secret)-1],
		"T036 one byte more":       append(slices.Clone(secret), '\n'),
		"T036 a zero more":         append(slices.Clone(secret), 0),
		"T050 in hex":              []byte(hex.EncodeToString(secret)),
		"T050 in base64":           []byte(base64.StdEncoding.EncodeToString(secret)),
		"T050 in base64url":        []byte(b64(string(secret))),
		"T050 decoded from base64": fromBase64(string(secret)),
		"T050 SHA-512 of it":       digestOf(crypto.SHA512, string(secret)),
		"T050 quoted":              []byte(`"` + string(secret) + `"`),
	} {
		v.refusesAll(t, attack{name, seal("HS256", wrong, headerFor("HS256"), aliceClaims()), msgSignature})
	}
}

// fromBase64 reads the secret as base64, of which it has all its letters.
func fromBase64(secret string) []byte {
	return must(base64.RawStdEncoding.DecodeString(secret[:len(secret)/4*4]))
}

// A forged token is forged, whatever else is wrong with it: nobody may take it
// for one that has merely expired.
func TestThreatSignatureForgedAndExpired(t *testing.T) {
	t.Parallel()
	expired := `{"sub":"alice","exp":1609459200}`
	for _, alg := range families() {
		t.Run("T048 "+alg, func(t *testing.T) {
			t.Parallel()
			v := victimOf(t, alg)
			forged := seal(alg, alienKeys().of(alg), headerFor(alg), expired)
			v.refused(t, forged, msgSignature)
			for _, opts := range [][]ginjwt.DecodeOption{nil, {ginjwt.AllowExpired()}} {
				token, err := v.mgr.DecodeToken(t.Context(), forged, opts...)
				assert.Nil(t, token)
				require.ErrorIs(t, err, ginjwt.ErrInvalidToken)
				require.ErrorIs(t, err, jwt.ErrTokenSignatureInvalid)
				assert.NotErrorIs(t, err, ginjwt.ErrExpiredToken)
				assert.NotErrorIs(t, err, jwt.ErrTokenExpired)
			}
			w, _ := v.send("/access", own(alg, expired), false)
			assert.Equal(t, http.StatusUnauthorized, w.Code)
			assert.JSONEq(t, `{"msg":"Token has expired"}`, w.Body.String())
		})
	}
}
