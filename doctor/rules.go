package doctor

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// rule says when a field is better changed, and why.
type rule struct {
	severity     Severity
	field        string
	when         func(c effectiveConfig) bool
	problem, fix string
}

const day = 24 * time.Hour

// rules are about single settings, and what they mean together. No two of them
// report the same thing.
var rules = slices.Concat(algorithmRules, lifetimeRules, locationRules, cookieRules, csrfRules, claimRules, audienceRules, storeRules, singleUseRules, limitRules, answerRules, bearerRules)

var lifetimeRules = []rule{
	{Danger, "AccessTokenExpires", func(c effectiveConfig) bool { return c.AccessTokenExpires == ginjwt.NeverExpires },
		"Access tokens never expire: a stolen one works until somebody notices and revokes it, even after the user has changed the password.",
		"Leave AccessTokenExpires at its 15 minutes, and let clients refresh."},
	{Warning, "AccessTokenExpires", func(c effectiveConfig) bool { return c.AccessTokenExpires > day },
		"Access tokens live longer than a day: for so long a stolen one works, unless it is revoked.",
		"Use minutes, such as 15*time.Minute (900), and let clients refresh."},
	{Warning, "AccessTokenExpires", func(c effectiveConfig) bool {
		return 0 < c.AccessTokenExpires && c.AccessTokenExpires < time.Minute && !c.warns("JWT_ACCESS_TOKEN_EXPIRES")
	},
		"Access tokens live less than a minute: clients refresh all the time, and clocks that differ refuse them. A number without a unit is seconds.",
		"Write 15*time.Minute (15m), which is also the default."},
	{Warning, "AccessTokenExpires", func(c effectiveConfig) bool {
		return c.AccessTokenExpires > c.RefreshTokenExpires && c.RefreshTokenExpires != ginjwt.NeverExpires && !c.warns("JWT_REFRESH_TOKEN_EXPIRES")
	},
		"Access tokens outlive refresh tokens, so that nobody ever needs to refresh.",
		"Make AccessTokenExpires the shorter one: minutes, against days."},
	{Danger, "RefreshTokenExpires", func(c effectiveConfig) bool { return c.RefreshTokenExpires == ginjwt.NeverExpires },
		"Refresh tokens never expire: whoever copies one, from a lost device or an old backup, makes access tokens for ever.",
		"Use 30*24*time.Hour (30 days), or set Sessions, where those who come back never log in again."},
	{Warning, "RefreshTokenExpires", func(c effectiveConfig) bool { return c.RefreshTokenExpires > 90*day },
		"Refresh tokens live longer than 90 days: one on a device that was lost or sold works for so long, unless it is revoked.",
		"Use 30*24*time.Hour (30 days); with Sessions that is counted from the last use."},
	{Warning, "DecodeLeeway", func(c effectiveConfig) bool { return c.DecodeLeeway > 5*time.Minute },
		"Tokens are accepted for longer than five minutes after they expired. RFC 7519 §4.1.4 allows a few minutes, for clocks that differ.",
		"Use at most a minute, 60*time.Second (60), and set the clocks by NTP."},
	{Warning, "Now", func(c effectiveConfig) bool { return time.Since(c.Now()).Abs() > time.Minute },
		"This clock is more than a minute off that of the system: tokens are accepted too long, or refused too early.",
		"Leave Now nil outside of tests."},
}

