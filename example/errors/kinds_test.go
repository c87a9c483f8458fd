package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// refusal is a request that is refused with one kind of error.
type refusal struct {
	name string
	kind error
	path string
	opts []jwttest.RequestOption
}

// service refuses requests with every kind of error. It records the kind that a
// loader received, and the name of the loader.
type service struct {
	r      *gin.Engine
	kind   error
	loader string
}

func newService(t *testing.T, profile ginjwt.ErrorHandler) (*service, []refusal) {
	t.Helper()
	s := &service{r: gin.New()}
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.QueryStringValuePrefix = "Bearer "
	config.DPoP, config.DPoPNonce = "accepted", true
	config.Sessions, config.SessionGrace = &ginjwt.MemorySessions{Now: config.Now}, -1
	mgr := ginjwt.New(config)
	s.respond(mgr, profile)
	decide(mgr)
	require.NoError(t, mgr.InitApp(s.r))

	handler := func(c *gin.Context) { c.Status(204) }
	s.r.POST("/", mgr.JWTRequired(), handler)
	s.r.POST("/refresh", mgr.RefreshHandler())
	s.r.POST("/fresh", mgr.JWTRequired(ginjwt.Fresh()), handler)
	s.r.POST("/scope", mgr.JWTRequired(ginjwt.Scopes("write")), handler)
	s.r.POST("/cookies", mgr.JWTRequired(ginjwt.Locations(ginjwt.InCookies)), handler)
	s.r.POST("/query", mgr.JWTRequired(ginjwt.Locations(ginjwt.InQueryString)), handler)
	s.r.POST("/bound", mgr.JWTRequired(ginjwt.Bound()), handler)
	s.r.POST("/link/:token", func(c *gin.Context) {
		if _, err := mgr.ConsumePurposeToken(c, confirm, c.Param("token")); err != nil {
			mgr.Refuse(c, err)
		}
	})
	return s, refusals(t, mgr, clock)
}

var confirm = ginjwt.Purpose{Name: "confirm-address"}

// links returns the path of a used link, and the path of a bound link.
func links(t *testing.T, mgr *ginjwt.JWTManager) (used, bound string) {
	t.Helper()
	used, err := mgr.CreatePurposeToken(t.Context(), confirm, "alice")
	require.NoError(t, err)
	_, err = mgr.ConsumePurposeToken(t.Context(), confirm, used)
	require.NoError(t, err)
	bound, err = mgr.CreatePurposeToken(t.Context(), confirm, "alice", ginjwt.BoundTo("the browser of alice"))
	require.NoError(t, err)
	return "/link/" + used, "/link/" + bound
}

// respond registers every loader that writes a response.
func (s *service) respond(mgr *ginjwt.JWTManager, profile ginjwt.ErrorHandler) {
	for name, register := range map[string]func(ginjwt.ErrorHandler){
		"ErrorLoader":                   mgr.ErrorLoader,
		"ExpiredTokenLoader":            mgr.ExpiredTokenLoader,
		"InsufficientScopeLoader":       mgr.InsufficientScopeLoader,
		"InvalidTokenLoader":            mgr.InvalidTokenLoader,
		"NeedsFreshTokenLoader":         mgr.NeedsFreshTokenLoader,
		"RevokedTokenLoader":            mgr.RevokedTokenLoader,
		"TokenVerificationFailedLoader": mgr.TokenVerificationFailedLoader,
		"UnauthorizedLoader":            mgr.UnauthorizedLoader,
		"UserLookupErrorLoader":         mgr.UserLookupErrorLoader,
	} {
		register(func(c *gin.Context, err *ginjwt.Error) {
			s.kind, s.loader = err.Kind, name
			profile(c, err)
		})
	}
}

// decide registers loaders that refuse tokens by their identity.
func decide(mgr *ginjwt.JWTManager) {
	mgr.TokenInBlocklistLoader(func(_ context.Context, token *ginjwt.Token) (bool, error) {
		if token.Identity == "unknown" {
			return false, errors.New("the database is down")
		}
		return token.Identity == "revoked", nil
	})
	mgr.TokenVerificationLoader(func(_ context.Context, token *ginjwt.Token) (bool, error) {
		if token.Identity == "unlucky" {
			return false, errors.New("a mistake in the program")
		}
		return token.Identity != "unfit", nil
	})
	mgr.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
		if token.Identity == "alice" {
			return token.Identity, nil
		}
		return nil, nil
	})
}

