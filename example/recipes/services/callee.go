package services

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
)

// NewBilling returns a service that takes the tokens that orders signs, and those of an
// identity provider. It makes no tokens, so it needs no key.
func NewBilling(ctx context.Context, orders, provider string, options jwks.Options) (*gin.Engine, error) {
	ordersKeys, err := jwks.New(ctx, orders+"/.well-known/jwks.json", options)
	if err != nil {
		return nil, err
	}
	providerKeys, err := jwks.Discover(ctx, provider, options)
	if err != nil {
		return nil, err
	}
	jwt := ginjwt.New(ginjwt.Config{Issuers: []ginjwt.Issuer{
		{
			Name: orders, KeySource: ordersKeys, Audience: []string{"billing"},
			IdentityPrefix: "orders:", RequiredClaims: []string{"exp"},
		},
		{
			Name: provider, KeySource: providerKeys, Audience: []string{"billing"},
			IdentityPrefix: "provider:", RequiredClaims: []string{"exp"},
		},
	}})
	r := gin.New()
	if err := jwt.InitApp(r); err != nil {
		return nil, err
	}
	r.POST("/invoices", jwt.JWTRequired(ginjwt.Claim("iss", orders)), whoCalls) // orders, and nobody else
	r.POST("/refunds", jwt.JWTRequired(ginjwt.Claim("iss", provider), ginjwt.Scopes("invoices:write")), whoCalls)
	return r, nil
}

// whoCalls stands for the handlers of the service.
func whoCalls(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"caller": ginjwt.GetJWTIdentity(c)})
}
