package providers

import (
	"context"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
)

// BehindProxy accepts only the token that a proxy adds to each request. header is
// "Cf-Access-Jwt-Assertion", "X-Goog-Iap-Jwt-Assertion" or "Teleport-Jwt-Assertion".
func BehindProxy(header string, proxy ginjwt.Issuer) ginjwt.Config {
	return ginjwt.Config{
		HeaderName:        header,
		DisableHeaderType: true, // there is no "Bearer" before it
		Issuers:           []ginjwt.Issuer{proxy},
	}
}

// CloudflareAccess accepts tokens that Cloudflare Access adds to requests of users and of
// service tokens.
func CloudflareAccess(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name = "https://example.cloudflareaccess.com" // your team
	keys, err := jwks.New(ctx, name+"/cdn-cgi/access/certs", options)
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{"32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228"}, // the AUD tag of the application
		AccessTypes:    []string{"app"},                                                              // "org" is the login at the team itself
		IdentityClaims: []string{"sub", "common_name"},                                               // "sub" of a service token is ""; leave this out to accept only users
		IdentityPrefix: "cloudflare:",
		RequiredClaims: []string{"exp"},
	}, err
}

// GoogleIAP accepts tokens that Identity-Aware Proxy adds to requests.
func GoogleIAP(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	keys, err := jwks.New(ctx, "https://www.gstatic.com/iap/verify/public_key-jwk", options)
	return ginjwt.Issuer{
		Name:           "https://cloud.google.com/iap",
		KeySource:      keys,
		Audience:       []string{"/projects/1234567890/global/backendServices/9876543210"}, // or /projects/NUMBER/apps/ID of App Engine
		IdentityPrefix: "iap:",                                                             // iap:accounts.google.com:1101694…
		RequiredClaims: []string{"exp"},
	}, err
}

// Teleport accepts tokens that Teleport adds to requests for one application.
func Teleport(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	keys, err := jwks.New(ctx, "https://teleport.example.com/.well-known/jwks.json", options) // not what its metadata names
	return ginjwt.Issuer{
		Name:           "teleport.example.com", // the name of the cluster, without https
		KeySource:      keys,
		Audience:       []string{"http://10.0.0.7:8080"}, // the uri of the application
		IdentityPrefix: "teleport:",
		RequiredClaims: []string{"exp"},
	}, err
}
