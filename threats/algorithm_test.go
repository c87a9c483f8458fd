package threats_test

import (
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func TestThreatAlgorithmNone(t *testing.T) {
	t.Parallel()
	for _, alg := range families() {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			v := victimOf(t, alg)
			good := own(alg, aliceClaims())
			v.accepted(t, good, "alice")
			_, payload, signature := cut(good)
			none := func(header, end string) string { return b64(header) + "." + payload + end }
			v.refusesAll(t,
				attack{"T001 unsigned", none(headerFor("none"), "."), msgAlg},
				attack{"T001 without the last dot", none(headerFor("none"), ""), msgSegments},
				attack{"T001 under a kid", none(headerFor("none", `"kid":"1"`), "."), msgAlg},
				attack{"T004 with the original signature", none(headerFor("none"), "."+signature), msgAlg},
				attack{"T004 with some signature", none(headerFor("none"), ".AAAA"), msgAlg},
			)
			for _, name := range []string{
				`None`, `NONE`, `nOnE`, `noNe`, ` none`, `none `, `none\u0000`, `\u0000none`, `none\t`, `none\n`, `no\u200bne`,
				`\ufeffnone`, `ｎｏｎｅ`, `nоne`, `none,` + alg, alg + `,none`, `null`, `undefined`,
			} {
				v.refusesAll(t, attack{"T002 T003 " + name, none(headerFor(name), "."), msgAlg})
			}
		})
	}
}

func TestThreatAlgorithmMalformed(t *testing.T) {
	t.Parallel()
	for _, alg := range families() {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			v := victimOf(t, alg)
			for _, a := range []struct{ name, header, message string }{
				{"T005 none at all", `{"typ":"JWT"}`, msgNoAlg},
				{"T005 empty", `{"alg":""}`, msgAlg},
				{"T005 null", `{"alg":null}`, msgAlg},
				{"T006 a number", `{"alg":256}`, msgAlg},
				{"T006 a boolean", `{"alg":true}`, msgAlg},
				{"T006 an array", `{"alg":["` + alg + `"]}`, msgAlg},
				{"T006 an object", `{"alg":{"` + alg + `":true}}`, msgAlg},
				{"T006 blank in front", headerFor(" " + alg), msgAlg},
				{"T006 blank behind", headerFor(alg + " "), msgAlg},
				{"T006 NUL behind", headerFor(alg + `\u0000`), msgAlg},
				{"T007 lower case", headerFor(strings.ToLower(alg)), msgAlg},
				{"T007 with a hyphen", headerFor(alg[:2] + "-" + alg[2:]), msgAlg},
				{"T016 twice, none first", `{"alg":"none","alg":"` + alg + `"}`, msgHeaderJSON},
				{"T016 twice, none last", `{"alg":"` + alg + `","alg":"none"}`, msgHeaderJSON},
				{"T017 ALG only", `{"ALG":"` + alg + `"}`, msgNoAlg},
				{"T017 Alg only", `{"Alg":"` + alg + `"}`, msgNoAlg},
				{"T017 ALG beside none", `{"alg":"none","ALG":"` + alg + `"}`, msgAlg},
			} {
				v.refusesAll(t, attack{a.name, seal(alg, ownKeys().of(alg), a.header, aliceClaims()), a.message})
			}
			t.Run("T017 ALG is not used", func(t *testing.T) {
				t.Parallel()
				v.accepted(t, seal(alg, ownKeys().of(alg), headerFor(alg, `"ALG":"none"`), aliceClaims()), "alice")
			})
		})
	}
}

func TestThreatAlgorithmOfSameKey(t *testing.T) {
	t.Parallel()
	for _, a := range []struct{ name, configured, header, signed, message string }{
		{"T008 wider hash", "HS256", "HS512", "HS512", msgAlg},
		{"T008 narrower hash", "HS512", "HS256", "HS256", msgAlg},
		{"T008 RSA, wider hash", "RS256", "RS512", "RS512", msgAlg},
		{"T008 PSS, wider hash", "PS256", "PS384", "PS384", msgAlg},
		{"T013 PSS for PKCS 1", "RS256", "PS256", "PS256", msgAlg},
		{"T013 PKCS 1 for PSS", "PS256", "RS256", "RS256", msgAlg},
		{"T013 PSS signature under RS256", "RS256", "RS256", "PS256", msgSignature},
		{"T013 PKCS 1 signature under PS256", "PS256", "PS256", "RS256", msgSignature},
		{"T015 signed with another hash", "HS256", "HS256", "HS512", msgSignature},
		{"T015 RSA, signed with another hash", "RS256", "RS256", "RS384", msgSignature},
	} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			victimOf(t, a.configured).refused(t, seal(a.signed, ownKeys().of(a.signed), headerFor(a.header), aliceClaims()), a.message)
		})
	}
}

