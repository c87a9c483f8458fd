package keys_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// object is a JWK in a test.
type object map[string]any

// with returns a copy of o with other members; nil removes a member.
func (o object) with(members object) object {
	changed := maps.Clone(o)
	for name, member := range members {
		changed[name] = member
		if member == nil {
			delete(changed, name)
		}
	}
	return changed
}

// text returns the JSON of o, with the members in the order of the alphabet.
func (o object) text() []byte { return keytest.Must(json.Marshal(o)) }

func set(list ...object) []byte { return object{"keys": list}.text() }

// The keys of RFC 7517 appendix A.2 and A.3, and of RFC 8037 appendix A.1, without
// the use of the first two.
var (
	rfcRSA = object{
		"kty": "RSA", "kid": "2011-04-29", "alg": "RS256",
		"n":  "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
		"e":  "AQAB",
		"d":  "X4cTteJY_gn4FYPsXB8rdXix5vwsg1FLN5E3EaG6RJoVH-HLLKD9M7dx5oo7GURknchnrRweUkC7hT5fJLM0WbFAKNLWY2vv7B6NqXSzUvxT0_YSfqijwp3RTzlBaCxWp4doFk5N2o8Gy_nHNKroADIkJ46pRUohsXywbReAdYaMwFs9tv8d_cPVY3i07a3t8MN6TNwm0dSawm9v47UiCl3Sk5ZiG7xojPLu4sbg1U2jx4IBTNBznbJSzFHK66jT8bgkuqsk0GjskDJk19Z4qwjwbsnn4j2WBii3RL-Us2lGVkY8fkFzme1z0HbIkfz0Y6mqnOYtqc0X4jfcKoAC8Q",
		"p":  "83i-7IvMGXoMXCskv73TKr8637FiO7Z27zv8oj6pbWUQyLPQBQxtPVnwD20R-60eTDmD2ujnMt5PoqMrm8RfmNhVWDtjjMmCMjOpSXicFHj7XOuVIYQyqVWlWEh6dN36GVZYk93N8Bc9vY41xy8B9RzzOGVQzXvNEvn7O0nVbfs",
		"q":  "3dfOR9cuYq-0S-mkFLzgItgMEfFzB2q3hWehMuG0oCuqnb3vobLyumqjVZQO1dIrdwgTnCdpYzBcOfW5r370AFXjiWft_NGEiovonizhKpo9VVS78TzFgxkIdrecRezsZ-1kYd_s1qDbxtkDEgfAITAG9LUnADun4vIcb6yelxk",
		"dp": "G4sPXkc6Ya9y8oJW9_ILj4xuppu0lzi_H7VTkS8xj5SdX3coE0oimYwxIi2emTAue0UOa5dpgFGyBJ4c8tQ2VF402XRugKDTP8akYhFo5tAA77Qe_NmtuYZc3C3m3I24G2GvR5sSDxUyAN2zq8Lfn9EUms6rY3Ob8YeiKkTiBj0",
		"dq": "s9lAH9fggBsoFR8Oac2R_E2gw282rT2kGOAhvIllETE1efrA6huUUvMfBcMpn8lqeW6vzznYY5SSQF7pMdC_agI3nG8Ibp1BUb0JUiraRNqUfLhcQb_d9GF4Dh7e74WbRsobRonujTYN1xCaP6TO61jvWrX-L18txXw494Q_cgk",
		"qi": "GyM_p6JrXySiz1toFgKbWV-JdI3jQ4ypu9rbMWx3rQJBfmt0FoYzgUIZEVFEcOqwemRN81zoDAaa-Bk0KWNGDjJHZDdDmFhW3AN7lI-puxk_mHZGJ11rxyR8O55XLSe3SPmRfKwZI6yU24ZxvQKFYItdldUKGzO6Ia6zTKhAVRU",
	}
	rfcEC = object{
		"kty": "EC", "kid": "1", "crv": "P-256",
		"x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
		"y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
		"d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
	}
	rfcEd25519 = object{
		"kty": "OKP", "crv": "Ed25519",
		"x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
		"d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
	}
	rfcSecret = object{
		"kty": "oct", "kid": "HMAC key used in JWS spec Appendix A.1 example",
		"k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
	}
)

// public are the members that a public JWK may have.
func (o object) public() object {
	return o.with(object{"d": nil, "p": nil, "q": nil, "dp": nil, "dq": nil, "qi": nil})
}

func parseOne(t *testing.T, text []byte) keys.Key {
	t.Helper()
	list, err := keys.Parse(text)
	require.NoError(t, err)
	require.Len(t, list, 1)
	return list[0]
}

func unbase64(text any) []byte {
	return keytest.Must(base64.RawURLEncoding.DecodeString(text.(string)))
}

func unnumber(text any) *big.Int { return new(big.Int).SetBytes(unbase64(text)) }

func TestParseKeysReadsTheKeysOfTheRFCs(t *testing.T) {
	t.Parallel()
	list, err := keys.Parse(set(rfcRSA, rfcEC, rfcEd25519, rfcSecret, rfcRSA.public(), rfcEC.public(), rfcEd25519.public()))
	require.NoError(t, err)
	require.Len(t, list, 7)

	rsaKey := list[0].Sign.(*rsa.PrivateKey)
	assert.Equal(t, unnumber(rfcRSA["n"]), rsaKey.N)
	assert.Equal(t, 65537, rsaKey.E)
	assert.Equal(t, unnumber(rfcRSA["d"]), rsaKey.D)
	assert.Equal(t, []*big.Int{unnumber(rfcRSA["p"]), unnumber(rfcRSA["q"])}, rsaKey.Primes)
	ecKey := list[1].Sign.(*ecdsa.PrivateKey)
	assert.Equal(t, elliptic.P256(), ecKey.Curve)
	assert.Equal(t, unbase64(rfcEC["d"]), keytest.Must(ecKey.Bytes()))
	edKey := list[2].Sign.(ed25519.PrivateKey)
	assert.Equal(t, unbase64(rfcEd25519["d"]), edKey.Seed())

	for i, want := range []keys.Key{
		{ID: "2011-04-29", Algorithm: "RS256", Sign: rsaKey},
		{ID: "1", Sign: ecKey},
		{Sign: edKey},
		{ID: "HMAC key used in JWS spec Appendix A.1 example", Sign: unbase64(rfcSecret["k"])},
		{ID: "2011-04-29", Algorithm: "RS256", Verify: &rsaKey.PublicKey},
		{ID: "1", Verify: &ecKey.PublicKey},
		{Verify: edKey.Public()},
	} {
		assert.Equal(t, fields(want), fields(list[i]), i)
	}
}

