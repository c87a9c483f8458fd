package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// authServer is an authorization server with a user who agrees to everything: the code flow
// of OAuth 2.1 with PKCE, resource indicators (RFC 8707) and metadata (RFC 8414).
type authServer struct {
	mgr *ginjwt.JWTManager
	url string

	mu    sync.Mutex
	codes map[string]url.Values // that were handed out, with what was asked
	asked []url.Values          // what clients have asked the user for
}

func newAuthServer(t *testing.T) *authServer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(nil)
	s := &authServer{url: "http://" + server.Listener.Addr().String(), codes: map[string]url.Values{}}
	s.mgr = ginjwt.New(ginjwt.Config{Keys: []keys.Key{{ID: "1", Sign: private}}, EncodeIssuer: s.url})
	engine := gin.New()
	require.NoError(t, s.mgr.InitApp(engine))
	metadata := s.mgr.MetadataHandler(ginjwt.Metadata{
		JWKSURI: s.url + "/keys", AuthorizationEndpoint: s.url + "/authorize", TokenEndpoint: s.url + "/token",
		Extra: map[string]any{"code_challenge_methods_supported": []string{"S256"}, "authorization_response_iss_parameter_supported": true},
	})
	engine.GET("/.well-known/oauth-authorization-server", metadata)
	engine.GET("/.well-known/openid-configuration", metadata)
	engine.GET("/keys", s.mgr.JWKSHandler())
	engine.GET("/authorize", s.authorize)
	engine.POST("/token", s.token)
	server.Config.Handler = engine
	server.Start()
	t.Cleanup(server.Close)
	return s
}

// authorize sends the user back with a code.
func (s *authServer) authorize(c *gin.Context) {
	asked := c.Request.URL.Query()
	back, err := url.Parse(asked.Get("redirect_uri"))
	if err != nil || asked.Get("response_type") != "code" || asked.Get("code_challenge_method") != "S256" || asked.Get("resource") == "" {
		c.Status(http.StatusBadRequest)
		return
	}
	code := rand.Text()
	s.mu.Lock()
	s.codes[code], s.asked = asked, append(s.asked, asked)
	s.mu.Unlock()
	back.RawQuery = url.Values{"code": {code}, "state": {asked.Get("state")}, "iss": {s.url}}.Encode()
	c.Redirect(http.StatusFound, back.String())
}

// token exchanges a code, once, for a token with the requested resource and scopes.
func (s *authServer) token(c *gin.Context) {
	s.mu.Lock()
	asked := s.codes[c.PostForm("code")]
	delete(s.codes, c.PostForm("code"))
	s.mu.Unlock()
	proof := sha256.Sum256([]byte(c.PostForm("code_verifier")))
	if asked == nil || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(proof[:]) || asked.Get("resource") != c.PostForm("resource") {
		c.JSON(http.StatusBadRequest, gin.H{"error": "invalid_grant"})
		return
	}
	token, err := s.tokenFor(c.PostForm("resource"), asked.Get("scope"))
	if err != nil {
		c.Status(http.StatusInternalServerError)
		return
	}
	c.JSON(http.StatusOK, gin.H{"access_token": token, "token_type": "Bearer", "expires_in": 900, "scope": asked.Get("scope")})
}

// tokenFor makes a token of alice.
func (s *authServer) tokenFor(audience, scope string) (string, error) {
	return s.mgr.CreateAccessToken(context.Background(), "alice", ginjwt.WithAudience(audience), ginjwt.WithClaims(ginjwt.Claims{"scope": scope}))
}

// scopesAsked returns the scopes that users were asked for, one text for each question. Their
// order in a text is random, because the client collects them in a map.
func (s *authServer) scopesAsked() (scopes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, asked := range s.asked {
		sorted := slices.Sorted(strings.FieldsSeq(asked.Get("scope")))
		scopes = append(scopes, strings.Join(sorted, " "))
	}
	return scopes
}
