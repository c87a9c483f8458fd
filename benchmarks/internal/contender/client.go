package contender

import (
	"net/http"
	"net/url"
)

// Client sends one request again and again, without a network. It costs next to nothing.
type Client interface {
	// Authorize sets the Authorization header of the next requests.
	Authorize(authorization string)
	// Do sends the request. The body is valid until the next call.
	Do() (status int, body []byte)
}

// foreign is a handler of a framework that does not serve net/http. The methods of
// http.Handler use a Client, so that a test of the handler is a test of the Client.
type foreign struct {
	client func(method, path string) Client
}

func (f foreign) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := f.client(r.Method, r.URL.Path)
	c.Authorize(r.Header.Get("Authorization"))
	status, body := c.Do()
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// NewClient returns a client for one route of a handler.
func NewClient(h http.Handler, method, path string) Client {
	if f, ok := h.(foreign); ok {
		return f.client(method, path)
	}
	return NewHTTPClient(h, method, path)
}

// HTTPClient is a [Client] of an [http.Handler], and the [http.ResponseWriter] of its
// response.
type HTTPClient struct {
	Request *http.Request

	handler       http.Handler
	authorization []string
	header        http.Header
	status        int
	body          []byte
}

// NewHTTPClient returns a client for one route of a handler.
func NewHTTPClient(h http.Handler, method, path string) *HTTPClient {
	c := &HTTPClient{handler: h, header: http.Header{}, authorization: make([]string, 1)}
	c.Request = &http.Request{
		Method: method, URL: &url.URL{Path: path}, Host: "example.com", RequestURI: path,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Authorization": c.authorization}, Body: http.NoBody,
	}
	return c
}

// Authorize implements [Client].
func (c *HTTPClient) Authorize(authorization string) { c.authorization[0] = authorization }

// Do implements [Client].
func (c *HTTPClient) Do() (status int, body []byte) {
	clear(c.header)
	c.status, c.body = 0, c.body[:0]
	c.handler.ServeHTTP(c, c.Request)
	return c.status, c.body
}

// Header implements [http.ResponseWriter].
func (c *HTTPClient) Header() http.Header { return c.header }

// WriteHeader implements [http.ResponseWriter].
func (c *HTTPClient) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

func (c *HTTPClient) Write(p []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	c.body = append(c.body, p...)
	return len(p), nil
}

// WriteString implements [io.StringWriter].
func (c *HTTPClient) WriteString(s string) (int, error) {
	c.WriteHeader(http.StatusOK)
	c.body = append(c.body, s...)
	return len(s), nil
}
