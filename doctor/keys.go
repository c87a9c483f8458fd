package doctor

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

var algorithmRules = []rule{
	{Warning, "PrivateKey", func(c effectiveConfig) bool { return c.PrivateKey != "" && c.ignoresPEM() },
		"Is ignored, as in Flask-JWT-Extended: no algorithm uses such a key. Another key signs the tokens. If that is SecretKey, everyone who can verify tokens can also create them.",
		"Set Algorithm to an algorithm of this key, such as EdDSA, or remove PrivateKey."},
	{Warning, "PublicKey", func(c effectiveConfig) bool { return c.PrivateKey == "" && c.PublicKey != "" && c.ignoresPEM() },
		"Is ignored, as in Flask-JWT-Extended: no algorithm uses such a key. Tokens of its private key are refused.",
		"Set Algorithm to an algorithm of this key, such as EdDSA, or remove PublicKey."},
	{Note, "SecretKey", func(c effectiveConfig) bool {
		return c.SecretKey != "" && len(c.secretAlgorithms()) == 0 && !slices.ContainsFunc(c.algorithms(), isUnknown)
	},
		"Is not used: no algorithm needs it. An unused secret can still be stolen.",
		"Remove SecretKey."},
	{Note, "AllowShortSecret", func(c effectiveConfig) bool { return c.AllowShortSecret && !c.hasShortSecret() },
		"Has no effect now: no secret in the settings is short. A short secret that is set by mistake would be accepted.",
		"Remove AllowShortSecret."},
	{Warning, "DecodeAlgorithms", func(c effectiveConfig) bool { return len(c.secretAlgorithms()) > 0 && len(c.pairAlgorithms()) > 0 },
		"Tokens of SecretKey are accepted beside tokens of the key pair: anyone who has or guesses the secret can create tokens for every user.",
		"When the last token of SecretKey, or of the key pair, has expired, remove that key and its algorithm."},
	{Note, "DecodeAlgorithms", func(c effectiveConfig) bool { return hasDuplicates(c.algorithms()) },
		"Names an algorithm twice, or one that Algorithm already names.",
		"Name each additional algorithm once, and leave out the value of Algorithm."},
	{Note, "DecodeAlgorithms", func(c effectiveConfig) bool {
		return areSeveral(c.secretAlgorithms()) || areSeveral(c.pairAlgorithms())
	},
		"One key is used with several algorithms. RFC 8725 §3.1 requires one algorithm for each key.",
		"When the last token of the old algorithm has expired, remove the algorithm. Or use Keys, with one key for each algorithm."},
	{Note, "PrivateKey", func(c effectiveConfig) bool { return c.usesPEM() && isSmallRSA(c.PrivateKey) }, smallRSA, newKey},
	{Note, "PublicKey", func(c effectiveConfig) bool { return c.usesPEM() && c.PrivateKey == "" && isSmallRSA(c.PublicKey) }, smallRSA, newKey},
	{Note, "PublicKey", func(c effectiveConfig) bool { return c.usesPEM() && c.isExpiredCertificate(c.PublicKey) },
		"The certificate has expired. Its dates are not checked, so its key still verifies tokens.",
		"Get the new certificate from the issuer of the tokens. Or, to keep the key, write the public key alone: openssl x509 -pubkey -noout."},
	{Warning, "SecretKey", func(c effectiveConfig) bool { return len(c.Keys) > 0 && len(c.secretAlgorithms()) > 0 },
		`Tokens of this secret without "kid" are accepted for ever: anyone who ever had the secret can create tokens for every user.`,
		"When the last of these tokens has expired, remove SecretKey. Or move the secret to Keys now, with Verify, AllowMissingKeyID and a NotAfter (ginjwt key add keys.json --from-secret - --verify-unnamed --not-after +31d)."},
	{Note, "PrivateKey", func(c effectiveConfig) bool { return len(c.Keys) > 0 && c.usesPEM() && c.PrivateKey != "" },
		"Beside Keys, it only verifies tokens, which needs only the public half. An unused private key can still be stolen.",
		"Set PublicKey instead, and remove PublicKey when the last of its tokens has expired."},
	{Note, "PublicKey", func(c effectiveConfig) bool { return len(c.Keys) > 0 && c.usesPEM() && c.PrivateKey == "" },
		`Tokens of this key without "kid" are accepted for ever.`,
		"When the last of these tokens has expired, remove PublicKey. Or move the key to Keys, with AllowMissingKeyID and a NotAfter."},
}

