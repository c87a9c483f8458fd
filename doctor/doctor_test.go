package doctor_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/doctor"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

const goodSecret = "q7RzXw2KpV9tLj4HnBf6YdQs8GmZc3vTa5EuKx1WiP0="

// Stores that other processes share.
type (
	sharedBlocklist struct{ ginjwt.MemoryBlocklist }
	sharedSessions  struct{ ginjwt.MemorySessions }
	sharedOnce      struct{ ginjwt.MemoryOnce }
)

// healthy are settings that nothing is to be said about.
func healthy() ginjwt.Config {
	return ginjwt.Config{
		SecretKey:       goodSecret,
		EncodeIssuer:    "https://us",
		DecodeIssuer:    "https://us",
		EncodeAudience:  []string{"api"},
		DecodeAudience:  []string{"api"},
		Blocklist:       &sharedBlocklist{},
		Sessions:        &sharedSessions{},
		Once:            &sharedOnce{},
		SessionLifetime: 90 * 24 * time.Hour,
	}
}

// accessOnly has no sessions, and refresh tokens that need none.
func accessOnly() ginjwt.Config {
	return ginjwt.Config{SecretKey: goodSecret, Blocklist: &sharedBlocklist{}, Once: &sharedOnce{}, RefreshTokenExpires: 24 * time.Hour}
}

// alone keeps everything in the memory of one process, but for its blocklist.
func alone() ginjwt.Config {
	c := accessOnly()
	c.Once = nil
	return c
}

func withCookies() ginjwt.Config {
	c := healthy()
	c.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	c.AccessCookieName = "__Host-access_token"
	c.RefreshCookiePath = "/session"
	c.CSRFProtection = "both"
	return c
}

// doubleSubmit has cookies that only the CSRF value protects.
func doubleSubmit() ginjwt.Config {
	c := withCookies()
	c.CSRFProtection = "double_submit"
	return c
}

func withoutCSRF() ginjwt.Config {
	c := withCookies()
	c.CSRFProtection = ""
	c.DisableCookieCSRFProtect = true
	return c
}

func withKeys(list ...keys.Key) func() ginjwt.Config {
	return func() ginjwt.Config {
		c := healthy()
		c.SecretKey = ""
		c.Keys = list
		return c
	}
}

// ailment is a setting that is bad for one reason, and how it is made good.
type ailment struct {
	start      func() ginjwt.Config
	bad, fixed func(c *ginjwt.Config)
	want       string // how the finding begins
}

// diagnose returns the findings of a Config as text.
func diagnose(c ginjwt.Config) (texts []string) {
	for _, f := range doctor.Diagnose(c) {
		texts = append(texts, f.String())
	}
	return texts
}

func (a ailment) bothConfigs() (bad, fixed ginjwt.Config) {
	bad, fixed = a.start(), a.start()
	a.bad(&bad)
	a.bad(&fixed)
	a.fixed(&fixed)
	return bad, fixed
}

func TestEveryFindingIsMadeOnceAndCanBeFixed(t *testing.T) {
	t.Parallel()
	for _, a := range ailments(t) {
		bad, fixed := a.bothConfigs()
		found := diagnose(bad)
		if assert.Len(t, found, 1, "%s\n%s", a.want, strings.Join(found, "\n")) {
			assert.True(t, strings.HasPrefix(found[0], a.want), "want %s\ngot  %s", a.want, found[0])
		}
		assert.Empty(t, diagnose(fixed), "fixed: %s", a.want)
		assert.NoError(t, ginjwt.New(bad).InitApp(nil), a.want)
		assert.NoError(t, ginjwt.New(fixed).InitApp(nil), a.want)
	}
}

func TestEveryRuleOfTheDoctorHasATest(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	for _, a := range ailments(t) {
		bad, _ := a.bothConfigs()
		said.WriteString(strings.Join(diagnose(bad), "\n"))
	}
	said.WriteString(strings.Join(diagnose(idleCSRF()), "\n"))
	said.WriteString(strings.Join(diagnose(smallOnce(1)), "\n"))
	for _, problem := range doctor.DoctorTexts() {
		assert.True(t, strings.Contains(said.String(), problem), problem)
	}
}

// Browsers make an exception for their own machine; elsewhere nothing is to be
// said of http where no Secure cookies are set.
func TestAddressesWhereSecureCookiesAreDropped(t *testing.T) {
	t.Parallel()
	for issuer, dropped := range map[string]bool{
		"http://192.168.1.20": true, "http://[fd00::1]:8080/": true, "http://nas.local:8080": true, "HTTP://shop.example": true,
		"https://shop.example": false, "shop.example": false, "http": false, "http:": false, "": false,
		"http://localhost:8080": false, "http://shop.localhost": false, "http://127.0.0.1": false, "http://[::1]:8080": false,
	} {
		config := withCookies()
		config.EncodeIssuer, config.DecodeIssuer = issuer, ""
		says := func() string { return strings.Join(diagnose(config), "\n") }
		assert.Equal(t, dropped, strings.Contains(says(), "If this http:// address"), issuer)
		config.AccessCookieName, config.DisableCookieSecure = "access", true
		assert.NotContains(t, says(), "If this http:// address", issuer)
		config.DisableCookieSecure, config.TokenLocation = false, nil
		assert.NotContains(t, says(), "If this http:// address", issuer)
	}
}

