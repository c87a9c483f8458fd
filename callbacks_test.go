package ginjwt_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// refusalCase is a refused request; there is one for each kind of error.
type refusalCase struct {
	name    string
	kind    error
	path    string
	request func(t *testing.T, mgr *ginjwt.JWTManager) []jwttest.RequestOption

	flask         string
	status, oauth int
	code, text    string
	reason        string
}

func bearerOf(identity string, opts ...ginjwt.TokenOption) func(*testing.T, *ginjwt.JWTManager) []jwttest.RequestOption {
	return func(t *testing.T, mgr *ginjwt.JWTManager) []jwttest.RequestOption {
		t.Helper()
		return []jwttest.RequestOption{jwttest.Bearer(jwttest.AccessToken(t, mgr, identity, opts...))}
	}
}

func authorization(value string) func(*testing.T, *ginjwt.JWTManager) []jwttest.RequestOption {
	return func(*testing.T, *ginjwt.JWTManager) []jwttest.RequestOption {
		return []jwttest.RequestOption{jwttest.Header("Authorization", value)}
	}
}

func nothing(*testing.T, *ginjwt.JWTManager) []jwttest.RequestOption { return nil }

var refusalCases = []refusalCase{
	{"no token", ginjwt.ErrNoAuthorization, "/headers", nothing,
		"Missing Authorization Header", 401, 401, "", "", "token_missing"},
	{"two tokens", ginjwt.ErrMultipleTokens, "/headers", authorization("Bearer a, Bearer b"),
		missingBearer, 401, 400, "invalid_request", "More than one token was sent", "multiple_tokens"},
	{"malformed header", ginjwt.ErrInvalidHeader, "/headers", authorization("Bearer"),
		"Bad Authorization header. Expected 'Authorization: Bearer <JWT>'", 422, 400, "invalid_request", "A header of the request is malformed", "token_empty"},
	{"malformed parameter", ginjwt.ErrInvalidQueryParam, "/query?jwt=x", nothing,
		"Invalid value for query parameter 'jwt'. Expected the value to start with 'v1~'", 422, 400, "invalid_request", "The query parameter is malformed", "query_malformed"},
	{"no CSRF value", ginjwt.ErrCSRF, "/cookies", func(*testing.T, *ginjwt.JWTManager) []jwttest.RequestOption {
		return []jwttest.RequestOption{jwttest.Header("Cookie", "access_token_cookie=x")}
	}, "Missing CSRF token", 401, 403, "invalid_request", "The CSRF check failed", "csrf_missing"},
	{"no token at all", ginjwt.ErrInvalidToken, "/headers", authorization("Bearer x"),
		"Not enough segments", 422, 401, "invalid_token", "The token is not valid", "token_malformed"},
	{"refresh token", ginjwt.ErrWrongToken, "/headers", func(t *testing.T, mgr *ginjwt.JWTManager) []jwttest.RequestOption {
		return []jwttest.RequestOption{jwttest.Bearer(jwttest.RefreshToken(t, mgr, "alice"))}
	}, "Only non-refresh tokens are allowed", 422, 401, "invalid_token", "The token is not valid", "token_wrong_type"},
	{"expired", ginjwt.ErrExpiredToken, "/headers", bearerOf("alice", ginjwt.WithExpires(time.Minute)),
		"Token has expired", 401, 401, "invalid_token", "The token has expired", "token_expired"},
	{"stale", ginjwt.ErrFreshRequired, "/fresh", bearerOf("alice"),
		"Fresh token required", 401, 401, "insufficient_user_authentication", "A fresh token is required", "fresh_required"},
	{"revoked", ginjwt.ErrRevokedToken, "/headers", bearerOf("alice", ginjwt.WithID("revoked")),
		"Token has been revoked", 401, 401, "invalid_token", "The token has been revoked", "token_revoked"},
	{"verification", ginjwt.ErrVerification, "/headers", bearerOf("alice", ginjwt.WithClaims(ginjwt.Claims{"suspended": true})),
		"User claims verification failed", 400, 403, "insufficient_scope", "The token does not allow this request", "verification_failed"},
	{"scope", ginjwt.ErrInsufficientScope, "/scope", bearerOf("alice"),
		"Insufficient scope", 403, 403, "insufficient_scope", "The token does not allow this request", "insufficient_scope"},
	{"no such user", ginjwt.ErrUserLookup, "/headers", bearerOf("nobody"),
		"Error loading the user nobody", 401, 401, "invalid_token", "The token is not valid", "user_not_found"},
	{"store is down", ginjwt.ErrUnavailable, "/headers", bearerOf("alice", ginjwt.WithID("unknown")),
		"Service unavailable", 503, 503, "temporarily_unavailable", "Service unavailable", "store_unavailable"},
	{"callback fails", ginjwt.ErrCallback, "/headers", bearerOf("fails"),
		"Internal server error", 500, 500, "server_error", "Internal server error", "internal_error"},
}

