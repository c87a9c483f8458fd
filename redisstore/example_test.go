package redisstore_test

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

func Example() {
	client := redis.NewClient(&redis.Options{
		Addr:                  "127.0.0.1:6379",
		ContextTimeoutEnabled: true,
	})
	store, err := redisstore.New(client, redisstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background() // or a context that ends after the server has stopped

	app := gin.Default()
	mgr := ginjwt.New(ginjwt.Config{
		SecretKey: os.Getenv("JWT_SECRET_KEY"),
		Sessions:  store.Sessions(),
		Blocklist: store.Blocklist(ctx),
		Once:      store.Once(),
	})
	if err := mgr.InitApp(app); err != nil {
		log.Fatal(err)
	}
	log.Fatal(app.Run())
}

func Example_sentinel() {
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName:            "main",
		SentinelAddrs:         []string{"sentinel1:26379", "sentinel2:26379", "sentinel3:26379"},
		ContextTimeoutEnabled: true,
	})
	store, err := redisstore.New(client, redisstore.Options{Replicas: 1})
	if err != nil {
		log.Fatal(err)
	}
	_ = store.Sessions()
}

func Example_cluster() {
	client := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs:                 []string{"redis1:6379", "redis2:6379", "redis3:6379"},
		ContextTimeoutEnabled: true,
	})
	store, err := redisstore.New(client, redisstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	_ = store.Sessions()
}

// A service that waits for the list before it takes requests decides the first requests
// without asking Redis, too.
func ExampleBlocklist_Ready() {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:6379", ContextTimeoutEnabled: true})
	store, err := redisstore.New(client, redisstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	blocklist := store.Blocklist(context.Background())
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := blocklist.Ready(ctx); err != nil {
		log.Print("revoked tokens are looked up in Redis for now: ", err)
	}
}
