package jwttest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// The helpers of tests, beside the calls of ginjwt that they make (floor), and beside large input
// (hostile).
func BenchmarkTokens(b *testing.B) {
	mgr := ginjwt.New(jwttest.Config(nil))
	require.NoError(b, mgr.InitApp(nil))
	issuer := jwttest.NewIssuer(b, nil)
	large := ginjwt.Claims{}
	for i := range 300 {
		large[fmt.Sprint("claim ", i)] = i
	}
	for _, of := range []struct {
		name string
		make func() (string, error)
	}{
		{"floor/CreateAccessToken", func() (string, error) { return mgr.CreateAccessToken(b.Context(), "alice") }},
		{"AccessToken", func() (string, error) { return jwttest.AccessToken(b, mgr, "alice"), nil }},
		{"Issuer.Token", func() (string, error) { return issuer.Token("alice", nil), nil }},
		{"hostile/AccessToken, 300 claims", func() (string, error) {
			return jwttest.AccessToken(b, mgr, "alice", ginjwt.WithClaims(large)), nil
		}},
		{"hostile/Issuer.Token, 300 claims", func() (string, error) { return issuer.Token("alice", large), nil }},
	} {
		b.Run(of.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if token, err := of.make(); err != nil || strings.Count(token, ".") != 2 {
					b.Fatal(token, err)
				}
			}
		})
	}
}

// Requests of tests. A recorder keeps each response.
func BenchmarkDo(b *testing.B) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "alice") })
	var responses []*httptest.ResponseRecorder
	for i := range 50 {
		w := httptest.NewRecorder()
		http.SetCookie(w, &http.Cookie{Name: "access_token_cookie", Value: fmt.Sprint(i), Path: "/"})
		http.SetCookie(w, &http.Cookie{Name: fmt.Sprint("other ", i), Value: "value", Path: "/"})
		responses = append(responses, w)
	}
	for _, of := range []struct {
		name string
		do   func() *httptest.ResponseRecorder
	}{
		{"floor/httptest", func() *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest("POST", "/me", nil))
			return w
		}},
		{"Bearer", func() *httptest.ResponseRecorder { return jwttest.Do(handler, "POST", "/me", jwttest.Bearer("a.b.c")) }},
		{"Cookies", func() *httptest.ResponseRecorder {
			return jwttest.Do(handler, "POST", "/me", jwttest.Cookies(responses[0]))
		}},
		{"hostile/Cookies of 50 responses", func() *httptest.ResponseRecorder {
			return jwttest.Do(handler, "POST", "/me", jwttest.Cookies(responses...))
		}},
	} {
		b.Run(of.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if w := of.do(); w.Code != 200 || w.Body.String() != "alice" {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}
