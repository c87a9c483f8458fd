package prometheus

import (
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/gin-gonic/gin"
	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/store"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// scrape asks for the metrics of a registry as Prometheus does.
func scrape(t *testing.T, registry *client.Registry) map[string]*dto.MetricFamily {
	t.Helper()
	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	defer server.Close()
	response, err := http.Get(server.URL)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	require.Equal(t, http.StatusOK, response.StatusCode)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	require.NoError(t, err)
	return families
}

// valueOf returns the value of a metric with these labels, by name and value. For a histogram
// it returns the number of observations. It returns -1 if there is no such metric.
func valueOf(families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	for _, m := range families[name].GetMetric() {
		var has []string
		for _, l := range m.GetLabel() {
			has = append(has, l.GetName(), l.GetValue())
		}
		if strings.Join(has, "\n") != strings.Join(labels, "\n") {
			continue
		}
		switch {
		case m.GetCounter() != nil:
			return m.GetCounter().GetValue()
		case m.GetHistogram() != nil:
			return float64(m.GetHistogram().GetSampleCount())
		}
		return m.GetGauge().GetValue()
	}
	return -1
}

func TestMetricsOfAService(t *testing.T) {
	t.Parallel()
	registry := client.NewPedanticRegistry()
	observer, err := New(registry)
	require.NoError(t, err)
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Observer, config.Sessions = observer, &ginjwt.MemorySessions{Now: clock.Now}
	mgr, engine := ginjwt.New(config), gin.New()
	require.NoError(t, mgr.InitApp(engine))
	engine.GET("/me", mgr.JWTRequired(), func(c *gin.Context) { c.Status(http.StatusNoContent) })
	engine.POST("/refresh", mgr.RefreshHandler())

	pair := jwttest.TokenPair(t, mgr, "identity-of-alice")
	bearer := jwttest.Bearer(pair.AccessToken)
	for range 3 {
		require.Equal(t, 204, jwttest.Do(engine, "GET", "/me", bearer).Code)
	}
	require.Equal(t, 401, jwttest.Do(engine, "GET", "/me").Code)
	clock.Advance(2 * time.Minute)
	for range 2 {
		require.Equal(t, 200, jwttest.Do(engine, "POST", "/refresh", jwttest.Bearer(pair.RefreshToken)).Code)
	}
	clock.Advance(time.Minute)
	require.Equal(t, 401, jwttest.Do(engine, "POST", "/refresh", jwttest.Bearer(pair.RefreshToken)).Code)

	found := scrape(t, registry)
	assert.Equal(t, 3.0, valueOf(found, "ginjwt_tokens_issued_total", "bound", "false", "type", "access"))
	assert.Equal(t, 3.0, valueOf(found, "ginjwt_tokens_issued_total", "bound", "false", "type", "refresh"))
	assert.Equal(t, 5.0, valueOf(found, "ginjwt_accepted_total", "bound", "false", "issuer", "", "location", "headers"))
	assert.Equal(t, 1.0, valueOf(found, "ginjwt_refused_total", "fault", "caller", "location", "", "reason", "token_missing"))
	assert.Equal(t, 1.0, valueOf(found, "ginjwt_refused_total", "fault", "caller", "location", "headers", "reason", "session_reused"))
	assert.Equal(t, 0.0, valueOf(found, "ginjwt_refused_total", "fault", "service", "location", "", "reason", "store_unavailable"))
	assert.Equal(t, 1.0, valueOf(found, "ginjwt_sessions_started_total", "cause", "login"))
	assert.Equal(t, 1.0, valueOf(found, "ginjwt_sessions_ended_total", "cause", "reuse"))
	for _, result := range []string{"rotated", "repeated", "reused"} {
		assert.Equal(t, 1.0, valueOf(found, "ginjwt_refreshes_total", "result", result), result)
	}
	assert.Equal(t, 5.0, valueOf(found, "ginjwt_check_duration_seconds", "result", "accepted"))
	assert.Equal(t, 2.0, valueOf(found, "ginjwt_check_duration_seconds", "result", "refused"))
	for _, family := range found {
		assert.NotContains(t, family.String(), "identity-of-alice")
		assert.NotContains(t, family.String(), pair.SessionID)
	}
}

// Every kind of event is counted by one metric.
func TestMetricsOfEvents(t *testing.T) {
	t.Parallel()
	for kind, counted := range map[ginjwt.EventKind][]string{
		ginjwt.EventIssued:         {"ginjwt_tokens_issued_total", "bound", "false", "type", "access"},
		ginjwt.EventAccepted:       {"ginjwt_accepted_total", "bound", "false", "issuer", "me", "location", "cookies"},
		ginjwt.EventRefused:        {"ginjwt_refused_total", "fault", "service", "location", "cookies", "reason", "internal_error"},
		ginjwt.EventRotated:        {"ginjwt_refreshes_total", "result", "rotated"},
		ginjwt.EventRepeated:       {"ginjwt_refreshes_total", "result", "repeated"},
		ginjwt.EventReused:         {"ginjwt_refreshes_total", "result", "reused"},
		ginjwt.EventRevoked:        {"ginjwt_tokens_revoked_total", "cause", "logout"},
		ginjwt.EventSessionStarted: {"ginjwt_sessions_started_total", "cause", "logout"},
		ginjwt.EventSessionEnded:   {"ginjwt_sessions_ended_total", "cause", "logout"},
		ginjwt.EventConsumed:       {"ginjwt_tokens_consumed_total", "purpose", "confirm", "type", "access"},
		ginjwt.EventContextEnded:   {"ginjwt_contexts_ended_total", "cause", "logout"},
		ginjwt.EventLoggedOut:      {"ginjwt_logged_out_total", "issuer", "me"},
		ginjwt.EventKeysChanged:    {"ginjwt_keys_changed_total", "issuer", "me"},
		ginjwt.EventKeySetFetched:  {"ginjwt_key_set_fetch_duration_seconds", "issuer", "me", "result", "fetched"},
		ginjwt.EventKeySetFailed:   {"ginjwt_key_set_fetch_duration_seconds", "issuer", "me", "result", "failed"},
		ginjwt.EventListComplete:   {"ginjwt_blocklist_events_total", "event", "list_complete"},
		ginjwt.EventListStale:      {"ginjwt_blocklist_events_total", "event", "list_stale"},
		ginjwt.EventListLost:       {"ginjwt_blocklist_events_total", "event", "list_lost"},
		ginjwt.EventListWhole:      {"ginjwt_blocklist_events_total", "event", "list_whole"},
		ginjwt.EventStoreFailed:    {"ginjwt_store_failures_total", "fault", "service", "operation", "session_get"},
	} {
		registry := client.NewPedanticRegistry()
		observer, err := New(registry)
		require.NoError(t, err)
		before := valueOf(scrape(t, registry), counted[0], counted[1:]...)
		observer.Observe(t.Context(), ginjwt.Event{
			Kind: kind, Fault: ginjwt.FaultService, Reason: "internal_error", Issuer: "me", Location: ginjwt.InCookies,
			TokenType: ginjwt.AccessToken, Purpose: "confirm", Cause: ginjwt.CauseLogout, Operation: ginjwt.OperationSessionGet, Duration: time.Second,
			SessionID: "s", TokenID: "t", Err: errors.New("down"),
		})
		assert.Equal(t, max(0, before)+1, valueOf(scrape(t, registry), counted[0], counted[1:]...), kind)
	}
	assert.Len(t, ginjwt.EventKinds(), 20, "count the new kind, too")
}

func TestMetricsOfABlocklist(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	status := store.ListStatus{
		Entries: 7, Complete: now.Add(-1500 * time.Millisecond), Err: errors.New("down"), Pending: 2, Losses: 3, Restoring: true,
		Followers: 4, ClockSkew: -250 * time.Millisecond, Polling: errors.New("NOPERM"),
	}
	registry := client.NewPedanticRegistry()
	require.NoError(t, registry.Register(&List{func() store.ListStatus { return status }, func() time.Time { return now }}))
	numbers := func() map[string]float64 {
		found := map[string]float64{}
		for name := range scrape(t, registry) {
			found[strings.TrimPrefix(name, "ginjwt_blocklist_")] = valueOf(scrape(t, registry), name)
		}
		return found
	}
	assert.Equal(t, map[string]float64{
		"entries": 7, "staleness_seconds": 1.5, "pending": 2, "losses_total": 3, "restoring": 1, "followers": 4,
		"clock_skew_seconds": -0.25, "failing": 1, "polling": 1,
	}, numbers())
	status = store.ListStatus{}
	assert.Equal(t, map[string]float64{
		"entries": 0, "staleness_seconds": math.Inf(1), "pending": 0, "losses_total": 0, "restoring": 0, "followers": 0,
		"clock_skew_seconds": 0, "failing": 0, "polling": 0,
	}, numbers())
}

// registered returns a registry with all metrics of this package, each with a value.
func registered(t *testing.T) *client.Registry {
	t.Helper()
	registry := client.NewPedanticRegistry()
	observer, err := New(registry)
	require.NoError(t, err)
	for _, kind := range ginjwt.EventKinds() {
		observer.Observe(t.Context(), ginjwt.Event{Kind: kind})
	}
	require.NoError(t, registry.Register(NewList(func() store.ListStatus { return store.ListStatus{} })))
	return registry
}

// Names and help texts are as Prometheus recommends.
func TestMetricsAreNamedByConvention(t *testing.T) {
	t.Parallel()
	problems, err := testutil.GatherAndLint(registered(t))
	require.NoError(t, err)
	assert.Empty(t, problems)
	page, err := os.ReadFile("../../../docs/operating.md")
	require.NoError(t, err)
	for name := range scrape(t, registered(t)) {
		assert.Contains(t, string(page), "`"+name+"`")
	}
	registry := registered(t)
	_, err = New(registry)
	assert.Error(t, err, "twice in one registry")
}

// rules are those of alerts.yml.
type rules struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []struct {
			Alert       string            `yaml:"alert"`
			Expr        string            `yaml:"expr"`
			For         string            `yaml:"for"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

// The alerts can be parsed, and use only metrics and labels that exist.
func TestAlerts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("alerts.yml")
	require.NoError(t, err)
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	var r rules
	require.NoError(t, decoder.Decode(&r))
	found := scrape(t, registered(t))
	runbook, err := os.ReadFile("../../../docs/operating.md")
	require.NoError(t, err)
	require.Contains(t, string(runbook), strings.TrimSpace(string(text)), "the page shows the file")
	alerts := 0
	for _, group := range r.Groups {
		for _, rule := range group.Rules {
			alerts++
			expr, err := metricsql.Parse(rule.Expr)
			require.NoError(t, err, rule.Alert)
			asked := 0
			metricsql.VisitAll(expr, func(e metricsql.Expr) {
				if m, ok := e.(*metricsql.MetricExpr); ok {
					asked++
					requireMetric(t, found, m)
				}
			})
			assert.Positive(t, asked, rule.Alert)
			if rule.For != "" {
				_, err = time.ParseDuration(rule.For)
				assert.NoError(t, err)
			}
			assert.Contains(t, []string{"page", "ticket"}, rule.Labels["severity"], rule.Alert)
			anchor := strings.TrimPrefix(rule.Annotations["runbook"], "docs/operating.md#")
			heading := regexp.MustCompile(`(?mi)^### ` + strings.ReplaceAll(regexp.QuoteMeta(anchor), "-", "[ -]") + `$`)
			assert.Regexp(t, heading, string(runbook), rule.Alert)
		}
	}
	assert.Equal(t, 11, alerts)
}

func requireMetric(t *testing.T, found map[string]*dto.MetricFamily, asked *metricsql.MetricExpr) {
	t.Helper()
	for _, filters := range asked.LabelFilterss {
		require.Equal(t, "__name__", filters[0].Label)
		family := found[regexp.MustCompile(`_(count|sum|bucket)$`).ReplaceAllString(filters[0].Value, "")]
		require.NotNil(t, family, filters[0].Value)
		for _, f := range filters[1:] {
			var names []string
			for _, l := range family.GetMetric()[0].GetLabel() {
				names = append(names, l.GetName())
			}
			assert.Contains(t, names, f.Label, filters[0].Value)
		}
	}
}
