package doctor

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// rule says when a field should change, why, and what to set instead.
type rule struct {
	severity     Severity
	field        string
	when         func(c effectiveConfig) bool
	problem, fix string
}

const day = 24 * time.Hour

// rules check single settings and combinations of settings. No two rules report the
// same thing.
var rules = slices.Concat(algorithmRules, lifetimeRules, locationRules, cookieRules, sameSiteRules, csrfRules, claimRules, audienceRules, storeRules, singleUseRules, limitRules, answerRules, bearerRules, dpopRules)

var lifetimeRules = []rule{
	{Danger, "AccessTokenExpires", func(c effectiveConfig) bool {
		return c.AccessTokenExpires == ginjwt.NeverExpires && !c.demandsKeys()
	},
		"Access tokens never expire: a stolen access token works until you revoke it, even after the user has changed the password.",
		"Leave AccessTokenExpires at its 15 minutes, and let clients refresh."},
	{Warning, "AccessTokenExpires", func(c effectiveConfig) bool { return c.AccessTokenExpires > day && !c.demandsKeys() },
		"Access tokens live longer than a day: a stolen access token works for that time, unless you revoke it.",
		"Set AccessTokenExpires to minutes, such as 15*time.Minute (900), and let clients refresh."},
	{Warning, "AccessTokenExpires", func(c effectiveConfig) bool {
		return 0 < c.AccessTokenExpires && c.AccessTokenExpires < time.Minute && !c.warns("JWT_ACCESS_TOKEN_EXPIRES")
	},
		"Access tokens live less than a minute: clients must refresh all the time, and a small clock skew makes valid tokens fail. A number without a unit means seconds.",
		"Set AccessTokenExpires to 15*time.Minute (15m), which is also the default."},
	{Warning, "AccessTokenExpires", func(c effectiveConfig) bool {
		return c.AccessTokenExpires > c.RefreshTokenExpires && c.RefreshTokenExpires != ginjwt.NeverExpires && !c.warns("JWT_REFRESH_TOKEN_EXPIRES")
	},
		"Access tokens outlive refresh tokens, so clients never need to refresh, and a stolen access token works longer than it must.",
		"Set AccessTokenExpires to minutes and RefreshTokenExpires to days."},
	{Danger, "RefreshTokenExpires", func(c effectiveConfig) bool { return c.RefreshTokenExpires == ginjwt.NeverExpires },
		"Refresh tokens never expire: anyone who copies one, from a lost device or an old backup, can create access tokens for ever.",
		"Set RefreshTokenExpires to 30*24*time.Hour (30 days). With Sessions, each refresh starts that time again, so active users stay logged in."},
	{Warning, "RefreshTokenExpires", func(c effectiveConfig) bool { return c.RefreshTokenExpires > 90*day },
		"Refresh tokens live longer than 90 days: a refresh token on a lost or sold device works for that time, unless you revoke it.",
		"Set RefreshTokenExpires to 30*24*time.Hour (30 days). With Sessions, that time starts again at each refresh."},
	{Warning, "DecodeLeeway", func(c effectiveConfig) bool { return c.DecodeLeeway > 5*time.Minute },
		"Tokens are accepted for more than five minutes after they expire. RFC 7519 §4.1.4 allows a few minutes for clock skew.",
		"Set DecodeLeeway to at most 60*time.Second (60), and synchronize the clocks with NTP."},
	{Warning, "Now", func(c effectiveConfig) bool { return time.Since(c.Now()).Abs() > time.Minute },
		"This clock differs from the system clock by more than a minute: tokens are accepted too long, or refused too early.",
		"Set Now only in tests. Leave it nil in a service."},
}