var locationRules = []rule{
	{Warning, "TokenLocation", func(c effectiveConfig) bool { return c.reads(ginjwt.InQueryString) },
		"Tokens in URLs end up in logs, browser histories and Referer headers, where others find them; clients must not send them so (RFC 9700 §4.3.2).",
		"Remove InQueryString (query_string). For a download or a WebSocket use tickets, which are good once: TicketHandler, and JWTRequired(Locations(InTicket)) on that route alone."},
	{Note, "HeaderName", func(c effectiveConfig) bool {
		return c.reads(ginjwt.InHeaders) && !strings.EqualFold(c.HeaderName, "Authorization")
	},
		"Proxies, caches and HTTP clients protect the Authorization header: shared caches keep no answers to it (RFC 9111 §3.5), redirects to other hosts drop it, logs mask it. They do not know this one.",
		`Use "Authorization", or send Cache-Control: no-store with what is for one user, and mask the header in your logs.`},
	{Note, "DisableHeaderType", func(c effectiveConfig) bool {
		return c.reads(ginjwt.InHeaders) && c.DisableHeaderType && c.given.HeaderType == "" && strings.EqualFold(c.HeaderName, "Authorization")
	},
		"The Authorization header is read without a scheme, which is no form that HTTP knows (RFC 9110 §11.6.2): clients and proxies that add Bearer are refused.",
		"Remove DisableHeaderType, and let clients send Bearer before the token."},
	{Note, "HeaderType", func(c effectiveConfig) bool { return c.DisableHeaderType && c.given.HeaderType != "" },
		"Is not looked for in requests: DisableHeaderType reads the token alone.",
		"Remove HeaderType or DisableHeaderType."},
	{Danger, "AllowAnyOptions", func(c effectiveConfig) bool { return c.AllowAnyOptions },
		"Every OPTIONS request passes JWTRequired, with any token or none: where a route is for any method, whatever answers OPTIONS behind it, such as an upstream, is open to everybody.",
		"Remove AllowAnyOptions; CORS preflights pass without it."},
}

var cookieRules = []rule{
	{Danger, "DisableCookieSecure", func(c effectiveConfig) bool { return c.reads(ginjwt.InCookies) && c.DisableCookieSecure },
		"Browsers send the tokens over plain HTTP too: who is in the same network, or makes a browser open one http:// address, reads them.",
		"Remove DisableCookieSecure: most browsers send Secure cookies to http://localhost anyway. In a local network use TLS with a certificate of a local CA, such as mkcert."},
	{Warning, "CookieSameSite", func(c effectiveConfig) bool {
		return c.reads(ginjwt.InCookies) && c.CookieSameSite == http.SameSiteDefaultMode && !c.acceptsForgedForms()
	},
		"Without the attribute Safari and Firefox send the cookies with requests that any other site causes, and Chromium does for two minutes after they were set. Only the CSRF value is left as protection.",
		"Leave CookieSameSite zero, which is Lax."},
	{Warning, "CookieSameSite", func(c effectiveConfig) bool {
		return c.reads(ginjwt.InCookies) && c.CookieSameSite == http.SameSiteNoneMode && !c.acceptsForgedForms()
	},
		"SameSite=None sends the cookies with requests that any other site causes. Only the CSRF value is left as protection, and browsers that block third-party cookies send none.",
		"Serve the pages and the API from one site and leave CookieSameSite zero, which is Lax; or use the Authorization header."},
	{Note, "EncodeIssuer", func(c effectiveConfig) bool { return c.setsSecureCookies() && isPlainHTTP(c.EncodeIssuer) },
		"If this http:// address is how users reach the service, their browsers drop its cookies, which are Secure: who logs in is not logged in.",
		"Serve it by https, in a local network with a certificate of a local CA, such as mkcert, and write https:// here."},
	{Note, "CookieDomain", func(c effectiveConfig) bool { return c.setsSecureCookies() && isIP(c.CookieDomain) },
		"An IP address rarely has a certificate. By http:// browsers drop the cookies, which are Secure: who logs in is not logged in.",
		"Leave CookieDomain empty, as nothing is below an address, and serve it by https: in a local network with a certificate of a local CA, such as mkcert."},
	{Warning, "CookieDomain", func(c effectiveConfig) bool {
		return c.reads(ginjwt.InCookies) && c.CookieDomain != "" && !isIP(c.CookieDomain)
	},
		"Every host below this domain is sent the tokens, and can set cookies of their names: one that was taken over steals or replaces logins.",
		`Leave CookieDomain empty, and call the cookie "__Host-access_token".`},
	{Note, "AccessCookieName", func(c effectiveConfig) bool {
		return c.reads(ginjwt.InCookies) && c.CookieDomain == "" && !c.DisableCookieSecure && !isHostOnly(c.AccessCookieName)
	},
		"Neighbouring hosts, such as blog.example.com, can set a cookie of this name: they can log your users out, or in as somebody else.",
		`Call it "__Host-access_token": browsers take it from your host only (RFC 6265bis §4.1.3). AccessCookiePath must be "/".`},
	{Note, "RefreshCookiePath", func(c effectiveConfig) bool {
		return c.reads(ginjwt.InCookies) && c.RefreshCookiePath == "/" && !isHostOnly(c.RefreshCookieName)
	},
		"The refresh token is sent with every request, though only the routes for refreshing and logging out need it: it can be lost in more places.",
		"Set the path that these routes share, such as /session."},
	{Note, "AccessCSRFCookiePath", func(c effectiveConfig) bool { return c.setsCSRFCookies() && c.AccessCSRFCookiePath != "/" },
		"Scripts can read this cookie only on pages below its path. Elsewhere they have no CSRF value to send, and are refused.",
		`Leave it at "/", whatever the path of the token: the value alone opens nothing.`},
	{Note, "RefreshCSRFCookiePath", func(c effectiveConfig) bool { return c.setsCSRFCookies() && c.RefreshCSRFCookiePath != "/" },
		"Scripts can read this cookie only on pages below its path. Elsewhere they have no CSRF value to send, and cannot refresh.",
		`Leave it at "/", whatever the path of the token: the value alone opens nothing.`},
}

