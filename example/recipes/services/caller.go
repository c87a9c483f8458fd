// Package services has a service, orders, that calls another one, billing, with tokens
// made for that call.
package services

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// NewOrders returns a manager that signs tokens with a key pair of the service orders, and
// a router that publishes the public keys. name is its address.
func NewOrders(name string, own ...keys.Key) (*ginjwt.JWTManager, *gin.Engine, error) {
	jwt := ginjwt.New(ginjwt.Config{
		Keys:           own, // JWT_KEYS_FILE
		EncodeIssuer:   name,
		DecodeIssuer:   name,
		DecodeAudience: []string{"orders"}, // a token for billing is no login at orders
	})
	r := gin.New()
	if err := jwt.InitApp(r); err != nil {
		return nil, nil, err
	}
	r.GET("/.well-known/jwks.json", jwt.JWKSHandler())
	return jwt, r, nil
}

// OwnTokens makes tokens for one other service. It is an oauth2.TokenSource.
type OwnTokens struct {
	JWT      *ginjwt.JWTManager
	Identity string
	Audience string
	Lifetime time.Duration
}

// Token makes a token.
func (o OwnTokens) Token() (*oauth2.Token, error) {
	expiry := time.Now().Add(o.Lifetime)
	access, err := o.JWT.CreateAccessToken(context.Background(), o.Identity, ginjwt.WithAudience(o.Audience), ginjwt.WithExpires(o.Lifetime))
	return &oauth2.Token{AccessToken: access, TokenType: "Bearer", Expiry: expiry}, err
}

// ProviderTokens gets tokens for one other service from an identity provider, which
// knows this service by a client secret.
func ProviderTokens(ctx context.Context, tokenURL, secret, audience string) oauth2.TokenSource {
	config := clientcredentials.Config{
		ClientID:       "orders",
		ClientSecret:   secret,
		TokenURL:       tokenURL,
		Scopes:         []string{"invoices:write"},
		EndpointParams: url.Values{"audience": {audience}}, // some providers call it "resource" (RFC 8707)
	}
	return config.TokenSource(ctx)
}

// NewClient returns a client that sends a token with each request. It uses a token until
// a minute before that expires.
func NewClient(source oauth2.TokenSource) *http.Client {
	client := oauth2.NewClient(context.Background(), oauth2.ReuseTokenSourceWithExpiry(nil, source, time.Minute))
	client.Timeout = 10 * time.Second
	client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // another host must not get the token
	}
	return client
}
