package providers

import (
	"context"
	"log"
	"os"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// KeycloakFromFile accepts tokens of a realm that this service cannot reach. Save the JWK
// Set of the realm to a file, and save it again when the realm gets new keys.
func KeycloakFromFile(path string) (ginjwt.Issuer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return ginjwt.Issuer{}, err
	}
	list, problems, err := keys.ParseSet(text)
	for _, problem := range problems { // such as an encryption key
		log.Print(problem)
	}
	return ginjwt.Issuer{
		Name:           "https://sso.example.com/realms/shop",
		Keys:           list,
		Audience:       []string{"shop-api"},
		IdentityPrefix: "keycloak:",
		RequiredClaims: []string{"exp"},
	}, err
}

// firebaseProject is the ID of a project of Firebase.
const firebaseProject = "example-shop"

// Firebase accepts ID tokens of a project. Google publishes the keys as certificates.
func Firebase(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	options.CertificateMap = true
	keys, err := jwks.New(ctx, "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com", options)
	return ginjwt.Issuer{
		Name:                  "https://securetoken.google.com/" + firebaseProject,
		KeySource:             keys,
		Audience:              []string{firebaseProject},
		IdentityPrefix:        "firebase:",
		AllowSharedIdentities: true, // FirebaseSessions has the same users
		RequiredClaims:        []string{"exp"},
	}, err
}

// FirebaseSessions accepts session cookies of the same users, which other keys sign.
func FirebaseSessions(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	options.CertificateMap = true
	keys, err := jwks.New(ctx, "https://www.googleapis.com/identitytoolkit/v3/relyingparty/publicKeys", options)
	return ginjwt.Issuer{
		Name:                  "https://session.firebase.google.com/" + firebaseProject,
		KeySource:             keys,
		Audience:              []string{firebaseProject},
		IdentityPrefix:        "firebase:",
		AllowSharedIdentities: true, // Firebase has the same users
		RequiredClaims:        []string{"exp"},
	}, err
}

// SPIFFE accepts JWT-SVIDs of workloads in a trust domain, with the bundle that SPIRE
// serves.
func SPIFFE(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	options.Use = []string{"jwt-svid"}
	keys, err := jwks.New(ctx, "https://spire.example.com/bundle", options)
	return ginjwt.Issuer{
		Name:           "https://spire.example.com", // jwt_issuer of the SPIRE server
		KeySource:      keys,
		Audience:       []string{"shop-api"},
		IdentityPrefix: "workload:", // workload:spiffe://example.com/orders
		RequiredClaims: []string{"exp"},
	}, err
}