// fields returns the fields of a Key as a comparable value. The keys are in a form that does not
// depend on how they were read.
func fields(k keys.Key) []any {
	der := func(key any) any {
		switch key := key.(type) {
		case nil, []byte:
			return key
		case crypto.Signer:
			return keytest.Must(x509.MarshalPKCS8PrivateKey(key))
		}
		return keytest.Must(x509.MarshalPKIXPublicKey(key))
	}
	return []any{k.ID, k.Algorithm, der(k.Sign), der(k.Verify), k.NotBefore, k.NotAfter, k.TokenType, k.AllowMissingKeyID}
}

func TestKeysForOtherUsesAreRefused(t *testing.T) {
	t.Parallel()
	a1 := set(rfcEC.public().with(object{"use": "enc"}), rfcRSA.public())
	_, err := keys.Parse(a1)
	assert.EqualError(t, err, `keys: keys[0] (kid "1"): the member "use" must be "sig"`)
	a3 := set(rfcSecret, object{"kty": "oct", "alg": "A128KW", "k": "GawgguFyGrWKav7AX4VKUg"})
	_, err = keys.Parse(a3)
	assert.EqualError(t, err, `keys: keys[1]: the member "alg" names no signing algorithm of this package`)
}

func TestCertificatesThatCannotBeReadAreIgnored(t *testing.T) {
	t.Parallel()
	k := parseOne(t, rfcEC.with(object{"x5c": []string{"no certificate"}, "x5u": "http://127.0.0.1:1/", "x5t": "AA", "x5t#S256": 1, "ext": true}).text())
	assert.Equal(t, fields(parseOne(t, rfcEC.text())), fields(k))
}

func TestParseKeysReadsEveryMember(t *testing.T) {
	t.Parallel()
	k := parseOne(t, append([]byte(" \r\n\t"), rfcEd25519.with(object{
		"kid": "k\u00e91", "alg": "EdDSA", "use": "sig", "key_ops": []string{"sign", "verify"},
		"nbf": 1767225600, "exp": 1798761600.75, "token_type": "refresh", "verify_unnamed": true,
	}).text()...))
	assert.Equal(t, fields(keys.Key{
		ID: "ké1", Algorithm: "EdDSA", Sign: ed25519.NewKeyFromSeed(unbase64(rfcEd25519["d"])),
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
		TokenType: keys.RefreshToken, AllowMissingKeyID: true,
	}), fields(k))
}

func TestOperationsSayWhetherASecretSigns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		operations []string
		signs      bool
	}{
		{[]string{"sign", "verify"}, true},
		{[]string{"verify", "sign", "deriveKey"}, true},
		{[]string{"verify"}, false},
	} {
		k := parseOne(t, rfcSecret.with(object{"key_ops": test.operations}).text())
		assert.Equal(t, test.signs, k.Sign != nil, test.operations)
		assert.Equal(t, !test.signs, k.Verify != nil, test.operations)
	}
}

