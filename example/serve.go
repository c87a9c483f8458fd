package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// shutdownTime is how long running requests may take to end after a signal.
const shutdownTime = 10 * time.Second

// serve answers requests until ctx ends, then waits for running requests.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("shutting down")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	return server.Shutdown(ctx)
}

// serveAdmin serves metrics at addr, if that is not empty, until stop is called. A later
// failure is only logged, so that the service keeps running.
func serveAdmin(ctx context.Context, addr string, metrics http.Handler, log *slog.Logger) (stop func(), err error) {
	if addr == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	log.Info("metrics", "address", listener.Addr().String())
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := serve(ctx, listener, metrics, log); err != nil {
			log.Error("metrics are not served any more", "error", err)
		}
	}()
	return func() { cancel(); <-done }, nil
}
