package clients

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func init() { gin.SetMode(gin.ReleaseMode) }

// service refuses requests for every reason. Each client has a path of its own for each.
type service struct {
	t     *testing.T
	url   string
	clock *jwttest.Clock
	jwt   *ginjwt.JWTManager
	store *ginjwt.MemorySessions

	mu       sync.Mutex
	requests map[string][]string
}

// Users of which something is wrong.
const (
	ghost      = "ghost"      // is no user any more
	unverified = "unverified" // the TokenVerificationLoader says no
	broken     = "broken"     // the loader fails
	down       = "down"       // the store fails for the refresh token
	downNow    = "down now"   // for the access token
	banned     = "banned"     // the access token is revoked, also a new one
	unheard    = "unheard"    // the answer to the refresh is lost
)

// newService has no grace, so that a refresh token that is sent twice ends the session.
func newService(t *testing.T) *service {
	t.Helper()
	s := &service{t: t, clock: &jwttest.Clock{}, requests: map[string][]string{}}
	s.store = &ginjwt.MemorySessions{Now: s.clock.Now}
	config := jwttest.Config(s.clock)
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InQueryString}
	config.QueryStringValuePrefix = "token:"
	config.Sessions, config.SessionGrace = s.store, -1
	config.EncodeIssuer, config.DecodeIssuer = "api", "api"
	config.Issuers = []ginjwt.Issuer{{Name: "other", KeySource: nowhere{}, IdentityPrefix: "other:", Audience: []string{}}}
	s.jwt = ginjwt.New(config)
	s.jwt.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
		switch {
		case token.Identity == ghost:
			return nil, nil
		case token.Identity == broken && token.Type == ginjwt.AccessToken:
			return nil, errors.New("broken")
		}
		return token.Identity, nil
	})
	s.jwt.TokenVerificationLoader(func(_ context.Context, token *ginjwt.Token) (bool, error) {
		return token.Identity != unverified, nil
	})
	s.jwt.TokenInBlocklistLoader(func(_ context.Context, token *ginjwt.Token) (bool, error) {
		if token.Identity == down && token.Type == ginjwt.RefreshToken || token.Identity == downNow {
			return false, errors.New("the store does not answer")
		}
		return token.Identity == banned && token.Type == ginjwt.AccessToken, nil
	})
	router := gin.New()
	require.NoError(t, s.jwt.InitApp(router))
	s.routes(router)
	server := httptest.NewServer(router)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// nowhere is where the keys of an issuer are not found.
type nowhere struct{}

func (nowhere) KeySet(context.Context, string) (*keys.Set, error) { return nil, keys.ErrUnavailable }

func (s *service) routes(router *gin.Engine) {
	for _, r := range refusals {
		handlers := r.handlers
		if handlers == nil {
			handlers = func(m *ginjwt.JWTManager) gin.HandlerFunc { return m.JWTRequired() }
		}
		done := func(c *gin.Context) { c.Status(http.StatusOK) }
		router.POST("/:client/"+r.name+"/messages", s.note("messages", r), handlers(s.jwt), done)
		router.POST("/:client/"+r.name+"/refresh", s.note("refresh", r), s.jwt.RefreshHandler())
	}
}

var reasonIn = regexp.MustCompile(`\breason="(\w+)"`)

// note notes a request as "refresh ok", or "refresh session_ended" if it is refused.
func (s *service) note(what string, r refusal) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Next()
		outcome := "ok"
		if c.Writer.Status() >= http.StatusBadRequest {
			outcome = "for no reason"
			if found := reasonIn.FindStringSubmatch(c.Writer.Header().Get("WWW-Authenticate")); found != nil {
				outcome = found[1]
			}
		}
		token, ok := ginjwt.GetToken(c)
		lost := what == "refresh" && ok && token.Identity == unheard
		if lost {
			outcome = "lost"
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		key := c.Param("client") + r.name
		s.requests[key] = append(s.requests[key], what+" "+outcome)
		if lost {
			panic(http.ErrAbortHandler)
		}
	}
}

func (s *service) seen(client string, r refusal) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests[client+r.name])
}

// errand returns what a client has to do so that it is refused.
func (s *service) errand(client string, r refusal) errand {
	s.t.Helper()
	at := s.url + "/" + client + "/" + r.name
	e := errand{Client: client, URL: at + "/messages", RefreshURL: at + "/refresh"}
	pair, err := s.jwt.CreateTokenPair(s.t.Context(), or(r.user, "alice"))
	require.NoError(s.t, err)
	e.Access, e.RefreshToken = &pair.AccessToken, pair.RefreshToken
	r.prepare(s, &e)
	return e
}

// expire lets the tokens expire that live for a second.
func (s *service) expire() { s.clock.Advance(10 * time.Second) }

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}
