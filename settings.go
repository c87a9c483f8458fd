package ginjwt

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// setting is one JWT_… name: the field of Config that it fills, and how. A name
// with _FILE takes the value from a file.
type setting struct {
	name, field string
	set         func(c *Config, value string) error
}

// settings are the 43 settings of Flask-JWT-Extended, then ours. What can be
// said in a text has a name here; stores, issuers and clocks are set in Go.
var settings = []setting{
	{"JWT_TOKEN_LOCATION", "TokenLocation", setLocations},
	{"JWT_ACCESS_TOKEN_EXPIRES", "AccessTokenExpires", lifetime(func(c *Config) *time.Duration { return &c.AccessTokenExpires })},
	{"JWT_REFRESH_TOKEN_EXPIRES", "RefreshTokenExpires", lifetime(func(c *Config) *time.Duration { return &c.RefreshTokenExpires })},
	{"JWT_ALGORITHM", "Algorithm", text(func(c *Config) *string { return &c.Algorithm })},
	{"JWT_DECODE_ALGORITHMS", "DecodeAlgorithms", list(func(c *Config) *[]string { return &c.DecodeAlgorithms })},
	{"JWT_SECRET_KEY", "SecretKey", text(func(c *Config) *string { return &c.SecretKey })},
	{"JWT_PRIVATE_KEY", "PrivateKey", pemText(func(c *Config) *string { return &c.PrivateKey })},
	{"JWT_PUBLIC_KEY", "PublicKey", pemText(func(c *Config) *string { return &c.PublicKey })},
	{"JWT_ENCODE_AUDIENCE", "EncodeAudience", list(func(c *Config) *[]string { return &c.EncodeAudience })},
	{"JWT_DECODE_AUDIENCE", "DecodeAudience", list(func(c *Config) *[]string { return &c.DecodeAudience })},
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
	{"JWT_CSRF_METHODS", "CSRFMethods", list(func(c *Config) *[]string { return &c.CSRFMethods })},
	{"JWT_CSRF_CHECK_FORM", "CSRFCheckForm", yes(func(c *Config) *bool { return &c.CSRFCheckForm })},
	{"JWT_ACCESS_CSRF_COOKIE_NAME", "AccessCSRFCookieName", text(func(c *Config) *string { return &c.AccessCSRFCookieName })},
	{"JWT_REFRESH_CSRF_COOKIE_NAME", "RefreshCSRFCookieName", text(func(c *Config) *string { return &c.RefreshCSRFCookieName })},
	{"JWT_ACCESS_CSRF_COOKIE_PATH", "AccessCSRFCookiePath", text(func(c *Config) *string { return &c.AccessCSRFCookiePath })},
	{"JWT_REFRESH_CSRF_COOKIE_PATH", "RefreshCSRFCookiePath", text(func(c *Config) *string { return &c.RefreshCSRFCookiePath })},
	{"JWT_ACCESS_CSRF_HEADER_NAME", "AccessCSRFHeaderName", text(func(c *Config) *string { return &c.AccessCSRFHeaderName })},
	{"JWT_REFRESH_CSRF_HEADER_NAME", "RefreshCSRFHeaderName", text(func(c *Config) *string { return &c.RefreshCSRFHeaderName })},
	{"JWT_ACCESS_CSRF_FIELD_NAME", "AccessCSRFFieldName", text(func(c *Config) *string { return &c.AccessCSRFFieldName })},
	{"JWT_REFRESH_CSRF_FIELD_NAME", "RefreshCSRFFieldName", text(func(c *Config) *string { return &c.RefreshCSRFFieldName })},

	{"JWT_SECRET_KEY_FILE", "SecretKey", inFile(text(func(c *Config) *string { return &c.SecretKey }))},
	{"JWT_PRIVATE_KEY_FILE", "PrivateKey", inFile(text(func(c *Config) *string { return &c.PrivateKey }))},
	{"JWT_PUBLIC_KEY_FILE", "PublicKey", inFile(text(func(c *Config) *string { return &c.PublicKey }))},
	{"JWT_KEYS", "Keys", setKeys},
	{"JWT_KEYS_FILE", "Keys", inFile(setKeys)},
	{"JWT_TYPE_CLAIM", "TypeClaim", text(func(c *Config) *string { return &c.TypeClaim })},
	{"JWT_FRESH_CLAIM", "FreshClaim", text(func(c *Config) *string { return &c.FreshClaim })},
	{"JWT_SCOPE_CLAIM", "ScopeClaim", text(func(c *Config) *string { return &c.ScopeClaim })},
	{"JWT_ROLES_CLAIM", "RolesClaim", text(func(c *Config) *string { return &c.RolesClaim })},
	{"JWT_ALLOW_SHORT_SECRET", "AllowShortSecret", yes(func(c *Config) *bool { return &c.AllowShortSecret })},
	{"JWT_REQUIRED_CLAIMS", "RequiredClaims", list(func(c *Config) *[]string { return &c.RequiredClaims })},
	{"JWT_DECODE_TYPES", "DecodeTypes", list(func(c *Config) *[]string { return &c.DecodeTypes })},
	{"JWT_MAX_TOKEN_SIZE", "MaxTokenSize", number(func(c *Config) *int { return &c.MaxTokenSize })},
	{"JWT_TOKEN_CACHE", "TokenCache", number(func(c *Config) *int { return &c.TokenCache })},
	{"JWT_SESSION_GRACE", "SessionGrace", setGrace},
	{"JWT_SESSION_LIFETIME", "SessionLifetime", duration(func(c *Config) *time.Duration { return &c.SessionLifetime })},
	{"JWT_MAX_SESSIONS", "MaxSessions", number(func(c *Config) *int { return &c.MaxSessions })},
}

