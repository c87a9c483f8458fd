package keys_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// TestAKeyIsNoSecret tries all forms of a public key that an attacker can get. None of them may
// become an HMAC secret (RFC 8725 §2.1).
func TestAKeyIsNoSecret(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	pkix := derOf(t, pems.RSAPublic)
	ssh := string(file(t, "openssh-ed25519.pub"))
	wide := keytest.Must(binary.Append(nil, binary.LittleEndian, utf16.Encode([]rune("\ufeff"+pems.RSAPublic))))
	base := base64.StdEncoding.EncodeToString
	jwk := string(rfcEC.public().text())
	_, cutOff, _ := strings.Cut(pems.RSAPublic, "\n")
	for name, secret := range map[string][]byte{
		"PKIX":                     pkix,
		"PKIX and a line break":    append(bytes.Clone(pkix), '\n'),
		"PKIX without its end":     bytes.TrimSuffix(endsWithBreak(t), []byte("\n")),
		"PKIX of Ed25519":          derOf(t, pems.Ed25519Public),
		"PKCS 1":                   derOf(t, pems.RSAPublicPKCS1),
		"PKCS 8":                   derOf(t, pems.RSAPrivate),
		"PKCS 1, private":          derOf(t, pems.RSAPKCS1),
		"certificate":              derOf(t, pems.Certificate),
		"PKIX after a mark":        append([]byte("\ufeff"), pkix...),
		"PKIX in quotes":           slices.Concat([]byte(`"`), pkix, []byte("\" \r\n")),
		"PKIX and a zero byte":     append(bytes.Clone(pkix), 0),
		"PSS":                      derOf(t, string(file(t, "pss-public.pem"))),
		"secp256k1":                derOf(t, string(file(t, "secp256k1.pem"))),
		"PEM after a mark":         []byte("\ufeff" + pems.RSAPublic),
		"PEM in UTF-16":            wide,
		"PEM without BEGIN":        []byte(cutOff),
		"base64 of PKIX":           []byte(base(pkix)),
		"base64 of PKIX and \\n":   []byte(base(pkix) + `\n`),
		"base64 of PKIX in quotes": []byte(`"` + base(pkix) + `"`),
		"hexadecimal":              []byte(hex.EncodeToString(pkix)),
		"base64 of PEM":            []byte(base([]byte(pems.RSAPublic))),
		"base64 of a JWK":          []byte(base(rfcEC.public().text())),
		"JWK in quotes":            []byte("'" + jwk + "'"),
		"JWK with escaped quotes":  []byte(strings.ReplaceAll(jwk, `"`, `\"`)),
		"JWK with other quotes":    []byte(strings.ReplaceAll(jwk, `"`, `'`)),
		"JWKs in an array":         []byte("[" + jwk + "]"),
		"JWK after its name":       []byte("KEY=" + jwk),
		"SSH after a mark":         []byte("\ufeff" + ssh),
		"SSH after a remark":       []byte("# of alice\rgit.example.com " + ssh),
		"SSH after a host":         []byte("git.example.com " + ssh),
		"SSH after options":        []byte("no-pty,command=\"a b\" " + ssh),
		"base64 of SSH":            []byte(base([]byte(ssh))),
		"SSH, the blob":            keytest.Must(base64.StdEncoding.DecodeString(strings.Fields(ssh)[1])),
		"SSH, the blob in base64":  []byte(strings.Fields(ssh)[1]),
	} {
		for door, open := range map[string]func() error{
			"Sign":   func() error { _, err := keys.NewSet(keys.Key{Sign: secret}); return err },
			"Verify": func() error { _, err := keys.NewSet(keys.Key{Verify: secret}); return err },
			"loader": func() error {
				_, err := keys.Options{AllowShortSecret: true}.Bind(keys.Key{Algorithm: "HS256", Sign: secret})
				return err
			},
			"JWK": func() error {
				_, err := keys.Parse(rfcSecret.with(object{"k": base64.RawURLEncoding.EncodeToString(secret)}).text())
				return err
			},
		} {
			assert.ErrorContains(t, open(), ", not a secret", "%s: %s", door, name)
		}
	}
}

func TestRandomSecretsAreNoKeys(t *testing.T) {
	t.Parallel()
	for range 2000 {
		_, private, err := ed25519.GenerateKey(nil)
		require.NoError(t, err)
		random := private.Seed()
		for _, secret := range []string{string(random), base64.StdEncoding.EncodeToString(random), hex.EncodeToString(random)} {
			if _, err := (keys.Options{}).Bind(keys.Key{Algorithm: "HS256", Sign: []byte(secret)}); err != nil {
				require.NotContains(t, err.Error(), ", not a secret")
			}
		}
	}
	brackets := []byte("<" + strings.Repeat("\x81", 30) + ">")
	_, err := keys.Options{}.Bind(keys.Key{Algorithm: "HS256", Sign: brackets})
	require.NoError(t, err, "these bytes are as good as others")
	utf16InBase64 := base64.StdEncoding.EncodeToString(append([]byte{0xff, 0xfe}, make([]byte, 30)...))
	_, err = keys.Options{}.Bind(keys.Key{Algorithm: "HS256", Sign: []byte(utf16InBase64)})
	assert.NoError(t, err)
}

// endsWithBreak returns a public key whose last byte looks like a line break.
func endsWithBreak(t *testing.T) []byte {
	t.Helper()
	for {
		public, _, err := ed25519.GenerateKey(nil)
		require.NoError(t, err)
		if public[31] == '\n' {
			return keytest.Must(x509.MarshalPKIXPublicKey(public))
		}
	}
}