// refusingEngine has a route for every kind of refusal. Its expired tokens live for a
// minute and are used two minutes later.
func (test refusalCase) serve(t *testing.T, profile string, setup func(*ginjwt.JWTManager)) (status int, header http.Header, body string, seen error) {
	t.Helper()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.QueryStringValuePrefix, config.ErrorProfile = "v1~", profile
	mgr := ginjwt.New(config)
	mgr.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
		switch token.Identity {
		case "nobody":
			return nil, nil
		case "fails":
			return nil, errors.New("secret detail")
		}
		return token.Identity, nil
	})
	mgr.TokenInBlocklistLoader(func(_ context.Context, token *ginjwt.Token) (bool, error) {
		if token.ID == "unknown" {
			return false, errors.New("secret detail")
		}
		return token.ID == "revoked", nil
	})
	mgr.TokenVerificationLoader(func(_ context.Context, token *ginjwt.Token) (bool, error) {
		return token.Claims()["suspended"] == nil, nil
	})
	setup(mgr)
	engine := gin.New()
	engine.Use(func(c *gin.Context) {
		c.Next()
		if len(c.Errors) > 0 {
			seen = c.Errors.Last().Err
		}
	})
	require.NoError(t, mgr.InitApp(engine))
	unreachable := func(c *gin.Context) { t.Error("the handler was reached") }
	engine.POST("/headers", mgr.JWTRequired(), unreachable)
	engine.POST("/fresh", mgr.JWTRequired(ginjwt.Fresh()), unreachable)
	engine.POST("/scope", mgr.JWTRequired(ginjwt.Claim("tenant", "acme")), unreachable)
	engine.POST("/query", mgr.JWTRequired(ginjwt.Locations(ginjwt.InQueryString)), unreachable)
	engine.POST("/cookies", mgr.JWTRequired(ginjwt.Locations(ginjwt.InCookies)), unreachable)

	request := test.request(t, mgr)
	clock.Advance(2 * time.Minute)
	w := jwttest.Do(engine, "POST", test.path, request...)
	return w.Code, w.Header(), w.Body.String(), seen
}

