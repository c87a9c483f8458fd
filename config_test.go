package ginjwt_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMistakesInSettingsAreFoundAtStart(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	secret := strings.Repeat("k", 64)
	for name, test := range map[string]struct {
		config ginjwt.Config
		says   string
	}{
		"long realm":                       {ginjwt.Config{SecretKey: secret, Realm: strings.Repeat("é", 128)}, `Realm (JWT_REALM): must be UTF-8 without NUL, of at most 255 bytes`},
		"realm that is no UTF-8":           {ginjwt.Config{SecretKey: secret, Realm: "a\xff"}, `Realm (JWT_REALM): must be UTF-8 without NUL, of at most 255 bytes`},
		"realm with a NUL":                 {ginjwt.Config{SecretKey: secret, Realm: "a\x00"}, `Realm (JWT_REALM): must be UTF-8 without NUL, of at most 255 bytes`},
		"unknown profile":                  {ginjwt.Config{SecretKey: secret, ErrorProfile: "rfc9457"}, `ErrorProfile (JWT_ERROR_PROFILE): "rfc9457" is not an error profile; use flask, bearer or problem`},
		"profile in upper case":            {ginjwt.Config{SecretKey: secret, ErrorProfile: "Flask"}, `ErrorProfile (JWT_ERROR_PROFILE): "Flask" is not an error profile; use flask, bearer or problem`},
		"no key":                           {ginjwt.Config{}, `SecretKey (JWT_SECRET_KEY): must be set to use the symmetric algorithm "HS256"; make one with: openssl rand -base64 32, or use Flask's SECRET_KEY if it signed the tokens`},
		"no key, asymmetric":               {ginjwt.Config{Algorithm: "RS256"}, `PublicKey (JWT_PUBLIC_KEY): a key must be set to use the asymmetric algorithm "RS256": PrivateKey to sign, or PublicKey to verify only`},
		"forgot the algorithm":             {ginjwt.Config{PrivateKey: pems.RSAPrivate}, `SecretKey (JWT_SECRET_KEY): must be set to use the symmetric algorithm "HS256"; to use the PEM key, set Algorithm`},
		"no key for the second":            {ginjwt.Config{SecretKey: secret, DecodeAlgorithms: []string{"ES256"}}, `PublicKey (JWT_PUBLIC_KEY): a key must be set to use the asymmetric algorithm "ES256": PrivateKey to sign, or PublicKey to verify only`},
		"short secret":                     {ginjwt.Config{SecretKey: secret[:31]}, `SecretKey (JWT_SECRET_KEY): has 31 bytes, but must have at least the 32 of the hash (algorithm HS256); make one with: openssl rand -base64 32, or, so that nobody has to log in again, set AllowShortSecret (JWT_ALLOW_SHORT_SECRET=true) and let a new key sign beside this one (JWT_KEYS_FILE)`},
		"secret too short for HS512":       {ginjwt.Config{SecretKey: secret[:63], Algorithm: "HS512"}, `SecretKey (JWT_SECRET_KEY): has 63 bytes, but must have at least the 64 of the hash (algorithm HS512); make one with: openssl rand -base64 64, or, so that nobody has to log in again, set AllowShortSecret (JWT_ALLOW_SHORT_SECRET=true) and let a new key sign beside this one (JWT_KEYS_FILE)`},
		"well-known secret":                {ginjwt.Config{SecretKey: "a-string-secret-at-least-256-bits-long"}, `SecretKey (JWT_SECRET_KEY): is a secret that everybody knows (algorithm HS256)`},
		"PEM as secret":                    {ginjwt.Config{SecretKey: pems.RSAPublic, AllowShortSecret: true}, `SecretKey (JWT_SECRET_KEY): is a PEM text, not a secret (algorithm HS256); set PrivateKey or PublicKey and the Algorithm`},
		"JWK as secret":                    {ginjwt.Config{SecretKey: `{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`}, `SecretKey (JWT_SECRET_KEY): is a JWK, not a secret (algorithm HS256)`},
		"SSH key as secret":                {ginjwt.Config{SecretKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"}, `SecretKey (JWT_SECRET_KEY): is an SSH key, not a secret (algorithm HS256)`},
		"unknown algorithm":                {ginjwt.Config{SecretKey: secret, Algorithm: "none"}, `Algorithm (JWT_ALGORITHM): "none" is not a signing algorithm; use HS256, RS256, PS256, ES256 (or a longer variant) or EdDSA`},
		"unknown second algorithm":         {ginjwt.Config{SecretKey: secret, DecodeAlgorithms: []string{"hs256"}}, `DecodeAlgorithms (JWT_DECODE_ALGORITHMS): "hs256" is not a signing algorithm; use HS256, RS256, PS256, ES256 (or a longer variant) or EdDSA`},
		"key of another type":              {ginjwt.Config{Algorithm: "RS256", PrivateKey: pems.P256Private}, `PrivateKey (JWT_PRIVATE_KEY): needs a key for RSA, not an EC key (algorithm RS256)`},
		"key on another curve":             {ginjwt.Config{Algorithm: "ES256", PrivateKey: pems.P384Private}, `PrivateKey (JWT_PRIVATE_KEY): needs a key on the curve P-256 (algorithm ES256)`},
		"small RSA key":                    {ginjwt.Config{Algorithm: "PS256", PrivateKey: pems.RSASmall}, `PrivateKey (JWT_PRIVATE_KEY): has 1024 bits, but must have at least 2048 (RFC 7518 §3.3) (algorithm PS256)`},
		"keys swapped":                     {ginjwt.Config{Algorithm: "ES256", PrivateKey: pems.P256Public}, `PrivateKey (JWT_PRIVATE_KEY): holds a public key`},
		"private key made public":          {ginjwt.Config{Algorithm: "ES256", PublicKey: pems.P256Private}, `PublicKey (JWT_PUBLIC_KEY): holds a private key`},
		"keys of two pairs":                {ginjwt.Config{Algorithm: "EdDSA", PrivateKey: pems.Ed25519Other, PublicKey: pems.Ed25519Public}, `PrivateKey (JWT_PRIVATE_KEY): the private and the public key do not belong together`},
		"no PEM":                           {ginjwt.Config{Algorithm: "ES256", PublicKey: "/etc/key.pem"}, `PublicKey (JWT_PUBLIC_KEY): is the path of a file, not the text of a key; set JWT_PUBLIC_KEY_FILE to it, or, in Go, read the file with os.ReadFile`},
		"negative lifetime":                {ginjwt.Config{SecretKey: secret, AccessTokenExpires: -time.Minute}, `AccessTokenExpires (JWT_ACCESS_TOKEN_EXPIRES): must be at least a second, or NeverExpires (it is -1m0s; 15 minutes are 15*time.Minute)`},
		"tiny lifetime":                    {ginjwt.Config{SecretKey: secret, RefreshTokenExpires: 30}, `RefreshTokenExpires (JWT_REFRESH_TOKEN_EXPIRES): must be at least a second, or NeverExpires (it is 30ns; 15 minutes are 15*time.Minute)`},
		"negative leeway":                  {ginjwt.Config{SecretKey: secret, DecodeLeeway: -1}, `DecodeLeeway (JWT_DECODE_LEEWAY): must be between zero and 100 years`},
		"huge leeway":                      {ginjwt.Config{SecretKey: secret, DecodeLeeway: 1 << 62}, `DecodeLeeway (JWT_DECODE_LEEWAY): must be between zero and 100 years`},
		"unknown location":                 {ginjwt.Config{SecretKey: secret, TokenLocation: []ginjwt.Location{"query"}}, `TokenLocation (JWT_TOKEN_LOCATION): "query" is not a location; use headers, cookies, query_string, json or ticket`},
		"location twice":                   {ginjwt.Config{SecretKey: secret, TokenLocation: []ginjwt.Location{"json", "json"}}, `TokenLocation (JWT_TOKEN_LOCATION): contains "json" twice; remove one`},
		"identity in exp":                  {ginjwt.Config{SecretKey: secret, IdentityClaim: "exp"}, `IdentityClaim (JWT_IDENTITY_CLAIM): "exp" already has another meaning; use another name`},
		"empty audience":                   {ginjwt.Config{SecretKey: secret, DecodeAudience: []string{""}}, `DecodeAudience (JWT_DECODE_AUDIENCE): contains an empty value; remove it`},
		"header with a colon":              {ginjwt.Config{SecretKey: secret, HeaderName: "X-Token:"}, `HeaderName (JWT_HEADER_NAME): "X-Token:" has characters that are not allowed in an HTTP token (RFC 9110 §5.6.2)`},
		"type with a blank":                {ginjwt.Config{SecretKey: secret, HeaderType: "Bearer "}, `HeaderType (JWT_HEADER_TYPE): "Bearer " has characters that are not allowed in an HTTP token (RFC 9110 §5.6.2)`},
		"methods in lower case":            {ginjwt.Config{SecretKey: secret, CSRFMethods: []string{"post"}}, `CSRFMethods (JWT_CSRF_METHODS): "post" is not an HTTP method in upper case`},
		"SameSite=None, not Secure":        {ginjwt.Config{SecretKey: secret, CookieSameSite: http.SameSiteNoneMode, DisableCookieSecure: true}, `CookieSameSite (JWT_COOKIE_SAMESITE): browsers drop SameSite=None cookies that are not Secure; remove DisableCookieSecure (JWT_COOKIE_SECURE). To leave the attribute out, as None does in Python, use http.SameSiteDefaultMode (JWT_COOKIE_SAMESITE=Default)`},
		"no SameSite":                      {ginjwt.Config{SecretKey: secret, CookieSameSite: 9}, `CookieSameSite (JWT_COOKIE_SAMESITE): is not a SameSite mode of net/http`},
		"__Host- with a domain":            {ginjwt.Config{SecretKey: secret, AccessCookieName: "__Host-a", CookieDomain: "example.com"}, `AccessCookieName (JWT_ACCESS_COOKIE_NAME): "__Host-a" must not have a domain`},
		"__Host- with a path":              {ginjwt.Config{SecretKey: secret, RefreshCookieName: "__host-r", RefreshCookiePath: "/refresh"}, `RefreshCookieName (JWT_REFRESH_COOKIE_NAME): "__host-r" must have the path /`},
		"__Secure- without Secure":         {ginjwt.Config{SecretKey: secret, AccessCSRFCookieName: "__Secure-c", DisableCookieSecure: true}, `AccessCSRFCookieName (JWT_ACCESS_CSRF_COOKIE_NAME): "__Secure-c" must be Secure; remove DisableCookieSecure (JWT_COOKIE_SECURE)`},
		"cookies of one name":              {ginjwt.Config{SecretKey: secret, AccessCookieName: "t", RefreshCookieName: "t"}, `RefreshCookieName (JWT_REFRESH_COOKIE_NAME): has the same name as AccessCookieName; choose another name`},
		"tokens of one name, elsewhere":    {ginjwt.Config{SecretKey: secret, AccessCookieName: "t", RefreshCookieName: "t", AccessCookiePath: "/api", RefreshCookiePath: "/auth"}, `RefreshCookieName (JWT_REFRESH_COOKIE_NAME): has the same name as AccessCookieName; choose another name`},
		"token and CSRF value of one name": {ginjwt.Config{SecretKey: secret, AccessCookieName: "t", RefreshCSRFCookieName: "t", RefreshCSRFCookiePath: "/auth"}, `RefreshCSRFCookieName (JWT_REFRESH_CSRF_COOKIE_NAME): has the same name as AccessCookieName; choose another name`},
		"CSRF values of one place":         {ginjwt.Config{SecretKey: secret, AccessCSRFCookieName: "XSRF-TOKEN", RefreshCSRFCookieName: "XSRF-TOKEN"}, `RefreshCSRFCookieName (JWT_REFRESH_CSRF_COOKIE_NAME): has the same name as AccessCSRFCookieName; choose another name, or give them different paths`},
		"__Http- without Secure":           {ginjwt.Config{SecretKey: secret, AccessCookieName: "__Http-a", DisableCookieSecure: true}, `AccessCookieName (JWT_ACCESS_COOKIE_NAME): "__Http-a" must be Secure; remove DisableCookieSecure (JWT_COOKIE_SECURE)`},
		"__Host-Http- with a domain":       {ginjwt.Config{SecretKey: secret, AccessCookieName: "__Host-Http-a", CookieDomain: "example.com"}, `AccessCookieName (JWT_ACCESS_COOKIE_NAME): "__Host-Http-a" must not have a domain`},
		"__host-http- with a path":         {ginjwt.Config{SecretKey: secret, RefreshCookieName: "__host-http-r", RefreshCookiePath: "/refresh"}, `RefreshCookieName (JWT_REFRESH_COOKIE_NAME): "__host-http-r" must have the path /`},
		"__Http- for scripts":              {ginjwt.Config{SecretKey: secret, AccessCSRFCookieName: "__Http-c"}, `AccessCSRFCookieName (JWT_ACCESS_CSRF_COOKIE_NAME): "__Http-c" is a name for cookies that scripts cannot read, but scripts must read the CSRF value; use the prefix __Host- or __Secure-`},
		"__Host-Http- for scripts":         {ginjwt.Config{SecretKey: secret, RefreshCSRFCookieName: "__Host-Http-c"}, `RefreshCSRFCookieName (JWT_REFRESH_CSRF_COOKIE_NAME): "__Host-Http-c" is a name for cookies that scripts cannot read, but scripts must read the CSRF value; use the prefix __Host- or __Secure-`},
		"__Host- with a CSRF domain":       {ginjwt.Config{SecretKey: secret, AccessCSRFCookieName: "__Host-c", CSRFCookieDomain: "example.com"}, `AccessCSRFCookieName (JWT_ACCESS_CSRF_COOKIE_NAME): "__Host-c" must not have a domain`},
		"Partitioned, not Secure":          {ginjwt.Config{SecretKey: secret, CookiePartitioned: true, DisableCookieSecure: true}, `CookiePartitioned (JWT_COOKIE_PARTITIONED): browsers drop Partitioned cookies that are not Secure; remove DisableCookieSecure (JWT_COOKIE_SECURE)`},
		"once Partitioned, not Secure":     {ginjwt.Config{SecretKey: secret, CookieFormerPartitioned: true, DisableCookieSecure: true}, `CookieFormerPartitioned (JWT_COOKIE_FORMER_PARTITIONED): browsers drop Partitioned cookies that are not Secure; remove DisableCookieSecure (JWT_COOKIE_SECURE)`},
		"bad CSRF domain":                  {ginjwt.Config{SecretKey: secret, CSRFCookieDomain: "a b"}, `CSRFCookieDomain (JWT_CSRF_COOKIE_DOMAIN): "a b" is not a valid domain`},
		"empty former domain":              {ginjwt.Config{SecretKey: secret, CookieFormerDomains: []string{""}}, `CookieFormerDomains (JWT_COOKIE_FORMER_DOMAINS): contains an empty value; remove it, because cookies of the host alone are always removed`},
		"bad former domain":                {ginjwt.Config{SecretKey: secret, CookieFormerDomains: []string{"a b"}}, `CookieFormerDomains (JWT_COOKIE_FORMER_DOMAINS): "a b" is not a valid domain`},
		"bad former path":                  {ginjwt.Config{SecretKey: secret, CookieFormerPaths: []string{"old"}}, `CookieFormerPaths (JWT_COOKIE_FORMER_PATHS): "old" is not a path; begin it with /`},
		"too many former places":           {ginjwt.Config{SecretKey: secret, CookieFormerDomains: manyNames(7, ".example"), CookieFormerPaths: []string{"/a", "/b"}}, `CookieFormerDomains (JWT_COOKIE_FORMER_DOMAINS): with CookieFormerPaths, there are more than 20 places to remove a cookie from; name fewer, because proxies refuse such long headers`},
		"negative size of forms":           {ginjwt.Config{SecretKey: secret, MaxFormSize: -1}, `MaxFormSize (JWT_MAX_FORM_SIZE): must not be negative`},
		"bad name of a cookie":             {ginjwt.Config{SecretKey: secret, AccessCookieName: "a b"}, `AccessCookieName (JWT_ACCESS_COOKIE_NAME): "a b" is not a valid cookie name`},
		"bad path":                         {ginjwt.Config{SecretKey: secret, RefreshCSRFCookiePath: "refresh"}, `RefreshCSRFCookiePath (JWT_REFRESH_CSRF_COOKIE_PATH): "refresh" is not a path; begin it with /`},
		"bad domain":                       {ginjwt.Config{SecretKey: secret, CookieDomain: "a b"}, `CookieDomain (JWT_COOKIE_DOMAIN): "a b" is not a valid domain`},
		"nil blocklist":                    {ginjwt.Config{SecretKey: secret, Blocklist: (*ginjwt.MemoryBlocklist)(nil)}, `Blocklist: is a nil pointer`},
		"nil store of used IDs":            {ginjwt.Config{SecretKey: secret, Once: (*ginjwt.MemoryOnce)(nil)}, `Once: is a nil pointer`},
		"type of single-use tokens":        {ginjwt.Config{SecretKey: secret, DecodeTypes: []string{"Purpose+JWT"}}, `DecodeTypes (JWT_DECODE_TYPES): contains a type of single-use tokens, which no route accepts; remove it`},
		"type of tickets":                  {ginjwt.Config{SecretKey: secret, DecodeTypes: []string{"application/ticket+jwt"}}, `DecodeTypes (JWT_DECODE_TYPES): contains a type of single-use tokens, which no route accepts; remove it`},
		"variable as secret":               {ginjwt.Config{SecretKey: "${JWT_SECRET_KEY_OF_PRODUCTION_SYSTEM}"}, `SecretKey (JWT_SECRET_KEY): is the name of a variable (algorithm HS256); replace it with its value`},
		"too many required claims":         {ginjwt.Config{SecretKey: secret, RequiredClaims: manyNames(64, "")}, `RequiredClaims (JWT_REQUIRED_CLAIMS): contains more than 63 names`},
		"huge cache":                       {ginjwt.Config{SecretKey: secret, TokenCacheSize: 1 << 40}, `TokenCacheSize (JWT_TOKEN_CACHE_SIZE): must be at most 10000000`},
		"huge size":                        {ginjwt.Config{SecretKey: secret, MaxTokenSize: 1<<63 - 1}, `MaxTokenSize (JWT_MAX_TOKEN_SIZE): must be between zero and 1073741824`},
		"negative size":                    {ginjwt.Config{SecretKey: secret, MaxTokenSize: -1}, `MaxTokenSize (JWT_MAX_TOKEN_SIZE): must be between zero and 1073741824`},
	} {
		assert.EqualError(t, ginjwt.New(test.config).InitApp(nil), "ginjwt: "+test.says, name)
	}
}

func TestRealmsMayHave255Bytes(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.Realm = strings.Repeat("é", 127) + "x"
	assert.NoError(t, ginjwt.New(config).InitApp(nil))
}

func manyNames(n int, suffix string) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprint("claim", i, suffix))
	}
	return names
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	err := ginjwt.New(ginjwt.Config{
		Algorithm: "RS256", PublicKey: "x", DecodeAlgorithms: []string{"PS256", "HS256"}, AccessTokenExpires: -5,
		TokenLocation: []ginjwt.Location{"body"}, AccessCookieName: "__Host-a", CookieDomain: "example.com",
	}).InitApp(nil)
	require.Error(t, err)
	assert.Equal(t, []string{
		`ginjwt: AccessTokenExpires (JWT_ACCESS_TOKEN_EXPIRES): must be at least a second, or NeverExpires (it is -5ns; 15 minutes are 15*time.Minute)`,
		`ginjwt: TokenLocation (JWT_TOKEN_LOCATION): "body" is not a location; use headers, cookies, query_string, json or ticket`,
		`ginjwt: AccessCookieName (JWT_ACCESS_COOKIE_NAME): "__Host-a" must not have a domain`,
		`ginjwt: PublicKey (JWT_PUBLIC_KEY): neither a key in PEM form nor a JWK found`,
		`ginjwt: SecretKey (JWT_SECRET_KEY): must be set to use the symmetric algorithm "HS256"; to use the PEM key, set Algorithm`,
	}, strings.Split(err.Error(), "\n"))
	assert.NotContains(t, err.Error(), "PS256", "one bad key is one mistake")
}

