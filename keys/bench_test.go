package keys_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// Each benchmark has the same work of the standard library (floor), and what an attacker can
// send (hostile).

// signedText is as long as the signed part of a token with the default claims.
var signedText = strings.Repeat("eyJh", 70)

var signedBytes = []byte(signedText)

var pss = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}

// benchKey returns a key for algorithm.
func benchKey(tb testing.TB, algorithm string) (keys.Key, *keys.Bound) {
	pems := keytest.Generate(tb)
	text := map[string]string{"RS256": pems.RSAPrivate, "PS256": pems.RSAPrivate, "ES256": pems.P256Private, "EdDSA": pems.Ed25519Private}[algorithm]
	key := keys.Key{Algorithm: "HS256", Sign: []byte(strings.Repeat("s", 32))}
	if text != "" {
		var err error
		key, err = keys.ParseOne("", algorithm, []byte(text))
		require.NoError(tb, err)
	}
	bound, err := keys.Options{}.Bind(key)
	require.NoError(tb, err)
	return key, bound
}

// bareSign signs signedText without ginjwt.
func bareSign(key keys.Key) ([]byte, error) {
	sum := sha256.Sum256(signedBytes)
	switch private := key.Sign.(type) {
	case []byte:
		mac := hmac.New(sha256.New, private)
		_, _ = mac.Write(signedBytes) // never fails
		return mac.Sum(nil), nil
	case ed25519.PrivateKey:
		return private.Sign(nil, signedBytes, crypto.Hash(0))
	case *rsa.PrivateKey:
		if key.Algorithm == "PS256" {
			return private.Sign(rand.Reader, sum[:], pss)
		}
	}
	return key.Sign.(crypto.Signer).Sign(rand.Reader, sum[:], crypto.SHA256)
}

// bareVerify verifies a signature of bareSign without ginjwt.
func bareVerify(key keys.Key, signature []byte) bool {
	sum := sha256.Sum256(signedBytes)
	switch private := key.Sign.(type) {
	case ed25519.PrivateKey:
		return ed25519.Verify(private.Public().(ed25519.PublicKey), signedBytes, signature)
	case *ecdsa.PrivateKey:
		return ecdsa.VerifyASN1(&private.PublicKey, sum[:], signature)
	case *rsa.PrivateKey:
		if key.Algorithm == "PS256" {
			return rsa.VerifyPSS(&private.PublicKey, crypto.SHA256, sum[:], signature, pss) == nil
		}
		return rsa.VerifyPKCS1v15(&private.PublicKey, crypto.SHA256, sum[:], signature) == nil
	}
	own, err := bareSign(key)
	return err == nil && hmac.Equal(own, signature)
}

var benchAlgorithms = []string{"HS256", "RS256", "PS256", "ES256", "EdDSA"}

