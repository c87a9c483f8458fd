package doctor

import (
	"fmt"
	"slices"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// issuerRule says when a field of one of Issuers is better changed.
type issuerRule struct {
	severity     Severity
	field        string
	when         func(c effectiveConfig, i ginjwt.Issuer) bool
	problem, fix string
}

var issuerRules = []issuerRule{
	{Danger, "IdentityClaim", func(_ effectiveConfig, i ginjwt.Issuer) bool { return isPersonal(i.IdentityClaim) },
		"names users by what they can choose or change there: who sets the claim to the address of another logs in as that user.",
		`Use "sub": only that, with the issuer, stays with one user (OpenID Connect Core §5.7).`},
	{Warning, "Audience", func(c effectiveConfig, i ginjwt.Issuer) bool {
		return len(i.Audience) == 0 && len(c.DecodeAudience) == 0
	},
		"makes tokens for other services, which are accepted: whoever runs one of those can use its users' tokens here (RFC 8725 §3.9).",
		`Set Audience to the name of this service, as the issuer writes it to "aud".`},
	{Warning, "Keys", func(_ effectiveConfig, i ginjwt.Issuer) bool { return slices.ContainsFunc(i.Keys, keys.Key.IsSecret) },
		"signs with a secret: whoever verifies its tokens, as this service does, can make them as well.",
		"Let it sign with a key pair, such as EdDSA or ES256, and put its public key here."},
	{Warning, "Keys", func(_ effectiveConfig, i ginjwt.Issuer) bool {
		return slices.ContainsFunc(i.Keys, func(k keys.Key) bool { return k.Sign != nil && !k.IsSecret() })
	},
		"is somebody else, but its private key is here: who takes over this service can make tokens for all that trust it.",
		"Put the public key in Verify, and leave Sign nil."},
	{Warning, "Algorithms", func(_ effectiveConfig, i ginjwt.Issuer) bool {
		return i.KeySource != nil && slices.ContainsFunc(i.Algorithms, keys.IsHMAC)
	},
		"may sign with a secret, and whoever verifies its tokens with that can make them as well.",
		"Leave Algorithms empty, or name none of HS256, HS384 and HS512."},
	{Warning, "Types", func(_ effectiveConfig, i ginjwt.Issuer) bool { return slices.ContainsFunc(i.Types, isForeignType) },
		"may send tokens that were made for something else, such as logging out: in this service they log in (RFC 8725 §2.8).",
		`Remove the type. Access tokens have "JWT" or "at+jwt".`},
	{Note, "AllowSharedIdentities", func(c effectiveConfig, i ginjwt.Issuer) bool {
		return i.AllowSharedIdentities && c.hasKeys() && i.IdentityPrefix == ""
	},
		"names your own users: whoever controls it, or can choose an identity there, logs in as any of them.",
		"Remove AllowSharedIdentities and set an IdentityPrefix, unless that issuer is where your users are registered."},
	{Note, "IdentityPrefix", func(c effectiveConfig, i ginjwt.Issuer) bool { return c.hasKeys() && endsInLetter(i.IdentityPrefix) },
		"has an IdentityPrefix that ends in a letter or digit: with ab before it, its user c is your own user abc.",
		`End it with what no identity of your own has in it, such as ":".`},
	{Note, "RequiredClaims", func(c effectiveConfig, i ginjwt.Issuer) bool {
		required := i.RequiredClaims
		if required == nil {
			required = c.RequiredClaims
		}
		return !slices.Contains(required, "exp")
	},
		`may leave out "exp" by mistake: such a token is accepted for ever.`,
		`Add "exp" to its RequiredClaims.`},
}

// issuerFindings returns what is to be said about Issuers.
func (c effectiveConfig) issuerFindings() (findings []Finding) {
	for n, issuer := range c.Issuers {
		name := fmt.Sprintf("Issuer %q", issuer.Name)
		for _, r := range issuerRules {
			if r.when(c, issuer) {
				findings = append(findings, finding(r.severity, issuerField(n, r.field), name+" "+r.problem, r.fix))
			}
		}
		for i, k := range issuer.Keys {
			if w, weak := c.weaknessOf(k, ""); weak {
				findings = append(findings, finding(w.severity, issuerField(n, "Keys"), name+", "+keyName(k, i)+": "+w.problem, w.advice()))
			}
		}
	}
	return findings
}

func issuerField(i int, field string) string { return fmt.Sprintf("Issuers[%d].%s", i, field) }
