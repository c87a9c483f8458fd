package contender

import (
	"io"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/jwtauth/v5"
)

func bareChi(Keys) http.Handler {
	r := chi.NewRouter()
	r.Get("/protected", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, Identity) })
	return r
}

func chiJWTAuth(k Keys) http.Handler {
	auth := jwtauth.New(k.Algorithm, k.SigningKey(), k.Verifying())
	r := chi.NewRouter()
	r.Use(jwtauth.Verifier(auth), jwtauth.Authenticator(auth))
	r.Get("/protected", func(w http.ResponseWriter, r *http.Request) {
		_, claims, _ := jwtauth.FromContext(r.Context()) // the Authenticator has looked at its error
		identity, _ := claims["sub"].(string)
		_, _ = io.WriteString(w, identity)
	})
	return r
}
