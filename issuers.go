package ginjwt

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// Issuer is somebody else whose tokens are accepted: an identity provider, or
// another service. Which issuer a token is of is read from its "iss", before
// any key is looked for; it is then verified with the keys of that issuer only.
//
// Its access tokens are accepted. Its refresh tokens are not: those are traded
// by who made them.
type Issuer struct {
	// Name is the "iss" of its tokens, exactly.
	Name string

	// Keys verify its tokens: Key.ID is their "kid", and Key.AllowMissingKeyID is for
	// an issuer whose tokens have none. Either Keys or KeySource is set.
	Keys []keys.Key

	// KeySource brings the keys that verify its tokens, such as a remote JWK
	// Set of package jwks.
	KeySource keys.Source

	// Algorithms are those that its tokens may have. Empty means those of Keys, or
	// of a keys.Set; with another KeySource, all but HMAC, whose secrets are nothing
	// to hand around.
	Algorithms []string

	// Audience demands an "aud" with at least one of these values. Nil means
	// Config.DecodeAudience, an empty list any audience or none: then a token
	// that was made for another service is accepted by this one, unless
	// something else in it is asked for (RFC 8725 §3.9).
	Audience []string

	// IdentityClaim, TypeClaim, FreshClaim, ScopeClaim and RolesClaim are the
	// names of its claims. Empty means those of Config. Its tokens must have a
	// TypeClaim that is set here.
	IdentityClaim string
	TypeClaim     string
	FreshClaim    string
	ScopeClaim    string
	RolesClaim    string

	// IdentityPrefix stands before its identities, such as "google:", so that
	// it cannot name the users of somebody else. Give no user of your own a name
	// that begins with it.
	IdentityPrefix string

	// AllowSharedIdentities says that its users are also those of the manager, or of
	// the other issuers whose identities could be the same. Without it, two
	// that could name the same user are an error.
	AllowSharedIdentities bool

	// RequiredClaims are claims that its tokens must have. Nil means
	// Config.RequiredClaims.
	RequiredClaims []string

	// Types are the values of the "typ" header that its tokens must have. An
	// issuer that writes "at+jwt" (RFC 9068) should have that alone, which keeps
	// out its ID tokens. Empty means none, "JWT", "at+jwt" and those of
	// Config.DecodeTypes.
	Types []string
}

// String describes i without secrets.
func (i Issuer) String() string { return fmt.Sprintf("ginjwt.Issuer{Name: %q, …}", i.Name) }

// GoString is String, for %#v.
func (i Issuer) GoString() string { return i.String() }

// Format prints String whatever the verb, so that none shows a secret.
func (i Issuer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, i.String()) }

// LogValue is String, for log/slog.
func (i Issuer) LogValue() slog.Value { return slog.StringValue(i.String()) }
