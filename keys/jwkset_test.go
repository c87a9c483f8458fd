package keys_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// keycloakSet is a set as Keycloak publishes it, with a signing key and an encryption key.
func keycloakSet() []byte {
	signs := rfcRSA.public().with(object{"kid": "sig", "use": "sig", "x5c": []string{"AAAA"}, "x5t": "AAAA"})
	encrypts := rfcRSA.public().with(object{"kid": "enc", "use": "enc", "alg": "RSA-OAEP"})
	return set(signs, encrypts)
}

func TestParseSetReadsWhatAnIssuerPublishes(t *testing.T) {
	t.Parallel()
	_, err := keys.Parse(keycloakSet())
	require.EqualError(t, err, `keys: keys[1] (kid "enc"): the member "alg" names no signing algorithm of this package`, "it is no set of one's own")

	list, problems, err := keys.ParseSet(keycloakSet())
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, fields(keys.Key{
		ID: "sig", Algorithm: "RS256", AllowMissingKeyID: true,
		Verify: &rsa.PublicKey{N: unnumber(rfcRSA["n"]), E: 65537},
	}), fields(list[0]))
	assert.Equal(t, []string{
		`used: number 1 of the set, "kid" "sig": the certificate in "x5c" is ignored: it is damaged`,
		`used: number 1 of the set, "kid" "sig": the thumbprint in "x5t" is ignored: it is not a hash of the right length in base64url`,
		`not used: number 2 of the set, "kid" "enc": is for the use "enc"`,
	}, texts(problems))
}

func TestParseSetReadsASetAfterAByteOrderMark(t *testing.T) {
	t.Parallel()
	want, _, err := keys.ParseSet(keycloakSet())
	require.NoError(t, err)
	for _, text := range []string{"\ufeff" + string(keycloakSet()), "\ufeff \r\n" + string(keycloakSet()) + "\r\n"} {
		list, _, err := keys.ParseSet([]byte(text))
		require.NoError(t, err, text[:3])
		require.Len(t, list, 1)
		assert.Equal(t, fields(want[0]), fields(list[0]))
	}
	_, _, err = keys.ParseSet([]byte("\ufeff\ufeff" + string(keycloakSet())))
	assert.EqualError(t, err, "keys: is not valid JSON, or has a member twice", "a remote set with two is refused too")
}

// In your own set, unlike in the set of another issuer, a key that cannot be used is an error.
func TestParseAnyTellsOwnSetsFromPublishedOnes(t *testing.T) {
	t.Parallel()
	published := string(keycloakSet())
	_, wanted, err := keys.ParseSet([]byte(published))
	require.NoError(t, err)
	require.NotEmpty(t, wanted)
	for _, text := range []string{published, "\ufeff" + published} {
		list, problems, err := keys.ParseAny([]byte(text))
		require.NoError(t, err)
		assert.Len(t, list, 1)
		assert.Equal(t, texts(wanted), texts(problems))
	}
	secret := `{"kty":"oct","kid":"s","alg":"HS256","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`
	for name, key := range map[string]string{
		"a secret":         secret,
		"a time":           `{"kty":"AKP","exp":4102444800}`,
		"an earlier time":  `{"kty":"AKP","nbf":1}`,
		"no time":          `{"kty":"AKP","exp":null}`,
		"a type of tokens": `{"kty":"AKP","token_type":"access"}`,
		"no kid":           `{"kty":"AKP","verify_unnamed":false}`,
	} {
		text := []byte(strings.Replace(published, `"keys":[`, `"keys":[`+key+",", 1))
		require.NotEqual(t, published, string(text), name)
		_, want := keys.Parse(text)
		list, problems, err := keys.ParseAny(text)
		require.Error(t, want, name)
		assert.Equal(t, want, err, name)
		assert.Empty(t, list, name)
		assert.Empty(t, problems, name)
	}
	list, problems, err := keys.ParseAny([]byte(`{"keys":[` + secret + "]}"))
	require.NoError(t, err)
	assert.Equal(t, []byte(strings.Repeat("\x00", 32)), list[0].Sign)
	assert.Empty(t, problems)
}

