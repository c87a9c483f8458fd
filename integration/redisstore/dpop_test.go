package redisstore_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

// These tell a process of the test below what to serve.
const (
	dpopServerVariable = "GINJWT_TEST_DPOP_REDIS"
	dpopSecretVariable = "GINJWT_TEST_DPOP_SECRET"
)

// TestDPoPProcess is one process of a service, and no test unless TestDPoPOnTwoProcesses has
// started it. It serves until its input ends.
func TestDPoPProcess(t *testing.T) {
	addr := os.Getenv(dpopServerVariable)
	if addr == "" {
		t.Skip("it is a process of another test")
	}
	store := newStore(t, newClient(t, addr), redisstore.Options{})
	mgr, engine := ginjwt.New(ginjwt.Config{
		SecretKey: os.Getenv(dpopSecretVariable), DPoP: "accepted", DPoPNonce: true, DPoPOrigins: []string{"https://api.example.com"},
		Sessions: store.Sessions(), Once: store.Once(), Blocklist: store.Blocklist(t.Context()),
	}), gin.New()
	require.NoError(t, mgr.InitApp(engine))
	engine.POST("/login", func(c *gin.Context) {
		pair, err := mgr.CreateTokenPair(c, "alice")
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.Render(http.StatusOK, pair)
	})
	engine.POST("/refresh", mgr.RefreshHandler())
	engine.GET("/local", mgr.JWTRequired())
	engine.GET("/bound", mgr.JWTRequired(ginjwt.Bound()))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	fmt.Printf("listens on %s\n", listener.Addr())
	server := &http.Server{Handler: engine}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	require.ErrorIs(t, server.Serve(listener), http.ErrServerClosed)
}

// startDPoP starts a process, and returns its URL.
func startDPoP(t *testing.T, addr, secret string) string {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], "-test.run=^TestDPoPProcess$")
	cmd.Env = append(os.Environ(), dpopServerVariable+"="+addr, dpopSecretVariable+"="+secret)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	t.Cleanup(func() {
		_ = stdin.Close()
		for lines.Scan() {
		}
		assert.NoError(t, cmd.Wait())
	})
	for lines.Scan() {
		if _, at, ok := strings.Cut(lines.Text(), "listens on "); ok {
			return "http://" + at
		}
	}
	t.Fatal("the process has not started")
	return ""
}

// reply is what a process has responded.
type reply struct {
	status int
	header http.Header
	body   string
}

// Two processes with a Redis server: a nonce of one is good on the other, and a proof is good
// once on both where it counts. Elsewhere it is good once on each, as docs/dpop.md says.
func TestDPoPOnTwoProcesses(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	secret := strings.Repeat("a secret of two processes ", 2)
	processes := []string{startDPoP(t, server.Addr(), secret), startDPoP(t, server.Addr(), secret)}
	key := jwttest.NewDPoPKey(t, nil)
	send := func(process, method, path, token, proof string, form url.Values) reply {
		r, err := http.NewRequestWithContext(t.Context(), method, process+path, strings.NewReader(form.Encode()))
		require.NoError(t, err)
		if form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if token != "" {
			r.Header.Set("Authorization", "DPoP "+token)
		}
		r.Header.Set("DPoP", proof)
		response, err := http.DefaultClient.Do(r)
		if !assert.NoError(t, err) {
			return reply{header: http.Header{}}
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		assert.NoError(t, err)
		return reply{response.StatusCode, response.Header, string(body)}
	}
	proofFor := func(method, path, token string) string {
		return key.Proof(t, method, "https://api.example.com"+path, token)
	}
	response := send(processes[0], "POST", "/login", "", proofFor("POST", "/login", ""), nil)
	require.Equal(t, 400, response.status)
	key.Nonce = response.header.Get("DPoP-Nonce")
	require.NotEmpty(t, key.Nonce)
	response = send(processes[1], "POST", "/login", "", proofFor("POST", "/login", ""), nil)
	require.Equal(t, 200, response.status, response.body)
	var pair ginjwt.TokenPair
	require.NoError(t, json.Unmarshal([]byte(response.body), &pair))
	require.Equal(t, "DPoP", pair.TokenType)

	for path, winners := range map[string]int32{"/bound": 1, "/local": 2} {
		for range 5 {
			proof := proofFor("GET", path, pair.AccessToken)
			var passed, replayed atomic.Int32
			var group sync.WaitGroup
			for i := range 40 {
				group.Go(func() {
					response := send(processes[i%2], "GET", path, pair.AccessToken, proof, nil)
					switch {
					case response.status == http.StatusOK:
						passed.Add(1)
					case strings.Contains(response.header.Get("WWW-Authenticate"), `reason="dpop_proof_replayed"`):
						replayed.Add(1)
					}
				})
			}
			group.Wait()
			assert.Equal(t, winners, passed.Load(), path)
			assert.Equal(t, 40-winners, replayed.Load(), path)
		}
	}
	form := func() url.Values {
		return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {pair.RefreshToken}}
	}
	for i := range 6 { // the session keeps the key on the server
		process := processes[i%2]
		other := jwttest.NewDPoPKey(t, nil)
		other.Nonce = key.Nonce
		response := send(process, "POST", "/refresh", "", other.Proof(t, "POST", "https://api.example.com/refresh", ""), form())
		require.Equal(t, 400, response.status, response.body)
		require.Contains(t, response.header.Get("WWW-Authenticate"), `reason="key_mismatch"`)
		response = send(process, "POST", "/refresh", "", proofFor("POST", "/refresh", ""), form())
		require.Equal(t, 200, response.status, response.body)
		require.NoError(t, json.Unmarshal([]byte(response.body), &pair))
		require.Equal(t, "DPoP", pair.TokenType)
		response = send(processes[1-i%2], "GET", "/bound", pair.AccessToken, proofFor("GET", "/bound", pair.AccessToken), nil)
		require.Equal(t, 200, response.status, response.body)
	}
	server.Kill()
	response = send(processes[0], "GET", "/bound", pair.AccessToken, proofFor("GET", "/bound", pair.AccessToken), nil)
	assert.Equal(t, 503, response.status)
}
