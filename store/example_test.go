package store_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// How do I keep revoked IDs, and ask for them?
func ExampleBlocklist() {
	ctx := context.Background()
	var revoked store.Blocklist = new(store.MemoryBlocklist)
	if err := revoked.Add(ctx, "the jti of a token", time.Now().Add(time.Hour)); err != nil {
		log.Fatal(err)
	}
	blocked, err := revoked.Contains(ctx, "the jti of a token")
	fmt.Println(blocked, err)
	// Output: true <nil>
}

// Two callers have the same session; only one of them replaces it.
func ExampleSessionStore() {
	ctx := context.Background()
	var sessions store.SessionStore = new(store.MemorySessions)
	old := store.Session{ID: "9f6c3a52-5d0e-4b7e-9a51-0c1d2e3f4a5b", Identity: "alice", Generation: 1, ExpiresAt: time.Now().Add(time.Hour)}
	if _, err := sessions.Create(ctx, old); err != nil {
		log.Fatal(err)
	}
	next := old
	next.Generation = 2
	for range 2 {
		replaced, err := sessions.Replace(ctx, old, next)
		fmt.Println(replaced, err)
	}
	// Output:
	// true <nil>
	// false <nil>
}

// How do I make sure that a link is used once?
func ExampleOnce() {
	ctx := context.Background()
	var used store.Once = new(store.MemoryOnce)
	for range 2 {
		first, err := used.Claim(ctx, "the jti of a link", time.Now().Add(time.Hour))
		fmt.Println(first, err)
	}
	// Output:
	// true <nil>
	// false <nil>
}
