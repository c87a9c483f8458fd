package ginjwt

import (
	"slices"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// These are the values of Config.DPoP.
const (
	dpopOff      = "off"
	dpopAccepted = "accepted"
	dpopDemanded = "demanded"
)

// maxDPoPWindow is the greatest DPoPWindow. Proofs are remembered for that long.
const maxDPoPWindow = 10 * time.Minute

// bindsTokens reports whether logins bind their tokens to keys.
func (c *Config) bindsTokens() bool { return c.DPoP == dpopAccepted || c.DPoP == dpopDemanded }

func (c *Config) validateDPoP(p *problems) {
	switch {
	case !c.bindsTokens() && c.DPoP != dpopOff:
		p.add("DPoP", "%q is not a value of this setting; use off, accepted or demanded", c.DPoP)
	case c.bindsTokens() && !slices.Contains(c.TokenLocation, InHeaders):
		p.add("DPoP", "needs tokens in headers (RFC 9449 §7.1): a page cannot make a proof for a token in a cookie that it cannot read; add %q to TokenLocation, or turn DPoP off", InHeaders)
	}
	if c.bindsTokens() && strings.EqualFold(c.HeaderName, "DPoP") {
		p.add("HeaderName", "%q is the header of DPoP proofs; use another header, such as the default, or turn DPoP off", c.HeaderName)
	}
	if strings.EqualFold(c.HeaderType, "DPoP") {
		p.add("HeaderType", "%q is the scheme of tokens that are bound to a key; leave the default, and set DPoP (JWT_DPOP)", c.HeaderType)
	}
	for i, origin := range c.DPoPOrigins {
		switch _, ok := normalTarget(origin); {
		case !ok || strings.ContainsAny(origin, "?#"):
			p.add("DPoPOrigins", "%q is not an origin; write https://host or https://host:port, and the path that a proxy removes", origin)
		case slices.Contains(c.DPoPOrigins[:i], origin):
			p.add("DPoPOrigins", "contains %q twice; remove one", origin)
		}
	}
	if c.DPoPWindow < time.Second || c.DPoPWindow > maxDPoPWindow {
		p.add("DPoPWindow", "must be between a second and %s (it is %s)", maxDPoPWindow, c.DPoPWindow)
	}
	p.addError("DPoPNonceSecret", invalidNonceSecret(c.DPoPNonceSecret))
	p.addError("DPoPNonceOtherSecret", invalidNonceSecret(c.DPoPNonceOtherSecret))
}

// invalidNonceSecret returns an error for a secret that is too short. No secret is fine.
func invalidNonceSecret(secret string) error {
	if secret == "" {
		return nil
	}
	_, err := keys.Options{}.Bind(keys.Key{Algorithm: "HS256", Sign: []byte(secret)})
	return err
}

// validateNonces reports nonces that nobody could make.
func (c *Config) validateNonces(set *keys.Set, p *problems) {
	if !c.DPoPNonce || c.DPoPNonceSecret != "" {
		return
	}
	for key := range set.All() {
		if key.Signs() {
			return
		}
	}
	p.add("DPoPNonceSecret", "must be set for DPoPNonce, because no key of the settings signs; make one with: openssl rand -base64 32")
}
