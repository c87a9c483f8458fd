package ginjwt

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// SameOriginRequired returns a middleware for routes that have no token yet, such as a
// login. Without it, a page of another site could log its visitors in to an account of the
// attacker, and later read what they typed:
//
//	router.POST("/login", mgr.SameOriginRequired(), login)
//
// It refuses unsafe methods and upgrades with [ErrCSRF] unless a page of this service or
// of Config.CSRFTrustedOrigins sent the request, by the rules of Fetch Metadata in
// Config.CSRFProtection, whichever value that setting has. A request without Sec-Fetch-Site,
// Origin and cookies passes: it is not from a browser.
//
// SameOriginRequired looks for no token, so it protects no route that needs one. It panics
// if it is called before InitApp.
func (m *JWTManager) SameOriginRequired() gin.HandlerFunc {
	m.mustBeReady("SameOriginRequired")
	return describe(routeFacts{middleware: true, sameOrigin: true}, func(c *gin.Context) {
		if err := m.sameOrigin(c.Request); err != nil {
			m.Refuse(c, err)
		}
	})
}

// SameOriginMiddleware is [JWTManager.SameOriginRequired] for handlers of net/http.
//
//	mux.Handle("POST /login", mgr.SameOriginMiddleware()(login))
func (m *JWTManager) SameOriginMiddleware() func(http.Handler) http.Handler {
	m.mustBeReady("SameOriginMiddleware")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := m.sameOrigin(r); err != nil {
				m.RefuseRequest(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func (m *JWTManager) sameOrigin(r *http.Request) error {
	isNoBrowser := saysNothing(r) && len(r.Header["Cookie"]) == 0
	if isNoBrowser || isSafe(r.Method) && !isUpgrade(r) {
		return nil
	}
	return m.reader.csrf.origins.check(r)
}