// LoadConfig reads settings by their Flask-JWT-Extended names, such as
// JWT_SECRET_KEY, from lookup, which is usually [os.LookupEnv]. A name that
// lookup does not have keeps its default.
//
// A duration is a number of seconds, Go's "15m", or days, such as "30d"; a
// lifetime may be "false", for never, and JWT_SESSION_GRACE for none. Flags are "true" or "false". A list is separated by commas, or a
// JSON array. JWT_COOKIE_SAMESITE is Lax, Strict, None, or Default, which
// leaves the attribute out. A value may not be empty, except where that says
// something: JWT_HEADER_TYPE (the header holds the token alone),
// JWT_QUERY_STRING_VALUE_PREFIX and JWT_COOKIE_DOMAIN.
//
// JWT_SECRET_KEY_FILE, JWT_PRIVATE_KEY_FILE, JWT_PUBLIC_KEY_FILE and
// JWT_KEYS_FILE name a file with the value, of 1 MiB at most, as Docker and
// Kubernetes hand out secrets; a line break at its end is not a part of it. A
// named pipe is waited for. JWT_KEYS is what [ParseKeys] reads.
//
// LoadConfig returns all problems that it finds, joined, each with the name of
// its setting and none with its value. What the values mean together is
// checked by [JWTManager.InitApp].
func LoadConfig(lookup func(name string) (value string, ok bool)) (Config, error) {
	var c Config
	var problems []error
	for _, s := range settings {
		value, ok := lookup(s.name)
		if !ok {
			continue
		}
		err := s.set(&c, value)
		if direct, isFile := strings.CutSuffix(s.name, "_FILE"); isFile && has(lookup, direct) {
			err = fmt.Errorf("is set beside %s; remove one of them", direct)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("ginjwt: %s: %w", s.name, err))
		}
	}
	return c, errors.Join(problems...)
}

func has(lookup func(string) (string, bool), name string) bool {
	_, ok := lookup(name)
	return ok
}

// fieldAndSetting names a field of Config in an error, with its setting.
func fieldAndSetting(field string) string {
	if name := settingOf(field); name != "" {
		return field + " (" + name + ")"
	}
	return field
}

// settingOf returns the name of the setting of a field, if it has one.
func settingOf(field string) string {
	for _, s := range settings {
		if s.field == field {
			return s.name
		}
	}
	return ""
}

var errEmptyValue = errors.New("is set, but empty; give a value or remove it")

func text(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, value string) error {
		if value == "" {
			return errEmptyValue
		}
		*field(c) = value
		return nil
	}
}

func maybeEmpty(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, value string) error {
		*field(c) = value
		return nil
	}
}

// pemText reads a PEM text.
func pemText(field func(*Config) *string) func(*Config, string) error {
	set := text(field)
	return func(c *Config, value string) error { return set(c, withLineBreaks(value)) }
}

// withLineBreaks gives a PEM text its line breaks: where a variable can only have one
// line, they are often written as \n.
func withLineBreaks(value string) string {
	if strings.Contains(value, "\n") {
		return value
	}
	return strings.ReplaceAll(value, `\n`, "\n")
}

