package ginjwt_test

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
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

// A middleware of your own decides what becomes of a refusal.
func ExampleJWTManager_VerifyRequest() {
	mgr := exampleManager(ginjwt.Config{})

	withLogin := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r, err := mgr.VerifyRequest(w, r)
			switch {
			case errors.Is(err, ginjwt.ErrNoAuthorization):
				http.Redirect(w, r, "/login", http.StatusFound)
			case err != nil:
				mgr.RefuseRequest(w, r, err)
			default:
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
