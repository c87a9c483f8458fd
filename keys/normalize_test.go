package keys_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// derOf returns the bytes in a PEM text.
func derOf(t *testing.T, text string) []byte {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	require.NotNil(t, block)
	return block.Bytes
}

// relabelled returns a PEM text with another label.
func relabelled(t *testing.T, label, text string) string {
	t.Helper()
	return keytest.Encode(label, derOf(t, text))
}

// TestKeysAreReadAsTheyAreCopied reads the same key in every form, with every function that
// reads texts.
func TestKeysAreReadAsTheyAreCopied(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	private, trimmed := pems.RSAPrivate, strings.TrimSpace(pems.RSAPrivate)
	base := base64.StdEncoding.EncodeToString
	der, broken := derOf(t, private), endsWithBreak(t)
	for name, test := range map[string]struct{ text, want string }{
		"byte order mark":        {"\ufeff" + private, private},
		"Windows":                {strings.ReplaceAll(private, "\n", "\r\n"), private},
		"old Macintosh":          {strings.ReplaceAll(private, "\n", "\r"), private},
		`\n`:                     {strings.ReplaceAll(trimmed, "\n", `\n`), private},
		`\n, and a line break`:   {strings.ReplaceAll(trimmed, "\n", `\n`) + "\n", private},
		`\r\n`:                   {strings.ReplaceAll(trimmed, "\n", `\r\n`), private},
		`\\n`:                    {strings.ReplaceAll(trimmed, "\n", `\\n`), private},
		"lines that go on":       {strings.ReplaceAll(trimmed, "\n", "\\\n"), private},
		"indented":               {"    " + strings.ReplaceAll(private, "\n", "\n    "), private},
		"indented by tabs":       {"\t" + strings.ReplaceAll(private, "\n", "\n\t"), private},
		"blanks for breaks":      {strings.ReplaceAll(trimmed, "\n", " "), private},
		"nothing for breaks":     {strings.ReplaceAll(trimmed, "\n", ""), private},
		"quotes":                 {`"` + private + `"`, private},
		"single quotes":          {"'" + trimmed + "'\n", private},
		"JSON string":            {`"` + strings.ReplaceAll(trimmed, "\n", `\n`) + `"`, private},
		"three quotes":           {`"""` + "\n    " + strings.ReplaceAll(private, "\n", "\n    ") + `"""`, private},
		"blank before dashes":    {strings.ReplaceAll(private, "KEY-----", "KEY -----"), private},
		"PKCS 8 as PKCS 1":       {relabelled(t, "RSA PRIVATE KEY", private), private},
		"PKCS 1 as PKCS 8":       {relabelled(t, "PRIVATE KEY", pems.RSAPKCS1), private},
		"PKCS 8 as SEC 1":        {relabelled(t, "EC PRIVATE KEY", pems.P256Private), pems.P256Private},
		"PKIX as PKCS 1":         {relabelled(t, "RSA PUBLIC KEY", pems.RSAPublic), pems.RSAPublic},
		"PKCS 1 as PKIX":         {relabelled(t, "PUBLIC KEY", pems.RSAPublicPKCS1), pems.RSAPublic},
		"PKIX as certificate":    {relabelled(t, "CERTIFICATE", pems.RSAPublic), pems.RSAPublic},
		"certificate as PKIX":    {relabelled(t, "PUBLIC KEY", pems.Certificate), pems.P256Public},
		"any other label":        {relabelled(t, "KEY", pems.Ed25519Public), pems.Ed25519Public},
		"invisible characters":   {"\u200e" + strings.ReplaceAll(trimmed, "\n", "\u00a0\n\u00ad"), private},
		"blocks without a break": {strings.TrimSpace(pems.Ed25519Private) + pems.Ed25519Public, pems.Ed25519Private},
		"base64, \\n":            {strings.ReplaceAll(strings.Join(strings.Split(trimmed, "\n")[1:len(strings.Split(trimmed, "\n"))-1], "\n"), "\n", `\n`), private},
		"DER and a line break":   {string(der) + "\r\n", private},
		"DER that ends in one":   {string(broken) + "\n", keytest.Encode("PUBLIC KEY", broken)},
		"base64 of PKCS 8":       {base(der), private},
		"base64, wrapped":        {strings.Join(strings.Split(trimmed, "\n")[1:len(strings.Split(trimmed, "\n"))-1], "\r\n"), private},
		"base64 of PKCS 1":       {base(derOf(t, pems.RSAPKCS1)), private},
		"base64 of SEC 1":        {base(derOf(t, pems.P256SEC1[strings.Index(pems.P256SEC1, "-----BEGIN EC PRIVATE"):])), pems.P256Private},
		"base64 of PKIX":         {base(derOf(t, pems.RSAPublic)), pems.RSAPublic},
		"base64 of PKCS 1 (pub)": {base(derOf(t, pems.RSAPublicPKCS1)), pems.RSAPublic},
		"base64 of certificate":  {`"` + base(derOf(t, pems.Certificate)) + `"`, pems.P256Public},
		"base64url":              {base64.RawURLEncoding.EncodeToString(der), private},
		"hexadecimal":            {hex.EncodeToString(der), private},
		"base64 of PEM":          {base([]byte(private)), private},
		"base64 of base64":       {base([]byte(base([]byte(private)) + "\n")), private},
		"DER":                    {string(der), private},
		"DER of a certificate":   {string(derOf(t, pems.Certificate)), pems.P256Public},
		"JWK after a mark":       {"\ufeff" + string(rfcEC.text()), string(rfcEC.text())},
		"JWK Set after a mark":   {"\ufeff\r\n" + string(set(rfcEC)), string(rfcEC.text())},
		"JWK in quotes":          {"'" + string(rfcEC.text()) + "'", string(rfcEC.text())},
		"JWK in a JSON string":   {string(keytest.Must(json.Marshal(string(rfcEC.text())))), string(rfcEC.text())},
		"base64 of a JWK":        {base(rfcEC.text()), string(rfcEC.text())},
	} {
		want := fields(parseOne(t, []byte(test.want)))
		list, err := keys.Parse([]byte(test.text))
		require.NoError(t, err, name)
		require.Len(t, list, 1, name)
		assert.Equal(t, want, fields(list[0]), name)

		normalized, err := keys.Normalize([]byte(test.text))
		require.NoError(t, err, name)
		again, err := keys.Normalize(normalized)
		require.NoError(t, err, name)
		assert.Equal(t, string(normalized), string(again), name)
		if strings.HasPrefix(string(normalized), "{") {
			continue
		}
		one, err := keys.ParseOne("", "", []byte(test.text))
		require.NoError(t, err, name)
		assert.Equal(t, want, fields(one), name)
		parse := keys.ParsePublic
		if one.Sign != nil {
			parse = keys.ParsePrivate
		}
		half, err := parse("", []byte(test.text))
		require.NoError(t, err, name)
		assert.Equal(t, want, fields(half), name)
	}
}