func TestParseKeysRefusesBadJWKs(t *testing.T) {
	t.Parallel()
	small := keytest.Must(rsa.GenerateKey(rand.Reader, 1024))
	for name, test := range map[string]struct {
		base, change object
		says         string
	}{
		"no type":               {rfcEC, object{"kty": nil}, `the member "kty" is missing`},
		"unknown type":          {rfcEC, object{"kty": "AKP"}, `the member "kty" must be "RSA", "EC", "OKP" or "oct"`},
		"type in other case":    {rfcEC, object{"kty": "ec"}, `the member "kty" must be "RSA", "EC", "OKP" or "oct"`},
		"name in other case":    {rfcEC, object{"kty": nil, "KTY": "EC"}, `the member "kty" is missing`},
		"type is no text":       {rfcEC, object{"kty": 1}, `the member "kty" must be a string`},
		"type is null":          {rfcEC, object{"kty": json.RawMessage("null")}, `the member "kty" must be a string`},
		"ID is no text":         {rfcEC, object{"kid": 1}, `the member "kid" must be a string`},
		"no signature":          {rfcEC, object{"alg": "none"}, `the member "alg" names no signing algorithm of this package`},
		"empty algorithm":       {rfcEC, object{"alg": ""}, `the member "alg" names no signing algorithm of this package`},
		"encryption":            {rfcRSA, object{"alg": "RSA-OAEP"}, `the member "alg" names no signing algorithm of this package`},
		"algorithm is no text":  {rfcEC, object{"alg": []string{"ES256"}}, `the member "alg" must be a string`},
		"other algorithm":       {rfcEC, object{"alg": "RS256"}, "needs a key for RSA, not an EC key (algorithm RS256)"},
		"HMAC with public key":  {rfcRSA.public(), object{"alg": "HS256"}, "needs a key for HMAC, not an RSA key (algorithm HS256)"},
		"other curve":           {rfcEC, object{"alg": "ES384"}, "needs a key on the curve P-384 (algorithm ES384)"},
		"to encrypt":            {rfcEC, object{"use": "enc"}, `the member "use" must be "sig"`},
		"use is no text":        {rfcEC, object{"use": []string{"sig"}}, `the member "use" must be a string`},
		"operations as text":    {rfcEC, object{"key_ops": "sign"}, `the member "key_ops" must be an array of strings`},
		"operations as numbers": {rfcEC, object{"key_ops": []int{1}}, `the member "key_ops" must be an array of strings`},
		"no operations":         {rfcEC, object{"key_ops": []string{}}, `the member "key_ops" must hold "sign"`},
		"many operations":       {rfcEC, object{"key_ops": slices.Repeat([]string{"sign"}, 33)}, `the member "key_ops" holds too much`},
		"operations twice":      {rfcEC, object{"key_ops": []string{"sign", "verify", "sign"}}, `the member "key_ops" holds something twice`},
		"private, verifies":     {rfcEC, object{"key_ops": []string{"verify"}}, `the member "key_ops" must hold "sign"`},
		"public, signs":         {rfcEC.public(), object{"key_ops": []string{"sign"}}, `the member "key_ops" must hold "verify"`},
		"public, encrypts":      {rfcRSA.public(), object{"key_ops": []string{"encrypt"}}, `the member "key_ops" must hold "verify"`},
		"secret only signs":     {rfcSecret, object{"key_ops": []string{"sign"}}, `the member "key_ops" must hold "verify"`},
		"secret twice":          {rfcSecret, object{"key_ops": []string{"verify", "verify"}}, `the member "key_ops" holds something twice`},
		"date as text":          {rfcEC, object{"nbf": "1767225600"}, `the member "nbf" must be a number of seconds since 1970`},
		"date as flag":          {rfcEC, object{"exp": true}, `the member "exp" must be a number of seconds since 1970`},
		"date is null":          {rfcEC, object{"exp": json.RawMessage("null")}, `the member "exp" must be a number of seconds since 1970`},
		"date before 1970":      {rfcEC, object{"exp": -1}, `the member "exp" must be a number of seconds since 1970`},
		"the zero time":         {rfcEC, object{"exp": -62135596800}, `the member "exp" must be a number of seconds since 1970`},
		"date after 9999":       {rfcEC, object{"nbf": 253402300800}, `the member "nbf" must be a number of seconds since 1970`},
		"endless date":          {rfcEC, object{"nbf": json.RawMessage("1e999")}, `the member "nbf" must be a number of seconds since 1970`},
		"unknown type of token": {rfcEC, object{"token_type": "id"}, `the member "token_type" must be "access" or "refresh"`},
		"empty type of token":   {rfcEC, object{"token_type": ""}, `the member "token_type" must be "access" or "refresh"`},
		"flag as text":          {rfcEC, object{"verify_unnamed": "true"}, `the member "verify_unnamed" must be true or false`},
		"flag is null":          {rfcEC, object{"verify_unnamed": json.RawMessage("null")}, `the member "verify_unnamed" must be true or false`},

		"no modulus":             {rfcRSA.public(), object{"n": nil}, `the member "n" is missing`},
		"no exponent":            {rfcRSA.public(), object{"e": nil}, `the member "e" is missing`},
		"modulus as number":      {rfcRSA.public(), object{"n": 1}, `the member "n" must be a string`},
		"too much padding":       {rfcRSA.public(), object{"e": "AQAB===="}, `the member "e" is not base64url`},
		"not canonical":          {rfcRSA.public(), object{"e": "Ax"}, `the member "e" is not base64url`},
		"line break":             {rfcRSA.public(), object{"e": "AQ\nAB"}, `the member "e" is not base64url`},
		"other base64":           {rfcEC.public(), object{"y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFy+"}, `the member "y" is not base64url`},
		"zeros before modulus":   {rfcRSA.public(), object{"n": "AAEB"}, "has 9 bits, but must have at least 2048 (RFC 7518 §3.3) (algorithm RS256)"},
		"exponent 0":             {rfcRSA.public(), object{"e": "AAAA"}, `the member "e" is empty or zero`},
		"empty exponent":         {rfcRSA.public(), object{"e": ""}, `the member "e" is empty or zero`},
		"huge exponent":          {rfcRSA.public(), object{"e": "gAAAAQ"}, `the member "e" is too large`},
		"exponent 1":             {rfcRSA.public(), object{"e": "AQ"}, "has the exponent 1, which is not safe (algorithm RS256)"},
		"huge modulus":           {rfcRSA.public(), object{"n": strings.Repeat("_", 1368)}, `the member "n" has more than 8192 bits`},
		"small modulus":          {rfcRSA.public(), object{"n": rawBase64(small.N.Bytes())}, "has 1024 bits, but must have at least 2048 (RFC 7518 §3.3) (algorithm RS256)"},
		"no d":                   {rfcRSA, object{"d": nil}, `the member "d" is missing`},
		"only qi":                {rfcRSA.public(), object{"qi": "AQ"}, `the member "d" is missing`},
		"no p":                   {rfcRSA, object{"p": nil}, `the member "p" is missing`},
		"no q":                   {rfcRSA, object{"q": nil}, `the member "q" is missing`},
		"other d":                {rfcRSA, object{"d": rfcRSA["dp"]}, "not a valid RSA key"},
		"other p":                {rfcRSA, object{"p": rfcRSA["dp"]}, "not a valid RSA key"},
		"small p":                {rfcRSA, object{"p": "AQ"}, "not a valid RSA key"},
		"even p":                 {rfcRSA, object{"p": "Ag"}, "not a valid RSA key"},
		"other n":                {rfcRSA, object{"n": rfcRSA["d"]}, "not a valid RSA key"},
		"other dp":               {rfcRSA, object{"dp": rfcRSA["dq"]}, `the member "dp" does not belong to the key`},
		"other dq":               {rfcRSA, object{"dq": rfcRSA["dp"]}, `the member "dq" does not belong to the key`},
		"other qi":               {rfcRSA, object{"qi": rfcRSA["dp"]}, `the member "qi" does not belong to the key`},
		"dq no base64":           {rfcRSA, object{"dq": "!"}, `the member "dq" is not base64url`},
		"many primes":            {rfcRSA, object{"oth": []object{}}, `the member "oth" is there: a key of more than two primes is not supported`},
		"many primes, public":    {rfcRSA.public(), object{"oth": 1}, `the member "oth" is there: a key of more than two primes is not supported`},
		"no curve":               {rfcEC, object{"crv": nil}, `the member "crv" is missing`},
		"unknown curve":          {rfcEC, object{"crv": "secp256k1"}, `the member "crv" must be "P-256", "P-384" or "P-521"`},
		"curve is no text":       {rfcEC, object{"crv": 256}, `the member "crv" must be a string`},
		"size of another curve":  {rfcEC, object{"crv": "P-384"}, "is not a point on its curve"},
		"no x":                   {rfcEC, object{"x": nil}, `the member "x" is missing`},
		"no y":                   {rfcEC, object{"y": nil}, `the member "y" is missing`},
		"short x":                {rfcEC, object{"x": "AA"}, "is not a point on its curve"},
		"empty x":                {rfcEC, object{"x": ""}, `the member "x" is empty`},
		"long y":                 {rfcEC, object{"y": "AA" + rfcEC["y"].(string)}, `the member "y" is not base64url`},
		"long d":                 {rfcEC, object{"d": rawBase64(append([]byte{1}, unbase64(rfcEC["d"])...))}, `the member "d" has more than 32 bytes`},
		"not on the curve":       {rfcEC.public(), object{"x": rfcEC["y"]}, "is not a point on its curve"},
		"infinity":               {rfcEC.public(), object{"x": zeros(32), "y": zeros(32)}, "is not a point on its curve"},
		"coordinate too large":   {rfcEC.public(), object{"x": rawBase64(slices.Repeat([]byte{255}, 32))}, "is not a point on its curve"},
		"d of another":           {rfcEC, object{"d": rfcEC["x"]}, `the member "d" does not belong to "x" and "y"`},
		"d is zero":              {rfcEC, object{"d": zeros(32)}, `the member "d" does not belong to "x" and "y"`},
		"d too large":            {rfcEC, object{"d": rawBase64(slices.Repeat([]byte{255}, 32))}, `the member "d" does not belong to "x" and "y"`},
		"d is null":              {rfcEC, object{"d": json.RawMessage("null")}, `the member "d" must be a string`},
		"no curve of OKP":        {rfcEd25519, object{"crv": nil}, `the member "crv" is missing`},
		"to agree on keys":       {rfcEd25519, object{"crv": "X25519"}, `the member "crv" must be "Ed25519"`},
		"no x of OKP":            {rfcEd25519, object{"x": nil}, `the member "x" is missing`},
		"short x of OKP":         {rfcEd25519.public(), object{"x": "AA"}, `the member "x" must have 32 bytes`},
		"short d of OKP":         {rfcEd25519, object{"d": "AA"}, `the member "d" must have 32 bytes`},
		"d of OKP is of another": {rfcEd25519, object{"d": rfcEd25519["x"]}, `the member "d" does not belong to "x"`},
		"other algorithm of OKP": {rfcEd25519, object{"alg": "ES256"}, "needs a key for EC, not an Ed25519 key (algorithm ES256)"},
		"no secret":              {rfcSecret, object{"k": nil}, `the member "k" is missing`},
		"empty secret":           {rfcSecret, object{"k": ""}, "the secret is empty (algorithm HS256)"},
		"secret no base64":       {rfcSecret, object{"k": "AAA=="}, `the member "k" is not base64url`},
		"secret is a public key": {rfcSecret, object{"k": rawBase64([]byte(keytest.Generate(t).RSAPublic))}, "is a PEM text, not a secret (algorithm HS256); set PrivateKey or PublicKey and the Algorithm"},
		"secret for RSA":         {rfcSecret, object{"alg": "RS256"}, "needs a key for RSA, not a secret (algorithm RS256)"},
	} {
		list, err := keys.Parse(test.base.with(test.change).text())
		assert.EqualError(t, err, "keys: "+test.says, name)
		assert.Nil(t, list, name)
	}
}

