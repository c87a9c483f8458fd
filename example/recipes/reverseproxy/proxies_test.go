package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
)

// newProxy returns a proxy in Go.
func newProxy(api *url.URL) http.Handler {
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(api)
		r.Out.Host = r.In.Host // tickets and WebSockets compare it with Origin
		r.SetXForwarded()      // replaces what the client has sent
	}}
}

// certificate is for 127.0.0.1, in files of dir.
type certificate struct {
	dir    string
	client *http.Client // that trusts it
}

func newCertificate(t *testing.T) certificate {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	t.Cleanup(server.Close)
	c := certificate{t.TempDir(), server.Client()}
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	require.NoError(t, err)
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	for name, content := range map[string][]byte{"cert.pem": certPEM, "key.pem": keyPEM, "both.pem": append(certPEM, keyPEM...)} {
		require.NoError(t, os.WriteFile(filepath.Join(c.dir, name), content, 0o600))
	}
	return c
}

// config returns a config of this folder with the addresses and files of a test.
func (c certificate) config(t *testing.T, name string, changes ...string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	for i := 0; i < len(changes); i += 2 {
		require.Contains(t, string(text), changes[i], name)
	}
	return strings.NewReplacer(changes...).Replace(string(text))
}

// run starts a proxy, and waits until it listens.
func run(t *testing.T, address, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(name + " is not installed")
	}
	var output bytes.Buffer
	command := exec.CommandContext(context.WithoutCancel(t.Context()), name, args...)
	command.Stdout, command.Stderr = &output, &output
	command.Env = append(os.Environ(), "HOME="+t.TempDir())
	require.NoError(t, command.Start())
	ended := make(chan struct{})
	go func() { _ = command.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		<-ended
		if t.Failed() {
			t.Log(output.String())
		}
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		return err == nil && conn.Close() == nil
	}, time.Minute, 10*time.Millisecond, "%s listens", name)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := testserver.FreeAddress()
	require.NoError(t, err)
	return address
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// proxies start a proxy in front of an API and of a service for files, and return its address.
var proxies = map[string]func(t *testing.T, c certificate, api, files string) (address string){
	"Go": func(t *testing.T, c certificate, api, _ string) string {
		server := httptest.NewUnstartedServer(newProxy(&url.URL{Scheme: "http", Host: api}))
		server.StartTLS()
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	},
	"nginx": func(t *testing.T, c certificate, api, files string) string {
		address := freeAddress(t)
		server := c.config(t, "nginx.conf", "listen 443", "listen "+address, "/etc/nginx", c.dir, "/var/log/nginx", c.dir, "127.0.0.1:8080", api, "127.0.0.1:8081", files)
		temporary := ""
		for _, name := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
			temporary += name + "_temp_path " + c.dir + "/" + name + ";\n"
		}
		path := write(t, c.dir+"/nginx.conf", "daemon off; master_process off; error_log stderr; pid "+c.dir+"/pid;\nevents {}\nhttp {\n"+temporary+server+"}\n")
		run(t, address, "nginx", "-p", c.dir, "-c", path)
		return address
	},
	"haproxy": func(t *testing.T, c certificate, api, _ string) string {
		address := freeAddress(t)
		config := c.config(t, "haproxy.cfg", "bind :443", "bind "+address, "/etc/haproxy/cert.pem", c.dir+"/both.pem", "127.0.0.1:8080", api)
		run(t, address, "haproxy", "-db", "-f", write(t, c.dir+"/haproxy.cfg", config))
		return address
	},
	"caddy": func(t *testing.T, c certificate, api, files string) string {
		address := freeAddress(t)
		site := "{\n\tadmin off\n\tauto_https disable_redirects\n\tservers {\n\t\tprotocols h1 h2\n\t}\n}\nhttps://" + address + " {\n\ttls " + c.dir + "/cert.pem " + c.dir + "/key.pem"
		config := c.config(t, "Caddyfile", "api.example.com {", site, "127.0.0.1:8080", api, "127.0.0.1:8081", files)
		run(t, address, "caddy", "run", "--adapter", "caddyfile", "--config", write(t, c.dir+"/Caddyfile", config))
		return address
	},
}