func file(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return text
}

func TestKeysOfOpenSSHAreRead(t *testing.T) {
	t.Parallel()
	all := ""
	for _, kind := range []string{"ed25519", "rsa", "ecdsa"} {
		private, public := parseOne(t, file(t, "openssh-"+kind)), parseOne(t, file(t, "openssh-"+kind+".pub"))
		require.NotNil(t, private.Sign, kind)
		require.Nil(t, public.Sign, kind)
		assert.True(t, private.Sign.(crypto.Signer).Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(public.Verify), kind)
		wire := strings.Fields(string(file(t, "openssh-"+kind+".pub")))[1]
		assert.Equal(t, fields(public), fields(parseOne(t, []byte(wire))), kind)
		all += "# of alice\r\n" + string(file(t, "openssh-"+kind+".pub"))
	}
	list, err := keys.Parse([]byte(strings.TrimPrefix(all, "# of alice\r\n")))
	require.NoError(t, err)
	assert.Len(t, list, 3)
}

func TestKeysOfOpenSSHInOtherFormsAreRead(t *testing.T) {
	t.Parallel()
	private, public := string(file(t, "openssh-ed25519")), string(file(t, "openssh-ed25519.pub"))
	want := fields(parseOne(t, []byte(private)))
	for name, text := range map[string]string{
		"another label":       relabelled(t, "PRIVATE KEY", private),
		"base64 alone":        base64.StdEncoding.EncodeToString(derOf(t, private)),
		"binary":              string(derOf(t, private)),
		"indented, in quotes": "'" + strings.ReplaceAll(private, "\n", "\n  ") + "'",
	} {
		assert.Equal(t, want, fields(parseOne(t, []byte(text))), name)
	}
	want = fields(parseOne(t, []byte(public)))
	for _, before := range []string{`no-pty,command="run me" `, "example.com,192.0.2.1 ", "# a remark\n\n", "\ufeff"} {
		assert.Equal(t, want, fields(parseOne(t, []byte(before+public))), before)
	}
	inBase64 := base64.StdEncoding.EncodeToString([]byte(public))
	assert.Equal(t, want, fields(parseOne(t, []byte(inBase64))))
}

