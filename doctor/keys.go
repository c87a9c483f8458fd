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
		"Is ignored, as in Flask-JWT-Extended: no algorithm is for such a key. Tokens are signed with another; if that is SecretKey, whoever can verify them can make them too.",
		"Set Algorithm to one of the key, such as EdDSA, or remove PrivateKey."},
	{Warning, "PublicKey", func(c effectiveConfig) bool { return c.PrivateKey == "" && c.PublicKey != "" && c.ignoresPEM() },
		"Is ignored, as in Flask-JWT-Extended: no algorithm is for such a key. Tokens of its private key are refused.",
		"Set Algorithm to one of the key, such as EdDSA, or remove PublicKey."},
	{Note, "SecretKey", func(c effectiveConfig) bool {
		return c.SecretKey != "" && len(c.secretAlgorithms()) == 0 && !slices.ContainsFunc(c.algorithms(), isUnknown)
	},
		"Is not used: no algorithm needs it. A secret that is not there cannot be lost.",
		"Remove SecretKey."},
	{Note, "AllowShortSecret", func(c effectiveConfig) bool { return c.AllowShortSecret && !c.hasShortSecret() },
		"No key in the settings needs it, and a short one that comes in by mistake would be accepted.",
		"Remove AllowShortSecret."},
	{Warning, "DecodeAlgorithms", func(c effectiveConfig) bool { return len(c.secretAlgorithms()) > 0 && len(c.pairAlgorithms()) > 0 },
		"Tokens of SecretKey are accepted beside those of the key pair: everybody who has the secret, or guesses it, can make tokens for anybody.",
		"When the last token of the old kind has expired, remove its algorithm, and its key."},
	{Note, "DecodeAlgorithms", func(c effectiveConfig) bool { return hasDuplicates(c.algorithms()) },
		"Names an algorithm that is accepted in any case: twice, or as Algorithm.",
		"Name there only what is to be accepted beside Algorithm."},
	{Note, "DecodeAlgorithms", func(c effectiveConfig) bool {
		return areSeveral(c.secretAlgorithms()) || areSeveral(c.pairAlgorithms())
	},
		"One key is used with several algorithms; RFC 8725 §3.1 wants one for each.",
		"When the last token of the old algorithm has expired, remove it; or use Keys, with one key for each."},
	{Note, "PrivateKey", func(c effectiveConfig) bool { return c.usesPEM() && isSmallRSA(c.PrivateKey) }, smallRSA, newKey},
	{Note, "PublicKey", func(c effectiveConfig) bool { return c.usesPEM() && c.PrivateKey == "" && isSmallRSA(c.PublicKey) }, smallRSA, newKey},
	{Note, "PublicKey", func(c effectiveConfig) bool { return c.usesPEM() && c.isExpiredCertificate(c.PublicKey) },
		"The certificate has expired, which is not looked at here: its key goes on to verify.",
		"Ask who signs for the new certificate or, if the key is to stay, write the key alone: openssl x509 -pubkey -noout."},
	{Warning, "SecretKey", func(c effectiveConfig) bool { return len(c.Keys) > 0 && len(c.secretAlgorithms()) > 0 },
		`Tokens of this secret, without "kid", are accepted without end: everybody who ever had it can make tokens for anybody.`,
		"When the last of them has expired, remove SecretKey; or move it to Keys now, with Verify, AllowMissingKeyID and a NotAfter (ginjwt key add keys.json --from-secret - --verify-unnamed --not-after +31d)."},
	{Note, "PrivateKey", func(c effectiveConfig) bool { return len(c.Keys) > 0 && c.usesPEM() && c.PrivateKey != "" },
		"Beside Keys it only verifies, for which the private half is not needed.",
		"Keep only PublicKey, and remove that too when the last of its tokens has expired."},
	{Note, "PublicKey", func(c effectiveConfig) bool { return len(c.Keys) > 0 && c.usesPEM() && c.PrivateKey == "" },
		`Tokens of this key, without "kid", are accepted without end.`,
		"When the last of them has expired, remove PublicKey; or move it to Keys, with AllowMissingKeyID and a NotAfter."},
}

const (
	smallRSA = "RSA keys of less than 3072 bits are not for use after 2030 (NIST SP 800-57)."
	newKey   = "Make the next key one of EdDSA or ES256: shorter tokens, faster to sign, and stronger."
)

// keyRule says when one of Keys is better changed.
type keyRule struct {
	severity     Severity
	when         func(c effectiveConfig, k keys.Key) bool
	problem, fix string
}