const noCSRF = "Turn it on again: remove DisableCookieCSRFProtect, and let scripts send the value of the cookie csrf_access_token in the header X-CSRF-TOKEN."

var csrfRules = []rule{
	{Danger, "DisableCookieCSRFProtect", func(c effectiveConfig) bool { return c.acceptsForgedForms() && c.DisableCookieCSRFProtect },
		"Any site can act in the name of those who visit it while logged in here: browsers add the cookies, nothing asks for a CSRF value, and SameSite does not hold them back.",
		noCSRF},
	{Warning, "DisableCookieCSRFProtect", func(c effectiveConfig) bool {
		return c.reads(ginjwt.InCookies) && c.DisableCookieCSRFProtect && !c.acceptsForgedForms()
	},
		"Only SameSite keeps other sites from acting in the name of a user. It does not keep out neighbouring hosts, such as blog.example.com, or in old browsers anybody.",
		noCSRF},
	{Danger, "CSRFMethods", func(c effectiveConfig) bool { return c.acceptsForgedForms() && !c.DisableCookieCSRFProtect },
		"POST needs no CSRF value, and SameSite does not hold the cookies back: a form on any site acts in the name of those who visit it.",
		"Leave CSRFMethods empty, which is all but GET, HEAD, OPTIONS and TRACE."},
	{Warning, "CSRFMethods", func(c effectiveConfig) bool {
		return c.checksCSRF() && !c.acceptsForgedForms() && leavesOut(c.CSRFMethods, "POST", "PUT", "PATCH", "DELETE")
	},
		"POST, PUT, PATCH or DELETE is missing: with that method neighbouring hosts, such as blog.example.com, can act in the name of a user.",
		"Leave CSRFMethods empty, which is all but GET, HEAD, OPTIONS and TRACE."},
	{Note, "CSRFMethods", func(c effectiveConfig) bool {
		return c.checksCSRF() && (slices.Contains(c.CSRFMethods, "GET") || slices.Contains(c.CSRFMethods, "HEAD"))
	},
		"Links, images and the address bar cannot send a CSRF value: pages behind a GET with one are refused there.",
		"Leave CSRFMethods empty, and change nothing in routes for GET and HEAD."},
	{Note, "DisableCSRFInCookies", func(c effectiveConfig) bool { return c.checksCSRF() && c.DisableCSRFInCookies },
		"The application must hand out the CSRF values itself, or all requests that change something are refused.",
		"Remove DisableCSRFInCookies, unless your pages get the CSRF value of the token by other means, such as a hidden field."},
}

// personalClaims name people by what they can change, or hand on.
var personalClaims = []string{
	"email", "name", "given_name", "family_name", "nickname", "preferred_username", "username", "user_name", "upn",
	"unique_name", "phone", "phone_number",
}