// Some issuers publish a key twice. In a set with times it is a mistake, which NewSet finds.
func TestParseAnyReadsAPublishedKeyThatIsThereTwice(t *testing.T) {
	t.Parallel()
	key := string(rfcEC.public().text())
	list, problems, err := keys.ParseAny([]byte(`{"keys":[` + key + "," + key + "]}"))
	require.NoError(t, err)
	assert.Len(t, list, 1)
	assert.Empty(t, problems)

	own := strings.TrimSuffix(key, "}") + `,"exp":4102444800}`
	list, _, err = keys.ParseAny([]byte(`{"keys":[` + own + "," + own + "]}"))
	require.NoError(t, err)
	assert.Len(t, list, 2)
}

func texts(problems []keys.KeyProblem) (texts []string) {
	for _, problem := range problems {
		use := map[bool]string{true: "used: ", false: "not used: "}[problem.Used]
		texts = append(texts, use+problem.Error())
	}
	return texts
}

// Unsafe keys stay refused. Each of these keys is skipped, and the other keys are used.
func TestParseSetLeavesOutWhatIsNotSafe(t *testing.T) {
	t.Parallel()
	ec, rs, ed := rfcEC.public(), rfcRSA.public(), rfcEd25519.public().with(object{"kid": "1"})
	small := keytest.Must(rsa.GenerateKey(rand.Reader, 1024))
	x := unbase64(rfcEC["x"])
	for name, test := range map[string]struct {
		key object
		why string
	}{
		"a secret, which whoever reads the set can sign with": {rfcSecret, "is a private key or a secret"},
		"a private key, which everybody has now":              {rfcEC, "is a private key or a secret"},
		"one number of a private key":                         {rs.with(object{"dp": "AQ"}), "is a private key or a secret"},
		"a secret without its value":                          {object{"kty": "oct"}, `is of the type "oct", which is not supported`},
		"a key for encryption":                                {rs.with(object{"use": "enc"}), `is for the use "enc"`},
		"an empty use":                                        {rs.with(object{"use": ""}), `is for the use ""`},
		"a use that is no text":                               {rs.with(object{"use": 1}), `the member "use" must be a string`},
		"a key that only signs":                               {rs.with(object{"key_ops": []string{"sign"}}), `is not for the operation "verify"`},
		"operations that are no list":                         {rs.with(object{"key_ops": "verify"}), `the member "key_ops" must be an array of strings`},
		"an algorithm of another type":                        {rs.with(object{"alg": "ES256"}), "needs a key for EC, not an RSA key (algorithm ES256)"},
		"an algorithm of another curve":                       {ec.with(object{"alg": "ES384"}), "needs a key on the curve P-384 (algorithm ES384)"},
		"the algorithm of a secret":                           {rs.with(object{"alg": "HS256"}), `is for the algorithm "HS256", which is not allowed`},
		"no algorithm at all":                                 {rs.with(object{"alg": "none"}), `is for the algorithm "none", which is not allowed`},
		"an unknown type":                                     {object{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}, `is of the type "AKP", which is not supported`},
		"an unknown curve":                                    {ec.with(object{"crv": "secp256k1"}), `the member "crv" must be "P-256", "P-384" or "P-521"`},
		"a point off its curve":                               {ec.with(object{"x": rfcEC["y"]}), "is not a point on its curve"},
		"no point":                                            {ec.with(object{"x": zeros(32), "y": zeros(32)}), "is not a point on its curve"},
		"a coordinate beyond its curve":                       {ec.with(object{"x": rawBase64(append([]byte{1}, x...))}), `the member "x" has more than 32 bytes`},
		"an RSA key that can be factored":                     {rs.with(object{"n": rawBase64(small.N.Bytes())}), "has 1024 bits, but must have at least 2048 (RFC 7518 §3.3) (algorithm RS256)"},
		"an RSA key that takes ages":                          {rs.with(object{"n": strings.Repeat("_", 1368)}), `the member "n" has more than 8192 bits`},
		"the exponent 1":                                      {rs.with(object{"e": "AQ"}), "has the exponent 1, which is not safe (algorithm RS256)"},
		"an even exponent":                                    {rs.with(object{"e": "Ag"}), "has the exponent 2, which is not safe (algorithm RS256)"},
		"a point of small order":                              {ed.with(object{"x": zeros(32)}), "is a point of small order, which anybody can sign for (algorithm EdDSA)"},
		"an Ed25519 key without its zeros":                    {ed.with(object{"x": rawBase64(make([]byte, 31))}), `the member "x" must have 32 bytes`},
		"the certificate of another key":                      {ec.with(object{"x5c": []string{otherCertificate(t)}}), `the certificate in "x5c" is of another key`},
		"another alphabet":                                    {ec.with(object{"x": "+/" + rfcEC["x"].(string)[2:]}), `the member "x" is not base64url`},
		"bits that are left over":                             {rs.with(object{"e": "AQB"}), `the member "e" is not base64url`},
		"a name that is no text":                              {ec.with(object{"kid": 1}), `the member "kid" must be a string`},
	} {
		list, problems, err := keys.ParseSet(set(test.key, rfcEd25519.public().with(object{"kid": "good"})))
		require.NoError(t, err, name)
		require.Len(t, list, 1, name)
		assert.Equal(t, "good", list[0].ID, name)
		require.Len(t, problems, 1, name)
		assert.False(t, problems[0].Used, name)
		assert.EqualError(t, problems[0].Err, test.why, name)
	}
}

