// Package prometheus has Prometheus metrics for the events of ginjwt. Copy it into your
// program and change it as you like: the library itself requires no Prometheus client.
//
//	observer, err := prometheus.New(registry)
//	…
//	config.Observer = observer
//
// The labels have few values, and clients cannot create new ones: see ginjwt.Event.
package prometheus

import (
	"context"
	"errors"
	"strconv"

	client "github.com/prometheus/client_golang/prometheus"

	"github.com/gin-jwt-extended/ginjwt"
)

// Observer is a ginjwt.Observer that counts events.
type Observer struct {
	issued, revoked         *client.CounterVec
	accepted, refused       *client.CounterVec
	refreshes               *client.CounterVec
	started, ended          *client.CounterVec
	consumed                *client.CounterVec
	contexts                *client.CounterVec
	loggedOut               *client.CounterVec
	keysChanged             *client.CounterVec
	blocklist               *client.CounterVec
	storeFailures           *client.CounterVec
	checks, failures, fetch *client.HistogramVec
}

// New returns an observer, and registers its metrics in registry.
func New(registry client.Registerer) (*Observer, error) {
	o := &Observer{
		issued:        counter("tokens_issued_total", "Tokens that were signed.", "type", "bound"),
		revoked:       counter("tokens_revoked_total", "Tokens without a session that were put on the blocklist.", "cause"),
		accepted:      counter("accepted_total", "Tokens that passed all checks.", "location", "issuer", "bound"),
		refused:       counter("refused_total", "Requests and tokens that were refused.", "reason", "fault", "location"),
		refreshes:     counter("refreshes_total", "Refresh tokens that were traded (rotated), that got the newest tokens again (repeated), or that were used after they had been traded (reused).", "result"),
		started:       counter("sessions_started_total", "Sessions that were stored.", "cause"),
		ended:         counter("sessions_ended_total", "Sessions that were removed. Sessions that expire are not counted.", "cause"),
		consumed:      counter("tokens_consumed_total", "Purpose tokens and tickets that were used up.", "type", "purpose"),
		contexts:      counter("contexts_ended_total", "Contexts of SessionContext that ended before their request.", "cause"),
		loggedOut:     counter("logged_out_total", "Logouts that an issuer reported by a logout token.", "issuer"),
		keysChanged:   counter("keys_changed_total", "Changes of keys, of the manager or of an issuer.", "issuer"),
		blocklist:     counter("blocklist_events_total", "What happened to the copy of the blocklist.", "event"),
		storeFailures: counter("store_failures_total", "Calls of a store that returned an error.", "operation", "fault"),
		checks:        histogram("check_duration_seconds", "How long the checks of a token took.", client.DefBuckets[:7], "result"),
		failures:      histogram("store_failure_duration_seconds", "How long a store took to fail: at once, or by a timeout.", client.DefBuckets, "operation"),
		fetch:         histogram("key_set_fetch_duration_seconds", "Fetches of the keys of an issuer.", client.DefBuckets, "issuer", "result"),
	}
	o.startAtZero()
	var failures []error
	for _, c := range []client.Collector{
		o.issued, o.revoked, o.accepted, o.refused, o.refreshes, o.started, o.ended, o.consumed, o.contexts, o.loggedOut, o.keysChanged, o.blocklist, o.storeFailures,
		o.checks, o.failures, o.fetch,
	} {
		failures = append(failures, registry.Register(c))
	}
	return o, errors.Join(failures...)
}