var locationRules = []rule{
	{Warning, "TokenLocation", func(c effectiveConfig) bool { return c.reads(ginjwt.InQueryString) },
		"Tokens in URLs end up in logs, browser histories and Referer headers, where others can read them. RFC 9700 §4.3.2 forbids clients to send access tokens in URLs.",
		"Remove InQueryString (query_string). For a download or a WebSocket use a ticket, which works once: TicketHandler, and JWTRequired(Locations(InTicket)) on that route only."},
	{Note, "HeaderName", func(c effectiveConfig) bool {
		return c.reads(ginjwt.InHeaders) && !strings.EqualFold(c.HeaderName, "Authorization")
	},
		"Proxies, caches and HTTP clients protect the Authorization header, but not this header. Shared caches do not store responses to Authorization (RFC 9111 §3.5), redirects to other hosts drop it, and logs mask it.",
		`Use "Authorization". Or send Cache-Control: no-store with every response for one user, and mask the header in your logs.`},
	{Note, "DisableHeaderType", func(c effectiveConfig) bool {
		return c.reads(ginjwt.InHeaders) && c.DisableHeaderType && c.given.HeaderType == "" && strings.EqualFold(c.HeaderName, "Authorization") && !c.bindsTokens()
	},
		"The Authorization header is read without a scheme, which is not valid HTTP (RFC 9110 §11.6.2): clients and proxies that add Bearer are refused.",
		"Remove DisableHeaderType, and let clients send Bearer before the token."},
	{Note, "HeaderType", func(c effectiveConfig) bool { return c.DisableHeaderType && c.given.HeaderType != "" },
		"Has no effect: with DisableHeaderType, the header contains the token alone.",
		"Remove HeaderType or DisableHeaderType."},
	{Danger, "AllowAnyOptions", func(c effectiveConfig) bool { return c.AllowAnyOptions },
		"Every OPTIONS request passes JWTRequired, with any token or none. If a route is for any method, then the handler for OPTIONS behind it, such as an upstream, is open to everybody.",
		"Remove AllowAnyOptions; CORS preflights pass without it."},
}

var cookieRules = []rule{
	{Danger, "DisableCookieSecure", func(c effectiveConfig) bool { return c.reads(ginjwt.InCookies) && c.DisableCookieSecure },
		"Browsers send the tokens over plain HTTP too: an attacker in the same network, or one who makes a browser open an http:// address, can read them.",
		"Remove DisableCookieSecure: most browsers send Secure cookies to http://localhost anyway. In a local network, use TLS with a certificate of a local CA, for example from mkcert."},
	{Note, "EncodeIssuer", func(c effectiveConfig) bool { return c.setsSecureCookies() && isPlainHTTP(c.EncodeIssuer) },
		"If this http:// address is how users reach the service, their browsers drop its Secure cookies: a login succeeds, but the user is not logged in.",
		"Serve the site over https, and write https:// in EncodeIssuer. In a local network, use a certificate of a local CA, for example from mkcert."},
	{Note, "CookieDomain", func(c effectiveConfig) bool { return c.setsSecureCookies() && isIP(c.CookieDomain) },
		"An IP address rarely has a certificate. Over http://, browsers drop the Secure cookies: a login succeeds, but the user is not logged in.",
		"Leave CookieDomain empty, because an IP address has no hosts below it, and serve the site over https. In a local network, use a certificate of a local CA, for example from mkcert."},
	{Warning, "CookieDomain", func(c effectiveConfig) bool {
		return c.reads(ginjwt.InCookies) && c.CookieDomain != "" && !isIP(c.CookieDomain)
	},
		"Browsers send the tokens to every host below this domain, and each of these hosts can set cookies with these names. An attacker who controls one host can steal or replace logins.",
		`Leave CookieDomain empty, and set AccessCookieName to "__Host-access_token".`},
	{Note, "AccessCookieName", func(c effectiveConfig) bool {
		return c.reads(ginjwt.InCookies) && c.CookieDomain == "" && !c.DisableCookieSecure && !isHostOnly(c.AccessCookieName)
	},
		"Neighbouring hosts, such as blog.example.com, can set a cookie with this name: they can log your users out, or log them in as somebody else.",
		`Set AccessCookieName to "__Host-access_token": browsers then accept the cookie only from your host (RFC 6265bis §4.1.3). AccessCookiePath must be "/".`},
	{Note, "RefreshCookiePath", func(c effectiveConfig) bool {
		return c.reads(ginjwt.InCookies) && c.RefreshCookiePath == "/" && !isHostOnly(c.RefreshCookieName)
	},
		"The refresh token is sent with every request, although only the refresh and logout routes need it. It can leak in more places.",
		"Set RefreshCookiePath to the path that these routes share, such as /session."},
	{Note, "AccessCSRFCookiePath", func(c effectiveConfig) bool { return c.setsCSRFCookies() && c.AccessCSRFCookiePath != "/" },
		"Scripts can read this cookie only on pages below its path. On other pages they have no CSRF value, so their requests are refused.",
		`Leave AccessCSRFCookiePath at "/", even if the token has another path. The CSRF value alone gives no access.`},
	{Note, "RefreshCSRFCookiePath", func(c effectiveConfig) bool { return c.setsCSRFCookies() && c.RefreshCSRFCookiePath != "/" },
		"Scripts can read this cookie only on pages below its path. On other pages they have no CSRF value, so they cannot refresh.",
		`Leave RefreshCSRFCookiePath at "/", even if the token has another path. The CSRF value alone gives no access.`},
}