// otherCertificate returns the certificate of a new key for "x5c".
func otherCertificate(t *testing.T) string {
	t.Helper()
	other, _ := certificate(t, "other", nil, nil)
	return base64.StdEncoding.EncodeToString(other.Raw)
}

func TestParseOfOwnKeysRefusesTheCertificateOfAnother(t *testing.T) {
	t.Parallel()
	_, err := keys.Parse(rfcEC.with(object{"x5c": []string{otherCertificate(t)}}).text())
	assert.EqualError(t, err, `keys: the certificate in "x5c" is of another key`)
}

// A set that may be damaged is refused as a whole.
func TestParseSetRefusesDamagedSets(t *testing.T) {
	t.Parallel()
	key := string(rfcEC.public().text())
	for name, test := range map[string]struct{ text, why string }{
		"empty":         {"", "is not valid JSON, or has a member twice"},
		"cut off":       {`{"keys":[` + key, "is not valid JSON, or has a member twice"},
		"keys twice":    {`{"keys":[],"keys":[]}`, "is not valid JSON, or has a member twice"},
		"kid twice":     {`{"keys":[{"kid":"a","kid":"b"}]}`, "is not valid JSON, or has a member twice"},
		"trailing data": {`{"keys":[]} {}`, "is not valid JSON, or has a member twice"},
		"a list":        {"[" + key + "]", "is not a JSON object"},
		"null":          {"null", "is not a JSON object"},
		"one key":       {key, `has no member "keys"`},
		"keys are null": {`{"keys":null}`, `has no member "keys"`},
		"keys are one":  {`{"keys":` + key + `}`, `the member "keys" must be an array`},
		"too many":      {`{"keys":[` + strings.Repeat(key+",", 100) + key + `]}`, "has more than 100 keys"},
		"too long":      {`{"keys":[]}` + strings.Repeat(" ", 1<<20), "has more than 1 MiB"},
		"PEM":           {keytest.Generate(t).RSAPublic, "is not valid JSON, or has a member twice"},
	} {
		list, problems, err := keys.ParseSet([]byte(test.text))
		assert.EqualError(t, err, "keys: "+test.why, name)
		assert.Empty(t, list, name)
		assert.Empty(t, problems, name)
	}
}

func TestKIDAndAlgorithmNameAKey(t *testing.T) {
	t.Parallel()
	ec, rs := rfcEC.public().with(object{"kid": "k"}), rfcRSA.public().with(object{"kid": "k"})
	other := keytest.Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	text := keytest.Must(keys.Key{ID: "k", Algorithm: "ES256", Verify: &other.PublicKey}.MarshalPublicJWK())
	var twin object
	require.NoError(t, json.Unmarshal(text, &twin))
	for name, test := range map[string]struct {
		list []object
		used []string
		says []string
	}{
		"different types":      {[]object{rs, ec}, []string{"k RS256", "k ES256"}, nil},
		"different algorithms": {[]object{rs, rs.with(object{"alg": "PS256"}), ec}, []string{"k RS256", "k PS256", "k ES256"}, nil},
		"the same twice":       {[]object{rs, ec, rs}, []string{"k RS256", "k ES256"}, nil},
		"different keys":       {[]object{ec, rs, twin}, []string{"k RS256"}, []string{`not used: "kid" "k": names different keys for ES256`}},
		"by names of one meaning": {
			[]object{rfcEd25519.public().with(object{"kid": "k", "alg": "EdDSA"}), rfcEd25519.public().with(object{"kid": "k", "alg": "Ed25519"}), rs},
			[]string{"k EdDSA", "k RS256"}, nil,
		},
	} {
		list, problems, err := keys.ParseSet(set(test.list...))
		require.NoError(t, err, name)
		var used []string
		for _, k := range list {
			used = append(used, k.ID+" "+k.Algorithm)
			assert.False(t, k.AllowMissingKeyID, name)
		}
		assert.Equal(t, test.used, used, name)
		assert.Equal(t, test.says, texts(problems), name)
		_, err = keys.NewSet(list...)
		assert.NoError(t, err, name)
	}
	_, err := keys.NewSet(keys.Key{ID: "k", Verify: &other.PublicKey}, keys.Key{ID: "k", Verify: parseOne(t, ec.text()).Verify})
	assert.EqualError(t, err, `keys: key 2 of 2: has the ID "k" of another key`)
}