func TestRefusalsInEveryProfile(t *testing.T) {
	t.Parallel()
	for _, test := range refusalCases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			reason := `"reason":"` + test.reason + `"}`
			challenge := `Bearer realm="api", reason="` + test.reason + `"`
			bearer := `{` + reason
			problem := `{"type":"about:blank","title":"Unauthorized","status":401,"detail":"No token was sent",` + reason
			if test.code != "" {
				challenge = `Bearer realm="api", error="` + test.code + `", error_description="` + test.text + `", reason="` + test.reason + `"`
				bearer = `{"error":"` + test.code + `","error_description":"` + test.text + `",` + reason
				problem = `{"type":"about:blank","title":"` + http.StatusText(test.oauth) + `","status":` + mustJSON(test.oauth) +
					`,"detail":"` + test.text + `","error":"` + test.code + `",` + reason
			}
			flask := `{"msg":"` + test.flask + `"}`
			for _, want := range []struct {
				profile         string
				loader          ginjwt.ErrorHandler
				status          int
				mediaType, body string
			}{
				{"", nil, test.status, "application/json", flask},
				{"flask", nil, test.status, "application/json", flask},
				{"bearer", nil, test.oauth, "application/json; charset=utf-8", bearer},
				{"problem", nil, test.oauth, "application/problem+json", problem},
				{"", ginjwt.BearerError, test.oauth, "application/json; charset=utf-8", bearer},
				{"bearer", ginjwt.ProblemError, test.oauth, "application/problem+json", problem},
				{"problem", ginjwt.FlaskError, test.status, "application/json", flask},
			} {
				status, header, body, seen := test.serve(t, want.profile, func(mgr *ginjwt.JWTManager) {
					if want.loader != nil {
						mgr.ErrorLoader(want.loader)
					}
				})
				assert.Equal(t, want.status, status, want.profile)
				assert.Equal(t, want.mediaType, header.Get("Content-Type"), want.profile)
				assert.JSONEq(t, want.body, body, want.profile)
				assert.Equal(t, []string{challenge}, header.Values("WWW-Authenticate"), want.profile)
				assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), want.profile)
				assert.ErrorIs(t, seen, test.kind, "in c.Errors, for the log")
				if want.body == flask {
					assert.Equal(t, flask+"\n", body, "to the byte")
				}
			}
		})
	}
}

func TestEveryRefusalHasItsLoader(t *testing.T) {
	t.Parallel()
	loaders := map[string]func(*ginjwt.JWTManager, ginjwt.ErrorHandler){
		"unauthorized": (*ginjwt.JWTManager).UnauthorizedLoader,
		"invalid":      (*ginjwt.JWTManager).InvalidTokenLoader,
		"expired":      (*ginjwt.JWTManager).ExpiredTokenLoader,
		"fresh":        (*ginjwt.JWTManager).NeedsFreshTokenLoader,
		"revoked":      (*ginjwt.JWTManager).RevokedTokenLoader,
		"verification": (*ginjwt.JWTManager).TokenVerificationFailedLoader,
		"scope":        (*ginjwt.JWTManager).InsufficientScopeLoader,
		"user":         (*ginjwt.JWTManager).UserLookupErrorLoader,
		"error":        (*ginjwt.JWTManager).ErrorLoader,
	}
	wanted := map[error]string{
		ginjwt.ErrNoAuthorization: "unauthorized", ginjwt.ErrMultipleTokens: "unauthorized", ginjwt.ErrCSRF: "unauthorized",
		ginjwt.ErrInvalidHeader: "invalid", ginjwt.ErrInvalidQueryParam: "invalid", ginjwt.ErrInvalidToken: "invalid", ginjwt.ErrWrongToken: "invalid",
		ginjwt.ErrExpiredToken: "expired", ginjwt.ErrFreshRequired: "fresh", ginjwt.ErrRevokedToken: "revoked",
		ginjwt.ErrVerification: "verification", ginjwt.ErrInsufficientScope: "scope", ginjwt.ErrUserLookup: "user", ginjwt.ErrUnavailable: "error", ginjwt.ErrCallback: "error",
	}
	for _, test := range refusalCases {
		var told *ginjwt.Error
		_, _, body, seen := test.serve(t, "", func(mgr *ginjwt.JWTManager) {
			for name, register := range loaders {
				register(mgr, func(c *gin.Context, err *ginjwt.Error) {
					told = err
					c.String(http.StatusTeapot, name)
				})
			}
		})
		assert.Equal(t, wanted[test.kind], body, test.name)
		assert.Equal(t, test.status, told.Status, test.name)
		assert.Equal(t, test.flask, told.Message, test.name)
		assert.Equal(t, test.reason, told.Reason, test.name)

		verified := map[error]bool{
			ginjwt.ErrWrongToken: true, ginjwt.ErrExpiredToken: true, ginjwt.ErrFreshRequired: true, ginjwt.ErrRevokedToken: true,
			ginjwt.ErrVerification: true, ginjwt.ErrInsufficientScope: true, ginjwt.ErrUserLookup: true, ginjwt.ErrUnavailable: true, ginjwt.ErrCallback: true,
		}
		assert.Equal(t, verified[test.kind], told.Token != nil, "%s: the loader gets tokens whose signature was good", test.name)
		var logged *ginjwt.Error
		require.ErrorAs(t, seen, &logged)
		assert.Nil(t, logged.Token, "%s: and nobody else does", test.name)
		assert.NotContains(t, seen.Error(), "nobody", "no identity in logs")
	}
}

