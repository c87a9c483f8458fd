package jwks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// locator returns the URL of the JWK Set.
type locator func(ctx context.Context) (*url.URL, error)

// fixed returns the locator of a known URL.
func fixed(address *url.URL) locator {
	return func(context.Context) (*url.URL, error) { return address, nil }
}

// metadata has the members that are read from the metadata of an issuer.
type metadata struct {
	Issuer  string `json:"issuer"`
	JWKSURI string `json:"jwks_uri"`
}

// discovery returns a locator that reads the issuer's metadata at every call. It first
// tries the URL of OpenID Connect Discovery §4, and then the URL of RFC 8414 §3.1.
func (f fetcher) discovery(issuer string) (locator, error) {
	base, err := f.parseURL(issuer)
	if err != nil {
		return nil, err
	}
	if base.RawQuery != "" || base.ForceQuery {
		return nil, errors.New("has a query")
	}
	origin, path := base.Scheme+"://"+base.Host, strings.TrimSuffix(base.EscapedPath(), "/")
	connect, err := f.parseURL(origin + path + "/.well-known/openid-configuration")
	if err != nil {
		return nil, err
	}
	oauth, err := f.parseURL(origin + "/.well-known/oauth-authorization-server" + path)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (*url.URL, error) {
		address, err := f.discover(ctx, connect, issuer)
		if isMissing(err) {
			address, err = f.discover(ctx, oauth, issuer)
		}
		if err == nil && isThisMachine(address.Hostname()) && !isThisMachine(base.Hostname()) {
			return nil, fmt.Errorf("the metadata of %s: jwks_uri: is on this machine, but the issuer is not", issuer)
		}
		return address, err
	}, nil
}

// isMissing reports whether the server does not have the document.
func isMissing(err error) bool {
	answer, answered := errors.AsType[statusError](err)
	return answered && (answer.status == http.StatusNotFound || answer.status == http.StatusGone)
}

// discover reads the metadata at address. Its "issuer" must be exactly issuer (RFC 8414
// §3.3).
func (f fetcher) discover(ctx context.Context, address *url.URL, issuer string) (*url.URL, error) {
	fetched, err := f.get(ctx, address, jsonType)
	if err != nil {
		return nil, err
	}
	var m metadata
	if err := unmarshal(fetched.body, &m); err != nil {
		return nil, fmt.Errorf("the metadata of %s: %w", issuer, err)
	}
	if m.Issuer != issuer {
		return nil, fmt.Errorf("the metadata of %s: names another issuer, %s", issuer, quoted(m.Issuer))
	}
	if m.JWKSURI == "" {
		return nil, fmt.Errorf("the metadata of %s: has no jwks_uri", issuer)
	}
	set, err := f.parseURL(m.JWKSURI)
	if err != nil {
		return nil, fmt.Errorf("the metadata of %s: jwks_uri: %w", issuer, err)
	}
	return set, nil
}
