package ginjwt

import (
	"net/http"
	"strings"
)

// maxFormerCookies bounds the places from which a response removes each cookie: proxies
// and clients refuse headers of more than some kilobytes.
const maxFormerCookies = 20

func (c *Config) validateCookies(p *problems) {
	if c.CookieSameSite < http.SameSiteDefaultMode || c.CookieSameSite > http.SameSiteNoneMode {
		p.add("CookieSameSite", "is not a SameSite mode of net/http")
	}
	if c.DisableCookieSecure {
		if c.CookieSameSite == http.SameSiteNoneMode {
			p.add("CookieSameSite", "browsers drop SameSite=None cookies that are not Secure; remove DisableCookieSecure (JWT_COOKIE_SECURE). To leave the attribute out, as None does in Python, use http.SameSiteDefaultMode (JWT_COOKIE_SAMESITE=Default)")
		}
		for _, field := range []struct {
			name string
			set  bool
		}{{"CookiePartitioned", c.CookiePartitioned}, {"CookieFormerPartitioned", c.CookieFormerPartitioned}} {
			if field.set {
				p.add(field.name, "browsers drop Partitioned cookies that are not Secure; remove DisableCookieSecure (JWT_COOKIE_SECURE)")
			}
		}
	}
	c.validateCSRF(p)
	c.validateCookieNames(p)
	c.validateCookiePlaces(p)
	if c.MaxFormSize < 0 {
		p.add("MaxFormSize", "must not be negative")
	}
}

// cookieFields is a cookie of the settings, with the names of its fields.
type cookieFields struct {
	*http.Cookie
	nameField, pathField string
}

// cookieFields returns all four cookies, even those that the settings turn off.
func (c *Config) cookieFields() []cookieFields {
	all := *c
	all.DisableCookieCSRFProtect, all.DisableCSRFInCookies = false, false
	access, refresh := all.cookiesOf(c.accessCookies(), cookieSpec{}), all.cookiesOf(c.refreshCookies(), cookieSpec{})
	return []cookieFields{
		{access[0], "AccessCookieName", "AccessCookiePath"},
		{refresh[0], "RefreshCookieName", "RefreshCookiePath"},
		{access[1], "AccessCSRFCookieName", "AccessCSRFCookiePath"},
		{refresh[1], "RefreshCSRFCookieName", "RefreshCSRFCookiePath"},
	}
}

func (c *Config) validateCookieNames(p *problems) {
	cookies := c.cookieFields()
	for i, k := range cookies {
		for _, other := range cookies[:i] {
			switch {
			case k.Name != other.Name:
			case k.HttpOnly || other.HttpOnly: // if one path is below the other, browsers send both
				p.add(k.nameField, "has the same name as %s; choose another name", other.nameField)
			case k.Path == other.Path:
				p.add(k.nameField, "has the same name as %s; choose another name, or give them different paths", other.nameField)
			}
		}
		if !isHTTPToken(k.Name) {
			p.add(k.nameField, "%q is not a valid cookie name", k.Name)
		}
		if !strings.HasPrefix(k.Path, "/") {
			p.add(k.pathField, "%q is not a path; begin it with /", k.Path)
		}
		p.addError(k.nameField, validPrefix(k.Cookie))
	}
}

func (c *Config) validateCookiePlaces(p *problems) {
	for _, d := range []struct{ field, domain string }{{"CookieDomain", c.CookieDomain}, {"CSRFCookieDomain", c.CSRFCookieDomain}} {
		if d.domain != "" && !isCookieDomain(d.domain) {
			p.add(d.field, "%q is not a valid domain", d.domain)
		}
	}
	for _, domain := range c.CookieFormerDomains {
		switch {
		case domain == "":
			p.add("CookieFormerDomains", "contains an empty value; remove it, because cookies of the host alone are always removed")
		case !isCookieDomain(domain):
			p.add("CookieFormerDomains", "%q is not a valid domain", domain)
		}
	}
	for _, path := range c.CookieFormerPaths {
		if !strings.HasPrefix(path, "/") {
			p.add("CookieFormerPaths", "%q is not a path; begin it with /", path)
		}
	}
	byName := map[string]int{}
	for _, former := range c.formerCookies(cookieSpec{}, c.accessCookies(), c.refreshCookies()) {
		byName[former.Name]++
		if byName[former.Name] == maxFormerCookies+1 {
			p.add("CookieFormerDomains", "with CookieFormerPaths, there are more than %d places to remove a cookie from; name fewer, because proxies refuse such long headers", maxFormerCookies)
		}
	}
}

func isCookieDomain(domain string) bool {
	return (&http.Cookie{Name: "a", Domain: domain}).Valid() == nil
}
