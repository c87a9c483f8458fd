package doctor

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-jwt-extended/ginjwt"
)

const noCSRF = "Remove DisableCookieCSRFProtect, and set CSRFProtection to fetch_metadata, which needs no change of your pages. Or let scripts send the value of the cookie csrf_access_token in the header X-CSRF-TOKEN."

var csrfRules = []rule{
	{Danger, "DisableCookieCSRFProtect", func(c effectiveConfig) bool { return c.acceptsForgedForms() && c.DisableCookieCSRFProtect },
		"Any site can act in the name of visitors who are logged in to this service: browsers send the cookies, the server requires no CSRF value, and SameSite does not stop the request.",
		noCSRF},
	{Warning, "DisableCookieCSRFProtect", func(c effectiveConfig) bool {
		return c.reads(ginjwt.InCookies) && c.DisableCookieCSRFProtect && !c.acceptsForgedForms()
	},
		"Only SameSite keeps other sites from acting in the name of a user. It does not stop neighbouring hosts, such as blog.example.com, and old browsers ignore it.",
		noCSRF},
	{Danger, "CSRFMethods", func(c effectiveConfig) bool { return c.acceptsForgedForms() && !c.DisableCookieCSRFProtect },
		"POST needs no CSRF value, and SameSite does not stop the request: a form on any site can act in the name of visitors who are logged in to this service.",
		"Leave CSRFMethods empty, which means all methods except GET, HEAD, OPTIONS and TRACE."},
	{Warning, "CSRFMethods", func(c effectiveConfig) bool {
		return c.checksCSRF() && !c.acceptsForgedForms() && leavesOut(c.CSRFMethods, "POST", "PUT", "PATCH", "DELETE")
	},
		"POST, PUT, PATCH or DELETE is missing: with that method, neighbouring hosts such as blog.example.com can act in the name of a user.",
		"Leave CSRFMethods empty, which means all methods except GET, HEAD, OPTIONS and TRACE."},
	{Note, "CSRFMethods", func(c effectiveConfig) bool {
		return c.comparesCSRF() && (slices.Contains(c.CSRFMethods, "GET") || slices.Contains(c.CSRFMethods, "HEAD"))
	},
		"Links, images and the address bar cannot send a CSRF value: the server refuses pages that they open.",
		"Leave CSRFMethods empty, and let GET and HEAD routes change nothing."},
	{Note, "CSRFMethods", func(c effectiveConfig) bool {
		return c.checksCSRF() && !c.comparesCSRF() && (slices.Contains(c.CSRFMethods, "GET") || slices.Contains(c.CSRFMethods, "HEAD"))
	},
		"The server refuses pages that a link on another site opens.",
		"Leave CSRFMethods empty, and let GET and HEAD routes change nothing."},
	{Note, "DisableCSRFInCookies", func(c effectiveConfig) bool { return c.comparesCSRF() && c.DisableCSRFInCookies },
		"The application must hand out the CSRF values itself. Otherwise every request that needs one is refused.",
		"Remove DisableCSRFInCookies, unless your pages get the CSRF value in another way, such as a hidden field."},

	{Note, "CSRFProtection", func(c effectiveConfig) bool {
		return c.onlyComparesCSRF() && c.given.CSRFProtection == "" && c.CSRFCookieDomain == c.CookieDomain && !c.sendsCrossSite()
	},
		"The handshake of a WebSocket has the cookie but no CSRF value: a page of a neighbouring host, such as blog.example.com, can open connections in the name of a user.",
		"Set CSRFProtection to both (JWT_CSRF_PROTECTION=both). Or set it to fetch_metadata, which needs no CSRF values, if programs that are not browsers send their token in a header."},
	{Warning, "CSRFProtection", func(c effectiveConfig) bool {
		return c.onlyComparesCSRF() && c.CSRFCookieDomain != "" && c.CookieDomain == ""
	},
		"Scripts on every host below CSRFCookieDomain can read the CSRF value, so it does not stop them: a page of such a host can act in the name of a user.",
		"Set CSRFProtection to both (JWT_CSRF_PROTECTION=both), and name the origins of your pages in CSRFTrustedOrigins."},
	{Note, "CSRFTrustedOrigins", func(c effectiveConfig) bool { return c.onlyComparesCSRF() && len(c.CSRFTrustedOrigins) > 0 },
		"With double_submit, only SameOriginRequired reads this setting: JWTRequired accepts every page that knows the CSRF value.",
		"Set CSRFProtection to both or fetch_metadata. Then all routes refuse pages of other origins."},
	{Warning, "CSRFTrustedOrigins", func(c effectiveConfig) bool {
		return c.reads(ginjwt.InCookies) && !c.DisableCookieSecure && slices.ContainsFunc(c.CSRFTrustedOrigins, isLocalOrigin)
	},
		"An origin on localhost is any program on the machine of a user that serves this port. It can act in the name of the user.",
		"Name such an origin only in development."},
	{Warning, "CSRFTrustedOrigins", func(c effectiveConfig) bool {
		return c.reads(ginjwt.InCookies) && slices.ContainsFunc(c.CSRFTrustedOrigins, c.isForeign)
	},
		"An origin is not below CSRFCookieDomain: it belongs to another site, whose pages can act in the name of a user.",
		"Remove the origin, unless you control all of its pages."},
}

