// Package tenants accepts tokens of customers that are known only at run time. Each
// customer has a tenant of Microsoft Entra ID, which is a separate issuer.
package tenants

import (
	"context"
	"regexp"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
)

// entraTenant matches the issuer name of a tenant. Its ID is a GUID in lower case.
var entraTenant = regexp.MustCompile(`^https://login\.microsoftonline\.com/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/v2\.0$`)

// Customers are the tenants whose users may log in.
type Customers struct {
	// IsTenant asks the database.
	IsTenant func(ctx context.Context, tenant string) (bool, error)

	// Options are for the key sets. The zero value is enough.
	Options jwks.Options
}

// Resolve is a ginjwt.IssuerResolver.
func (c Customers) Resolve(ctx context.Context, name string) (ginjwt.Issuer, error) {
	match := entraTenant.FindStringSubmatch(name)
	if match == nil {
		return ginjwt.Issuer{}, ginjwt.ErrUnknownIssuer
	}
	tenant := match[1]
	known, err := c.IsTenant(ctx, tenant)
	if err != nil {
		return ginjwt.Issuer{}, err // 503: the database does not reply
	}
	if !known {
		return ginjwt.Issuer{}, ginjwt.ErrUnknownIssuer
	}
	keys, err := jwks.Discover(ctx, name, c.Options) // fetches keys until ctx ends
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{"00001111-aaaa-2222-bbbb-3333cccc4444"}, // the client ID of the API
		IdentityClaims: []string{"oid", "sub"},
		IdentityPrefix: "entra:" + tenant + ":",
		ScopeClaim:     "scp",
		RequiredClaims: []string{"exp", "scp"},
	}, err
}

// Config returns the settings of a service that accepts tokens of customers, and makes none.
func (c Customers) Config() ginjwt.Config {
	return ginjwt.Config{IssuerResolver: c.Resolve, MaxResolvedIssuers: 5000}
}