const (
	smallRSA = "RSA keys of less than 3072 bits should not be used after 2030 (NIST SP 800-57)."
	newKey   = "Use EdDSA or ES256 for the next key: it is stronger, signs faster, and makes shorter tokens."
)

// keyRule says when one of Keys should change.
type keyRule struct {
	severity     Severity
	when         func(c effectiveConfig, k keys.Key) bool
	problem, fix string
}

var keyRules = []keyRule{
	{Note, func(c effectiveConfig, k keys.Key) bool { return c.isRetired(k) },
		"is retired: it no longer signs or verifies.",
		"Remove the key from the list."},
	{Warning, func(c effectiveConfig, k keys.Key) bool {
		return !c.isRetired(k) && k.AllowMissingKeyID && k.NotAfter.IsZero()
	},
		`verifies tokens without "kid", and has no end: anyone who gets this old key can create tokens for every user.`,
		"Set NotAfter to the time when the last token without \"kid\" expires: RefreshTokenExpires after the change to Keys."},
	{Warning, func(c effectiveConfig, k keys.Key) bool {
		return k.IsSecret() && k.NotAfter.IsZero() && !k.AllowMissingKeyID && k.TokenType != keys.RefreshToken &&
			slices.ContainsFunc(c.Keys, func(other keys.Key) bool { return !other.IsSecret() })
	},
		"is a secret beside key pairs, and has no end: anyone who has the secret can create tokens for every user.",
		"Set NotAfter to the time when its last token expires. Or set TokenType to RefreshToken, if only this service verifies refresh tokens."},
	{Note, func(_ effectiveConfig, k keys.Key) bool { return k.Sign == nil && !k.NotBefore.IsZero() },
		"only verifies, so NotBefore has no effect: NotBefore is the time when a key starts to sign.",
		"Remove NotBefore, or set the private key in Sign."},
	{Note, func(c effectiveConfig, k keys.Key) bool { return !c.isRetired(k) && isSmallRSAKey(k) }, "is a small RSA key: " + smallRSA, newKey},
	{Warning, func(c effectiveConfig, k keys.Key) bool { return c.endsSigning(k) },
		"is the last signing key: when it retires, no token can be created and nobody can log in.",
		"Add the next key, with a NotBefore at least RefreshTokenExpires before this NotAfter."},
	{Warning, func(c effectiveConfig, k keys.Key) bool { return !c.endsSigning(k) && c.outlivedByTokens(k) },
		"is retired before the tokens that it signs expire, because its successor starts too late: users with these tokens are logged out.",
		"Set an earlier NotBefore for the successor, or a later NotAfter for this key. Both must overlap by RefreshTokenExpires, the longest lifetime."},
}

// keyFindings returns the findings about Keys.
func (c effectiveConfig) keyFindings() (findings []Finding) {
	for i, k := range c.Keys {
		name := keyName(k, i)
		for _, r := range keyRules {
			if r.when(c, k) {
				findings = append(findings, finding(r.severity, "Keys", name+" "+r.problem, r.fix))
			}
		}
		if w, weak := c.weaknessOf(k, c.Algorithm); weak {
			findings = append(findings, finding(w.severity, "Keys", name+": "+w.problem, w.advice()))
		}
	}
	return append(findings, c.listFindings()...)
}

// listFindings returns the findings about Keys as a whole.
func (c effectiveConfig) listFindings() (findings []Finding) {
	signers := c.signers()
	active := slices.DeleteFunc(slices.Clone(signers), func(k keys.Key) bool { return !k.IsActive(c.Now()) })
	if len(signers) > 0 && len(active) == 0 {
		findings = append(findings, finding(Warning, "Keys",
			"No key signs now: every key starts later or is retired. No token can be created, and nobody can log in.",
			"Add a key without NotBefore."))
	}
	for i, k := range active {
		rivals := func(other keys.Key) bool { return other.NotAfter.IsZero() && other.TokenType == k.TokenType }
		if k.NotAfter.IsZero() && slices.ContainsFunc(active[:i], rivals) {
			findings = append(findings, finding(Note, "Keys",
				"Several keys can sign, and none of them has an end. Only the first signs, but a thief could sign with any of them.",
				"In the old keys, set NotAfter, and set Verify without Sign."))
			break
		}
	}
	return findings
}

