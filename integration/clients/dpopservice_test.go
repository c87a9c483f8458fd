package clients

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// databaseVariable tells a process of the service where its database is. The process is the
// binary of this test. Its settings are in the variables of the library.
const databaseVariable = "GINJWT_CLIENTS_DATABASE"

func TestMain(m *testing.M) {
	if path := os.Getenv(databaseVariable); path != "" {
		if err := serve(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	m.Run()
}

// introspector is the password of the service that may introspect tokens.
const introspector = "letmeask"

// serve is what a process does until its standard input ends.
func serve(path string) error {
	gin.SetMode(gin.ReleaseMode)
	config, err := ginjwt.LoadConfig(os.LookupEnv)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(60000)&_pragma=journal_mode(wal)")
	if err != nil {
		return err
	}
	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{})
	if err != nil {
		return err
	}
	if err := store.Migrate(context.Background()); err != nil {
		return err
	}
	config.Sessions, config.Blocklist, config.Once = store.Sessions(), store.Blocklist(context.Background()), store.Once()
	mgr, engine := ginjwt.New(config), gin.New()
	if err := mgr.InitApp(engine); err != nil {
		return err
	}
	register(engine, mgr)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := http.Server{Handler: engine}
	go func() { _ = server.Serve(listener) }()
	fmt.Println("serves at", listener.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	return server.Close()
}

func register(engine *gin.Engine, mgr *ginjwt.JWTManager) {
	refresh := mgr.RefreshHandler()
	engine.POST("/token", func(c *gin.Context) { // the token endpoint of RFC 6749
		if c.PostForm("grant_type") == "refresh_token" {
			refresh(c)
			return
		}
		if c.PostForm("username") != "alice" || c.PostForm("password") != "secret" {
			c.JSON(http.StatusBadRequest, gin.H{"error": "invalid_grant"})
			return
		}
		pair, err := mgr.CreateTokenPair(c, "alice")
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.Render(http.StatusOK, pair)
	})
	engine.POST("/introspect", mgr.IntrospectionHandler(mayIntrospect))
	engine.POST("/introspect-for-checkers", mgr.IntrospectionHandler(mayIntrospect, ginjwt.CallersCheckProofs()))
	engine.POST("/revoke", mgr.RevocationHandler())
	whoAmI := func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"user": ginjwt.GetJWTIdentity(c), "path": c.Request.URL.Path})
	}
	engine.GET("/messages", mgr.JWTRequired(), whoAmI)
	engine.POST("/messages", mgr.JWTRequired(), whoAmI)
	engine.GET("/files/*name", mgr.JWTRequired(), whoAmI)
	engine.GET("/bound", mgr.JWTRequired(ginjwt.Bound()), whoAmI)
}

func mayIntrospect(c *gin.Context) bool {
	_, password, _ := c.Request.BasicAuth()
	return subtle.ConstantTimeCompare([]byte(password), []byte(introspector)) == 1
}

// cluster is two processes of the service behind a proxy. The proxy ends TLS, removes /api from
// the path, and sends each request to the other process than the one before.
type cluster struct {
	url      string // as clients know it
	client   *http.Client
	caFile   string // the certificate of the proxy, for clients that are no part of this process
	requests [2]atomic.Int64
}

// newCluster starts the service. settings are variables such as JWT_DPOP=demanded.
func newCluster(t *testing.T, settings ...string) *cluster {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &cluster{url: "https://" + listener.Addr().String() + "/api"}
	env := append([]string{
		databaseVariable + "=" + filepath.Join(t.TempDir(), "service.db"),
		"JWT_SECRET_KEY=" + rand.Text() + rand.Text(), "JWT_DPOP_ORIGINS=" + s.url,
	}, settings...)
	var processes [2]*httputil.ReverseProxy
	for i := range processes {
		processes[i] = startProcess(t, env)
	}
	var turns atomic.Int64
	server := httptest.NewUnstartedServer(http.StripPrefix("/api", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		turn := turns.Add(1) % 2
		s.requests[turn].Add(1)
		processes[turn].ServeHTTP(w, r)
	})))
	require.NoError(t, server.Listener.Close())
	server.Listener = listener
	server.StartTLS()
	t.Cleanup(server.Close)
	s.client = server.Client()
	s.caFile = filepath.Join(t.TempDir(), "proxy.pem")
	block := pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	require.NoError(t, os.WriteFile(s.caFile, pem.EncodeToMemory(&block), 0o600))
	return s
}

// startProcess starts a process of the service, and returns a proxy for it.
func startProcess(t *testing.T, env []string) *httputil.ReverseProxy {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), env...)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe() // it ends with this process
	require.NoError(t, err)
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err, "the process has ended by itself")
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "serves at ")
	require.True(t, ok, strconv.Quote(line))
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: addr})
	}}
}
