package live_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/keys"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// What a process of the service is told. It is the binary of this test.
const (
	storeVariable  = "GINJWT_LIVE_STORE"
	secretVariable = "GINJWT_LIVE_SECRET"
)

const (
	ownIssuer    = "https://own.example/"
	otherIssuer  = "https://other.example/"
	logoutClient = "client"
)

func isProcess() bool { return os.Getenv(storeVariable) != "" }

// process is a process of the service, as the test sees it.
type process struct {
	url        string
	client     *http.Client
	unanswered []time.Time // at the end of the test
}

func startProcess(t *testing.T, dsn, secret string) *process {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	command.Env = append(os.Environ(), storeVariable+"="+dsn, secretVariable+"="+secret)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe() // it ends with this one
	require.NoError(t, err)
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if addr, ok := strings.CutPrefix(lines.Text(), "serves at "); ok {
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			return &process{url: "http://" + addr, client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
		}
	}
	require.Fail(t, "the process has ended by itself")
	return nil
}

// serve is what a process does.
func serve(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	stores, unanswered := storesOf(t, os.Getenv(storeVariable)), &unanswered{}
	secret := os.Getenv(secretVariable)
	mgr := ginjwt.New(ginjwt.Config{
		SecretKey: secret, EncodeIssuer: ownIssuer, DecodeIssuer: ownIssuer,
		Sessions: stores.Sessions, Blocklist: stores.Blocklist, MaxSessions: 1, SessionGrace: -1,
		Observer: unanswered,
		Issuers: []ginjwt.Issuer{{
			Name: otherIssuer, Keys: []keys.Key{{ID: "other", Verify: []byte(otherSecret(secret)), AllowMissingKeyID: true}},
			Audience: []string{"shop"}, IdentityPrefix: "other:", LogoutAudience: []string{logoutClient},
		}},
	})
	engine := gin.New()
	require.NoError(t, mgr.InitApp(engine))
	register(engine, mgr)
	engine.GET("/unanswered", unanswered.handler)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: engine, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	fmt.Println("serves at", listener.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = server.Close()
}

func otherSecret(secret string) string { return "of the other issuer: " + secret }

func register(engine *gin.Engine, mgr *ginjwt.JWTManager) {
	engine.GET("/socket", mgr.JWTRequired(), socketHandler)
	engine.GET("/usage", usageHandler)
	engine.POST("/login", func(c *gin.Context) {
		user, sid := c.Query("user"), c.Query("sid")
		lifetime, _ := time.ParseDuration(c.Query("lifetime"))
		opts := []ginjwt.TokenOption{ginjwt.WithSessionLifetime(lifetime)}
		if sid != "" {
			opts = append(opts, ginjwt.WithUpstream(otherIssuer, sid, user, time.Now()))
		}
		pair, err := mgr.CreateTokenPair(c, user, opts...)
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, login{pair.AccessToken, pair.RefreshToken, pair.SessionID})
	})
	engine.POST("/refresh", mgr.RefreshHandler())
	engine.POST("/logout", mgr.LogoutHandler())
	engine.POST("/revoke", mgr.RevocationHandler())
	engine.POST("/backchannel", mgr.BackChannelLogoutHandler())
	engine.DELETE("/sessions/:id", mgr.JWTRequired(), mgr.EndSessionHandler())
	engine.POST("/end", func(c *gin.Context) {
		if err := mgr.EndSession(c, c.Query("session")); err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.Status(http.StatusNoContent)
	})
}

// login is the answer to a login.
type login struct{ AccessToken, RefreshToken, SessionID string }

// socketHandler says that it is open, and at the end why it has ended.
func socketHandler(c *gin.Context) {
	ctx := ginjwt.SessionContext(c)
	_, _ = c.Writer.WriteString("open\n")
	c.Writer.Flush()
	<-ctx.Done()
	why := context.Cause(ctx)
	if end, ok := errors.AsType[*ginjwt.SessionEnd](why); ok {
		_, _ = fmt.Fprintln(c.Writer, "ended", end.Cause)
		return
	}
	_, _ = fmt.Fprintln(c.Writer, "failed", why)
}

// unanswered are the times at which the list of a process did not reply to a question.
type unanswered struct {
	mu    sync.Mutex
	times []time.Time
}

func (u *unanswered) Observe(_ context.Context, e ginjwt.Event) {
	if e.Kind != ginjwt.EventStoreFailed || e.Operation != ginjwt.OperationBlocklistContains {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.times = append(u.times, time.Now())
}

func (u *unanswered) handler(c *gin.Context) {
	u.mu.Lock()
	defer u.mu.Unlock()
	c.JSON(http.StatusOK, u.times)
}

// usage is what a process needs.
type usage struct {
	Goroutines int
	Watchers   int   // of them, those that ginjwt or package context has started
	Bytes      int64 // heap and stacks
}

func usageHandler(c *gin.Context) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	var stacks strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&stacks, 2)
	watchers := strings.Count(stacks.String(), "created by github.com/gin-jwt-extended/ginjwt.") + strings.Count(stacks.String(), "created by context.")
	c.JSON(http.StatusOK, usage{runtime.NumGoroutine(), watchers, int64(m.HeapAlloc + m.StackInuse)})
}

// storesOf opens the stores of a process. Postgres has a DSN of its own, Redis an address.
func storesOf(t *testing.T, dsn string) faults.Stores {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if !strings.HasPrefix(dsn, "postgres:") {
		client := redis.NewClient(&redis.Options{Addr: dsn, ContextTimeoutEnabled: true})
		store, err := redisstore.New(client, redisstore.Options{Timeout: faults.Timeout, MaxStaleness: faults.MaxStaleness})
		require.NoError(t, err)
		list := store.Blocklist(t.Context())
		require.NoError(t, list.Ready(ctx))
		return faults.Stores{Sessions: store.Sessions(), Blocklist: list}
	}
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	store, err := sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Options{Timeout: faults.Timeout, MaxStaleness: faults.MaxStaleness})
	require.NoError(t, err)
	require.EventuallyWithT(t, func(t *assert.CollectT) { require.NoError(t, store.Migrate(ctx)) }, time.Minute, 100*time.Millisecond)
	list := store.Blocklist(t.Context())
	require.NoError(t, list.Ready(ctx))
	return faults.Stores{Sessions: store.Sessions(), Blocklist: list}
}