// openssl pkcs12 writes the certificate before the key.
func TestAPrivateKeyIsFoundBesideCertificates(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	want := fields(parseOne(t, []byte(pems.RSAPrivate)))
	k, err := keys.ParsePrivate("", []byte("Bag Attributes\n"+pems.Certificate+pems.RSAPublic+pems.RSAPrivate))
	require.NoError(t, err)
	assert.Equal(t, want, fields(k))
	_, err = keys.ParsePrivate("", []byte(pems.Certificate+pems.RSAPublic))
	assert.EqualError(t, err, "holds a public key")
	_, err = keys.ParsePublic("", []byte(pems.RSAPrivate+pems.RSAPublic))
	assert.EqualError(t, err, "holds a private key")
}

func TestACompressedPointIsRead(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	public := parseOne(t, []byte(pems.P256Public))
	key := public.Verify.(*ecdsa.PublicKey)
	var whole struct {
		Algorithm asn1.RawValue
		Bits      asn1.BitString
	}
	_, err := asn1.Unmarshal(derOf(t, pems.P256Public), &whole)
	require.NoError(t, err)
	point := elliptic.MarshalCompressed(key.Curve, key.X, key.Y)
	whole.Bits = asn1.BitString{Bytes: point, BitLength: 8 * len(point)}
	assert.Equal(t, fields(public), fields(parseOne(t, keytest.Must(asn1.Marshal(whole)))))
	point[0] = 5
	_, err = keys.Parse(keytest.Must(asn1.Marshal(whole)))
	assert.EqualError(t, err, "keys: PEM block 1: the public key is damaged or of an unknown kind")
}

func TestADamagedKeyOfOpenSSHIsRefused(t *testing.T) {
	t.Parallel()
	private := derOf(t, string(file(t, "openssh-ed25519")))
	other := parseOne(t, file(t, "openssh-ed25519")).Sign.(ed25519.PrivateKey)[32:]
	for n := range len(private) {
		_, err := keys.Parse([]byte(keytest.Encode("OPENSSH PRIVATE KEY", private[:n])))
		assert.Error(t, err, n)
	}
	checked := bytes.Clone(private)
	checked[98] ^= 1 // the first of two numbers that are the same, before the private key
	_, err := keys.Parse([]byte(keytest.Encode("OPENSSH PRIVATE KEY", checked)))
	require.EqualError(t, err, "keys: the SSH key is damaged")
	foreign := strings.Replace(string(private), string(other), strings.Repeat("x", 32), 1) // the public half at the beginning
	_, err = keys.Parse([]byte(keytest.Encode("OPENSSH PRIVATE KEY", []byte(foreign))))
	assert.EqualError(t, err, "keys: the private key contains the public key of another key")
	_, err = keys.Parse([]byte("ssh-ed25519 " + strings.Fields(string(file(t, "openssh-rsa.pub")))[1]))
	assert.EqualError(t, err, "keys: the SSH key is damaged")
}

// An id-RSASSA-PSS key is only for PSS, and its parameters choose the hash.
func TestKeysForPSSAreBoundToIt(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"pss.pem": "PS256", "pss-public.pem": "PS256", "pss-certificate.pem": "PS256", "pss384.pem": "PS384"} {
		assert.Equal(t, want, parseOne(t, file(t, name)).Algorithm, name)
	}
	for _, test := range []struct{ name, algorithm, says string }{
		{"pss.pem", "PS256", ""},
		{"pss.pem", "PS512", ""},
		{"pss.pem", "RS256", "is an RSA-PSS key, which is for PS256, PS384, PS512 only (algorithm RS256)"},
		{"pss384.pem", "PS384", ""},
		{"pss384.pem", "PS256", "is an RSA-PSS key, which is for PS384 only (algorithm PS256)"},
		{"pss-sha1.pem", "PS256", "is an RSA-PSS key with parameters that no JWT algorithm has; make one with: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072"},
	} {
		k, err := keys.ParseOne("", test.algorithm, file(t, test.name))
		if test.says != "" {
			assert.EqualError(t, err, "keys: "+test.says)
			continue
		}
		require.NoError(t, err, test.name)
		assert.Equal(t, test.algorithm, k.Algorithm)
	}
	both, err := keys.Parse(append(file(t, "pss-public.pem"), keytest.Private(parseOne(t, file(t, "pss.pem")).Sign)...))
	require.NoError(t, err)
	require.Len(t, both, 1)
	assert.Equal(t, "PS256", both[0].Algorithm, "one half says what the key is for")
}

