package ginjwt

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// cookieKind is the pair of cookies of one type of token.
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

// escapePath writes a path as it is in URLs, with which browsers compare it. As in the
// original, what is escaped already stays so.
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

// cookieSpec is what a caller asks of cookies. The zero value asks for what the
// settings say.
//
// As JSON it is kept in the session.
type cookieSpec struct {
	MaxAge      int64       `json:"max_age,omitzero"` // seconds; zero: by Persistence; negative: an error
	Persistence persistence `json:"persistence,omitzero"`
	Domain      string      `json:"domain,omitzero"` // empty: those of the settings
}

// persistence is whether cookies outlive the browser.
type persistence int8

const (
	bySettings persistence = iota
	persistent
	untilClosed
)

// cookiesOf describes the cookies of a kind, without their values: that of the
// token and, if there is one, that of its CSRF value. They are set and unset by
// the same description. A CSRF value is for scripts to read, a token is not.
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

// A cookiePlace is what browsers tell cookies by. One cookie replaces or removes
// another only at the same place.
type cookiePlace struct {
	name, domain, path string
	partitioned        bool
}

func placeOf(cookie *http.Cookie) cookiePlace {
	return cookiePlace{cookie.Name, comparableDomain(cookie.Domain), cookie.Path, cookie.Partitioned}
}

// comparableDomain returns a domain as browsers compare it, empty for the host
// alone. That is also what browsers make of an address, and of a name without a
// dot: nothing can be below it.
func comparableDomain(domain string) string {
	domain = strings.ToLower(strings.TrimPrefix(domain, "."))
	if !strings.Contains(domain, ".") || net.ParseIP(domain) != nil {
		return ""
	}
	return domain
}

// formerCookies returns what removes the cookies of these kinds that are not where
// the settings put them now: where earlier settings did, for the host alone if there
// is a domain, at "/" if the path is another, and those that are not Partitioned
// if cookies are. No cookie is removed from where one of any kind is put now.
func (c *Config) formerCookies(spec cookieSpec, kinds ...cookieKind) (removals []*http.Cookie) {
	taken := map[cookiePlace]bool{}
	for _, cookie := range slices.Concat(c.cookiesOf(c.accessCookies(), spec), c.cookiesOf(c.refreshCookies(), spec)) {
		taken[placeOf(cookie)] = true
	}
	for _, kind := range kinds {
		for _, cookie := range c.cookiesOf(kind, spec) {
			for _, former := range c.elsewhere(cookie) {
				place := placeOf(former)
				if taken[place] || validPrefix(former) != nil { // browsers have none of this prefix there
					continue
				}
				taken[place] = true
				removals = append(removals, former)
			}
		}
	}
	return removals
}

// elsewhere returns what removes a cookie from all places where it may be, its own
// among them.
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

// removal returns what removes a cookie from a browser.
func removal(cookie *http.Cookie) *http.Cookie {
	removed := *cookie
	removed.Value, removed.MaxAge, removed.Expires = "", 0, time.Unix(0, 0)
	return &removed
}

// putCookies puts cookies in a response, in place of those that it would set or
// remove at the same places.
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

// maxCookie is the least that browsers must be able to keep (RFC 6265 §6.1),
// and the most that they do.
const maxCookie = 4096

// validCookie says why a browser would drop a cookie.
func validCookie(cookie *http.Cookie) error {
	if err := cookie.Valid(); err != nil {
		return fmt.Errorf("ginjwt: cookie %q: %w", cookie.Name, err)
	}
	if err := validPrefix(cookie); err != nil {
		return fmt.Errorf("ginjwt: cookie %w", err)
	}
	if size := len(cookie.String()); size > maxCookie {
		return fmt.Errorf("%w: the cookie %q would have %d bytes, browsers keep %d", ErrTokenTooLarge, cookie.Name, size, maxCookie)
	}
	return nil
}

// validPrefix says why browsers would drop a cookie because of its prefix
// (RFC 6265bis §4.1.3). They compare it without regard to case.
func validPrefix(cookie *http.Cookie) error {
	unread := hasPrefixFold(cookie.Name, "__Http-") || hasPrefixFold(cookie.Name, "__Host-Http-")
	host := hasPrefixFold(cookie.Name, "__Host-")
	switch {
	case (unread || host || hasPrefixFold(cookie.Name, "__Secure-")) && !cookie.Secure:
		return fmt.Errorf("%q must be Secure; remove DisableCookieSecure (JWT_COOKIE_SECURE)", cookie.Name)
	case unread && !cookie.HttpOnly:
		return fmt.Errorf("%q is a name for cookies that scripts cannot read, but they must read the CSRF value; use the prefix __Host- or __Secure-", cookie.Name)
	case host && cookie.Domain != "":
		return fmt.Errorf("%q may not have a domain", cookie.Name)
	case host && cookie.Path != "/":
		return fmt.Errorf("%q must have the path /", cookie.Name)
	}
	return nil
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
