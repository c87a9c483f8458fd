// Package providers has settings for the tokens of well-known issuers. Take the
// function that you need, and put your own names into it.
package providers

import (
	"context"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// Auth0 takes the access tokens of an Auth0 tenant for one of its APIs.
func Auth0(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name = "https://example.eu.auth0.com/" // the slash is a part of it
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

// Keycloak takes the access tokens of a realm.
func Keycloak(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name = "https://sso.example.com/realms/shop"
	keys, err := jwks.Discover(ctx, name, options)
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{"shop-api"}, // needs an audience mapper
		IdentityPrefix: "keycloak:",
		RolesClaim:     "/realm_access/roles", // or /resource_access/shop-api/roles
		RequiredClaims: []string{"exp"},
	}, err
}

// Google takes ID tokens, under both names that Google has.
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

// cognitoPool is the "iss" of a user pool of Amazon Cognito.
const cognitoPool = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI"

// Cognito takes the access tokens of a user pool. They have no "aud": register
// OfOurApps as the TokenVerificationLoader.
func Cognito(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	keys, err := jwks.Discover(ctx, cognitoPool, options)
	return ginjwt.Issuer{
		Name:           cognitoPool,
		KeySource:      keys,
		Audience:       []string{},  // OfOurApps asks for the client instead
		TypeClaim:      "token_use", // "access"; an ID token has "id", and is refused
		IdentityPrefix: "cognito:",
		RolesClaim:     "cognito:groups",
		RequiredClaims: []string{"exp", "client_id"},
	}, err
}

// OfOurApps refuses tokens that Cognito made for other apps of the user pool.
func OfOurApps(_ context.Context, token *ginjwt.Token) (bool, error) {
	if token.Issuer != cognitoPool {
		return true, nil
	}
	return token.Claims()["client_id"] == "1h57kf5cpq17m0eml12EXAMPLE", nil
}

// entraTenant is the ID of a tenant of Microsoft Entra ID.
const entraTenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee"

// EntraID takes the access tokens of a tenant, in their version 2.0, for the
// users of an app registration.
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

// EntraIDv1 takes those of version 1.0, which an API gets that has not asked for
// the other one.
func EntraIDv1(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name = "https://sts.windows.net/" + entraTenant + "/" // the slash is a part of it
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

// Django takes the access tokens of djangorestframework-simplejwt, of a service
// whose users are ours.
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

// DjangoWithoutIssuer are the settings of a service that takes, and makes, the
// tokens of a Django service that has no ISSUER: nobody can tell the two apart.
func DjangoWithoutIssuer(signingKey string) ginjwt.Config {
	return ginjwt.Config{
		SecretKey:      signingKey,
		IdentityClaim:  "user_id",
		TypeClaim:      "token_type",
		RequiredClaims: []string{"exp"},
	}
}

// Accounts takes the tokens of another service that uses ginjwt, and whose users
// are ours.
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
