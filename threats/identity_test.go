package threats_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

type attackUser struct{ Name string }

var attackUsers = map[string]*attackUser{"alice": {"alice"}, "é": {"e"}}

func TestAttackUnknownUsers(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil, func(m *ginjwt.JWTManager) {
		m.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
			return attackUsers[token.Identity], nil // a nil pointer, which is no nil
		})
	})
	for _, v := range []struct {
		name, identity string
		known          bool
	}{
		{"T275 known", "alice", true},
		{"T275 unknown", "mallory", false},
		{"T275 another case", "Alice", false},
		{"T275 a blank after it", "alice ", false},
		{"T275 a NUL after it", "alice\x00", false},
		{"T275 a zero-width space", "ali\u200bce", false},
		{"T275 a homoglyph", "\u0430lice", false},
		{"T275 full-width", "ａｌｉｃｅ", false},
		{"T275 composed", "\u00e9", true},
		{"T275 decomposed", "e\u0301", false},
		{"T275 line breaks", "alice\r\nSet-Cookie: a=b", false},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			token := a.token("sub", attackJSON(v.identity))
			if v.known {
				a.expectBoth(t, attackPassed(v.identity), token)
				return
			}
			a.expectBoth(t, attackNobody(v.identity), token)
		})
	}
}

func TestAttackFailingUserLookup(t *testing.T) {
	t.Parallel()
	secret := errors.New("pq: password authentication failed for user root")
	for _, v := range []struct {
		name string
		user any
		err  error
		want attackAnswer
	}{
		{"T275 nil", nil, nil, attackNobody("alice")},
		{"T276 a nil pointer", (*attackUser)(nil), nil, attackNobody("alice")},
		{"T276 a nil map", map[string]any(nil), nil, attackNobody("alice")},
		{"T276 an error", nil, secret, attackFailed},
		{"T276 an error beside a user", &attackUser{}, secret, attackFailed},
		{"T276 an error that wraps unavailable", nil, fmt.Errorf("%w: %w", ginjwt.ErrUnavailable, secret), attackUnavailable},
		{"T276 an error that wraps no authorization", nil, ginjwt.ErrNoAuthorization, attackFailed},
		{"T276 an error that wraps user not found", nil, fmt.Errorf("%w: %w", ginjwt.ErrUserLookup, secret), attackFailed},
		{"T276 an error of this package", nil, &ginjwt.Error{Kind: ginjwt.ErrNoAuthorization, Status: 200, Message: "pq"}, attackFailed},
		{"T276 the context ended", nil, context.DeadlineExceeded, attackFailed},
		{"T276 a user", attackUser{}, nil, attackPassed("alice")},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a := attackNew(t, nil, func(m *ginjwt.JWTManager) {
				m.UserLookupLoader(func(context.Context, *ginjwt.Token) (any, error) { return v.user, v.err })
			})
			a.expectBoth(t, v.want, a.token())
			a.expect(t, attackAnonymous, "GET", "/optional")
		})
	}
}

// Errors of the other loaders that decide about a request.
func TestAttackFailingLoaders(t *testing.T) {
	t.Parallel()
	detail := errors.New("dial tcp 10.0.0.7:5432")
	unavailable := fmt.Errorf("%w: %w", ginjwt.ErrUnavailable, detail)
	for _, v := range []struct {
		name     string
		err      error
		passes   bool
		ofVerify attackAnswer // TokenVerificationLoader
		ofKey    attackAnswer // DecodeKeyLoader
	}{
		{"T276 no", nil, false, attackVetoed, attackBadKey},
		{"T276 an error", detail, false, attackFailed, attackFailed},
		{"T276 an error beside a yes", detail, true, attackFailed, attackFailed},
		{"T276 unavailable", unavailable, true, attackUnavailable, attackUnavailable},
		{"T276 no authorization", ginjwt.ErrNoAuthorization, true, attackFailed, attackFailed},
		{"T276 no authorization, wrapped", fmt.Errorf("key server: %w", ginjwt.ErrNoAuthorization), true, attackFailed, attackFailed},
		{"T276 expired", ginjwt.ErrExpiredToken, true, attackFailed, attackFailed},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a := attackNew(t, nil, func(m *ginjwt.JWTManager) {
				m.TokenVerificationLoader(func(context.Context, *ginjwt.Token) (bool, error) { return v.passes, v.err })
			})
			a.expectBoth(t, v.ofVerify, a.token())
			a = attackNew(t, nil, func(m *ginjwt.JWTManager) {
				m.DecodeKeyLoader(func(context.Context, *ginjwt.Token) (keys.Key, error) {
					if !v.passes {
						return keys.Key{}, v.err
					}
					return keys.Key{Verify: []byte(strings.Repeat("k", 32))}, v.err
				})
			})
			a.expectBoth(t, v.ofKey, a.token())
		})
	}
}