func TestKeysWithoutIDAreTried(t *testing.T) {
	t.Parallel()
	var all []object
	var signers []ed25519.PrivateKey
	for range 10 {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		require.NoError(t, err)
		signers = append(signers, private)
		all = append(all, object{"kty": "OKP", "crv": "Ed25519", "x": rawBase64(private.Public().(ed25519.PublicKey))})
	}
	all[1]["kid"] = ""
	list, problems, err := keys.ParseSet(set(append(all, all[0], rfcEC.public())...))
	require.NoError(t, err)
	assert.Len(t, list, 8+1)
	assert.Equal(t, slices.Repeat([]string{`not used: "kid" "": is beyond the limit of 8 keys without "kid"`}, 2), texts(problems))
	good, err := keys.NewSet(list...)
	require.NoError(t, err)
	for i, private := range signers {
		_, err := good.Verify(keys.Signature{Algorithm: "EdDSA", Signed: "x", Bytes: ed25519.Sign(private, []byte("x"))}, time.Now())
		assert.Equal(t, i < 8, err == nil, i)
		_, err = good.Verify(keys.Signature{Algorithm: "EdDSA", KeyID: "1", Signed: "x", Bytes: ed25519.Sign(private, []byte("x"))}, time.Now())
		assert.Equal(t, keys.ErrAlgorithm, err, "it names another key")
	}
}

func TestSetOptions(t *testing.T) {
	t.Parallel()
	rs := rfcRSA.public().with(object{"alg": nil, "use": "jwt-svid"})
	for name, test := range map[string]struct {
		options keys.SetOptions
		key     object
		used    []string
		says    string
	}{
		"another use":            {keys.SetOptions{Use: []string{"sig", "jwt-svid"}}, rs, []string{"RS256"}, ""},
		"use that is not listed": {keys.SetOptions{Use: []string{"sig"}}, rs, nil, `is for the use "jwt-svid"`},
		"no use":                 {keys.SetOptions{Use: []string{"jwt-svid"}}, rs.with(object{"use": nil}), []string{"RS256"}, ""},
		"algorithms":             {keys.SetOptions{Algorithms: []string{"PS256", "EdDSA", "RS512"}}, rs.with(object{"use": nil}), []string{"PS256", "RS512"}, ""},
		"none that fits":         {keys.SetOptions{Algorithms: []string{"ES384", "EdDSA"}}, rfcEC.public(), nil, "fits none of the allowed algorithms"},
		"Ed25519":                {keys.SetOptions{Algorithms: []string{"Ed25519"}}, rfcEd25519.public(), []string{"EdDSA"}, ""},
		"Ed25519 is EdDSA":       {keys.SetOptions{Algorithms: []string{"Ed25519"}}, rfcEd25519.public().with(object{"alg": "EdDSA"}), []string{"EdDSA"}, ""},
	} {
		list, problems, err := test.options.Parse(set(test.key))
		require.NoError(t, err, name)
		var used []string
		for _, k := range list {
			used = append(used, k.Algorithm)
		}
		assert.Equal(t, test.used, used, name)
		if test.says == "" {
			assert.Empty(t, problems, name)
		} else if assert.Len(t, problems, 1, name) {
			assert.EqualError(t, problems[0].Err, test.says, name)
		}
	}
	_, _, err := keys.SetOptions{MaxKeys: 1}.Parse(set(rs, rs))
	assert.EqualError(t, err, "has more than 1 keys")
}

