package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const (
	clientID, clientSecret = "shop", "a secret of this client"
	username, password     = "test-user2", "verysecure"
	subject                = "id2"
)

// provider is an OpenID provider with one client, based on package exampleop. Its access
// tokens are JWTs, its tokens have a "sid", and it posts logout tokens.
type provider struct {
	*storage.Storage
	t   *testing.T
	url string

	mu       sync.Mutex
	service  string // the address of the client
	sessions int    // of the user
	told     []int  // what the client answered to logout tokens
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	server := httptest.NewUnstartedServer(nil)
	p := &provider{t: t, url: "http://" + server.Listener.Addr().String()}
	p.Storage = storage.NewStorageWithClients(storage.NewUserStore(p.url), map[string]*storage.Client{
		clientID: storage.WebClient(clientID, clientSecret, p.url),
	})
	server.Config.Handler = exampleop.SetupServer(p.url, p, nil, false, op.WithAllowInsecure())
	server.Start()
	t.Cleanup(server.Close)
	return p
}

// client is the service, as the provider knows it.
type client struct {
	op.Client
	service string
}

func (c client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }
func (c client) RedirectURIs() []string              { return []string{c.service + "/callback"} }
func (c client) PostLogoutRedirectURIs() []string    { return []string{c.service + "/"} }

func (p *provider) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	known, err := p.Storage.GetClientByClientID(ctx, id)
	p.mu.Lock()
	defer p.mu.Unlock()
	return client{known, p.service}, err
}

// serves tells the provider the address of its client.
func (p *provider) serves(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.service = address
}

// sid is the session at the provider.
func (p *provider) sid() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return "session " + strconv.Itoa(p.sessions)
}

func (p *provider) newSession() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions++
}

// SetUserinfoFromRequest adds "sid" to ID tokens.
func (p *provider) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, request op.IDTokenRequest, _ []string) error {
	info.Subject = request.GetSubject()
	info.AppendClaims("sid", p.sid())
	return nil
}

// GetPrivateClaimsFromScopes adds "sid" to access tokens.
func (p *provider) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return map[string]any{"sid": p.sid()}, nil
}

// TerminateSession ends the session of the user, and tells the client.
func (p *provider) TerminateSession(ctx context.Context, user, client string) error {
	p.logOut(user, p.sid())
	p.newSession()
	return p.Storage.TerminateSession(ctx, user, client)
}

// logOut posts a logout token to the client.
func (p *provider) logOut(user, sid string) {
	p.mu.Lock()
	address := p.service
	p.mu.Unlock()
	status := p.post(address, p.logoutToken(user, sid))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, status)
}

func (p *provider) post(address, token string) int {
	answer, err := http.PostForm(address+"/backchannel-logout", url.Values{"logout_token": {token}})
	if !assert.NoError(p.t, err) {
		return 0
	}
	assert.NoError(p.t, answer.Body.Close())
	return answer.StatusCode
}

func (p *provider) logoutToken(user, sid string) string {
	key, err := p.SigningKey(context.Background())
	assert.NoError(p.t, err)
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: key.SignatureAlgorithm(), Key: jose.JSONWebKey{Key: key.Key(), KeyID: key.ID()}},
		(&jose.SignerOptions{}).WithType("logout+jwt"))
	assert.NoError(p.t, err)
	claims := oidc.NewLogoutTokenClaims(p.url, user, oidc.Audience{clientID}, time.Now().Add(2*time.Minute), "a logout", sid, 0)
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	assert.NoError(p.t, err)
	return token
}

// answers returns what the client answered since it was asked last.
func (p *provider) answers() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	told := p.told
	p.told = nil
	return told
}

var _ exampleop.Storage = (*provider)(nil)