// foreignTypes are those of tokens that open nothing, and would here.
var foreignTypes = []string{
	"application/logout+jwt", "application/secevent+jwt", "application/dpop+jwt", "application/oauth-authz-req+jwt",
	"application/token-introspection+jwt", "application/kb+jwt", "application/entity-statement+jwt", "application/passport",
}

var claimRules = []rule{
	{Warning, "IdentityClaim", func(c effectiveConfig) bool { return isPersonal(c.IdentityClaim) },
		"Names and addresses change hands: who gets somebody's old one gets the account with it. Only an ID stays with one user (OpenID Connect Core §5.7).",
		`Use "sub" with the user's ID, and add the rest as claims to show.`},
	{Note, "IdentityClaim", func(c effectiveConfig) bool {
		return c.IdentityClaim != "sub" && !isPersonal(c.IdentityClaim)
	},
		`Other software looks for the user in "sub" (RFC 7519 §4.1.2). A change of this claim refuses all tokens from before. Tokens of another library may have no "jti" either, as those of gin-jwt: a Blocklist or a TokenInBlocklistLoader refuses them, and a logout with one fails.`,
		`Leave it at "sub". To take over the tokens of another library, let it add "sub" and "jti" one token lifetime ahead (docs/from-gin-jwt.md).`},
	{Warning, "RolesClaim", func(c effectiveConfig) bool { return c.RolesClaim == c.ScopeClaim },
		"Scopes and roles are read from one claim: who is given a scope has the role of that name too.",
		`Use two claims, such as "scope" and "roles".`},
	{Note, "ScopeClaim", func(c effectiveConfig) bool { return isDotted(c.ScopeClaim) }, dotted, asPointer},
	{Note, "RolesClaim", func(c effectiveConfig) bool { return isDotted(c.RolesClaim) }, dotted, asPointer},
	{Note, "DisableVerifySub", func(c effectiveConfig) bool { return c.DisableVerifySub },
		`A "sub" that is no text is accepted: the number 7 and the text 7 are the same identity. RFC 7519 §4.1.2 allows text only.`,
		"Remove DisableVerifySub once the last token with such an identity has expired; this package writes text."},
	{Warning, "DecodeTypes", func(c effectiveConfig) bool { return slices.ContainsFunc(c.DecodeTypes, isForeignType) },
		"Accepts tokens that were made for something else, such as logging out: in this service they log in (RFC 8725 §2.8).",
		`Remove the type. Access tokens have "JWT" or "at+jwt", which are accepted without it.`},
	{Note, "DecodeTypes", func(c effectiveConfig) bool { return slices.ContainsFunc(c.DecodeTypes, isUsualType) },
		`"JWT" and "at+jwt" are accepted in any case.`,
		"Remove them."},
}

const (
	dotted    = "Is read as one name with dots in it. If it was meant as a path, nobody has what it grants."
	asPointer = "Write a path as a JSON Pointer, such as /realm_access/roles."
)

