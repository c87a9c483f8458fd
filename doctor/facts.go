package doctor

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// effectiveConfig is a Config with its defaults, as InitApp would use it.
type effectiveConfig struct {
	ginjwt.Config
	given ginjwt.Config
}

// effective fills in the defaults. JWTManager.Config leaves out keys and issuers, so they
// come from the given settings.
func effective(given ginjwt.Config) effectiveConfig {
	c := ginjwt.New(given).Config()
	c.SecretKey, c.PrivateKey, c.Keys, c.Issuers = given.SecretKey, given.PrivateKey, given.Keys, given.Issuers
	return effectiveConfig{c, given}
}

func (c effectiveConfig) findings() (findings []Finding) {
	for _, r := range rules {
		if r.when(c) {
			findings = append(findings, finding(r.severity, r.field, r.problem, r.fix))
		}
	}
	return slices.Concat(findings, c.secretFindings(), c.keyFindings(), c.issuerFindings(), c.resourceFindings(), c.claimFindings(), c.unusedFindings())
}

// warns reports whether LoadConfig warned about a setting.
func (c effectiveConfig) warns(setting string) bool {
	return slices.ContainsFunc(c.Warnings, func(w ginjwt.SettingWarning) bool { return w.Setting == setting })
}

func (c effectiveConfig) reads(l ginjwt.Location) bool { return slices.Contains(c.TokenLocation, l) }

// lacks reports whether TokenLocation does not name l. It is false while a location is
// misspelled, because l may be meant.
func (c effectiveConfig) lacks(l ginjwt.Location) bool {
	known := []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InQueryString, ginjwt.InJSON, ginjwt.InTicket}
	misspelled := slices.ContainsFunc(c.TokenLocation, func(l ginjwt.Location) bool { return !slices.Contains(known, l) })
	return !c.reads(l) && !misspelled
}

func (c effectiveConfig) setsSecureCookies() bool {
	return c.reads(ginjwt.InCookies) && !c.DisableCookieSecure
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// isPlainHTTP reports whether text is an http:// address other than localhost. Most
// browsers send Secure cookies to localhost over plain HTTP too.
func isPlainHTTP(text string) bool {
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "http" {
		return false
	}
	host := strings.ToLower(address.Hostname())
	return host != "" && !isLoopback(host)
}

func isLoopback(host string) bool {
	ip, _ := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip.IsLoopback()
}

func (c effectiveConfig) checksCSRF() bool {
	return c.reads(ginjwt.InCookies) && !c.DisableCookieCSRFProtect
}

func (c effectiveConfig) setsCSRFCookies() bool { return c.checksCSRF() && !c.DisableCSRFInCookies }

// acceptsForgedForms reports whether a form on any other site can send an accepted POST.
func (c effectiveConfig) acceptsForgedForms() bool {
	unchecked := c.DisableCookieCSRFProtect || leavesOut(c.CSRFMethods, "POST")
	return c.reads(ginjwt.InCookies) && c.sendsCrossSite() && unchecked
}

// leavesOut reports whether list is not empty and lacks one of values.
func leavesOut(list []string, values ...string) bool {
	return len(list) > 0 && slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(list, v) })
}

// algorithms returns all accepted algorithms. The first one signs.
func (c effectiveConfig) algorithms() []string {
	return append([]string{c.Algorithm}, c.DecodeAlgorithms...)
}

// isUnknown reports whether an algorithm is misspelled: then it may mean any key.
func isUnknown(algorithm string) bool { return !keys.IsAlgorithm(algorithm) }

// issuers returns the accepted values of "iss" in own tokens. None means any.
func (c effectiveConfig) issuers() []string {
	if c.DecodeIssuer == "" {
		return c.DecodeIssuers
	}
	return append(slices.Clone(c.DecodeIssuers), c.DecodeIssuer)
}

func (c effectiveConfig) refusesIssuer(name string) bool {
	return len(c.issuers()) > 0 && !slices.Contains(c.issuers(), name)
}

