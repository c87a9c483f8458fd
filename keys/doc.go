// Package keys reads the keys of tokens, checks them, and signs and verifies with
// them.
//
// A [Key] is a secret, a private key or a public key, bound to one algorithm.
// [Parse] reads keys from PEM texts, JWKs and JWK Sets, and from the forms of
// [Normalize]; [ParseSet] reads the set that another issuer publishes, and [ParseAny]
// both. [Key.MarshalJWK] writes keys. A [Set] is a list of keys that were
// checked: the first that is active signs, all verify, and a token that names a key
// is verified with that key only. A [Source] is where the keys of an issuer come
// from, such as package jwks.
//
// [Bound], and the methods of Set that take tokens apart, are what package ginjwt
// needs to sign and verify; programs rarely do.
//
// A key is refused that would not protect: short secrets and RSA keys, secrets
// that are printed in manuals, public keys in the place of secrets, points of
// small order, halves that do not belong together.
package keys
