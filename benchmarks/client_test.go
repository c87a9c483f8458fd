package benchmarks

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// client sends one request over and over, without a network, and is the
// http.ResponseWriter of its answer. It costs next to nothing.
type client struct {
	handler       http.Handler
	request       *http.Request
	authorization []string
	header        http.Header
	status        int
	body          []byte
}

func newClient(h http.Handler, method, path string) *client {
	c := &client{handler: h, header: http.Header{}, authorization: make([]string, 1)}
	c.request = &http.Request{
		Method: method, URL: &url.URL{Path: path}, Host: "example.com", RequestURI: path,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Authorization": c.authorization}, Body: http.NoBody,
	}
	return c
}

// protected returns a client of GET /protected that sends authorization.
func protected(h http.Handler, authorization string) *client {
	c := newClient(h, http.MethodGet, "/protected")
	c.authorization[0] = authorization
	return c
}

func (c *client) do() {
	clear(c.header)
	c.status, c.body = 0, c.body[:0]
	c.handler.ServeHTTP(c, c.request)
}

func (c *client) Header() http.Header { return c.header }

func (c *client) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

func (c *client) Write(p []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	c.body = append(c.body, p...)
	return len(p), nil
}

func (c *client) WriteString(s string) (int, error) {
	c.WriteHeader(http.StatusOK)
	c.body = append(c.body, s...)
	return len(s), nil
}

// identified reports whether the answer is that of the handler.
func (c *client) identified() bool {
	return c.status == http.StatusOK && string(c.body) == contender.Identity
}

// mustIdentify sends the request and checks the answer.
func (c *client) mustIdentify(b *testing.B) {
	c.do()
	if !c.identified() {
		b.Fatalf("answered %d %s", c.status, c.body)
	}
}

// mustRefuse runs the benchmark of a request that must be refused, every time
// with the same words.
func (c *client) mustRefuse(b *testing.B) {
	c.do()
	status, body := c.status, string(c.body)
	if status < 400 || status > 499 {
		b.Fatalf("answered %d %s", status, body)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.do()
		if c.status != status || string(c.body) != body {
			b.Fatalf("answered %d %s", c.status, c.body)
		}
	}
}

// each runs a work for all its variants and contenders.
func each(b *testing.B, name string, run func(b *testing.B, variant string, c contender.Contender)) {
	work := contender.WorkNamed(name)
	for _, variant := range work.Variants {
		b.Run(variant, func(b *testing.B) {
			for _, c := range work.By {
				b.Run(c.Name, func(b *testing.B) { run(b, variant, c) })
			}
		})
	}
}