func rawBase64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func zeros(size int) string { return rawBase64(make([]byte, size)) }

func TestParseKeysReadsStrictJSON(t *testing.T) {
	t.Parallel()
	good := string(rfcEC.text())
	for name, test := range map[string]struct{ text, says string }{
		"nothing":         {"", "neither a key in PEM form nor a JWK found"},
		"no object":       {"[" + good + "]", "neither a key in PEM form nor a JWK found"},
		"not closed":      {good[:len(good)-1], "not valid JSON, or it has a member twice"},
		"text after it":   {good + "{}", "not valid JSON, or it has a member twice"},
		"name twice":      {`{"kty":"EC",` + good[1:], "not valid JSON, or it has a member twice"},
		"escaped twice":   {`{"\u006bty":"EC",` + good[1:], "not valid JSON, or it has a member twice"},
		"name twice, set": {`{"keys":[` + good + `,{"k":"","k":""}]}`, "not valid JSON, or it has a member twice"},
		"no UTF-8":        {`{"kid":"` + "\xff" + `",` + good[1:], "not valid JSON, or it has a member twice"},
		"lone surrogate":  {`{"use":"\ud800",` + good[1:], "not valid JSON, or it has a member twice"},
		"empty":           {"{}", `the member "kty" is missing`},
		"empty set":       {`{"keys":[ ]}`, "the JWK Set is empty"},
		"keys no array":   {`{"keys":{}}`, `the member "keys" must be an array`},
		"keys null":       {`{"keys":null}`, `the member "keys" must be an array`},
		"set and key":     {`{"keys":[],"kty":"EC"}`, `has "keys" and "kty"; a JWK Set has only the first, a JWK only the second`},
		"key no object":   {`{"keys":[` + good + `, "secret"]}`, "keys[1]: not a JSON object"},
		"key in a key":    {`{"keys":[{"keys":[` + good + `]}]}`, `keys[0]: the member "kty" is missing`},
		"too long":        {good + strings.Repeat(" ", 1<<20), "has more than 1 MiB"},
		"too many":        {`{"keys":[` + strings.Repeat(good+",", 100) + good + "]}", "there are more than 100 keys"},
	} {
		list, err := keys.Parse([]byte(test.text))
		assert.EqualError(t, err, "keys: "+test.says, name)
		assert.Nil(t, list, name)
	}
	list, err := keys.Parse([]byte(`{ "keys" : [ ` + strings.Repeat(good+" ,\n", 99) + good + ` ], "more": {} } `))
	require.NoError(t, err)
	assert.Len(t, list, 100)
}