// sameSiteRules say what the attribute SameSite leaves to the check of CSRFProtection.
var sameSiteRules = []rule{
	{Warning, "CookieSameSite", func(c effectiveConfig) bool {
		return c.CookieSameSite == http.SameSiteDefaultMode && c.reads(ginjwt.InCookies) && !c.acceptsForgedForms() && !c.readsMetadata()
	},
		"Without the attribute, Safari and Firefox send the cookies with requests from any other site, and Chromium does so for two minutes after the cookies were set. Only the CSRF value protects your users.",
		"Leave CookieSameSite zero, which means Lax. If you cannot, set CSRFProtection to both."},
	{Warning, "CookieSameSite", func(c effectiveConfig) bool {
		return c.CookieSameSite == http.SameSiteNoneMode && c.reads(ginjwt.InCookies) && !c.acceptsForgedForms() && !c.readsMetadata()
	},
		"SameSite=None sends the cookies with requests from any other site. Only the CSRF value protects your users, and browsers that block third-party cookies send no cookies.",
		"Serve the pages and the API from one site, and leave CookieSameSite zero, which means Lax. If you cannot, set CSRFProtection to both. Or use the Authorization header."},
	{Note, "CookieSameSite", func(c effectiveConfig) bool {
		return c.sendsCrossSite() && c.reads(ginjwt.InCookies) && !c.acceptsForgedForms() && c.readsMetadata()
	},
		"Browsers send the cookies with requests from other sites. Only the check of CSRFProtection refuses these requests, and with None, browsers that block third-party cookies send no cookies.",
		"Serve the pages and the API from one site, and leave CookieSameSite zero, which means Lax."},
}

// comparesCSRF reports whether requests need a CSRF value.
func (c effectiveConfig) comparesCSRF() bool {
	return c.checksCSRF() && c.CSRFProtection != "fetch_metadata"
}

// onlyComparesCSRF reports whether the CSRF value alone protects the users.
func (c effectiveConfig) onlyComparesCSRF() bool {
	return c.checksCSRF() && c.CSRFProtection == "double_submit"
}

func (c effectiveConfig) readsMetadata() bool { return c.checksCSRF() && !c.onlyComparesCSRF() }

// sendsCrossSite reports whether browsers send the cookies with requests from any site.
func (c effectiveConfig) sendsCrossSite() bool {
	return c.CookieSameSite == http.SameSiteNoneMode || c.CookieSameSite == http.SameSiteDefaultMode
}

// isLocalOrigin reports whether an origin is on the machine of the browser.
func isLocalOrigin(origin string) bool {
	return isLoopback(hostOf(origin))
}

// isForeign reports whether an origin is not below the domain of the CSRF cookies, which
// is the common domain of the service and its pages.
func (c effectiveConfig) isForeign(origin string) bool {
	domain := strings.TrimPrefix(strings.ToLower(c.CSRFCookieDomain), ".")
	host := hostOf(origin)
	return domain != "" && host != domain && !strings.HasSuffix(host, "."+domain) && !isLoopback(host)
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
