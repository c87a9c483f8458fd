package ginjwt

// successor says why a name has no effect, and what to write instead.
type successor struct{ problem, fix string }

func was(in, fix string) successor {
	return successor{"is a setting of " + in + " and has no effect in ginjwt", fix}
}

func in3(fix string) successor        { return was("Flask-JWT-Extended before 4.0", fix) }
func inFlaskJWT(fix string) successor { return was("Flask-JWT", fix) }

// elsewhere explains a name that other programs and libraries use.
func elsewhere(fix string) successor {
	return successor{"is not a setting of this library and has no effect in ginjwt; another program may read it", fix}
}

const (
	writeAccess  = "write JWT_ACCESS_TOKEN_EXPIRES, with a unit: such as JWT_ACCESS_TOKEN_EXPIRES=15m"
	writeRefresh = "write JWT_REFRESH_TOKEN_EXPIRES, with a unit: such as JWT_REFRESH_TOKEN_EXPIRES=30d"
	ownRoute     = "remove it: write your own login route, which calls CreateAccessToken"
	askList      = "remove it: every token is checked against Config.Blocklist and the TokenInBlocklistLoader"
	oneKey       = "write JWT_SECRET_KEY: one key signs access and refresh tokens"
	cookieAge    = "remove it: cookies last until the browser is closed or, with JWT_SESSION_COOKIE=false, as long as their token"
)

