// A program that waits for the keys of an issuer, and prints them.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/gin-jwt-extended/ginjwt/jwks"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	remote, err := jwks.Discover(ctx, "https://example.eu.auth0.com/", jwks.Options{
		Algorithms: []string{"RS256"},
		OnError:    report,
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := ready(ctx, remote); err != nil {
		log.Print(err)
	}
	fmt.Printf("%+v\n", remote.Status())
}

func ready(ctx context.Context, remote *jwks.Remote) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return remote.Ready(ctx)
}

func report(err error) {
	if !errors.Is(err, jwks.ErrKeySkipped) {
		log.Print(err)
	}
}