func ailments(t *testing.T) []ailment {
	pems := keytest.Generate(t)
	secret := []byte(goodSecret)
	ed, ec, rsaKey := listed(t, "new", pems.Ed25519Private), listed(t, "next", pems.P256Private), listed(t, "", pems.RSAPrivate)
	in := func(d time.Duration) time.Time { return time.Now().Add(d) }
	issuer := func(want string, bad, fixed func(*ginjwt.Issuer)) ailment {
		start := func() ginjwt.Config {
			c := healthy()
			c.EncodeAudience, c.DecodeAudience = nil, nil
			c.Issuers = []ginjwt.Issuer{{
				Name: "https://them", Keys: keyList{{Verify: ec.Verify}}, Audience: []string{"api"}, IdentityPrefix: "them:", RequiredClaims: []string{"exp"},
			}}
			return c
		}
		return ailment{start, func(c *ginjwt.Config) { bad(&c.Issuers[0]) }, func(c *ginjwt.Config) { fixed(&c.Issuers[0]) }, want}
	}
	resource := func(want string, bad, fixed func(*ginjwt.Config)) ailment {
		start := func() ginjwt.Config {
			c := healthy()
			c.EncodeAudience = append(c.EncodeAudience, "https://us/mcp")
			c.Resources = []ginjwt.Resource{{URL: "https://us/mcp"}}
			return c
		}
		return ailment{start, bad, fixed, want}
	}
	return []ailment{
		// Algorithms and keys.
		{healthy, func(c *ginjwt.Config) { c.PrivateKey = pems.Ed25519Private }, func(c *ginjwt.Config) { c.Algorithm, c.SecretKey = "EdDSA", "" },
			"warning: PrivateKey (JWT_PRIVATE_KEY): Is ignored"},
		{healthy, func(c *ginjwt.Config) { c.PublicKey = pems.Ed25519Public }, func(c *ginjwt.Config) { c.PublicKey = "" },
			"warning: PublicKey (JWT_PUBLIC_KEY): Is ignored"},
		{healthy, func(c *ginjwt.Config) { c.Algorithm, c.PrivateKey = "EdDSA", pems.Ed25519Private }, func(c *ginjwt.Config) { c.SecretKey = "" },
			"note: SecretKey (JWT_SECRET_KEY): Is not used"},
		{healthy, func(c *ginjwt.Config) { c.AllowShortSecret = true }, func(c *ginjwt.Config) { c.AllowShortSecret = false },
			"note: AllowShortSecret (JWT_ALLOW_SHORT_SECRET): "},
		{healthy, func(c *ginjwt.Config) {
			c.Algorithm, c.PrivateKey, c.DecodeAlgorithms = "EdDSA", pems.Ed25519Private, []string{"HS256"}
		}, func(c *ginjwt.Config) { c.SecretKey, c.DecodeAlgorithms = "", nil },
			"warning: DecodeAlgorithms (JWT_DECODE_ALGORITHMS): Tokens of SecretKey"},
		{healthy, func(c *ginjwt.Config) { c.DecodeAlgorithms = []string{"HS256"} }, func(c *ginjwt.Config) { c.DecodeAlgorithms = nil },
			"note: DecodeAlgorithms (JWT_DECODE_ALGORITHMS): Names an algorithm"},
		{healthy, func(c *ginjwt.Config) { c.SecretKey, c.DecodeAlgorithms = goodSecret+goodSecret[1:], []string{"HS512"} },
			func(c *ginjwt.Config) { c.DecodeAlgorithms = nil },
			"note: DecodeAlgorithms (JWT_DECODE_ALGORITHMS): One key"},
		{healthy, func(c *ginjwt.Config) { c.SecretKey, c.Algorithm, c.PrivateKey = "", "RS256", pems.RSAPrivate },
			func(c *ginjwt.Config) { c.Algorithm, c.PrivateKey = "ES256", pems.P256Private },
			"note: PrivateKey (JWT_PRIVATE_KEY): RSA keys"},
		{verifier("RS256", pems.RSAPublic), none, func(c *ginjwt.Config) { c.Algorithm, c.PublicKey = "ES256", pems.P256Public },
			"note: PublicKey (JWT_PUBLIC_KEY): RSA keys"},

		{verifier("ES256", pems.Certificate), func(c *ginjwt.Config) { c.PublicKey = expiredCertificate(t) }, func(c *ginjwt.Config) { c.PublicKey = pems.Certificate },
			"note: PublicKey (JWT_PUBLIC_KEY): The certificate has expired"},

		// Secrets.
		weak("danger", "The secret is printed", "Gv7sWq2ZrT0nXe5bJk9uYp4dLm1cHa8f"),
		weak("danger", "The secret is printed", "'404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970'\n"),
		short("danger", "The secret is printed", "keyboard cat"),
		weak("warning", "The secret begins with a byte order mark", "\ufeff"+goodSecret),
		weak("warning", "The secret is UTF-16 text", utf16Of(goodSecret)),
		weak("warning", "The secret has quotation marks around it", `"`+goodSecret+`"`),
		weak("warning", "The secret has quotation marks around it", "'"+goodSecret+"'\n"),
		weak("warning", "The secret looks like the path of a file", "/var/lib/vault/42/prod-9/hmac.7731.bin"),
		weak("danger", "The secret repeats", strings.Repeat("y", 32)),
		weak("danger", "The secret repeats", strings.Repeat("kR4_zt9", 6)),
		weak("danger", "The secret counts", "abcdefghijklmnopqrstuvwxyz0123456789"),
		weak("danger", "The secret is made of words", "change-me-please-this-is-not-secret"),
		weak("danger", "The secret is made of words", "super-secret-jwt-token-with-at-least-32-characters-long"),
		weak("warning", "The secret looks like words", "correct horse battery staple and more"),
		weak("warning", "The secret has only letters of one case", "thequickbrownfoxjumpsoverthelazydog"),
		weak("warning", "The secret looks like a UUID", "f47ac10b-58cc-4372-a567-0e02b2c3d479"),
		weak("warning", "The secret has only decimal or hexadecimal digits", "31415926535897932384626433832795"),
		weak("note", "The secret has only decimal or hexadecimal digits", "9f86d081884c7d659a2feaa0c55ad015"),
		weak("note", "The secret begins or ends", goodSecret+"\n"),
		short("danger", "The secret has 6 bytes, but the hash needs 32. Anyone who has one token can try all such secrets on one graphics card in less than a second", "hunter"),
		short("danger", "The secret has 9 bytes, but the hash needs 32. Anyone who has one token can try all such secrets on one graphics card in less than a day", "abcdxyzhi"),
		short("danger", "The secret has 8 bytes, but the hash needs 32. Anyone who has one token can try all such secrets on one graphics card in less than an hour", "abcdxyzh"),
		short("danger", "The secret has 12 bytes, but the hash needs 32. Anyone who has one token can try all such secrets on one graphics card in less than a thousand years", "hunter202211"),
		short("danger", "The secret has 10 bytes, but the hash needs 32. Anyone who has one token can try all such secrets on one graphics card in less than a year", "hunter2022"),
		short("danger", "The secret has 12 bytes, but the hash needs 32. Anyone who has one token can try all such secrets on one graphics card in many years", "Hunter2-2022"),
		short("warning", "The secret has 16 bytes, but the hash needs 32. Such a secret is safe", "q7Rz!w2KpV9tLj4H"),

		// Lifetimes.
		{accessOnly, func(c *ginjwt.Config) { c.AccessTokenExpires = ginjwt.NeverExpires }, func(c *ginjwt.Config) { c.AccessTokenExpires = 0 },
			"danger: AccessTokenExpires (JWT_ACCESS_TOKEN_EXPIRES): Access tokens never expire"},
		{healthy, func(c *ginjwt.Config) { c.AccessTokenExpires = 25 * time.Hour }, func(c *ginjwt.Config) { c.AccessTokenExpires = 24 * time.Hour },
			"warning: AccessTokenExpires (JWT_ACCESS_TOKEN_EXPIRES): Access tokens live longer than a day"},
		{healthy, func(c *ginjwt.Config) { c.AccessTokenExpires = 15 * time.Second }, func(c *ginjwt.Config) { c.AccessTokenExpires = time.Minute },
			"warning: AccessTokenExpires (JWT_ACCESS_TOKEN_EXPIRES): Access tokens live less than a minute"},
		{accessOnly, func(c *ginjwt.Config) { c.AccessTokenExpires, c.RefreshTokenExpires = 2*time.Hour, time.Hour },
			func(c *ginjwt.Config) { c.AccessTokenExpires = time.Hour },
			"warning: AccessTokenExpires (JWT_ACCESS_TOKEN_EXPIRES): Access tokens outlive"},
		{accessOnly, func(c *ginjwt.Config) { c.RefreshTokenExpires = ginjwt.NeverExpires }, func(c *ginjwt.Config) { c.RefreshTokenExpires = 24 * time.Hour },
			"danger: RefreshTokenExpires (JWT_REFRESH_TOKEN_EXPIRES): Refresh tokens never expire"},
		{healthy, func(c *ginjwt.Config) { c.RefreshTokenExpires = 91 * 24 * time.Hour }, func(c *ginjwt.Config) { c.RefreshTokenExpires = 90 * 24 * time.Hour },
			"warning: RefreshTokenExpires (JWT_REFRESH_TOKEN_EXPIRES): Refresh tokens live longer"},
		{healthy, func(c *ginjwt.Config) { c.DecodeLeeway = 301 * time.Second }, func(c *ginjwt.Config) { c.DecodeLeeway = 5 * time.Minute },
			"warning: DecodeLeeway (JWT_DECODE_LEEWAY): "},
		{healthy, func(c *ginjwt.Config) { c.Now = func() time.Time { return time.Now().Add(-time.Hour) } }, func(c *ginjwt.Config) { c.Now = time.Now },
			"warning: Now: This clock"},

		// Locations.
		{healthy, func(c *ginjwt.Config) { c.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InQueryString} },
			func(c *ginjwt.Config) { c.TokenLocation = nil },
			"warning: TokenLocation (JWT_TOKEN_LOCATION): Tokens in URLs"},
		{healthy, func(c *ginjwt.Config) { c.TokenLocation = []ginjwt.Location{ginjwt.InTicket, ginjwt.InHeaders} },
			func(c *ginjwt.Config) { c.TokenLocation = []ginjwt.Location{ginjwt.InHeaders} },
			"note: TokenLocation (JWT_TOKEN_LOCATION): Every route for access tokens takes tickets"},
		{healthy, func(c *ginjwt.Config) { c.HeaderName = "X-Token" }, func(c *ginjwt.Config) { c.HeaderName = "authorization" },
			"note: HeaderName (JWT_HEADER_NAME): Proxies"},
		{healthy, func(c *ginjwt.Config) { c.DisableHeaderType = true }, func(c *ginjwt.Config) { c.DisableHeaderType = false },
			"note: DisableHeaderType: The Authorization header"},
		{healthy, func(c *ginjwt.Config) { c.DisableHeaderType, c.HeaderType = true, "Bearer" }, func(c *ginjwt.Config) { c.DisableHeaderType = false },
			"note: HeaderType (JWT_HEADER_TYPE): Has no effect: with DisableHeaderType"},
		{healthy, func(c *ginjwt.Config) { c.ErrorMessageKey, c.ErrorProfile = "detail", "problem" }, func(c *ginjwt.Config) { c.ErrorProfile = "flask" },
			"note: ErrorMessageKey (JWT_ERROR_MESSAGE_KEY): Only responses of the profile flask"},

		// Cookies.
		{withCookies, func(c *ginjwt.Config) { c.DisableCookieSecure, c.AccessCookieName = true, "access" },
			func(c *ginjwt.Config) { c.DisableCookieSecure, c.AccessCookieName = false, "__Host-access" },
			"danger: DisableCookieSecure (JWT_COOKIE_SECURE): "},
		{doubleSubmit, func(c *ginjwt.Config) { c.CookieSameSite = http.SameSiteDefaultMode }, laxCookies,
			"warning: CookieSameSite (JWT_COOKIE_SAMESITE): Without the attribute"},
		{doubleSubmit, func(c *ginjwt.Config) { c.CookieSameSite = http.SameSiteNoneMode }, laxCookies,
			"warning: CookieSameSite (JWT_COOKIE_SAMESITE): SameSite=None"},
		{withCookies, func(c *ginjwt.Config) { c.CookieSameSite = http.SameSiteNoneMode }, laxCookies,
			"note: CookieSameSite (JWT_COOKIE_SAMESITE): Browsers send the cookies with requests from other sites."},
		{withCookies, func(c *ginjwt.Config) {
			c.CookieSameSite, c.CSRFProtection = http.SameSiteDefaultMode, "fetch_metadata"
		}, laxCookies,
			"note: CookieSameSite (JWT_COOKIE_SAMESITE): Browsers send the cookies with requests from other sites."},
		{withCookies, func(c *ginjwt.Config) {
			c.EncodeIssuer, c.DecodeIssuer = "http://192.168.1.20:8080", "http://192.168.1.20:8080"
		},
			func(c *ginjwt.Config) {
				c.EncodeIssuer, c.DecodeIssuer = "https://192.168.1.20:8080", "https://192.168.1.20:8080"
			},
			"note: EncodeIssuer (JWT_ENCODE_ISSUER): If this http:// address"},
		{withCookies, func(c *ginjwt.Config) { c.CookieDomain, c.AccessCookieName = "192.168.1.20", "access" },
			func(c *ginjwt.Config) { c.CookieDomain, c.AccessCookieName = "", "__Host-access" },
			"note: CookieDomain (JWT_COOKIE_DOMAIN): An IP address"},
		{withCookies, func(c *ginjwt.Config) { c.CookieDomain, c.AccessCookieName = "example.com", "access" },
			func(c *ginjwt.Config) { c.CookieDomain, c.AccessCookieName = "", "__Host-access" },
			"warning: CookieDomain (JWT_COOKIE_DOMAIN): "},
		{withCookies, func(c *ginjwt.Config) { c.AccessCookieName = "__Secure-access" }, func(c *ginjwt.Config) { c.AccessCookieName = "__Host-access" },
			"note: AccessCookieName (JWT_ACCESS_COOKIE_NAME): Neighbouring hosts"},
		{withCookies, func(c *ginjwt.Config) { c.RefreshCookiePath = "/" }, func(c *ginjwt.Config) { c.RefreshCookieName = "__Host-refresh" },
			"note: RefreshCookiePath (JWT_REFRESH_COOKIE_PATH): The refresh token is sent"},
		{withCookies, func(c *ginjwt.Config) { c.AccessCSRFCookiePath = "/api" }, func(c *ginjwt.Config) { c.AccessCSRFCookiePath = "/" },
			"note: AccessCSRFCookiePath (JWT_ACCESS_CSRF_COOKIE_PATH): "},
		{withCookies, func(c *ginjwt.Config) { c.RefreshCSRFCookiePath = "/session" }, func(c *ginjwt.Config) { c.RefreshCSRFCookiePath = "" },
			"note: RefreshCSRFCookiePath (JWT_REFRESH_CSRF_COOKIE_PATH): "},

		// CSRF.
		{withoutCSRF, func(c *ginjwt.Config) { c.CookieSameSite = http.SameSiteNoneMode },
			func(c *ginjwt.Config) {
				c.CookieSameSite, c.DisableCookieCSRFProtect, c.CSRFProtection = 0, false, "fetch_metadata"
			},
			"danger: DisableCookieCSRFProtect (JWT_COOKIE_CSRF_PROTECT): Any site"},
		{withoutCSRF, func(c *ginjwt.Config) { c.CookieSameSite = http.SameSiteStrictMode },
			func(c *ginjwt.Config) { c.DisableCookieCSRFProtect, c.CSRFProtection = false, "fetch_metadata" },
			"warning: DisableCookieCSRFProtect (JWT_COOKIE_CSRF_PROTECT): Only SameSite"},
		{withCookies, func(c *ginjwt.Config) {
			c.CookieSameSite, c.CSRFMethods = http.SameSiteDefaultMode, []string{"PUT", "PATCH", "DELETE"}
		}, func(c *ginjwt.Config) { c.CookieSameSite, c.CSRFMethods = 0, nil },
			"danger: CSRFMethods (JWT_CSRF_METHODS): POST needs no CSRF value"},
		{withCookies, func(c *ginjwt.Config) { c.CSRFMethods = []string{"POST", "PUT", "PATCH"} },
			func(c *ginjwt.Config) { c.CSRFMethods = []string{"POST", "PUT", "PATCH", "DELETE"} },
			"warning: CSRFMethods (JWT_CSRF_METHODS): POST, PUT, PATCH or DELETE is missing"},
		{withCookies, func(c *ginjwt.Config) { c.CSRFMethods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"} },
			func(c *ginjwt.Config) { c.CSRFMethods = nil },
			"note: CSRFMethods (JWT_CSRF_METHODS): Links"},
		{withCookies, func(c *ginjwt.Config) { c.DisableCSRFInCookies = true }, func(c *ginjwt.Config) { c.DisableCSRFInCookies = false },
			"note: DisableCSRFInCookies (JWT_CSRF_IN_COOKIES): The application"},
		{withCookies, func(c *ginjwt.Config) { c.DisableCSRFInCookies = true }, func(c *ginjwt.Config) { c.CSRFProtection = "fetch_metadata" },
			"note: DisableCSRFInCookies (JWT_CSRF_IN_COOKIES): The application"},
		{withCookies, func(c *ginjwt.Config) {
			c.CSRFProtection, c.CSRFMethods = "fetch_metadata", []string{"HEAD", "POST", "PUT", "PATCH", "DELETE"}
		}, func(c *ginjwt.Config) { c.CSRFMethods = nil },
			"note: CSRFMethods (JWT_CSRF_METHODS): The server refuses pages"},
		{withCookies, func(c *ginjwt.Config) { c.CSRFProtection = "" }, func(c *ginjwt.Config) { c.CSRFProtection = "fetch_metadata" },
			"note: CSRFProtection (JWT_CSRF_PROTECTION): The handshake of a WebSocket"},
		{doubleSubmit, func(c *ginjwt.Config) { c.CSRFCookieDomain = "example.com" }, func(c *ginjwt.Config) { c.CSRFProtection = "both" },
			"warning: CSRFProtection (JWT_CSRF_PROTECTION): Scripts on every host"},
		{doubleSubmit, func(c *ginjwt.Config) { c.CSRFTrustedOrigins = []string{"https://app.example.com"} }, func(c *ginjwt.Config) { c.CSRFProtection = "fetch_metadata" },
			"note: CSRFTrustedOrigins (JWT_CSRF_TRUSTED_ORIGINS): With double_submit"},
		{withCookies, func(c *ginjwt.Config) {
			c.CSRFTrustedOrigins = []string{"https://app.example.com", "http://localhost:5173"}
		},
			func(c *ginjwt.Config) { c.CSRFTrustedOrigins = []string{"https://app.example.com"} },
			"warning: CSRFTrustedOrigins (JWT_CSRF_TRUSTED_ORIGINS): An origin on localhost"},
		{withCookies, func(c *ginjwt.Config) { c.CSRFTrustedOrigins = []string{"http://[::1]:5173"} }, func(c *ginjwt.Config) { c.CSRFTrustedOrigins = nil },
			"warning: CSRFTrustedOrigins (JWT_CSRF_TRUSTED_ORIGINS): An origin on localhost"},
		{withCookies, func(c *ginjwt.Config) {
			c.CSRFCookieDomain, c.CSRFTrustedOrigins = "example.com", []string{"https://app.example.com", "https://app-example.com"}
		}, func(c *ginjwt.Config) {
			c.CSRFTrustedOrigins = []string{"https://app.example.com", "https://example.com:8443"}
		},
			"warning: CSRFTrustedOrigins (JWT_CSRF_TRUSTED_ORIGINS): An origin is not below"},
		{withCookies, func(c *ginjwt.Config) { c.CSRFProtection, c.AccessCSRFHeaderName = "fetch_metadata", "X-A" }, func(c *ginjwt.Config) { c.CSRFProtection = "both" },
			"note: AccessCSRFHeaderName (JWT_ACCESS_CSRF_HEADER_NAME): Has no effect: with fetch_metadata"},
		{withCookies, func(c *ginjwt.Config) { c.CSRFProtection, c.CSRFCheckForm = "fetch_metadata", true }, func(c *ginjwt.Config) { c.CSRFCheckForm = false },
			"note: CSRFCheckForm (JWT_CSRF_CHECK_FORM): Has no effect: with fetch_metadata"},

		// Claims.
		{healthy, func(c *ginjwt.Config) { c.IdentityClaim = "Email" }, func(c *ginjwt.Config) { c.IdentityClaim = "sub" },
			"warning: IdentityClaim (JWT_IDENTITY_CLAIM): Names and addresses"},
		{healthy, func(c *ginjwt.Config) { c.IdentityClaim = "user_id" }, func(c *ginjwt.Config) { c.IdentityClaim = "" },
			"note: IdentityClaim (JWT_IDENTITY_CLAIM): Other software"},
		{accessOnly, func(c *ginjwt.Config) { c.IdentityClaim = "id" }, func(c *ginjwt.Config) { c.IdentityClaim = "sub" },
			`note: IdentityClaim (JWT_IDENTITY_CLAIM): Other software looks for the user in "sub" (RFC 7519 §4.1.2). After a change of this claim, all older tokens are refused. Tokens of another library, such as gin-jwt, may have no "jti"`},
		{healthy, func(c *ginjwt.Config) { c.RolesClaim = "scope" }, func(c *ginjwt.Config) { c.RolesClaim = "/realm_access/roles" },
			"warning: RolesClaim"},
		{healthy, func(c *ginjwt.Config) { c.RolesClaim = "realm_access.roles" }, func(c *ginjwt.Config) { c.RolesClaim = "https://example.com/roles" },
			"note: RolesClaim"},
		{healthy, func(c *ginjwt.Config) { c.ScopeClaim = "oauth.scope" }, func(c *ginjwt.Config) { c.ScopeClaim = "scp" },
			"note: ScopeClaim"},
		{healthy, func(c *ginjwt.Config) { c.DisableVerifySub = true }, func(c *ginjwt.Config) { c.DisableVerifySub = false },
			"note: DisableVerifySub (JWT_VERIFY_SUB): "},
		{healthy, func(c *ginjwt.Config) { c.DecodeTypes = []string{"Logout+JWT"} }, func(c *ginjwt.Config) { c.DecodeTypes = []string{"application/vnd.example+jwt"} },
			"warning: DecodeTypes (JWT_DECODE_TYPES): "},
		{healthy, func(c *ginjwt.Config) { c.DecodeTypes = []string{"application/JWT"} }, func(c *ginjwt.Config) { c.DecodeTypes = nil },
			"note: DecodeTypes (JWT_DECODE_TYPES): "},
		lacks("nbf", healthy, func(c *ginjwt.Config) { c.DisableEncodeNBF = true }, func(c *ginjwt.Config) { c.DisableEncodeNBF = false }),
		lacks("csrf", healthy, func(c *ginjwt.Config) { c.DisableCookieCSRFProtect = true }, func(c *ginjwt.Config) { c.DisableCookieCSRFProtect = false }),
		lacks("iss", accessOnly, none, func(c *ginjwt.Config) { c.EncodeIssuer, c.DecodeIssuer = "us", "us" }),
		lacks("aud", accessOnly, none, func(c *ginjwt.Config) { c.EncodeAudience, c.DecodeAudience = []string{"api"}, []string{"api"} }),
		lacks("gen", healthy, none, func(c *ginjwt.Config) { c.RequiredClaims = []string{"sid"} }),

		// Issuer and audience.
		{accessOnly, func(c *ginjwt.Config) { c.EncodeIssuer, c.DecodeIssuer = "https://us", "https://us/" },
			func(c *ginjwt.Config) { c.DecodeIssuers = []string{"https://us"} },
			"warning: EncodeIssuer (JWT_ENCODE_ISSUER): It is not one of the accepted issuers"},
		{accessOnly, func(c *ginjwt.Config) { c.DecodeIssuer = "https://us" }, func(c *ginjwt.Config) { c.EncodeIssuer = "https://us" },
			"note: EncodeIssuer (JWT_ENCODE_ISSUER): New tokens"},
		{accessOnly, func(c *ginjwt.Config) { c.EncodeIssuer = "https://us" }, func(c *ginjwt.Config) { c.DecodeIssuer = "https://us" },
			`note: DecodeIssuer (JWT_DECODE_ISSUER): "iss" is written`},
		{verifier("EdDSA", pems.Ed25519Public), func(c *ginjwt.Config) { c.DecodeIssuer = "" }, func(c *ginjwt.Config) { c.DecodeIssuer = "https://them" },
			"note: DecodeIssuer (JWT_DECODE_ISSUER): Tokens of any issuer"},
		{accessOnly, func(c *ginjwt.Config) { c.EncodeAudience, c.DecodeAudience = []string{"a", "b"}, []string{"c", "d"} },
			func(c *ginjwt.Config) { c.EncodeAudience = []string{"a", "c"} },
			"warning: EncodeAudience (JWT_ENCODE_AUDIENCE): None of these"},
		{accessOnly, func(c *ginjwt.Config) { c.DecodeAudience = []string{"api"} }, func(c *ginjwt.Config) { c.EncodeAudience = []string{"api"} },
			"note: EncodeAudience (JWT_ENCODE_AUDIENCE): New tokens"},
		{accessOnly, func(c *ginjwt.Config) { c.EncodeAudience = []string{"api"} }, func(c *ginjwt.Config) { c.DecodeAudience = []string{"api"} },
			`note: DecodeAudience (JWT_DECODE_AUDIENCE): "aud" is written`},
		{verifier("EdDSA", pems.Ed25519Public), func(c *ginjwt.Config) { c.DecodeAudience = nil }, func(c *ginjwt.Config) { c.DecodeAudience = []string{"api"} },
			"warning: DecodeAudience (JWT_DECODE_AUDIENCE): Tokens that their issuer"},
		{healthy, func(c *ginjwt.Config) {
			c.SecretKey, c.Algorithm, c.PrivateKey, c.EncodeAudience, c.DecodeAudience = "", "EdDSA", pems.Ed25519Private, nil, nil
		}, func(c *ginjwt.Config) {
			c.EncodeAudience, c.DecodeAudience = []string{"api", "billing"}, []string{"api"}
		},
			"note: DecodeAudience (JWT_DECODE_AUDIENCE): Others can verify"},
		{verifier("EdDSA", pems.Ed25519Public), func(c *ginjwt.Config) { c.RequiredClaims = nil }, func(c *ginjwt.Config) { c.RequiredClaims = []string{"exp"} },
			"note: RequiredClaims (JWT_REQUIRED_CLAIMS): If the issuer"},

		// Stores.
		{alone, func(c *ginjwt.Config) { c.Blocklist = nil }, func(c *ginjwt.Config) { c.Blocklist, c.Once = &sharedBlocklist{}, &sharedOnce{} },
			"note: Blocklist: What RevokeToken"},
		{alone, func(c *ginjwt.Config) { c.Blocklist, c.AccessTokenExpires = &ginjwt.MemoryBlocklist{}, 2*time.Hour },
			func(c *ginjwt.Config) { c.Blocklist, c.Once = &sharedBlocklist{}, &sharedOnce{} },
			"warning: Blocklist: Access tokens"},
		{accessOnly, func(c *ginjwt.Config) { c.Blocklist = nil }, func(c *ginjwt.Config) { c.Blocklist = &sharedBlocklist{} },
			"warning: Blocklist: Used tokens are in a shared store"},
		{accessOnly, func(c *ginjwt.Config) { c.Blocklist, c.AccessTokenExpires = &ginjwt.MemoryBlocklist{}, 2*time.Hour },
			func(c *ginjwt.Config) { c.Blocklist = &sharedBlocklist{} },
			"warning: Blocklist: Used tokens are in a shared store"},
		{healthy, func(c *ginjwt.Config) { c.Blocklist = nil }, func(c *ginjwt.Config) { c.Blocklist = &sharedBlocklist{} },
			"warning: Blocklist: Sessions"},
		{accessOnly, func(c *ginjwt.Config) { c.RefreshTokenExpires = 0 }, func(c *ginjwt.Config) { c.RefreshTokenExpires = 24 * time.Hour },
			"note: Sessions: A refresh token"},
		{healthy, func(c *ginjwt.Config) { c.Sessions = &ginjwt.MemorySessions{} }, func(c *ginjwt.Config) { c.Sessions = &sharedSessions{} },
			"note: Sessions: Sessions are stored only"},
		{accessOnly, func(c *ginjwt.Config) { c.Once = nil }, func(c *ginjwt.Config) { c.Once = &sharedOnce{} },
			"warning: Once: Other stores are shared"},
		{healthy, func(c *ginjwt.Config) { c.Once = &ginjwt.MemoryOnce{} }, func(c *ginjwt.Config) { c.Once = &sharedOnce{} },
			"warning: Once: Other stores are shared"},
		{verifier("EdDSA", pems.Ed25519Public), func(c *ginjwt.Config) { c.Once = &sharedOnce{} }, func(c *ginjwt.Config) { c.Once = nil },
			"note: Once: The keys only verify"},
		{healthy, func(c *ginjwt.Config) { c.SessionGrace = 5*time.Minute + 1 }, func(c *ginjwt.Config) { c.SessionGrace = 5 * time.Minute },
			"warning: SessionGrace (JWT_SESSION_GRACE): The grace period is longer"},
		{healthy, func(c *ginjwt.Config) { c.SessionGrace = 10*time.Second - 1 }, func(c *ginjwt.Config) { c.SessionGrace = 10 * time.Second },
			"warning: SessionGrace (JWT_SESSION_GRACE): The grace period is very short"},
		{healthy, func(c *ginjwt.Config) {
			c.SessionGrace, c.RefreshTokenExpires = 5*time.Minute, 20*time.Minute-time.Second
		},
			func(c *ginjwt.Config) { c.RefreshTokenExpires = 20 * time.Minute },
			"warning: SessionGrace (JWT_SESSION_GRACE): Is longer"},
		{healthy, func(c *ginjwt.Config) { c.SessionGrace = -1 }, func(c *ginjwt.Config) { c.SessionGrace = 0 },
			"note: SessionGrace (JWT_SESSION_GRACE): "},
		{healthy, func(c *ginjwt.Config) { c.SessionLifetime = 0 }, func(c *ginjwt.Config) { c.SessionLifetime = 365 * 24 * time.Hour },
			"note: SessionLifetime (JWT_SESSION_LIFETIME): "},

		{healthy, func(c *ginjwt.Config) { c.AllowAnyOptions = true }, func(c *ginjwt.Config) { c.AllowAnyOptions = false },
			"danger: AllowAnyOptions (JWT_ALLOW_ANY_OPTIONS): Every OPTIONS request passes"},

		// Limits.
		{healthy, func(c *ginjwt.Config) { c.MaxTokenSize = 1 << 20 }, func(c *ginjwt.Config) { c.MaxTokenSize = 64 << 10 },
			"warning: MaxTokenSize (JWT_MAX_TOKEN_SIZE): "},
		{healthy, func(c *ginjwt.Config) { c.MaxTokenSize = 1023 }, func(c *ginjwt.Config) { c.MaxTokenSize = 1024 },
			"note: MaxTokenSize (JWT_MAX_TOKEN_SIZE): "},
		{healthy, func(c *ginjwt.Config) { c.TokenCacheSize = 200_000 }, func(c *ginjwt.Config) { c.TokenCacheSize = 20_000 },
			"note: TokenCacheSize (JWT_TOKEN_CACHE_SIZE): The token cache"},
		{verifier("EdDSA", pems.Ed25519Public), func(c *ginjwt.Config) { c.TokenCacheSize = -1 }, func(c *ginjwt.Config) { c.TokenCacheSize = 0 },
			"note: TokenCacheSize (JWT_TOKEN_CACHE_SIZE): Without"},

		// Keys beside a list, and lists.
		{withKeys(ed), func(c *ginjwt.Config) { c.SecretKey = goodSecret }, func(c *ginjwt.Config) { c.SecretKey = "" },
			"warning: SecretKey (JWT_SECRET_KEY): Tokens of this secret"},
		{withKeys(ed), func(c *ginjwt.Config) { c.Algorithm, c.PrivateKey = "EdDSA", pems.Ed25519Private }, func(c *ginjwt.Config) { c.PrivateKey = "" },
			"note: PrivateKey (JWT_PRIVATE_KEY): Beside Keys"},
		{withKeys(ed), func(c *ginjwt.Config) { c.Algorithm, c.PublicKey = "EdDSA", pems.Ed25519Public }, func(c *ginjwt.Config) { c.PublicKey = "" },
			"note: PublicKey (JWT_PUBLIC_KEY): Tokens of this key"},
		{withKeys(ed), func(c *ginjwt.Config) { c.PrivateKey = pems.Ed25519Private }, func(c *ginjwt.Config) { c.PrivateKey = "" },
			"warning: PrivateKey (JWT_PRIVATE_KEY): Is ignored"},
		list(`note: Keys (JWT_KEYS): Key "old" is retired`, keyList{ed, {ID: "old", Verify: secret, NotAfter: in(-time.Hour)}}, keyList{ed}),
		list(`warning: Keys (JWT_KEYS): Key "old" verifies tokens without "kid"`,
			keyList{ed, {ID: "old", Verify: secret, AllowMissingKeyID: true}},
			keyList{ed, {ID: "old", Verify: secret, AllowMissingKeyID: true, NotAfter: in(30 * day)}}),
		list(`warning: Keys (JWT_KEYS): Key "old" is a secret beside key pairs`,
			keyList{ed, {ID: "old", Verify: secret}},
			keyList{ed, {ID: "old", Verify: secret, NotAfter: in(30 * day)}}),
		list(`warning: Keys (JWT_KEYS): Key "refresh" is a secret beside key pairs`,
			keyList{{ID: "access", Sign: ed.Sign, TokenType: keys.AccessToken}, {ID: "refresh", Sign: secret}},
			keyList{{ID: "access", Sign: ed.Sign, TokenType: keys.AccessToken}, {ID: "refresh", Sign: secret, TokenType: keys.RefreshToken}}),
		list(`note: Keys (JWT_KEYS): Key number 2 only verifies`,
			keyList{ed, {Verify: ec.Verify, NotBefore: in(time.Hour)}}, keyList{ed, {Verify: ec.Verify}}),
		list(`note: Keys (JWT_KEYS): Key number 1 is a small RSA key`, keyList{rsaKey}, keyList{ed}),
		list(`warning: Keys (JWT_KEYS): Key "new" is the last signing key`,
			keyList{ending(ed, in(60*day))},
			keyList{ending(ed, in(60*day)), beginning(ec, in(29*day))}),
		list(`warning: Keys (JWT_KEYS): Key "new" is retired before the tokens`,
			keyList{ending(ed, in(60*day)), beginning(ec, in(31*day))},
			keyList{ending(ed, in(60*day)), beginning(ec, in(29*day))}),
		list(`warning: Keys (JWT_KEYS): No key signs now`, keyList{beginning(ed, in(time.Hour))}, keyList{ed, beginning(ec, in(time.Hour))}),
		list(`note: Keys (JWT_KEYS): Several keys can sign`, keyList{ed, ec}, keyList{ed, {ID: ec.ID, Verify: ec.Verify}}),
		list(`danger: Keys (JWT_KEYS): Key "new": The secret is made of words`,
			keyList{{ID: "new", Sign: []byte("my very secret signing key for prod")}}, keyList{{ID: "new", Sign: secret}}),

		// Issuers.
		issuer(`danger: Issuers[0].IdentityClaim: Issuer "https://them" names users`,
			func(i *ginjwt.Issuer) { i.IdentityClaim = "email" }, func(i *ginjwt.Issuer) { i.IdentityClaim = "oid" }),
		issuer(`warning: Issuers[0].Audience: Issuer "https://them" also makes tokens for other services`,
			func(i *ginjwt.Issuer) { i.Audience = nil }, func(i *ginjwt.Issuer) { i.Audience = []string{"api"} }),
		issuer(`warning: Issuers[0].Keys: Issuer "https://them" signs with a secret`,
			func(i *ginjwt.Issuer) { i.Keys = keyList{{Verify: secret}} }, func(i *ginjwt.Issuer) { i.Keys = keyList{{Verify: ec.Verify}} }),
		issuer(`warning: Issuers[0].Keys: Issuer "https://them" has its private key in these settings`,
			func(i *ginjwt.Issuer) { i.Keys = keyList{ec} }, func(i *ginjwt.Issuer) { i.Keys = keyList{{Verify: ec.Verify}} }),
		issuer(`warning: Issuers[0].Algorithms: Issuer "https://them" may sign`,
			func(i *ginjwt.Issuer) { i.Keys, i.KeySource, i.Algorithms = nil, &keys.Set{}, []string{"HS256"} },
			func(i *ginjwt.Issuer) { i.Algorithms = []string{"ES256"} }),
		issuer(`warning: Issuers[0].Types: Issuer "https://them" may send`,
			func(i *ginjwt.Issuer) { i.Types = []string{"secevent+jwt"} }, func(i *ginjwt.Issuer) { i.Types = nil }),
		issuer(`note: Issuers[0].AllowSharedIdentities: Issuer "https://them" names your own users`,
			func(i *ginjwt.Issuer) { i.IdentityPrefix, i.AllowSharedIdentities = "", true },
			func(i *ginjwt.Issuer) { i.IdentityPrefix, i.AllowSharedIdentities = "them:", false }),
		issuer(`note: Issuers[0].IdentityPrefix: Issuer "https://them" has an IdentityPrefix`,
			func(i *ginjwt.Issuer) { i.IdentityPrefix = "them" }, func(i *ginjwt.Issuer) { i.IdentityPrefix = "them|" }),
		issuer(`danger: Issuers[0].IdentityClaims: Issuer "https://them" names users`,
			func(i *ginjwt.Issuer) { i.IdentityClaims = []string{"oid", "Email"} }, func(i *ginjwt.Issuer) { i.IdentityClaims = []string{"oid", "sub"} }),
		issuer(`warning: Issuers[0].AccessTypes: Issuer "https://them" may send ID tokens`,
			func(i *ginjwt.Issuer) { i.AccessTypes = []string{"Bearer", "ID"} }, func(i *ginjwt.Issuer) { i.AccessTypes = []string{"Bearer"} }),
		issuer(`warning: Issuers[0].Leeway: Issuer "https://them" has tokens that are accepted`,
			func(i *ginjwt.Issuer) { i.Leeway = 301 * time.Second }, func(i *ginjwt.Issuer) { i.Leeway = 5 * time.Minute }),
		issuer(`note: Issuers[0].Leeway: Issuer "https://them" has new tokens that are refused`,
			func(i *ginjwt.Issuer) { i.Leeway = -1 }, func(i *ginjwt.Issuer) { i.Leeway = 0 }),
		issuer(`note: Issuers[0].Leeway: Issuer "https://them" has new tokens that are refused`,
			func(i *ginjwt.Issuer) { i.Leeway = time.Second - 1 }, func(i *ginjwt.Issuer) { i.Leeway = time.Second }),
		issuer(`note: Issuers[0].RequiredClaims: Issuer "https://them" may leave out "exp"`,
			func(i *ginjwt.Issuer) { i.RequiredClaims = nil }, func(i *ginjwt.Issuer) { i.RequiredClaims = []string{"sub", "exp"} }),

		// Resources.
		resource(`warning: Resources[0].AuthorizationServers: Resource "https://us/mcp" names no authorization server`,
			func(c *ginjwt.Config) { c.EncodeIssuer, c.DecodeIssuer = "", "" },
			func(c *ginjwt.Config) { c.EncodeIssuer, c.DecodeIssuer = "https://us", "https://us" }),
		resource(`warning: Resources[0].AuthorizationServers: Resource "https://us/mcp" sends clients to a server whose tokens are refused`,
			func(c *ginjwt.Config) { c.Resources[0].AuthorizationServers = []string{"https://us", "https://them"} },
			func(c *ginjwt.Config) { c.Resources[0].AuthorizationServers = []string{"https://us"} }),
		resource(`note: Resources[0].URL: Resource "https://us/mcp/" is in the "aud" of no token`,
			func(c *ginjwt.Config) { c.Resources[0].URL += "/" }, func(c *ginjwt.Config) { c.EncodeAudience[1] += "/" }),
		resource("warning: TokenLocation (JWT_TOKEN_LOCATION): There are Resources, but tokens are not read from headers",
			func(c *ginjwt.Config) { c.TokenLocation = []ginjwt.Location{ginjwt.InJSON} },
			func(c *ginjwt.Config) { c.TokenLocation = append(c.TokenLocation, ginjwt.InHeaders) }),

		// DPoP.
		{boundTokens, func(c *ginjwt.Config) { c.DPoPOrigins = nil }, func(c *ginjwt.Config) { c.DPoPOrigins = []string{"https://api.example.com/v1"} },
			"warning: DPoPOrigins (JWT_DPOP_ORIGINS): The Host header"},
		{boundTokens, func(c *ginjwt.Config) { c.DPoP, c.DPoPOrigins = "accepted", nil }, func(c *ginjwt.Config) { c.DPoP = "off" },
			"warning: DPoPOrigins (JWT_DPOP_ORIGINS): The Host header"},
		{boundTokens, func(c *ginjwt.Config) { c.DPoPOrigins = append(c.DPoPOrigins, "http://api.example.com") },
			func(c *ginjwt.Config) { c.DPoPOrigins[1] = "http://localhost:8080" },
			"warning: DPoPOrigins (JWT_DPOP_ORIGINS): Over http://"},
		{boundTokens, func(c *ginjwt.Config) { c.DPoPWindow = 5*time.Minute + time.Second }, func(c *ginjwt.Config) { c.DPoPWindow = 5 * time.Minute },
			"warning: DPoPWindow (JWT_DPOP_WINDOW): "},
		{boundTokens, func(c *ginjwt.Config) {
			w := withCookies()
			c.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}
			c.AccessCookieName, c.RefreshCookiePath, c.CSRFProtection = w.AccessCookieName, w.RefreshCookiePath, w.CSRFProtection
		}, func(c *ginjwt.Config) { c.DPoP = "accepted" },
			"warning: DPoP (JWT_DPOP): Every token must be bound"},
		{boundTokens, func(c *ginjwt.Config) { c.DisableHeaderType = true }, func(c *ginjwt.Config) { c.DisableHeaderType = false },
			"warning: DisableHeaderType: Clients send a bound token"},
		{boundTokens, func(c *ginjwt.Config) { c.Once = nil }, func(c *ginjwt.Config) { c.Once = &sharedOnce{} },
			"warning: Once: Other stores are shared, but used DPoP proofs"},
		{boundTokens, func(c *ginjwt.Config) {
			c.DPoP, c.Sessions, c.SessionLifetime, c.Once, c.RefreshTokenExpires = "accepted", nil, 0, &ginjwt.MemoryOnce{}, day
		},
			func(c *ginjwt.Config) { c.Once = &sharedOnce{} },
			"warning: Once: Other stores are shared, but used DPoP proofs"},
		{boundTokens, func(c *ginjwt.Config) { c.DPoPNonceSecret = "change-me-please-this-is-not-secret" }, func(c *ginjwt.Config) { c.DPoPNonceSecret = goodSecret + "x" },
			"warning: DPoPNonceSecret (JWT_DPOP_NONCE_SECRET): The secret can be guessed"},
		{boundTokens, func(c *ginjwt.Config) { c.DPoPNonceOtherSecret = "change-me-please-this-is-not-secret" }, func(c *ginjwt.Config) { c.DPoPNonceOtherSecret = goodSecret + "x" },
			"warning: DPoPNonceOtherSecret (JWT_DPOP_NONCE_OTHER_SECRET): The secret can be guessed"},
		{boundTokens, func(c *ginjwt.Config) { c.DPoPNonce = false }, func(c *ginjwt.Config) { c.DPoP = "accepted" },
			"note: DPoPNonce (JWT_DPOP_NONCE): The client alone"},
		{boundTokens, func(c *ginjwt.Config) {
			c.AccessTokenExpires, c.Sessions, c.SessionLifetime = ginjwt.NeverExpires, nil, 0
		},
			func(c *ginjwt.Config) { c.AccessTokenExpires = 0 },
			"warning: AccessTokenExpires (JWT_ACCESS_TOKEN_EXPIRES): Access tokens never expire. A stolen token is worth nothing"},
		{boundTokens, func(c *ginjwt.Config) { c.AccessTokenExpires = 25 * time.Hour }, func(c *ginjwt.Config) { c.AccessTokenExpires = 24 * time.Hour },
			"note: AccessTokenExpires (JWT_ACCESS_TOKEN_EXPIRES): Access tokens live longer than a day. A stolen token is worth nothing"},

		// Settings that do nothing.
		{healthy, func(c *ginjwt.Config) { c.DPoPNonceSecret = goodSecret }, func(c *ginjwt.Config) { c.DPoPNonce = true },
			"note: DPoPNonceSecret (JWT_DPOP_NONCE_SECRET): Has no effect"},
		{healthy, func(c *ginjwt.Config) { c.DPoPNonceOtherSecret = goodSecret }, func(c *ginjwt.Config) { c.DPoPNonce = true },
			"note: DPoPNonceOtherSecret (JWT_DPOP_NONCE_OTHER_SECRET): Has no effect"},
		{healthy, func(c *ginjwt.Config) { c.MaxResolvedIssuers = 10 }, func(c *ginjwt.Config) {
			c.IssuerResolver = func(context.Context, string) (ginjwt.Issuer, error) { return ginjwt.Issuer{}, ginjwt.ErrUnknownIssuer }
		}, "note: MaxResolvedIssuers: Has no effect"},
		{healthy, func(c *ginjwt.Config) { c.AccessCookieName = "token" }, func(c *ginjwt.Config) { c.AccessCookieName = "access_token_cookie" },
			"note: AccessCookieName (JWT_ACCESS_COOKIE_NAME): Is for cookies"},
		{withCookies, func(c *ginjwt.Config) { c.RefreshCSRFFieldName = "value" }, func(c *ginjwt.Config) { c.CSRFCheckForm = true },
			"note: RefreshCSRFFieldName (JWT_REFRESH_CSRF_FIELD_NAME): Has no effect: form fields"},
		{withCookies, func(c *ginjwt.Config) { c.HeaderName = "X-Token" }, func(c *ginjwt.Config) { c.HeaderName = "" },
			"note: HeaderName (JWT_HEADER_NAME): Is for headers"},
		{healthy, func(c *ginjwt.Config) { c.QueryStringName = "token" }, func(c *ginjwt.Config) { c.QueryStringName = "jwt" },
			"note: QueryStringName (JWT_QUERY_STRING_NAME): Is for the query string"},
		{healthy, func(c *ginjwt.Config) { c.JSONKey = "token" }, func(c *ginjwt.Config) { c.TokenLocation = []ginjwt.Location{ginjwt.InJSON} },
			"note: JSONKey (JWT_JSON_KEY): Is for JSON bodies"},
	}
}

