// Package keys reads and checks keys, and signs and verifies tokens with them.
//
// A [Key] is a secret, a private key or a public key, with exactly one algorithm. A
// [Set] is a list of checked keys: the first active key signs, and all keys verify. If a
// token names a key, only that key verifies it. A [Source] provides the keys of an
// issuer, such as a Remote of package jwks.
//
// [Parse] reads your own keys, from PEM, JWKs, JWK Sets and the other forms of
// [Normalize]. [ParseSet] reads the set that another issuer publishes. [ParseAny] reads
// both. [Key.MarshalJWK] writes a key.
//
// The package refuses keys that do not protect: short secrets and RSA keys, secrets
// that are printed in manuals, public keys in place of secrets, points of small order,
// and private keys that do not belong to their public key.
//
// Package ginjwt uses [Bound], and the methods of Set for signatures. Programs rarely
// need them.
package keys