// isDotted leaves out names that are URLs.
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
		"It is none of the issuers that are accepted: every token that is made here is refused here. They are compared letter by letter, a slash at the end included.",
		"Write the same in EncodeIssuer and DecodeIssuer; add former names to DecodeIssuers."},
	{Note, "EncodeIssuer", func(c effectiveConfig) bool { return c.signs() && c.EncodeIssuer == "" && c.refusesIssuer("") },
		`New tokens have no "iss", which DecodeIssuer demands: what is made here is refused here, unless every call has WithIssuer.`,
		"Set EncodeIssuer to the value of DecodeIssuer, unless tokens are only verified here."},
	{Note, "DecodeIssuer", func(c effectiveConfig) bool { return c.EncodeIssuer != "" && len(c.issuers()) == 0 },
		`"iss" is written, but not asked for: tokens of any other issuer that has the key are accepted.`,
		"Set DecodeIssuer to the value of EncodeIssuer."},
	{Note, "DecodeIssuer", func(c effectiveConfig) bool { return c.onlyVerifies() && c.EncodeIssuer == "" && len(c.issuers()) == 0 },
		"Tokens of any issuer that has the key are accepted. RFC 8725 §3.8 wants it to be compared.",
		`Set DecodeIssuer to the "iss" of the service that signs the tokens.`},
	{Warning, "EncodeAudience", func(c effectiveConfig) bool {
		return len(c.EncodeAudience) > 0 && len(c.DecodeAudience) > 0 && !intersect(c.EncodeAudience, c.DecodeAudience)
	},
		"None of these audiences is accepted: every token that is made here is refused here.",
		"Add one of DecodeAudience to EncodeAudience, unless all tokens are for other services."},
	{Note, "EncodeAudience", func(c effectiveConfig) bool {
		return c.signs() && len(c.EncodeAudience) == 0 && len(c.DecodeAudience) > 0
	},
		`New tokens have no "aud", which DecodeAudience demands: what is made here is refused here, unless every call has WithAudience.`,
		"Set EncodeAudience to one of DecodeAudience, unless tokens are only verified here."},
	{Note, "DecodeAudience", func(c effectiveConfig) bool { return len(c.EncodeAudience) > 0 && len(c.DecodeAudience) == 0 },
		`"aud" is written, but not asked for: tokens that were made for other services only are accepted.`,
		"Set DecodeAudience to the name of this service in EncodeAudience."},
	{Warning, "DecodeAudience", func(c effectiveConfig) bool {
		return c.onlyVerifies() && len(c.EncodeAudience) == 0 && len(c.DecodeAudience) == 0
	},
		"Tokens that their issuer made for another service are accepted: whoever runs that service, or steals a token there, can use them here (RFC 8725 §3.9).",
		`Set DecodeAudience to the name of this service, as the issuer writes it to "aud".`},
	{Note, "DecodeAudience", func(c effectiveConfig) bool {
		return c.signs() && c.usesPair() && len(c.EncodeAudience) == 0 && len(c.DecodeAudience) == 0
	},
		"Others can verify these tokens, but no token says whom it is for: what one service is sent it can use at all others (RFC 8725 §3.9).",
		"If other services verify the tokens, set EncodeAudience to those that a token is for, and DecodeAudience to the name of this one."},
	{Note, "RequiredClaims", func(c effectiveConfig) bool { return c.onlyVerifies() && !slices.Contains(c.RequiredClaims, "exp") },
		`If the issuer leaves out "exp" by mistake, its tokens are accepted for ever.`,
		`Add "exp" to RequiredClaims.`},
}

var storeRules = []rule{
	{Note, "Blocklist", func(c effectiveConfig) bool { return c.forgetsAlone() && !c.livesLong() },
		"What RevokeToken revokes is kept in this process alone: after a restart, and in other processes, it is accepted again until it expires.",
		"Set Blocklist to one of a store, such as redisstore or sqlstore."},
	{Warning, "Blocklist", func(c effectiveConfig) bool { return c.forgetsAlone() && c.livesLong() },
		"Access tokens live longer than an hour, but what RevokeToken revokes is kept in this process alone: after a restart, and in other processes, a user who logged out is logged in again.",
		"Set Blocklist to one of a store, such as redisstore or sqlstore, or AccessTokenExpires to 15 minutes."},
	{Warning, "Blocklist", func(c effectiveConfig) bool { return c.forgets() && c.sharesSessions() },
		"Sessions are kept in a store, but what is revoked in this process alone: access tokens of a session that was ended elsewhere are accepted here until they expire, and so are purpose tokens that RevokePurposeTokens or OnlyNewest revoked.",
		"Set Blocklist to one of the same store."},
	{Note, "Sessions", func(c effectiveConfig) bool {
		return c.Sessions == nil && c.signs() && c.RefreshTokenExpires > day && c.RefreshTokenExpires <= 90*day
	},
		"A refresh token can be used any number of times until it expires, and nobody notices when it was stolen (RFC 9700 §4.14.2).",
		"If you create refresh tokens, set Sessions and create them with CreateTokenPair; each is then good for one use."},
	{Note, "Sessions", func(c effectiveConfig) bool { _, memory := c.Sessions.(*store.MemorySessions); return memory },
		"Sessions are kept in this process alone: a restart logs everybody out, and a second process refuses their refresh tokens.",
		"Set Sessions to those of a store, such as redisstore or sqlstore."},
	{Warning, "SessionGrace", func(c effectiveConfig) bool { return c.Sessions != nil && c.SessionGrace > 5*time.Minute },
		"For longer than five minutes a refresh token may be used twice without being noticed: that is the time a thief has.",
		"Leave SessionGrace at its 60 seconds. Clients that lose answers for longer send an Idempotency-Key."},
	{Warning, "SessionGrace", func(c effectiveConfig) bool {
		return c.Sessions != nil && 0 < c.SessionGrace && c.SessionGrace < 10*time.Second
	},
		"A client whose answer takes longer, as on a bad mobile network, and that repeats the refresh then, is taken for a thief and logged out. A number without a unit is nanoseconds in Go.",
		"Leave SessionGrace at its 60 seconds, 60*time.Second (60)."},
	{Warning, "SessionGrace", func(c effectiveConfig) bool { return c.Sessions != nil && c.SessionGrace > c.RefreshTokenExpires/4 },
		"Is longer than a quarter of RefreshTokenExpires. Tokens are then traded before the grace of those before is over, which logs out who refreshes in two tabs.",
		"Set RefreshTokenExpires to at least four times SessionGrace."},
	{Note, "SessionGrace", func(c effectiveConfig) bool { return c.Sessions != nil && c.SessionGrace < 0 },
		"Who repeats a refresh whose answer was lost, or has two tabs open, is taken for a thief and logged out.",
		"Leave SessionGrace at its 60 seconds, in which the same successor is given."},
	{Note, "SessionLifetime", func(c effectiveConfig) bool { return c.Sessions != nil && c.SessionLifetime == 0 },
		"A session that is used never ends: neither does one that was stolen together with its refresh token.",
		"Set the time after which users log in again, such as 90*24*time.Hour (2160h)."},
}