func TestCertificatesByTheirID(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	list, problems, err := keys.SetOptions{CertificateMap: true}.Parse(object{
		"a": pems.Certificate, "b": pems.RSAPublic, "c": pems.RSAPrivate, "d": "", "e": 1, "f": pems.RSASmall, "": pems.RSAPublic,
	}.text())
	require.NoError(t, err)
	var used []string
	for _, k := range list {
		used = append(used, k.ID+" "+k.Algorithm)
		assert.Nil(t, k.Sign)
	}
	assert.Equal(t, []string{"a ES256", "b RS256"}, used)
	assert.Len(t, problems, 5)
	for text, why := range map[string]string{
		string(keycloakSet()):     `is a JWK Set, not certificates by their "kid"`,
		`{"a":"","a":""}`:         "is not valid JSON, or has a member twice",
		`{"a":"","b":"","c":""}x`: "is not valid JSON, or has a member twice",
		`{"a":"","b":"","c":""}`:  "has more than 2 keys",
	} {
		_, _, err := keys.SetOptions{CertificateMap: true, MaxKeys: 2}.Parse([]byte(text))
		assert.EqualError(t, err, why)
	}
}

func TestAlgorithmsByOtherNames(t *testing.T) {
	t.Parallel()
	p521 := keytest.Must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	for name, test := range map[string]struct {
		key  any
		want string
	}{
		"Ed25519": {ed25519.NewKeyFromSeed(unbase64(rfcEd25519["d"])), "EdDSA"},
		"ES521":   {p521, "ES512"},
	} {
		assert.Equal(t, test.want, keys.CanonicalAlgorithm(name))
		assert.True(t, keys.IsAlgorithm(name))
		assert.NotContains(t, keys.AsymmetricAlgorithms(), name)
		good, err := keys.NewSet(keys.Key{ID: "k", Algorithm: name, Sign: test.key})
		require.NoError(t, err)
		assert.Equal(t, []string{test.want}, good.Algorithms(), "what is written")
		signer := good.SigningKey(keys.AccessToken, time.Now(), time.Time{})
		signature, err := signer.AppendSignature(nil, []byte("x"))
		require.NoError(t, err)
		for _, alg := range []string{name, test.want} {
			_, err = good.Verify(keys.Signature{Algorithm: alg, KeyID: "k", Signed: "x", Bytes: signature}, time.Now())
			assert.NoError(t, err, alg)
		}
		named := keys.Key{Algorithm: name, Sign: test.key}
		for _, text := range [][]byte{keytest.Must(named.MarshalJWK()), keytest.Must(named.MarshalPublicJWK())} {
			assert.Contains(t, string(text), `"alg":"`+test.want+`"`)
		}
		one, err := keys.ParseOne("", name, keytest.Must(keys.Key{Algorithm: name, Sign: test.key}.MarshalJWK()))
		require.NoError(t, err)
		assert.Equal(t, test.want, one.Algorithm)
	}
	for _, name := range []string{"ed25519", "ES384K", "Ed448", "es521", ""} {
		assert.Equal(t, name, keys.CanonicalAlgorithm(name))
		assert.False(t, keys.IsAlgorithm(name), name)
	}
}

// FuzzParseSet checks that every key read from any text is a public key with a name and an
// algorithm, and that the keys make a set.
func FuzzParseSet(f *testing.F) {
	for _, seed := range [][]byte{
		keycloakSet(), set(), set(rfcEC.public(), rfcEd25519.public(), rfcRSA.public(), rfcSecret, rfcEC),
		set(rfcEC.public().with(object{"kid": ""}), rfcEd25519.public()),
		object{"a": keytest.Generate(f).Certificate, "b": keytest.Generate(f).RSAPublic}.text(),
		[]byte(`{"keys":[null,1,{}]}`), []byte(`{"keys":{},"keys":[]}`),
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, text []byte, certificates bool) {
		list, problems, err := keys.SetOptions{CertificateMap: certificates}.Parse(text)
		if err != nil {
			require.Empty(t, list)
			require.Empty(t, problems)
			return
		}
		for _, problem := range problems {
			require.Less(t, len(problem.Error()), 1200, fmt.Sprint(problem))
		}
		for _, k := range list {
			require.NotEmpty(t, k.ID)
			require.Nil(t, k.Sign)
			require.False(t, k.IsSecret())
			require.True(t, keys.IsAlgorithm(k.Algorithm) && !keys.IsHMAC(k.Algorithm))
		}
		if len(list) <= 100 {
			_, err = keys.NewSet(list...)
			require.NoError(t, err)
		}
	})
}
