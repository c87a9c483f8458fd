// Package wellknown knows the secrets of HMAC that everybody knows: those of manuals,
// tutorials and the lists of words that attackers try first.
package wellknown

import (
	"slices"
	"strings"
	"unicode"
)

// Refused are secrets that are long enough for HS256, and that no service may use.
var Refused = []string{
	"a-string-secret-at-least-256-bits-long",
	"a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
	"your-256-bit-secret-your-256-bit-secret",
}

// Secrets are all that are known, Refused among them.
var Secrets = slices.Concat(Refused, []string{
	"09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
	"404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
	"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow", // RFC 7515, appendix A.1
	"Gv7sWq2ZrT0nXe5bJk9uYp4dLm1cHa8f",                                                       // the manual of this module

	"", "secret", "Secret", "SECRET", "password", "changeme", "change-me", "changeit", "test", "key", "jwt", "token", "admin", "root",
	"123456", "12345678", "default", "example", "dev", "development", "secretkey", "secret-key", "secret_key", "mysecret", "my-secret",
	"my_secret", "mysecretkey", "my-secret-key", "my_secret_key", "supersecret", "super-secret", "super_secret", "super-secret-key",
	"supersecretkey", "jwt-secret", "jwt_secret", "jwtsecret", "jwt-secret-key", "JWT_SECRET", "your-secret", "your-secret-key", "your_secret_key",
	"shhhhh", "keyboard cat", "secret123", "qwerty", "your-256-bit-secret", "your-384-bit-secret", "your-512-bit-secret",
})

// Contains reports whether everybody knows a secret, whatever white space, quotation
// marks or byte order mark are around it.
func Contains(secret string) bool {
	around := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("\"'`\ufeff", r) }
	return slices.Contains(Secrets, secret) || slices.Contains(Secrets, strings.TrimFunc(secret, around))
}