func TestThreatCurveOfAnotherAlgorithm(t *testing.T) {
	t.Parallel()
	for _, a := range []struct {
		header string
		size   int
	}{{"ES384", 48}, {"ES512", 66}} {
		t.Run("T014 "+a.header, func(t *testing.T) {
			t.Parallel()
			input := b64(headerFor(a.header)) + "." + b64(aliceClaims())
			r, s := must2(ecdsa.Sign(rand.Reader, ownKeys().p256, digestOf(hashOf(a.header), input)))
			token := withSignature(input, halves(r, s, a.size))
			victimOf(t, "ES256").refused(t, token, msgAlg)
		})
	}
}

func TestThreatForeignAlgorithm(t *testing.T) {
	t.Parallel()
	for _, alg := range families() {
		v := victimOf(t, alg)
		for _, name := range []string{
			"dir", "A128KW", "RSA-OAEP", "PBES2-HS256+A128KW", "ES256K", "HS1", "HS224", "HS256/64", "RS1", "SHA256", "MD5", "ML-DSA-65", "EVIL",
			"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", "Ed448", "__proto__",
		} {
			v.refusesAll(t, attack{"T015 " + alg + " " + name, seal(alg, ownKeys().of(alg), headerFor(name), aliceClaims()), msgAlg})
		}
	}
	t.Run("T018 Ed25519 is EdDSA, and nothing else is", func(t *testing.T) {
		t.Parallel()
		v := victimOf(t, "EdDSA")
		v.accepted(t, seal("EdDSA", ownKeys().ed25519, headerFor("Ed25519"), aliceClaims()), "alice")
		v.refused(t, seal("EdDSA", alienKeys().ed25519, headerFor("Ed25519"), aliceClaims()), msgSignature)
		for _, name := range []string{"ed25519", "ED25519", "eddsa", "Ed25519ph", "Ed25519 "} {
			v.refused(t, seal("EdDSA", ownKeys().ed25519, headerFor(name), aliceClaims()), msgAlg)
		}
		victimOf(t, "ES256").refused(t, seal("EdDSA", ownKeys().ed25519, headerFor("Ed25519"), aliceClaims()), msgAlg)
	})
}

// sshLine writes an RSA key as authorized_keys holds it (RFC 4253 §6.6).
func sshLine(key *rsa.PublicKey) string {
	var b []byte
	for _, field := range [][]byte{[]byte("ssh-rsa"), big.NewInt(int64(key.E)).Bytes(), append([]byte{0}, key.N.Bytes()...)} {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(field))), field...)
	}
	return "ssh-rsa " + base64.StdEncoding.EncodeToString(b)
}

