package benchmarks

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// A token with one wrong bit in its signature. BenchmarkProtected has the cost
// of a good one.
func BenchmarkForged(b *testing.B) {
	each(b, "Forged", func(b *testing.B, algorithm string, c contender.Contender) {
		keys := contender.NewKeys(algorithm)
		refuse(b, c, protected(c.Protected(keys), "Bearer "+c.Forged(keys)))
	})
}

// A token that was accepted until it expired.
func BenchmarkExpired(b *testing.B) {
	each(b, "Expired", func(b *testing.B, algorithm string, c contender.Contender) {
		handler, token := c.ExpiredKnown(contender.NewKeys(algorithm))
		refuse(b, c, protected(handler, "Bearer "+token))
	})
}

// What anybody can send. BenchmarkProtected/HS256 has the cost of a good token.
func BenchmarkHostile(b *testing.B) {
	each(b, "Hostile", func(b *testing.B, variant string, c contender.Contender) {
		refuse(b, c, protected(c.Protected(contender.NewKeys("HS256")), hostile(variant)))
	})
}

// hostile returns an Authorization header.
func hostile(variant string) string {
	encode := base64.RawURLEncoding.EncodeToString
	switch variant {
	case "Garbage":
		return "Bearer not.a.token"
	case "MegabyteHeader":
		return "Bearer " + strings.Repeat("a", 1_000_000)
	case "Commas":
		return "Bearer " + strings.Repeat("a,", 10_000)
	case "Dots":
		return "Bearer " + strings.Repeat(".", 900_000)
	case "NestedArrays":
		nested := strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000)
		return "Bearer " + encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." +
			encode([]byte(`{"sub":`+nested+`}`)) + "." + encode(make([]byte, 32))
	default:
		panic("no such request: " + variant)
	}
}

// Bodies, where tokens are looked for in them.
func BenchmarkBody(b *testing.B) {
	keys := contender.NewKeys("HS256")
	token := `{"access_token":"` + contender.Named(contender.Ours).Token(keys) + `"`
	handler := contender.OursInBody(keys)
	b.Run("Small", func(b *testing.B) {
		client, body := sending(handler, []byte(token+"}"))
		loop(b, func() {
			body.rewind(client)
			mustIdentify(b, client)
		})
	})
	b.Run("8MiB", func(b *testing.B) {
		large := append([]byte(token+`,"more":"`), bytes.Repeat([]byte("a"), 8<<20)...)
		client, body := sending(handler, append(large, `"}`...))
		loop(b, func() {
			body.rewind(client)
			if status, body := client.Do(); status != http.StatusUnauthorized {
				b.Fatalf("responded %d %s", status, body)
			}
		})
	})
}

// sending returns a client that posts a JSON body, of a length that is not told
// beforehand, and the body.
func sending(h http.Handler, body []byte) (*contender.HTTPClient, *reusedBody) {
	c := contender.NewHTTPClient(h, http.MethodPost, "/protected")
	c.Request.Header = http.Header{"Content-Type": {"application/json"}}
	c.Request.ContentLength = -1
	return c, &reusedBody{bytes.NewReader(body)}
}

type reusedBody struct{ *bytes.Reader }

func (*reusedBody) Close() error { return nil }

// rewind makes r the body of the next request, from its beginning.
func (r *reusedBody) rewind(c *contender.HTTPClient) {
	_, _ = r.Seek(0, io.SeekStart) // never fails
	c.Request.Body = r
}