func TestOneBadKeyRefusesTheSetAndIsNamed(t *testing.T) {
	t.Parallel()
	for kid, label := range map[any]string{
		"k\n2":                     ` (kid "k\n2")`,
		strings.Repeat("long", 99): ` (kid "` + strings.Repeat("long", 16) + `")`,
		2:                          "",
	} {
		bad := rfcEd25519.with(object{"kid": kid, "x": "AA"})
		list, err := keys.Parse(set(rfcEC, bad, rfcRSA))
		says := `the member "x" must have 32 bytes`
		if label == "" {
			says = `the member "kid" must be a string`
		}
		assert.EqualError(t, err, "keys: keys[1]"+label+": "+says)
		assert.Nil(t, list)
	}
}

// A value in the wrong member may be a secret, so errors must not show it.
func TestErrorsShowNothingOfAKey(t *testing.T) {
	t.Parallel()
	const secret = "U0VDUkVU"
	own := []string{"use", "key_ops", "nbf", "exp", "token_type", "verify_unnamed", "oth", secret}
	for _, base := range []object{rfcRSA, rfcEC, rfcEd25519, rfcSecret} {
		for _, name := range append(slices.Collect(maps.Keys(base)), own...) {
			for _, value := range []any{secret, []string{secret}, object{secret: secret}, secret + "="} {
				text := base.with(object{name: value}).text()
				for _, text := range [][]byte{text, append(text, secret...), set(base.with(object{name: value, "kid": "k1"}))} {
					_, err := keys.Parse(text)
					assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), secret, name)
				}
			}
		}
	}
}

func TestMarshalJWKRoundTrips(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	for algorithm, text := range map[string]string{
		"RS256": pems.RSAPrivate, "PS512": pems.RSAPKCS1, "RS384": pems.RSAPublic,
		"ES256": pems.P256Private, "ES384": pems.P384Private, "ES512": pems.P521Private,
		"EdDSA": pems.Ed25519Private,
	} {
		k := keytest.Must(keys.ParseOne("k1", algorithm, []byte(text)))
		assertRoundTrip(t, k)
		k.ID, k.Algorithm = "", ""
		k.NotBefore, k.NotAfter = time.Unix(0, 0).UTC(), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
		k.TokenType, k.AllowMissingKeyID = "access", true
		assertRoundTrip(t, k)
	}
	secret := []byte(strings.Repeat("k", 64))
	assertRoundTrip(t, keys.Key{ID: "<&>\u2028", Algorithm: "HS512", Sign: secret})
	assertRoundTrip(t, keys.Key{Algorithm: "HS256", Verify: secret, TokenType: keys.RefreshToken})
}

func assertRoundTrip(t *testing.T, k keys.Key) {
	t.Helper()
	text, err := k.MarshalJWK()
	require.NoError(t, err)
	assert.Equal(t, fields(k), fields(parseOne(t, text)), "%v", k)
}

func TestMarshalJWK(t *testing.T) {
	t.Parallel()
	k := parseOne(t, rfcEC.text())
	k.Algorithm, k.TokenType, k.AllowMissingKeyID = "ES256", "access", true
	k.NotBefore, k.NotAfter = time.Unix(1767225600, 999), time.Unix(1798761600, 0)
	assert.Equal(t, `{"kty":"EC","kid":"1","use":"sig","alg":"ES256","crv":"P-256",`+
		`"x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",`+
		`"d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",`+
		`"nbf":1767225600,"exp":1798761600,"token_type":"access","verify_unnamed":true}`, string(keytest.Must(k.MarshalJWK())))

	assert.JSONEq(t, string(rfcRSA.with(object{"use": "sig"}).text()), string(keytest.Must(parseOne(t, rfcRSA.text()).MarshalJWK())))
	assert.JSONEq(t, string(rfcRSA.with(object{"use": "sig"}).text()),
		string(keytest.Must(parseOne(t, rfcRSA.with(object{"dp": nil, "dq": nil, "qi": nil}).text()).MarshalJWK())))
	assert.JSONEq(t, string(rfcEd25519.with(object{"use": "sig"}).text()), string(keytest.Must(parseOne(t, rfcEd25519.text()).MarshalJWK())))
	assert.JSONEq(t, string(rfcSecret.with(object{"use": "sig"}).text()), string(keytest.Must(parseOne(t, rfcSecret.text()).MarshalJWK())))
	verifies := rfcSecret.with(object{"key_ops": []string{"verify"}})
	assert.JSONEq(t, string(verifies.text()), string(keytest.Must(parseOne(t, verifies.text()).MarshalJWK())))
}

