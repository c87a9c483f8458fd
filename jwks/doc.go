/*
Package jwks verifies the tokens of another issuer with the keys that it publishes as
a JWK Set (RFC 7517). The issuer can be Auth0, Keycloak, Entra ID, or another service
of your own.

	ctx := context.Background() // or a context that ends after the server has stopped

	keys, err := jwks.Discover(ctx, "https://example.eu.auth0.com/", jwks.Options{})
	if err != nil {
		log.Fatal(err)
	}
	mgr := ginjwt.New(ginjwt.Config{
		Issuers: []ginjwt.Issuer{{
			Name:           "https://example.eu.auth0.com/",
			KeySource:      keys,
			Audience:       []string{"https://api.example.com"},
			IdentityPrefix: "auth0:",
		}},
	})

[Discover] finds the set in the metadata of the issuer (OpenID Connect Discovery, RFC
8414). The "issuer" in the metadata must be exactly the given string, including a trailing
slash. [New] takes the URL of the set itself. Audience keeps out tokens that the issuer
made for other services.

A token cannot influence what is fetched. You configure each issuer, and each issuer has
one Remote.

# When keys are fetched

The first fetch starts immediately, in the background. So a service can start while its issuer
is down. Requests wait for the first fetch, at most Options.Timeout. If it fails, the
service responds with 503 to tokens of that issuer until the issuer is back. To wait for the
keys at startup, call [Remote.Ready].

After that, the Remote fetches the keys every 15 minutes until the context ends. The
issuer can shorten this time by Cache-Control.

A request never waits if its token names a known key. If the token names an unknown key,
the Remote fetches the set, and the request waits. So a new key works as soon as it is
published. All requests that wait share one fetch, and the fetch continues if a request
gives up. While fetches fail, only the request that started a fetch waits for it.

The fetches that requests cause are limited: by default 3 together, and one more every 2
seconds. Failed fetches count too. Beyond the limit, the token is refused immediately.

An attacker can use up this limit with random key names, because such a token looks like
the first token of a new key. In the worst case, with the defaults:

  - Each process makes 33 fetches in the first minute, and 30 in each further minute. With
    [Discover], a fetch is two requests, because it also reads the metadata.
  - A new key is known 2 seconds after it was published, plus the time of the running
    fetch and of the next fetch.

Options.Cooldown determines both. With a shorter Cooldown, new keys are known sooner, but
more fetches are possible. The Remote does not remember unknown names. Otherwise an
attacker who guesses the name of the next key could hide it.

If a server responds with 429 or 503 with Retry-After, the Remote waits that long, but at most
Options.Refresh. Requests cannot shorten this pause, so a new key is known later. Only
[Remote.Refresh] does not wait.

If the issuer removes a key, the Remote refuses its tokens from the next fetch on,
including tokens that were verified before.

When a fetch fails, the Remote keeps its keys for up to 24 hours after the last successful
fetch (Options.MaxStale). It tries again after a second. Then it waits longer after each
failure, up to a minute. It calls Options.OnError for each failure, and [Remote.Status]
shows the error.

# What is fetched

The Remote fetches only https, from the URL that you configured or that the metadata
names. Plain http works only to this machine, for tests (Options.AllowLoopbackHTTP).

It refuses a URL with a user. It refuses link-local, multicast and unspecified IP
addresses in any spelling, because clouds serve metadata there. It accepts private
addresses, because an issuer may have one. Metadata may name this machine only if the
issuer is on this machine. The Remote does not check to which address a host name
resolves. To check this, use [PublicClient].

It does not follow redirects. The response must

  - have the status 200
  - have the type application/json or application/jwk-set+json
  - have at most 512 KiB and 100 keys
  - arrive within 5 seconds
  - be strict JSON

A duplicate member, data after the end, or a missing list of keys makes the whole set
invalid. The Remote then keeps its keys. If a server sends another type, or an issuer has
only plain http, write a Transport for Options.Client: see docs/other-issuers.md.

With Options.CertificateMap, the document is not a JWK Set but an object of certificates
by their "kid", such as the document of Firebase.

# Which keys are used

The rules are those of keys.ParseSet, which reads a set from a file. Each key is checked
separately. A key that cannot be used is skipped, and the other keys are used. The Remote
calls Options.OnError once for each skipped key, with an [ErrKeySkipped]. These keys are
skipped:

  - secrets ("oct"), and keys with private members
  - keys for another use than "sig" (Options.Use), or with key_ops without "verify"
  - keys with an unknown type, curve or algorithm, or an algorithm that is not in
    Options.Algorithms
  - malformed keys: points that are not on their curve, numbers that are too large, the
    certificate of another key
  - RSA keys below 2048 bits, and other keys that ginjwt considers weak
  - all different keys with the same "kid" and the same algorithm
  - keys without a "kid", after the first 8

A defect in an optional part does not matter. The Remote ignores an invalid thumbprint,
and an unreadable certificate, such as one with a negative serial number. It reports them
by an [ErrKeyDefect]. Extra or missing leading zeros, padding of base64url and members
that are null do no harm.

If a token has no "kid", or an empty one, the Remote tries each key without "kid" that has
the algorithm of the token. If the set has only one usable key, that key verifies tokens
without "kid", even if it has a "kid" itself (OpenID Connect Core §10.1). A token without
"kid" never causes a fetch, because it does not name a new key. So its issuer must publish
a new key for Options.Refresh before the key signs.

A key has one algorithm. If it names none, it gets a default: RS256 for RSA, EdDSA for
Ed25519, and ES256, ES384 or ES512 by its curve. "Ed25519" (RFC 9864) is another name of
EdDSA. If an issuer uses other algorithms, list them:

	jwks.Options{Algorithms: []string{"PS256"}}

An RSA key that names no algorithm then has every RSA algorithm of the list.

If an issuer removes its last key, its tokens are refused.

# One issuer only

If your service accepts tokens of a single issuer, you can use [Remote.DecodeKey] in a
DecodeKeyLoader instead of Config.Issuers. Then you must set DecodeIssuer and
DecodeAudience:

	mgr := ginjwt.New(ginjwt.Config{
		DecodeIssuer:   "https://example.eu.auth0.com/",
		DecodeAudience: []string{"https://api.example.com"},
	})
	mgr.DecodeKeyLoader(func(ctx context.Context, unverified *ginjwt.Token) (keys.Key, error) {
		return remote.DecodeKey(ctx, unverified.Issuer, unverified.Header())
	})

Config.Issuers is faster, because the token cache works with it.

# When not to use it

The "common" endpoints of Entra ID do not belong to one issuer: their metadata has a
template in place of an issuer name. Call Discover with the issuer of a tenant.

To verify tokens of your own service in the same program, use its keys: a [keys.Set].
*/
package jwks
