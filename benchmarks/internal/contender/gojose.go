package contender

import (
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func goJose(k Keys) http.Handler {
	algorithms, key := []jose.SignatureAlgorithm{jose.SignatureAlgorithm(k.Algorithm)}, k.Verifying()
	return byHand(func(encoded string) (string, error) {
		token, err := jwt.ParseSigned(encoded, algorithms)
		if err != nil {
			return "", err
		}
		var claims jwt.Claims
		if err := token.Claims(key, &claims); err != nil {
			return "", err
		}
		if err := claims.ValidateWithLeeway(jwt.Expected{Time: time.Now()}, 0); err != nil {
			return "", err
		}
		return claims.Subject, nil
	})
}

type joseClaims struct {
	jwt.Claims
	Fresh bool   `json:"fresh"`
	Type  string `json:"type"`
	CSRF  string `json:"csrf"`
}

func goJoseCreate(k Keys) func() (string, error) {
	signer := must(jose.NewSigner(
		jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.Algorithm), Key: k.SigningKey()},
		(&jose.SignerOptions{}).WithType("JWT")))
	return func() (string, error) {
		now := time.Now()
		return jwt.Signed(signer).Claims(joseClaims{
			Claims: jwt.Claims{
				ID: newUUID(), Subject: Identity, IssuedAt: jwt.NewNumericDate(now),
				NotBefore: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(accessLifetime)),
			},
			Type: "access",
			CSRF: newUUID(),
		}).Serialize()
	}
}