// personalClaims contain what a person can change, or pass on to somebody else.
var personalClaims = []string{
	"email", "name", "given_name", "family_name", "nickname", "preferred_username", "username", "user_name", "upn",
	"unique_name", "phone", "phone_number",
}

// foreignTypes are the types of tokens that are not meant to give access.
var foreignTypes = []string{
	"application/logout+jwt", "application/secevent+jwt", "application/dpop+jwt", "application/oauth-authz-req+jwt",
	"application/token-introspection+jwt", "application/kb+jwt", "application/entity-statement+jwt", "application/passport",
}

var claimRules = []rule{
	{Warning, "IdentityClaim", func(c effectiveConfig) bool { return isPersonal(c.IdentityClaim) },
		"Names and addresses change hands: the next owner of an address or name also gets the account. Only an ID stays with one user (OpenID Connect Core §5.7).",
		`Set IdentityClaim to "sub", with the ID of the user, and put names and addresses into additional claims.`},
	{Note, "IdentityClaim", func(c effectiveConfig) bool {
		return c.IdentityClaim != "sub" && !isPersonal(c.IdentityClaim)
	},
		`Other software looks for the user in "sub" (RFC 7519 §4.1.2). After a change of this claim, all older tokens are refused. Tokens of another library, such as gin-jwt, may have no "jti" either: a Blocklist or a TokenInBlocklistLoader refuses them, and a logout with such a token fails.`,
		`Leave IdentityClaim at "sub". To accept the tokens of another library, let that library add "sub" and "jti" one token lifetime before the change (docs/from-gin-jwt.md).`},
	{Warning, "RolesClaim", func(c effectiveConfig) bool { return c.RolesClaim == c.ScopeClaim },
		"Scopes and roles are read from one claim: a user with a scope also has the role of that name.",
		`Set ScopeClaim and RolesClaim to two claims, such as "scope" and "roles".`},
	{Note, "ScopeClaim", func(c effectiveConfig) bool { return isDotted(c.ScopeClaim) }, dotted, asPointer},
	{Note, "RolesClaim", func(c effectiveConfig) bool { return isDotted(c.RolesClaim) }, dotted, asPointer},
	{Note, "DisableVerifySub", func(c effectiveConfig) bool { return c.DisableVerifySub },
		`A "sub" that is not a string is accepted: the number 7 and the string "7" are the same identity. RFC 7519 §4.1.2 allows only strings.`,
		"Remove DisableVerifySub when the last token with such an identity has expired. The \"sub\" of new tokens is a string."},
	{Warning, "DecodeTypes", func(c effectiveConfig) bool { return slices.ContainsFunc(c.DecodeTypes, isForeignType) },
		"Accepts tokens that were issued for another purpose, such as a logout: in this service, they work as access tokens (RFC 8725 §2.8).",
		`Remove the type from DecodeTypes. Access tokens have "JWT" or "at+jwt", which are always accepted.`},
	{Note, "DecodeTypes", func(c effectiveConfig) bool { return slices.ContainsFunc(c.DecodeTypes, isUsualType) },
		`"JWT" and "at+jwt" are always accepted.`,
		"Remove them from DecodeTypes."},
}

