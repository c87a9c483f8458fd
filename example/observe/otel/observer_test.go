package otel

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/store"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// collected returns the values of all metrics by name and attributes. For a histogram it
// returns the number of observations.
func collected(t *testing.T, reader sdk.Reader) map[string]float64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &all))
	numbers := map[string]float64{}
	add := func(name string, attributes attribute.Set, n float64) {
		numbers[name+" "+attributes.Encoded(attribute.DefaultEncoder())] = n
	}
	for _, s := range all.ScopeMetrics {
		assert.Equal(t, scope, s.Scope.Name)
		for _, m := range s.Metrics {
			assert.NotEmpty(t, m.Description, m.Name)
			assert.NotEmpty(t, m.Unit, m.Name)
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				assert.True(t, data.IsMonotonic, m.Name)
				for _, p := range data.DataPoints {
					add(m.Name, p.Attributes, float64(p.Value))
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					add(m.Name, p.Attributes, float64(p.Count))
				}
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					add(m.Name, p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					add(m.Name, p.Attributes, p.Value)
				}
			default:
				t.Errorf("%s is a %T", m.Name, data)
			}
		}
	}
	return numbers
}

func TestTelemetryOfAService(t *testing.T) {
	t.Parallel()
	reader, spans := sdk.NewManualReader(), tracetest.NewSpanRecorder()
	observer, err := New(sdk.NewMeterProvider(sdk.WithReader(reader)))
	require.NoError(t, err)
	tracer := trace.NewTracerProvider(trace.WithSpanProcessor(spans)).Tracer("test")
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Observer, config.Sessions = observer, &ginjwt.MemorySessions{Now: clock.Now}
	mgr, engine := ginjwt.New(config), gin.New()
	engine.Use(func(c *gin.Context) { // what middleware for tracing does
		ctx, span := tracer.Start(c.Request.Context(), c.FullPath())
		defer span.End()
		c.Request = c.Request.WithContext(ctx)
		c.Next()
	})
	require.NoError(t, mgr.InitApp(engine))
	engine.GET("/me", mgr.JWTRequired(), func(c *gin.Context) { c.Status(http.StatusNoContent) })

	pair := jwttest.TokenPair(t, mgr, "identity-of-alice")
	require.Equal(t, 204, jwttest.Do(engine, "GET", "/me", jwttest.Bearer(pair.AccessToken)).Code)
	clock.Advance(15 * time.Minute)
	require.Equal(t, 401, jwttest.Do(engine, "GET", "/me", jwttest.Bearer(pair.AccessToken)).Code)

	assert.Equal(t, map[string]float64{
		"ginjwt.token.issued ginjwt.event=issued,ginjwt.token.type=access":                                                                         1,
		"ginjwt.token.issued ginjwt.event=issued,ginjwt.token.type=refresh":                                                                        1,
		"ginjwt.session.started ginjwt.cause=login,ginjwt.event=session_started":                                                                   1,
		"ginjwt.check.duration ginjwt.event=accepted,ginjwt.location=headers,ginjwt.token.type=access":                                             1,
		"ginjwt.check.duration error.type=token_expired,ginjwt.event=refused,ginjwt.fault=caller,ginjwt.location=headers,ginjwt.token.type=access": 1,
	}, collected(t, reader))

	ended := spans.Ended()
	require.Len(t, ended, 2)
	var told []string
	for _, span := range ended {
		for _, e := range span.Events() {
			told = append(told, e.Name)
			assert.Contains(t, e.Attributes, attribute.String("session.id", pair.SessionID))
			assert.NotContains(t, fmt.Sprint(e.Attributes), "eyJ")
			assert.NotContains(t, fmt.Sprint(e.Attributes), "identity-of-alice")
		}
	}
	assert.Equal(t, []string{"ginjwt.accepted", "ginjwt.refused"}, told)
}

// Every kind of event is in one metric.
func TestTelemetryOfEvents(t *testing.T) {
	t.Parallel()
	for _, kind := range ginjwt.EventKinds() {
		reader := sdk.NewManualReader()
		observer, err := New(sdk.NewMeterProvider(sdk.WithReader(reader)))
		require.NoError(t, err)
		observer.Observe(t.Context(), ginjwt.Event{Kind: kind, Duration: time.Second, SessionID: "secret", TokenID: "secret", Err: errors.New("secret")})
		numbers := collected(t, reader)
		assert.Len(t, numbers, 1, kind)
		for name, n := range numbers {
			assert.Contains(t, name, "ginjwt.event="+kind.String())
			assert.NotContains(t, name, "secret", "of which there are many")
			assert.Equal(t, 1.0, n)
		}
	}
}

func TestTelemetryOfABlocklist(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	status := store.ListStatus{
		Entries: 7, Complete: now.Add(-1500 * time.Millisecond), Err: errors.New("down"), Pending: 2, Losses: 3, Restoring: true,
		Followers: 4, ClockSkew: -250 * time.Millisecond, Polling: errors.New("NOPERM"),
	}
	reader := sdk.NewManualReader()
	require.NoError(t, observeList(sdk.NewMeterProvider(sdk.WithReader(reader)),
		func() store.ListStatus { return status }, func() time.Time { return now }))
	want := map[string]float64{
		"entries": 7, "staleness": 1.5, "pending": 2, "losses": 3, "restoring": 1, "followers": 4, "clock_skew": -0.25, "failing": 1, "polling": 1,
		"incomplete": 0,
	}
	numbers := collected(t, reader)
	assert.Len(t, numbers, len(want))
	for name, n := range want {
		assert.Equal(t, n, numbers["ginjwt.blocklist."+name+" "], name)
	}
	status = store.ListStatus{}
	numbers = collected(t, reader)
	assert.Equal(t, 1.0, numbers["ginjwt.blocklist.incomplete "])
	assert.NotContains(t, numbers, "ginjwt.blocklist.staleness ")
	assert.NoError(t, ObserveList(sdk.NewMeterProvider(), func() store.ListStatus { return status }))
}
