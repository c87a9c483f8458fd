// A program that revokes the token with a given ID.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

func main() {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", ContextTimeoutEnabled: true})
	store, err := redisstore.New(client, redisstore.Options{MaxStaleness: time.Second})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := revoke(ctx, store, os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func revoke(ctx context.Context, store *redisstore.Store, id string) error {
	blocklist := store.Blocklist(ctx)
	if err := blocklist.Ready(ctx); err != nil {
		return err
	}
	if err := blocklist.Add(ctx, id, time.Now().Add(time.Hour)); err != nil {
		return err
	}
	revoked, err := blocklist.Contains(ctx, id)
	fmt.Println("revoked:", revoked, "status:", blocklist.Status())
	return err
}