func none(*ginjwt.Config) {}

// boundTokens demands tokens that are bound to a key.
func boundTokens() ginjwt.Config {
	c := healthy()
	c.DPoP, c.DPoPOrigins, c.DPoPNonce = "demanded", []string{"https://api.example.com"}, true
	return c
}

// A service that only verifies claims proofs too. Refresh tokens that are bound to a key need
// no rotation (RFC 9700 §4.14.2).
func TestWhatBoundTokensMakeRight(t *testing.T) {
	t.Parallel()
	c := verifier("EdDSA", keytest.Generate(t).Ed25519Public)()
	c.DPoP, c.DPoPOrigins, c.Once = "accepted", []string{"https://api.example.com"}, &sharedOnce{}
	assert.Empty(t, diagnose(c))
	c.Once = &ginjwt.MemoryOnce{}
	assert.Len(t, diagnose(c), 1)

	c = boundTokens()
	c.Sessions, c.SessionLifetime = nil, 0
	assert.Empty(t, diagnose(c))
}

func laxCookies(c *ginjwt.Config) { c.CookieSameSite = http.SameSiteLaxMode }

// verifier has the public key of somebody else.
func verifier(algorithm, public string) func() ginjwt.Config {
	return func() ginjwt.Config {
		c := healthy()
		c.SecretKey, c.Algorithm, c.PublicKey = "", algorithm, public
		c.EncodeIssuer, c.EncodeAudience, c.Once = "", nil, nil
		c.DecodeIssuer, c.DecodeAudience, c.RequiredClaims = "https://them", []string{"api"}, []string{"exp"}
		return c
	}
}

