// Package contender has the libraries that are compared: this library and its peers,
// all with the same work. To add a library, write its constructors in a new file, and
// add an entry to [All].
package contender

import (
	"cmp"
	"net/http"

	"github.com/gin-gonic/gin"
)

// Identity is the "sub" of all tokens, and what GET /protected answers.
const Identity = "alice"

// Contender is a way to do the work.
type Contender struct {
	Name   string // in the names of benchmarks
	Title  string // in tables
	Module string // whose version stands in tables; empty for a baseline
	Open   bool   // a baseline: lets every request through
	Floor  string // the bare handler of its framework; empty for Gin
	Extra  string // claims that its tokens must have beside the default ones, as JSON members

	// Protected answers GET /protected with the identity in the Bearer token.
	Protected func(Keys) http.Handler
	// Lapsed is Protected with a token that has expired since it was accepted. Nil: the
	// library remembers no tokens, so it may get any expired token.
	Lapsed func(Keys) (h http.Handler, token string)
	// Bound is Protected for tokens that are bound to a key (RFC 9449). Each request has a DPoP
	// proof. Nil: the library checks no proofs.
	Bound func(Keys) http.Handler
	// Login answers POST /login with a new access and a new refresh token, in
	// JSON. Nil: it does not take part.
	Login func(Keys) http.Handler
	// Create makes access tokens with the default claims. Nil: it does not take
	// part.
	Create func(Keys) func() (string, error)
}

// The contenders that others are measured by.
const (
	Bare    = "bare"
	BareSet = "bare-set"
	Ours    = "ginjwt"
	GinJWT  = "gin-jwt"
	Map     = "golang-jwt-map"
	NoHits  = "ginjwt-cache-off"
	Watched = "ginjwt-observed"
	Auth0   = "auth0"
)

// The bare handlers of the frameworks of peers.
const (
	bareInEcho    = "bare-echo"
	bareInChi     = "bare-chi"
	bareInNetHTTP = "bare-net-http"
	bareInFiber   = "bare-fiber"
	bareInHertz   = "bare-hertz"
)

// OurModule is this library.
const OurModule = "github.com/gin-jwt-extended/ginjwt"

// All are the contenders, in the order of tables.
var All = []Contender{
	{Name: Bare, Title: "bare Gin handler", Open: true, Protected: bare},
	{Name: BareSet, Title: "bare Gin handler, one `c.Set`", Open: true, Protected: bareSet},
	{Name: bareInEcho, Title: "bare Echo handler", Open: true, Protected: bareEcho},
	{Name: bareInChi, Title: "bare chi handler", Open: true, Protected: bareChi},
	{Name: bareInNetHTTP, Title: "bare net/http handler", Open: true, Protected: bareNetHTTP},
	{Name: bareInFiber, Title: "bare Fiber handler", Open: true, Protected: bareFiber},
	{Name: bareInHertz, Title: "bare Hertz handler", Open: true, Protected: bareHertz},
	{Name: Ours, Title: "ginjwt", Module: OurModule,
		Protected: ours(cacheOn), Lapsed: oursLapsed(cacheOn), Bound: oursBound(cacheOn), Login: oursLogin, Create: oursCreate},
	{Name: NoHits, Title: "ginjwt, cache off", Module: OurModule,
		Protected: ours(cacheOff), Lapsed: oursLapsed(cacheOff), Bound: oursBound(cacheOff)},
	{Name: Watched, Title: "ginjwt, with an observer", Module: OurModule, Protected: oursWatched},
	{Name: GinJWT, Title: "gin-jwt", Module: "github.com/appleboy/gin-jwt/v3", Protected: ginJWT, Login: ginJWTLogin},
	{Name: Map, Title: "golang-jwt by hand, map", Module: "github.com/golang-jwt/jwt/v5",
		Protected: golangMap, Login: golangLogin, Create: golangMapCreate},
	{Name: "golang-jwt-struct", Title: "golang-jwt by hand, struct", Module: "github.com/golang-jwt/jwt/v5",
		Protected: golangStruct, Create: golangStructCreate},
	{Name: "kataras", Title: "kataras/jwt by hand", Module: "github.com/kataras/jwt",
		Protected: katarasJWT, Create: katarasCreate},
	{Name: "cristalhq", Title: "cristalhq/jwt by hand", Module: "github.com/cristalhq/jwt/v5",
		Protected: cristalhqJWT, Create: cristalhqCreate},
	{Name: "go-jose", Title: "go-jose by hand", Module: "github.com/go-jose/go-jose/v4",
		Protected: goJose, Create: goJoseCreate},
	{Name: "jwx", Title: "lestrrat-go/jwx by hand", Module: "github.com/lestrrat-go/jwx/v3",
		Protected: jwx, Create: jwxCreate},
	{Name: "echo-jwt", Title: "echo-jwt, in Echo", Module: "github.com/labstack/echo-jwt/v5",
		Floor: bareInEcho, Protected: echoJWT},
	{Name: "jwtauth", Title: "jwtauth, in chi", Module: "github.com/go-chi/jwtauth/v5",
		Floor: bareInChi, Protected: chiJWTAuth},
	{Name: Auth0, Title: "go-jwt-middleware, in net/http", Module: "github.com/auth0/go-jwt-middleware/v3",
		Floor: bareInNetHTTP, Extra: auth0Claims, Protected: auth0, Bound: auth0Bound},
	{Name: "fiber-jwt", Title: "gofiber/contrib/jwt, in Fiber", Module: "github.com/gofiber/contrib/v3/jwt",
		Floor: bareInFiber, Protected: fiberJWT},
	{Name: "hertz-jwt", Title: "hertz-contrib/jwt, in Hertz", Module: "github.com/hertz-contrib/jwt",
		Floor: bareInHertz, Protected: hertzJWT},
}

// Over returns the name of the bare handler that c is compared with: of its framework, or
// of Gin.
func (c Contender) Over() string {
	if c.Open {
		return Bare // the baselines are compared with each other
	}
	return cmp.Or(c.Floor, Bare)
}

// newEngine returns Gin without its log and recovery.
func newEngine() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	return gin.New()
}

// must is for constructors: a contender that cannot be set up is not compared.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