func counter(name, help string, labels ...string) *client.CounterVec {
	return client.NewCounterVec(client.CounterOpts{Namespace: "ginjwt", Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64, labels ...string) *client.HistogramVec {
	return client.NewHistogramVec(client.HistogramOpts{Namespace: "ginjwt", Name: name, Help: help, Buckets: buckets}, labels)
}

// startAtZero creates the counters that alerts use. If a counter first appeared with its
// first failure, increase() would not count that failure.
func (o *Observer) startAtZero() {
	for _, operation := range []ginjwt.Operation{
		ginjwt.OperationBlocklistAdd, ginjwt.OperationBlocklistContains, ginjwt.OperationBlocklistLoader, ginjwt.OperationSessionCreate,
		ginjwt.OperationSessionGet, ginjwt.OperationSessionReplace, ginjwt.OperationSessionDelete, ginjwt.OperationSessionList,
		ginjwt.OperationOnceClaim, ginjwt.OperationIssuerResolver,
	} {
		o.storeFailures.WithLabelValues(string(operation), string(ginjwt.FaultService))
	}
	for _, kind := range []ginjwt.EventKind{ginjwt.EventRotated, ginjwt.EventRepeated, ginjwt.EventReused} {
		o.refreshes.WithLabelValues(kind.String())
	}
	for _, kind := range []ginjwt.EventKind{ginjwt.EventListComplete, ginjwt.EventListStale, ginjwt.EventListLost, ginjwt.EventListWhole} {
		o.blocklist.WithLabelValues(kind.String())
	}
	for _, reason := range []string{"store_unavailable", "keys_unavailable", "internal_error"} {
		o.refused.WithLabelValues(reason, string(ginjwt.FaultService), "")
	}
}

// Observe counts an event.
func (o *Observer) Observe(_ context.Context, e ginjwt.Event) {
	kind, fault, cause := e.Kind.String(), string(e.Fault), string(e.Cause)
	switch e.Kind {
	case ginjwt.EventIssued:
		o.issued.WithLabelValues(string(e.TokenType), strconv.FormatBool(e.Bound)).Inc()
	case ginjwt.EventRevoked:
		o.revoked.WithLabelValues(cause).Inc()
	case ginjwt.EventAccepted:
		o.accepted.WithLabelValues(string(e.Location), e.Issuer, strconv.FormatBool(e.Bound)).Inc()
		o.checks.WithLabelValues(kind).Observe(e.Duration.Seconds())
	case ginjwt.EventRefused:
		o.refused.WithLabelValues(e.Reason, fault, string(e.Location)).Inc()
		if e.Duration > 0 {
			o.checks.WithLabelValues(kind).Observe(e.Duration.Seconds())
		}
	case ginjwt.EventRotated, ginjwt.EventRepeated, ginjwt.EventReused:
		o.refreshes.WithLabelValues(kind).Inc()
	case ginjwt.EventSessionStarted:
		o.started.WithLabelValues(cause).Inc()
	case ginjwt.EventSessionEnded:
		o.ended.WithLabelValues(cause).Inc()
	case ginjwt.EventConsumed:
		o.consumed.WithLabelValues(string(e.TokenType), e.Purpose).Inc()
	case ginjwt.EventContextEnded:
		o.contexts.WithLabelValues(cause).Inc()
	case ginjwt.EventLoggedOut:
		o.loggedOut.WithLabelValues(e.Issuer).Inc()
	case ginjwt.EventKeysChanged:
		o.keysChanged.WithLabelValues(e.Issuer).Inc()
	case ginjwt.EventKeySetFetched, ginjwt.EventKeySetFailed:
		result := map[ginjwt.EventKind]string{ginjwt.EventKeySetFetched: "fetched", ginjwt.EventKeySetFailed: "failed"}[e.Kind]
		o.fetch.WithLabelValues(e.Issuer, result).Observe(e.Duration.Seconds())
	case ginjwt.EventListComplete, ginjwt.EventListStale, ginjwt.EventListLost, ginjwt.EventListWhole:
		o.blocklist.WithLabelValues(kind).Inc()
	case ginjwt.EventStoreFailed:
		o.storeFailures.WithLabelValues(string(e.Operation), fault).Inc()
		o.failures.WithLabelValues(string(e.Operation)).Observe(e.Duration.Seconds())
	}
}