// utf16Of returns a text of ASCII as Windows writes it.
func utf16Of(text string) string {
	return "\xff\xfe" + strings.Join(strings.Split(text, ""), "\x00") + "\x00"
}

// weak is a secret that can be guessed although it is long.
func weak(severity, want, secret string) ailment {
	return ailment{healthy, func(c *ginjwt.Config) { c.SecretKey = secret }, func(c *ginjwt.Config) { c.SecretKey = goodSecret },
		severity + ": SecretKey (JWT_SECRET_KEY): " + want}
}

func short(severity, want, secret string) ailment {
	return ailment{healthy, func(c *ginjwt.Config) { c.SecretKey, c.AllowShortSecret = secret, true },
		func(c *ginjwt.Config) { c.SecretKey, c.AllowShortSecret = goodSecret, false },
		severity + ": SecretKey (JWT_SECRET_KEY): " + want}
}

type keyList = []keys.Key

const day = 24 * time.Hour

// listed is a key of a list, with both halves.
func listed(t *testing.T, id, pem string) keys.Key {
	t.Helper()
	list, err := keys.Parse([]byte(pem))
	require.NoError(t, err)
	list[0].ID, list[0].Verify = id, list[0].Sign.(interface{ Public() crypto.PublicKey }).Public()
	return list[0]
}

func expiredCertificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(-time.Hour)}
	return keytest.Encode("CERTIFICATE", keytest.Must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)))
}

func beginning(k keys.Key, t time.Time) keys.Key { k.NotBefore = t; return k }
func ending(k keys.Key, t time.Time) keys.Key    { k.NotAfter = t; return k }

func list(want string, bad, fixed keyList) ailment {
	return ailment{withKeys(), func(c *ginjwt.Config) { c.Keys = bad }, func(c *ginjwt.Config) { c.Keys = fixed }, want}
}

// lacks demands a claim that new tokens do not have.
func lacks(claim string, start func() ginjwt.Config, bad, fixed func(c *ginjwt.Config)) ailment {
	return ailment{start, func(c *ginjwt.Config) { c.RequiredClaims = []string{claim}; bad(c) }, fixed,
		fmt.Sprintf("warning: RequiredClaims (JWT_REQUIRED_CLAIMS): New tokens have no %q", claim)}
}

// idleCSRF has settings for a protection that is off.
func idleCSRF() ginjwt.Config {
	c := withoutCSRF()
	c.CSRFMethods, c.CSRFCheckForm = []string{"POST"}, true
	return c
}

func TestSettingsOfAProtectionThatIsOffAreIdle(t *testing.T) {
	t.Parallel()
	found := doctor.Diagnose(idleCSRF())
	require.Len(t, found, 3)
	assert.Equal(t, "DisableCookieCSRFProtect", found[0].Field)
	const problem, fix = "Has no effect: DisableCookieCSRFProtect turns the protection off.", "Remove DisableCookieCSRFProtect, or this setting."
	assert.Equal(t, []doctor.Finding{
		{Severity: doctor.Note, Field: "CSRFCheckForm", Setting: "JWT_CSRF_CHECK_FORM", Problem: problem, Fix: fix},
		{Severity: doctor.Note, Field: "CSRFMethods", Setting: "JWT_CSRF_METHODS", Problem: problem, Fix: fix},
	}, found[1:])
}