func TestErrorsAreGolangJWTsToo(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	mgr, _ := newManager(t, jwttest.Config(clock))
	encoded := jwttest.AccessToken(t, mgr, "alice")
	_, err := mgr.DecodeToken(t.Context(), encoded[:len(encoded)-1])
	assert.ErrorIs(t, err, ginjwt.ErrInvalidToken)

	clock.Advance(time.Hour)
	token, err := mgr.DecodeToken(t.Context(), encoded)
	assert.Nil(t, token)
	assert.ErrorIs(t, err, ginjwt.ErrExpiredToken)
	assert.ErrorIs(t, err, jwt.ErrTokenExpired)
	assert.NotErrorIs(t, err, ginjwt.ErrInvalidToken)
	assert.EqualError(t, err, "ginjwt: token has expired (token_expired): token is expired")

	other, _ := newManager(t, ginjwt.Config{SecretKey: "another secret that is long enough"})
	_, err = other.DecodeToken(t.Context(), encoded)
	assert.ErrorIs(t, err, jwt.ErrTokenSignatureInvalid)
	assert.NotErrorIs(t, err, jwt.ErrTokenExpired, "a forged token is never merely expired")
	assert.EqualError(t, err, "ginjwt: token is not valid (signature_invalid): token signature is invalid: Signature verification failed")
}

func TestLoadersThatWriteNothingGetTheDefault(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		loader ginjwt.ErrorHandler
		status int
		body   string
	}{
		"nothing":     {func(*gin.Context, *ginjwt.Error) {}, 401, `{"msg":"Missing Authorization Header"}` + "\n"},
		"status only": {func(c *gin.Context, _ *ginjwt.Error) { c.Status(http.StatusForbidden) }, 403, ""},
		"body only":   {func(c *gin.Context, _ *ginjwt.Error) { _, _ = c.Writer.WriteString("no") }, 401, "no"},
		"redirect": {func(c *gin.Context, _ *ginjwt.Error) { c.Redirect(http.StatusFound, "/login") }, 302,
			"<a href=\"/login\">Found</a>.\n\n"},
	} {
		mgr, engine := newManager(t, jwttest.Config(nil), func(mgr *ginjwt.JWTManager) { mgr.UnauthorizedLoader(test.loader) })
		engine.GET("/", mgr.JWTRequired(), identify)
		w := jwttest.Do(engine, "GET", "/")
		assert.Equal(t, test.status, w.Code, name)
		assert.Equal(t, test.body, w.Body.String(), name)
		assert.Equal(t, test.status >= 400, w.Header().Get("WWW-Authenticate") == `Bearer realm="api", reason="token_missing"`, name)
	}
}

func TestALoadersOwnChallengeIsKept(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil), func(mgr *ginjwt.JWTManager) {
		mgr.UnauthorizedLoader(func(c *gin.Context, err *ginjwt.Error) {
			c.Header("WWW-Authenticate", `Basic realm="staff"`)
			ginjwt.FlaskError(c, err)
		})
	})
	engine.GET("/", mgr.JWTRequired(), identify)
	assert.Equal(t, []string{`Basic realm="staff"`}, jwttest.Do(engine, "GET", "/").Header().Values("WWW-Authenticate"))
}