func TestAttackPanickingLoaders(t *testing.T) {
	t.Parallel()
	for name, load := range map[string]func(*ginjwt.JWTManager){
		"T276 user lookup": func(m *ginjwt.JWTManager) {
			m.UserLookupLoader(func(context.Context, *ginjwt.Token) (any, error) { panic("users") })
		},
		"T276 blocklist": func(m *ginjwt.JWTManager) {
			m.TokenInBlocklistLoader(func(context.Context, *ginjwt.Token) (bool, error) { panic("blocklist") })
		},
		"T276 verification": func(m *ginjwt.JWTManager) {
			m.TokenVerificationLoader(func(context.Context, *ginjwt.Token) (bool, error) { panic("verification") })
		},
		"T276 key": func(m *ginjwt.JWTManager) {
			m.DecodeKeyLoader(func(context.Context, *ginjwt.Token) (keys.Key, error) { panic("key") })
		},
		"T276 the response": func(m *ginjwt.JWTManager) {
			m.TokenVerificationLoader(func(context.Context, *ginjwt.Token) (bool, error) { return false, nil })
			m.ErrorLoader(func(*gin.Context, *ginjwt.Error) { panic("response") })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mgr := ginjwt.New(jwttest.Config(nil))
			load(mgr)
			engine := gin.New()
			engine.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) { c.AbortWithStatus(500) }))
			require.NoError(t, mgr.InitApp(engine))
			for _, opt := range [][]ginjwt.RequiredOption{nil, {ginjwt.Optional()}} {
				path := "/" + strconv.Itoa(len(opt))
				engine.GET(path, mgr.JWTRequired(opt...), attackHandler)
				w := jwttest.Do(engine, "GET", path, jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")))
				assert.Equal(t, http.StatusInternalServerError, w.Code)
				assert.Empty(t, w.Body.String())
				assert.Empty(t, w.Header().Get("X-Ran"))
			}
		})
	}
}

// On an optional route there is a good token, or none; nothing between.
func TestAttackOptional(t *testing.T) {
	t.Parallel()
	a := attackNew(t, func(c *ginjwt.Config) {
		attackRevokes("revoked")(c)
		c.DecodeAudience = []string{"api"}
	})
	good := []string{"aud", `"api"`}
	token := func(pairs ...string) string { return a.token(append(good, pairs...)...) }
	none := "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSIsImF1ZCI6ImFwaSJ9."
	for _, v := range []struct {
		name, token string
		want        attackAnswer
	}{
		{"T277 good", token(), attackPassed("alice")},
		{"T278 useless", "x", attackSegments},
		{"T278 dots", "..", attackInvalid("Invalid header string: not valid JSON")},
		{"T278 of a stranger", attackSign(strings.Repeat("k", 32), `{"alg":"HS256"}`, `{"sub":"alice","aud":"api"}`), attackBadKey},
		{"T278 alg none", none, attackInvalid("The specified alg value is not allowed")},
		{"T278 no alg", a.sign(`{}`, `{"sub":"alice","aud":"api"}`), attackInvalid("Algorithm not specified")},
		{"T278 without its signature", token()[:strings.LastIndexByte(token(), '.')+1], attackBadKey},
		{"T278 expired", token("exp", a.at(0)), attackExpired},
		{"T278 not yet valid", token("nbf", a.at(1)), attackNBFFuture},
		{"T278 revoked", token("jti", `"revoked"`), attackRevoked},
		{"T278 no jti", token("jti", ""), attackInvalid(`Token is missing the "jti" claim`)},
		{"T278 of another service", token("aud", `"other"`), attackInvalid("Audience doesn't match")},
		{"T278 of nobody", token("sub", ""), attackInvalid("Missing claim: sub")},
		{"T278 sub empty", token("sub", `""`), attackInvalid("Empty claim: sub")},
		{"T278 sub null", token("sub", "null"), attackInvalid("Subject must be a string")},
		{"T278 an unknown type", token("type", `"id"`), attackNotAccess},
		{"T279 a refresh token", token("type", `"refresh"`), attackInvalid("Only non-refresh tokens are allowed")},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a.expectBoth(t, v.want, v.token)
		})
	}
	t.Run("T277 no token", func(t *testing.T) {
		t.Parallel()
		a.expectAbsent(t, attackNoHeader, "GET", "")
	})
	t.Run("T278 what a failed check leaves behind", func(t *testing.T) {
		t.Parallel()
		engine := gin.New()
		engine.GET("/", func(c *gin.Context) {
			token, err := a.mgr.VerifyJWTInRequest(c, ginjwt.Optional())
			require.ErrorIs(t, err, ginjwt.ErrExpiredToken)
			assert.Nil(t, token)
			_, ok := ginjwt.GetToken(c)
			assert.False(t, ok)
			assert.Panics(t, func() { ginjwt.GetJWTIdentity(c) })
			assert.Panics(t, func() { ginjwt.GetJWT(c.Request.Context()) })
			var e *ginjwt.Error
			require.ErrorAs(t, err, &e)
			assert.Nil(t, e.Token)
		})
		jwttest.Do(engine, "GET", "/", jwttest.Bearer(token("exp", a.at(0))))
	})
}

