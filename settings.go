package ginjwt

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
)

// setting is one JWT_… name, the field of Config that it fills, and the function that
// reads the value. A name that ends in _FILE takes the value from a file.
type setting struct {
	name, field string
	set         func(c *Config, value string) error
}

// settings are the 43 settings of Flask-JWT-Extended, then the others. Every field that
// text can express has a name; stores, issuers and clocks are set in Go.
var settings = []setting{
	{"JWT_TOKEN_LOCATION", "TokenLocation", setLocations},
	{"JWT_ACCESS_TOKEN_EXPIRES", "AccessTokenExpires", lifetime(func(c *Config) *time.Duration { return &c.AccessTokenExpires })},
	{"JWT_REFRESH_TOKEN_EXPIRES", "RefreshTokenExpires", lifetime(func(c *Config) *time.Duration { return &c.RefreshTokenExpires })},
	{"JWT_ALGORITHM", "Algorithm", text(func(c *Config) *string { return &c.Algorithm })},
	{"JWT_DECODE_ALGORITHMS", "DecodeAlgorithms", list(func(c *Config) *[]string { return &c.DecodeAlgorithms })},
	{"JWT_SECRET_KEY", "SecretKey", text(func(c *Config) *string { return &c.SecretKey })},
	{"JWT_PRIVATE_KEY", "PrivateKey", text(func(c *Config) *string { return &c.PrivateKey })},
	{"JWT_PUBLIC_KEY", "PublicKey", text(func(c *Config) *string { return &c.PublicKey })},
	{"JWT_ENCODE_AUDIENCE", "EncodeAudience", audience(func(c *Config) *[]string { return &c.EncodeAudience })},
	{"JWT_DECODE_AUDIENCE", "DecodeAudience", audience(func(c *Config) *[]string { return &c.DecodeAudience })},
	{"JWT_ENCODE_ISSUER", "EncodeIssuer", text(func(c *Config) *string { return &c.EncodeIssuer })},
	{"JWT_DECODE_ISSUER", "DecodeIssuer", setIssuers},
	{"JWT_DECODE_LEEWAY", "DecodeLeeway", duration(func(c *Config) *time.Duration { return &c.DecodeLeeway })},
	{"JWT_ENCODE_NBF", "DisableEncodeNBF", no(func(c *Config) *bool { return &c.DisableEncodeNBF })},
	{"JWT_VERIFY_SUB", "DisableVerifySub", no(func(c *Config) *bool { return &c.DisableVerifySub })},
	{"JWT_IDENTITY_CLAIM", "IdentityClaim", text(func(c *Config) *string { return &c.IdentityClaim })},
	{"JWT_ERROR_MESSAGE_KEY", "ErrorMessageKey", text(func(c *Config) *string { return &c.ErrorMessageKey })},
	{"JWT_HEADER_NAME", "HeaderName", text(func(c *Config) *string { return &c.HeaderName })},
	{"JWT_HEADER_TYPE", "HeaderType", setHeaderType},
	{"JWT_QUERY_STRING_NAME", "QueryStringName", text(func(c *Config) *string { return &c.QueryStringName })},
	{"JWT_QUERY_STRING_VALUE_PREFIX", "QueryStringValuePrefix", maybeEmpty(func(c *Config) *string { return &c.QueryStringValuePrefix })},
	{"JWT_JSON_KEY", "JSONKey", text(func(c *Config) *string { return &c.JSONKey })},
	{"JWT_REFRESH_JSON_KEY", "RefreshJSONKey", text(func(c *Config) *string { return &c.RefreshJSONKey })},
	{"JWT_ACCESS_COOKIE_NAME", "AccessCookieName", text(func(c *Config) *string { return &c.AccessCookieName })},
	{"JWT_REFRESH_COOKIE_NAME", "RefreshCookieName", text(func(c *Config) *string { return &c.RefreshCookieName })},
	{"JWT_ACCESS_COOKIE_PATH", "AccessCookiePath", text(func(c *Config) *string { return &c.AccessCookiePath })},
	{"JWT_REFRESH_COOKIE_PATH", "RefreshCookiePath", text(func(c *Config) *string { return &c.RefreshCookiePath })},
	{"JWT_COOKIE_DOMAIN", "CookieDomain", maybeEmpty(func(c *Config) *string { return &c.CookieDomain })},
	{"JWT_COOKIE_SECURE", "DisableCookieSecure", no(func(c *Config) *bool { return &c.DisableCookieSecure })},
	{"JWT_COOKIE_SAMESITE", "CookieSameSite", setSameSite},
	{"JWT_SESSION_COOKIE", "DisableSessionCookie", no(func(c *Config) *bool { return &c.DisableSessionCookie })},
	{"JWT_COOKIE_CSRF_PROTECT", "DisableCookieCSRFProtect", no(func(c *Config) *bool { return &c.DisableCookieCSRFProtect })},
	{"JWT_CSRF_IN_COOKIES", "DisableCSRFInCookies", no(func(c *Config) *bool { return &c.DisableCSRFInCookies })},
	{"JWT_CSRF_METHODS", "CSRFMethods", setCSRFMethods},
	{"JWT_CSRF_CHECK_FORM", "CSRFCheckForm", yes(func(c *Config) *bool { return &c.CSRFCheckForm })},
	{"JWT_ACCESS_CSRF_COOKIE_NAME", "AccessCSRFCookieName", text(func(c *Config) *string { return &c.AccessCSRFCookieName })},
	{"JWT_REFRESH_CSRF_COOKIE_NAME", "RefreshCSRFCookieName", text(func(c *Config) *string { return &c.RefreshCSRFCookieName })},
	{"JWT_ACCESS_CSRF_COOKIE_PATH", "AccessCSRFCookiePath", text(func(c *Config) *string { return &c.AccessCSRFCookiePath })},
	{"JWT_REFRESH_CSRF_COOKIE_PATH", "RefreshCSRFCookiePath", text(func(c *Config) *string { return &c.RefreshCSRFCookiePath })},
	{"JWT_ACCESS_CSRF_HEADER_NAME", "AccessCSRFHeaderName", text(func(c *Config) *string { return &c.AccessCSRFHeaderName })},
	{"JWT_REFRESH_CSRF_HEADER_NAME", "RefreshCSRFHeaderName", text(func(c *Config) *string { return &c.RefreshCSRFHeaderName })},
	{"JWT_ACCESS_CSRF_FIELD_NAME", "AccessCSRFFieldName", text(func(c *Config) *string { return &c.AccessCSRFFieldName })},
	{"JWT_REFRESH_CSRF_FIELD_NAME", "RefreshCSRFFieldName", text(func(c *Config) *string { return &c.RefreshCSRFFieldName })},

	{"JWT_COOKIE_PARTITIONED", "CookiePartitioned", yes(func(c *Config) *bool { return &c.CookiePartitioned })},
	{"JWT_COOKIE_FORMER_DOMAINS", "CookieFormerDomains", list(func(c *Config) *[]string { return &c.CookieFormerDomains })},
	{"JWT_COOKIE_FORMER_PATHS", "CookieFormerPaths", list(func(c *Config) *[]string { return &c.CookieFormerPaths })},
	{"JWT_COOKIE_FORMER_PARTITIONED", "CookieFormerPartitioned", yes(func(c *Config) *bool { return &c.CookieFormerPartitioned })},
	{"JWT_CSRF_COOKIE_DOMAIN", "CSRFCookieDomain", maybeEmpty(func(c *Config) *string { return &c.CSRFCookieDomain })},
	{"JWT_MAX_FORM_SIZE", "MaxFormSize", number(func(c *Config) *int { return &c.MaxFormSize })},
	{"JWT_SECRET_KEY_FILE", "SecretKey", secretInFile(text(func(c *Config) *string { return &c.SecretKey }))},
	{"JWT_PRIVATE_KEY_FILE", "PrivateKey", inFile(text(func(c *Config) *string { return &c.PrivateKey }))},
	{"JWT_PUBLIC_KEY_FILE", "PublicKey", inFile(text(func(c *Config) *string { return &c.PublicKey }))},
	{"JWT_KEYS", "Keys", setKeys("JWT_KEYS")},
	{"JWT_KEYS_FILE", "Keys", inFile(setKeys("JWT_KEYS_FILE"))},
	{"JWT_TYPE_CLAIM", "TypeClaim", text(func(c *Config) *string { return &c.TypeClaim })},
	{"JWT_FRESH_CLAIM", "FreshClaim", text(func(c *Config) *string { return &c.FreshClaim })},
	{"JWT_SCOPE_CLAIM", "ScopeClaim", text(func(c *Config) *string { return &c.ScopeClaim })},
	{"JWT_ROLES_CLAIM", "RolesClaim", text(func(c *Config) *string { return &c.RolesClaim })},
	{"JWT_ALLOW_SHORT_SECRET", "AllowShortSecret", yes(func(c *Config) *bool { return &c.AllowShortSecret })},
	{"JWT_REQUIRED_CLAIMS", "RequiredClaims", list(func(c *Config) *[]string { return &c.RequiredClaims })},
	{"JWT_DECODE_TYPES", "DecodeTypes", list(func(c *Config) *[]string { return &c.DecodeTypes })},
	{"JWT_ALLOW_ANY_OPTIONS", "AllowAnyOptions", yes(func(c *Config) *bool { return &c.AllowAnyOptions })},
	{"JWT_MAX_TOKEN_SIZE", "MaxTokenSize", number(func(c *Config) *int { return &c.MaxTokenSize })},
	{"JWT_TOKEN_CACHE_SIZE", "TokenCacheSize", number(func(c *Config) *int { return &c.TokenCacheSize })},
	{"JWT_ERROR_PROFILE", "ErrorProfile", text(func(c *Config) *string { return &c.ErrorProfile })},
	{"JWT_REALM", "Realm", text(func(c *Config) *string { return &c.Realm })},
	{"JWT_SESSION_GRACE", "SessionGrace", setGrace},
	{"JWT_SESSION_LIFETIME", "SessionLifetime", duration(func(c *Config) *time.Duration { return &c.SessionLifetime })},
	{"JWT_RENEWED_TOKEN_HEADER", "RenewedTokenHeader", text(func(c *Config) *string { return &c.RenewedTokenHeader })},
	{"JWT_DETAILED_PAIRS", "DetailedPairs", yes(func(c *Config) *bool { return &c.DetailedPairs })},
	{"JWT_TICKET_NAME", "TicketName", text(func(c *Config) *string { return &c.TicketName })},
	{"JWT_MAX_SESSIONS", "MaxSessions", number(func(c *Config) *int { return &c.MaxSessions })},
	{"JWT_CSRF_PROTECTION", "CSRFProtection", text(func(c *Config) *string { return &c.CSRFProtection })},
	{"JWT_DPOP", "DPoP", text(func(c *Config) *string { return &c.DPoP })},
	{"JWT_DPOP_ORIGINS", "DPoPOrigins", list(func(c *Config) *[]string { return &c.DPoPOrigins })},
	{"JWT_DPOP_NONCE", "DPoPNonce", yes(func(c *Config) *bool { return &c.DPoPNonce })},
	{"JWT_DPOP_NONCE_SECRET", "DPoPNonceSecret", text(func(c *Config) *string { return &c.DPoPNonceSecret })},
	{"JWT_DPOP_NONCE_SECRET_FILE", "DPoPNonceSecret", secretInFile(text(func(c *Config) *string { return &c.DPoPNonceSecret }))},
	{"JWT_DPOP_NONCE_OTHER_SECRET", "DPoPNonceOtherSecret", text(func(c *Config) *string { return &c.DPoPNonceOtherSecret })},
	{"JWT_DPOP_NONCE_OTHER_SECRET_FILE", "DPoPNonceOtherSecret", secretInFile(text(func(c *Config) *string { return &c.DPoPNonceOtherSecret }))},
	{"JWT_DPOP_WINDOW", "DPoPWindow", duration(func(c *Config) *time.Duration { return &c.DPoPWindow })},
	{"JWT_CSRF_TRUSTED_ORIGINS", "CSRFTrustedOrigins", list(func(c *Config) *[]string { return &c.CSRFTrustedOrigins })},
}

