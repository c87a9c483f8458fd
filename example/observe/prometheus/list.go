package prometheus

import (
	"math"
	"time"

	client "github.com/prometheus/client_golang/prometheus"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// List is a collector that reads the status of a process's copy of a shared blocklist at
// each scrape. Register one in each process:
//
//	registry.MustRegister(prometheus.NewList(blocklist.Status))
type List struct {
	status func() store.ListStatus
	now    func() time.Time
}

// NewList returns a collector that calls status.
func NewList(status func() store.ListStatus) *List { return &List{status, time.Now} }

// listMetric is a metric of one number of a status.
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
	gauge("pending", "Revoked IDs of this process that it has not read back from the server yet.",
		func(s store.ListStatus, _ time.Time) float64 { return float64(s.Pending) }),
	{client.NewDesc("ginjwt_blocklist_losses_total", "How often this process saw that the server had lost a part of the list.", nil, nil), client.CounterValue,
		func(s store.ListStatus, _ time.Time) float64 { return float64(s.Losses) }},
	gauge("restoring", "1 while the server has lost a part of the list and it is not whole again.",
		func(s store.ListStatus, _ time.Time) float64 { return one(s.Restoring) }),
	gauge("followers", "Processes that follow the list, as far as this one knows.",
		func(s store.ListStatus, _ time.Time) float64 { return float64(s.Followers) }),
	gauge("clock_skew_seconds", "How far the clock of the server is ahead of the clock of this process.",
		func(s store.ListStatus, _ time.Time) float64 { return s.ClockSkew.Seconds() }),
	gauge("failing", "1 while the copy cannot be brought up to date.",
		func(s store.ListStatus, _ time.Time) float64 { return one(s.Err != nil) }),
	gauge("polling", "1 while the process polls a server that could notify it.",
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

// Describe sends the descriptions of the metrics.
func (l *List) Describe(to chan<- *client.Desc) {
	for _, m := range listMetrics {
		to <- m.desc
	}
}

// Collect reads the status once, and sends its numbers.
func (l *List) Collect(to chan<- client.Metric) {
	status, now := l.status(), l.now()
	for _, m := range listMetrics {
		to <- client.MustNewConstMetric(m.desc, m.typ, m.value(status, now))
	}
}
