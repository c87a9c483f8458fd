package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// issuerRule says when a field of one of Issuers should change.
type issuerRule struct {
	severity     Severity
	field        string
	when         func(c effectiveConfig, i ginjwt.Issuer) bool
	problem, fix string
}

const (
	namesPeople = "names users by a claim that they can change: anyone who sets it to the address or name of another user logs in as that user."
	onlySub     = `Use "sub": only "sub", together with the issuer, always means the same user (OpenID Connect Core §5.7).`
)

var issuerRules = []issuerRule{
	{Danger, "IdentityClaim", func(_ effectiveConfig, i ginjwt.Issuer) bool { return isPersonal(i.IdentityClaim) },
		namesPeople,
		onlySub},
	{Danger, "IdentityClaims", func(_ effectiveConfig, i ginjwt.Issuer) bool {
		return slices.ContainsFunc(i.IdentityClaims, isPersonal)
	},
		namesPeople,
		onlySub},
	{Warning, "Audience", func(c effectiveConfig, i ginjwt.Issuer) bool {
		return len(i.Audience) == 0 && len(c.DecodeAudience) == 0
	},
		"also makes tokens for other services, and this service accepts them: the operator of another service can use its users' tokens at this service (RFC 8725 §3.9).",
		`Set Audience to the name that the issuer writes into "aud" for this service.`},
	{Warning, "Keys", func(_ effectiveConfig, i ginjwt.Issuer) bool { return slices.ContainsFunc(i.Keys, keys.Key.IsSecret) },
		"signs with a secret: everyone who verifies its tokens, such as this service, can also create them.",
		"Let the issuer sign with a key pair, such as EdDSA or ES256, and set only its public key in Keys."},
	{Warning, "Keys", func(_ effectiveConfig, i ginjwt.Issuer) bool {
		return slices.ContainsFunc(i.Keys, func(k keys.Key) bool { return k.Sign != nil && !k.IsSecret() })
	},
		"has its private key in these settings: an attacker who controls this service can create tokens for every service that trusts the issuer.",
		"Set the public key in Verify, and leave Sign nil."},
	{Warning, "Algorithms", func(_ effectiveConfig, i ginjwt.Issuer) bool {
		return i.KeySource != nil && slices.ContainsFunc(i.Algorithms, keys.IsHMAC)
	},
		"may sign with a secret: everyone who verifies its tokens with the secret can also create them.",
		"Leave Algorithms empty, or remove HS256, HS384 and HS512."},
	{Warning, "Types", func(_ effectiveConfig, i ginjwt.Issuer) bool { return slices.ContainsFunc(i.Types, isForeignType) },
		"may send tokens that were issued for another purpose, such as a logout: in this service, they work as access tokens (RFC 8725 §2.8).",
		`Remove the type from Types. Access tokens have "JWT" or "at+jwt".`},
	{Warning, "AccessTypes", func(_ effectiveConfig, i ginjwt.Issuer) bool { return slices.ContainsFunc(i.AccessTypes, isIDType) },
		"may send ID tokens, which are meant only for the client that logs the user in: anyone who reads one in a page, a log or an app can use it at this service.",
		"Remove the type from AccessTypes. If the issuer has no access tokens, exchange an ID token once for a token of your own."},
	{Warning, "Leeway", func(_ effectiveConfig, i ginjwt.Issuer) bool { return i.Leeway > 5*time.Minute },
		"has tokens that are accepted for more than five minutes after they expire. RFC 7519 §4.1.4 allows a few minutes for clock skew.",
		"Leave Leeway zero, which means 30 seconds, or set at most a minute."},
	{Note, "Leeway", func(_ effectiveConfig, i ginjwt.Issuer) bool { return i.Leeway != 0 && i.Leeway < time.Second },
		"has new tokens that are refused as not yet valid if its clock is ahead of yours, even by very little.",
		"Leave Leeway zero, which means 30 seconds, and synchronize your clock with NTP."},
	{Note, "AllowSharedIdentities", func(c effectiveConfig, i ginjwt.Issuer) bool {
		return i.AllowSharedIdentities && c.hasKeys() && i.IdentityPrefix == ""
	},
		"names your own users: anyone who controls the issuer, or can choose an identity there, can log in as any of them.",
		"Remove AllowSharedIdentities and set an IdentityPrefix, unless your users are registered at this issuer."},
	{Note, "IdentityPrefix", func(c effectiveConfig, i ginjwt.Issuer) bool { return c.hasKeys() && endsInLetter(i.IdentityPrefix) },
		"has an IdentityPrefix that ends in a letter or digit: with the prefix ab, its user c becomes your own user abc.",
		`End the prefix with a character that your own identities do not contain, such as ":".`},
	{Note, "RequiredClaims", func(c effectiveConfig, i ginjwt.Issuer) bool {
		required := i.RequiredClaims
		if required == nil {
			required = c.RequiredClaims
		}
		return !slices.Contains(required, "exp")
	},
		`may leave out "exp" by mistake: such a token never expires.`,
		`Add "exp" to RequiredClaims of this issuer.`},
}

// issuerFindings returns the findings about Issuers.
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

// isIDType reports whether a type means ID tokens, in the words of Keycloak, Cognito, or
// RFC 8693 §3.
func isIDType(typ string) bool {
	typ = strings.ToLower(typ)
	return typ == "id" || strings.HasSuffix(typ, "id_token") || strings.HasSuffix(typ, "id-token")
}
