package ginjwt

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// Middleware is [JWTManager.JWTRequired] for handlers of net/http. It has the
// same options, checks and responses. In the handlers after it, call
// [GetJWTIdentity] and the other getters with r.Context().
//
//	mux.Handle("GET /orders", mgr.Middleware(ginjwt.Scopes("orders:read"))(orders))
//
// The next handler receives the ResponseWriter of the server unchanged. It can
// flush, hijack and use [http.ResponseController].
//
// The loader that responds to a refusal receives a [gin.Context] with the request
// and the response. Its ClientIP trusts no proxy, it has no HTML templates, and
// nothing reads its Errors. To log refusals, set Config.Observer.
//
// [JWTManager.ImplicitRefresh] needs Gin: wrap your handler with [gin.WrapH]
// and put it behind ImplicitRefresh.
//
// Middleware panics if it is called before InitApp, or with an unknown
// location.
func (m *JWTManager) Middleware(opts ...RequiredOption) func(http.Handler) http.Handler {
	required := m.handler(m.requirementOf("Middleware", opts))
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c := m.contextOf(w, r)
			defer returnForm(c, r)
			if required(c); !c.IsAborted() {
				next.ServeHTTP(w, c.Request)
			}
		})
	}
}

// VerifyRequest is [JWTManager.VerifyJWTInRequest] for handlers of net/http. It
// returns a request. In this request, [GetToken] and the other getters find the token.
// Use this request from now on, not r: the body of r may have been read. If an
// anonymous request passes, the returned request has no token. The error is an
// [*Error]. On an error, pass the returned request to
// [JWTManager.RefuseRequest].
//
// VerifyRequest has no response, so it cannot set the headers that
// [JWTManager.Middleware] sets, such as the DPoP-Nonce of a request that passes. If tokens or tickets are in cookies or in the
// query string, set Cache-Control to "no-store". For the query string, also set
// Referrer-Policy to "no-referrer". If a handler parses a form with files in
// the returned request, call RemoveAll on the form: the server removes only the
// files of r.
func (m *JWTManager) VerifyRequest(r *http.Request, opts ...RequiredOption) (*http.Request, error) {
	c := m.contextOf(noResponse{}, r)
	_, err := m.verifyWith(c, m.requirementOf("VerifyRequest", opts))
	return c.Request, err
}

// noResponse discards the headers of checks without a response.
type noResponse struct{}

func (noResponse) Header() http.Header         { return http.Header{} }
func (noResponse) Write(b []byte) (int, error) { return len(b), nil }
func (noResponse) WriteHeader(int)             {}

// RefuseRequest is [JWTManager.Refuse] for handlers of net/http. r is the
// request that [JWTManager.VerifyRequest] returned, or a request behind
// [JWTManager.Middleware].
func (m *JWTManager) RefuseRequest(w http.ResponseWriter, r *http.Request, err error) {
	c := m.contextOf(w, r)
	defer returnForm(c, r)
	m.Refuse(c, err)
}

// HTTPHandler converts a handler of the manager to an [http.Handler], for
// example [JWTManager.JWKSHandler] or [JWTManager.RefreshHandler]. The {id} in
// a pattern of [http.ServeMux] is the parameter "id". A handler that calls
// c.Next needs Gin.
//
//	mux.Handle("POST /refresh", mgr.HTTPHandler(mgr.RefreshHandler()))
//
// HTTPHandler panics if it is called before InitApp.
func (m *JWTManager) HTTPHandler(handler gin.HandlerFunc) http.Handler {
	m.mustBeReady("HTTPHandler")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := m.contextOf(w, r)
		defer returnForm(c, r)
		if id := r.PathValue("id"); id != "" {
			c.AddParam("id", id)
		}
		handler(c)
		c.Writer.WriteHeaderNow()
	})
}

// door is the engine for contexts of requests that do not come from Gin. It has
// no routes and trusts no proxy. It is not made by gin.New, which would print
// warnings about it. All other defaults are the same as in gin.New.
var door = (&gin.Engine{MaxMultipartMemory: 32 << 20}).SecureJsonPrefix("while(1);")

// contextOf returns a context for a request that did not come from Gin, with m
// attached. Each request gets a new context, because a loader may keep it.
func (m *JWTManager) contextOf(w http.ResponseWriter, r *http.Request) *gin.Context {
	c := gin.CreateTestContextOnly(w, door) // the one constructor that Gin exports
	c.Request = r
	m.attach(c)
	return c
}
