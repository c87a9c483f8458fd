package otel

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// ObserveList reports the status of a process's copy of a shared blocklist at each
// collection. Call it once in a process, with the Status method of the blocklist.
func ObserveList(provider metric.MeterProvider, status func() store.ListStatus) error {
	return observeList(provider, status, time.Now)
}

func observeList(provider metric.MeterProvider, status func() store.ListStatus, now func() time.Time) error {
	m := maker{meter: provider.Meter(scope)}
	entries := m.gauge("ginjwt.blocklist.entries", "{entry}", "Revoked IDs in the copy, some of which may have expired.")
	pending := m.gauge("ginjwt.blocklist.pending", "{entry}", "Revoked IDs of this process that it has not read back from the server yet.")
	followers := m.gauge("ginjwt.blocklist.followers", "{process}", "Processes that follow the list, as far as this one knows.")
	restoring := m.gauge("ginjwt.blocklist.restoring", "1", "1 while the server has lost a part of the list and it is not whole again.")
	failing := m.gauge("ginjwt.blocklist.failing", "1", "1 while the copy cannot be brought up to date.")
	polling := m.gauge("ginjwt.blocklist.polling", "1", "1 while the process polls a server that could notify it.")
	incomplete := m.gauge("ginjwt.blocklist.incomplete", "1", "1 if the copy was never complete; it has no staleness then.")
	losses, err := m.meter.Int64ObservableCounter("ginjwt.blocklist.losses", metric.WithUnit("{loss}"),
		metric.WithDescription("How often this process saw that the server had lost a part of the list."))
	staleness, err2 := m.meter.Float64ObservableGauge("ginjwt.blocklist.staleness", metric.WithUnit("s"),
		metric.WithDescription("Time since the copy was last known to be complete."))
	skew, err3 := m.meter.Float64ObservableGauge("ginjwt.blocklist.clock_skew", metric.WithUnit("s"),
		metric.WithDescription("How far the clock of the server is ahead of the clock of this process."))
	if err := errors.Join(m.err, err, err2, err3); err != nil {
		return err
	}
	_, err = m.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s := status()
		o.ObserveInt64(entries, int64(s.Entries))
		o.ObserveInt64(pending, int64(s.Pending))
		o.ObserveInt64(followers, int64(s.Followers))
		o.ObserveInt64(restoring, one(s.Restoring))
		o.ObserveInt64(failing, one(s.Err != nil))
		o.ObserveInt64(polling, one(s.Polling != nil))
		o.ObserveInt64(incomplete, one(s.Complete.IsZero()))
		o.ObserveInt64(losses, int64(s.Losses))
		o.ObserveFloat64(skew, s.ClockSkew.Seconds())
		if !s.Complete.IsZero() {
			o.ObserveFloat64(staleness, max(0, now().Sub(s.Complete).Seconds()))
		}
		return nil
	}, entries, pending, followers, restoring, failing, polling, incomplete, losses, staleness, skew)
	return err
}

func (m *maker) gauge(name, unit, help string) metric.Int64ObservableGauge {
	g, err := m.meter.Int64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(help))
	m.err = errors.Join(m.err, err)
	return g
}

func one(is bool) int64 {
	if is {
		return 1
	}
	return 0
}
