package ginjwt_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// How do I send a link that resets a password? GET looks at the token, POST uses it up.
func ExampleJWTManager_ConsumePurposeToken() {
	mgr := ginjwt.New(jwttest.Config(nil))
	if err := mgr.InitApp(nil); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	hashes := map[string]string{"alice": "hash-1"} // the database
	unchanged := ginjwt.BoundBy(func(_ context.Context, identity string) ([]string, error) {
		return []string{hashes[identity]}, nil
	})

	reset := ginjwt.Purpose{Name: "reset-password", OnlyNewest: true}
	first, err := mgr.CreatePurposeToken(ctx, reset, "alice", unchanged)
	if err != nil {
		log.Fatal(err)
	}
	second, err := mgr.CreatePurposeToken(ctx, reset, "alice", unchanged)
	if err != nil {
		log.Fatal(err)
	}

	_, err = mgr.PeekPurposeToken(ctx, reset, first, unchanged)
	fmt.Println("the first is revoked:", errors.Is(err, ginjwt.ErrRevokedToken))
	looked, err := mgr.PeekPurposeToken(ctx, reset, second, unchanged) // GET shows the form
	fmt.Println("for", looked.Identity, err)
	used, err := mgr.ConsumePurposeToken(ctx, reset, second, unchanged) // POST sets the password
	fmt.Println("by", used.Identity, err)
	hashes["alice"] = "hash-2"
	_, err = mgr.ConsumePurposeToken(ctx, reset, second, unchanged)
	fmt.Println("used before:", errors.Is(err, ginjwt.ErrConsumed))

	// Output:
	// the first is revoked: true
	// for alice <nil>
	// by alice <nil>
	// used before: true
}
