package threats_test

import (
	"strings"
	"testing"

	"github.com/gin-jwt-extended/ginjwt"
)

var attackNoOrigin = attackRefusal(403, "Missing Sec-Fetch-Site or Origin header. A client that is not a browser sends its token in a header",
	"invalid_request", "The CSRF check failed", "csrf_cross_origin")

// What a page of an attacker makes a browser send, and what a client adds that wants to look
// like the service's own page, as bytes on a connection. The cookie is good.
func TestAttackOrigins(t *testing.T) {
	t.Parallel()
	a := attackNew(t, func(c *ginjwt.Config) {
		c.TokenLocation, c.CSRFProtection = []ginjwt.Location{ginjwt.InCookies}, "fetch_metadata"
		c.CSRFTrustedOrigins = []string{"https://www.example"}
	})
	address := attackServer(t, a.engine)
	cookie := "Cookie: access_token_cookie=" + a.token()
	for _, v := range []struct {
		name, method string
		lines        []string
		want         attackAnswer
	}{
		{"T366 the service's own page", "POST", []string{"Sec-Fetch-Site: same-origin"}, attackPassed("alice")},
		{"T366 a page of another site", "POST", []string{"Sec-Fetch-Site: cross-site"}, attackOtherOrigin},
		{"T366 a page of another site, optional blanks", "POST", []string{"Sec-Fetch-Site:\t cross-site \t"}, attackOtherOrigin},
		{"T366 a neighbouring host", "POST", []string{"Sec-Fetch-Site: same-site", "Origin: https://blog.example"}, attackOtherOrigin},
		{"T366 no header", "POST", nil, attackNoOrigin},
		{"T366 only a Referer", "POST", []string{"Referer: https://app.example/"}, attackNoOrigin},
		{"T366 an empty header", "POST", []string{"Sec-Fetch-Site:"}, attackOtherOrigin},
		{"T366 an empty Origin", "POST", []string{"Origin:"}, attackOtherOrigin},
		{"T366 two headers, the first good", "POST", []string{"Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"}, attackOtherOrigin},
		{"T366 two headers, the last good", "POST", []string{"Sec-Fetch-Site: cross-site", "sec-fetch-site: same-origin"}, attackOtherOrigin},
		{"T366 a header in a list", "POST", []string{"Sec-Fetch-Site: same-origin, cross-site"}, attackOtherOrigin},
		{"T366 an underscore for a hyphen", "POST", []string{"Sec_Fetch_Site: same-origin"}, attackNoOrigin},
		{"T367 another Origin", "POST", []string{"Origin: https://evil.example"}, attackOtherOrigin},
		{"T367 the Origin of an http page", "POST", []string{"Origin: http://app.example"}, attackOtherOrigin},
		{"T367 another port", "POST", []string{"Origin: https://app.example:8443"}, attackOtherOrigin},
		{"T367 a host below", "POST", []string{"Origin: https://evil.app.example"}, attackOtherOrigin},
		{"T367 the host as a prefix", "POST", []string{"Origin: https://app.example.evil.example"}, attackOtherOrigin},
		{"T367 the host as a user", "POST", []string{"Origin: https://app.example@evil.example"}, attackOtherOrigin},
		{"T367 the host in the path", "POST", []string{"Origin: https://evil.example/https://app.example"}, attackOtherOrigin},
		{"T367 null", "POST", []string{"Origin: null"}, attackOtherOrigin},
		{"T367 null, typed", "POST", []string{"Origin: null", "Sec-Fetch-Site: none"}, attackOtherOrigin},
		{"T367 two Origins", "POST", []string{"Origin: https://app.example", "Origin: https://evil.example"}, attackOtherOrigin},
		{"T367 two trusted Origins", "POST", []string{"Origin: https://www.example", "Origin: https://www.example"}, attackOtherOrigin},
		{"T367 a trusted Origin and a space", "POST", []string{"Origin: https://www.example https://evil.example"}, attackOtherOrigin},
		{"T367 the http page of a trusted host", "POST", []string{"Origin: http://www.example"}, attackOtherOrigin},
		{"T367 its own", "POST", []string{"Origin: https://app.example"}, attackPassed("alice")},
		{"T367 a trusted one", "POST", []string{"Origin: https://www.example", "Sec-Fetch-Site: same-site"}, attackPassed("alice")},
		{"T368 a forwarded host", "POST", []string{"Origin: https://evil.example", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example"}, attackOtherOrigin},
		{"T368 a forwarded scheme", "POST", []string{"Origin: http://app.example", "X-Forwarded-Proto: http", "Forwarded: proto=http"}, attackOtherOrigin},
		{"T368 another method for the application", "POST", []string{"Sec-Fetch-Site: cross-site", "X-HTTP-Method-Override: GET"}, attackOtherOrigin},
		{"T368 a preflight by hand", "POST", []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example", "Access-Control-Request-Method: POST"}, attackOtherOrigin},
		{"T369 a WebSocket of another page", "GET", []string{"Connection: Upgrade", "Upgrade: websocket", "Origin: https://evil.example"}, attackOtherOrigin},
		{"T369 a WebSocket of an http page", "GET", []string{"Connection: Upgrade", "Upgrade: websocket", "Origin: http://app.example"}, attackOtherOrigin},
		{"T369 a WebSocket that names no page", "GET", []string{"Connection: Upgrade", "Upgrade: websocket"}, attackNoOrigin},
		{"T369 an upgrade in a second line", "GET", []string{"Connection: keep-alive", "Connection: x , UPGRADE", "Sec-Fetch-Site: cross-site"}, attackOtherOrigin},
		{"T369 HTTP/2 by an upgrade", "GET", []string{"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__", "Sec-Fetch-Site: cross-site"}, attackOtherOrigin},
		{"T369 a link", "GET", []string{"Sec-Fetch-Site: cross-site"}, attackPassed("alice")},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			raw := strings.Replace(attackGet("/private", append(v.lines, cookie, "Content-Length: 0")...), "GET", v.method, 1)
			v.want.expectRaw(t, address, strings.Replace(raw, "Host: localhost", "Host: app.example", 1))
		})
	}
}