// smallOnce has no other process, and room for a number of uses.
func smallOnce(most int) ginjwt.Config {
	return ginjwt.Config{SecretKey: goodSecret, Once: &ginjwt.MemoryOnce{Max: most}}
}

func TestRoomForFewUsesIsReported(t *testing.T) {
	t.Parallel()
	for most, reported := range map[int]bool{-1: true, 1: true, 999: true, 1000: false, 0: false} {
		found := withoutNotes(doctor.Diagnose(smallOnce(most)))
		assert.Equal(t, reported, len(found) == 1, "%d: %v", most, found)
		for _, f := range found {
			assert.True(t, strings.HasPrefix(f.String(), "warning: Once: MemoryOnce.Max leaves room for less than 1000 uses."), f)
		}
	}
}

// Whatever else is shared, a Once in memory is reported, and once only.
func TestOnceBesideSharedStores(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*ginjwt.Config)
		fields []string
	}{
		"blocklist":            {func(c *ginjwt.Config) { c.Sessions = nil }, []string{"Once"}},
		"sessions":             {func(c *ginjwt.Config) { c.Blocklist = nil }, []string{"Blocklist", "Once"}},
		"both":                 {none, []string{"Once"}},
		"nothing":              {func(c *ginjwt.Config) { c.Blocklist, c.Sessions = nil, nil }, nil},
		"once":                 {func(c *ginjwt.Config) { c.Blocklist, c.Sessions, c.Once = nil, nil, &sharedOnce{} }, []string{"Blocklist"}},
		"sessions and once":    {func(c *ginjwt.Config) { c.Blocklist, c.Once = nil, &sharedOnce{} }, []string{"Blocklist"}},
		"all":                  {func(c *ginjwt.Config) { c.Once = &sharedOnce{} }, nil},
		"all, and keys verify": {func(c *ginjwt.Config) { *c = verifier("EdDSA", keytest.Generate(t).Ed25519Public)() }, nil},
		"keys verify tickets": {func(c *ginjwt.Config) {
			*c = verifier("EdDSA", keytest.Generate(t).Ed25519Public)()
			c.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InTicket}
		}, []string{"Once"}},
		"a service of no tokens": {func(c *ginjwt.Config) { c.SecretKey, c.Issuers = "", []ginjwt.Issuer{{}} }, nil},
	} {
		c := healthy()
		c.Once, c.RefreshTokenExpires, c.SessionLifetime = nil, day, 0
		test.change(&c)
		var fields []string
		for _, f := range doctor.Diagnose(c) {
			if f.Severity == doctor.Warning {
				fields = append(fields, f.Field)
			}
		}
		assert.ElementsMatch(t, test.fields, fields, name)
	}
}

