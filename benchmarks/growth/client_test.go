package growth

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

const user = "alice"

// client sends requests without a network, and is the http.ResponseWriter of the responses.
// It costs next to nothing.
type client struct {
	handler       http.Handler
	request       *http.Request
	authorization []string
	body          bytes.Reader // of the request
	header        http.Header
	status        int
	response      []byte
}

func newClient(h http.Handler, method, path string) *client {
	c := &client{handler: h, header: http.Header{}, authorization: make([]string, 1)}
	c.request = &http.Request{
		Method: method, URL: &url.URL{Path: path}, Host: "example.com", RequestURI: path,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Authorization": c.authorization}, Body: io.NopCloser(&c.body),
	}
	return c
}

func (c *client) Header() http.Header { return c.header }

func (c *client) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

func (c *client) Write(p []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	c.response = append(c.response, p...)
	return len(p), nil
}

func (c *client) WriteString(s string) (int, error) {
	c.WriteHeader(http.StatusOK)
	c.response = append(c.response, s...)
	return len(s), nil
}

// send sends the request with a Bearer token. It panics if the status is not the wanted one.
func (c *client) send(bearer string, want int) {
	clear(c.header)
	c.status, c.response = 0, c.response[:0]
	c.authorization[0] = bearer
	c.handler.ServeHTTP(c, c.request)
	if c.status != want {
		panic(fmt.Sprintf("responded with %d %s", c.status, c.response))
	}
}

// sends returns the operation that sends one token again and again.
func (c *client) sends(token string, want int) operation {
	bearer := "Bearer " + token
	return func() { c.send(bearer, want) }
}

// sendsAll returns the operation that sends the next of many tokens.
func (c *client) sendsAll(tokens []string, next func() int) operation {
	bearers := make([]string, len(tokens))
	for i, token := range tokens {
		bearers[i] = "Bearer " + token
	}
	return func() { c.send(bearers[next()], http.StatusOK) }
}

// cache says in which state the token cache is.
type cache int

// Values of Config.TokenCacheSize.
const (
	cacheOn  cache = 0
	cacheOff cache = -1
)

const secret = "Gv7sWq2ZrT0nXe5bJk9uYp4dLm1cHa8f"

// started returns a manager, and an engine without log and recovery.
func started(tb testing.TB, config ginjwt.Config) (*ginjwt.JWTManager, *gin.Engine) {
	tb.Helper()
	gin.SetMode(gin.ReleaseMode)
	m, r := ginjwt.New(config), gin.New()
	require.NoError(tb, m.InitApp(r))
	return m, r
}

// protected returns a client of a protected route that writes the identity.
func protected(tb testing.TB, config ginjwt.Config, opts ...ginjwt.RequiredOption) (*ginjwt.JWTManager, *client) {
	tb.Helper()
	m, r := started(tb, config)
	r.GET("/protected", m.JWTRequired(opts...), func(c *gin.Context) {
		_, _ = c.Writer.WriteString(ginjwt.GetJWTIdentity(c))
	})
	return m, newClient(r, http.MethodGet, "/protected")
}

// must is for setups whose errors end the test.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
