package contender

import (
	"errors"
	"net/http"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

var errNoSubject = errors.New("no subject")

func jwxAlgorithm(k Keys) jwa.SignatureAlgorithm {
	algorithm, ok := jwa.LookupSignatureAlgorithm(k.Algorithm)
	if !ok {
		panic("jwx does not know " + k.Algorithm)
	}
	return algorithm
}

func jwx(k Keys) http.Handler {
	key := jwt.WithKey(jwxAlgorithm(k), k.Verifying())
	return byHand(func(encoded string) (string, error) {
		token, err := jwt.ParseString(encoded, key)
		if err != nil {
			return "", err
		}
		identity, ok := token.Subject()
		if !ok {
			return "", errNoSubject
		}
		return identity, nil
	})
}

func jwxCreate(k Keys) func() (string, error) {
	key := jwt.WithKey(jwxAlgorithm(k), k.SigningKey())
	return func() (string, error) {
		now := time.Now()
		token, err := jwt.NewBuilder().JwtID(newUUID()).Subject(Identity).
			IssuedAt(now).NotBefore(now).Expiration(now.Add(accessLifetime)).
			Claim("fresh", false).Claim("type", "access").Claim("csrf", newUUID()).Build()
		if err != nil {
			return "", err
		}
		signed, err := jwt.Sign(token, key)
		return string(signed), err
	}
}
