// Package keys reads and checks keys, and signs and verifies tokens with them.
//
// A [Key] is a secret, a private key or a public key, with exactly one algorithm. A
// [Set] is a list of checked keys: the first active key signs, and all keys verify. If
// a token names a key, only that key verifies it. A [Source] provides the keys of an
// issuer, such as a Remote of package jwks.
//
// [Parse] reads your own keys from PEM, JWKs, JWK Sets and the other forms of
// [Normalize]. [ParseSet] reads the JWK Set of another issuer. [ParseAny] reads both.
// [Key.MarshalJWK] writes a key.
//
// The package refuses insecure keys:
//
//   - short secrets, and well-known sample secrets
//   - short RSA keys, and elliptic curve points of small order
//   - a public key in place of a secret
//   - a private key that does not belong to its public key
//
// [Bound] and the methods of Set that sign and verify are for package ginjwt. Programs
// rarely need them.
package keys
