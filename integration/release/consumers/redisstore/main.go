// Command redisstore revokes a token in Redis.
package main

import (
	"context"
	"log"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

func main() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	kept, err := redisstore.New(redis.NewClient(&redis.Options{Addr: "localhost:6379"}), redisstore.Options{})
	if err != nil {
		log.Print(err)
		return
	}
	if err := kept.Blocklist(ctx).Add(ctx, "id", time.Now().Add(time.Hour)); err != nil {
		log.Print(err)
	}
}