func BenchmarkSign(b *testing.B) {
	for _, algorithm := range benchAlgorithms {
		key, bound := benchKey(b, algorithm)
		b.Run("floor/"+algorithm, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if signature, err := bareSign(key); err != nil || len(signature) < 32 {
					b.Fatal(signature, err)
				}
			}
		})
		b.Run(algorithm, func(b *testing.B) {
			buffer := make([]byte, 0, 256)
			b.ReportAllocs()
			for b.Loop() {
				if signature, err := bound.AppendSignature(buffer, signedBytes); err != nil || len(signature) < 32 {
					b.Fatal(signature, err)
				}
			}
		})
	}
	b.Run("hostile/HS256, 1 MB", func(b *testing.B) {
		_, bound := benchKey(b, "HS256")
		signed, buffer := make([]byte, 1_000_000), make([]byte, 0, 256)
		b.ReportAllocs()
		for b.Loop() {
			if signature, err := bound.AppendSignature(buffer, signed); err != nil || len(signature) != 32 {
				b.Fatal(signature, err)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for _, algorithm := range benchAlgorithms {
		key, bound := benchKey(b, algorithm)
		bare, err := bareSign(key)
		require.NoError(b, err)
		b.Run("floor/"+algorithm, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !bareVerify(key, bare) {
					b.Fatal("the signature is not valid")
				}
			}
		})
		good, err := bound.AppendSignature(nil, signedBytes)
		require.NoError(b, err)
		b.Run(algorithm, func(b *testing.B) { benchmarkVerify(b, bound, good, nil) })
		b.Run("hostile/"+algorithm+", one wrong bit", func(b *testing.B) {
			wrong := append([]byte(nil), good...)
			wrong[len(wrong)/2] ^= 1
			benchmarkVerify(b, bound, wrong, keys.ErrSignature)
		})
		b.Run("hostile/"+algorithm+", zeros", func(b *testing.B) {
			benchmarkVerify(b, bound, make([]byte, len(good)), keys.ErrSignature)
		})
		b.Run("hostile/"+algorithm+", wrong size", func(b *testing.B) {
			benchmarkVerify(b, bound, make([]byte, 1_000_000), keys.ErrSignature)
		})
	}
}

func benchmarkVerify(b *testing.B, key *keys.Bound, signature []byte, want error) {
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		if err := key.Verify(signedText, signature, now); !errors.Is(err, want) {
			b.Fatal(err)
		}
	}
}

// The key of a token in a set of a hundred.
func BenchmarkSet(b *testing.B) {
	var list []keys.Key
	byID := map[string]*keys.Bound{}
	_, bound := benchKey(b, "HS256")
	for i := range 100 {
		id := fmt.Sprint("key-", i)
		list = append(list, keys.Key{ID: id, Algorithm: "HS256", Sign: []byte(fmt.Sprintf("%032d", i))})
		byID[id] = bound
	}
	list[99].Sign = []byte(strings.Repeat("s", 32))
	set, err := keys.NewSet(list...)
	require.NoError(b, err)
	signature, err := bound.AppendSignature(nil, signedBytes)
	require.NoError(b, err)
	now := time.Now()
	b.Run("floor/map of keys", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := byID["key-99"].Verify(signedText, signature, now); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, of := range []struct {
		name, kid, algorithm string
		want                 error
	}{
		{"known kid", "key-99", "HS256", nil},
		{"hostile/unknown kid", "key-100", "HS256", keys.ErrUnknownKey},
		{"hostile/kid of 1 MB", strings.Repeat("k", 1_000_000), "HS256", keys.ErrUnknownKey},
		{"hostile/other algorithm", "key-99", "ES256", keys.ErrAlgorithm},
		{"hostile/key of others", "key-98", "HS256", keys.ErrSignature},
	} {
		b.Run(of.name, func(b *testing.B) {
			sig := keys.Signature{Algorithm: of.algorithm, KeyID: of.kid, Signed: signedText, Bytes: signature, TokenType: keys.AccessToken}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := set.Verify(sig, now); !errors.Is(err, of.want) {
					b.Fatal(err)
				}
			}
		})
	}
}

// The keys of another issuer. A set comes from an issuer, who is trusted with signatures of
// users, but not with the time of this process.
func BenchmarkParseSet(b *testing.B) {
	one := benchSet(b, 1)
	for _, of := range []struct {
		n    int
		name string
	}{{1, "one key"}, {100, "a hundred keys"}} {
		n, text := of.n, benchSet(b, of.n)
		b.Run("floor/json.Unmarshal, "+of.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var got struct{ Keys []map[string]string }
				if err := json.Unmarshal(text, &got); err != nil || len(got.Keys) != n {
					b.Fatal(got, err)
				}
			}
		})
		b.Run(of.name, func(b *testing.B) { benchmarkParseSet(b, text, n, "") })
	}
	member := func(value string) []byte {
		return []byte(strings.Replace(string(one), `"kty"`, `"unknown":`+value+`,"kty"`, 1))
	}
	nested := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	for _, h := range []struct {
		name string
		text []byte
		keys int
		says string
	}{
		{"member of 900 KB", member(`"` + strings.Repeat("a", 900_000) + `"`), 1, ""},
		{"member of 2 MB", member(`"` + strings.Repeat("a", 2_000_000) + `"`), 0, "keys: has more than 1 MiB"},
		{"nested arrays", member(nested), 1, ""},
		{"ten thousand keys", []byte(`{"keys":[` + strings.Repeat(`{"kty":"EC"},`, 10_000) + `{}]}`), 0, "keys: has more than 100 keys"},
		{"a hundred secrets", []byte(`{"keys":[` + strings.Repeat(`{"kty":"oct","k":"c2VjcmV0"},`, 99) + `{"kty":"oct"}]}`), 0, ""},
	} {
		b.Run("hostile/"+h.name, func(b *testing.B) { benchmarkParseSet(b, h.text, h.keys, h.says) })
	}
}