// disguises are the ways in which a public key may be taken for a secret.
func disguises(key any) map[string]string {
	der := must(x509.MarshalPKIXPublicKey(key))
	text := publicPEM(key)
	ways := map[string]string{
		"T009 PEM":                    text,
		"T009 PEM without line feed":  strings.TrimSpace(text),
		"T009 PEM with CRLF":          strings.ReplaceAll(text, "\n", "\r\n"),
		"T009 PEM behind white space": " \n\t" + text,
		"T009 PEM in one line":        strings.ReplaceAll(text, "\n", ""),
		"T009 PEM with two feeds":     text + "\n",
		"T010 DER":                    string(der),
		"T010 base64 of DER":          base64.StdEncoding.EncodeToString(der),
		"T010 base64url of DER":       b64(string(der)),
		"T010 JWK":                    publicJWK(key),
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		pkcs1 := x509.MarshalPKCS1PublicKey(key)
		ways["T010 PKCS 1 PEM"] = pemText("RSA PUBLIC KEY", pkcs1)
		ways["T010 PKCS 1 DER"] = string(pkcs1)
		ways["T010 SSH"] = sshLine(key)
		ways["T010 SSH with comment"] = sshLine(key) + " root@host\n"
		ways["T010 modulus"] = string(key.N.Bytes())
		ways["T010 modulus in hex"] = key.N.Text(16)
		ways["T010 modulus in base64url"] = b64(string(key.N.Bytes()))
	case *ecdsa.PublicKey:
		point := must(key.Bytes())
		ways["T011 point"] = string(point)
		ways["T011 point without its first byte"] = string(point[1:])
		ways["T011 compressed point"] = string(elliptic.MarshalCompressed(key.Curve, new(big.Int).SetBytes(point[1:33]), new(big.Int).SetBytes(point[33:])))
		ways["T011 x"] = string(point[1:33])
		ways["T011 x in base64url"] = b64(string(point[1:33]))
	case ed25519.PublicKey:
		ways["T012 raw"] = string(key)
		ways["T012 base64url"] = b64(string(key))
	}
	return ways
}

func TestThreatPublicKeyAsSecret(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			pinned := victimOf(t, alg)
			both := victimConfig(alg)
			both.DecodeAlgorithms, both.SecretKey = []string{"HS256", "HS384", "HS512"}, string(ownKeys().secret)
			mixed := newVictim(t, both)
			for name, secret := range disguises(publicOf(ownKeys().of(alg))) {
				for _, hs := range []string{"HS256", "HS384", "HS512"} {
					token := seal(hs, []byte(secret), headerFor(hs, `"typ":"JWT"`), aliceClaims())
					pinned.refusesAll(t, attack{name + " " + hs, token, msgAlg})
					mixed.refusesAll(t, attack{name + " " + hs + ", T026 HMAC allowed too", token, msgSignature})
				}
			}
			t.Run("T026 each with its own key", func(t *testing.T) {
				t.Parallel()
				mixed.accepted(t, own("HS256", aliceClaims()), "alice")
				mixed.accepted(t, own("HS512", aliceClaims()), "alice")
				mixed.accepted(t, own(alg, aliceClaims()), "alice")
			})
		})
	}
}

// The same confusion where a loader brings the key: it names no algorithm, so
// that the key answers to Config.Algorithm only.
func TestThreatPublicKeyAsSecretWithKeyLoader(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		v := newVictim(t, ginjwt.Config{Algorithm: alg, TokenLocation: victimConfig(alg).TokenLocation}, func(m *ginjwt.JWTManager) {
			m.DecodeKeyLoader(func(context.Context, *ginjwt.Token) (keys.Key, error) {
				return keys.Key{Verify: publicOf(ownKeys().of(alg))}, nil
			})
			m.EncodeKeyLoader(func(context.Context, any) (keys.Key, error) { return keys.Key{Sign: ownKeys().of(alg)}, nil })
		})
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			v.accepted(t, own(alg, aliceClaims()), "alice")
			for name, secret := range disguises(publicOf(ownKeys().of(alg))) {
				v.refusesAll(t, attack{name, seal("HS256", []byte(secret), headerFor("HS256"), aliceClaims()), msgAlg})
			}
			v.refusesAll(t,
				attack{"T001 none", b64(headerFor("none")) + "." + b64(aliceClaims()) + ".", msgAlg},
				attack{"T005 no alg", seal(alg, ownKeys().of(alg), `{}`, aliceClaims()), msgNoAlg},
				attack{"T020 empty secret", seal("HS256", []byte{}, headerFor("HS256"), aliceClaims()), msgAlg},
			)
		})
	}
}

func TestThreatGuessedSecret(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "HS256")
	for _, secret := range []string{
		"", "\x00", "secret", "Secret", "SECRET", "password", "changeme", "your-256-bit-secret", "your-secret-key", "jwt-secret", "super-secret",
		"a-string-secret-at-least-256-bits-long", "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
		"your-256-bit-secret-your-256-bit-secret", "JWT_SECRET_KEY", "SecretKey", "null", "undefined", "None", strings.Repeat("\x00", 32), strings.Repeat("0", 32),
	} {
		v.refusesAll(t, attack{"T020 T022 " + secret, seal("HS256", []byte(secret), headerFor("HS256"), aliceClaims()), msgSignature})
	}
}

