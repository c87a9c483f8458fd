package dpopclient

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	m.Run()
}

// service takes bound tokens only, and wants a nonce in each proof.
type service struct {
	url    string
	config *oauth2.Config

	mu       sync.Mutex
	requests []string
}

func newService(t *testing.T, change func(*ginjwt.Config)) *service {
	t.Helper()
	s := &service{}
	config := jwttest.Config(nil)
	config.DPoP, config.DPoPNonce = "demanded", true
	config.Sessions = &ginjwt.MemorySessions{}
	if change != nil {
		change(&config)
	}
	mgr, router := ginjwt.New(config), gin.New()
	require.NoError(t, mgr.InitApp(router))
	router.Use(func(c *gin.Context) {
		c.Next()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, c.Request.URL.Path+" "+http.StatusText(c.Writer.Status()))
	})
	refresh := mgr.RefreshHandler()
	router.POST("/token", func(c *gin.Context) {
		if c.PostForm("grant_type") == "refresh_token" {
			refresh(c)
			return
		}
		pair, err := mgr.CreateTokenPair(c, c.PostForm("username"))
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.Render(http.StatusOK, pair)
	})
	router.Any("/echo/*path", mgr.JWTRequired(), func(c *gin.Context) {
		body, _ := io.ReadAll(c.Request.Body)
		c.String(http.StatusOK, "%s %s %s", c.Request.Method, ginjwt.GetJWTIdentity(c), body)
	})
	server := httptest.NewServer(router)
	t.Cleanup(server.Close)
	s.url = server.URL
	s.config = &oauth2.Config{ClientID: "program", Endpoint: oauth2.Endpoint{TokenURL: s.url + "/token", AuthStyle: oauth2.AuthStyleInParams}}
	return s
}

// seen returns the requests since the last call.
func (s *service) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests := s.requests
	s.requests = nil
	return requests
}

func newTransport(t *testing.T) *Transport {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	transport, err := NewTransport(key, http.DefaultTransport)
	require.NoError(t, err)
	return transport
}

// answer returns the response to a request, as in "200 GET alice".
func answer(t *testing.T, client *http.Client, method, url string, body io.Reader) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, body)
	require.NoError(t, err)
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return fmt.Sprint(response.StatusCode, " ", string(got))
}

func TestLogIn(t *testing.T) {
	t.Parallel()
	s := newService(t, nil)
	client, err := LogIn(t.Context(), s.config, newTransport(t), "alice", "secret")
	require.NoError(t, err)
	assert.Equal(t, []string{"/token Bad Request", "/token OK"}, s.seen(), "only the first request lacks the nonce")

	assert.Equal(t, "200 GET alice ", answer(t, client, "GET", s.url+"/echo/a%20b/%2F?query=x#fragment", nil))
	assert.Equal(t, "200 POST alice text", answer(t, client, "POST", s.url+"/echo/", strings.NewReader("text")))
	assert.Equal(t, []string{"/echo/a b// OK", "/echo/ OK"}, s.seen())
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	s, transport := newService(t, nil), newTransport(t)
	ctx := WithTransport(t.Context(), transport)
	token, err := s.config.PasswordCredentialsToken(ctx, "alice", "secret")
	require.NoError(t, err)
	token.Expiry = time.Now().Add(-time.Second)
	client, err := NewClient(ctx, s.config, token)
	require.NoError(t, err)
	s.seen()
	for range 2 {
		assert.Equal(t, "200 GET alice ", answer(t, client, "GET", s.url+"/echo/", nil))
	}
	assert.Equal(t, []string{"/token OK", "/echo/ OK", "/echo/ OK"}, s.seen())

	thief, err := NewClient(WithTransport(t.Context(), newTransport(t)), s.config, token)
	require.NoError(t, err)
	_, err = thief.Get(s.url + "/echo/") //nolint:bodyclose // there is none
	var refused *oauth2.RetrieveError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "invalid_grant", refused.ErrorCode, "the refresh token is bound to the key too")
}

func TestANonceThatIsTooOld(t *testing.T) {
	t.Parallel()
	s, transport := newService(t, nil), newTransport(t)
	client, err := LogIn(t.Context(), s.config, transport, "alice", "secret")
	require.NoError(t, err)
	forget := func() {
		s.seen()
		transport.nonces[s.url] = "too old"
	}
	forget()
	assert.Equal(t, "200 POST alice text", answer(t, client, "POST", s.url+"/echo/", strings.NewReader("text")))
	assert.Equal(t, []string{"/echo/ Unauthorized", "/echo/ OK"}, s.seen())

	forget()
	stream := io.MultiReader(strings.NewReader("text")) // cannot be read again
	assert.Contains(t, answer(t, client, "POST", s.url+"/echo/", stream), "401 ")
	assert.Equal(t, []string{"/echo/ Unauthorized"}, s.seen())
	assert.Equal(t, "200 GET alice ", answer(t, client, "GET", s.url+"/echo/", nil))
}

func TestAServiceWithoutDPoP(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *ginjwt.Config) { c.DPoP = "off" })
	_, err := LogIn(t.Context(), s.config, newTransport(t), "alice", "secret")
	require.EqualError(t, err, "dpopclient: the service has not bound the token to the key")
}

// endless is a server that always asks for another nonce.
type endless struct{ nonces []string }

func (e *endless) RoundTrip(r *http.Request) (*http.Response, error) {
	e.nonces = append(e.nonces, rand.Text())
	w := httptest.NewRecorder()
	w.Header().Set("DPoP-Nonce", e.nonces[len(e.nonces)-1])
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.WriteString(`{"error": "use_dpop_nonce"}`)
	return w.Result(), nil
}

func TestARequestIsRepeatedOnce(t *testing.T) {
	t.Parallel()
	server, transport := &endless{}, newTransport(t)
	transport.base = server
	client := &http.Client{Transport: transport}
	assert.Equal(t, `400 {"error": "use_dpop_nonce"}`, answer(t, client, "GET", "https://example.com/", nil))
	assert.Len(t, server.nonces, 2)
}

func TestOtherRefusalsAreNotRepeated(t *testing.T) {
	t.Parallel()
	for _, refusal := range []http.Response{
		{StatusCode: 401, Header: http.Header{"Www-Authenticate": {`DPoP error="invalid_token"`}}, Body: io.NopCloser(strings.NewReader("x"))},
		{StatusCode: 400, Body: io.NopCloser(strings.NewReader(`{"error": "invalid_dpop_proof"}`))},
		{StatusCode: 400, Body: io.NopCloser(strings.NewReader("use_dpop_nonce"))},
		{StatusCode: 403, Body: io.NopCloser(strings.NewReader(`{"error": "use_dpop_nonce"}`))},
	} {
		assert.False(t, asksForNonce(&refusal))
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	_, err = NewTransport(key, http.DefaultTransport)
	require.EqualError(t, err, "dpopclient: the key is not on the curve P-256")

	transport := newTransport(t)
	transport.base = failing{}
	_, err = transport.RoundTrip(httptest.NewRequest("GET", "/", nil)) //nolint:bodyclose // there is none
	require.ErrorIs(t, err, errFailing)
}

var errFailing = errors.New("no connection")

type failing struct{}

func (failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errFailing }
