package ginjwt

import (
	"net/http"
	"strings"
)

// maxFormerCookies bounds what a response removes of each cookie: proxies, and
// clients, refuse headers of more than some kilobytes.
const maxFormerCookies = 20

func (c *Config) validateCookies(p *problems) {
	if c.CookieSameSite < http.SameSiteDefaultMode || c.CookieSameSite > http.SameSiteNoneMode {
		p.add("CookieSameSite", "is none of the modes of net/http")
	}
	if c.DisableCookieSecure {
		if c.CookieSameSite == http.SameSiteNoneMode {
			p.add("CookieSameSite", "browsers drop SameSite=None cookies that are not Secure; remove DisableCookieSecure (JWT_COOKIE_SECURE), or, for what None means in Python, leave the attribute out: http.SameSiteDefaultMode (JWT_COOKIE_SAMESITE=Default)")
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
	c.validateCookieNames(p)
	c.validateCookiePlaces(p)
	if c.MaxFormSize < 0 {
		p.add("MaxFormSize", "must not be negative")
	}
}

// cookieFields are a cookie of the settings, and the fields that name it.
type cookieFields struct {
	*http.Cookie
	nameField, pathField string
}

// cookieFields returns all four cookies, whether they are set or not.
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
			case k.HttpOnly || other.HttpOnly: // of two tokens, both would be sent where one path is in the other
				p.add(k.nameField, "is the name of %s too", other.nameField)
			case k.Path == other.Path:
				p.add(k.nameField, "is the name of %s too; both may have it if their paths differ", other.nameField)
			}
		}
		if !isHTTPToken(k.Name) {
			p.add(k.nameField, "%q is no name of a cookie", k.Name)
		}
		if !strings.HasPrefix(k.Path, "/") {
			p.add(k.pathField, "%q is no path", k.Path)
		}
		p.addError(k.nameField, validPrefix(k.Cookie))
	}
}

func (c *Config) validateCookiePlaces(p *problems) {
	for _, d := range []struct{ field, domain string }{{"CookieDomain", c.CookieDomain}, {"CSRFCookieDomain", c.CSRFCookieDomain}} {
		if d.domain != "" && !isCookieDomain(d.domain) {
			p.add(d.field, "%q is no domain", d.domain)
		}
	}
	for _, domain := range c.CookieFormerDomains {
		switch {
		case domain == "":
			p.add("CookieFormerDomains", "holds an empty value; the host alone need not be named")
		case !isCookieDomain(domain):
			p.add("CookieFormerDomains", "%q is no domain", domain)
		}
	}
	for _, path := range c.CookieFormerPaths {
		if !strings.HasPrefix(path, "/") {
			p.add("CookieFormerPaths", "%q is no path", path)
		}
	}
	byName := map[string]int{}
	for _, former := range c.formerCookies(cookieSpec{}, c.accessCookies(), c.refreshCookies()) {
		byName[former.Name]++
		if byName[former.Name] == maxFormerCookies+1 {
			p.add("CookieFormerDomains", "with CookieFormerPaths there are more than %d places to remove a cookie from; a browser would not take so many", maxFormerCookies)
		}
	}
}

func isCookieDomain(domain string) bool {
	return (&http.Cookie{Name: "a", Domain: domain}).Valid() == nil
}