// Many users at once, each of whom sees nobody else: in the handler, in the
// contexts made from the request, and in goroutines that outlive the request.
func TestAttackCrossTalk(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(jwttest.Config(nil))
	mgr.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
		return &attackUser{token.Identity}, nil
	})
	engine := gin.New()
	require.NoError(t, mgr.InitApp(engine))
	var background sync.WaitGroup
	engine.GET("/:name", mgr.JWTRequired(), func(c *gin.Context) {
		want, released := c.Param("name"), make(chan struct{})
		defer close(released)
		sees := func(ctx context.Context) {
			assert.Equal(t, want, ginjwt.GetJWTIdentity(ctx))
			assert.Equal(t, want, ginjwt.GetJWT(ctx)["sub"])
			assert.Equal(t, want, ginjwt.GetCurrentUser[*attackUser](ctx).Name)
			token, ok := ginjwt.GetToken(ctx)
			assert.True(t, ok)
			assert.Equal(t, want, token.Identity)
		}
		sees(c)
		sees(c.Request.Context())
		for _, ctx := range []context.Context{c.Copy(), context.WithoutCancel(c.Request.Context())} {
			background.Go(func() { sees(ctx) })
			background.Go(func() {
				<-released // the gin.Context goes back to its pool
				sees(ctx)
			})
		}
		c.String(http.StatusOK, ginjwt.GetJWTIdentity(c))
	})
	engine.GET("/", mgr.JWTRequired(ginjwt.Optional()), attackHandler)

	var clients sync.WaitGroup
	for i := range 16 {
		clients.Go(func() {
			name := "user-" + strconv.Itoa(i)
			token := jwttest.AccessToken(t, mgr, name)
			for range 40 {
				w := jwttest.Do(engine, "GET", "/"+name, jwttest.Bearer(token))
				assert.Equal(t, name, w.Body.String(), "T280")
				w = jwttest.Do(engine, "GET", "/")
				assert.JSONEq(t, `{"identity":null}`, w.Body.String(), "T280")
			}
		})
	}
	clients.Wait()
	background.Wait()
}

// The requests of one connection share its buffers.
func TestAttackCrossTalkOnOneConnection(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	server := httptest.NewServer(a.engine)
	defer server.Close()
	for i := range 20 {
		for _, v := range []struct{ token, want string }{
			{a.token("sub", strconv.Quote(strconv.Itoa(i))), `{"identity":"` + strconv.Itoa(i) + `"}`},
			{"", `{"identity":null}`},
		} {
			r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/optional", nil)
			require.NoError(t, err)
			if v.token != "" {
				jwttest.Bearer(v.token)(r)
			}
			response, err := server.Client().Do(r)
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.JSONEq(t, v.want, string(body), "T280")
		}
	}
}

// Two managers on one route: the second says who it is, the first is not
// changed for those who asked before.
func TestAttackTwoManagers(t *testing.T) {
	t.Parallel()
	first, second := attackNew(t, nil), attackNew(t, func(c *ginjwt.Config) {
		c.SecretKey, c.HeaderName = strings.Repeat("2", 32), "X-Second"
	})
	engine := gin.New()
	var before context.Context
	engine.GET("/", first.mgr.JWTRequired(), func(c *gin.Context) { before = c.Request.Context() },
		second.mgr.JWTRequired(ginjwt.Optional()), attackHandler)
	bob := jwttest.Header("X-Second", "Bearer "+second.token("sub", `"bob"`))
	w := jwttest.Do(engine, "GET", "/", jwttest.Bearer(first.token()), bob)
	attackPassed("bob").check(t, w.Code, w.Header(), w.Body.String())
	assert.Equal(t, "alice", ginjwt.GetJWTIdentity(before), "T280")

	w = jwttest.Do(engine, "GET", "/", jwttest.Bearer(second.token()), bob)
	attackBadKey.check(t, w.Code, w.Header(), w.Body.String())
}

func TestAttackIdentityTypes(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	type id int64
	for _, v := range []struct {
		name     string
		identity any
		want     string
	}{
		{"T281 text", "42", "42"},
		{"T281 an integer", 42, "42"},
		{"T281 a type of integers", id(-7), "-7"},
		{"T281 beyond 2^53", int64(9007199254740993), "9007199254740993"},
		{"T281 the largest", ^uint64(0), "18446744073709551615"},
		{"T281 text that is JSON", `{"sub":1}`, `{"sub":1}`},
		{"T281 leading zeros", "007", "007"},
		{"T281 a float in a text", "1e3", "1e3"},
		{"T281 markup", "<script>&\u2028", "<script>&\u2028"},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a.expectBoth(t, attackPassed(v.want), jwttest.AccessToken(t, a.mgr, v.identity))
		})
	}
	for name, identity := range map[string]any{
		"T281 nil": nil, "T281 a float": 1.5, "T281 true": true, "T281 an array": []string{"alice"}, "T281 a nil pointer": (*attackUser)(nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token, err := a.mgr.CreateAccessToken(t.Context(), identity)
			require.ErrorIs(t, err, ginjwt.ErrIdentity)
			assert.Empty(t, token)
		})
	}
	t.Run("T281 not UTF-8", func(t *testing.T) {
		t.Parallel()
		token, err := a.mgr.CreateAccessToken(t.Context(), "alice\xff")
		require.Error(t, err)
		assert.Empty(t, token)
	})
}