var keyRules = []keyRule{
	{Note, func(c effectiveConfig, k keys.Key) bool { return c.isRetired(k) },
		"is retired: it does nothing any more.",
		"Remove it."},
	{Warning, func(c effectiveConfig, k keys.Key) bool {
		return !c.isRetired(k) && k.AllowMissingKeyID && k.NotAfter.IsZero()
	},
		`verifies tokens without "kid", and does so without end: whoever gets hold of this old key makes tokens for anybody.`,
		"Set NotAfter to when the last token from before the list expires: RefreshTokenExpires after the change."},
	{Warning, func(c effectiveConfig, k keys.Key) bool {
		return k.IsSecret() && k.NotAfter.IsZero() && !k.AllowMissingKeyID && k.TokenType != keys.RefreshToken &&
			slices.ContainsFunc(c.Keys, func(other keys.Key) bool { return !other.IsSecret() })
	},
		"is a secret beside key pairs, without end: everybody who has it can make tokens for anybody.",
		"Set NotAfter to when the last of its tokens expires; or TokenType to RefreshToken, if only this service verifies those."},
	{Note, func(_ effectiveConfig, k keys.Key) bool { return k.Sign == nil && !k.NotBefore.IsZero() },
		"only verifies, which NotBefore does not delay: it says when a key begins to sign.",
		"Remove NotBefore, or add the private key in Sign."},
	{Note, func(c effectiveConfig, k keys.Key) bool { return !c.isRetired(k) && isSmallRSAKey(k) }, "is a small one: " + smallRSA, newKey},
	{Warning, func(c effectiveConfig, k keys.Key) bool { return c.endsSigning(k) },
		"is the last that signs: when it is retired, no token can be created and nobody can log in.",
		"Add the next key, with a NotBefore at least RefreshTokenExpires before this NotAfter."},
	{Warning, func(c effectiveConfig, k keys.Key) bool { return !c.endsSigning(k) && c.outlivedByTokens(k) },
		"is retired before tokens that it signs expire, as its successor begins too late: those users are logged out.",
		"Let the successor begin earlier (NotBefore), or this key stay longer (NotAfter): both overlap by the longest lifetime, RefreshTokenExpires."},
}

// keyFindings returns what is to be said about Keys.
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

// listFindings is about Keys as a whole.
func (c effectiveConfig) listFindings() (findings []Finding) {
	signers := c.signers()
	active := slices.DeleteFunc(slices.Clone(signers), func(k keys.Key) bool { return !k.IsActive(c.Now()) })
	if len(signers) > 0 && len(active) == 0 {
		findings = append(findings, finding(Warning, "Keys",
			"No key signs now: all begin later, or are retired. No token can be created, and nobody can log in.",
			"Add a key without NotBefore."))
	}
	for i, k := range active {
		rivals := func(other keys.Key) bool { return other.NotAfter.IsZero() && other.TokenType == k.TokenType }
		if k.NotAfter.IsZero() && slices.ContainsFunc(active[:i], rivals) {
			findings = append(findings, finding(Note, "Keys",
				"Several keys could sign, and none has an end. The first does; the others only verify, but could be stolen to sign.",
				"Give the old keys a NotAfter, and only Verify, without Sign."))
			break
		}
	}
	return findings
}

// keyName names a key in a list: its ID, or its place.
func keyName(k keys.Key, i int) string {
	if k.ID == "" {
		return fmt.Sprintf("Key number %d", i+1)
	}
	return fmt.Sprintf("Key %q", k.ID)
}

// signers returns those of Keys that can sign, and are not retired.
func (c effectiveConfig) signers() (signers []keys.Key) {
	for _, k := range c.Keys {
		if k.Sign != nil && !c.isRetired(k) {
			signers = append(signers, k)
		}
	}
	return signers
}

func (c effectiveConfig) isRetired(k keys.Key) bool { return k.IsRetired(c.Now()) }

// endsSigning reports whether nothing signs when k is retired.
func (c effectiveConfig) endsSigning(k keys.Key) bool {
	return c.retiresAsSigner(k) && !c.hasSuccessor(k, k.NotAfter)
}

// outlivedByTokens reports whether k signs tokens that it cannot verify until
// they expire, because no other key signs in time.
func (c effectiveConfig) outlivedByTokens(k keys.Key) bool {
	lifetime := c.longestLifetime(k.TokenType)
	if !c.retiresAsSigner(k) || lifetime == ginjwt.NeverExpires { // which is reported itself
		return false
	}
	due := k.NotAfter.Add(-lifetime)
	if due.Before(k.NotBefore) {
		due = k.NotBefore
	}
	if now := c.Now(); due.Before(now) { // what was before cannot be changed
		due = now
	}
	return !c.hasSuccessor(k, due)
}

func (c effectiveConfig) retiresAsSigner(k keys.Key) bool {
	return k.Sign != nil && !k.NotAfter.IsZero() && !c.isRetired(k)
}

// hasSuccessor reports whether at t a key signs what k does, and goes on after it.
func (c effectiveConfig) hasSuccessor(k keys.Key, t time.Time) bool {
	return slices.ContainsFunc(c.signers(), func(next keys.Key) bool {
		longer := next.NotAfter.IsZero() || next.NotAfter.After(k.NotAfter)
		return longer && next.IsActive(t) && (next.TokenType == "" || next.TokenType == k.TokenType)
	})
}

// longestLifetime returns that of the tokens of a type, of both if it is empty.
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
	normalized, _ := keys.Normalize([]byte(text)) // what cannot be read is reported elsewhere
	block, _ := pem.Decode(normalized)
	if block == nil || block.Type != "CERTIFICATE" {
		return false
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	return err == nil && c.Now().After(certificate.NotAfter)
}

// isSmallRSA looks at a PEM text with a private or a public key.
func isSmallRSA(text string) bool {
	if private, err := keys.ParsePrivate("", []byte(text)); err == nil {
		return isSmallRSAKey(private)
	}
	public, err := keys.ParsePublic("", []byte(text))
	return err == nil && isSmallRSAKey(public)
}