func TestForeignKeysAreNamed(t *testing.T) {
	t.Parallel()
	pem := keytest.Generate(t).Ed25519Private
	wide := func(order func(b []byte, r uint16) []byte, mark string) string {
		b := []byte(mark)
		for _, r := range utf16.Encode([]rune(pem)) {
			b = order(b, r)
		}
		return string(b)
	}
	little := func(b []byte, r uint16) []byte { return append(b, byte(r), byte(r>>8)) }
	big := func(b []byte, r uint16) []byte { return append(b, byte(r>>8), byte(r)) }
	for text, says := range map[string]string{
		string(file(t, "ec-explicit.pem")):                                                     "explicit parameters",
		string(file(t, "secp256k1.pem")):                                                       "secp256k1",
		string(file(t, "secp256k1-certificate.pem")):                                           "secp256k1",
		string(file(t, "ec-explicit-certificate.pem")):                                         "explicit parameters",
		string(file(t, "encrypted.pem")):                                                       "the key is encrypted; decrypt it first: openssl pkey -in FILE -out key.pem",
		string(derOf(t, string(file(t, "encrypted.pem")))):                                     "the key is encrypted; decrypt it first: openssl pkey",
		string(file(t, "encrypted-traditional.pem")):                                           "the key is encrypted; decrypt it first: openssl pkey",
		string(file(t, "openssh-encrypted")):                                                   `the SSH key is encrypted; decrypt it first: ssh-keygen -p -N "" -f FILE`,
		string(file(t, "keys.p12")):                                                            "PKCS #12 file; convert it: openssl pkcs12",
		base64.StdEncoding.EncodeToString(file(t, "keys.p12")):                                 "PKCS #12 file; convert it: openssl pkcs12",
		string(file(t, "keys.p7b")):                                                            "PKCS #7",
		string(file(t, "request.pem")):                                                         "certificate signing request",
		"\xfe\xed\xfe\xed\x00\x00\x00\x02":                                                     "Java keystore; convert it: keytool",
		"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n":                               "PuTTY",
		"---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n":                                              "RFC 4716",
		"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ\n-----END PGP PRIVATE KEY BLOCK-----":     "OpenPGP",
		"<RSAKeyValue><Modulus>AQ==</Modulus></RSAKeyValue>":                                   ".NET XML key",
		"sk-ssh-ed25519@openssh.com " + skLine:                                                 "SSH key of a type that cannot sign tokens",
		wide(little, "\xff\xfe"):                                                               "UTF-16",
		wide(big, "\xfe\xff"):                                                                  "UTF-16",
		wide(little, ""):                                                                       "UTF-16",
		wide(big, ""):                                                                          "UTF-16",
		"https://id.example.com/certs.json":                                                    "is a URL",
		`{"type":"service_account","private_key":"-----BEGIN PRIVATE KEY-----\nMC4"}`:          "is JSON that contains a PEM text",
		pem[len(pem)/2:]:                                                                       "a PEM block has no BEGIN line",
		keytest.Encode("TRUSTED CERTIFICATE", []byte("x")):                                     "openssl x509 -in FILE",
		string(file(t, "rsa-three-primes.pem")):                                                "RSA key of more than two primes",
		keytest.Encode("DSA PRIVATE KEY", keytest.Must(asn1.Marshal([]int{0, 1, 2, 3, 4, 5}))): "is a key for DSA",
		"${JWT_PRIVATE_KEY}":                                                                   "name of a variable",
	} {
		_, err := keys.Parse([]byte(text))
		assert.ErrorContains(t, err, says)
		_, err = keys.ParseOne("", "", []byte(text))
		assert.ErrorContains(t, err, says)
		_, err = keys.ParsePrivate("", []byte(text))
		assert.ErrorContains(t, err, says)
	}
}

var skLine = base64.StdEncoding.EncodeToString([]byte("\x00\x00\x00\x1ask-ssh-ed25519@openssh.com\x00\x00\x00\x01x"))