// LoadConfig reads settings by their Flask-JWT-Extended names, such as
// JWT_SECRET_KEY. The function lookup is usually [os.LookupEnv]. A name that lookup does
// not have keeps its default.
//
// Values are written as follows:
//
//   - A duration is a number of seconds, a Go duration such as "15m", or days, such as
//     "30d". A lifetime may also be "false", for never. JWT_SESSION_GRACE may be
//     "false", for no grace period.
//   - A flag is "true" or "false", in any case, or "1" or "0".
//   - A list is separated by commas, or is a JSON array. Audiences and issuers are one
//     string, or a JSON array.
//   - JWT_COOKIE_SAMESITE is Lax, Strict, None, or Default, which leaves the attribute
//     out.
//   - JWT_KEYS is what [keys.Parse] reads.
//
// An empty value is an error, except where it has a meaning: JWT_HEADER_TYPE (the header
// contains the token alone), JWT_QUERY_STRING_VALUE_PREFIX, JWT_COOKIE_DOMAIN and
// JWT_CSRF_COOKIE_DOMAIN.
//
// JWT_SECRET_KEY_FILE, JWT_PRIVATE_KEY_FILE, JWT_PUBLIC_KEY_FILE and JWT_KEYS_FILE name a
// file that contains the value, of at most 1 MiB. Docker and Kubernetes provide secrets as
// files. One line break at the end of a file is not part of a secret. LoadConfig waits for
// a named pipe.
//
// LoadConfig returns all problems together, joined. Each problem names its setting and
// shows no secret. A value that was copied with the syntax of another program is a
// problem too, such as a Python expression, quotes or a comment. In a secret, such
// syntax is only a warning, because it may belong to the secret.
//
// Config.Warnings has names and values that probably do not do what you intended.
// [JWTManager.InitApp] logs the warnings. It also checks whether the values fit together.
func LoadConfig(lookup func(name string) (value string, ok bool)) (Config, error) {
	var c Config
	var problems []error
	for _, s := range settings {
		value, ok := lookup(s.name)
		if !ok {
			continue
		}
		err := misread(s.name, s.field, value)
		if err == nil {
			err = s.set(&c, value)
		}
		if problem, fix := suspicious(s.name, value, c.SecretKey); err == nil && problem != "" {
			c.Warnings = append(c.Warnings, SettingWarning{s.name, problem, fix})
		}
		if direct, isFile := strings.CutSuffix(s.name, "_FILE"); isFile && has(lookup, direct) {
			err = fmt.Errorf("is set together with %s; remove one of them", direct)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("ginjwt: %s: %w", s.name, err))
		}
	}
	c.Warnings = append(c.Warnings, UnreadSettings(known(lookup))...)
	return c, errors.Join(problems...)
}

// known returns the names that lookup has and that look like settings.
func known(lookup func(string) (string, bool)) iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := range namesToAsk(SettingNames()) {
			if has(lookup, name) && !yield(name) {
				return
			}
		}
	}
}

func has(lookup func(string) (string, bool), name string) bool {
	_, ok := lookup(name)
	return ok
}

// SettingNames returns the names of all settings that [LoadConfig] reads, such as
// "JWT_SECRET_KEY".
func SettingNames() (names []string) {
	for _, s := range settings {
		names = append(names, s.name)
	}
	return names
}

// UnreadSettings returns a warning for each name that looks like a setting but that
// [LoadConfig] does not read, sorted by name. Examples are names of older versions and of
// related libraries, names with a unit or a prefix, and misspelled names. UnreadSettings
// ignores all other names.
func UnreadSettings(names iter.Seq[string]) []SettingWarning {
	return unreadAmong(names, SettingNames())
}

// SettingOf returns the JWT_… name of a field of [Config], such as "JWT_SECRET_KEY" for
// "SecretKey". It returns "" if the field has no name.
func SettingOf(field string) string {
	for _, s := range settings {
		if s.field == field {
			return s.name
		}
	}
	return ""
}
