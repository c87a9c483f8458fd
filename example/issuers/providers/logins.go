package providers

import (
	"context"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// Okta accepts access tokens of a custom authorization server, for users and programs.
func Okta(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name = "https://example.okta.com/oauth2/default"
	keys, err := jwks.Discover(ctx, name, options)
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{"api://default"},
		IdentityClaims: []string{"uid", "cid"}, // "sub" is a login name, which changes; programs have no "uid"
		IdentityPrefix: "okta:",
		ScopeClaim:     "scp",
		RolesClaim:     "groups", // a claim that you add to the authorization server
		RequiredClaims: []string{"exp"},
	}, err
}

// OktaLogin accepts ID tokens of the org authorization server, to exchange them. Only Okta
// can verify the access tokens of that server.
func OktaLogin(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name = "https://example.okta.com"
	keys, err := jwks.Discover(ctx, name, options)
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{"0oa1a2b3c4d5e6f7g8h9"}, // the client ID
		IdentityPrefix: "okta-login:",
		RequiredClaims: []string{"exp"},
	}, err
}

// Apple accepts ID tokens of "Sign in with Apple", to exchange them. Apple's metadata has
// named another issuer than its tokens, so the URL of the keys is fixed.
func Apple(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	keys, err := jwks.New(ctx, "https://appleid.apple.com/auth/keys", options)
	return ginjwt.Issuer{
		Name:           "https://appleid.apple.com",
		KeySource:      keys,
		Audience:       []string{"com.example.shop", "com.example.shop.web"}, // the bundle ID of the app, the Services ID of the page
		IdentityPrefix: "apple:",
		RequiredClaims: []string{"exp"},
	}, err
}

// Zitadel accepts access tokens of users and service users with a role in a project.
func Zitadel(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name, project = "https://example-a1b2c3.zitadel.cloud", "69234237810729019"
	keys, err := jwks.Discover(ctx, name, options)
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{project}, // ID tokens have it too
		IdentityPrefix: "zitadel:",
		RolesClaim:     "urn:zitadel:iam:org:project:" + project + ":roles",
		RequiredClaims: []string{"exp", "jti"}, // ID tokens have no "jti"
	}, err
}

// Hydra accepts access tokens of Ory Hydra with the strategy "jwt".
func Hydra(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name = "https://hydra.example.com" // urls.self.issuer, with its trailing slash if it has one
	keys, err := jwks.Discover(ctx, name, options)
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{"https://api.example.com"},
		IdentityPrefix: "hydra:",
		ScopeClaim:     "scp",
		RolesClaim:     "/ext/roles",                 // what the consent app puts into session.access_token
		RequiredClaims: []string{"exp", "client_id"}, // ID tokens have no "client_id"
	}, err
}

// WorkOS accepts access tokens of AuthKit sessions, with either issuer name of WorkOS.
func WorkOS(ctx context.Context, options jwks.Options) ([]ginjwt.Issuer, error) {
	const client = "client_01HBEQKA6K4QJAS93VPE39W1JT"
	keys, err := jwks.New(ctx, "https://api.workos.com/sso/jwks/"+client, options)
	workos := ginjwt.Issuer{
		Name:           "https://api.workos.com/user_management/" + client,
		KeySource:      keys,       // of this client alone
		Audience:       []string{}, // there is none, unless a JWT template adds it
		IdentityPrefix: "workos:",
		ScopeClaim:     "permissions",
		RequiredClaims: []string{"exp", "sid"}, // of a session of a user
	}
	former := workos
	former.Name = "https://api.workos.com" // of environments from before 2025
	return []ginjwt.Issuer{workos, former}, err
}

// Clerk accepts session tokens for the pages of one origin.
func Clerk(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name, origin = "https://clerk.example.com", "https://shop.example.com"
	keys, err := jwks.New(ctx, name+"/.well-known/jwks.json", options)
	isOurs := func(c ginjwt.Claims) bool { return c["azp"] == origin && c["sts"] != "pending" }
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{}, // Identity asks for the origin instead
		Types:          []string{"JWT"},
		Identity:       subjectIf(isOurs),
		IdentityPrefix: "clerk:",
		RolesClaim:     "/o/rol", // "org_role" in version 1 of the tokens
		RequiredClaims: []string{"exp", "sid"},
	}, err
}

// supabase is the name of a project as an issuer.
const supabase = "https://abcdefghijklmnopqrst.supabase.co/auth/v1"

// Supabase accepts tokens of users of a project that signs with a key pair.
func Supabase(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	keys, err := jwks.New(ctx, supabase+"/.well-known/jwks.json", options)
	return ginjwt.Issuer{
		Name:           supabase,
		KeySource:      keys,
		Audience:       []string{"authenticated"},
		IdentityPrefix: "supabase:",
		RolesClaim:     "/app_metadata/roles",         // never user_metadata, which users write
		RequiredClaims: []string{"exp", "session_id"}, // of a login, not made with a key of the project
	}, err
}

// SupabaseSecret also accepts tokens that the project signed with its legacy secret. kid is
// the "kid" in the header of such a token, or empty.
func SupabaseSecret(ctx context.Context, secret, kid string, options jwks.Options) (ginjwt.Issuer, error) {
	issuer, err := Supabase(ctx, options)
	issuer.Keys = []keys.Key{{ID: kid, Algorithm: "HS256", Verify: []byte(secret), AllowMissingKeyID: true}}
	return issuer, err
}
