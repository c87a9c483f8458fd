package prometheus

import (
	"math"
	"time"

	client "github.com/prometheus/client_golang/prometheus"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// List is a collector that shows how a process's copy of a shared blocklist stands,
// as of each scrape. Register one for a process:
//
//	registry.MustRegister(prometheus.NewList(blocklist.Status))
type List struct {
	status func() store.ListStatus
	now    func() time.Time
}

// NewList returns a collector of what status tells.
func NewList(status func() store.ListStatus) *List { return &List{status, time.Now} }

// listMetric is one number of a status.
type listMetric struct {
	desc  *client.Desc
	typ   client.ValueType
	value func(s store.ListStatus, now time.Time) float64
}

func gauge(name, help string, value func(store.ListStatus, time.Time) float64) listMetric {
	return listMetric{client.NewDesc("ginjwt_blocklist_"+name, help, nil, nil), client.GaugeValue, value}
}

var listMetrics = []listMetric{
	gauge("entries", "Revoked IDs in the copy, some of which may have expired.",
		func(s store.ListStatus, _ time.Time) float64 { return float64(s.Entries) }),
	gauge("staleness_seconds", "Time since the copy was last known to be complete; +Inf if it never was.", staleness),
	gauge("pending", "Revoked IDs that were not read back from the server yet.",
		func(s store.ListStatus, _ time.Time) float64 { return float64(s.Pending) }),
	{client.NewDesc("ginjwt_blocklist_losses_total", "How often the server had lost a part of the list.", nil, nil), client.CounterValue,
		func(s store.ListStatus, _ time.Time) float64 { return float64(s.Losses) }},
	gauge("restoring", "1 while a lost list is not whole again.",
		func(s store.ListStatus, _ time.Time) float64 { return one(s.Restoring) }),
	gauge("followers", "Processes that follow the list, as far as this one knows.",
		func(s store.ListStatus, _ time.Time) float64 { return float64(s.Followers) }),
	gauge("clock_skew_seconds", "How far the server's clock is ahead of this process's.",
		func(s store.ListStatus, _ time.Time) float64 { return s.ClockSkew.Seconds() }),
	gauge("failing", "1 while the copy cannot be brought up to date.",
		func(s store.ListStatus, _ time.Time) float64 { return one(s.Err != nil) }),
	gauge("polling", "1 while the server is asked again and again, though it could tell by itself.",
		func(s store.ListStatus, _ time.Time) float64 { return one(s.Polling != nil) }),
}

func staleness(s store.ListStatus, now time.Time) float64 {
	if s.Complete.IsZero() {
		return math.Inf(1)
	}
	return max(0, now.Sub(s.Complete).Seconds())
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// Describe sends what Collect will send.
func (l *List) Describe(to chan<- *client.Desc) {
	for _, m := range listMetrics {
		to <- m.desc
	}
}

// Collect asks for the status, once, and sends its numbers.
func (l *List) Collect(to chan<- client.Metric) {
	status, now := l.status(), l.now()
	for _, m := range listMetrics {
		to <- client.MustNewConstMetric(m.desc, m.typ, m.value(status, now))
	}
}