// Mistakes in the settings are found at start-up, by name.

// keepShort is the way out for those who have tokens that a short secret signed.
const keepShort = ", or, so that nobody has to log in again, set AllowShortSecret (JWT_ALLOW_SHORT_SECRET=true) and let a new key sign beside this one (JWT_KEYS_FILE)"

func TestThreatSettingsSecret(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("k3!", 40)
	rsaKey := publicOf(ownKeys().rsa)
	for _, a := range []struct{ name, alg, secret, problem string }{
		{"T019 PEM", "HS256", publicPEM(rsaKey), "is a PEM text, not a secret; set PrivateKey or PublicKey and the Algorithm"},
		{"T019 PEM behind white space", "HS256", "\n\n  " + publicPEM(rsaKey), "is a PEM text, not a secret; set PrivateKey or PublicKey and the Algorithm"},
		{"T019 private PEM", "HS512", privatePEM(ownKeys().rsa), "is a PEM text, not a secret; set PrivateKey or PublicKey and the Algorithm"},
		{"T019 certificate", "HS256", pemText("CERTIFICATE", []byte(long)), "is a PEM text, not a secret; set PrivateKey or PublicKey and the Algorithm"},
		{"T019 JWK", "HS256", publicJWK(rsaKey), "is a JWK, not a secret"},
		{"T019 JWK Set", "HS256", ` {"keys": [` + publicJWK(rsaKey) + `]}`, "is a JWK, not a secret"},
		{"T019 SSH, RSA", "HS256", sshLine(rsaKey.(*rsa.PublicKey)), "is an SSH key, not a secret"},
		{"T019 SSH, Ed25519", "HS256", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + long, "is an SSH key, not a secret"},
		{"T019 SSH, EC", "HS256", "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY" + long, "is an SSH key, not a secret"},
		{"T019 SSH, security key", "HS256", "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t" + long, "is an SSH key, not a secret"},
		{"T019 SSH, RFC 4716", "HS256", "---- BEGIN SSH2 PUBLIC KEY ----\n" + long + "\n---- END SSH2 PUBLIC KEY ----\n", "is an SSH key, not a secret"},
		{"T021 one byte", "HS256", "k", "has 1 bytes, but must have at least the 32 of the hash; make one with: openssl rand -base64 32" + keepShort},
		{"T021 HS256", "HS256", long[:31], "has 31 bytes, but must have at least the 32 of the hash; make one with: openssl rand -base64 32" + keepShort},
		{"T021 HS384", "HS384", long[:47], "has 47 bytes, but must have at least the 48 of the hash; make one with: openssl rand -base64 48" + keepShort},
		{"T021 HS512", "HS512", long[:63], "has 63 bytes, but must have at least the 64 of the hash; make one with: openssl rand -base64 64" + keepShort},
		{"T022 of the jwt.io page", "HS256", "a-string-secret-at-least-256-bits-long", "is a secret that everybody knows"},
		{"T022 with a line feed", "HS256", "a-string-secret-at-least-256-bits-long\n", "is a secret that everybody knows"},
		{"T022 for HS512", "HS512", "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long", "is a secret that everybody knows"},
	} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			got := initError(t, ginjwt.Config{Algorithm: a.alg, SecretKey: a.secret})
			what, advice, advises := strings.Cut(a.problem, "; ")
			want := "ginjwt: SecretKey (JWT_SECRET_KEY): " + what + " (algorithm " + a.alg + ")"
			if advises {
				want += "; " + advice
			}
			assert.Equal(t, want, got)
			if len(a.secret) > 1 {
				assert.NotContains(t, got, strings.TrimSpace(a.secret), "the error shows the key")
			}
		})
	}
	for _, config := range []ginjwt.Config{{}, {AllowShortSecret: true}, {PublicKey: publicPEM(rsaKey)}, {Algorithm: "HS512"}} {
		assert.Contains(t, initError(t, config), "ginjwt: SecretKey (JWT_SECRET_KEY): must be set", "T020 no secret")
	}
	for alg, size := range map[string]int{"HS256": 32, "HS384": 48, "HS512": 64} {
		assert.NoError(t, ginjwt.New(ginjwt.Config{Algorithm: alg, SecretKey: long[:size]}).InitApp(nil), "T021 as long as the hash")
	}
	assert.Contains(t, initError(t, ginjwt.Config{AllowShortSecret: true, SecretKey: publicPEM(rsaKey)}), "is a PEM text", "T019 short or not")
}