func TestKeysMayComeFromLoaders(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(ginjwt.Config{})
	mgr.EncodeKeyLoader(keyLoader())
	assert.EqualError(t, mgr.InitApp(nil), `ginjwt: SecretKey (JWT_SECRET_KEY): must be set to use the symmetric algorithm "HS256" to verify tokens, as there is no DecodeKeyLoader; make one with: openssl rand -base64 32, or use Flask's SECRET_KEY if it signed the tokens`)
	mgr.DecodeKeyLoader(unverifiedKeyLoader())
	require.NoError(t, mgr.InitApp(nil))
	_, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, "alice"))
	require.NoError(t, err)

	verifier := ginjwt.New(ginjwt.Config{})
	verifier.DecodeKeyLoader(unverifiedKeyLoader())
	require.NoError(t, verifier.InitApp(nil))
	_, err = verifier.CreateAccessToken(context.Background(), "alice")
	assert.EqualError(t, err, "ginjwt: no signing key: set SecretKey, or an EncodeKeyLoader")
}

func TestAShortSecretCanBeAllowed(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, ginjwt.Config{SecretKey: "k", AllowShortSecret: true})
	_, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, "alice"))
	require.NoError(t, err)
}

func TestGoodSettingsOfTheEdge(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("k", 32)
	for name, config := range map[string]ginjwt.Config{
		"__Host- cookies":     {SecretKey: secret, AccessCookieName: "__Host-a", RefreshCookieName: "__Host-r"},
		"SameSite=None":       {SecretKey: secret, CookieSameSite: http.SameSiteNoneMode},
		"leeway of 100 years": {SecretKey: secret, DecodeLeeway: 36525 * 24 * time.Hour},
		"domain with a dot":   {SecretKey: secret, CookieDomain: ".example.com"},
		"never expires":       {SecretKey: secret, AccessTokenExpires: ginjwt.NeverExpires},
		"__Host-Http- tokens": {SecretKey: secret, AccessCookieName: "__Host-Http-a", RefreshCookieName: "__Http-r", RefreshCookiePath: "/refresh"},
		"XSRF-TOKEN twice":    {SecretKey: secret, AccessCSRFCookieName: "XSRF-TOKEN", RefreshCSRFCookieName: "XSRF-TOKEN", RefreshCSRFCookiePath: "/refresh"},
		"__Host- once had another place": {
			SecretKey: secret, AccessCookieName: "__Host-a", CookieFormerDomains: []string{"example.com"}, CookieFormerPaths: []string{"/api"},
		},
		"20 former places": {SecretKey: secret, CookieFormerDomains: manyNames(6, ".example"), CookieFormerPaths: []string{"/a", "/b"}},
	} {
		assert.NoError(t, ginjwt.New(config).InitApp(nil), name)
	}
}
