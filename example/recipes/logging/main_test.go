package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// newTestRouter returns the router, what it logs, and its spans.
func newTestRouter(t *testing.T) (*gin.Engine, *bytes.Buffer, *tracetest.SpanRecorder) {
	t.Helper()
	var logged bytes.Buffer
	spans := tracetest.NewSpanRecorder()
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InQueryString}
	log := slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	router, err := newRouter(config, log, sdk.NewTracerProvider(sdk.WithSpanProcessor(spans)))
	require.NoError(t, err)
	return router, &logged, spans
}

// tokenOf returns a token that another manager with the same key has made.
func tokenOf(t *testing.T, identity string) string {
	t.Helper()
	mgr := ginjwt.New(jwttest.Config(nil))
	require.NoError(t, mgr.InitApp(nil))
	return jwttest.AccessToken(t, mgr, identity)
}

// requestLine returns the last access log line.
func requestLine(t *testing.T, logged *bytes.Buffer) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(logged.String()), "\n")
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &line))
	require.Equal(t, "request", line["msg"])
	return line
}

func TestLineOfARequest(t *testing.T) {
	t.Parallel()
	router, logged, spans := newTestRouter(t)
	alice := jwttest.Bearer(tokenOf(t, "alice"))
	for name, test := range map[string]struct {
		method, path string
		options      []jwttest.RequestOption
		want         string
	}{
		"a user":          {"GET", "/orders/7", []jwttest.RequestOption{alice}, "INFO /orders/:id 200 identity=alice reason="},
		"optional":        {"GET", "/news", []jwttest.RequestOption{alice}, "INFO /news 200 identity=alice reason="},
		"anonymous":       {"GET", "/news", nil, "INFO /news 200 identity= reason="},
		"without a token": {"GET", "/orders/7", nil, "INFO /orders/:id 401 identity= reason=token_missing"},
		"half a token":    {"GET", "/orders/7", []jwttest.RequestOption{jwttest.Bearer(tokenOf(t, "alice")[:60])}, "INFO /orders/:id 422 identity= reason=token_malformed"},
		"without a scope": {"DELETE", "/orders/7", []jwttest.RequestOption{alice}, "INFO /orders/:id 403 identity=alice reason=insufficient_scope"},
		"no such route":   {"GET", "/other", []jwttest.RequestOption{alice}, "INFO  404 identity= reason="},
	} {
		jwttest.Do(router, test.method, test.path, test.options...)
		line := requestLine(t, logged)
		assert.Equal(t, test.want, fmt.Sprintf("%v %v %v identity=%v reason=%v", line["level"], line["route"], line["status"], line["identity"], line["reason"]), name)
		span := spans.Ended()[len(spans.Ended())-1]
		assert.Equal(t, span.SpanContext().TraceID().String(), line["trace_id"], name)
		assert.Equal(t, line["identity"] != "", slices.Contains(span.Attributes(), attribute.String("enduser.id", "alice")), name)
		assert.Equal(t, line["reason"] != "", span.Status().Code == codes.Error, "otelgin marks all refusals as errors")
	}
}

// LogoutHandler stores no token; JWTRequired before it does, and refuses an expired token.
func TestIdentityOfHandlers(t *testing.T) {
	t.Parallel()
	router, logged, _ := newTestRouter(t)
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Sessions = &ginjwt.MemorySessions{Now: clock.Now}
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(router))
	router.POST("/refresh", mgr.RefreshHandler())
	router.POST("/logout", mgr.LogoutHandler())
	router.POST("/behind", mgr.JWTRequired(), mgr.LogoutHandler())
	statusAndIdentity := func(path, token string) string {
		jwttest.Do(router, "POST", path, jwttest.Bearer(token))
		line := requestLine(t, logged)
		return fmt.Sprintf("%v%v", line["status"], line["identity"])
	}
	assert.Equal(t, "200alice", statusAndIdentity("/refresh", jwttest.TokenPair(t, mgr, "alice").RefreshToken))
	assert.Equal(t, "204", statusAndIdentity("/logout", jwttest.AccessToken(t, mgr, "alice")))
	assert.Equal(t, "204alice", statusAndIdentity("/behind", jwttest.AccessToken(t, mgr, "alice")))
	expired := jwttest.AccessToken(t, mgr, "alice")
	clock.Advance(15 * time.Minute)
	assert.Equal(t, "401", statusAndIdentity("/behind", expired))
	assert.Equal(t, "204", statusAndIdentity("/logout", expired))
}