var answerRules = []rule{
	{Note, "ErrorMessageKey", func(c effectiveConfig) bool { return c.given.ErrorMessageKey != "" && c.ErrorProfile != "flask" },
		"Only answers of the profile flask have a member of this name: those of bearer and problem are as RFC 6750 and RFC 9457 say.",
		"Remove ErrorMessageKey, or leave ErrorProfile at flask."},
}

var limitRules = []rule{
	{Warning, "MaxTokenSize", func(c effectiveConfig) bool { return c.MaxTokenSize > 64<<10 },
		"Tokens of more than 64 KiB are read before their signature is known to be good: anybody can make the service work for nothing.",
		"Leave MaxTokenSize at its 16 KiB; many proxies refuse headers of more."},
	{Note, "MaxTokenSize", func(c effectiveConfig) bool { return c.MaxTokenSize > 0 && c.MaxTokenSize < 1024 },
		"There is hardly room for claims: a token with none of yours has about 400 bytes, and 700 with an RSA key. Larger ones are refused, and not created.",
		"Leave MaxTokenSize at its 16 KiB."},
	{Note, "TokenCacheSize", func(c effectiveConfig) bool { return c.TokenCacheSize > 100_000 },
		"The cache of tokens may take 2 KiB for each: more than 200 MB for this number.",
		"Use as many as there are users within the lifetime of an access token; the default is 10 000."},
	{Note, "TokenCacheSize", func(c effectiveConfig) bool { return c.TokenCacheSize < 0 && c.usesPair() },
		"Without the cache the signature is verified on every request, which is most of the work with such a key.",
		"Leave TokenCacheSize zero, unless every token is used only once."},
}

// claimFindings reports RequiredClaims that no token of this manager has.
func (c effectiveConfig) claimFindings() (findings []Finding) {
	for _, r := range []struct {
		claim, fix string
		missing    bool
	}{
		{"nbf", "DisableEncodeNBF leaves it out: remove one of the two.", c.DisableEncodeNBF},
		{"csrf", "DisableCookieCSRFProtect leaves it out: remove one of the two.", c.DisableCookieCSRFProtect},
		{"exp", "NeverExpires leaves it out: set a lifetime.", c.AccessTokenExpires == ginjwt.NeverExpires || c.RefreshTokenExpires == ginjwt.NeverExpires},
		{"iss", "Set EncodeIssuer, or call WithIssuer for every token.", c.EncodeIssuer == ""},
		{"aud", "Set EncodeAudience, or call WithAudience for every token.", len(c.EncodeAudience) == 0},
		{"gen", "Only refresh tokens of sessions have it: remove it.", c.Sessions != nil},
	} {
		if r.missing && c.signs() && slices.Contains(c.RequiredClaims, r.claim) {
			findings = append(findings, finding(Warning, "RequiredClaims",
				fmt.Sprintf("Tokens that are made here have no %q, and are refused here.", r.claim), r.fix))
		}
	}
	return findings
}