// benchSet returns a JWK Set with n different public keys for EdDSA.
func benchSet(tb testing.TB, n int) []byte {
	var list []keys.Key
	for range n {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		require.NoError(tb, err)
		list = append(list, keys.Key{Sign: private})
	}
	set, err := keys.NewSet(list...)
	require.NoError(tb, err)
	text, err := set.MarshalPublic(time.Now())
	require.NoError(tb, err)
	return text
}

func benchmarkParseSet(b *testing.B, text []byte, n int, says string) {
	b.ReportAllocs()
	for b.Loop() {
		list, _, err := keys.ParseSet(text)
		if len(list) != n || (err == nil) != (says == "") || err != nil && err.Error() != says {
			b.Fatal(len(list), err)
		}
	}
}

// The key of a client whom nobody knows, in a DPoP proof.
func BenchmarkParsePublicJWK(b *testing.B) {
	for _, algorithm := range []string{"ES256", "EdDSA", "RS256"} {
		text := publicJWK(b, algorithm)
		b.Run("floor/json.Unmarshal, "+algorithm, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var got map[string]string
				if err := json.Unmarshal(text, &got); err != nil || got["kty"] == "" {
					b.Fatal(got, err)
				}
			}
		})
		b.Run(algorithm, func(b *testing.B) { benchmarkPublicJWK(b, algorithm, text, true) })
	}
	nested := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	ones := func(bits int) string { return base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, bits/8)) }
	for name, text := range map[string]string{
		"no point of the curve": `{"kty":"EC","crv":"P-256","x":"` + ones(256) + `","y":"` + ones(256) + `"}`,
		"point of 900 KB":       `{"kty":"EC","crv":"P-256","x":"` + strings.Repeat("A", 900_000) + `","y":"AA"}`,
		"2 MB":                  `{"kty":"` + strings.Repeat("A", 2_000_000) + `"}`,
		"nested arrays":         `{"kty":` + nested + `}`,
		"RSA of 16384 bits":     `{"kty":"RSA","n":"` + ones(16384) + `","e":"AQAB"}`,
		"secret":                `{"kty":"oct","k":"c2VjcmV0"}`,
	} {
		algorithm := "ES256"
		if strings.HasPrefix(name, "RSA") {
			algorithm = "RS256"
		}
		b.Run("hostile/"+name, func(b *testing.B) { benchmarkPublicJWK(b, algorithm, []byte(text), false) })
	}
}

// publicJWK returns the public half of a new key as a JWK.
func publicJWK(tb testing.TB, algorithm string) []byte {
	key, _ := benchKey(tb, algorithm)
	key.ID = "of a client"
	set, err := keys.NewSet(key)
	require.NoError(tb, err)
	text, err := set.MarshalPublic(time.Now())
	require.NoError(tb, err)
	var list struct{ Keys []json.RawMessage }
	require.NoError(tb, json.Unmarshal(text, &list))
	return list.Keys[0]
}

func benchmarkPublicJWK(b *testing.B, algorithm string, text []byte, good bool) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.ParsePublicJWK(algorithm, text); (err == nil) != good {
			b.Fatal(err)
		}
	}
}
