package benchmarks

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash/maphash"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// Parts of the work of this library, each alone.
func BenchmarkParts(b *testing.B) {
	each(b, "Parts", func(b *testing.B, algorithm string, part contender.Contender) {
		keys := contender.NewKeys(algorithm)
		do := parts(keys, contender.Named(contender.Ours).Token(keys))[part.Name]
		loop(b, func() {
			if !do() {
				b.Fatal("not done")
			}
		})
	})
}

// parts returns the parts by name. Each reports whether it was done.
func parts(keys contender.Keys, token string) map[string]func() bool {
	dot := strings.LastIndexByte(token, '.')
	signed, payload := []byte(token[:dot]), strings.Split(token, ".")[1]
	claims, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		panic(err)
	}
	text := string(claims)
	request := new(http.Request)
	ctx := context.WithValue(context.Background(), http.ServerContextKey, token)
	seed, known := maphash.MakeSeed(), strings.Clone(token)
	mac, sum := hmac.New(sha256.New, keys.Secret), make([]byte, 0, sha256.Size)
	buffer := make([]byte, len(token))
	return map[string]func() bool{
		"copy":  func() bool { copied = request.WithContext(ctx); return copied != nil },
		"clock": func() bool { return !time.Now().IsZero() },
		"find":  func() bool { hashed = maphash.String(seed, token); return token == known },
		"hmac": func() bool {
			mac.Reset()
			_, _ = mac.Write(signed) // never fails
			return len(mac.Sum(sum)) == sha256.Size
		},
		"base64": func() bool {
			n, err := base64.RawURLEncoding.Decode(buffer, []byte(payload))
			signature, alsoErr := base64.RawURLEncoding.Decode(buffer[n:], []byte(token[dot+1:]))
			return err == nil && alsoErr == nil && signature == sha256.Size
		},
		"claims": func() bool {
			members := 0
			err := strictjson.Members(claims, text, func(string, strictjson.Value) { members++ })
			return err == nil && members == 8
		},
	}
}

// Results go here, so that the compiler does not leave the work out.
var (
	copied *http.Request
	hashed uint64
)