const (
	dotted    = "Is read as one claim name that contains dots. If you mean a path, no token has this claim, so every such check fails."
	asPointer = "Write a path as a JSON Pointer, such as /realm_access/roles."
)

// isDotted reports whether a claim name contains dots and is not a URL.
func isDotted(claim string) bool {
	return strings.Contains(claim, ".") && !strings.Contains(claim, "/")
}

func isPersonal(claim string) bool { return slices.Contains(personalClaims, strings.ToLower(claim)) }

func isForeignType(typ string) bool { return slices.Contains(foreignTypes, mediaType(typ)) }

// mediaType returns the full form of a "typ" (RFC 7515 §4.1.9).
func mediaType(typ string) string {
	typ = strings.ToLower(typ)
	if typ != "" && !strings.Contains(typ, "/") {
		typ = "application/" + typ
	}
	return typ
}

func isUsualType(typ string) bool {
	return mediaType(typ) == "application/jwt" || mediaType(typ) == "application/at+jwt"
}

var audienceRules = []rule{
	{Warning, "EncodeIssuer", func(c effectiveConfig) bool { return c.EncodeIssuer != "" && c.refusesIssuer(c.EncodeIssuer) },
		"It is not one of the accepted issuers, so this service refuses every token that it creates. Issuers are compared character by character, including a slash at the end.",
		"Set EncodeIssuer and DecodeIssuer to the same value, and put former names into DecodeIssuers."},
	{Note, "EncodeIssuer", func(c effectiveConfig) bool { return c.signs() && c.EncodeIssuer == "" && c.refusesIssuer("") },
		`New tokens have no "iss", which DecodeIssuer requires: this service refuses the tokens that it creates, unless every call uses WithIssuer.`,
		"Set EncodeIssuer to the value of DecodeIssuer, unless this service only verifies tokens."},
	{Note, "DecodeIssuer", func(c effectiveConfig) bool { return c.EncodeIssuer != "" && len(c.issuers()) == 0 },
		`"iss" is written, but not verified: tokens of any other issuer with the same key are accepted.`,
		"Set DecodeIssuer to the value of EncodeIssuer."},
	{Note, "DecodeIssuer", func(c effectiveConfig) bool { return c.onlyVerifies() && c.EncodeIssuer == "" && len(c.issuers()) == 0 },
		"Tokens of any issuer with this key are accepted. RFC 8725 §3.8 requires that the issuer is verified.",
		`Set DecodeIssuer to the "iss" of the service that signs the tokens.`},
	{Warning, "EncodeAudience", func(c effectiveConfig) bool {
		return len(c.EncodeAudience) > 0 && len(c.DecodeAudience) > 0 && !intersect(c.EncodeAudience, c.DecodeAudience)
	},
		"None of these audiences is in DecodeAudience, so this service refuses every token that it creates.",
		"Add a value of DecodeAudience to EncodeAudience, unless all tokens are for other services."},
	{Note, "EncodeAudience", func(c effectiveConfig) bool {
		return c.signs() && len(c.EncodeAudience) == 0 && len(c.DecodeAudience) > 0
	},
		`New tokens have no "aud", which DecodeAudience requires: this service refuses the tokens that it creates, unless every call uses WithAudience.`,
		"Set EncodeAudience to a value of DecodeAudience, unless this service only verifies tokens."},
	{Note, "DecodeAudience", func(c effectiveConfig) bool { return len(c.EncodeAudience) > 0 && len(c.DecodeAudience) == 0 },
		`"aud" is written, but not verified: this service accepts tokens for other services.`,
		"Set DecodeAudience to the value of EncodeAudience that names this service."},
	{Warning, "DecodeAudience", func(c effectiveConfig) bool {
		return c.onlyVerifies() && len(c.EncodeAudience) == 0 && len(c.DecodeAudience) == 0
	},
		"Tokens that their issuer made for another service are accepted: the operator of that service, or a thief of its tokens, can use them at this service (RFC 8725 §3.9).",
		`Set DecodeAudience to the name that the issuer writes into "aud" for this service.`},
	{Note, "DecodeAudience", func(c effectiveConfig) bool {
		return c.signs() && c.usesPair() && len(c.EncodeAudience) == 0 && len(c.DecodeAudience) == 0
	},
		"Others can verify these tokens, but the tokens have no audience: a service that receives a token can use it at all other services (RFC 8725 §3.9).",
		"If other services verify the tokens, set EncodeAudience to the names of the services that accept them, and DecodeAudience to the name of this service."},
	{Note, "RequiredClaims", func(c effectiveConfig) bool { return c.onlyVerifies() && !slices.Contains(c.RequiredClaims, "exp") },
		`If the issuer leaves out "exp" by mistake, its tokens never expire.`,
		`Add "exp" to RequiredClaims.`},
}

