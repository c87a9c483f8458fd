package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gin-jwt-extended/ginjwt"
	jwtmetrics "github.com/gin-jwt-extended/ginjwt/example/observe/prometheus"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// observe sets the observer of config and returns a handler for its metrics. Serve them at
// a private address: strangers must not see how many logins succeed, fail or are stolen.
func observe(config *ginjwt.Config, list ginjwt.Blocklist, log *slog.Logger) (metrics http.Handler, err error) {
	registry := prometheus.NewRegistry()
	counts, err := jwtmetrics.New(registry)
	if err != nil {
		return nil, err
	}
	logs := ginjwt.SlogObserver(log)
	config.Observer = ginjwt.ObserverFunc(func(ctx context.Context, e ginjwt.Event) {
		counts.Observe(ctx, e)
		logs.Observe(ctx, e)
	})
	if watched, ok := list.(store.WatchedBlocklist); ok {
		if err := registry.Register(jwtmetrics.NewList(watched.Status)); err != nil {
			return nil, err
		}
	}
	if err := registry.Register(collectors.NewGoCollector()); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry}))
	return mux, nil
}