func TestMarshalPublicJWKShowsThePublicKeyOnly(t *testing.T) {
	t.Parallel()
	for _, base := range []object{rfcRSA, rfcEC, rfcEd25519} {
		k := parseOne(t, base.with(object{"nbf": 1, "exp": 2, "token_type": "access", "verify_unnamed": true}).text())
		text := keytest.Must(k.MarshalPublicJWK())
		assert.JSONEq(t, string(base.public().with(object{"use": "sig"}).text()), string(text))
		assert.Equal(t, text, keytest.Must(parseOne(t, text).MarshalPublicJWK()))
	}
	assert.Equal(t, `{"kty":"OKP","kid":"k1","use":"sig","alg":"EdDSA","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		string(keytest.Must(keytest.Must(keys.ParseOne("k1", "EdDSA", rfcEd25519.text())).MarshalPublicJWK())))
	assert.Equal(t, `{"kty":"RSA","kid":"2011-04-29","use":"sig","alg":"RS256","n":"`+rfcRSA["n"].(string)+`","e":"AQAB"}`,
		string(keytest.Must(parseOne(t, rfcRSA.text()).MarshalPublicJWK())))
}

func TestWhatIsNoGoodKeyIsNotMarshalled(t *testing.T) {
	t.Parallel()
	secret := []byte(strings.Repeat("k", 32))
	rsaKey, other := parseOne(t, rfcRSA.text()).Sign, parseOne(t, rfcEC.public().text()).Verify
	const noText = "a string cannot verify; write []byte(key) for a secret; the text of a key is read by keys.Parse"
	const nilSign = "a nil *ecdsa.PrivateKey cannot sign; look at the error of the function that returned it"
	const nilVerify = "a nil *ecdsa.PublicKey cannot verify (algorithm ES256); look at the error of the function that returned it"
	const tooLarge = "has 8193 bits, but may have 8192 at most (algorithm RS256)"
	large := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 8192, 1), E: 3}
	for name, test := range map[string]struct {
		key                         keys.Key
		public, private, thumbprint string
	}{
		"secret":        {keys.Key{Sign: secret}, "a secret has no public part", "", ""},
		"to verify":     {keys.Key{Verify: secret}, "a secret has no public part", "", ""},
		"short":         {keys.Key{Sign: secret[:5]}, "a secret has no public part", "", ""},
		"none":          {keys.Key{ID: "k1"}, "there is no key", "there is no key", "there is no key"},
		"empty":         {keys.Key{Sign: []byte{}}, "the secret is empty (algorithm HS256)", "the secret is empty (algorithm HS256)", "the secret is empty (algorithm HS256)"},
		"not for it":    {keys.Key{Sign: rsaKey, Algorithm: "ES256"}, "needs a key for EC, not an RSA key (algorithm ES256)", "needs a key for EC, not an RSA key (algorithm ES256)", ""},
		"two keys":      {keys.Key{Sign: rsaKey, Verify: other}, "the private and the public key do not belong together", "the private and the public key do not belong together", ""},
		"other type":    {keys.Key{Verify: "text"}, noText, noText, noText},
		"nil":           {keys.Key{Sign: (*ecdsa.PrivateKey)(nil)}, nilSign, nilSign, nilSign},
		"nil, public":   {keys.Key{Verify: (*ecdsa.PublicKey)(nil)}, nilVerify, nilVerify, nilVerify},
		"other curve":   {keys.Key{Sign: keytest.Must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))}, "not a valid EC key", "not a valid EC key", "not a valid EC key"},
		"large":         {keys.Key{Verify: large}, tooLarge, tooLarge, tooLarge},
		"no type":       {keys.Key{Sign: secret, TokenType: "id"}, "a secret has no public part", `the TokenType must be "access" or "refresh"`, ""},
		"long ago":      {keys.Key{Sign: secret, NotBefore: time.Unix(-1, 0)}, "a secret has no public part", "NotBefore must be between the years 1970 and 9999", ""},
		"in the future": {keys.Key{Sign: secret, NotAfter: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, "a secret has no public part", "NotAfter must be between the years 1970 and 9999", ""},
		"ID no text":    {keys.Key{ID: "\xff", Sign: rsaKey}, "the ID is not valid UTF-8", "the ID is not valid UTF-8", ""},
	} {
		text, err := test.key.MarshalPublicJWK()
		assertSays(t, err, test.public, name)
		assert.Nil(t, text, name)
		_, err = test.key.MarshalJWK()
		assertSays(t, err, test.private, name)
		_, err = test.key.Thumbprint()
		assertSays(t, err, test.thumbprint, name)
	}
}

// A JWK of an RSA key holds its two primes (RFC 7518 §6.3.2).
func TestRSAKeysOfOtherThanTwoPrimesAreNotMarshalled(t *testing.T) {
	t.Parallel()
	good := parseOne(t, rfcRSA.text()).Sign.(*rsa.PrivateKey)
	prime := func() *big.Int { return keytest.Must(rand.Prime(rand.Reader, 512)) }
	three := &rsa.PrivateKey{PublicKey: good.PublicKey, D: good.D, Primes: append(slices.Clone(good.Primes), prime())}
	_, err := keys.Key{Sign: three}.MarshalJWK()
	require.EqualError(t, err, "keys: not a valid RSA key")

	_, err = keys.Key{Sign: composite(good.Primes[1], prime)}.MarshalJWK()
	assert.EqualError(t, err, "keys: not a valid RSA key")
}

// composite returns a key of q and of a number that is not a prime. Its extra numbers hide
// that.
func composite(q *big.Int, prime func() *big.Int) *rsa.PrivateKey {
	one, e := big.NewInt(1), big.NewInt(65537)
	for {
		p := new(big.Int).Mul(prime(), prime())
		p1, q1 := new(big.Int).Sub(p, one), new(big.Int).Sub(q, one)
		lcm := new(big.Int).Div(new(big.Int).Mul(p1, q1), new(big.Int).GCD(nil, nil, p1, q1))
		d, n := new(big.Int).ModInverse(e, lcm), new(big.Int).Mul(p, q)
		if d == nil || n.BitLen() < 2048 {
			continue
		}
		key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: 65537}, D: d, Primes: []*big.Int{p, q}}
		key.Precomputed.Dp, key.Precomputed.Dq = new(big.Int).Mod(d, p1), new(big.Int).Mod(d, q1)
		key.Precomputed.Qinv = new(big.Int).ModInverse(q, p)
		return key
	}
}

func assertSays(t *testing.T, err error, says, name string) {
	t.Helper()
	if says == "" {
		assert.NoError(t, err, name)
		return
	}
	assert.EqualError(t, err, "keys: "+says, name)
}

func TestThumbprint(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key  object
		want string
	}{
		"RFC 7638 §3.1":          {rfcRSA.public(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		"of a private key":       {rfcRSA, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		"RFC 8037 A.3":           {rfcEd25519.public(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
		"of a private key (OKP)": {rfcEd25519, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
		"EC":                     {rfcEC, sumOf(rfcEC, "crv", "kty", "x", "y")},
		"EC, public":             {rfcEC.public(), sumOf(rfcEC, "crv", "kty", "x", "y")},
		"oct":                    {rfcSecret, sumOf(rfcSecret, "k", "kty")},
		"oct to verify":          {rfcSecret.with(object{"key_ops": []string{"verify"}}), sumOf(rfcSecret, "k", "kty")},
	} {
		thumbprint, err := parseOne(t, test.key.text()).Thumbprint()
		require.NoError(t, err, name)
		assert.Equal(t, test.want, thumbprint, name)
	}
}

// sumOf returns the hash of some members of o.
func sumOf(o object, names ...string) string {
	hashed := object{}
	for _, name := range names {
		hashed[name] = o[name]
	}
	sum := sha256.Sum256(hashed.text())
	return rawBase64(sum[:])
}

func TestParseKeyReadsAJWK(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		id, algorithm string
		jwk           object
		says          string // or the key:
		wantID        string
		wantAlgorithm string
	}{
		{"", "", rfcRSA, "", "2011-04-29", "RS256"},
		{"2011-04-29", "RS256", rfcRSA, "", "2011-04-29", "RS256"},
		{"k1", "EdDSA", rfcEd25519, "", "k1", "EdDSA"},
		{"k1", "RS256", rfcRSA, `the JWK has the kid "2011-04-29", not "k1"`, "", ""},
		{"", "PS256", rfcRSA, `the JWK is for the algorithm RS256, not "PS256"`, "", ""},
		{"", "", rfcEd25519, "", "", ""},
		{"", "ES384", rfcEC, "needs a key on the curve P-384 (algorithm ES384)", "", ""},
		{"", "HS256", rfcEC.public(), "needs a key for HMAC, not an EC key (algorithm HS256)", "", ""},
		{"", "", rfcRSA.with(object{"n": nil}), `the member "n" is missing`, "", ""},
		{"", "", object{"keys": []object{rfcRSA}}, "is a JWK Set; use Parse", "", ""},
	} {
		k, err := keys.ParseOne(test.id, test.algorithm, append([]byte("\n"), test.jwk.text()...))
		if test.says != "" {
			assert.EqualError(t, err, "keys: "+test.says)
			assert.Equal(t, fields(keys.Key{}), fields(k))
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, test.wantID, k.ID)
		assert.Equal(t, test.wantAlgorithm, k.Algorithm)
		assert.NotNil(t, k.Sign)
	}
	_, err := keys.ParseOne("", "", append(rfcRSA.text(), make([]byte, 1<<20)...))
	assert.EqualError(t, err, "keys: has more than 1 MiB")
	_, err = keys.ParseOne("", "", []byte("{"))
	assert.EqualError(t, err, "keys: not valid JSON, or it has a member twice")
}

func TestParseKeysReadsEveryKeyInAPEMText(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	for name, test := range map[string]struct {
		text string
		want []string // PEM texts that are one key each
	}{
		"one":                  {pems.RSAPublic, []string{pems.RSAPublic}},
		"two":                  {pems.RSAPrivate + pems.Ed25519Public, []string{pems.RSAPrivate, pems.Ed25519Public}},
		"in their order":       {pems.P384Private + "\n\n" + pems.P521Private + pems.P256SEC1, []string{pems.P384Private, pems.P521Private, pems.P256Private}},
		"halves":               {pems.Ed25519Private + pems.Ed25519Public, []string{pems.Ed25519Private}},
		"public half first":    {pems.P256Public + pems.RSAPublic + pems.P256SEC1, []string{pems.P256Private, pems.RSAPublic}},
		"with certificate":     {pems.Certificate + pems.P256Private, []string{pems.P256Private}},
		"public twice":         {pems.Certificate + pems.P256Public, []string{pems.P256Public}},
		"private twice":        {pems.RSAPKCS1 + pems.RSAPrivate, []string{pems.RSAPrivate}},
		"private, public, own": {pems.Ed25519Private + pems.Ed25519Public + pems.Ed25519Other, []string{pems.Ed25519Private, pems.Ed25519Other}},
		"text around":          {"Bag Attributes\n" + pems.RSAPrivate + "the other:\r\n" + pems.P256Public + "end", []string{pems.RSAPrivate, pems.P256Public}},
	} {
		parsed, err := keys.Parse([]byte(test.text))
		require.NoError(t, err, name)
		var got, want [][]any
		for _, k := range parsed {
			got = append(got, fields(k))
		}
		for _, text := range test.want {
			k := parseOne(t, []byte(text))
			want = append(want, fields(k))
		}
		assert.Equal(t, want, got, name)
	}
	assert.NotNil(t, parseOne(t, []byte(pems.Certificate+pems.P256Private)).Sign)
}

func TestParseKeysRefusesBadPEMTexts(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	legacy := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}, Bytes: []byte("x")}))
	agree := keytest.Private(keytest.Must(ecdh.X25519().GenerateKey(rand.Reader)))
	var many strings.Builder
	for range 101 {
		key, _, err := ed25519.GenerateKey(rand.Reader)
		require.NoError(t, err)
		many.WriteString(keytest.Public(key))
	}
	for name, test := range map[string]struct{ text, says string }{
		"no key":          {"secret", "neither a key in PEM form nor a JWK found"},
		"only parameters": {keytest.Encode("EC PARAMETERS", []byte{6, 8}), "neither a key in PEM form nor a JWK found"},
		"encrypted":       {pems.RSAPublic + keytest.Encode("ENCRYPTED PRIVATE KEY", []byte("x")), "PEM block 2: the key is encrypted; decrypt it first: openssl pkey -in FILE -out key.pem"},
		"encrypted, old":  {legacy, "PEM block 1: the key is encrypted; decrypt it first: openssl pkey -in FILE -out key.pem"},
		"unreadable":      {pems.P256SEC1 + keytest.Encode("PUBLIC KEY", []byte("x")), "PEM block 3: the public key is damaged or of an unknown kind"},
		"something else":  {keytest.Encode("X509 CRL", []byte("x")), `PEM block 1: a PEM block of the type "X509 CRL" is not a key`},
		"weak":            {pems.RSAPrivate + pems.RSASmall, "PEM block 2: has 1024 bits, but must have at least 2048 (RFC 7518 §3.3) (algorithm RS256)"},
		"other curve":     {keytest.Private(keytest.Must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader))), "PEM block 1: is an EC key on the curve P-224; use P-256, P-384 or P-521: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256"},
		"to agree on":     {agree, "PEM block 1: is a key for X25519 (key agreement; Ed25519 is the one that signs), which is not supported; make one with: ginjwt key new, or openssl genpkey -algorithm ed25519"},
		"cut off":         {pems.RSAPrivate + pems.Ed25519Private[:60], "a PEM block has no END line; the text is cut off"},
		"damaged":         {strings.Replace(pems.RSAPrivate, "M", "!", 1) + pems.P256Public, "a PEM block is damaged"},
		"too many":        {many.String(), "PEM block 101: there are more than 100 keys"},
		"too long":        {pems.RSAPublic + strings.Repeat("\n", 1<<20), "has more than 1 MiB"},
	} {
		parsed, err := keys.Parse([]byte(test.text))
		assert.EqualError(t, err, "keys: "+test.says, name)
		assert.Nil(t, parsed, name)
	}
}

// The key of an authority must not verify tokens just because its certificate is in the same
// text.
func TestParseKeysRefusesCertificatesOfAuthorities(t *testing.T) {
	t.Parallel()
	const says = "a certificate in the text belongs to an authority that signed another one; remove the authority's certificate"
	authority, authorityKey := certificate(t, "authority", nil, nil)
	leaf, leafKey := certificate(t, "service", authority, authorityKey)
	chain := [2]string{keytest.Encode("CERTIFICATE", leaf.Raw), keytest.Encode("CERTIFICATE", authority.Raw)}
	for _, text := range []string{chain[0] + chain[1], chain[1] + chain[0]} {
		_, err := keys.Parse([]byte(keytest.Private(leafKey) + text))
		assert.EqualError(t, err, "keys: PEM block 3: "+says)
	}
	assert.NotNil(t, parseOne(t, []byte(chain[0]+keytest.Private(leafKey))).Sign)

	renewed, _ := certificate(t, "authority", nil, nil) // of the same name, but with another key
	list, err := keys.Parse([]byte(chain[1] + keytest.Encode("CERTIFICATE", renewed.Raw)))
	require.NoError(t, err)
	assert.Len(t, list, 2)
}

// certificate makes a certificate that parent signed, or a self-signed one.
func certificate(t *testing.T, name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, IsCA: parent == nil,
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return parsed, key
}

// FuzzParse checks that writing and reading a key gives the same key, and that its public part
// has no private members.
func FuzzParse(f *testing.F) {
	pems := keytest.Generate(f)
	for _, seed := range []object{rfcEC, rfcEd25519, rfcSecret, rfcEC.public(), rfcRSA.public(), rfcRSA} {
		f.Add(seed.text())
		f.Add(set(seed, seed.with(object{"kid": "k", "nbf": 1, "exp": 2.5, "use": "sig", "key_ops": []string{"sign", "verify"}})))
	}
	f.Add([]byte(pems.P256SEC1 + pems.Certificate + pems.RSAPublic + pems.Ed25519Private))
	f.Fuzz(func(t *testing.T, text []byte) {
		parsed, err := keys.Parse(text)
		if err != nil {
			require.Nil(t, parsed)
			return
		}
		for _, k := range parsed {
			whole, err := k.MarshalJWK()
			require.NoError(t, err)
			again := parseOne(t, whole)
			require.Equal(t, fields(k), fields(again))
			require.Equal(t, keytest.Must(k.Thumbprint()), keytest.Must(again.Thumbprint()))
			public, err := k.MarshalPublicJWK()
			if err != nil {
				require.EqualError(t, err, "keys: a secret has no public part")
				continue
			}
			require.Nil(t, parseOne(t, public).Sign)
			require.Equal(t, keytest.Must(k.Thumbprint()), keytest.Must(parseOne(t, public).Thumbprint()))
		}
	})
}
