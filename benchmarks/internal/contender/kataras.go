package contender

import (
	"net/http"
	"time"

	"github.com/kataras/jwt"
)

var katarasAlgorithms = map[string]jwt.Alg{
	"HS256": jwt.HS256, "RS256": jwt.RS256, "ES256": jwt.ES256, "EdDSA": jwt.EdDSA,
}

func katarasJWT(k Keys) http.Handler {
	algorithm, key := katarasAlgorithms[k.Algorithm], k.Verifying()
	return byHand(func(encoded string) (string, error) {
		token, err := jwt.Verify(algorithm, key, []byte(encoded))
		if err != nil {
			return "", err
		}
		return token.StandardClaims.Subject, nil
	})
}

type katarasClaims struct {
	jwt.Claims
	Fresh bool   `json:"fresh"`
	Type  string `json:"type"`
	CSRF  string `json:"csrf"`
}

func katarasCreate(k Keys) func() (string, error) {
	algorithm, key := katarasAlgorithms[k.Algorithm], k.SigningKey()
	return func() (string, error) {
		now := time.Now()
		claims := katarasClaims{
			Claims: jwt.Claims{
				ID: newUUID(), Subject: Identity, IssuedAt: now.Unix(),
				NotBefore: now.Unix(), Expiry: now.Add(accessLifetime).Unix(),
			},
			Type: "access",
			CSRF: newUUID(),
		}
		token, err := jwt.Sign(algorithm, key, claims)
		return string(token), err
	}
}
