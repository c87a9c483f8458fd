package growth

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// issuerNamed is another issuer with one key.
func issuerNamed(name string, key keys.Key) ginjwt.Issuer {
	return ginjwt.Issuer{Name: name, Keys: []keys.Key{key}, IdentityPrefix: name + "|"}
}

func issuerName(i int) string { return fmt.Sprintf("https://issuer-%06d.example.com", i) }

// tokenFrom returns a token of another issuer.
func tokenFrom(tb testing.TB, name string, key keys.Key) string {
	return by(tb, key, ginjwt.WithIssuer(name))
}

// verifying has issuers without a key of its own.
func verifying(algorithm string, size cache) ginjwt.Config {
	config := ginjwt.Config{Algorithm: algorithm, TokenCacheSize: int(size), SecretKey: secret}
	if algorithm != "HS256" {
		config.SecretKey, config.Keys = "", newKeys(algorithm, 1)
	}
	return config
}

// configured sends a token of the last issuer in Config.Issuers.
func configured(algorithm string, size cache) func(testing.TB, int) operation {
	return func(tb testing.TB, n int) operation {
		key := newKeys(algorithm, 1)[0]
		config := verifying(algorithm, size)
		for i := range n {
			config.Issuers = append(config.Issuers, issuerNamed(issuerName(i), key))
		}
		_, c := protected(tb, config)
		return c.sends(tokenFrom(tb, issuerName(n-1), key), http.StatusOK)
	}
}

// resolving is a manager that knows each issuer by its resolver.
func resolving(tb testing.TB, algorithm string, size cache, most int) (*client, keys.Key) {
	key := newKeys(algorithm, 1)[0]
	config := verifying(algorithm, size)
	config.MaxResolvedIssuers = most
	config.IssuerResolver = func(_ context.Context, name string) (ginjwt.Issuer, error) { return issuerNamed(name, key), nil }
	_, c := protected(tb, config)
	return c, key
}

// resolved sends a token of the last of the issuers that a resolver has found.
func resolved(algorithm string, size cache) func(testing.TB, int) operation {
	return func(tb testing.TB, n int) operation {
		c, key := resolving(tb, algorithm, size, n)
		for i := range n {
			c.sends(tokenFrom(tb, issuerName(i), key), http.StatusOK)()
		}
		return c.sends(tokenFrom(tb, issuerName(n-1), key), http.StatusOK)
	}
}

// aNewIssuer sends the first token of an issuer, when the resolver has found so many others.
// One of the others is dropped.
func aNewIssuer(tb testing.TB, n int) operation {
	c, key := resolving(tb, "HS256", cacheOff, n)
	m, _ := started(tb, ginjwt.Config{Algorithm: key.Algorithm, Keys: []keys.Key{key}, AccessTokenExpires: 24 * time.Hour})
	ctx, i := tb.Context(), 0
	op := func() {
		token := must(m.CreateAccessToken(ctx, user, ginjwt.WithIssuer(issuerName(i))))
		i++
		c.send("Bearer "+token, http.StatusOK)
	}
	for range n {
		op()
	}
	return op
}

// anUnknownIssuer sends a token of an issuer that nobody knows.
func anUnknownIssuer(tb testing.TB, n int) operation {
	key := newKeys("HS256", 1)[0]
	config := verifying("HS256", cacheOn)
	for i := range n {
		config.Issuers = append(config.Issuers, issuerNamed(issuerName(i), key))
	}
	_, c := protected(tb, config)
	return c.sends(tokenFrom(tb, "https://nobody.example.com", key), http.StatusUnprocessableEntity)
}

var issuerCount = dimension{
	name: "issuers", unit: "issuers",
	note: "Every issuer has one key. The token is of the last issuer. \"A first token\" includes the making of the token, the call of the resolver, and that the " +
		"least recently used issuer is dropped.",
	sizes: []int{1, 10, 100, 1000},
	few:   []int{1, 10, 100},
	rows: []row{
		{"`Issuers`, HS256, token known", constant, configured("HS256", cacheOn), nil},
		{"`Issuers`, HS256, cache off", constant, configured("HS256", cacheOff), nil},
		{"`Issuers`, ES256, token known", constant, configured("ES256", cacheOn), nil},
		{"`Issuers`, ES256, cache off", constant, configured("ES256", cacheOff), nil},
		{"`Issuers`, refused: an unknown issuer", constant, anUnknownIssuer, nil},
		{"`IssuerResolver`, HS256, token known", constant, resolved("HS256", cacheOn), nil},
		{"`IssuerResolver`, HS256, cache off", constant, resolved("HS256", cacheOff), nil},
		{"`IssuerResolver`, ES256, token known", constant, resolved("ES256", cacheOn), nil},
		{"`IssuerResolver`, ES256, cache off", constant, resolved("ES256", cacheOff), nil},
		{"`IssuerResolver`, a first token of an issuer", linear, aNewIssuer, nil},
	},
}