func refusals(t *testing.T, mgr *ginjwt.JWTManager, clock *jwttest.Clock) []refusal {
	t.Helper()
	old := jwttest.AccessToken(t, mgr, "alice")
	clock.Advance(15 * time.Minute)
	alice := jwttest.AccessToken(t, mgr, "alice")
	of := func(identity string) []jwttest.RequestOption {
		return []jwttest.RequestOption{jwttest.Bearer(jwttest.AccessToken(t, mgr, identity))}
	}
	header := func(name, value string) []jwttest.RequestOption {
		return []jwttest.RequestOption{jwttest.Header(name, value)}
	}
	ended, traded := jwttest.TokenPair(t, mgr, "alice"), jwttest.TokenPair(t, mgr, "alice")
	_, err := mgr.Config().Sessions.Delete(t.Context(), ended.SessionID)
	require.NoError(t, err)
	token, err := mgr.DecodeToken(t.Context(), traded.RefreshToken)
	require.NoError(t, err)
	_, err = mgr.RotateTokens(t.Context(), token)
	require.NoError(t, err)
	used, bound := links(t, mgr)
	key := jwttest.NewDPoPKey(t, clock)
	ofKey := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	return []refusal{
		{"ErrNoAuthorization", ginjwt.ErrNoAuthorization, "/", nil},
		{"ErrMultipleTokens", ginjwt.ErrMultipleTokens, "/cookies", header("Cookie", "access_token_cookie=a; access_token_cookie=b")},
		{"ErrCSRF", ginjwt.ErrCSRF, "/cookies", header("Cookie", "access_token_cookie="+alice)},
		{"ErrInvalidHeader", ginjwt.ErrInvalidHeader, "/", header("Authorization", "Bearer a b")},
		{"ErrInvalidQueryParam", ginjwt.ErrInvalidQueryParam, "/query?jwt=" + alice, nil},
		{"ErrInvalidToken", ginjwt.ErrInvalidToken, "/", header("Authorization", "Bearer a")},
		{"ErrWrongToken", ginjwt.ErrWrongToken, "/", header("Authorization", "Bearer "+jwttest.RefreshToken(t, mgr, "alice"))},
		{"ErrUserLookup", ginjwt.ErrUserLookup, "/", of("bob")},
		{"ErrExpiredToken", ginjwt.ErrExpiredToken, "/", header("Authorization", "Bearer "+old)},
		{"ErrRevokedToken", ginjwt.ErrRevokedToken, "/", of("revoked")},
		{"ErrConsumed", ginjwt.ErrConsumed, used, nil},
		{"ErrNotBound", ginjwt.ErrNotBound, bound, nil},
		{"ErrDPoPProof", ginjwt.ErrDPoPProof, "/", header("Authorization", "DPoP "+ofKey)},
		{"ErrDPoPNonce", ginjwt.ErrDPoPNonce, "/", []jwttest.RequestOption{key.Sign(t, ofKey)}},
		{"ErrKeyBinding", ginjwt.ErrKeyBinding, "/bound", of("alice")},
		{"ErrSessionEnded", ginjwt.ErrSessionEnded, "/refresh", header("Authorization", "Bearer "+ended.RefreshToken)},
		{"ErrSessionReused", ginjwt.ErrSessionReused, "/refresh", header("Authorization", "Bearer "+traded.RefreshToken)},
		{"ErrFreshRequired", ginjwt.ErrFreshRequired, "/fresh", of("alice")},
		{"ErrInsufficientScope", ginjwt.ErrInsufficientScope, "/scope", of("alice")},
		{"ErrVerification", ginjwt.ErrVerification, "/", of("unfit")},
		{"ErrUnavailable", ginjwt.ErrUnavailable, "/", of("unknown")},
		{"ErrCallback", ginjwt.ErrCallback, "/", of("unlucky")},
	}
}

func (s *service) refuse(t *testing.T, r refusal) *httptest.ResponseRecorder {
	t.Helper()
	s.kind, s.loader = nil, ""
	w := jwttest.Do(s.r, "POST", r.path, r.opts...)
	require.Equal(t, r.kind, s.kind, r.name)
	return w
}

// TestTheTableInTheDocsIsTrue compares the table of kinds with the real responses.
func TestTheTableInTheDocsIsTrue(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/custom-errors.md")
	require.NoError(t, err)
	var inDocs []string
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| `Err") && strings.HasSuffix(line, "Loader` |\n") {
			inDocs = append(inDocs, strings.TrimSpace(line))
		}
	}

	flask, requests := newService(t, ginjwt.FlaskError)
	bearer, bearerRequests := newService(t, ginjwt.BearerError)
	problem, problemRequests := newService(t, ginjwt.ProblemError)
	var rows []string
	for i, r := range requests {
		f := flask.refuse(t, r)
		b := bearer.refuse(t, bearerRequests[i])
		p := problem.refuse(t, problemRequests[i])
		var body struct {
			Error string `json:"error"`
		}
		require.NoError(t, json.Unmarshal(b.Body.Bytes(), &body), r.name)
		message := strings.TrimSuffix(strings.TrimPrefix(f.Body.String(), `{"msg":"`), "\"}\n")
		rows = append(rows, fmt.Sprintf("| `%s` | %d | %d | %d | `%s` | %s | `%s` |",
			r.name, f.Code, b.Code, p.Code, strings.ReplaceAll(message, `\"`, `"`), code(body.Error), flask.loader))
	}
	assert.Equal(t, rows, inDocs)
}

func code(s string) string {
	if s == "" {
		return "none"
	}
	return "`" + s + "`"
}
