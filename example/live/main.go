// Command live serves a page with WebSockets, server-sent events, downloads and long polls.
// The page opens them with tickets, and they end when their user logs out.
package main

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/live/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		log.Fatal(err)
	}
	config.Sessions = &ginjwt.MemorySessions{}
	config.Blocklist = &ginjwt.MemoryBlocklist{}
	listener, err := net.Listen("tcp", "localhost:8080")
	if err != nil {
		log.Fatal(err)
	}
	if err := serve(ctx, listener, config); err != nil {
		log.Fatal(err)
	}
}

// serve serves until ctx ends, and then ends all open connections.
func serve(ctx context.Context, listener net.Listener, config ginjwt.Config) error {
	service, router, err := server.New(config, os.Stdout)
	if err != nil {
		return err
	}
	s := &http.Server{
		Handler:           router,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	s.RegisterOnShutdown(service.Stop)
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	return errors.Join(s.Shutdown(ctx), service.Wait(ctx))
}
