// Package providers has settings for the tokens of well-known issuers. Copy the function
// that you need, and replace the names with your own.
package providers

import (
	"context"
	"slices"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// subjectIf returns a function for Issuer.Identity. It names the user by "sub" if the
// claims pass. Every other token names no user, and is always refused.
func subjectIf(pass func(claims ginjwt.Claims) bool) func(context.Context, *ginjwt.Token) (string, error) {
	return func(_ context.Context, token *ginjwt.Token) (string, error) {
		claims := token.Claims()
		subject, _ := claims["sub"].(string)
		if !pass(claims) {
			return "", nil
		}
		return subject, nil
	}
}

// Auth0 accepts access tokens of an Auth0 tenant for one of its APIs.
func Auth0(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name = "https://example.eu.auth0.com/" // the slash is part of the name
	keys, err := jwks.Discover(ctx, name, options)
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{"https://api.example.com"}, // the identifier of the API
		IdentityPrefix: "auth0:",
		RolesClaim:     "permissions", // RBAC, "Add Permissions in the Access Token"
		RequiredClaims: []string{"exp"},
	}, err
}

// Keycloak accepts access tokens of a realm.
func Keycloak(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name = "https://sso.example.com/realms/shop"
	keys, err := jwks.Discover(ctx, name, options)
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{"shop-api"}, // needs an audience mapper
		TypeClaim:      "typ",                // of the claims: an ID token has "ID"
		AccessTypes:    []string{"Bearer"},   // "DPoP" for tokens that are bound to a key
		IdentityPrefix: "keycloak:",
		RolesClaim:     "/realm_access/roles", // or /resource_access/shop-api/roles
		RequiredClaims: []string{"exp"},
	}, err
}

// Google accepts ID tokens with either of Google's two issuer names.
func Google(ctx context.Context, options jwks.Options) ([]ginjwt.Issuer, error) {
	google := ginjwt.Issuer{
		Name:           "https://accounts.google.com",
		Audience:       []string{"407408718192.apps.googleusercontent.com"}, // your client IDs
		IdentityPrefix: "google:",
		RequiredClaims: []string{"exp"},
	}
	keys, err := jwks.Discover(ctx, google.Name, options)
	google.KeySource = keys
	former := google
	former.Name = "accounts.google.com"
	return []ginjwt.Issuer{google, former}, err
}

// Cognito accepts access tokens of a user pool. They have no "aud", but name the client
// that they were made for.
func Cognito(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI"
	clients := []any{"1h57kf5cpq17m0eml12EXAMPLE"} // the app clients whose tokens are accepted
	keys, err := jwks.Discover(ctx, name, options)
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{},  // Identity asks for the client instead
		TypeClaim:      "token_use", // "access"; an ID token has "id", and is refused
		Identity:       subjectIf(func(c ginjwt.Claims) bool { return slices.Contains(clients, c["client_id"]) }),
		IdentityPrefix: "cognito:",
		RolesClaim:     "cognito:groups",
		RequiredClaims: []string{"exp"},
	}, err
}

// entraTenant is the ID of a tenant of Microsoft Entra ID.
const entraTenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee"

// EntraID accepts access tokens of a tenant in version 2.0, for the users of an app
// registration.
func EntraID(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name = "https://login.microsoftonline.com/" + entraTenant + "/v2.0"
	keys, err := jwks.Discover(ctx, name, options)
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{"00001111-aaaa-2222-bbbb-3333cccc4444"}, // the client ID of the API
		IdentityPrefix: "entra:",
		ScopeClaim:     "scp",
		RequiredClaims: []string{"exp", "scp"}, // ID tokens have no "scp"
	}, err
}

// EntraIDv1 accepts access tokens in version 1.0. An API gets them unless its manifest asks
// for version 2.0.
func EntraIDv1(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name = "https://sts.windows.net/" + entraTenant + "/" // the slash is part of the name
	keys, err := jwks.Discover(ctx, name, options)
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{"api://00001111-aaaa-2222-bbbb-3333cccc4444"}, // its Application ID URI
		IdentityPrefix: "entra1:",
		ScopeClaim:     "scp",
		RequiredClaims: []string{"exp", "scp"},
	}, err
}

// Django accepts access tokens of djangorestframework-simplejwt. The users of that service
// are also our users.
func Django(signingKey string) ginjwt.Issuer {
	return ginjwt.Issuer{
		Name:                  "https://django.example.com", // SIMPLE_JWT["ISSUER"]
		Keys:                  []keys.Key{{Algorithm: "HS256", Verify: []byte(signingKey), AllowMissingKeyID: true}},
		IdentityClaim:         "user_id",
		TypeClaim:             "token_type",
		AllowSharedIdentities: true,
		RequiredClaims:        []string{"exp"},
	}
}

// DjangoWithoutIssuer returns settings that accept and make the tokens of a Django service
// without ISSUER. Nobody can tell the tokens of the two services apart.
func DjangoWithoutIssuer(signingKey string) ginjwt.Config {
	return ginjwt.Config{
		SecretKey:      signingKey,
		IdentityClaim:  "user_id",
		TypeClaim:      "token_type",
		RequiredClaims: []string{"exp"},
	}
}

// Accounts accepts tokens of another service with ginjwt. Its users are also our users.
func Accounts(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name = "https://accounts.example.com" // its Config.EncodeIssuer
	keys, err := jwks.Discover(ctx, name, options)
	return ginjwt.Issuer{
		Name:                  name,
		KeySource:             keys,
		Audience:              []string{"shop"},
		AllowSharedIdentities: true,
		RequiredClaims:        []string{"exp"},
	}, err
}