// weakRSA returns public keys that no server should have.
func weakRSA() map[string]*rsa.PublicKey {
	n := ownKeys().rsa.N
	three := new(big.Int).Mul(n, big.NewInt(3))
	return map[string]*rsa.PublicKey{
		"T023 1024 bits":      &must(rsa.GenerateKey(rand.Reader, 1024)).PublicKey,
		"T023 exponent 1":     {N: n, E: 1},
		"T023 exponent 2":     {N: n, E: 2},
		"T023 exponent 65536": {N: n, E: 65536},
		"T028 even modulus":   {N: new(big.Int).Add(n, big.NewInt(1)), E: 65537},
		"T028 multiple of 3":  {N: three, E: 65537},
		"T028 multiple of 97": {N: new(big.Int).Mul(n, big.NewInt(97)), E: 65537},
	}
}

func TestThreatSettingsPEM(t *testing.T) {
	t.Parallel()
	list := ownKeys()
	type line struct{ name, alg, public, private, setting string }
	lines := []line{
		{"T023 1024 bits, private", "RS256", "", privatePEM(must(rsa.GenerateKey(rand.Reader, 1024))), "PrivateKey (JWT_PRIVATE_KEY)"},
		{"T024 P-384 for ES256", "ES256", publicPEM(list.p384.Public()), "", "PublicKey (JWT_PUBLIC_KEY)"},
		{"T024 P-256 for ES384", "ES384", "", privatePEM(list.p256), "PrivateKey (JWT_PRIVATE_KEY)"},
		{"T024 P-256 for ES512", "ES512", "", privatePEM(list.p256), "PrivateKey (JWT_PRIVATE_KEY)"},
		{"T024 P-224 for ES256", "ES256", "", privatePEM(must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))), "PrivateKey (JWT_PRIVATE_KEY)"},
		{"T025 RSA for ES256", "ES256", publicPEM(list.rsa.Public()), "", "PublicKey (JWT_PUBLIC_KEY)"},
		{"T025 EC for RS256", "RS256", "", privatePEM(list.p256), "PrivateKey (JWT_PRIVATE_KEY)"},
		{"T025 EC for EdDSA", "EdDSA", "", privatePEM(list.p256), "PrivateKey (JWT_PRIVATE_KEY)"},
		{"T025 Ed25519 for PS256", "PS256", publicPEM(list.ed25519.Public()), "", "PublicKey (JWT_PUBLIC_KEY)"},
		{"T025 RSA for EdDSA", "EdDSA", "", privatePEM(list.rsa), "PrivateKey (JWT_PRIVATE_KEY)"},
		{"T025 X25519 for EdDSA", "EdDSA", "", privatePEM(must(ecdh.X25519().GenerateKey(rand.Reader))), "PrivateKey (JWT_PRIVATE_KEY)"},
		{"T025 PEM for HS256", "HS256", publicPEM(list.rsa.Public()), "", "SecretKey (JWT_SECRET_KEY)"},
		{"T025 private key as public", "RS256", privatePEM(list.rsa), "", "PublicKey (JWT_PUBLIC_KEY)"},
		{"T025 public key as private", "RS256", "", publicPEM(list.rsa.Public()), "PrivateKey (JWT_PRIVATE_KEY)"},
		{"T025 of two pairs", "RS256", publicPEM(alienKeys().rsa.Public()), privatePEM(list.rsa), "PrivateKey (JWT_PRIVATE_KEY)"},
		{"T025 no key", "RS256", "", "", "PublicKey (JWT_PUBLIC_KEY)"},
		{"T025 no PEM", "RS256", "ssh-rsa AAAA", "", "PublicKey (JWT_PUBLIC_KEY)"},
		{"T028 off the curve", "ES256", pemText("PUBLIC KEY", offCurve(list.p256)), "", "PublicKey (JWT_PUBLIC_KEY)"},
		{"T028 point at infinity", "ES256", pemText("PUBLIC KEY", spki(ecOID(), []byte{0})), "", "PublicKey (JWT_PUBLIC_KEY)"},
		{"T028 Ed25519 of 31 bytes", "EdDSA", pemText("PUBLIC KEY", spki(edOID(), make([]byte, 31))), "", "PublicKey (JWT_PUBLIC_KEY)"},
		{"T028 Ed25519 of 33 bytes", "EdDSA", pemText("PUBLIC KEY", spki(edOID(), make([]byte, 33))), "", "PublicKey (JWT_PUBLIC_KEY)"},
	}
	for name, key := range weakRSA() {
		lines = append(lines, line{name, "RS256", publicPEM(key), "", "PublicKey (JWT_PUBLIC_KEY)"})
		lines = append(lines, line{name + ", PSS", "PS256", publicPEM(key), "", "PublicKey (JWT_PUBLIC_KEY)"})
	}
	for _, a := range lines {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			got := initError(t, ginjwt.Config{Algorithm: a.alg, PublicKey: a.public, PrivateKey: a.private})
			assert.True(t, strings.HasPrefix(got, "ginjwt: "+a.setting+": "), got)
			assert.NotContains(t, got, "\n", "one mistake is one problem")
			assert.NotContains(t, got, "BEGIN")
		})
	}
}

