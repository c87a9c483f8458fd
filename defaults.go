package ginjwt

import (
	"net/http"
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
	"github.com/gin-jwt-extended/ginjwt/store"
)

const (
	defaultMaxTokenSize = 16 << 10
	largestTokenSize    = 1 << 30
	defaultMaxFormSize  = 256 << 20
	defaultSessionGrace = time.Minute

	defaultTokenCacheSize = 10_000
	defaultResolved       = 1000 // issuers
	defaultDPoPWindow     = time.Minute
)

// withDefaults returns a copy of c with all defaults filled in. It shares no slice with
// the caller.
func (c Config) withDefaults() Config {
	c.Algorithm = keys.CanonicalAlgorithm(or(c.Algorithm, "HS256"))
	c.AccessTokenExpires = or(c.AccessTokenExpires, 15*time.Minute)
	c.RefreshTokenExpires = or(c.RefreshTokenExpires, 30*24*time.Hour)
	c.IdentityClaim = or(c.IdentityClaim, "sub")
	c.TypeClaim = or(c.TypeClaim, "type")
	c.FreshClaim = or(c.FreshClaim, "fresh")
	c.ScopeClaim = or(c.ScopeClaim, "scope")
	c.RolesClaim = or(c.RolesClaim, "roles")
	c.ErrorMessageKey = or(c.ErrorMessageKey, "msg")
	c.ErrorProfile = or(c.ErrorProfile, "flask")
	c.HeaderName = or(c.HeaderName, "Authorization")
	c.HeaderType = or(c.HeaderType, "Bearer")
	c.AccessCookieName = or(c.AccessCookieName, "access_token_cookie")
	c.AccessCookiePath = escapePath(or(c.AccessCookiePath, "/"))
	c.RefreshCookieName = or(c.RefreshCookieName, "refresh_token_cookie")
	c.RefreshCookiePath = escapePath(or(c.RefreshCookiePath, "/"))
	c.CookieSameSite = or(c.CookieSameSite, http.SameSiteLaxMode)
	if !c.DisableCookieCSRFProtect {
		c.CSRFProtection = or(c.CSRFProtection, doubleSubmit)
	}
	c.AccessCSRFCookieName = or(c.AccessCSRFCookieName, "csrf_access_token")
	c.AccessCSRFCookiePath = escapePath(or(c.AccessCSRFCookiePath, "/"))
	c.AccessCSRFHeaderName = or(c.AccessCSRFHeaderName, "X-CSRF-TOKEN")
	c.AccessCSRFFieldName = or(c.AccessCSRFFieldName, "csrf_token")
	c.RefreshCSRFCookieName = or(c.RefreshCSRFCookieName, "csrf_refresh_token")
	c.RefreshCSRFCookiePath = escapePath(or(c.RefreshCSRFCookiePath, "/"))
	c.RefreshCSRFHeaderName = or(c.RefreshCSRFHeaderName, "X-CSRF-TOKEN")
	c.RefreshCSRFFieldName = or(c.RefreshCSRFFieldName, "csrf_token")
	c.MaxFormSize = or(c.MaxFormSize, defaultMaxFormSize)
	c.QueryStringName = or(c.QueryStringName, "jwt")
	c.TicketName = or(c.TicketName, "ticket")
	c.JSONKey = or(c.JSONKey, "access_token")
	c.RefreshJSONKey = or(c.RefreshJSONKey, "refresh_token")
	c.MaxTokenSize = or(c.MaxTokenSize, defaultMaxTokenSize)
	c.TokenCacheSize = or(c.TokenCacheSize, defaultTokenCacheSize)
	c.MaxResolvedIssuers = or(c.MaxResolvedIssuers, defaultResolved)
	c.SessionGrace = or(c.SessionGrace, defaultSessionGrace)
	c.DPoP = or(c.DPoP, dpopOff)
	c.DPoPWindow = or(c.DPoPWindow, defaultDPoPWindow)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Blocklist == nil {
		c.Blocklist = &store.MemoryBlocklist{Now: c.Now}
	}
	if c.Once == nil {
		c.Once = &store.MemoryOnce{Now: c.Now}
	}
	c.copyLists()
	if len(c.TokenLocation) == 0 {
		c.TokenLocation = []Location{InHeaders}
	}
	return c
}

// copyLists replaces the slices of c by copies.
func (c *Config) copyLists() {
	c.TokenLocation = slices.Clone(c.TokenLocation)
	c.Keys = slices.Clone(c.Keys)
	c.Issuers = slices.Clone(c.Issuers)
	c.Resources = slices.Clone(c.Resources)
	c.DecodeAlgorithms = keys.CanonicalAlgorithms(c.DecodeAlgorithms)
	c.DecodeIssuers = slices.Clone(c.DecodeIssuers)
	c.EncodeAudience = slices.Clone(c.EncodeAudience)
	c.DecodeAudience = slices.Clone(c.DecodeAudience)
	c.CSRFMethods = slices.Clone(c.CSRFMethods)
	c.DPoPOrigins = slices.Clone(c.DPoPOrigins)
	c.CSRFTrustedOrigins = slices.Clone(c.CSRFTrustedOrigins)
	c.CookieFormerDomains = slices.Clone(c.CookieFormerDomains)
	c.CookieFormerPaths = slices.Clone(c.CookieFormerPaths)
	for i, path := range c.CookieFormerPaths {
		c.CookieFormerPaths[i] = escapePath(path)
	}
	c.RequiredClaims = slices.Clone(c.RequiredClaims)
	c.DecodeTypes = slices.Clone(c.DecodeTypes)
}
