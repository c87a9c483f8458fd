package ginjwt

import (
	"net/http"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// Config holds the settings of a [JWTManager]. Only a key is required: the zero
// value of every other field is its default, and the default is safe.
//
// A field has the name of its Flask-JWT-Extended setting without the JWT_ prefix. A
// protection that is on by default has a field that starts with Disable.
//
// Printing a Config shows no key. The exception is a Config in an unexported field of
// another struct: package fmt does not call its methods.
type Config struct {
	// SecretKey is the secret of the HMAC algorithms. It must be at least as long as
	// the hash: 32 bytes for HS256, 48 for HS384, 64 for HS512 (RFC 7518 §3.2).
	SecretKey string

	// AllowShortSecret accepts secrets that are shorter than their hash, in SecretKey,
	// Keys and Issuers. Danger: an attacker can guess a short secret from a single
	// token. Use it only to accept the tokens of an existing service.
	AllowShortSecret bool

	// PrivateKey is the signing key of RS*, PS*, ES* or EdDSA: unencrypted PEM, as
	// PKCS #1, PKCS #8 or SEC 1. [keys.Normalize] lists the other accepted forms. The
	// path of a file is not accepted.
	PrivateKey string

	// PublicKey is the verification key: PEM, as PKCS #1, PKIX or a certificate,
	// or one of the other forms of PrivateKey. Empty means the public half of
	// PrivateKey. A manager with no other key than a PublicKey only verifies.
	PublicKey string

	// Keys are several keys, each with one algorithm. The first active key signs, and
	// all keys verify. If Keys is set, SecretKey, PrivateKey and PublicKey do not sign.
	// These three keys verify only tokens without "kid", which were created before Keys
	// was set. [JWTManager.SetKeys] replaces the keys while the program serves.
	Keys []keys.Key

	// Algorithm signs and verifies tokens. Empty means "HS256". The others are HS384,
	// HS512, RS256 to RS512, PS256 to PS512, ES256 to ES512 and EdDSA. New tokens
	// contain these names. As input, "Ed25519" (RFC 9864) means EdDSA, and PyJWT's
	// "ES521" means ES512. If Keys is set, Algorithm applies to keys of its type that
	// name no algorithm.
	Algorithm string

	// DecodeAlgorithms are more algorithms to accept, each with the key of its family:
	// SecretKey, or PublicKey and PrivateKey. Algorithm is always accepted.
	DecodeAlgorithms []string

	// AccessTokenExpires is the lifetime of an access token. Zero means 15 minutes.
	// NeverExpires leaves out "exp". Danger: a stolen token then works until you
	// revoke it. With Sessions, NeverExpires is an error.
	AccessTokenExpires time.Duration

	// RefreshTokenExpires is the lifetime of a refresh token. Zero means 30 days.
	// NeverExpires leaves out "exp". With Sessions, NeverExpires is an error.
	RefreshTokenExpires time.Duration

	// TokenLocation lists where requests carry their token, in order of preference.
	// Empty means InHeaders. Danger: InQueryString puts tokens into logs and browser
	// histories (RFC 9700 §4.3.2).
	TokenLocation []Location

	// IdentityClaim is the claim that contains the identity. Empty means "sub".
	IdentityClaim string

	// TypeClaim is the claim that contains the token type, "access" or "refresh".
	// Empty means "type"; a token without "type" is an access token. If you set another
	// name, such as the "token_type" of Django's simplejwt, every token must have it.
	TypeClaim string

	// FreshClaim is the claim that says whether a token is fresh. Empty means "fresh".
	FreshClaim string

	// ScopeClaim is the claim that [Scopes] and [AnyScope] read: a string with spaces
	// between the scopes (RFC 8693 §4.2), or an array of strings. A name that starts
	// with a slash is a JSON Pointer (RFC 6901). Empty means "scope".
	ScopeClaim string

	// RolesClaim is the claim that [Roles] reads: an array of strings, one string, or
	// an object with a role as the name of each member. A name that starts with a slash is a JSON
	// Pointer, such as "/realm_access/roles". Empty means "roles".
	RolesClaim string

	// DisableVerifySub accepts a "sub" that is not a string. [Token.Identity] is then
	// the JSON of the claim, as a string.
	DisableVerifySub bool

	// EncodeIssuer is the "iss" of new tokens. Empty leaves the claim out.
	EncodeIssuer string

	// DecodeIssuer is the "iss" that tokens must have. Empty accepts any issuer.
	DecodeIssuer string

	// DecodeIssuers are more values of "iss" to accept, for example while a service
	// moves to a new name.
	DecodeIssuers []string

	// EncodeAudience is the "aud" of new tokens. One value is written as a string,
	// several values as an array. Empty leaves the claim out.
	EncodeAudience []string

	// DecodeAudience requires an "aud" that contains at least one of these values.
	// Empty accepts any audience.
	DecodeAudience []string

	// DecodeLeeway is the clock skew to tolerate for "exp", "nbf" and "iat". Zero means
	// no leeway; the maximum is 100 years. The manager always tolerates at least one
	// second for the "iat" of its own tokens, and for an "nbf" that is not later than
	// "iat". Tokens of Issuers use Issuer.Leeway instead.
	DecodeLeeway time.Duration

	// DisableEncodeNBF leaves "nbf" out of new tokens.
	DisableEncodeNBF bool

	// ErrorMessageKey is the member of a default error response that contains the
	// message. Empty means "msg". Only [FlaskError] uses it.
	ErrorMessageKey string

	// ErrorProfile is the format of error responses that no loader writes: "flask"
	// ([FlaskError]), "bearer" ([BearerError]) or "problem" ([ProblemError]). Empty
	// means "flask".
	ErrorProfile string

	// HeaderName is the header of InHeaders. Empty means "Authorization".
	HeaderName string

	// HeaderType is the scheme before the token. Upper and lower case are the same.
	// Empty means "Bearer". To read a header without a scheme, set DisableHeaderType.
	HeaderType string

	// DisableHeaderType reads a header that contains the token alone.
	DisableHeaderType bool

	// AccessCookieName is the cookie of the access token. Empty means
	// "access_token_cookie". A name that starts with "__Host-" keeps neighbouring hosts
	// from setting the cookie (RFC 6265bis). "__Host-Http-" also keeps scripts from
	// setting it, in browsers that know this prefix.
	AccessCookieName string

	// AccessCookiePath is the path below which browsers send the access token. Empty
	// means "/". Cookie paths are escaped as in URLs; a path that is already escaped
	// stays as it is.
	AccessCookiePath string

	// RefreshCookieName is the cookie of the refresh token. Empty means
	// "refresh_token_cookie".
	RefreshCookieName string

	// RefreshCookiePath is the path below which browsers send the refresh token. Empty
	// means "/". The path of the refresh route is better.
	RefreshCookiePath string

	// CookieDomain is the domain of the cookies. Browsers send them to this domain and
	// to every host below it. Empty means only the host that set the cookie. If
	// CookieDomain is set, each response that sets cookies also removes cookies of the
	// same names for the host alone.
	CookieDomain string

	// CookiePartitioned sets the attribute Partitioned (CHIPS): a page that is embedded
	// in another site has separate cookies there. Browsers require such cookies to be
	// Secure, and most need CookieSameSite to be None. Each response that sets cookies
	// also removes cookies without the attribute.
	CookiePartitioned bool

	// CookieFormerDomains, CookieFormerPaths and CookieFormerPartitioned name the places
	// where earlier settings put cookies. Browsers still send such cookies, and the
	// manager refuses two cookies of one name. Every response that sets or removes
	// cookies, or refuses two cookies of one name, removes the former cookies:
	//
	//   - at each of CookieFormerDomains, at the current domain, and for the host alone
	//   - there, at each of CookieFormerPaths, at the current path, and at "/"
	//   - with CookieFormerPartitioned, also cookies with the attribute Partitioned
	//
	// Keep these settings until the last cookie from before the change has expired. You
	// need not name the host alone and "/".
	CookieFormerDomains     []string
	CookieFormerPaths       []string
	CookieFormerPartitioned bool

	// CookieSameSite is the SameSite attribute. Zero means Lax.
	// [http.SameSiteDefaultMode] leaves it out, as Flask-JWT-Extended does.
	CookieSameSite http.SameSite

	// DisableCookieSecure lets browsers send the cookies over plain HTTP. Danger: set
	// it only for development. Most browsers send Secure cookies to localhost anyway,
	// and drop Secure cookies from every other http address.
	DisableCookieSecure bool

	// DisableSessionCookie keeps cookies for the lifetime of their token. By default,
	// browsers drop the cookies when they are closed.
	DisableSessionCookie bool

	// DisableCookieCSRFProtect accepts cookies without a CSRF value, and leaves "csrf"
	// out of new tokens. Danger: other sites can then act in the name of your users.
	DisableCookieCSRFProtect bool

	// CSRFProtection says how a request with a token in a cookie proves that a page of
	// this service sent it. "double_submit" compares the CSRF value. "fetch_metadata" reads
	// the headers Sec-Fetch-Site and Origin of the browser: also of upgrades, and it refuses
	// a request with neither. "both" requires both. Empty means "double_submit".
	CSRFProtection string

	// CSRFTrustedOrigins are other origins whose pages may send requests with cookies, such
	// as "https://app.example.com". They apply to the Fetch Metadata of CSRFProtection and
	// to [JWTManager.SameOriginRequired]. Danger: these pages can act in the name of your
	// users.
	CSRFTrustedOrigins []string

	// DisableCSRFInCookies sets no CSRF cookies. Your application must hand out the
	// CSRF values in another way.
	DisableCSRFInCookies bool

	// CSRFCheckForm looks for the CSRF value in form fields if the header is missing.
	CSRFCheckForm bool

	// MaxFormSize is how many bytes of a form with files the manager reads to find the
	// CSRF value. Zero means 256 MiB. The manager reads more than 1 MiB only if the
	// token is valid, and keeps the rest in a temporary file until the request ends. A
	// form with its CSRF field before its files is not read ahead.
	MaxFormSize int

	// CSRFMethods are the methods that CSRFProtection protects. Empty means all except
	// the safe methods GET, HEAD, OPTIONS and TRACE (RFC 9110 §9.2.1).
	CSRFMethods []string

	// CSRFCookieDomain is the domain of the CSRF cookies. Scripts on other hosts below
	// this domain can read the values. Empty means CookieDomain.
	CSRFCookieDomain string

	// AccessCSRFCookieName and the fields below name the CSRF cookies, and the header and
	// form field of a request that repeat the CSRF value.
	AccessCSRFCookieName  string // default "csrf_access_token"
	AccessCSRFCookiePath  string // default "/"
	AccessCSRFHeaderName  string // default "X-CSRF-TOKEN"
	AccessCSRFFieldName   string // default "csrf_token"
	RefreshCSRFCookieName string // default "csrf_refresh_token"
	RefreshCSRFCookiePath string // default "/"
	RefreshCSRFHeaderName string // default "X-CSRF-TOKEN"
	RefreshCSRFFieldName  string // default "csrf_token"

	// QueryStringName is the query parameter of InQueryString. Empty means "jwt".
	QueryStringName string

	// QueryStringValuePrefix is the string before the token in the query parameter. Empty
	// means none.
	QueryStringValuePrefix string

	// TicketName is the query parameter of InTicket. Empty means "ticket".
	TicketName string

	// JSONKey is the member of a JSON body that contains an access token. Empty means
	// "access_token".
	JSONKey string

	// RefreshJSONKey is the member of a JSON body that contains a refresh token. Empty
	// means "refresh_token".
	RefreshJSONKey string

	// The settings below are not in Flask-JWT-Extended.

	// Blocklist is asked on every request whether the token was revoked. Nil means a [MemoryBlocklist].
	// Danger: other processes do not see that list, and a restart empties it.
	Blocklist store.Blocklist

	// Once remembers what was used: purpose tokens, tickets, and the DPoP proofs of tickets, of routes
	// with [Bound], or of all routes if DPoP is "demanded". Nil means a [MemoryOnce]. Danger: other
	// processes do not see it, and a restart empties it. All processes must share one store.
	Once store.Once

	// Sessions stores the sessions that [JWTManager.CreateTokenPair] starts, and turns on refresh token
	// rotation. Nil means no sessions. If several processes serve, they must share Blocklist too.
	Sessions store.SessionStore

	// DPoP says whether logins bind tokens to a key of the client (RFC 9449): "off",
	// "accepted" (if the login has a proof), or "demanded" (all tokens must be bound). Empty
	// means "off". With each value, a bound token is accepted only with a proof of its key.
	// The last two values need [InHeaders] in TokenLocation.
	DPoP string

	// DPoPOrigins are the origins under which clients reach the service, such as
	// "https://api.example.com", with the path that a proxy removes. Empty means the scheme
	// of the connection and the Host header. Danger: the sender chooses that header, so a
	// proof that was made for another server is good here too.
	DPoPOrigins []string

	// DPoPNonce requires a nonce of this service in each proof (RFC 9449 §8). So nobody can
	// make proofs in advance. A nonce is good for two to three minutes.
	DPoPNonce bool

	// DPoPNonceSecret makes the nonces, with at least 32 bytes. Empty means the signing keys. All
	// processes must have the same. A service without a signing key needs it for DPoPNonce.
	DPoPNonceSecret string

	// DPoPNonceOtherSecret makes no nonces, but its nonces are accepted. Set it while you replace
	// DPoPNonceSecret: first to the new secret, and then, when that is DPoPNonceSecret, to the old one.
	DPoPNonceOtherSecret string

	// DPoPWindow is how far the "iat" of a proof may be from now, in both directions. Zero
	// means a minute; otherwise it has a second to 10 minutes.
	DPoPWindow time.Duration

	// Realm separates managers that share stores: users, sessions and revoked tokens of one realm do
	// not exist in another. Use one realm for each tenant of a service. A realm has at most 255 bytes.
	// Empty is a realm too.
	Realm string

	// SessionGrace is the grace period of rotation. Zero means 60 seconds. A negative
	// value means no grace period. For this time after the server first sent the new
	// refresh token, the previous one still works and returns the same generation of
	// tokens. So a client may repeat a request if the response was lost, and several tabs may refresh together. Without a
	// grace period, these clients are logged out.
	//
	// A refresh does not always rotate. The newest refresh token is rotated only after
	// the shorter of two times: twice the grace period, and a quarter of the time after
	// which an unused session ends. Until then a refresh returns new access tokens only.
	// So the grace period should not be longer than that quarter.
	SessionGrace time.Duration

	// SessionLifetime is the maximum life of a session, even if it is in use. Zero means
	// no maximum. A session that is not used always ends after RefreshTokenExpires.
	SessionLifetime time.Duration

	// RenewedTokenHeader is the response header for the new access tokens of
	// [JWTManager.ImplicitRefresh], if the client sends its token in a header. An example
	// is "X-Renewed-Token". A page of another origin can read it only if CORS exposes it.
	// Empty means that only cookies are renewed.
	RenewedTokenHeader string

	// DetailedPairs adds two members to the JSON of a [TokenPair]: "refresh_expires_in",
	// and the "csrf_token" that a page must send with cookies. A page that cannot read
	// the CSRF cookie needs the second.
	DetailedPairs bool

	// MaxSessions is how many sessions an identity may have. One more login ends the
	// oldest session. Zero means any number.
	MaxSessions int

	// Issuers are upstream issuers. Their tokens are accepted beside the manager's own
	// tokens. A manager without a key accepts only their tokens.
	Issuers []Issuer

	// IssuerResolver finds issuers that are not in Issuers, because they are known only
	// at run time. Nil means that there are no such issuers.
	IssuerResolver IssuerResolver

	// MaxResolvedIssuers is how many issuers of the IssuerResolver the manager keeps,
	// each with its keys. If there are more, the least recently used issuer is dropped.
	// Zero means 1000; the maximum is 100 000.
	MaxResolvedIssuers int

	// Resources are the parts of the service that clients find by their metadata (RFC
	// 9728), such as an MCP server. Their routes use [ForResource].
	Resources []Resource

	// RequiredClaims are claims that every token must have, at most 63.
	RequiredClaims []string

	// DecodeTypes are more values of the "typ" header to accept. No "typ", "JWT" and
	// "at+jwt" are always accepted (RFC 8725 §3.11).
	DecodeTypes []string

	// AllowAnyOptions lets every OPTIONS request pass as anonymous, even with invalid
	// credentials, as Flask-JWT-Extended does. Danger: a handler or an upstream that acts
	// on OPTIONS is then open to everybody. False lets only a CORS preflight pass,
	// without credentials.
	AllowAnyOptions bool

	// MaxTokenSize is the maximum size of a token in bytes. A larger token is refused
	// unread, and is not created. Zero means 16 KiB; the maximum is 1 GiB.
	MaxTokenSize int

	// TokenCacheSize is how many tokens with a verified signature to remember. The
	// manager does not verify their signature again, but makes all other checks on
	// every request. Zero means 10 000 tokens, which take up to 20 MB. A negative value
	// turns the cache off. A DecodeKeyLoader turns it off too, because the manager must
	// ask the loader every time.
	TokenCacheSize int

	// Observer receives events for logs, metrics and traces. Nil means no observer, at
	// no cost. [SlogObserver] logs the events. A Blocklist and the KeySource of an
	// issuer report their events to one manager: if several managers with an observer
	// share them, to the last of these managers.
	Observer Observer

	// Warnings are what [LoadConfig] found suspicious: names that are not settings, and
	// values that probably mean something else than intended. [JWTManager.InitApp] logs
	// each with the default logger of log/slog. Remove the warnings that you have
	// dealt with.
	Warnings []SettingWarning

	// Now returns the current time. Nil means [time.Now]. Tests set a clock of their own.
	Now func() time.Time
}
