// Package transports has ways to the keys of an issuer that its web server, or your
// network, makes difficult. Each is the Transport of Options.Client of package jwks. Take
// the one that you need.
package transports

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"mime"
	"net/http"
	"slices"
)

// AnyContentType reads JWK Sets that a server calls something else than JSON, as those
// of storage services and of pages with files do. What is in them is checked as ever.
type AnyContentType struct{ http.RoundTripper }

// otherTypes are what servers call a file that they know nothing about. An HTML page
// stays refused: it is what a proxy or a login page answers.
var otherTypes = []string{"", "application/octet-stream", "binary/octet-stream", "text/plain", "text/json", "application/jwk+json"}

// RoundTrip gives such an answer the type of JSON.
func (t AnyContentType) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.RoundTripper.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	contentType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if slices.Contains(otherTypes, contentType) {
		response.Header.Set("Content-Type", "application/json")
	}
	return response, nil
}

// InnerHTTP asks one host by plain http, for an issuer inside of your network that has
// no certificate. Whoever can answer in place of that host makes tokens of any user.
type InnerHTTP struct {
	Host string // with its port: "keycloak.identity.svc:8080"
	http.RoundTripper
}

// RoundTrip asks for https://Host by http. All other hosts need https.
func (t InnerHTTP) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme == "https" && request.URL.Host == t.Host {
		request = request.Clone(request.Context())
		request.URL.Scheme = "http"
	}
	return t.RoundTripper.RoundTrip(request)
}

// WithAuthority trusts the certificate authorities of a company, in PEM form, beside
// those of the system.
func WithAuthority(pemText []byte) (*http.Transport, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, err
	}
	if !roots.AppendCertsFromPEM(pemText) {
		return nil, errors.New("there is no certificate in PEM form")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return transport, nil
}
