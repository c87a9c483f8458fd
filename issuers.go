package ginjwt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

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
	// an issuer whose tokens have none. Keys, KeySource or both are set.
	Keys []keys.Key

	// KeySource brings the keys that verify its tokens, such as a remote JWK
	// Set of package jwks. Beside Keys it is asked only for tokens whose "kid" is of
	// none of them, and for tokens without a "kid" if no key has AllowMissingKeyID.
	KeySource keys.Source

	// Algorithms are those that its tokens may have. Empty means those of Keys for
	// tokens that Keys verify, and for the others those of a keys.Set; with another
	// KeySource, all but HMAC, whose secrets are nothing to hand around.
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

	// AccessTypes are the values of TypeClaim that mean "access token", such as "app",
	// compared exactly. Its tokens must have one of them. Empty means "access", or no
	// TypeClaim at all. Refresh tokens are refused whatever stands here.
	AccessTypes []string

	// IdentityClaims, in place of IdentityClaim, name the user by the first of
	// several claims that a token has, and that is neither null nor "". A user who is
	// named by one of them, and another who has the same name in another, are one
	// user: the issuer must see to it that this cannot be.
	IdentityClaims []string

	// Identity, in place of both, names the user of a token that was verified and has
	// passed all checks of its claims; token.Identity is empty. It is asked on every
	// request, and must be safe for concurrent use. Empty text, or an error that wraps
	// [ErrInvalidToken], means that the token names no user, and it is refused. Another
	// error is answered 500, or 503 if it wraps [ErrUnavailable].
	Identity func(ctx context.Context, token *Token) (string, error)

	// IdentityPrefix stands before its identities, such as "google:", so that
	// it cannot name the users of somebody else. It is put there last, also before
	// what Identity returns. Give no user of your own a name that begins with it.
	IdentityPrefix string

	// AllowSharedIdentities says that its users are also those of the manager, or of
	// the other issuers whose identities could be the same. Without it, two
	// that could name the same user are an error.
	AllowSharedIdentities bool

	// RequiredClaims are claims that its tokens must have. Nil means
	// Config.RequiredClaims.
	RequiredClaims []string

	// Leeway is the difference between clocks that is tolerated for "exp", "nbf",
	// "iat" and "auth_time" of its tokens. Zero means Config.DecodeLeeway, but 30
	// seconds at the least: clocks of others are not yours. Negative means none.
	Leeway time.Duration

	// Types are the values of the "typ" header that its tokens must have. An
	// issuer that writes "at+jwt" (RFC 9068) should have that alone, which keeps
	// out its ID tokens. Empty means none, "JWT", "at+jwt" and those of
	// Config.DecodeTypes.
	Types []string

	// LogoutAudience are the client IDs that the issuer writes to "aud" of its logout
	// tokens (OpenID Connect Back-Channel Logout 1.0): see
	// [JWTManager.BackChannelLogoutHandler]. Empty means that its logout tokens are
	// refused. If it is set, its tokens must have "iat" and "sub".
	LogoutAudience []string

	// MaxTokenAge is how long after its "iat" a token is accepted at most, where there
	// is a LogoutAudience: logouts are remembered for that long. Zero means 24 hours.
	MaxTokenAge time.Duration

	// LogoutOnly refuses all tokens of the issuer but logout tokens. It is for a service
	// whose users log in there, and which gives them tokens of its own.
	LogoutOnly bool
}

// String describes i without secrets.
func (i Issuer) String() string { return fmt.Sprintf("ginjwt.Issuer{Name: %q, …}", i.Name) }

// GoString is String, for %#v.
func (i Issuer) GoString() string { return i.String() }

// Format prints String whatever the verb, so that none shows a secret.
func (i Issuer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, i.String()) }

// LogValue is String, for log/slog.
func (i Issuer) LogValue() slog.Value { return slog.StringValue(i.String()) }

// IssuerResolver brings issuers that are known only while the program runs: the tenants of
// Microsoft Entra ID, the domains of customers. name is the "iss" of a token, written by
// anybody: nothing was verified, and nothing fetched. It is an https URL of a domain, of at
// most 255 bytes.
//
// The Issuer must have exactly this Name, and an IdentityPrefix of its own, unless
// AllowSharedIdentities; make it of what the name tells apart. It is kept for the tokens to
// come, and asked about again a day later. Anything started with ctx, such as a Remote of
// package jwks, must end with it: that is when the issuer is not kept any more, or if the
// call takes longer than 10 seconds. With this context, package jwks fetches from public
// addresses only.
//
// An error that wraps [ErrUnknownIssuer] means no, which is remembered for a minute: the
// token counts as one of the manager's own, and is refused if it is none. Any other error
// is answered 503, or 500 if it wraps [ErrCallback], and is not remembered. Say yes to
// names that you have in a table, and not to a pattern that everybody can match.
//
// It must be safe for concurrent use. Requests with tokens of one issuer share one call,
// and at most 32 calls run at once. Beyond 1024 calls that run or wait, requests are
// answered 503 without a call. A call must return when ctx ends: 32 that do not leave no
// room for others, which Config.Observer is told by [OperationIssuerResolver].
type IssuerResolver func(ctx context.Context, name string) (Issuer, error)

// ErrUnknownIssuer is what an IssuerResolver returns, also wrapped, if it accepts no tokens
// of an issuer.
var ErrUnknownIssuer = errors.New("ginjwt: no tokens of this issuer are accepted")