// Settings of cookies do nothing where no route reads cookies.
func TestEverySettingOfCookiesIsIdleWithoutCookies(t *testing.T) {
	t.Parallel()
	fields := reflect.TypeFor[ginjwt.Config]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if !strings.Contains(name, "Cookie") && !strings.Contains(name, "CSRF") && name != "MaxFormSize" || name == "DisableCookieCSRFProtect" {
			continue
		}
		c := healthy()
		switch v := reflect.ValueOf(&c).Elem().Field(i).Addr().Interface().(type) {
		case *bool:
			*v = true
		case *int:
			*v = 1 << 20
		case *http.SameSite:
			*v = http.SameSiteStrictMode
		case *[]string:
			*v = map[string][]string{"CSRFMethods": {"POST"}, "CookieFormerDomains": {"example.com"}, "CookieFormerPaths": {"/old"}, "CSRFTrustedOrigins": {"https://app.example.com"}}[name]
		case *string:
			*v = "x"
			if strings.HasSuffix(name, "Path") {
				*v = "/x"
			}
		default:
			t.Fatalf("%s: a %T", name, v)
		}
		found := slices.ContainsFunc(doctor.Diagnose(c), func(f doctor.Finding) bool {
			return f.Field == name && strings.HasPrefix(f.Problem, "Is for cookies, which TokenLocation does not name")
		})
		assert.True(t, found, name)
	}
}

// While an algorithm or a location is misspelled, nobody knows what is not used: a
// key, or a setting that is in use, must not be removed.
func TestMisspelledSettingsMakeNoOtherUseless(t *testing.T) {
	t.Parallel()
	for _, change := range []func(*ginjwt.Config){
		func(c *ginjwt.Config) { c.Algorithm = "hs256" },
		func(c *ginjwt.Config) { c.TokenLocation, c.CSRFCheckForm = []ginjwt.Location{"cookie"}, true },
		func(c *ginjwt.Config) { c.TokenLocation, c.HeaderName = []ginjwt.Location{"header"}, "X-Token" },
	} {
		c := healthy()
		change(&c)
		found := doctor.Diagnose(c)
		require.Len(t, found, 1, "%v", found)
		assert.Equal(t, doctor.Refused, found[0].Severity)
	}
}

func TestTheDoctorRepeatsTheWarningsOfLoadConfig(t *testing.T) {
	t.Parallel()
	c := ginjwt.Config{SecretKey: goodSecret, AccessTokenExpires: 30 * time.Second, RefreshTokenExpires: 20 * time.Second, Warnings: []ginjwt.SettingWarning{
		{Setting: "JWT_USER_CLAIMS", Problem: "nobody reads it", Fix: "remove it"},
		{Setting: "JWT_ACCESS_TOKEN_EXPIRES", Problem: "is seconds", Fix: "write a unit"},
		{Setting: "JWT_REFRESH_TOKEN_EXPIRES", Problem: "is seconds", Fix: "write a unit"},
	}}
	assert.Equal(t, []doctor.Finding{
		{Severity: doctor.Warning, Setting: "JWT_USER_CLAIMS", Problem: "Nobody reads it.", Fix: "Remove it."},
		{Severity: doctor.Warning, Field: "AccessTokenExpires", Setting: "JWT_ACCESS_TOKEN_EXPIRES", Problem: "Is seconds.", Fix: "Write a unit."},
		{Severity: doctor.Warning, Field: "RefreshTokenExpires", Setting: "JWT_REFRESH_TOKEN_EXPIRES", Problem: "Is seconds.", Fix: "Write a unit."},
	}, withoutNotes(doctor.Diagnose(c)))
	assert.Equal(t, "warning: JWT_USER_CLAIMS: Nobody reads it. Remove it.", doctor.Diagnose(c)[0].String())
}

func TestTheDoctorSaysOnceHowASecretIsWritten(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"JWT_SECRET_KEY": "Has quotes", "JWT_USER_CLAIMS": "The secret has quotation marks around it"} {
		c := ginjwt.Config{SecretKey: `"` + goodSecret + `"`, Warnings: []ginjwt.SettingWarning{{Setting: name, Problem: "has quotes", Fix: "remove them"}}}
		var problems []string
		for _, f := range withoutNotes(doctor.Diagnose(c)) {
			if f.Field == "SecretKey" {
				problems = append(problems, f.Problem)
			}
		}
		require.Len(t, problems, 1, name)
		assert.Contains(t, problems[0], want)
	}
}

func withoutNotes(all []doctor.Finding) []doctor.Finding {
	return slices.DeleteFunc(all, func(f doctor.Finding) bool { return f.Severity == doctor.Note })
}

func TestTheDoctorRepeatsWhatInitAppRefuses(t *testing.T) {
	t.Parallel()
	c := healthy()
	c.SecretKey = "hunter"
	c.AccessTokenExpires = -time.Minute
	c.TokenLocation = []ginjwt.Location{"header"}
	c.MaxSessions = -1
	c.Issuers = []ginjwt.Issuer{{Name: "them"}}
	refused := slices.DeleteFunc(doctor.Diagnose(c), func(f doctor.Finding) bool { return f.Severity != doctor.Refused })
	const fix = "Correct the value. InitApp refuses these settings."
	assert.Equal(t, []doctor.Finding{
		{doctor.Refused, "SecretKey", "JWT_SECRET_KEY",
			"Has 6 bytes, but must have at least the 32 of the hash (algorithm HS256).", "Make one with: openssl rand -base64 32, or, so that nobody has to log in again, set AllowShortSecret (JWT_ALLOW_SHORT_SECRET=true) and let a new key sign beside this one (JWT_KEYS_FILE)."},
		{doctor.Refused, "AccessTokenExpires", "JWT_ACCESS_TOKEN_EXPIRES",
			"Must be at least a second, or NeverExpires (it is -1m0s; 15 minutes are 15*time.Minute).", fix},
		{doctor.Refused, "TokenLocation", "JWT_TOKEN_LOCATION",
			`"header" is not a location.`, "Use headers, cookies, query_string, json or ticket."},
		{doctor.Refused, "MaxSessions", "JWT_MAX_SESSIONS", "Must not be negative.", fix},
		{doctor.Refused, "Issuers[0].Keys", "", "Is empty.", "Set Keys, KeySource or both."},
		{doctor.Refused, "Issuers[0].IdentityPrefix", "", "The issuer could name users of the manager itself.",
			"Set another prefix, or AllowSharedIdentities if they are the same users."},
	}, refused)
	assert.Len(t, strings.Split(ginjwt.New(c).InitApp(nil).Error(), "\n"), len(refused), "one finding for each problem")
}

func TestKeysThatTakeTurnsMustOverlap(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	first, second := listed(t, "first", pems.Ed25519Private), listed(t, "second", pems.P256Private)
	access := func(k keys.Key) keys.Key { k.TokenType = keys.AccessToken; return k }
	refresh := func(k keys.Key) keys.Key { k.TokenType = keys.RefreshToken; return k }
	const gap, short = `warning: Keys (JWT_KEYS): Key "first" is the last`, `warning: Keys (JWT_KEYS): Key "first" is retired before`
	in := func(d time.Duration) time.Time { return time.Now().Add(d) }
	for name, test := range map[string]struct {
		first, second keys.Key
		want          string // empty: nothing
	}{
		"the overlap has begun":             {ending(first, in(5*day)), beginning(second, in(-25*day)), ""},
		"it begins too late":                {ending(first, in(5*day)), beginning(second, in(day)), short},
		"there is none":                     {ending(first, in(5*day)), beginning(second, in(5*day+time.Minute)), gap},
		"the successor ends first":          {ending(first, in(50*day)), ending(second, in(40*day)), gap},
		"a key for a while":                 {beginning(ending(first, in(25*day)), in(20*day)), second, ""},
		"access tokens live for minutes":    {access(ending(first, in(time.Hour))), beginning(second, in(30*time.Minute)), ""},
		"not for minutes only":              {access(ending(first, in(time.Hour))), beginning(second, in(50*time.Minute)), short},
		"refresh tokens live for days":      {refresh(ending(first, in(50*day))), beginning(second, in(21*day)), short},
		"the successor is for another type": {access(ending(first, in(50*day))), refresh(second), gap},
	} {
		found := diagnose(withKeys(test.first, test.second)())
		if test.want == "" {
			assert.Empty(t, found, name)
			continue
		}
		if assert.NotEmpty(t, found, name) {
			assert.True(t, strings.HasPrefix(found[0], test.want), "%s: %s", name, found[0])
		}
	}
	c := accessOnlyWith(ending(first, in(5*day)), beginning(second, in(4*day)))
	c.RefreshTokenExpires = ginjwt.NeverExpires
	assert.Len(t, doctor.Diagnose(c), 1, "tokens that never expire outlive every key: that is said once")
}

