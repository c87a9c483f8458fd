package main

import (
	"cmp"
	"net/http"

	"github.com/gin-jwt-extended/ginjwt"
)

// authorize tells a proxy whether to let a request through. The response is 204 with the
// identity, or 401 or 403.
func authorize(mgr *ginjwt.JWTManager) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := r.Clone(r.Context())
		asked.Method = cmp.Or(r.Header.Get("X-Forwarded-Method"), "POST")        // nginx asks by GET, which needs no CSRF value
		asked.RequestURI = cmp.Or(r.Header.Get("X-Forwarded-Uri"), r.RequestURI) // a DPoP proof is for this URL
		asked, err := mgr.VerifyRequest(asked)
		if err != nil {
			mgr.RefuseRequest(known{w}, asked, err)
			return
		}
		token, ok := ginjwt.GetToken(asked.Context())
		if !ok { // a CORS preflight is anonymous, and the service behind the proxy needs an identity
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("X-Identity", token.Identity)
		w.WriteHeader(http.StatusNoContent)
	})
}

// known answers with statuses that nginx knows: it makes 500 of 400 and of 422.
type known struct{ http.ResponseWriter }

func (k known) WriteHeader(status int) {
	if status == http.StatusBadRequest || status == http.StatusUnprocessableEntity {
		status = http.StatusUnauthorized
	}
	k.ResponseWriter.WriteHeader(status)
}
