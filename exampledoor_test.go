package ginjwt_test

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// A service without Gin: its routes are handlers of net/http.
func ExampleJWTManager_Middleware() {
	mgr := exampleManager(ginjwt.Config{})

	mux := http.NewServeMux()
	mux.Handle("GET /orders", mgr.Middleware(ginjwt.Scopes("orders:read"))(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprintln(w, "orders of", ginjwt.GetJWTIdentity(r.Context()))
		})))

	reader := exampleToken(mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"scope": "orders:read"}))
	fmt.Print(jwttest.Do(mux, "GET", "/orders", jwttest.Bearer(reader)).Body)
	fmt.Print(jwttest.Do(mux, "GET", "/orders", jwttest.Bearer(exampleToken(mgr, "bob"))).Body)
	fmt.Print(jwttest.Do(mux, "GET", "/orders").Body)
	// Output:
	// orders of alice
	// {"msg":"Insufficient scope"}
	// {"msg":"Missing Authorization Header"}
}

// ImplicitRefresh needs Gin, and Gin takes handlers of net/http.
func ExampleJWTManager_ImplicitRefresh_netHTTP() {
	mgr := ginjwt.New(ginjwt.Config{
		SecretKey: jwttest.Config(nil).SecretKey, Sessions: &store.MemorySessions{}, TokenLocation: []ginjwt.Location{ginjwt.InCookies},
	})
	router := exampleEngine(mgr)
	pages := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintln(w, "hello,", ginjwt.GetJWTIdentity(r.Context()))
	})
	router.GET("/", mgr.ImplicitRefresh(10*time.Minute), mgr.JWTRequired(), gin.WrapH(pages))

	cookie := jwttest.Header("Cookie", "access_token_cookie="+exampleToken(mgr, "alice"))
	fmt.Print(jwttest.Do(router, "GET", "/", cookie).Body)
	// Output: hello, alice
}

// A middleware of your own decides what becomes of a refusal.
func ExampleJWTManager_VerifyRequest() {
	mgr := exampleManager(ginjwt.Config{})

	withLogin := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r, err := mgr.VerifyRequest(r)
			switch {
			case errors.Is(err, ginjwt.ErrNoAuthorization):
				http.Redirect(w, r, "/login", http.StatusFound)
			case err != nil:
				mgr.RefuseRequest(w, r, err)
			default:
				w.Header().Set("Cache-Control", "no-store") // where tokens are in cookies
				next.ServeHTTP(w, r)
			}
		})
	}

	page := withLogin(http.NotFoundHandler())
	fmt.Println(jwttest.Do(page, "GET", "/").Header().Get("Location"))
	fmt.Print(jwttest.Do(page, "GET", "/", jwttest.Bearer("garbage")).Body)
	// Output:
	// /login
	// {"msg":"Not enough segments"}
}
