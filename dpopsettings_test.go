package ginjwt_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// InitApp names the setting that cannot work; empty: there is none.
func TestSettingsOfDPoP(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]struct {
		change func(c *ginjwt.Config)
		field  string
	}{
		"accepted":                {func(c *ginjwt.Config) { c.DPoP = "accepted" }, ""},
		"another value":           {func(c *ginjwt.Config) { c.DPoP = "Accepted" }, "DPoP"},
		"only cookies":            {func(c *ginjwt.Config) { c.DPoP, c.TokenLocation = "demanded", []ginjwt.Location{ginjwt.InCookies} }, "DPoP"},
		"only cookies, off":       {func(c *ginjwt.Config) { c.DPoP, c.TokenLocation = "off", []ginjwt.Location{ginjwt.InCookies} }, ""},
		"the scheme":              {func(c *ginjwt.Config) { c.DPoP, c.HeaderType = "off", "dpop" }, "HeaderType"},
		"the header, accepted":    {func(c *ginjwt.Config) { c.DPoP, c.HeaderName = "accepted", "dpop" }, "HeaderName"},
		"the header, demanded":    {func(c *ginjwt.Config) { c.DPoP, c.HeaderName = "demanded", "DPoP" }, "HeaderName"},
		"the header, off":         {func(c *ginjwt.Config) { c.DPoP, c.HeaderName = "off", "DPoP" }, ""}, // as in Flask-JWT-Extended
		"no URL":                  {func(c *ginjwt.Config) { c.DPoPOrigins = []string{"api.example.com"} }, "DPoPOrigins"},
		"another scheme":          {func(c *ginjwt.Config) { c.DPoPOrigins = []string{"ftp://api.example.com"} }, "DPoPOrigins"},
		"a query":                 {func(c *ginjwt.Config) { c.DPoPOrigins = []string{"https://api.example.com?x"} }, "DPoPOrigins"},
		"twice":                   {func(c *ginjwt.Config) { c.DPoPOrigins = []string{"https://a.example", "https://a.example"} }, "DPoPOrigins"},
		"a path":                  {func(c *ginjwt.Config) { c.DPoPOrigins = []string{"https://a.example/api/"} }, ""},
		"a short window":          {func(c *ginjwt.Config) { c.DPoPWindow = time.Millisecond }, "DPoPWindow"},
		"a long window":           {func(c *ginjwt.Config) { c.DPoPWindow = 10*time.Minute + 1 }, "DPoPWindow"},
		"a short secret":          {func(c *ginjwt.Config) { c.DPoPNonce, c.DPoPNonceSecret = true, "short" }, "DPoPNonceSecret"},
		"another short secret":    {func(c *ginjwt.Config) { c.DPoPNonce, c.DPoPNonceOtherSecret = true, "short" }, "DPoPNonceOtherSecret"},
		"a secret for the nonces": {func(c *ginjwt.Config) { c.DPoPNonce, c.DPoPNonceSecret = true, strings.Repeat("s3cret-", 6) }, ""},
	} {
		config := jwttest.Config(&jwttest.Clock{})
		v.change(&config)
		err := ginjwt.New(config).InitApp(gin.New())
		if v.field == "" {
			assert.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, v.field, name)
	}
}

// A client that writes into the log by its key gets no more room than the page says, and nothing of
// it comes back in the response.
func TestAProofWritesLittleIntoTheLog(t *testing.T) {
	t.Parallel()
	clock, log := &jwttest.Clock{}, &bytes.Buffer{}
	config := jwttest.Config(clock)
	config.DPoP, config.Observer = "accepted", ginjwt.SlogObserver(slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	mgr, engine := ginjwt.New(config), gin.New()
	require.NoError(t, mgr.InitApp(engine))
	var told []string
	engine.Use(func(c *gin.Context) {
		c.Next()
		told = append(told, c.Errors.String())
	})
	engine.GET("/", mgr.JWTRequired(), func(c *gin.Context) { c.Status(http.StatusOK) })
	key := jwttest.NewDPoPKey(t, clock)
	token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	forged := "forged\r\n\u2028\x1b[31m" + strings.Repeat("x", 500)
	quoting := 0
	for _, member := range []string{"kty", "crv", "x", "y", "d", "use", "alg", "kid", "key_ops", "htm", "htu", "ath", "jti", "nonce", "typ"} {
		proof := key.Proof(t, "GET", "http://example.com/", token, func(header, claims map[string]any) {
			claims["htm"] = "PUT" // refused in any case
			switch member {
			case "htm", "htu", "ath", "jti", "nonce":
				claims[member] = forged
			case "typ":
				header[member] = forged
			default:
				var own map[string]any
				b, err := json.Marshal(header["jwk"])
				require.NoError(t, err)
				require.NoError(t, json.Unmarshal(b, &own))
				own[member], header["jwk"] = forged, own
			}
		})
		told = nil
		log.Reset()
		w := jwttest.Do(engine, "GET", "/", func(r *http.Request) {
			r.Header.Set("Authorization", "DPoP "+token)
			r.Header.Set("DPoP", proof)
		})
		require.Equal(t, http.StatusUnauthorized, w.Code, member)
		assert.NotContains(t, w.Body.String()+w.Header().Get("WWW-Authenticate"), "forged", member)
		for _, text := range append(told, log.String()) {
			assert.NotContains(t, text, strings.Repeat("x", 65), member)
			assert.NotContains(t, text, "forged\r", member)
			assert.NotContains(t, text, "\u2028", member)
			assert.NotContains(t, text, "\x1b", member)
			if strings.Contains(text, "forged") {
				assert.Contains(t, []string{"kty", "use", "alg"}, member)
				quoting++
			}
		}
	}
	assert.NotZero(t, quoting, "otherwise the page promises too little")
}

// With off, only the header DPoP makes a request with the scheme DPoP one of ours.
func TestTheSchemeDPoPWithOff(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(&jwttest.Clock{})
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}
	mgr, engine := ginjwt.New(config), gin.New()
	require.NoError(t, mgr.InitApp(engine))
	engine.GET("/", mgr.JWTRequired(), func(c *gin.Context) { c.Status(http.StatusOK) })
	token := jwttest.AccessToken(t, mgr, "alice")
	for proof, want := range map[string]int{"": http.StatusOK, "x.y.z": http.StatusUnprocessableEntity} {
		w := jwttest.Do(engine, "GET", "/", func(r *http.Request) {
			r.Header.Set("Authorization", "DPoP of-another-service")
			r.Header.Set("Cookie", "access_token_cookie="+token)
			if proof != "" {
				r.Header.Set("DPoP", proof)
			}
		})
		assert.Equal(t, want, w.Code, proof)
	}
}
