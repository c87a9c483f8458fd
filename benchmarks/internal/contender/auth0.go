package contender

import (
	"context"
	"io"
	"net/http"

	auth0jwt "github.com/auth0/go-jwt-middleware/v3"
	"github.com/auth0/go-jwt-middleware/v3/validator"
)

// auth0Claims are two that this middleware insists on.
const auth0Claims = `,"iss":"https://issuer.example/","aud":"api"`

func bareNetHTTP(Keys) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /protected", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, Identity) })
	return mux
}

func auth0(k Keys) http.Handler { return auth0With(k) }

func auth0With(k Keys, opts ...auth0jwt.Option) http.Handler {
	key := k.Verifying()
	tokens := must(validator.New(
		validator.WithKeyFunc(func(context.Context) (any, error) { return key, nil }),
		validator.WithAlgorithm(validator.SignatureAlgorithm(k.Algorithm)),
		validator.WithIssuer("https://issuer.example/"),
		validator.WithAudience("api"),
	))
	middleware := must(auth0jwt.New(append(opts, auth0jwt.WithValidator(tokens))...))
	mux := http.NewServeMux()
	mux.Handle("GET /protected", middleware.CheckJWT(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			claims, err := auth0jwt.GetClaims[*validator.ValidatedClaims](r.Context())
			if err != nil {
				http.Error(w, "no claims", http.StatusInternalServerError)
				return
			}
			_, _ = io.WriteString(w, claims.RegisteredClaims.Subject)
		})))
	return mux
}
