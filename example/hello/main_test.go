package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
)

// TestREADMEFirstScreen runs the program and asks it what the README asks.
func TestREADMEFirstScreen(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	t.Setenv("JWT_SECRET_KEY", "a secret of this test, and long enough")
	address := freeAddress(t)
	go main()
	connect(t, address)

	anonymous := get(t, "http://"+address+"/me", "")
	login, err := http.Post("http://"+address+"/login", "", nil)
	require.NoError(t, err)
	defer login.Body.Close()
	body, err := io.ReadAll(login.Body)
	require.NoError(t, err)
	token := strings.TrimSuffix(strings.TrimPrefix(string(body), `{"access_token":"`), `"}`)
	mine := get(t, "http://"+address+"/me", "Bearer "+token)

	assert.Contains(t, string(readme), "$ curl -s localhost:8080/me\n"+anonymous)
	assert.Contains(t, string(readme), "$ curl -s localhost:8080/me -H \"Authorization: Bearer $TOKEN\"\n"+mine+"\n")
}

// freeAddress finds a port and tells Gin to listen there.
func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := testserver.FreeAddress()
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	t.Setenv("PORT", port)
	return address
}

func connect(t *testing.T, address string) {
	t.Helper()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, time.Minute, 10*time.Millisecond)
}

func get(t *testing.T, url, authorization string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", authorization)
	w, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = w.Body.Close() }()
	body, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return string(body)
}