// isHostOnly reports whether browsers take a cookie of this name from its host only
// (RFC 6265bis §4.1.3). They compare the prefix without regard to case.
func isHostOnly(name string) bool {
	const prefix = "__Host-"
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

// unused are fields that only matter with others.
var unused = []struct {
	fields       []string
	idle         func(c effectiveConfig) bool
	problem, fix string
}{
	{[]string{
		"AccessCookieName", "AccessCookiePath", "RefreshCookieName", "RefreshCookiePath", "CookieDomain", "CookieSameSite", "DisableCookieSecure",
		"CookieFormerDomains", "CookieFormerPaths", "CookiePartitioned", "CookieFormerPartitioned", "CSRFCookieDomain", "MaxFormSize",
		"DisableSessionCookie", "DisableCSRFInCookies", "CSRFCheckForm", "CSRFMethods", "AccessCSRFCookieName", "AccessCSRFCookiePath",
		"AccessCSRFHeaderName", "AccessCSRFFieldName", "RefreshCSRFCookieName", "RefreshCSRFCookiePath", "RefreshCSRFHeaderName", "RefreshCSRFFieldName",
	}, func(c effectiveConfig) bool { return c.lacks(ginjwt.InCookies) },
		"Is for cookies, which TokenLocation does not name: no route reads them, but those with Locations(InCookies).",
		"Add InCookies to TokenLocation, or remove the setting."},
	{[]string{
		"DisableCSRFInCookies", "CSRFCookieDomain", "CSRFCheckForm", "CSRFMethods", "AccessCSRFCookieName", "AccessCSRFCookiePath",
		"AccessCSRFHeaderName", "AccessCSRFFieldName", "RefreshCSRFCookieName", "RefreshCSRFCookiePath", "RefreshCSRFHeaderName", "RefreshCSRFFieldName",
	}, func(c effectiveConfig) bool { return c.reads(ginjwt.InCookies) && c.DisableCookieCSRFProtect },
		"Does nothing: DisableCookieCSRFProtect turns the protection off.",
		"Remove DisableCookieCSRFProtect, or this setting."},
	{[]string{"AccessCSRFFieldName", "RefreshCSRFFieldName", "MaxFormSize"}, func(c effectiveConfig) bool { return c.checksCSRF() && !c.CSRFCheckForm },
		"Does nothing: forms are not looked at.",
		"Set CSRFCheckForm, or remove the setting."},
	{[]string{"HeaderName", "DisableHeaderType"}, func(c effectiveConfig) bool { return c.lacks(ginjwt.InHeaders) },
		"Is for headers, which TokenLocation does not name: no route reads them, but those with Locations(InHeaders).",
		"Add InHeaders to TokenLocation, or remove the setting."},
	{[]string{"QueryStringName", "QueryStringValuePrefix"}, func(c effectiveConfig) bool { return c.lacks(ginjwt.InQueryString) },
		"Is for the query string, which TokenLocation does not name: no route reads it, but those with Locations(InQueryString).",
		"Remove the setting, unless a route names that location."},
	{[]string{"JSONKey"}, func(c effectiveConfig) bool { return c.lacks(ginjwt.InJSON) }, // RefreshHandler reads RefreshJSONKey in any case
		"Is for JSON bodies, which TokenLocation does not name: no route reads them, but those with Locations(InJSON).",
		"Add InJSON to TokenLocation, or remove the setting."},
	{[]string{"MaxResolvedIssuers"}, func(c effectiveConfig) bool { return c.IssuerResolver == nil },
		"Does nothing: there is no IssuerResolver that would bring issuers.",
		"Set IssuerResolver, or remove the setting."},
}

// unusedFindings reports settings that were changed, and do nothing.
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
