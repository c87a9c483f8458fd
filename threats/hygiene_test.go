package threats_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

const attackMarkup = `<script>alert('x')</script>"\r\n`

// Markup where an error could quote it.
func TestAttackMarkup(t *testing.T) {
	t.Parallel()
	a := attackNew(t, func(c *ginjwt.Config) {
		c.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InQueryString}
		c.DecodeIssuer, c.DecodeAudience = "i", []string{"a"}
	})
	markup := attackJSON(attackMarkup)
	signed := func(header, claims string) jwttest.RequestOption {
		return jwttest.Bearer(a.sign(header, `{"sub":"alice","iss":"i","aud":"a"`+claims+`}`))
	}
	forms := func(header, payload string) jwttest.RequestOption { return jwttest.Bearer(a.sign(header, payload)) }
	const hs = `{"alg":"HS256"}`
	query := func(raw string) jwttest.RequestOption { return func(r *http.Request) { r.URL.RawQuery = raw } }
	for name, opt := range map[string]jwttest.RequestOption{
		"T295 alg":                  signed(`{"alg":`+markup+`}`, ""),
		"T295 typ":                  signed(`{"alg":"HS256","typ":`+markup+`}`, ""),
		"T295 kid":                  signed(`{"alg":"HS256","kid":[`+markup+`]}`, ""),
		"T295 a header that is one": forms(markup, "{}"),
		"T295 iss":                  forms(hs, `{"sub":"alice","aud":"a","iss":`+markup+`}`),
		"T295 aud":                  forms(hs, `{"sub":"alice","iss":"i","aud":`+markup+`}`),
		"T295 sub":                  forms(hs, `{"sub":[`+markup+`],"iss":"i","aud":"a"}`),
		"T295 exp":                  signed(hs, `,"exp":`+markup),
		"T295 jti":                  signed(hs, `,"jti":[`+markup+`]`),
		"T295 type":                 signed(hs, `,"type":`+markup),
		"T295 no JSON":              forms(hs, attackMarkup),
		"T295 scheme":               jwttest.Header("Authorization", attackMarkup+" x"),
		"T295 credentials":          jwttest.Header("Authorization", "Bearer "+attackMarkup),
		"T295 credentials of words": jwttest.Header("Authorization", "Bearer a b "+attackMarkup),
		"T295 query":                query("jwt=" + strings.NewReplacer(`\`, "", " ", "").Replace(attackMarkup)),
		"T295 name in the query":    query(strings.ReplaceAll(attackMarkup, " ", "") + "=1"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, w := attackRequest("GET", "/private", opt), httptest.NewRecorder()
			a.engine.ServeHTTP(w, r)
			assert.Contains(t, []int{401, 422}, w.Code)
			assert.Empty(t, w.Header().Get("X-Ran"))
			assert.NotContains(t, w.Body.String(), "script")
			assert.NotContains(t, fmt.Sprint(w.Header()), "<script")
			assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
			assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		})
	}
}

// The two messages of the original that quote the token are JSON, and ASCII.
func TestAttackQuotedMarkup(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil, func(m *ginjwt.JWTManager) {
		m.UserLookupLoader(func(context.Context, *ginjwt.Token) (any, error) { return nil, nil })
	})
	const evil = "</script>\"\\\r\n\u2028\u00e9\x7f"
	t.Run("T295 the identity of nobody", func(t *testing.T) {
		t.Parallel()
		w := jwttest.Do(a.engine, "GET", "/private", jwttest.Bearer(a.token("sub", attackJSON(evil))))
		attackNobody(evil).check(t, w.Code, w.Header(), w.Body.String())
		attackPlain(t, w)
	})
	t.Run("T295 an unknown extension", func(t *testing.T) {
		t.Parallel()
		w := jwttest.Do(a.engine, "GET", "/private", jwttest.Bearer(a.sign(`{"alg":"HS256","crit":[`+attackJSON(evil)+`]}`, "{}")))
		attackInvalid("Unsupported critical extension: "+evil).check(t, w.Code, w.Header(), w.Body.String())
		attackPlain(t, w)
	})
}

// attackPlain checks that a body is one line of printable ASCII.
func attackPlain(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	assert.Regexp(t, regexp.MustCompile(`^[ -~]*\n$`), w.Body.String())
}

// attackFailures is a request for each kind of refusal.
func attackFailures(a *attackApp) map[string]jwttest.RequestOption {
	stranger := attackSign(strings.Repeat("k", 32), `{"alg":"HS256"}`, `{"sub":"alice","secret":"of-alice"}`)
	return map[string]jwttest.RequestOption{
		"nothing":       func(*http.Request) {},
		"no bearer":     jwttest.Header("Authorization", "Basic "+a.token()),
		"two bearers":   attackHeaders("Authorization", "Bearer "+a.token(), "Bearer "+a.token()),
		"malformed":     jwttest.Header("Authorization", "Bearer "+a.token()+" "+a.token()),
		"useless":       jwttest.Bearer("x"),
		"bad base64":    jwttest.Bearer("!." + a.token()),
		"of a stranger": jwttest.Bearer(stranger),
		"unknown kid":   jwttest.Bearer(attackSign(strings.Repeat("k", 32), `{"alg":"HS256","kid":"unknown"}`, `{"sub":"nobody"}`)),
		"other alg":     jwttest.Bearer(a.sign(`{"alg":"HS512"}`, `{"sub":"alice"}`)),
		"no JSON":       jwttest.Bearer(a.sign(`{"alg":"HS256"}`, `{"sub":"alice",}`)),
		"expired":       jwttest.Bearer(a.token("exp", a.at(0))),
		"not yet":       jwttest.Bearer(a.token("nbf", a.at(1))),
		"wrong type":    jwttest.Bearer(a.token("type", `"refresh"`)),
		"revoked":       jwttest.Bearer(a.token("jti", `"revoked"`)),
		"vetoed":        jwttest.Bearer(a.token("sub", `"vetoed"`)),
		"nobody":        jwttest.Bearer(a.token("sub", `"nobody"`)),
		"no store":      jwttest.Bearer(a.token("jti", `"no-store"`)),
		"broken loader": jwttest.Bearer(a.token("sub", `"broken"`)),
	}
}

// attackFull has all loaders that can refuse.
func attackFull(m *ginjwt.JWTManager) {
	m.TokenInBlocklistLoader(func(_ context.Context, token *ginjwt.Token) (bool, error) {
		if token.ID == "no-store" {
			return false, errAttackStore
		}
		return token.ID == "revoked", nil
	})
	m.TokenVerificationLoader(func(_ context.Context, token *ginjwt.Token) (bool, error) { return token.Identity != "vetoed", nil })
	m.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
		switch token.Identity {
		case "broken":
			return nil, errAttackStore
		case "nobody":
			return nil, nil
		}
		return token.Identity, nil
	})
}

// No profile gives away the token, or what the loaders said.
func TestAttackResponses(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]ginjwt.ErrorHandler{
		"FlaskError": ginjwt.FlaskError, "BearerError": ginjwt.BearerError, "ProblemError": ginjwt.ProblemError,
	} {
		a := attackNew(t, nil, attackFull, func(m *ginjwt.JWTManager) { m.ErrorLoader(profile) })
		for failure, opt := range attackFailures(a) {
			t.Run("T296 T299 T302 "+name+", "+failure, func(t *testing.T) {
				t.Parallel()
				r, w := attackRequest("GET", "/private?next=https://evil.example/", opt), httptest.NewRecorder()
				sent := attackSent(t, r)
				a.engine.ServeHTTP(w, r)
				attackKeepsQuiet(t, sent, w.Header(), w.Body.String())
				assert.Empty(t, w.Header().Get("X-Ran"))
				assert.Empty(t, w.Header().Get("Location"))
				assert.NotContains(t, w.Body.String(), "evil")
				assert.NotContains(t, w.Body.String(), "hunter2")
				assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
				assert.GreaterOrEqual(t, w.Code, 400)
				assert.Equal(t, []string{`Bearer realm="api", ` + attackChallenges[failure]}, w.Header().Values("WWW-Authenticate"))
				if w.Code >= 500 {
					assert.Equal(t, failure, map[int]string{503: "no store", 500: "broken loader"}[w.Code])
				}
			})
		}
	}
}

// attackChallenges are what WWW-Authenticate says of each kind of refusal, whatever
// the profile: fixed texts.
var attackChallenges = map[string]string{
	"nothing":       `reason="token_missing"`,
	"no bearer":     `reason="token_missing"`,
	"two bearers":   `error="invalid_request", error_description="More than one token was sent", reason="multiple_tokens"`,
	"malformed":     `error="invalid_request", error_description="A header of the request is malformed", reason="header_malformed"`,
	"useless":       invalidBecause("token_malformed"),
	"bad base64":    invalidBecause("token_malformed"),
	"of a stranger": invalidBecause("signature_invalid"),
	"unknown kid":   invalidBecause("signature_invalid"),
	"other alg":     invalidBecause("signature_invalid"),
	"no JSON":       invalidBecause("token_malformed"),
	"expired":       `error="invalid_token", error_description="The token has expired", reason="token_expired"`,
	"not yet":       invalidBecause("token_not_yet_valid"),
	"wrong type":    invalidBecause("token_wrong_type"),
	"revoked":       `error="invalid_token", error_description="The token has been revoked", reason="token_revoked"`,
	"vetoed":        `error="insufficient_scope", error_description="The token does not allow this request", reason="verification_failed"`,
	"nobody":        invalidBecause("user_not_found"),
	"no store":      `error="temporarily_unavailable", error_description="Service unavailable", reason="store_unavailable"`,
	"broken loader": `error="server_error", error_description="Internal server error", reason="internal_error"`,
}

func invalidBecause(reason string) string {
	return `error="invalid_token", error_description="The token is not valid", reason="` + reason + `"`
}

// Those who probe without a key learn nothing but the form of what they sent: all
// keys, algorithms and issuers are alike. Only the holder of a good signature is told
// more.
func TestAttackOracle(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]struct {
		profile ginjwt.ErrorHandler
		body    string
	}{
		"BearerError":  {ginjwt.BearerError, `{"error":"invalid_token","error_description":"The token is not valid","reason":"REASON"}`},
		"ProblemError": {ginjwt.ProblemError, `{"type":"about:blank","title":"Unauthorized","status":401,"detail":"The token is not valid","error":"invalid_token","reason":"REASON"}`},
	} {
		a := attackNew(t, nil, attackFull, func(m *ginjwt.JWTManager) { m.ErrorLoader(v.profile) })
		failures := attackFailures(a)
		for failure, reason := range map[string]string{
			"useless": "token_malformed", "bad base64": "token_malformed", "no JSON": "token_malformed",
			"of a stranger": "signature_invalid", "unknown kid": "signature_invalid", "other alg": "signature_invalid",
			"not yet": "token_not_yet_valid", "wrong type": "token_wrong_type", "nobody": "user_not_found",
		} {
			t.Run("T298 "+name+", "+failure, func(t *testing.T) {
				t.Parallel()
				w := jwttest.Do(a.engine, "GET", "/private", failures[failure])
				assert.Equal(t, http.StatusUnauthorized, w.Code)
				assert.JSONEq(t, strings.ReplaceAll(v.body, "REASON", reason), w.Body.String())
				assert.Equal(t, `Bearer realm="api", `+invalidBecause(reason), w.Header().Get("WWW-Authenticate"))
			})
		}
	}
	t.Run("T298 an unknown key and a bad signature", func(t *testing.T) {
		t.Parallel()
		a := attackNew(t, nil, func(m *ginjwt.JWTManager) {
			m.DecodeKeyLoader(func(_ context.Context, token *ginjwt.Token) (keys.Key, error) {
				if token.Header()["kid"] == "known" {
					return keys.Key{Verify: []byte(strings.Repeat("k", 32))}, nil
				}
				return keys.Key{}, fmt.Errorf("%w: no such key", ginjwt.ErrInvalidToken)
			})
		})
		a.expectBoth(t, attackBadKey, a.sign(`{"alg":"HS256","kid":"known"}`, "{}"))
		a.expectBoth(t, attackBadKey, a.sign(`{"alg":"HS256","kid":"unknown"}`, "{}"))
	})
}

// What an application logs of a refused request.
func TestAttackLogs(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil, attackFull)
	for failure, opt := range attackFailures(a) {
		t.Run("T297 "+failure, func(t *testing.T) {
			t.Parallel()
			r := attackRequest("GET", "/", opt)
			sent := attackSent(t, r)
			logged := attackLogged(a, r)
			for _, word := range attackWord.FindAllString(sent, 64) {
				assert.NotContains(t, logged, word[:24])
			}
			for _, claim := range []string{"vetoed", "nobody", "of-alice", a.config.SecretKey} {
				assert.NotContains(t, logged, claim)
			}
		})
	}
}

// attackLogged is the errors of a refused request and the context that it was
// left in, written in all the ways that loggers write.
func attackLogged(a *attackApp, r *http.Request) string {
	var b bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&b, nil))
	engine := gin.New()
	engine.GET("/", func(c *gin.Context) {
		c.Next()
		logger.Info("refused", "errors", c.Errors, "manager", a.mgr, "config", a.config, "context", c.Request.Context())
		b.WriteString(c.Errors.String())
		encoded, _ := json.Marshal(c.Errors.JSON())
		b.Write(encoded)
		for _, err := range c.Errors {
			attackPrint(&b, err.Err)
		}
		attackPrint(&b, c.Request.Context())
		attackPrint(&b, a.mgr)
		attackPrint(&b, a.config)
	}, a.mgr.JWTRequired())
	engine.ServeHTTP(httptest.NewRecorder(), r)
	return b.String()
}

func attackPrint(b *bytes.Buffer, v any) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(b, verb+"\n", v)
	}
}

func TestAttackPrintedTokens(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	encoded := a.token("card", `"4111-1111"`)
	token, err := a.mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	var b bytes.Buffer
	attackPrint(&b, token)
	attackPrint(&b, struct{ T *ginjwt.Token }{token})
	attackPrint(&b, []any{token})
	attackPrint(&b, ginjwt.NewContext(t.Context(), token, "user-secret"))
	attackPrint(&b, context.WithValue(ginjwt.NewContext(t.Context(), token, "user-secret"), attackUser{}, 1))
	attackPrint(&b, keys.Key{Sign: []byte(a.config.SecretKey)})
	slog.New(slog.NewJSONHandler(&b, nil)).Info("T297", "token", token, "key", keys.Key{Sign: []byte(a.config.SecretKey)})
	slog.New(slog.NewTextHandler(&b, nil)).Info("T297", "token", token, "context", ginjwt.NewContext(t.Context(), token, "user-secret"))
	assert.Contains(t, b.String(), "jti-of-alice")
	for _, secret := range []string{
		"4111", "user-secret", attackCSRFValue, encoded[:30], a.config.SecretKey, fmt.Sprintf("%x", a.config.SecretKey),
	} {
		assert.NotContains(t, b.String(), secret, "T297")
	}
}

// Whatever is sent is refused as a client's mistake, and with no word of the
// parsers that found it.
func TestAttackGarbage(t *testing.T) {
	t.Parallel()
	a := attackNew(t, attackIn(attackEverywhere...))
	good := a.token()
	signed, signature := attackCut(good)
	header, payload, _ := strings.Cut(signed, ".")
	var garbage []string
	for _, part := range []string{"", ".", "x", "e30", "bnVsbA", "W10", "MA", "!", "=", "%", "\x00", "é", "\xff", header, payload, signature} {
		for _, rest := range []string{".", "..", "." + payload + "." + signature, ".e30.", "." + payload + ".", ".bnVsbA." + signature, "...." + good, "." + good} {
			garbage = append(garbage, part+rest, rest+part)
		}
	}
	for _, payload := range []string{
		`{"sub":1e999999}`, `{"sub":"\ud800"}`, `{"sub":"a","sub":"b"}`, `{"sub":"a"}}`, `{"a":{"b":1,"b":2}}`, "{\"sub\":\"\xff\"}", `{"exp":01}`, `{"exp":.5}`,
		`{"exp":+1}`, `{"exp":0x1}`, `{"exp":NaN}`, `{"sub":"a","aud":{}`, `{"":""}`, `{"sub":"` + "\x01" + `"}`,
	} {
		garbage = append(garbage, a.sign(`{"alg":"HS256"}`, payload))
	}
	parsers := regexp.MustCompile(`(?i)jsontext|jsonv2|golang|illegal|unexpected|offset|byte \d|strconv|parsing|goroutine|\.go|runtime|panic|nil`)
	for i, token := range garbage {
		t.Run(fmt.Sprintf("T300 T303 %d", i), func(t *testing.T) {
			t.Parallel()
			for _, location := range attackEverywhere {
				if token == good || !attackFits(location, token) {
					continue
				}
				w := jwttest.Do(a.engine, "GET", "/optional", attackPut(location, token))
				assert.Equal(t, http.StatusUnprocessableEntity, w.Code, "%s %q", location, token)
				assert.Empty(t, w.Header().Get("X-Ran"))
				assert.NotRegexp(t, parsers, w.Body.String())
			}
		})
	}
}

// attackFits reports whether token can stand in a location as it is. What
// becomes of a body or cookie that is malformed has tests of its own.
func attackFits(location ginjwt.Location, token string) bool {
	if location == ginjwt.InHeaders || location == ginjwt.InQueryString {
		return true
	}
	return strings.Trim(token, attackPrintable) == ""
}

const attackPrintable = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!=%"

func TestAttackCaches(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	for name, set := range map[string]func(c *gin.Context) error{
		"T301 access":  func(c *gin.Context) error { return a.mgr.SetAccessCookies(c, jwttest.AccessToken(t, a.mgr, "alice")) },
		"T301 refresh": func(c *gin.Context) error { return a.mgr.SetRefreshCookies(c, jwttest.RefreshToken(t, a.mgr, "alice")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			c, _ := gin.CreateTestContext(w)
			c.Request = attackRequest("POST", "/login")
			require.NoError(t, set(c))
			assert.Equal(t, []string{"no-store"}, w.Header().Values("Cache-Control"))
		})
	}
}