func ecOID() []byte {
	return must(asn1.Marshal([]asn1.ObjectIdentifier{{1, 2, 840, 10045, 2, 1}, {1, 2, 840, 10045, 3, 1, 7}}))
}

func edOID() []byte { return must(asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 101, 112}})) }

// spki wraps a public key that x509 would not marshal.
func spki(algorithm, key []byte) []byte {
	return must(asn1.Marshal(struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}{asn1.RawValue{FullBytes: algorithm}, asn1.BitString{Bytes: key, BitLength: len(key) * 8}}))
}

func offCurve(key *ecdsa.PrivateKey) []byte {
	point := must(key.PublicKey.Bytes())
	point[len(point)-1] ^= 1
	return spki(ecOID(), point)
}

// Keys that come from a loader are checked as those of the settings are.
func TestThreatWeakKeysFromLoaders(t *testing.T) {
	t.Parallel()
	list := ownKeys()
	type line struct {
		name string
		key  keys.Key
	}
	lines := []line{
		{"T001 none", keys.Key{Algorithm: "none", Verify: []byte{}}},
		{"T009 public PEM as secret", keys.Key{Algorithm: "HS256", Verify: []byte(publicPEM(list.rsa.Public()))}},
		{"T020 empty secret", keys.Key{Algorithm: "HS256", Verify: []byte{}}},
		{"T021 short secret", keys.Key{Algorithm: "HS256", Verify: []byte("secret")}},
		{"T024 another curve", keys.Key{Algorithm: "ES384", Verify: list.p256.Public()}},
		{"T025 another type", keys.Key{Algorithm: "HS256", Verify: list.rsa.Public()}},
		{"T025 text", keys.Key{Algorithm: "HS256", Verify: string(list.secret)}},
		{"T025 of two pairs", keys.Key{Algorithm: "RS256", Sign: list.rsa, Verify: alienKeys().rsa.Public()}},
		//lint:ignore SA1019 the safe constructors refuse a point off the curve
		{"T028 off the curve", keys.Key{Algorithm: "ES256", Verify: &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}}},
		{"T028 no curve", keys.Key{Algorithm: "ES256", Verify: &ecdsa.PublicKey{}}},
		{"T028 Ed25519 of wrong size", keys.Key{Algorithm: "EdDSA", Verify: ed25519.PublicKey(make([]byte, 31))}},
		{"T028 Ed25519 private of wrong size", keys.Key{Algorithm: "EdDSA", Sign: ed25519.PrivateKey(make([]byte, 32))}},
		{"T028 RSA without modulus", keys.Key{Algorithm: "RS256", Verify: &rsa.PublicKey{E: 65537}}},
		{"T028 RSA private without anything", keys.Key{Algorithm: "RS256", Sign: &rsa.PrivateKey{}}},
	}
	for name, key := range weakRSA() {
		lines = append(lines, line{name, keys.Key{Algorithm: "RS256", Verify: key}})
	}
	for _, a := range lines {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			mgr := ginjwt.New(ginjwt.Config{})
			mgr.DecodeKeyLoader(func(context.Context, *ginjwt.Token) (keys.Key, error) { return a.key, nil })
			signing := a.key
			if signing.Sign == nil {
				signing.Sign = signing.Verify
			}
			mgr.EncodeKeyLoader(func(context.Context, any) (keys.Key, error) { return signing, nil })
			require.NoError(t, mgr.InitApp(nil))

			encoded, err := mgr.CreateAccessToken(t.Context(), "alice")
			require.Error(t, err)
			assert.Empty(t, encoded)

			token := b64(headerFor(a.key.Algorithm)) + "." + b64(aliceClaims()) + "."
			if secret, ok := a.key.Verify.([]byte); ok {
				token = seal("HS256", secret, headerFor(a.key.Algorithm), aliceClaims())
			}
			decoded, err := mgr.DecodeToken(t.Context(), token)
			require.Error(t, err)
			assert.Nil(t, decoded)
			assert.NotContains(t, err.Error(), "BEGIN")
		})
	}
}

