package ginjwt

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// cookieKind describes the two cookies of one type of token.
type cookieKind struct {
	name, path         string
	csrfName, csrfPath string
	csrfHeader         string
	csrfField          string
}

func (c *Config) accessCookies() cookieKind {
	return cookieKind{
		c.AccessCookieName, c.AccessCookiePath,
		c.AccessCSRFCookieName, c.AccessCSRFCookiePath, c.AccessCSRFHeaderName, c.AccessCSRFFieldName,
	}
}

func (c *Config) refreshCookies() cookieKind {
	return cookieKind{
		c.RefreshCookieName, c.RefreshCookiePath,
		c.RefreshCSRFCookieName, c.RefreshCSRFCookiePath, c.RefreshCSRFHeaderName, c.RefreshCSRFFieldName,
	}
}

// escapePath returns a path as it is written in URLs, because browsers compare it with
// URLs. As in Flask-JWT-Extended, an escaped path stays as it is.
func escapePath(path string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%!$&'()*+,/:=@"
	var b strings.Builder
	for i := range len(path) {
		if strings.IndexByte(plain, path[i]) >= 0 {
			b.WriteByte(path[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", path[i])
		}
	}
	return b.String()
}

func (c *Config) setsCSRFCookies() bool {
	return !c.DisableCookieCSRFProtect && !c.DisableCSRFInCookies
}

// cookieSpec holds the cookie options of a call. The zero value means the settings. The
// session stores it as JSON.
type cookieSpec struct {
	MaxAge      int64       `json:"max_age,omitzero"` // seconds; zero: by Persistence; negative: an error
	Persistence persistence `json:"persistence,omitzero"`
	Domain      string      `json:"domain,omitzero"` // empty: the domains of the settings
}

// persistence tells whether cookies outlive the browser.
type persistence int8

const (
	bySettings persistence = iota
	persistent
	untilClosed
)

// cookiesOf returns the cookies of a kind without values: the token cookie and, if there
// is one, the CSRF cookie. Setting and removing cookies use the same description.
// Scripts may read the CSRF value, but not the token.
func (c *Config) cookiesOf(kind cookieKind, spec cookieSpec) []*http.Cookie {
	domain := or(spec.Domain, c.CookieDomain)
	csrfDomain := or(or(spec.Domain, c.CSRFCookieDomain), c.CookieDomain)
	token := &http.Cookie{
		Name:        kind.name,
		Path:        kind.path,
		Domain:      domain,
		Secure:      !c.DisableCookieSecure,
		HttpOnly:    true,
		SameSite:    c.CookieSameSite,
		Partitioned: c.CookiePartitioned,
	}
	if !c.setsCSRFCookies() {
		return []*http.Cookie{token}
	}
	csrf := *token
	csrf.Name, csrf.Path, csrf.Domain, csrf.HttpOnly = kind.csrfName, kind.csrfPath, csrfDomain, false
	return []*http.Cookie{token, &csrf}
}

// A cookiePlace is what identifies a cookie in a browser. A cookie replaces or removes
// another only at the same place.
type cookiePlace struct {
	name, domain, path string
	partitioned        bool
}

func placeOf(cookie *http.Cookie) cookiePlace {
	return cookiePlace{cookie.Name, comparableDomain(cookie.Domain), cookie.Path, cookie.Partitioned}
}

// comparableDomain returns a domain as browsers compare it; empty: the host alone.
// Browsers also treat an address, and a name without a dot, as the host alone.
func comparableDomain(domain string) string {
	domain = strings.ToLower(strings.TrimPrefix(domain, "."))
	if !strings.Contains(domain, ".") || net.ParseIP(domain) != nil {
		return ""
	}
	return domain
}

// formerCookies returns cookies that remove those of these kinds from places other than
// the current one: the places of former settings, the host alone if there is a domain,
// "/" if the path is another, and not Partitioned if cookies are Partitioned. It removes
// no cookie from a place where a cookie of any kind is set now.
func (c *Config) formerCookies(spec cookieSpec, kinds ...cookieKind) (removals []*http.Cookie) {
	taken := map[cookiePlace]bool{}
	for _, cookie := range slices.Concat(c.cookiesOf(c.accessCookies(), spec), c.cookiesOf(c.refreshCookies(), spec)) {
		taken[placeOf(cookie)] = true
	}
	for _, kind := range kinds {
		for _, cookie := range c.cookiesOf(kind, spec) {
			for _, former := range c.elsewhere(cookie) {
				place := placeOf(former)
				if taken[place] || validPrefix(former) != nil { // browsers keep no cookie with this prefix there
					continue
				}
				taken[place] = true
				removals = append(removals, former)
			}
		}
	}
	return removals
}

// elsewhere returns cookies that remove a cookie from all places where it may be,
// including its current one.
func (c *Config) elsewhere(cookie *http.Cookie) (removals []*http.Cookie) {
	jars := []bool{c.CookiePartitioned}
	if c.CookiePartitioned || c.CookieFormerPartitioned {
		jars = []bool{true, false}
	}
	for _, domain := range slices.Concat([]string{cookie.Domain, ""}, c.CookieFormerDomains) {
		for _, path := range slices.Concat([]string{cookie.Path, "/"}, c.CookieFormerPaths) {
			for _, partitioned := range jars {
				former := removal(cookie)
				former.Domain, former.Path, former.Partitioned = comparableDomain(domain), path, partitioned
				removals = append(removals, former)
			}
		}
	}
	return removals
}

// removal returns a cookie that removes the given one from a browser.
func removal(cookie *http.Cookie) *http.Cookie {
	removed := *cookie
	removed.Value, removed.MaxAge, removed.Expires = "", 0, time.Unix(0, 0)
	return &removed
}

// putCookies adds cookies to a response header. They replace cookies that the response
// would set or remove at the same places.
func putCookies(header http.Header, cookies []*http.Cookie) {
	if len(cookies) == 0 {
		return
	}
	put := map[cookiePlace]bool{}
	for _, cookie := range cookies {
		put[placeOf(cookie)] = true
	}
	lines := slices.DeleteFunc(header["Set-Cookie"], func(line string) bool {
		other, err := http.ParseSetCookie(line)
		return err == nil && put[placeOf(other)]
	})
	for _, cookie := range cookies {
		lines = append(lines, cookie.String())
	}
	header["Set-Cookie"] = lines
}

// maxCookie is the size that browsers must be able to keep (RFC 6265 §6.1). They keep no
// larger cookie.
const maxCookie = 4096

// validCookie returns an error that tells why a browser would drop a cookie.
func validCookie(cookie *http.Cookie) error {
	if err := cookie.Valid(); err != nil {
		return fmt.Errorf("ginjwt: cookie %q: %w", cookie.Name, err)
	}
	if err := validPrefix(cookie); err != nil {
		return fmt.Errorf("ginjwt: cookie %w", err)
	}
	if size := len(cookie.String()); size > maxCookie {
		return fmt.Errorf("%w: the cookie %q would have %d bytes, browsers keep at most %d", ErrTokenTooLarge, cookie.Name, size, maxCookie)
	}
	return nil
}

// validPrefix returns an error that tells why browsers would drop a cookie because of its
// prefix (RFC 6265bis §4.1.3). Browsers ignore the case of prefixes.
func validPrefix(cookie *http.Cookie) error {
	unread := hasPrefixFold(cookie.Name, "__Http-") || hasPrefixFold(cookie.Name, "__Host-Http-")
	host := hasPrefixFold(cookie.Name, "__Host-")
	switch {
	case (unread || host || hasPrefixFold(cookie.Name, "__Secure-")) && !cookie.Secure:
		return fmt.Errorf("%q must be Secure; remove DisableCookieSecure (JWT_COOKIE_SECURE)", cookie.Name)
	case unread && !cookie.HttpOnly:
		return fmt.Errorf("%q is a name for cookies that scripts cannot read, but scripts must read the CSRF value; use the prefix __Host- or __Secure-", cookie.Name)
	case host && cookie.Domain != "":
		return fmt.Errorf("%q must not have a domain", cookie.Name)
	case host && cookie.Path != "/":
		return fmt.Errorf("%q must have the path /", cookie.Name)
	}
	return nil
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
