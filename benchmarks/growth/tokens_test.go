package growth

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

// flat returns many short claims that take about so many bytes in a payload.
func flat(bytes int) ginjwt.Claims {
	claims := ginjwt.Claims{}
	for i := 0; bytes > 0; i++ {
		name := fmt.Sprintf("claim_%03d", i)
		claims[name] = "0123456789abcdef"
		bytes -= len(name) + 16 + len(`"":"",`)
	}
	return claims
}

// nested returns one claim with objects in an array that take about so many bytes.
func nested(bytes int) ginjwt.Claims {
	var groups []any
	for i := 0; bytes > 0; i++ {
		groups = append(groups, map[string]any{"id": 10_000 + i, "roles": []string{"reader", "editor"}})
		bytes -= len(`{"id":10000,"roles":["reader","editor"]},`)
	}
	return ginjwt.Claims{"groups": groups}
}

// tokenOf makes a token of about so many bytes.
func tokenOf(tb testing.TB, m *ginjwt.JWTManager, bytes int, claims func(int) ginjwt.Claims) string {
	plain := must(m.CreateAccessToken(tb.Context(), user))
	if more := (bytes - len(plain)) * 3 / 4; more > 0 {
		plain = must(m.CreateAccessToken(tb.Context(), user, ginjwt.WithClaims(claims(more))))
	}
	require.InEpsilon(tb, bytes, len(plain), 0.15)
	return plain
}

// sized sends a token of a size in bytes.
func sized(algorithm string, size cache, claims func(int) ginjwt.Claims, read gin.HandlerFunc) func(testing.TB, int) operation {
	return func(tb testing.TB, bytes int) operation {
		m, r := started(tb, configOf(algorithm, size))
		r.GET("/protected", m.JWTRequired(), read)
		return newClient(r, http.MethodGet, "/protected").sends(tokenOf(tb, m, bytes, claims), http.StatusOK)
	}
}

func readIdentity(c *gin.Context) { _, _ = c.Writer.WriteString(ginjwt.GetJWTIdentity(c)) }

func readMap(c *gin.Context) { _, _ = c.Writer.WriteString(ginjwt.GetJWT(c)["sub"].(string)) }

type subject struct {
	Subject string `json:"sub"`
}

func readStruct(c *gin.Context) {
	claims := must(ginjwt.GetJWTClaims[subject](c))
	_, _ = c.Writer.WriteString(claims.Subject)
}

// configOf returns settings with one new key.
func configOf(algorithm string, size cache) ginjwt.Config {
	config := ginjwt.Config{Algorithm: algorithm, SecretKey: secret, TokenCacheSize: int(size), AccessTokenExpires: 24 * time.Hour}
	if algorithm != "HS256" {
		config.SecretKey, config.Keys = "", newKeys(algorithm, 1)
	}
	return config
}

var (
	kept      = []int{500, 900, 1800}    // the cache takes tokens of these sizes
	manyNames = []int{4000, 8000, 12000} // with more than 64 names, the parser keeps them in a map
)

var tokenSize = dimension{
	name: "token size", unit: "token",
	note: "HS256 and the defaults, unless the row says something else. A token of 0.4 KB has the default claims only. \"Flat\" tokens have many short claims, " +
		"\"nested\" tokens have an array of objects.",
	label: func(n int) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/1000), ".0") + " KB" },
	sizes: []int{400, 1000, 1800, 2200, 4000, 8000},
	few:   []int{1000, 2000, 4000, 8000},
	rows: []row{
		{"token known, flat", linear, sized("HS256", cacheOn, flat, readIdentity), kept},
		{"token known, nested", linear, sized("HS256", cacheOn, nested, readIdentity), kept},
		{"cache off, flat", linear, sized("HS256", cacheOff, flat, readIdentity), manyNames},
		{"cache off, nested", linear, sized("HS256", cacheOff, nested, readIdentity), nil},
		{"token known, flat, `GetJWT`", linear, sized("HS256", cacheOn, flat, readMap), kept},
		{"token known, nested, `GetJWT`", linear, sized("HS256", cacheOn, nested, readMap), kept},
		{"token known, flat, `GetJWTClaims`", linear, sized("HS256", cacheOn, flat, readStruct), kept},
		{"ES256, token known, flat", linear, sized("ES256", cacheOn, flat, readIdentity), kept},
		{"ES256, cache off, flat", linear, sized("ES256", cacheOff, flat, readIdentity), manyNames},
	},
}