func TestThreatSettingsAlgorithm(t *testing.T) {
	t.Parallel()
	secret := string(ownKeys().secret)
	for _, name := range []string{"none", "None", "hs256", "HS256 ", "ES256K", "ed25519", "Ed448", "dir", "RSA-OAEP", "*"} {
		got := initError(t, ginjwt.Config{Algorithm: name, SecretKey: secret})
		assert.True(t, strings.HasPrefix(got, "ginjwt: Algorithm (JWT_ALGORITHM): "), "T001 %s: %s", name, got)
		got = initError(t, ginjwt.Config{SecretKey: secret, DecodeAlgorithms: []string{name}})
		assert.True(t, strings.HasPrefix(got, "ginjwt: DecodeAlgorithms (JWT_DECODE_ALGORITHMS): "), "T001 %s: %s", name, got)
	}
	for _, config := range []ginjwt.Config{
		{Algorithm: "RS256", DecodeAlgorithms: []string{"ES256"}, PrivateKey: privatePEM(ownKeys().rsa)},
		{Algorithm: "RS256", DecodeAlgorithms: []string{"EdDSA"}, PrivateKey: privatePEM(ownKeys().rsa)},
		{Algorithm: "ES256", DecodeAlgorithms: []string{"ES384"}, PrivateKey: privatePEM(ownKeys().p256)},
	} {
		assert.Contains(t, initError(t, config), "ginjwt: PrivateKey (JWT_PRIVATE_KEY): ", "T026 two families, one key")
	}
	got := initError(t, ginjwt.Config{Algorithm: "RS256", DecodeAlgorithms: []string{"HS256"}, PrivateKey: privatePEM(ownKeys().rsa)})
	assert.Contains(t, got, "ginjwt: SecretKey (JWT_SECRET_KEY): ", "T026 the PEM is no secret")
}

func TestThreatSettingsAllReported(t *testing.T) {
	t.Parallel()
	got := initError(t, ginjwt.Config{
		SecretKey:          publicPEM(ownKeys().rsa.Public()),
		PublicKey:          publicPEM(ownKeys().p384.Public()),
		DecodeAlgorithms:   []string{"none", "ES256", "RS256"},
		AccessTokenExpires: -5,
		DecodeLeeway:       -1,
	})
	for _, setting := range []string{
		"SecretKey (JWT_SECRET_KEY)", "PublicKey (JWT_PUBLIC_KEY)", "DecodeAlgorithms (JWT_DECODE_ALGORITHMS)",
		"AccessTokenExpires (JWT_ACCESS_TOKEN_EXPIRES)", "DecodeLeeway (JWT_DECODE_LEEWAY)",
	} {
		assert.Contains(t, got, "ginjwt: "+setting+": ")
	}
	assert.Len(t, strings.Split(got, "\n"), 6, got)
}