// formerNames are names that LoadConfig does not read, and what to write instead.
var formerNames = map[string]successor{
	// Flask-JWT-Extended 1 to 3.
	"JWT_BLACKLIST_ENABLED":       in3(askList),
	"JWT_BLACKLIST_STORE":         in3("remove it: set Config.Blocklist to a store, or register a TokenInBlocklistLoader"),
	"JWT_BLACKLIST_TOKEN_CHECKS":  in3("remove it: access and refresh tokens are always checked; SkipRevocationCheck() turns the check off for a route"),
	"JWT_USER_CLAIMS":             in3("remove it: an AdditionalClaimsLoader puts claims at the top level of the token; older tokens have them in the claim \"user_claims\""),
	"JWT_CLAIMS_IN_REFRESH_TOKEN": in3("remove it: refresh tokens get the claims of an AdditionalClaimsLoader too"),
	"JWT_CSRF_HEADER_NAME":        in3("write JWT_ACCESS_CSRF_HEADER_NAME and JWT_REFRESH_CSRF_HEADER_NAME"),

	// Flask-JWT.
	"JWT_DEFAULT_REALM":      inFlaskJWT("remove it: the realm of challenges is fixed; JWT_REALM is something else: it separates managers that share stores"),
	"JWT_AUTH_URL_RULE":      inFlaskJWT(ownRoute),
	"JWT_AUTH_ENDPOINT":      inFlaskJWT(ownRoute),
	"JWT_AUTH_USERNAME_KEY":  inFlaskJWT(ownRoute),
	"JWT_AUTH_PASSWORD_KEY":  inFlaskJWT(ownRoute),
	"JWT_AUTH_HEADER_PREFIX": inFlaskJWT("write JWT_HEADER_TYPE, such as JWT_HEADER_TYPE=JWT"),
	"JWT_EXPIRATION_DELTA":   inFlaskJWT(writeAccess),
	"JWT_NOT_BEFORE_DELTA":   inFlaskJWT("remove it: a token is valid immediately, unless you create it with WithNotBefore"),
	"JWT_LEEWAY":             inFlaskJWT("write JWT_DECODE_LEEWAY, such as JWT_DECODE_LEEWAY=10"),
	"JWT_VERIFY_CLAIMS":      inFlaskJWT("remove it: the signature, \"exp\", \"nbf\" and \"iat\" are always verified"),
	"JWT_VERIFY":             inFlaskJWT("remove it: tokens are always verified"),
	"JWT_VERIFY_EXPIRATION":  inFlaskJWT("remove it: \"exp\" is always verified; JWT_ACCESS_TOKEN_EXPIRES=false makes tokens that never expire"),

	// The cookies.
	"JWT_COOKIE_HTTPONLY":           elsewhere("remove it: token cookies are always HttpOnly, and CSRF cookies never are, because scripts must read them"),
	"JWT_COOKIE_HTTP_ONLY":          elsewhere("remove it: token cookies are always HttpOnly, and CSRF cookies never are, because scripts must read them"),
	"JWT_COOKIE_NAME":               elsewhere("write JWT_ACCESS_COOKIE_NAME and JWT_REFRESH_COOKIE_NAME"),
	"JWT_ACCESS_TOKEN_COOKIE_NAME":  elsewhere("write JWT_ACCESS_COOKIE_NAME"),
	"JWT_REFRESH_TOKEN_COOKIE_NAME": elsewhere("write JWT_REFRESH_COOKIE_NAME"),
	"JWT_COOKIE_PATH":               elsewhere("write JWT_ACCESS_COOKIE_PATH and JWT_REFRESH_COOKIE_PATH"),
	"JWT_COOKIE_MAX_AGE":            elsewhere(cookieAge),
	"JWT_COOKIE_EXPIRES":            elsewhere(cookieAge),
	"JWT_ACCESS_COOKIE_MAX_AGE":     elsewhere(cookieAge),
	"JWT_REFRESH_COOKIE_MAX_AGE":    elsewhere(cookieAge),
	"JWT_COOKIE_CSRF":               elsewhere("write JWT_COOKIE_CSRF_PROTECT"),
	"JWT_CSRF_PROTECT":              elsewhere("write JWT_COOKIE_CSRF_PROTECT"),
	"JWT_CSRF_COOKIE_NAME":          elsewhere("write JWT_ACCESS_CSRF_COOKIE_NAME and JWT_REFRESH_CSRF_COOKIE_NAME"),
	"JWT_CSRF_COOKIE_PATH":          elsewhere("write JWT_ACCESS_CSRF_COOKIE_PATH and JWT_REFRESH_CSRF_COOKIE_PATH"),
	"JWT_CSRF_FIELD_NAME":           elsewhere("write JWT_ACCESS_CSRF_FIELD_NAME and JWT_REFRESH_CSRF_FIELD_NAME"),

	// Keys.
	"JWT_SECRET":                   elsewhere("write JWT_SECRET_KEY"),
	"JWT_KEY":                      elsewhere("write JWT_SECRET_KEY"),
	"JWT_TOKEN_SECRET":             elsewhere("write JWT_SECRET_KEY"),
	"JWT_SIGNING_KEY":              elsewhere("write JWT_SECRET_KEY, or JWT_PRIVATE_KEY for a PEM text"),
	"JWT_ACCESS_SECRET":            elsewhere(oneKey),
	"JWT_REFRESH_SECRET":           elsewhere(oneKey),
	"JWT_REFRESH_SECRET_KEY":       elsewhere(oneKey),
	"JWT_ACCESS_SECRET_KEY":        elsewhere(oneKey),
	"JWT_ACCESS_TOKEN_SECRET":      elsewhere(oneKey),
	"JWT_REFRESH_TOKEN_SECRET":     elsewhere(oneKey),
	"JWT_ACCESS_TOKEN_SECRET_KEY":  elsewhere(oneKey),
	"JWT_REFRESH_TOKEN_SECRET_KEY": elsewhere(oneKey),
	"JWT_SECRET_KEY_PATH":          elsewhere("write JWT_SECRET_KEY_FILE"),
	"JWT_SECRET_FILE":              elsewhere("write JWT_SECRET_KEY_FILE"),
	"JWT_PRIVATE_KEY_PATH":         elsewhere("write JWT_PRIVATE_KEY_FILE"),
	"JWT_PUBLIC_KEY_PATH":          elsewhere("write JWT_PUBLIC_KEY_FILE"),
	"JWT_PASSPHRASE":               elsewhere("remove it: store the private key without a passphrase, in a file that only the service can read (JWT_PRIVATE_KEY_FILE)"),
	"JWT_ALG":                      elsewhere("write JWT_ALGORITHM"),
	"JWT_ALGO":                     elsewhere("write JWT_ALGORITHM"),
	"JWT_ALGORITHMS":               elsewhere("write JWT_ALGORITHM for the algorithm that signs, and JWT_DECODE_ALGORITHMS for more algorithms to accept"),
	"JWT_ENCODE_ALGORITHM":         elsewhere("write JWT_ALGORITHM"),
	"JWT_ALLOWED_ALGORITHMS":       elsewhere("write JWT_ALGORITHM for the algorithm that signs, and JWT_DECODE_ALGORITHMS for more algorithms to accept"),

	// Claims.
	"JWT_ISSUER":   elsewhere("write JWT_ENCODE_ISSUER for new tokens, and JWT_DECODE_ISSUER to accept only this issuer"),
	"JWT_AUDIENCE": elsewhere("write JWT_ENCODE_AUDIENCE for new tokens, and JWT_DECODE_AUDIENCE to accept only this audience"),

	"JWT_VERIFY_AUD": elsewhere("remove it: \"aud\" is verified if JWT_DECODE_AUDIENCE is set"),
	"JWT_VERIFY_ISS": elsewhere("remove it: \"iss\" is verified if JWT_DECODE_ISSUER is set"),

	// Lifetimes.
	"JWT_EXPIRES":                  elsewhere(writeAccess),
	"JWT_EXPIRES_IN":               elsewhere(writeAccess),
	"JWT_EXPIRATION":               elsewhere(writeAccess),
	"JWT_EXPIRATION_TIME":          elsewhere(writeAccess),
	"JWT_EXPIRE":                   elsewhere(writeAccess),
	"JWT_EXP":                      elsewhere(writeAccess),
	"JWT_TTL":                      elsewhere(writeAccess),
	"JWT_LIFETIME":                 elsewhere(writeAccess),
	"JWT_TOKEN_EXPIRES":            elsewhere(writeAccess),
	"JWT_ACCESS_EXPIRES":           elsewhere(writeAccess),
	"JWT_ACCESS_EXPIRES_IN":        elsewhere(writeAccess),
	"JWT_ACCESS_LIFESPAN":          elsewhere(writeAccess),
	"JWT_ACCESS_TOKEN_EXPIRATION":  elsewhere(writeAccess),
	"JWT_ACCESS_TOKEN_LIFETIME":    elsewhere(writeAccess),
	"JWT_ACCESS_TOKEN_TTL":         elsewhere(writeAccess),
	"JWT_ACCESS_TOKEN_EXPIRES_IN":  elsewhere(writeAccess),
	"JWT_REFRESH_TOKEN_EXPIRES_IN": elsewhere(writeRefresh),
	"JWT_REFRESH_TTL":              elsewhere(writeRefresh),
	"JWT_REFRESH_EXPIRES":          elsewhere(writeRefresh),
	"JWT_REFRESH_EXPIRES_IN":       elsewhere(writeRefresh),
	"JWT_REFRESH_LIFESPAN":         elsewhere(writeRefresh),
	"JWT_REFRESH_TOKEN_EXPIRATION": elsewhere(writeRefresh),
	"JWT_REFRESH_TOKEN_LIFETIME":   elsewhere(writeRefresh),
	"JWT_REFRESH_TOKEN_TTL":        elsewhere(writeRefresh),

	// Token locations.
	"JWT_LOCATION":         elsewhere("write JWT_TOKEN_LOCATION"),
	"JWT_LOCATIONS":        elsewhere("write JWT_TOKEN_LOCATION"),
	"JWT_TOKEN_LOCATIONS":  elsewhere("write JWT_TOKEN_LOCATION"),
	"JWT_PLACES":           elsewhere("write JWT_TOKEN_LOCATION"),
	"JWT_HEADER_PREFIX":    elsewhere("write JWT_HEADER_TYPE"),
	"JWT_TOKEN_PREFIX":     elsewhere("write JWT_HEADER_TYPE"),
	"JWT_AUTH_HEADER_TYPE": elsewhere("write JWT_HEADER_TYPE"),
	"JWT_AUTH_HEADER_NAME": elsewhere("write JWT_HEADER_NAME"),
	"JWT_HEADER":           elsewhere("write JWT_HEADER_NAME"),

	// Revocation, under its newer name.
	"JWT_BLOCKLIST_ENABLED":      elsewhere(askList),
	"JWT_BLOCKLIST_TOKEN_CHECKS": elsewhere("remove it: access and refresh tokens are always checked; SkipRevocationCheck() turns the check off for a route"),
	"JWT_BLACKLIST_GRACE_PERIOD": elsewhere("remove it: a revoked token is refused immediately; JWT_SESSION_GRACE is the grace period for repeated refresh requests"),
}
