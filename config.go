package ginjwt

import (
	"net/http"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// NeverExpires, used as a lifetime, makes tokens without an "exp" claim.
const NeverExpires time.Duration = -1

// Config holds the settings of a [JWTManager]. Every field is optional but a
// key. A field is named after its Flask-JWT-Extended setting without the JWT_
// prefix; one that is on by default is spelled Disable…, so that the zero value
// of every field is its safe default.
//
// Printing a Config shows no key, unless it is in an unexported field of
// something else that is printed, where package fmt cannot know.
type Config struct {
	// SecretKey is the secret of the HMAC algorithms, at least as long as the
	// hash: 32 bytes for HS256, 48 for HS384, 64 for HS512 (RFC 7518 §3.2).
	SecretKey string

	// AllowShortSecret accepts a SecretKey, and secrets in Keys and Issuers, that
	// are shorter than their hash. A short secret can be guessed from a single
	// token; use this only to take over the tokens of an existing service.
	AllowShortSecret bool

	// PrivateKey is the PEM text of the key that signs with RS*, PS*, ES* or
	// EdDSA: PKCS #1, PKCS #8 or SEC 1, unencrypted. For other forms that are read
	// see [keys.Normalize]; a path is none of them.
	PrivateKey string

	// PublicKey is the PEM text of the key that verifies: PKCS #1, PKIX or a
	// certificate, or another form as of PrivateKey. Empty means the public half of
	// PrivateKey; alone, the manager only verifies.
	PublicKey string

	// Keys are several keys, each bound to one algorithm. The first that is
	// active signs, all verify. Beside Keys, SecretKey, PrivateKey and PublicKey
	// only verify, and only tokens that name no key: those made before there was
	// a list. [JWTManager.SetKeys] changes keys while the program serves.
	Keys []keys.Key

	// Algorithm signs and verifies tokens. Empty means "HS256". Beside Keys it is
	// the algorithm of those that name none and are of its type. Others are
	// HS384, HS512, RS256 to RS512, PS256 to PS512, ES256 to ES512 and EdDSA.
	// "Ed25519" (RFC 9864) means EdDSA, and PyJWT's "ES521" means ES512, in tokens and
	// in settings. Tokens are written with the names above.
	Algorithm string

	// DecodeAlgorithms are further algorithms that are accepted, each with the
	// key of its family: SecretKey, or PublicKey and PrivateKey. Algorithm is
	// always accepted.
	DecodeAlgorithms []string

	// AccessTokenExpires is how long an access token is valid. Zero means
	// 15 minutes; NeverExpires leaves out "exp", which is rarely wise.
	AccessTokenExpires time.Duration

	// RefreshTokenExpires is how long a refresh token is valid. Zero means
	// 30 days; NeverExpires leaves out "exp".
	RefreshTokenExpires time.Duration

	// TokenLocation says where requests carry their token, in order of
	// preference. Empty means InHeaders. InQueryString puts tokens into logs
	// and browser histories (RFC 9700 §4.3.2).
	TokenLocation []Location

	// IdentityClaim is the claim that holds the identity. Empty means "sub".
	IdentityClaim string

	// TypeClaim is the claim that holds the type of a token, "access" or
	// "refresh". Empty means "type", without which a token is an access token.
	// Another name, such as the "token_type" of Django's simplejwt, must be in
	// all tokens.
	TypeClaim string

	// FreshClaim is the claim that holds the freshness of a token. Empty means
	// "fresh".
	FreshClaim string

	// ScopeClaim is the claim that [Scopes] and [AnyScope] read: text with
	// blanks between the scopes (RFC 8693 §4.2), or an array of strings. One that
	// begins with a slash is a JSON Pointer (RFC 6901). Empty means "scope".
	ScopeClaim string

	// RolesClaim is the claim that [Roles] reads: an array of strings, one
	// string, or an object whose members are roles. One that begins with a slash is a JSON Pointer, such as
	// "/realm_access/roles". Empty means "roles".
	RolesClaim string

	// DisableVerifySub accepts a "sub" that is not a string. [Token.Identity]
	// is then its JSON text.
	DisableVerifySub bool

	// EncodeIssuer is the "iss" of new tokens. Empty leaves the claim out.
	EncodeIssuer string

	// DecodeIssuer is the "iss" that tokens must have. Empty accepts any.
	DecodeIssuer string

	// DecodeIssuers are further values of "iss" to accept, for example while a
	// service moves to a new name.
	DecodeIssuers []string

	// EncodeAudience is the "aud" of new tokens: one is written as a string,
	// several as an array. Empty leaves the claim out.
	EncodeAudience []string

	// DecodeAudience demands an "aud" with at least one of these values. Empty
	// accepts any.
	DecodeAudience []string

	// DecodeLeeway is the difference between clocks that is tolerated for
	// "exp", "nbf" and "iat". Zero means none; 100 years are the most. For the time
	// at which an own token was issued, in "iat" and in the "nbf" that goes with it,
	// the difference may be a second in any case. Tokens of Issuers have Issuer.Leeway.
	DecodeLeeway time.Duration

	// DisableEncodeNBF leaves "nbf" out of new tokens.
	DisableEncodeNBF bool

	// ErrorMessageKey is the member of a default error response that holds
	// its message. Empty means "msg". Only FlaskError has it.
	ErrorMessageKey string

	// ErrorProfile is how refusals are answered that no loader answers: "flask"
	// ([FlaskError]), "bearer" ([BearerError]) or "problem" ([ProblemError]). Empty
	// means "flask".
	ErrorProfile string

	// HeaderName is the header of InHeaders. Empty means "Authorization".
	HeaderName string

	// HeaderType is the scheme in front of the token, in any case. Empty means
	// "Bearer"; see DisableHeaderType.
	HeaderType string

	// DisableHeaderType reads a header that holds the token alone.
	DisableHeaderType bool

	// AccessCookieName is the cookie of access tokens. Empty means
	// "access_token_cookie". A name that begins with "__Host-" keeps the cookie
	// from being set by neighbouring hosts (RFC 6265bis); one that begins with
	// "__Host-Http-" by scripts, too, in browsers that know this prefix.
	AccessCookieName string

	// AccessCookiePath is where access tokens are sent. Empty means "/". Paths of
	// cookies are escaped as in URLs; what is escaped already stays so.
	AccessCookiePath string

	// RefreshCookieName is the cookie of refresh tokens. Empty means
	// "refresh_token_cookie".
	RefreshCookieName string

	// RefreshCookiePath is where refresh tokens are sent. Empty means "/"; the
	// path of the refresh route is better.
	RefreshCookiePath string

	// CookieDomain sends cookies to a domain and all below it. Empty means the
	// host that set the cookie only. Where it is set, cookies of the same names for
	// the host alone are removed whenever cookies are set.
	CookieDomain string

	// CookiePartitioned sets the attribute Partitioned: a page that is embedded in
	// another site has cookies of its own there (CHIPS). Browsers want such cookies
	// to be Secure, and most need CookieSameSite to be None. Cookies without the
	// attribute are removed whenever cookies are set.
	CookiePartitioned bool

	// CookieFormerDomains, CookieFormerPaths and CookieFormerPartitioned name where
	// earlier settings have put cookies. Browsers keep and send those too, and two
	// cookies of one name are refused. Every response that sets or removes cookies,
	// or refuses two of one name, removes them: at each of these domains, for the
	// host alone and at the domain that is set now, and there at each of these
	// paths, at "/" and at the path that is set now; with CookieFormerPartitioned
	// also those that are Partitioned. Name them until the last cookie from before
	// has expired. The host alone and "/" need not be named.
	CookieFormerDomains     []string
	CookieFormerPaths       []string
	CookieFormerPartitioned bool

	// CookieSameSite is the SameSite attribute. Zero means Lax;
	// [http.SameSiteDefaultMode] leaves it out, as Flask-JWT-Extended does.
	CookieSameSite http.SameSite

	// DisableCookieSecure sends cookies over plain HTTP too. Only for
	// development; most browsers send Secure cookies to localhost anyway, and drop
	// them from every other http address.
	DisableCookieSecure bool

	// DisableSessionCookie keeps cookies for as long as their token lives,
	// rather than until the browser is closed.
	DisableSessionCookie bool

	// DisableCookieCSRFProtect accepts cookies without a CSRF value, which
	// lets other sites act in the name of a user. New tokens get no "csrf".
	DisableCookieCSRFProtect bool

	// DisableCSRFInCookies sets no cookies with CSRF values; the application
	// hands them out by other means.
	DisableCSRFInCookies bool

	// CSRFCheckForm looks for the CSRF value in forms too, where the header is
	// missing.
	CSRFCheckForm bool

	// MaxFormSize is how many bytes of a form with files are read to find the CSRF
	// value in it. What exceeds a mebibyte is kept in a temporary file until the
	// request ends, and is only read if the token is good. Zero means 256 MiB. A
	// form whose CSRF field comes before its files is not read ahead.
	MaxFormSize int

	// CSRFMethods are the methods that need a CSRF value. Empty means all but
	// the safe ones: GET, HEAD, OPTIONS and TRACE (RFC 9110 §9.2.1).
	CSRFMethods []string

	// CSRFCookieDomain is the domain of the cookies with CSRF values, for scripts on
	// pages of other hosts below it to read. Empty means CookieDomain.
	CSRFCookieDomain string

	AccessCSRFCookieName  string // default "csrf_access_token"
	AccessCSRFCookiePath  string // default "/"
	AccessCSRFHeaderName  string // default "X-CSRF-TOKEN"
	AccessCSRFFieldName   string // default "csrf_token"
	RefreshCSRFCookieName string // default "csrf_refresh_token"
	RefreshCSRFCookiePath string // default "/"
	RefreshCSRFHeaderName string // default "X-CSRF-TOKEN"
	RefreshCSRFFieldName  string // default "csrf_token"

	// QueryStringName is the parameter of InQueryString. Empty means "jwt".
	QueryStringName string

	// QueryStringValuePrefix stands before the token in the query string.
	QueryStringValuePrefix string

	// TicketName is the parameter of InTicket. Empty means "ticket".
	TicketName string

	// JSONKey is the member of a JSON body that holds an access token. Empty
	// means "access_token".
	JSONKey string

	// RefreshJSONKey is the member that holds a refresh token. Empty means
	// "refresh_token".
	RefreshJSONKey string

	// The settings below are not in Flask-JWT-Extended.

	// Blocklist is asked whether a token was revoked, on every request. Nil
	// means a [MemoryBlocklist], which other processes know nothing of and
	// which is empty after a restart.
	Blocklist store.Blocklist

	// Once remembers which single-use tokens were used: purpose tokens, which are in links
	// of mails, and tickets. Nil means a [MemoryOnce], which other processes know nothing
	// of and which is empty after a restart. With more than one process, it must be a store
	// that all of them share.
	Once store.Once

	// Sessions keeps the sessions that [JWTManager.CreateTokenPair] starts, and
	// turns on the rotation of refresh tokens. Nil means that there are none.
	// With more than one process, Blocklist must reach all of them too.
	Sessions store.SessionStore

	// Realm keeps managers apart that share stores: users, sessions and revoked
	// tokens of one realm are unknown in the others. Each tenant of a service has
	// its own. It has at most 255 bytes; empty is a realm too.
	Realm string

	// SessionGrace is how long a refresh token that was traded may be used again,
	// for the same successor, since that was handed out: a client may repeat a
	// request whose answer was lost, and tabs may refresh at once. Until twice as
	// long, and at most for a quarter of the time after which an unused session ends,
	// the newest token is not traded, but good for new access tokens. So the grace
	// should be no longer than that quarter. Zero means 60 seconds; negative means
	// not at all, which logs such users out.
	SessionGrace time.Duration

	// SessionLifetime is how long a session lives however busy it is. Zero
	// means for ever; a session that is not used ends after RefreshTokenExpires
	// in any case.
	SessionLifetime time.Duration

	// RenewedTokenHeader is the response header in which [JWTManager.ImplicitRefresh]
	// sends a new access token to a client that sends its token in a header, such as
	// "X-Renewed-Token". A page of another origin can read it if CORS exposes it.
	// Empty means that only cookies are renewed.
	RenewedTokenHeader string

	// DetailedPairs adds two members to the JSON of a [TokenPair]:
	// "refresh_expires_in", and the "csrf_token" that a page has to send with
	// cookies, for pages that cannot read the CSRF cookie.
	DetailedPairs bool

	// MaxSessions is how many sessions an identity may have; a login beyond
	// that ends the oldest. Zero means any number.
	MaxSessions int

	// Issuers are others whose tokens are accepted beside those of this manager,
	// or in place of them if it has no key.
	Issuers []Issuer

	// IssuerResolver is asked for issuers that are not among Issuers: those known only
	// while the program runs. Nil means that there are none.
	IssuerResolver IssuerResolver

	// MaxResolvedIssuers is how many issuers of the IssuerResolver are kept, each with
	// its keys; beyond that the one goes that was not used for longest. Zero means 1000;
	// 100 000 are the most.
	MaxResolvedIssuers int

	// Resources are the parts of the service that clients find by their metadata, such
	// as an MCP server; their routes have [ForResource].
	Resources []Resource

	// RequiredClaims are claims that every token must have.
	RequiredClaims []string

	// DecodeTypes are further values of the "typ" header to accept, beside
	// none, "JWT" and "at+jwt" (RFC 8725 §3.11).
	DecodeTypes []string

	// AllowAnyOptions lets every OPTIONS request pass as anonymous, with whatever
	// credentials it carries, as Flask-JWT-Extended does. A handler or an upstream
	// that acts on OPTIONS is then open to everybody. False lets a CORS preflight
	// pass only, without credentials.
	AllowAnyOptions bool

	// MaxTokenSize is the length in bytes above which a token is refused
	// unread. Zero means 16 KiB.
	MaxTokenSize int

	// TokenCacheSize is how many tokens are remembered whose signature was verified,
	// so that it need not be verified again; all other checks are made on every
	// request. Zero means 10 000, which takes up to 20 MB; negative turns it off.
	// It is off with a DecodeKeyLoader, which is asked every time.
	TokenCacheSize int

	// Observer is told what happens: for logs, metrics and traces. Nil means nobody
	// is, and costs nothing. [SlogObserver] logs. A Blocklist that many managers share
	// tells one observer, that of the last manager that has one; the KeySource of an
	// issuer does so, too.
	Observer Observer

	// Warnings are what [LoadConfig] found that does not do what it looks like:
	// names that nobody reads, and values that were probably meant otherwise.
	// [JWTManager.InitApp] logs each with the default logger of log/slog. Remove
	// those that you have dealt with.
	Warnings []SettingWarning

	// Now tells the time. Nil means [time.Now]; tests set a clock of their own.
	Now func() time.Time
}