func TestAPathIsNoKey(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"/etc/keys/private.pem", "/run/secrets/jwt", "./key.pem", "../key", "~/.ssh/id_ed25519", "file:///etc/key.pem", `C:\keys\private.pem`, `C:\new\rsa.pem`,
		"private.pem", "keys/public.PEM", "keys.json", "$HOME/key", "/Custom/Dir/Key", "/key", "\"/etc/key.pem\"\n",
	} {
		_, err := keys.Parse([]byte(text))
		assert.ErrorIs(t, err, keys.ErrPath, text)
		_, err = keys.ParsePublic("", []byte(text))
		assert.ErrorIs(t, err, keys.ErrPath, text)
	}
	for _, text := range []string{"", "secret", "a text. And another"} {
		_, err := keys.Parse([]byte(text))
		assert.EqualError(t, err, "keys: neither a key in PEM form nor a JWK found", text)
	}
}

// oneAsymmetricKey is PKCS #8 with the public key, of RFC 5958 §2.
type oneAsymmetricKey struct {
	Version   int
	Algorithm struct{ ID asn1.ObjectIdentifier }
	Key       []byte
	Public    asn1.BitString `asn1:"tag:1"`
}

func TestThePublicKeyInAPrivateOneBelongsToIt(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	private := parsed(t, pems.Ed25519Private).Sign.(ed25519.PrivateKey)
	other := parsed(t, pems.Ed25519Other).Sign.(ed25519.PrivateKey)
	v2 := oneAsymmetricKey{Version: 1, Key: keytest.Must(asn1.Marshal(private.Seed()))}
	v2.Algorithm.ID = asn1.ObjectIdentifier{1, 3, 101, 112}
	v2.Public = asn1.BitString{Bytes: private[32:], BitLength: 256}
	assert.Equal(t, fields(keys.Key{Sign: private}), fields(parseOne(t, keytest.Must(asn1.Marshal(v2)))))
	v2.Public.Bytes = other[32:]
	ec := derOf(t, pems.P256Private)
	ec[len(ec)-1] ^= 1 // the public point is at the end
	sec1 := derOf(t, pems.P256SEC1[strings.Index(pems.P256SEC1, "-----BEGIN EC PRIVATE"):])
	sec1[len(sec1)-1] ^= 1
	for _, der := range [][]byte{append(ec[:len(ec):len(ec)], 0), append(sec1[:len(sec1):len(sec1)], 0)} {
		_, err := keys.ParseOne("", "", []byte(keytest.Encode("PRIVATE KEY", der)))
		assert.EqualError(t, err, "keys: the private key is damaged or of an unknown kind", "nothing follows a key")
	}
	for name, der := range map[string][]byte{"PKCS 8, version 2": keytest.Must(asn1.Marshal(v2)), "EC in PKCS 8": ec, "SEC 1": sec1} {
		_, err := keys.ParseOne("", "", der)
		assert.EqualError(t, err, "keys: the private key contains the public key of another key", name)
	}
}

func TestNormalizeKeepsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	text := keytest.Encode("X509 CRL", []byte("x"))
	normalized, err := keys.Normalize([]byte("some text\r\n" + text))
	require.NoError(t, err)
	assert.Equal(t, text, string(normalized))
}

// FuzzNormalize checks that nothing panics, that normalizing twice changes nothing, and that the
// keys stay the same.
func FuzzNormalize(f *testing.F) {
	pems, err := os.ReadDir("testdata")
	require.NoError(f, err)
	for _, entry := range pems {
		if !entry.IsDir() {
			f.Add(keytest.Must(os.ReadFile(filepath.Join("testdata", entry.Name()))))
		}
	}
	private := keytest.Generate(f).Ed25519Private
	for _, text := range []string{
		string(rfcEC.text()), "\ufeff'" + string(set(rfcEC)) + "'", "\"\\ufeff" + strings.ReplaceAll(private, "\n", `\n`) + `"`, strings.ReplaceAll(private, "\n", " "),
		base64.StdEncoding.EncodeToString([]byte(private)), hex.EncodeToString([]byte(private)), private + private, "/etc/key.pem", `{"a":"-----BEGIN "}`,
	} {
		f.Add([]byte(text))
	}
	f.Add(x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: unnumber(rfcRSA["n"]), E: 65537}))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := keys.Parse(text)
		normalized, normalErr := keys.Normalize(text)
		if normalErr != nil {
			require.Error(t, err)
			return
		}
		again, err2 := keys.Normalize(normalized)
		require.NoError(t, err2)
		require.Equal(t, string(normalized), string(again))
		same, err2 := keys.Parse(normalized)
		require.Equal(t, err == nil, err2 == nil)
		require.Len(t, same, len(list))
		for i := range list {
			require.Equal(t, fields(list[i]), fields(same[i]))
		}
	})
}
