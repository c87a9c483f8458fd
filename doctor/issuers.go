package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

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

const (
	namesPeople = "names users by what they can choose or change there: who sets the claim to the address of another logs in as that user."
	onlySub     = `Use "sub": only that, with the issuer, stays with one user (OpenID Connect Core §5.7).`
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
	{Warning, "AccessTypes", func(_ effectiveConfig, i ginjwt.Issuer) bool { return slices.ContainsFunc(i.AccessTypes, isIDType) },
		"may send ID tokens, which are for the client that asked: whoever reads one in a page, a log or an app can use it here.",
		"Remove the type. Where there are no other tokens, take an ID token once, in exchange for a token of your own."},
	{Warning, "Leeway", func(_ effectiveConfig, i ginjwt.Issuer) bool { return i.Leeway > 5*time.Minute },
		"has tokens that are accepted for longer than five minutes after they expired. RFC 7519 §4.1.4 allows a few minutes, for clocks that differ.",
		"Leave Leeway at zero, which is 30 seconds, or use at most a minute."},
	{Note, "Leeway", func(_ effectiveConfig, i ginjwt.Issuer) bool { return i.Leeway != 0 && i.Leeway < time.Second },
		"has new tokens that are refused as not yet valid where its clock is ahead of yours, by however little.",
		"Leave Leeway at zero, which is 30 seconds, and set your clock by NTP."},
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

// isIDType reports whether a type is that of ID tokens: as Keycloak calls it, Cognito, or
// RFC 8693 §3.
func isIDType(typ string) bool {
	typ = strings.ToLower(typ)
	return typ == "id" || strings.HasSuffix(typ, "id_token") || strings.HasSuffix(typ, "id-token")
}
