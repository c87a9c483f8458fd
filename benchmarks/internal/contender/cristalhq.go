package contender

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"net/http"
	"time"

	"github.com/cristalhq/jwt/v5"
)

var errExpired = errors.New("not valid at this time")

func cristalhqJWT(k Keys) http.Handler {
	verifier := cristalhqVerifier(k)
	return byHand(func(encoded string) (string, error) {
		var claims jwt.RegisteredClaims
		if err := jwt.ParseClaims([]byte(encoded), verifier, &claims); err != nil {
			return "", err
		}
		if !claims.IsValidAt(time.Now()) {
			return "", errExpired
		}
		return claims.Subject, nil
	})
}

func cristalhqVerifier(k Keys) jwt.Verifier {
	switch key := k.Verifying().(type) {
	case *rsa.PublicKey:
		return must(jwt.NewVerifierRS(jwt.RS256, key))
	case *ecdsa.PublicKey:
		return must(jwt.NewVerifierES(jwt.ES256, key))
	case ed25519.PublicKey:
		return must(jwt.NewVerifierEdDSA(key))
	default:
		return must(jwt.NewVerifierHS(jwt.HS256, k.Secret))
	}
}

func cristalhqSigner(k Keys) jwt.Signer {
	switch key := k.SigningKey().(type) {
	case *rsa.PrivateKey:
		return must(jwt.NewSignerRS(jwt.RS256, key))
	case *ecdsa.PrivateKey:
		return must(jwt.NewSignerES(jwt.ES256, key))
	case ed25519.PrivateKey:
		return must(jwt.NewSignerEdDSA(key))
	default:
		return must(jwt.NewSignerHS(jwt.HS256, k.Secret))
	}
}

type cristalhqClaims struct {
	jwt.RegisteredClaims
	Fresh bool   `json:"fresh"`
	Type  string `json:"type"`
	CSRF  string `json:"csrf"`
}

func cristalhqCreate(k Keys) func() (string, error) {
	builder := jwt.NewBuilder(cristalhqSigner(k))
	return func() (string, error) {
		now := time.Now()
		claims := cristalhqClaims{
			RegisteredClaims: jwt.RegisteredClaims{
				ID: newUUID(), Subject: Identity, IssuedAt: jwt.NewNumericDate(now),
				NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(accessLifetime)),
			},
			Type: "access",
			CSRF: newUUID(),
		}
		token, err := builder.Build(claims)
		if err != nil {
			return "", err
		}
		return token.String(), nil
	}
}
