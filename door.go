package ginjwt

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// Middleware is [JWTManager.JWTRequired] for handlers of net/http: the same options,
// checks and answers. In the handlers after it, [GetJWTIdentity] and its kin return
// what is in the token of r.Context().
//
//	mux.Handle("GET /orders", mgr.Middleware(ginjwt.Scopes("orders:read"))(orders))
//
// The next handler gets the very ResponseWriter of the server: it can flush, hijack
// and use [http.ResponseController] as without a middleware. The loader that answers
// a refusal gets a [gin.Context] with request and response: its ClientIP trusts no
// proxy, it has no HTML templates, and nobody reads its Errors. Set Config.Observer to
// log refusals.
//
// [JWTManager.ImplicitRefresh] needs Gin: put [gin.WrapH] of your handler behind it.
//
// Middleware panics if called before InitApp, or with an unknown location.
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
// returns the request to go on with, in which [GetToken] and its kin find the token,
// and none where JWTRequired lets an anonymous request pass. Do not use r itself any
// more: its body may have been read. The error is an [*Error]; the request that is
// returned with it is for [JWTManager.RefuseRequest].
//
// VerifyRequest has no response, so it sets none of the headers that [JWTManager.Middleware]
// sets: where tokens or tickets are in cookies or in the query string, set Cache-Control
// to "no-store", and for the query string Referrer-Policy to "no-referrer" too. If a
// handler parses a form with files in the request that it returns, call RemoveAll of the
// form: the server removes the files of r only.
func (m *JWTManager) VerifyRequest(r *http.Request, opts ...RequiredOption) (*http.Request, error) {
	c := m.contextOf(noResponse{}, r)
	_, err := m.verifyWith(c, m.requirementOf("VerifyRequest", opts))
	return c.Request, err
}

// noResponse takes the headers of checks that answer nobody.
type noResponse struct{}

func (noResponse) Header() http.Header         { return http.Header{} }
func (noResponse) Write(b []byte) (int, error) { return len(b), nil }
func (noResponse) WriteHeader(int)             {}

// RefuseRequest is [JWTManager.Refuse] for handlers of net/http. r is the request that
// [JWTManager.VerifyRequest] returned, or one behind [JWTManager.Middleware].
func (m *JWTManager) RefuseRequest(w http.ResponseWriter, r *http.Request, err error) {
	c := m.contextOf(w, r)
	defer returnForm(c, r)
	m.Refuse(c, err)
}

// HTTPHandler makes an [http.Handler] of one of the handlers of the manager, such as
// [JWTManager.JWKSHandler] or [JWTManager.RefreshHandler]. The {id} of a pattern of
// [http.ServeMux] is the parameter "id". A handler that calls c.Next needs Gin.
//
//	mux.Handle("POST /refresh", mgr.HTTPHandler(mgr.RefreshHandler()))
//
// It panics if called before InitApp.
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

// door is the engine of contexts for requests that no engine of the application
// routes. It has no routes and trusts no proxy; gin.New would print warnings about it.
// All else that a [gin.Context] asks it is as there.
var door = (&gin.Engine{MaxMultipartMemory: 32 << 20}).SecureJsonPrefix("while(1);")

// contextOf returns a context for a request that did not come by way of Gin, with m
// attached. Each request gets a new one, which a loader may keep.
func (m *JWTManager) contextOf(w http.ResponseWriter, r *http.Request) *gin.Context {
	c := gin.CreateTestContextOnly(w, door) // the one constructor that Gin exports
	c.Request = r
	m.attach(c)
	return c
}
