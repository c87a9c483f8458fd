/*
Package jwks verifies the tokens of another issuer, such as Auth0, Keycloak,
Entra ID or another service of your own, with the keys that it publishes: its
JWK Set (RFC 7517).

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

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

[Discover] finds the set by the metadata of the issuer (OpenID Connect Discovery,
RFC 8414), whose "issuer" must be the given text to the letter, a slash at its
end included. [New] takes the URL of the set itself. Audience is what keeps out
the tokens that the issuer has made for somebody else.

Nothing in a token has a say in what is fetched: an issuer is configured, and
has one Remote.

# When keys are fetched

The first fetch begins at once, in the background: a service starts while its
issuer is down, and answers 503 to the tokens of that issuer until it is back. To
wait for the keys at the start, call [Remote.Ready].

From then on keys are fetched every 15 minutes, or more often if the issuer says
so by Cache-Control, until the context ends. A request whose token names a key
that is known never waits, whatever the issuer does. One that names an unknown
key makes the Remote fetch, and waits for that: so a new key works as soon as
it is published, and it costs a sender of random names nothing but his own time.
Such fetches are limited, by default to 3 at once and one more every 2 seconds,
whether they work or not; beyond that the token is refused at once. Any number of
requests wait for the same fetch. One that gives up does not end it. While
fetches fail, nobody waits but who has started one.

Whoever sends tokens with random names uses up this limit, and nothing tells such a
token from the first token of a new key. Two things hold in the worst case, for the
defaults: each process fetches 33 times in the first minute and 30 times in each
further one, where a fetch of [Discover] is two requests, as it reads the metadata
too; and a new key is known 2 seconds after it was published, plus the time of the
fetch that is under way and of the next. Both follow from Options.Cooldown: a shorter
one makes new keys known sooner, and costs more fetches. Unknown names are not remembered, as that would let whoever guesses
the name of the next key hide it.

A server that answers 429 or 503 with Retry-After is left alone for as long as it
asks, up to Options.Refresh, also by requests: a new key is known later then. Only
[Remote.Refresh] does not wait.

A key that the issuer takes away is refused from the next fetch on, also for
tokens that were verified before.

When a fetch fails, the keys stay what they are, for up to 24 hours since the
last one that worked (Options.MaxStale). It is repeated after a second, then
ever more rarely, down to once a minute. Options.OnError hears of it, and
[Remote.Status] shows it.

# What is fetched

Only https, to the address that was configured or that the metadata names. Plain
http is for tests, and for this machine only (Options.AllowLoopbackHTTP). A URL
with a user is refused, and one with a link-local, multicast or unspecified IP
address, where clouds answer their machines, in whatever form; a private address
is not, as an issuer may have one. Metadata may name this machine only if the
issuer is here. What a host name stands for is not looked at.

No redirect is followed. The answer must have the status 200, the type
application/json or application/jwk-set+json, at most 512 KiB and 100 keys, and
must come within 5 seconds. It must be JSON to the letter: with a member twice,
with anything after its end or without a list of keys it is refused as a whole,
and the keys stay what they are. Servers that send another type, and issuers behind
plain http, need a Transport of their own in Options.Client: see
docs/other-issuers.md.

With Options.CertificateMap the document is an object of certificates by their
"kid", such as that of Firebase.

# Which keys are used

Keys are read by [keys.SetOptions], as keys.ParseSet reads a set from a file. Each
key is looked at by itself. One that cannot be used is skipped, and Options.OnError
is told once, by an [ErrKeySkipped]; the others are used. Skipped are:

  - secrets ("oct"), and whatever has private members;
  - keys for another use than "sig" (Options.Use), or with key_ops without "verify";
  - keys of unknown types, curves or algorithms, or of others than
    Options.Algorithms;
  - what is malformed: points that are not on their curve, numbers that are too
    large, certificates that are of another key;
  - RSA keys of less than 2048 bits, and whatever else ginjwt takes for weak;
  - different keys with the same "kid" and the same algorithm: none of them;
  - keys without a "kid" after the first 8.

What is optional in a key is no reason to skip it. A certificate that cannot be read,
such as one with a negative serial number, or a thumbprint that is none is left aside,
and reported by an [ErrKeyDefect]. Zeros before a number, or missing before a
coordinate, padding of base64url and members that are null do no harm.

A token without "kid" is tried with each key without "kid" that has its algorithm. An
empty "kid" is none. If only one key can be used, that verifies tokens without "kid"
whatever its name is (OpenID Connect Core §10.1). Such a token makes nobody fetch, as
it does not say that its key is new: its issuer has to publish a new key for
Options.Refresh before it signs.

A key has one algorithm. If it does not name it, that is RS256 for RSA keys,
EdDSA for Ed25519, and the one of the curve for ES256, ES384 and ES512. "Ed25519"
(RFC 9864) is another name of EdDSA. The other algorithms of an issuer have to be
listed:

	jwks.Options{Algorithms: []string{"PS256"}}

An RSA key that names no algorithm then has every RSA algorithm of the list.

An issuer that takes away its last key has none: its tokens are refused.

# One issuer only

A service that takes no other tokens than those of one issuer may do without
Config.Issuers. [Remote.DecodeKey] is for the DecodeKeyLoader; DecodeIssuer and
DecodeAudience must be set then:

	mgr := ginjwt.New(ginjwt.Config{
		DecodeIssuer:   "https://example.eu.auth0.com/",
		DecodeAudience: []string{"https://api.example.com"},
	})
	mgr.DecodeKeyLoader(func(ctx context.Context, unverified *ginjwt.Token) (keys.Key, error) {
		return remote.DecodeKey(ctx, unverified.Issuer, unverified.Header())
	})

Config.Issuers is faster, as tokens that were verified are remembered.

# When not to use it

The "common" endpoints of Entra ID are those of no issuer: their metadata has a
template in place of its name. Use Discover with the issuer of a tenant.

To verify the tokens of a service of your own in the same program, use its
keys: a [keys.Set].
*/
package jwks
