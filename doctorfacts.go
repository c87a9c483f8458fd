package ginjwt

import (
	"net/http"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"
)

// settled is a Config with its defaults, as InitApp would use it.
type settled struct {
	Config
	given Config
}

func (c settled) findings() (findings []Finding) {
	for _, r := range rules {
		if r.when(c) {
			findings = append(findings, finding(r.severity, r.field, r.problem, r.fix))
		}
	}
	return slices.Concat(findings, c.secretFindings(), c.keyFindings(), c.issuerFindings(), c.claimFindings(), c.unusedFindings())
}

func (c settled) reads(l Location) bool { return slices.Contains(c.TokenLocation, l) }

func (c settled) checksCSRF() bool { return c.reads(InCookies) && !c.DisableCookieCSRFProtect }

func (c settled) setsCSRFCookies() bool { return c.checksCSRF() && !c.DisableCSRFInCookies }

// acceptsForgedForms reports whether a form on any site can send a POST that is
// accepted.
func (c settled) acceptsForgedForms() bool {
	crossSite := c.CookieSameSite == http.SameSiteNoneMode || c.CookieSameSite == http.SameSiteDefaultMode
	unchecked := c.DisableCookieCSRFProtect || leavesOut(c.CSRFMethods, "POST")
	return c.reads(InCookies) && crossSite && unchecked
}

// leavesOut reports whether a list that is not empty lacks one of values.
func leavesOut(list []string, values ...string) bool {
	return len(list) > 0 && slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(list, v) })
}

// issuers are the values that "iss" of our own tokens may have; none: any.
func (c settled) issuers() []string {
	if c.DecodeIssuer == "" {
		return c.DecodeIssuers
	}
	return append(slices.Clone(c.DecodeIssuers), c.DecodeIssuer)
}

func (c settled) refusesIssuer(name string) bool {
	return len(c.issuers()) > 0 && !slices.Contains(c.issuers(), name)
}

func intersect(a, b []string) bool {
	return slices.ContainsFunc(a, func(v string) bool { return slices.Contains(b, v) })
}

// forgets reports whether revoked tokens are remembered in this process alone.
func (c settled) forgets() bool {
	_, memory := c.Blocklist.(*MemoryBlocklist)
	return memory
}

func (c settled) livesLong() bool {
	return c.AccessTokenExpires > time.Hour || c.AccessTokenExpires == NeverExpires
}

func (c settled) sharesSessions() bool {
	_, memory := c.Sessions.(*MemorySessions)
	return c.Sessions != nil && !memory
}

// secretAlgorithms are those that SecretKey is used with.
func (c settled) secretAlgorithms() (names []string) {
	if c.SecretKey == "" {
		return nil
	}
	return slices.DeleteFunc(c.algorithms(), func(name string) bool { return !isHMAC(name) })
}

// pairAlgorithms are those that PrivateKey and PublicKey are used with.
func (c settled) pairAlgorithms() (names []string) {
	if c.PrivateKey+c.PublicKey == "" {
		return nil
	}
	return slices.DeleteFunc(c.algorithms(), isHMAC)
}

func (c settled) usesPEM() bool { return len(c.pairAlgorithms()) > 0 }

// ignoresPEM reports whether PrivateKey and PublicKey are passed over. Without
// another key that is refused.
func (c settled) ignoresPEM() bool {
	return !c.usesPEM() && (c.SecretKey != "" || len(c.Keys)+len(c.Issuers) > 0)
}

// hasKeys reports whether there are tokens of our own.
func (c settled) hasKeys() bool {
	return len(c.Keys) > 0 || len(c.secretAlgorithms()) > 0 || c.usesPEM()
}

// usesPair reports whether there is an asymmetric key.
func (c settled) usesPair() bool {
	return c.usesPEM() || slices.ContainsFunc(c.Keys, func(k Key) bool { return !isSecret(k) })
}

// signs reports whether tokens can be created.
func (c settled) signs() bool {
	if len(c.Keys) > 0 {
		return slices.ContainsFunc(c.Keys, func(k Key) bool { return k.Sign != nil })
	}
	if isHMAC(c.Algorithm) {
		return c.SecretKey != ""
	}
	return c.PrivateKey != ""
}

// onlyVerifies reports whether the tokens are made by somebody else.
func (c settled) onlyVerifies() bool {
	return !c.signs() && (c.usesPair() || len(c.Keys) > 0)
}

func hasDuplicates(names []string) bool { return len(distinct(names)) < len(names) }

func severalOf(names []string) bool { return len(distinct(names)) > 1 }

func distinct(names []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

func endsInLetter(s string) bool {
	last, _ := utf8.DecodeLastRuneInString(s)
	return s != "" && (unicode.IsLetter(last) || unicode.IsDigit(last))
}

// hasShortSecret reports whether there is a reason for AllowShortSecret.
func (c settled) hasShortSecret() bool {
	short := func(name string) bool { return len(c.SecretKey) < algorithms[name].bits/8 }
	return slices.ContainsFunc(c.secretAlgorithms(), short) || slices.ContainsFunc(c.Keys, func(k Key) bool {
		secret, ok := k.half().([]byte)
		return ok && len(secret) < algorithms[or(k.Algorithm, algorithmFor(k, c.Algorithm))].bits/8
	})
}