var storeRules = []rule{
	{Note, "Blocklist", func(c effectiveConfig) bool { return c.forgetsAlone() && !c.livesLong() },
		"What RevokeToken revokes is stored only in this process: other processes, and this process after a restart, accept the token until it expires.",
		"Set Blocklist to the blocklist of a shared store, such as redisstore or sqlstore."},
	{Warning, "Blocklist", func(c effectiveConfig) bool { return c.forgetsAlone() && c.livesLong() },
		"Access tokens live longer than an hour, but what RevokeToken revokes is stored only in this process: other processes, and this process after a restart, accept the tokens of a user who has logged out.",
		"Set Blocklist to the blocklist of a shared store, such as redisstore or sqlstore. Or set AccessTokenExpires to 15 minutes."},
	{Warning, "Blocklist", func(c effectiveConfig) bool { return c.forgets() && c.sharesSessions() },
		"Sessions are in a shared store, but revoked tokens are stored only in this process. If another process ends a session, this process accepts the access tokens of the session until they expire. So are purpose tokens that RevokePurposeTokens or OnlyNewest revoked.",
		"Set Blocklist to the blocklist of the same store."},
	{Note, "Sessions", func(c effectiveConfig) bool {
		return c.Sessions == nil && c.signs() && c.RefreshTokenExpires > day && c.RefreshTokenExpires <= 90*day && !c.demandsKeys()
	},
		"A refresh token works any number of times until it expires, and a theft remains unnoticed (RFC 9700 §4.14.2).",
		"If you create refresh tokens, set Sessions and use CreateTokenPair: each refresh token then works once."},
	{Note, "Sessions", func(c effectiveConfig) bool { _, memory := c.Sessions.(*store.MemorySessions); return memory },
		"Sessions are stored only in this process: a restart logs everybody out, and a second process refuses their refresh tokens.",
		"Set Sessions to the sessions of a shared store, such as redisstore or sqlstore."},
	{Warning, "SessionGrace", func(c effectiveConfig) bool { return c.Sessions != nil && c.SessionGrace > 5*time.Minute },
		"The grace period is longer than five minutes: for that time, a thief can use a stolen refresh token without being noticed.",
		"Leave SessionGrace at its 60 seconds. Let clients that lose responses for longer send an Idempotency-Key."},
	{Warning, "SessionGrace", func(c effectiveConfig) bool {
		return c.Sessions != nil && 0 < c.SessionGrace && c.SessionGrace < 10*time.Second
	},
		"The grace period is very short: a client on a slow network that repeats a refresh after this time looks like a thief, and is logged out. In Go, a number without a unit means nanoseconds.",
		"Leave SessionGrace at its default, 60*time.Second (60)."},
	{Warning, "SessionGrace", func(c effectiveConfig) bool { return c.Sessions != nil && c.SessionGrace > c.RefreshTokenExpires/4 },
		"Is longer than a quarter of RefreshTokenExpires. A new refresh token is then rotated before the grace period of the previous one is over, which logs out users who refresh in two tabs.",
		"Set RefreshTokenExpires to at least four times SessionGrace."},
	{Note, "SessionGrace", func(c effectiveConfig) bool { return c.Sessions != nil && c.SessionGrace < 0 },
		"There is no grace period: a client that repeats a refresh after a lost response, or refreshes in two tabs, looks like a thief and is logged out.",
		"Leave SessionGrace at its 60 seconds. In this time, a repeated refresh gets the same successor."},
	{Note, "SessionLifetime", func(c effectiveConfig) bool { return c.Sessions != nil && c.SessionLifetime == 0 },
		"A session in use never ends, not even one that a thief uses.",
		"Set SessionLifetime to the longest time between two logins of a user, such as 90*24*time.Hour (2160h)."},
}