// keyName names a key by its ID, or by its place in the list.
func keyName(k keys.Key, i int) string {
	if k.ID == "" {
		return fmt.Sprintf("Key number %d", i+1)
	}
	return fmt.Sprintf("Key %q", k.ID)
}

// signers returns the keys that can sign and are not retired.
func (c effectiveConfig) signers() (signers []keys.Key) {
	for _, k := range c.Keys {
		if k.Sign != nil && !c.isRetired(k) {
			signers = append(signers, k)
		}
	}
	return signers
}

func (c effectiveConfig) isRetired(k keys.Key) bool { return k.IsRetired(c.Now()) }

// endsSigning reports whether no key signs after k retires.
func (c effectiveConfig) endsSigning(k keys.Key) bool {
	return c.retiresAsSigner(k) && !c.hasSuccessor(k, k.NotAfter)
}

// outlivedByTokens reports whether tokens that k signs expire after k retires, because
// no other key starts to sign in time.
func (c effectiveConfig) outlivedByTokens(k keys.Key) bool {
	lifetime := c.longestLifetime(k.TokenType)
	if !c.retiresAsSigner(k) || lifetime == ginjwt.NeverExpires { // NeverExpires has its own finding
		return false
	}
	due := k.NotAfter.Add(-lifetime)
	if due.Before(k.NotBefore) {
		due = k.NotBefore
	}
	if now := c.Now(); due.Before(now) { // the past cannot be changed
		due = now
	}
	return !c.hasSuccessor(k, due)
}

func (c effectiveConfig) retiresAsSigner(k keys.Key) bool {
	return k.Sign != nil && !k.NotAfter.IsZero() && !c.isRetired(k)
}

// hasSuccessor reports whether another key signs at t what k signs, and retires later
// than k.
func (c effectiveConfig) hasSuccessor(k keys.Key, t time.Time) bool {
	return slices.ContainsFunc(c.signers(), func(next keys.Key) bool {
		longer := next.NotAfter.IsZero() || next.NotAfter.After(k.NotAfter)
		return longer && next.IsActive(t) && (next.TokenType == "" || next.TokenType == k.TokenType)
	})
}

// longestLifetime returns the longest lifetime of tokens of a type; empty means both
// types.
func (c effectiveConfig) longestLifetime(typ string) time.Duration {
	switch {
	case typ == keys.AccessToken:
		return c.AccessTokenExpires
	case typ == keys.RefreshToken:
		return c.RefreshTokenExpires
	case c.AccessTokenExpires == ginjwt.NeverExpires || c.RefreshTokenExpires == ginjwt.NeverExpires:
		return ginjwt.NeverExpires
	}
	return max(c.AccessTokenExpires, c.RefreshTokenExpires)
}

func isSmallRSAKey(k keys.Key) bool {
	public, _ := k.Public()
	key, ok := public.(*rsa.PublicKey)
	return ok && key != nil && key.N != nil && key.N.BitLen() < 3072
}

func (c effectiveConfig) isExpiredCertificate(text string) bool {
	normalized, _ := keys.Normalize([]byte(text)) // an unreadable key has its own finding
	block, _ := pem.Decode(normalized)
	if block == nil || block.Type != "CERTIFICATE" {
		return false
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	return err == nil && c.Now().After(certificate.NotAfter)
}

// isSmallRSA is isSmallRSAKey for the PEM text of a private or public key.
func isSmallRSA(text string) bool {
	if private, err := keys.ParsePrivate("", []byte(text)); err == nil {
		return isSmallRSAKey(private)
	}
	public, err := keys.ParsePublic("", []byte(text))
	return err == nil && isSmallRSAKey(public)
}