func accessOnlyWith(list ...keys.Key) ginjwt.Config {
	c := accessOnly()
	c.SecretKey, c.Keys, c.EncodeAudience, c.DecodeAudience = "", list, []string{"api"}, []string{"api"}
	return c
}

func TestFindingsAreSortedBySeverityThenByField(t *testing.T) {
	t.Parallel()
	var found []string
	for _, f := range doctor.Diagnose(ginjwt.Config{
		SecretKey: strings.Repeat("y", 32), TokenLocation: []ginjwt.Location{ginjwt.InQueryString}, MaxTokenSize: -1, HeaderName: "X-Token", DecodeLeeway: time.Hour,
	}) {
		found = append(found, f.Severity.String()+" "+f.Field)
	}
	assert.Equal(t, []string{
		"error MaxTokenSize", "danger SecretKey", "warning TokenLocation", "warning DecodeLeeway",
		"note HeaderName", "note Blocklist", "note Sessions",
	}, found)
}

func TestRandomSecretsRaiseNoAlarm(t *testing.T) {
	t.Parallel()
	for range 300 {
		random := make([]byte, 32)
		_, _ = rand.Read(random)
		for _, secret := range []string{
			string(random), base64.StdEncoding.EncodeToString(random), base64.RawURLEncoding.EncodeToString(random), hex.EncodeToString(random),
			base64.StdEncoding.EncodeToString(random[:24]), rand.Text() + rand.Text(),
			`"` + string(random) + `"`, " " + string(random) + "\n", // random bytes may begin and end so
		} {
			if !strings.ContainsAny(secret, "234567") && strings.ToUpper(secret) == secret {
				continue // one in fifty thousand texts of base32 has letters only, as words have
			}
			c := healthy()
			c.SecretKey = secret
			require.Empty(t, diagnose(c), "%q", secret)
			c = withKeys(keys.Key{Sign: []byte(secret)})()
			require.Empty(t, diagnose(c), "%q", secret)
		}
	}
}

func TestDefaultsRaiseNotesOnly(t *testing.T) {
	t.Parallel()
	want := []string{"Blocklist", "Sessions"}
	for name, c := range map[string]ginjwt.Config{
		"zero":    {SecretKey: goodSecret},
		"jwttest": jwttest.Config(nil),
		"clock":   jwttest.Config(&jwttest.Clock{}),
	} {
		var fields []string
		for _, f := range doctor.Diagnose(c) {
			assert.Equal(t, doctor.Note, f.Severity, "%s: %s", name, f)
			fields = append(fields, f.Field)
		}
		assert.Equal(t, want, fields, name)
	}
}

// The settings that the manual recommends. That of a page that shows how to be
// as lenient as Flask is below.
func TestTheManualRecommendsNothingDangerous(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	ed := listed(t, "2026-11", pems.Ed25519Private)
	for page, c := range map[string]ginjwt.Config{
		"README":            {SecretKey: goodSecret},
		"configuration":     {Algorithm: "EdDSA", PrivateKey: pems.Ed25519Private},
		"cookies":           {SecretKey: goodSecret, TokenLocation: []ginjwt.Location{ginjwt.InCookies}},
		"cookies in forms":  {SecretKey: goodSecret, TokenLocation: []ginjwt.Location{ginjwt.InCookies}, CSRFCheckForm: true},
		"refreshing":        {SecretKey: goodSecret, TokenLocation: []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}, RefreshCookiePath: "/refresh"},
		"token-locations":   {SecretKey: goodSecret, TokenLocation: []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InJSON, ginjwt.InQueryString}},
		"sessions":          {SecretKey: goodSecret, Sessions: &ginjwt.MemorySessions{}, SessionLifetime: 90 * day, MaxSessions: 10},
		"many instances":    {SecretKey: goodSecret, Sessions: &sharedSessions{}, Blocklist: &sharedBlocklist{}},
		"performance":       {SecretKey: goodSecret, TokenCacheSize: -1},
		"security":          {Keys: []keys.Key{ed}},
		"from-flask (D15)":  {SecretKey: goodSecret, TokenLocation: []ginjwt.Location{ginjwt.InCookies}, CSRFMethods: []string{"POST", "PUT", "PATCH", "DELETE"}},
		"the way of a demo": {SecretKey: goodSecret, AccessTokenExpires: 10 * time.Second, RefreshCookiePath: "/web"},
	} {
		for _, f := range doctor.Diagnose(c) {
			assert.Less(t, f.Severity, doctor.Danger, "%s: %s", page, f)
		}
	}
}

func TestTheWayBackToFlaskIsDangerous(t *testing.T) {
	t.Parallel()
	c := ginjwt.Config{
		SecretKey:           "hunter",
		AllowShortSecret:    true,
		DisableCookieSecure: true,
		CookieSameSite:      http.SameSiteDefaultMode,
		CSRFMethods:         []string{"POST", "PUT", "PATCH", "DELETE"},
		TokenLocation:       []ginjwt.Location{ginjwt.InCookies},
	}
	var dangers []string
	for _, f := range doctor.Diagnose(c) {
		if f.Severity == doctor.Danger {
			dangers = append(dangers, f.Field)
		}
	}
	assert.Equal(t, []string{"SecretKey", "DisableCookieSecure"}, dangers)
}

// A part of four characters is a part that somebody could go on from.
func TestNoFindingShowsASecret(t *testing.T) {
	t.Parallel()
	secrets := []string{goodSecret, strings.Repeat("kR4_zt9", 6), "31415926535897932384626433832795", "9f86d081884c7d659a2feaa0c55ad015",
		"f47ac10b-58cc-4372-a567-0e02b2c3d479", "q7Rz!w2K", "xQ", strings.Repeat("y", 32)}
	for _, secret := range secrets {
		for _, c := range []ginjwt.Config{
			{SecretKey: secret},
			{SecretKey: secret, AllowShortSecret: true, Keys: []keys.Key{{Sign: []byte(secret)}, {ID: "a", Sign: []byte(secret)}}},
			{Keys: []keys.Key{{Verify: []byte(secret), AllowMissingKeyID: true}}},
			{SecretKey: goodSecret, Issuers: []ginjwt.Issuer{{Name: "them", Keys: []keys.Key{{Verify: []byte(secret)}}}}},
			{Algorithm: "EdDSA", PrivateKey: secret, PublicKey: secret, SecretKey: secret},
			{Algorithm: "RS256", PrivateKey: keytest.Encode("RSA PRIVATE KEY", []byte(secret))},
			{SecretKey: keytest.Encode("PRIVATE KEY", []byte(secret))},
		} {
			said := strings.Join(diagnose(c), "\n")
			require.NotEmpty(t, said)
			for i := range max(1, len(secret)-3) {
				part := secret[i:min(i+4, len(secret))]
				assert.False(t, strings.Contains(said, part), "%q is in\n%s", part, said)
			}
		}
	}
}

func TestTheDoctorSurvivesEverySetting(t *testing.T) {
	t.Parallel()
	for _, c := range []ginjwt.Config{
		{},
		{SecretKey: goodSecret, Blocklist: (*ginjwt.MemoryBlocklist)(nil), Sessions: (*ginjwt.MemorySessions)(nil), Once: (*ginjwt.MemoryOnce)(nil)},
		{Algorithm: "none", DecodeAlgorithms: []string{"", "none"}, SecretKey: "x", AllowShortSecret: true},
		{Algorithm: "RS256", PrivateKey: "no PEM", PublicKey: "none either"},
		{Keys: []keys.Key{
			{}, {Sign: 7}, {Verify: "text"}, {Sign: (*rsa.PrivateKey)(nil)}, {Verify: (*rsa.PublicKey)(nil)}, {Sign: &rsa.PrivateKey{}},
			{Sign: (*ecdsa.PrivateKey)(nil)}, {Sign: ed25519.PrivateKey{}}, {Sign: []byte{}}, {Algorithm: "none", Sign: []byte("secret")},
		}},
		{Issuers: []ginjwt.Issuer{{}, {Keys: []keys.Key{{}}, KeySource: (*keys.Set)(nil)}}},
		{SecretKey: goodSecret, TokenCacheSize: 1 << 40, MaxTokenSize: -1, DecodeLeeway: -1, SessionGrace: -1},
	} {
		assert.NotEmpty(t, doctor.Diagnose(c))
	}
}

func TestDiagnoseChangesNothing(t *testing.T) {
	t.Parallel()
	ec := listed(t, "next", keytest.Generate(t).P256Private)
	c := ginjwt.Config{Keys: []keys.Key{{ID: "old", Verify: []byte(goodSecret)}, ec}, DecodeAlgorithms: []string{"ES256", "EdDSA"}, CSRFMethods: []string{"POST"}}
	want := c
	want.Keys, want.DecodeAlgorithms, want.CSRFMethods = slices.Clone(c.Keys), slices.Clone(c.DecodeAlgorithms), slices.Clone(c.CSRFMethods)
	_ = doctor.Diagnose(c)
	assert.Equal(t, want, c)
}

func TestSeveritiesHaveNames(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal([]doctor.Severity{doctor.Note, doctor.Warning, doctor.Danger, doctor.Refused, 9})
	require.NoError(t, err)
	assert.Equal(t, `["note","warning","danger","error","Severity(9)"]`, string(text))
}

// What is wrong with my settings, beyond what InitApp refuses?
