// Package transports reaches the keys of an issuer behind a difficult web server or
// network. Copy the Transport that you need, and set it in Options.Client of package jwks.
package transports

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"mime"
	"net/http"
	"slices"
)

// AnyContentType accepts JWK Sets that a server does not send as JSON, as some storage
// services and static pages do. Package jwks still checks the content.
type AnyContentType struct{ http.RoundTripper }

// otherTypes are the types that servers give to unknown files. HTML is not one of them,
// because proxies and login pages answer with it.
var otherTypes = []string{"", "application/octet-stream", "binary/octet-stream", "text/plain", "text/json", "application/jwk+json"}

// RoundTrip changes the type of such a response to JSON.
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

// InnerHTTP uses plain http for one host, for an issuer inside your network without a
// certificate. Whoever can answer in place of that host can make tokens for any user.
type InnerHTTP struct {
	Host string // with its port: "keycloak.identity.svc:8080"
	http.RoundTripper
}

// RoundTrip requests https://Host by http. All other hosts need https.
func (t InnerHTTP) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme == "https" && request.URL.Host == t.Host {
		request = request.Clone(request.Context())
		request.URL.Scheme = "http"
	}
	return t.RoundTripper.RoundTrip(request)
}

// WithAuthority returns a Transport that also trusts your company's certificate
// authorities, in PEM form.
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
