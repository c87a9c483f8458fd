// Package wellknown lists HMAC secrets that are public: secrets of manuals and tutorials, and
// of the word lists that attackers try first.
package wellknown

import (
	"slices"
	"strings"
	"unicode"
)

// Refused are well-known secrets that are long enough for HS256. No service may use them.
var Refused = []string{
	"a-string-secret-at-least-256-bits-long",
	"a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
	"your-256-bit-secret-your-256-bit-secret",
}

// Secrets are all well-known secrets, including Refused.
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

// Contains reports whether a secret is well known. It ignores white space, quotation marks
// and a byte order mark around the secret.
func Contains(secret string) bool {
	around := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("\"'`\ufeff", r) }
	return slices.Contains(Secrets, secret) || slices.Contains(Secrets, strings.TrimFunc(secret, around))
}