func TestMessagesAreASCIILikeFlasks(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil), func(mgr *ginjwt.JWTManager) {
		mgr.UserLookupLoader(func(context.Context, *ginjwt.Token) (any, error) { return nil, nil })
	})
	engine.GET("/", mgr.JWTRequired(), identify)
	w := jwttest.Do(engine, "GET", "/", jwttest.Bearer(jwttest.AccessToken(t, mgr, "é\"\\\n\t\x01<🔑>")))
	assert.Equal(t, `{"msg":"Error loading the user \u00e9\"\\\n\t\u0001<\ud83d\udd11>"}`+"\n", w.Body.String())
}

// keepingBlocklist records the contexts that it gets.
type keepingBlocklist struct{ keep func(context.Context) }

func (b keepingBlocklist) Add(ctx context.Context, _ string, _ time.Time) error {
	b.keep(ctx)
	return nil
}

func (b keepingBlocklist) Contains(ctx context.Context, _ ...string) (bool, error) {
	b.keep(ctx)
	return false, nil
}

func TestLoadersAndStoresGetTheRequestsContext(t *testing.T) {
	t.Parallel()
	var got []context.Context
	keep := func(ctx context.Context) { got = append(got, ctx) }
	config := jwttest.Config(nil)
	config.Blocklist = keepingBlocklist{keep}
	mgr, engine := newManager(t, config, func(mgr *ginjwt.JWTManager) {
		mgr.UserIdentityLoader(func(ctx context.Context, user any) (string, error) { keep(ctx); return user.(string), nil })
		mgr.AdditionalClaimsLoader(func(ctx context.Context, _ any) (ginjwt.Claims, error) { keep(ctx); return nil, nil })
		mgr.AdditionalHeadersLoader(func(ctx context.Context, _ any) (ginjwt.Header, error) { keep(ctx); return nil, nil })
		mgr.EncodeKeyLoader(func(ctx context.Context, user any) (keys.Key, error) { keep(ctx); return keyLoader()(ctx, user) })
		mgr.DecodeKeyLoader(func(ctx context.Context, token *ginjwt.Token) (keys.Key, error) {
			keep(ctx)
			return unverifiedKeyLoader()(ctx, token)
		})
		mgr.TokenInBlocklistLoader(func(ctx context.Context, _ *ginjwt.Token) (bool, error) { keep(ctx); return false, nil })
		mgr.TokenVerificationLoader(func(ctx context.Context, _ *ginjwt.Token) (bool, error) { keep(ctx); return true, nil })
		mgr.UserLookupLoader(func(ctx context.Context, _ *ginjwt.Token) (any, error) { keep(ctx); return 1, nil })
	})
	engine.POST("/login", func(c *gin.Context) {
		encoded, err := mgr.CreateAccessToken(c, "alice")
		require.NoError(t, err)
		token, err := mgr.DecodeToken(c, encoded)
		require.NoError(t, err)
		require.NoError(t, mgr.RevokeToken(c, token))
		c.String(http.StatusOK, encoded)
	})
	engine.GET("/", mgr.JWTRequired(), identify)
	token := jwttest.Do(engine, "POST", "/login").Body.String()
	require.Len(t, got, 4+1+2, "creating, decoding, revoking with a cause")
	assert.Equal(t, "alice", jwttest.Do(engine, "GET", "/", jwttest.Bearer(token)).Body.String())
	require.Len(t, got, 7+5)
	for _, ctx := range got {
		_, isGin := ctx.(*gin.Context)
		assert.False(t, isGin, "a gin.Context is used again for other requests")
	}
}

func TestRefuseGivesTheWriterBack(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.GET("/", func(c *gin.Context) {
		writer := c.Writer
		c.Next()
		assert.Same(t, writer, c.Writer)
	}, mgr.JWTRequired(), identify)
	assert.Equal(t, 401, jwttest.Do(engine, "GET", "/").Code)
}