var answerRules = []rule{
	{Note, "ErrorMessageKey", func(c effectiveConfig) bool { return c.given.ErrorMessageKey != "" && c.ErrorProfile != "flask" },
		"Only responses of the profile flask have a member of this name. The profiles bearer and problem follow RFC 6750 and RFC 9457, so the setting has no effect.",
		"Remove ErrorMessageKey, or set ErrorProfile to flask."},
}

var limitRules = []rule{
	{Warning, "MaxTokenSize", func(c effectiveConfig) bool { return c.MaxTokenSize > 64<<10 },
		"Tokens of more than 64 KiB are read before their signature is verified: anybody can make the service waste memory and CPU time.",
		"Leave MaxTokenSize at its 16 KiB. Many proxies refuse larger headers."},
	{Note, "MaxTokenSize", func(c effectiveConfig) bool { return c.MaxTokenSize > 0 && c.MaxTokenSize < 1024 },
		"There is hardly room for claims: a token without additional claims has about 400 bytes, or 700 with an RSA key. A larger token is refused, and is not created.",
		"Leave MaxTokenSize at its 16 KiB."},
	{Note, "TokenCacheSize", func(c effectiveConfig) bool { return c.TokenCacheSize > 100_000 },
		"The token cache may take 2 KiB for each token, which is more than 200 MB for this size.",
		"Set TokenCacheSize to the number of users within the lifetime of an access token. The default is 10 000."},
	{Note, "TokenCacheSize", func(c effectiveConfig) bool { return c.TokenCacheSize < 0 && c.usesPair() },
		"Without the cache, the signature is verified on every request, which is most of the work with an asymmetric key.",
		"Leave TokenCacheSize zero, unless clients use each token only once."},
}

// claimFindings reports RequiredClaims that no token of this manager has.
func (c effectiveConfig) claimFindings() (findings []Finding) {
	for _, r := range []struct {
		claim, fix string
		missing    bool
	}{
		{"nbf", "DisableEncodeNBF leaves the claim out: remove one of the two settings.", c.DisableEncodeNBF},
		{"csrf", "DisableCookieCSRFProtect leaves the claim out: remove one of the two settings.", c.DisableCookieCSRFProtect},
		{"exp", "NeverExpires leaves the claim out: set a lifetime.", c.AccessTokenExpires == ginjwt.NeverExpires || c.RefreshTokenExpires == ginjwt.NeverExpires},
		{"iss", "Set EncodeIssuer, or use WithIssuer for every token.", c.EncodeIssuer == ""},
		{"aud", "Set EncodeAudience, or use WithAudience for every token.", len(c.EncodeAudience) == 0},
		{"gen", "Only refresh tokens of sessions have this claim: remove it from RequiredClaims.", c.Sessions != nil},
	} {
		if r.missing && c.signs() && slices.Contains(c.RequiredClaims, r.claim) {
			findings = append(findings, finding(Warning, "RequiredClaims",
				fmt.Sprintf("New tokens have no %q, so this service refuses the tokens that it creates.", r.claim), r.fix))
		}
	}
	return findings
}

