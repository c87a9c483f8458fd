package growth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// newKeys makes keys with IDs of equal length.
func newKeys(algorithm string, n int) []keys.Key {
	list := make([]keys.Key, n)
	for i := range list {
		list[i] = keys.Key{ID: fmt.Sprintf("key-%03d", i), Algorithm: algorithm, Sign: private(algorithm)}
	}
	return list
}

func private(algorithm string) any {
	switch algorithm {
	case "ES256":
		return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	case "EdDSA":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return must(key, err)
	}
	return []byte(rand.Text() + rand.Text())
}

// byLastKey sends a token of the last key in the list. kid changes the header.
func byLastKey(algorithm string, size cache, opts ...ginjwt.TokenOption) func(testing.TB, int) operation {
	return func(tb testing.TB, n int) operation {
		list := newKeys(algorithm, n)
		token := by(tb, list[n-1], opts...)
		_, c := protected(tb, ginjwt.Config{Algorithm: algorithm, Keys: list, TokenCacheSize: int(size)})
		return c.sends(token, http.StatusOK)
	}
}

// by returns a token signed by a key, with its ID.
func by(tb testing.TB, key keys.Key, opts ...ginjwt.TokenOption) string {
	m, _ := started(tb, ginjwt.Config{Algorithm: key.Algorithm, Keys: []keys.Key{key}, AccessTokenExpires: 24 * time.Hour})
	return must(m.CreateAccessToken(tb.Context(), user, opts...))
}

// byNoKey sends a token whose key is not in the list.
func byNoKey(algorithm string) func(testing.TB, int) operation {
	return func(tb testing.TB, n int) operation {
		list := newKeys(algorithm, n)
		stranger := newKeys(algorithm, 1)[0]
		stranger.ID = "stranger"
		_, c := protected(tb, ginjwt.Config{Algorithm: algorithm, Keys: list})
		return c.sends(by(tb, stranger), http.StatusUnprocessableEntity)
	}
}

// withoutID sends a token without "kid", which the last of the keys has signed.
func withoutID(tb testing.TB, n int) operation {
	list := newKeys("HS256", n)
	for i := range list {
		list[i].AllowMissingKeyID = true
	}
	m, _ := started(tb, ginjwt.Config{SecretKey: string(list[n-1].Sign.([]byte)), AccessTokenExpires: 24 * time.Hour})
	_, c := protected(tb, ginjwt.Config{Keys: list, TokenCacheSize: int(cacheOff)})
	token := must(m.CreateAccessToken(tb.Context(), user))
	return c.sends(token, http.StatusOK)
}

// created makes access tokens; only the last key of the list signs.
func created(tb testing.TB, n int) operation {
	list := newKeys("HS256", n)
	for i := range list[:n-1] {
		list[i].NotBefore = time.Now().Add(24 * time.Hour)
	}
	m, _ := started(tb, ginjwt.Config{Keys: list})
	ctx := tb.Context()
	return func() {
		if token := must(m.CreateAccessToken(ctx, user)); strings.Count(token, ".") != 2 {
			panic("no token")
		}
	}
}

// A header that no key writes is parsed.
var unusualHeader = ginjwt.WithHeaders(ginjwt.Header{"x": "y"})

var keyCount = dimension{
	name: "keys", unit: "keys in `Config.Keys`",
	note:  "Every key has an ID, and every token names the last key of the list in \"kid\".",
	sizes: []int{1, 10, 100},
	few:   []int{1, 10, 100},
	rows: []row{
		{"HS256, token known", constant, byLastKey("HS256", cacheOn), nil},
		{"HS256, cache off", linear, byLastKey("HS256", cacheOff), nil},
		{"HS256, cache off, header with more members", linear, byLastKey("HS256", cacheOff, unusualHeader), nil},
		{"HS256, cache off, tokens without \"kid\"", linear, withoutID, nil},
		{"ES256, token known", constant, byLastKey("ES256", cacheOn), nil},
		{"ES256, cache off", linear, byLastKey("ES256", cacheOff), nil},
		{"refused: an unknown \"kid\"", linear, byNoKey("HS256"), nil},
		{"creating a token", linear, created, nil},
	},
}
