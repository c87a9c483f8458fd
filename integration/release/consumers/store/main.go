// Command store keeps a session and a revoked token in memory.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

func main() {
	ctx, now := context.Background(), time.Now()
	var sessions store.SessionStore = new(store.MemorySessions)
	created, err := sessions.Create(ctx, store.Session{ID: "1", Identity: "alice", CreatedAt: now, ExpiresAt: now.Add(time.Hour)})
	if err != nil {
		log.Fatal(err)
	}
	var revoked store.Blocklist = new(store.MemoryBlocklist)
	if err := revoked.Add(ctx, "2", now.Add(time.Hour)); err != nil {
		log.Fatal(err)
	}
	blocked, err := revoked.Contains(ctx, "2")
	fmt.Println(created, blocked, err)
}