func intersect(a, b []string) bool {
	return slices.ContainsFunc(a, func(v string) bool { return slices.Contains(b, v) })
}

// forgets reports whether revoked tokens are remembered only in this process.
func (c effectiveConfig) forgets() bool {
	_, memory := c.Blocklist.(*store.MemoryBlocklist)
	return memory
}

// forgetsAlone is forgets, if no shared store shows that there are other processes.
func (c effectiveConfig) forgetsAlone() bool {
	return c.forgets() && !c.sharesSessions() && c.forgetsUses()
}

func (c effectiveConfig) livesLong() bool {
	return c.AccessTokenExpires > time.Hour || c.AccessTokenExpires == ginjwt.NeverExpires
}

func (c effectiveConfig) sharesSessions() bool {
	_, memory := c.Sessions.(*store.MemorySessions)
	return c.Sessions != nil && !memory
}

// secretAlgorithms returns the algorithms that use SecretKey.
func (c effectiveConfig) secretAlgorithms() (names []string) {
	if c.SecretKey == "" {
		return nil
	}
	return slices.DeleteFunc(c.algorithms(), func(name string) bool { return !keys.IsHMAC(name) })
}

// pairAlgorithms returns the algorithms that use PrivateKey and PublicKey.
func (c effectiveConfig) pairAlgorithms() (names []string) {
	if c.PrivateKey+c.PublicKey == "" {
		return nil
	}
	return slices.DeleteFunc(c.algorithms(), keys.IsHMAC)
}

func (c effectiveConfig) usesPEM() bool { return len(c.pairAlgorithms()) > 0 }

// ignoresPEM reports whether PrivateKey and PublicKey are not used. If there is no other
// key, InitApp refuses the settings instead.
func (c effectiveConfig) ignoresPEM() bool {
	return !c.usesPEM() && (c.SecretKey != "" || len(c.Keys)+len(c.Issuers) > 0 || c.IssuerResolver != nil)
}

// hasKeys reports whether the manager accepts tokens of its own keys.
func (c effectiveConfig) hasKeys() bool {
	return len(c.Keys) > 0 || len(c.secretAlgorithms()) > 0 || c.usesPEM()
}

// usesPair reports whether there is an asymmetric key.
func (c effectiveConfig) usesPair() bool {
	return c.usesPEM() || slices.ContainsFunc(c.Keys, func(k keys.Key) bool { return !k.IsSecret() })
}

// signs reports whether tokens can be created.
func (c effectiveConfig) signs() bool {
	if len(c.Keys) > 0 {
		return slices.ContainsFunc(c.Keys, func(k keys.Key) bool { return k.Sign != nil })
	}
	if keys.IsHMAC(c.Algorithm) {
		return c.SecretKey != ""
	}
	return c.PrivateKey != ""
}

// onlyVerifies reports whether the service verifies tokens but cannot create them.
func (c effectiveConfig) onlyVerifies() bool {
	return !c.signs() && (c.usesPair() || len(c.Keys) > 0)
}

func hasDuplicates(names []string) bool { return len(distinct(names)) < len(names) }

func areSeveral(names []string) bool { return len(distinct(names)) > 1 }

func distinct(names []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

func endsInLetter(s string) bool {
	last, _ := utf8.DecodeLastRuneInString(s)
	return s != "" && (unicode.IsLetter(last) || unicode.IsDigit(last))
}

// hasShortSecret reports whether a secret needs AllowShortSecret.
func (c effectiveConfig) hasShortSecret() bool {
	short := func(name string) bool { return len(c.SecretKey) < keys.MinSecretBytes(name) }
	return slices.ContainsFunc(c.secretAlgorithms(), short) || slices.ContainsFunc(c.Keys, func(k keys.Key) bool {
		secret, ok := secretIn(k)
		return ok && len(secret) < keys.MinSecretBytes(k.AlgorithmOr(c.Algorithm))
	})
}
