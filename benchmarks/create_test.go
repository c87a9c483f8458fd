package benchmarks

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

func BenchmarkCreate(b *testing.B) {
	each(b, "Create", func(b *testing.B, algorithm string, c contender.Contender) {
		create := c.Create(contender.NewKeys(algorithm))
		loop(b, func() {
			token, err := create()
			if err != nil || !strings.HasPrefix(token, "eyJ") || strings.Count(token, ".") != 2 {
				b.Fatal(token, err)
			}
		})
	})
}

// A request that is answered with a new access and a new refresh token.
func BenchmarkLogin(b *testing.B) {
	each(b, "Login", func(b *testing.B, algorithm string, c contender.Contender) {
		client := contender.NewClient(c.Login(contender.NewKeys(algorithm)), http.MethodPost, "/login")
		loop(b, func() {
			if status, body := client.Do(); status != http.StatusOK || !isPair(body) {
				b.Fatalf("responded %d %s", status, body)
			}
		})
	})
}

// isPair looks at no more than tells an answer from an error.
func isPair(body []byte) bool {
	return bytes.HasPrefix(body, []byte(`{"access_token":"eyJ`)) && bytes.Contains(body, []byte(`"refresh_token":"`))
}
