// Package otel has OpenTelemetry metrics for the events of ginjwt, and adds events to the
// span of the request. Copy it into your program and change it as you like: the library
// itself does not require OpenTelemetry.
//
//	observer, err := otel.New(provider)
//	…
//	config.Observer = observer
//
// The attributes of metrics have few values, and clients cannot create new ones: see
// ginjwt.Event. Session and token IDs are only on spans.
package otel

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/gin-jwt-extended/ginjwt"
)

const scope = "github.com/gin-jwt-extended/ginjwt"

// Observer is a ginjwt.Observer that counts events and adds them to spans.
type Observer struct {
	checks, failures, fetches      metric.Float64Histogram
	issued, revoked, refreshes     metric.Int64Counter
	started, ended, keys, listTold metric.Int64Counter
	consumed, contexts, loggedOut  metric.Int64Counter
}

// New returns an observer with metrics from a meter of provider.
func New(provider metric.MeterProvider) (*Observer, error) {
	m := maker{meter: provider.Meter(scope)}
	o := &Observer{
		checks:    m.seconds("ginjwt.check.duration", "Checks of tokens, and how long they took. Refusals have an error.type."),
		failures:  m.seconds("ginjwt.store.failure.duration", "Calls of a store that returned an error, and how long they took."),
		fetches:   m.seconds("ginjwt.key_set.fetch.duration", "Fetches of the keys of an issuer."),
		issued:    m.count("ginjwt.token.issued", "{token}", "Tokens that were signed."),
		revoked:   m.count("ginjwt.token.revoked", "{token}", "Tokens without a session that were put on the blocklist."),
		refreshes: m.count("ginjwt.refreshes", "{refresh}", "Refresh tokens that were rotated, repeated or reused."),
		started:   m.count("ginjwt.session.started", "{session}", "Sessions that were stored."),
		ended:     m.count("ginjwt.session.ended", "{session}", "Sessions that were removed. Sessions that expire are not counted."),
		contexts:  m.count("ginjwt.context.ended", "{context}", "Contexts of SessionContext that ended before their request."),
		consumed:  m.count("ginjwt.token.consumed", "{token}", "Purpose tokens and tickets that were used up."),
		loggedOut: m.count("ginjwt.logged_out", "{logout}", "Logouts that an issuer reported by a logout token."),
		keys:      m.count("ginjwt.keys.changed", "{change}", "Changes of keys, of the manager or of an issuer."),
		listTold:  m.count("ginjwt.blocklist.events", "{event}", "What happened to the copy of the blocklist."),
	}
	return o, m.err
}

// maker makes instruments, and collects their errors.
type maker struct {
	meter metric.Meter
	err   error
}

func (m *maker) count(name, unit, help string) metric.Int64Counter {
	c, err := m.meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(help))
	m.err = errors.Join(m.err, err)
	return c
}

func (m *maker) seconds(name, help string) metric.Float64Histogram {
	h, err := m.meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(help),
		metric.WithExplicitBucketBoundaries(0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5))
	m.err = errors.Join(m.err, err)
	return h
}

// Observe counts an event, and adds it to the span of ctx if that is recorded.
func (o *Observer) Observe(ctx context.Context, e ginjwt.Event) {
	o.measure(ctx, e)
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.AddEvent("ginjwt."+e.Kind.String(), trace.WithAttributes(onSpan(e)...))
	}
}

func (o *Observer) measure(ctx context.Context, e ginjwt.Event) {
	with, seconds := metric.WithAttributes(attributes(e)...), e.Duration.Seconds()
	switch e.Kind {
	case ginjwt.EventAccepted, ginjwt.EventRefused:
		o.checks.Record(ctx, seconds, with)
	case ginjwt.EventStoreFailed:
		o.failures.Record(ctx, seconds, with)
	case ginjwt.EventKeySetFetched, ginjwt.EventKeySetFailed:
		o.fetches.Record(ctx, seconds, with)
	case ginjwt.EventIssued:
		o.issued.Add(ctx, 1, with)
	case ginjwt.EventRevoked:
		o.revoked.Add(ctx, 1, with)
	case ginjwt.EventRotated, ginjwt.EventRepeated, ginjwt.EventReused:
		o.refreshes.Add(ctx, 1, with)
	case ginjwt.EventSessionStarted:
		o.started.Add(ctx, 1, with)
	case ginjwt.EventSessionEnded:
		o.ended.Add(ctx, 1, with)
	case ginjwt.EventConsumed:
		o.consumed.Add(ctx, 1, with)
	case ginjwt.EventContextEnded:
		o.contexts.Add(ctx, 1, with)
	case ginjwt.EventLoggedOut:
		o.loggedOut.Add(ctx, 1, with)
	case ginjwt.EventKeysChanged:
		o.keys.Add(ctx, 1, with)
	case ginjwt.EventListComplete, ginjwt.EventListStale, ginjwt.EventListLost, ginjwt.EventListWhole:
		o.listTold.Add(ctx, 1, with)
	}
}

// attributes returns the fields that have few values.
func attributes(e ginjwt.Event) []attribute.KeyValue {
	has := []attribute.KeyValue{attribute.String("ginjwt.event", e.Kind.String())}
	failed := ""
	if e.Kind == ginjwt.EventStoreFailed || e.Kind == ginjwt.EventKeySetFailed {
		failed = e.Kind.String()
	}
	for _, a := range [...]struct{ key, value string }{
		{"error.type", e.Reason}, {"error.type", failed}, {"ginjwt.fault", string(e.Fault)}, {"ginjwt.issuer", e.Issuer},
		{"ginjwt.location", string(e.Location)}, {"ginjwt.token.type", string(e.TokenType)}, {"ginjwt.purpose", e.Purpose}, {"ginjwt.cause", string(e.Cause)},
		{"ginjwt.operation", string(e.Operation)},
	} {
		if a.value != "" {
			has = append(has, attribute.String(a.key, a.value))
		}
	}
	if e.Bound {
		has = append(has, attribute.Bool("ginjwt.bound", true))
	}
	return has
}

// onSpan returns attributes for a span: it adds the IDs, which have many values, and the
// error of a store.
func onSpan(e ginjwt.Event) []attribute.KeyValue {
	has := attributes(e)
	if e.SessionID != "" {
		has = append(has, attribute.String("session.id", e.SessionID))
	}
	if e.TokenID != "" {
		has = append(has, attribute.String("ginjwt.token.id", e.TokenID))
	}
	if e.Err != nil {
		has = append(has, attribute.String("error.message", e.Err.Error()))
	}
	return has
}