// setKeys reads a JWK Set, a JWK, or a PEM text with any number of keys.
func setKeys(c *Config, value string) (err error) {
	if value == "" {
		return errEmptyValue
	}
	if !strings.HasPrefix(strings.TrimSpace(value), "{") { // in JSON, \n is another thing
		value = withLineBreaks(value)
	}
	c.Keys, err = parseKeys([]byte(value))
	return err
}

func yes(field func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, value string) error {
		b, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New("must be true or false")
		}
		*field(c) = b
		return nil
	}
}

// no reads a flag whose field says the opposite.
func no(field func(*Config) *bool) func(*Config, string) error {
	set := yes(field)
	return func(c *Config, value string) error {
		err := set(c, value)
		*field(c) = err == nil && !*field(c)
		return err
	}
}

func number(field func(*Config) *int) func(*Config, string) error {
	return func(c *Config, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil {
			return errors.New("must be a whole number")
		}
		*field(c) = n
		return nil
	}
}

func duration(field func(*Config) *time.Duration) func(*Config, string) error {
	return func(c *Config, value string) error {
		d, err := parseDuration(value)
		if err != nil {
			return err
		}
		*field(c) = d
		return nil
	}
}

func lifetime(field func(*Config) *time.Duration) func(*Config, string) error {
	set := duration(field)
	return func(c *Config, value string) error {
		if strings.EqualFold(value, "false") {
			*field(c) = NeverExpires
			return nil
		}
		return set(c, value)
	}
}

// maxDays is what a duration can hold.
const maxDays = 100_000

func parseDays(text string) (time.Duration, error) {
	days, err := strconv.ParseUint(text, 10, 32)
	if days > maxDays {
		err = strconv.ErrRange
	}
	return time.Duration(days) * 24 * time.Hour, err
}

// parseDuration reads seconds, days or a Go duration. It takes no negative ones:
// -1ns would be NeverExpires.
func parseDuration(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil {
		d, err = time.ParseDuration(value + "s")
	}
	if days, ok := strings.CutSuffix(value, "d"); ok {
		d, err = parseDays(days)
	}
	if err != nil {
		return 0, errors.New(`must be seconds, or a duration such as "15m" or "30d"`)
	}
	if d < 0 {
		return 0, errors.New("must not be negative")
	}
	return d, nil
}

func list(field func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, value string) error {
		values, err := parseList(value)
		if err != nil {
			return err
		}
		*field(c) = values
		return nil
	}
}

func parseList(value string) ([]string, error) {
	var values []string
	if strings.HasPrefix(strings.TrimSpace(value), "[") {
		if err := json.Unmarshal([]byte(value), &values); err != nil {
			return nil, errors.New("is no JSON array of strings")
		}
	} else {
		for v := range strings.SplitSeq(value, ",") {
			values = append(values, strings.TrimSpace(v))
		}
	}
	for _, v := range values {
		if v == "" {
			return nil, errors.New("holds an empty value")
		}
	}
	if len(values) == 0 {
		return nil, errEmptyValue
	}
	return values, nil
}

func setLocations(c *Config, value string) error {
	values, err := parseList(value)
	if err != nil {
		return err
	}
	c.TokenLocation = nil
	for _, v := range values {
		c.TokenLocation = append(c.TokenLocation, Location(v))
	}
	return nil
}

// setIssuers reads one issuer, whatever characters it has, or a JSON array.
func setIssuers(c *Config, value string) error {
	if !strings.HasPrefix(value, "[") {
		return text(func(c *Config) *string { return &c.DecodeIssuer })(c, value)
	}
	values, err := parseList(value)
	if err != nil {
		return err
	}
	c.DecodeIssuer, c.DecodeIssuers = values[0], values[1:]
	return nil
}

// setGrace reads a duration, or "false", for none.
func setGrace(c *Config, value string) error {
	if strings.EqualFold(value, "false") {
		c.SessionGrace = -1
		return nil
	}
	return duration(func(c *Config) *time.Duration { return &c.SessionGrace })(c, value)
}

func setHeaderType(c *Config, value string) error {
	c.HeaderType = value
	c.DisableHeaderType = value == ""
	return nil
}

func setSameSite(c *Config, value string) error {
	switch strings.ToLower(value) {
	case "lax":
		c.CookieSameSite = http.SameSiteLaxMode
	case "strict":
		c.CookieSameSite = http.SameSiteStrictMode
	case "none":
		c.CookieSameSite = http.SameSiteNoneMode
	case "default":
		c.CookieSameSite = http.SameSiteDefaultMode
	default:
		return errors.New("must be Lax, Strict, None or Default")
	}
	return nil
}
