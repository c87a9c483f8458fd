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

// Issuer is an identity provider or another service whose access tokens the manager
// accepts. The manager chooses the issuer by the "iss" of a token, and then verifies the
// token only with the keys of that issuer.
//
// The manager refuses refresh tokens of other issuers. The client sends them to the
// issuer.
type Issuer struct {
	// Name is the exact "iss" of the tokens.
	Name string

	// Keys verify the tokens. Key.ID is the "kid" of a token. Set Key.AllowMissingKeyID
	// if the tokens have no "kid". You must set Keys, KeySource or both.
	Keys []keys.Key

	// KeySource fetches the keys that verify the tokens, such as a remote JWK Set of
	// package jwks. If Keys is set too, KeySource verifies only tokens with another
	// "kid", and tokens without "kid" if no key has AllowMissingKeyID.
	KeySource keys.Source

	// Algorithms are the algorithms that tokens may have. Empty means the algorithms of
	// Keys, and of the KeySource if it is a keys.Set. For any other KeySource, empty
	// means all algorithms except HMAC, because issuers do not publish secrets.
	Algorithms []string

	// Audience requires an "aud" with at least one of these values. Nil means
	// Config.DecodeAudience. An empty list turns the check off: then the manager also
	// accepts tokens that the issuer made for other services (RFC 8725 §3.9).
	Audience []string

	// IdentityClaim, TypeClaim, FreshClaim, ScopeClaim and RolesClaim are the names of
	// claims in the tokens. Empty means the names in Config. If Issuer.TypeClaim is set,
	// tokens must have that claim.
	IdentityClaim string
	TypeClaim     string
	FreshClaim    string
	ScopeClaim    string
	RolesClaim    string

	// AccessTypes are the exact values of TypeClaim that mean "access token", such as
	// "app". If it is set, tokens must have one of them. Empty means that "access", or no
	// TypeClaim at all, is an access token. Refresh tokens are always refused.
	AccessTypes []string

	// IdentityClaims replaces IdentityClaim. The user is named by the first of these
	// claims that the token has, and that is not null or "". The issuer must make sure
	// that values of different claims never collide: equal names are one user.
	IdentityClaims []string

	// Identity replaces IdentityClaim and IdentityClaims. It returns the user of a token
	// that passed all other checks of its claims; token.Identity is empty. The manager
	// calls it on every request, so it must be fast and safe for concurrent use.
	//
	// If it returns an empty string, or an error that wraps [ErrInvalidToken], the
	// token is refused. An error that wraps [ErrUnavailable] gives status 503, any
	// other error 500.
	Identity func(ctx context.Context, token *Token) (string, error)

	// IdentityPrefix is put before the identities of this issuer, such as "google:". It
	// keeps them apart from your own users and from the users of other issuers. The
	// manager adds it last, also to the result of Identity. None of your own users may
	// have a name that starts with it.
	IdentityPrefix string

	// AllowSharedIdentities declares that the users of this issuer are also users of the
	// manager, or of other issuers. Without it, two issuers that could name the same user
	// are a configuration error.
	AllowSharedIdentities bool

	// RequiredClaims are claims that tokens must have. Nil means Config.RequiredClaims.
	RequiredClaims []string

	// Leeway is the clock skew to tolerate for "exp", "nbf", "iat" and "auth_time".
	// Zero means Config.DecodeLeeway, but at least 30 seconds. Negative means no
	// leeway.
	Leeway time.Duration

	// Types are the accepted values of the "typ" header. If the issuer writes "at+jwt"
	// (RFC 9068), set only that value, to keep out ID tokens. Empty means no "typ",
	// "JWT", "at+jwt" and the values of Config.DecodeTypes.
	Types []string

	// LogoutAudience are the client IDs in the "aud" of logout tokens (OpenID Connect
	// Back-Channel Logout 1.0): see [JWTManager.BackChannelLogoutHandler]. If it is set,
	// tokens of the issuer must have "iat" and "sub". Empty means that logout tokens are
	// refused.
	LogoutAudience []string

	// MaxTokenAge is the maximum age of a token, from its "iat". Logouts are remembered
	// for that long. MaxTokenAge needs a LogoutAudience. Zero means 24 hours.
	MaxTokenAge time.Duration

	// LogoutOnly refuses all tokens of the issuer except logout tokens. Use it if your
	// users log in at the issuer, but use the tokens of your service.
	LogoutOnly bool
}

// String describes the issuer without secrets.
func (i Issuer) String() string { return fmt.Sprintf("ginjwt.Issuer{Name: %q, …}", i.Name) }

// GoString returns the same as String, for the verb %#v.
func (i Issuer) GoString() string { return i.String() }

// Format prints the same as String for every verb, so that no verb shows a secret.
func (i Issuer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, i.String()) }

// LogValue returns the same as String, for log/slog.
func (i Issuer) LogValue() slog.Value { return slog.StringValue(i.String()) }

// IssuerResolver returns issuers that are known only at run time, such as the tenants
// of Microsoft Entra ID. The argument name is the "iss" of an unverified token: anybody
// may have written it. The name is an https URL with a domain, of at most 255 bytes.
//
// Return an [Issuer] with exactly this Name, and with its own IdentityPrefix (unless
// AllowSharedIdentities is set). Accept only names in your own table, not a pattern
// that everybody can match. The manager keeps the issuer, and asks again after a day.
//
// Use ctx for everything that the call starts, such as a Remote of package jwks, so
// that it ends with ctx. ctx ends when the manager drops the issuer, or if the call
// takes longer than 10 seconds. With ctx, package jwks fetches from public addresses
// only.
//
// An error that wraps [ErrUnknownIssuer] means "not accepted". The manager remembers it
// for a minute, and treats the token like one of its own tokens. Any other error
// gives status 503, or 500 if it wraps [ErrCallback]. The manager does not remember these
// errors.
//
// The function must be safe for concurrent use. Requests with tokens of one issuer
// share one call. At most 32 calls run at the same time. While 1024 calls run or wait,
// requests that need another call get 503. A call must return when ctx ends: 32 calls
// that hang block all further calls. Each call that hangs is an event with
// [OperationIssuerResolver].
type IssuerResolver func(ctx context.Context, name string) (Issuer, error)

// ErrUnknownIssuer is the error that an IssuerResolver returns, directly or wrapped, if
// it does not accept tokens of an issuer.
var ErrUnknownIssuer = errors.New("ginjwt: no tokens of this issuer are accepted")