// A token is in no line and in no span, wherever the request had it.
func TestNoTokenIsLogged(t *testing.T) {
	t.Parallel()
	router, logged, spans := newTestRouter(t)
	router.GET("/panic", func(*gin.Context) { panic("no order") })
	good, bad := tokenOf(t, "alice"), tokenOf(t, "alice")+"x"
	for _, token := range []string{good, bad} {
		for _, path := range []string{"/orders/7", "/panic"} {
			jwttest.Do(router, "GET", path, jwttest.Bearer(token))
			jwttest.Do(router, "GET", path, jwttest.Header("Cookie", "access_token_cookie="+token))
			jwttest.Do(router, "GET", path+"?jwt="+token)
		}
	}
	require.Len(t, spans.Ended(), 12)
	_, claims, _ := strings.Cut(good, ".")
	assert.NotContains(t, logged.String(), claims[:20])
	for _, span := range spans.Ended() {
		assert.NotContains(t, fmt.Sprint(span.Attributes(), span.Events(), span.Status()), claims[:20])
	}
}

func TestPanicHasALine(t *testing.T) {
	t.Parallel()
	router, logged, _ := newTestRouter(t)
	router.GET("/panic", func(*gin.Context) { panic("no order") })
	assert.Equal(t, 500, jwttest.Do(router, "GET", "/panic").Code)
	assert.Contains(t, logged.String(), `"msg":"panic","reason":"no order"`)
	line := requestLine(t, logged)
	assert.Equal(t, []any{"ERROR", 500.0}, []any{line["level"], line["status"]})
}

// otelgin gives the request its first context back. The identity is gone then.
func TestLogBeforeOtelginHasNoIdentity(t *testing.T) {
	t.Parallel()
	mgr, router := ginjwt.New(jwttest.Config(nil)), gin.New()
	var identities []string
	log := func(c *gin.Context) {
		c.Next()
		identity, _ := whoAndWhy(c)
		identities = append(identities, identity)
	}
	router.Use(log, otelgin.Middleware("orders"), log)
	require.NoError(t, mgr.InitApp(router))
	router.GET("/me", mgr.JWTRequired(), func(c *gin.Context) { c.Status(http.StatusNoContent) })
	require.Equal(t, 204, jwttest.Do(router, "GET", "/me", jwttest.Bearer(tokenOf(t, "alice"))).Code)
	assert.Equal(t, []string{"alice", ""}, identities, "first after otelgin, then before it")
}

func TestLineOfZap(t *testing.T) {
	t.Parallel()
	core, logged := observer.New(zap.InfoLevel)
	mgr, router := ginjwt.New(jwttest.Config(nil)), gin.New()
	router.Use(zapAccessLog(zap.New(core)))
	require.NoError(t, mgr.InitApp(router))
	router.GET("/orders/:id", mgr.JWTRequired(), order)
	jwttest.Do(router, "GET", "/orders/7", jwttest.Bearer(tokenOf(t, "alice")))
	jwttest.Do(router, "GET", "/orders/7")
	var lines []string
	for _, entry := range logged.TakeAll() {
		fields := entry.ContextMap()
		lines = append(lines, fmt.Sprint(entry.Message, " ", fields["method"], " ", fields["route"], " ", fields["status"], " ", fields["identity"], " ", fields["reason"]))
		assert.Contains(t, fields, "took")
	}
	assert.Equal(t, []string{"request GET /orders/:id 200 alice ", "request GET /orders/:id 401  token_missing"}, lines)
}