// isHostOnly reports whether browsers accept a cookie of this name only from its host
// (RFC 6265bis §4.1.3). Upper and lower case of the prefix are the same.
func isHostOnly(name string) bool {
	const prefix = "__Host-"
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

// unused are fields that have no effect without another setting.
var unused = []struct {
	fields       []string
	idle         func(c effectiveConfig) bool
	problem, fix string
}{
	{[]string{
		"AccessCookieName", "AccessCookiePath", "RefreshCookieName", "RefreshCookiePath", "CookieDomain", "CookieSameSite", "DisableCookieSecure",
		"CookieFormerDomains", "CookieFormerPaths", "CookiePartitioned", "CookieFormerPartitioned", "CSRFCookieDomain", "MaxFormSize",
		"DisableSessionCookie", "DisableCSRFInCookies", "CSRFProtection", "CSRFTrustedOrigins", "CSRFCheckForm", "CSRFMethods", "AccessCSRFCookieName", "AccessCSRFCookiePath",
		"AccessCSRFHeaderName", "AccessCSRFFieldName", "RefreshCSRFCookieName", "RefreshCSRFCookiePath", "RefreshCSRFHeaderName", "RefreshCSRFFieldName",
	}, func(c effectiveConfig) bool { return c.lacks(ginjwt.InCookies) },
		"Is for cookies, which TokenLocation does not name: only routes with Locations(InCookies) read them.",
		"Add InCookies to TokenLocation, or remove the setting."},
	{[]string{
		"DisableCSRFInCookies", "CSRFCookieDomain", "CSRFCheckForm", "CSRFMethods", "AccessCSRFCookieName", "AccessCSRFCookiePath",
		"AccessCSRFHeaderName", "AccessCSRFFieldName", "RefreshCSRFCookieName", "RefreshCSRFCookiePath", "RefreshCSRFHeaderName", "RefreshCSRFFieldName",
	}, func(c effectiveConfig) bool { return c.reads(ginjwt.InCookies) && c.DisableCookieCSRFProtect },
		"Has no effect: DisableCookieCSRFProtect turns the protection off.",
		"Remove DisableCookieCSRFProtect, or this setting."},
	{[]string{
		"CSRFCheckForm", "MaxFormSize", "AccessCSRFHeaderName", "AccessCSRFFieldName", "RefreshCSRFHeaderName", "RefreshCSRFFieldName",
	}, func(c effectiveConfig) bool { return c.checksCSRF() && !c.comparesCSRF() },
		"Has no effect: with fetch_metadata, nothing compares CSRF values.",
		"Remove the setting, or set CSRFProtection to both."},
	{[]string{"AccessCSRFFieldName", "RefreshCSRFFieldName", "MaxFormSize"}, func(c effectiveConfig) bool { return c.comparesCSRF() && !c.CSRFCheckForm },
		"Has no effect: form fields are not checked.",
		"Set CSRFCheckForm, or remove the setting."},
	{[]string{"HeaderName", "DisableHeaderType"}, func(c effectiveConfig) bool { return c.lacks(ginjwt.InHeaders) },
		"Is for headers, which TokenLocation does not name: only routes with Locations(InHeaders) read them.",
		"Add InHeaders to TokenLocation, or remove the setting."},
	{[]string{"QueryStringName", "QueryStringValuePrefix"}, func(c effectiveConfig) bool { return c.lacks(ginjwt.InQueryString) },
		"Is for the query string, which TokenLocation does not name: only routes with Locations(InQueryString) read it.",
		"Remove the setting, unless a route has Locations(InQueryString)."},
	{[]string{"JSONKey"}, func(c effectiveConfig) bool { return c.lacks(ginjwt.InJSON) }, // RefreshHandler always reads RefreshJSONKey
		"Is for JSON bodies, which TokenLocation does not name: only routes with Locations(InJSON) read them.",
		"Add InJSON to TokenLocation, or remove the setting."},
	{[]string{"DPoPNonceSecret", "DPoPNonceOtherSecret"}, func(c effectiveConfig) bool { return !c.DPoPNonce },
		"Has no effect: proofs need no nonce.",
		"Set DPoPNonce, or remove the setting."},
	{[]string{"MaxResolvedIssuers"}, func(c effectiveConfig) bool { return c.IssuerResolver == nil },
		"Has no effect: there is no IssuerResolver.",
		"Set IssuerResolver, or remove the setting."},
}

// unusedFindings reports settings that were changed but have no effect.
func (c effectiveConfig) unusedFindings() (findings []Finding) {
	given, defaults := reflect.ValueOf(c.given), reflect.ValueOf(ginjwt.New(ginjwt.Config{}).Config())
	for _, u := range unused {
		if !u.idle(c) {
			continue
		}
		for _, field := range u.fields {
			value := given.FieldByName(field)
			if !value.IsZero() && !reflect.DeepEqual(value.Interface(), defaults.FieldByName(field).Interface()) {
				findings = append(findings, finding(Note, field, u.problem, u.fix))
			}
		}
	}
	return findings
}
