package ginjwt_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
)

// How do I send a link that resets a password? The GET of the link peeks at the token. The
// POST of its form uses the token up.
func ExampleJWTManager_ConsumePurposeToken() {
	mgr := exampleManager(ginjwt.Config{})
	ctx := context.Background()

	reset := ginjwt.Purpose{Name: "reset-password", Expires: 30 * time.Minute}
	token, err := mgr.CreatePurposeToken(ctx, reset, "alice") // for the link in the mail
	if err != nil {
		log.Fatal(err)
	}
	seen, err := mgr.PeekPurposeToken(ctx, reset, token) // GET: shows the form
	if err != nil {
		log.Fatal(err)
	}
	used, err := mgr.ConsumePurposeToken(ctx, reset, token) // POST: changes the password
	if err != nil {
		log.Fatal(err)
	}
	_, again := mgr.ConsumePurposeToken(ctx, reset, token)

	fmt.Println("peek:", seen.Identity)
	fmt.Println("consume:", used.Identity)
	fmt.Println("consume again:", errors.Is(again, ginjwt.ErrConsumed))
	// Output:
	// peek: alice
	// consume: alice
	// consume again: true
}

// How do I make links void that were sent to the old address of a user?
func ExampleJWTManager_RevokePurposeTokens() {
	mgr := exampleManager(ginjwt.Config{})
	ctx := context.Background()
	reset := ginjwt.Purpose{Name: "reset-password"}
	before, err := mgr.CreatePurposeToken(ctx, reset, "alice")
	if err != nil {
		log.Fatal(err)
	}

	if err := mgr.RevokePurposeTokens(ctx, reset, "alice"); err != nil {
		log.Fatal(err) // call it again: some tokens may still work
	}

	after, err := mgr.CreatePurposeToken(ctx, reset, "alice")
	if err != nil {
		log.Fatal(err)
	}
	_, err = mgr.ConsumePurposeToken(ctx, reset, before)
	fmt.Println("created before:", err)
	_, err = mgr.ConsumePurposeToken(ctx, reset, after)
	fmt.Println("created after:", err)
	// Output:
	// created before: ginjwt: token has been revoked (token_revoked)
	// created after: <nil>
}

// OnlyNewest revokes the token of the mail before, so that only the last mail works.
func ExamplePurpose() {
	mgr := exampleManager(ginjwt.Config{})
	ctx := context.Background()
	confirm := ginjwt.Purpose{Name: "confirm-address", Expires: 24 * time.Hour, OnlyNewest: true}

	first, err := mgr.CreatePurposeToken(ctx, confirm, "alice")
	if err != nil {
		log.Fatal(err)
	}
	second, err := mgr.CreatePurposeToken(ctx, confirm, "alice")
	if err != nil {
		log.Fatal(err)
	}

	_, err = mgr.PeekPurposeToken(ctx, confirm, first)
	fmt.Println("first:", err)
	_, err = mgr.PeekPurposeToken(ctx, confirm, second)
	fmt.Println("second:", err)
	// Output:
	// first: ginjwt: token has been revoked (token_revoked)
	// second: <nil>
}

// A link that is bound to the hash of the password stops working when the password changes.
func ExampleBoundBy() {
	mgr := exampleManager(ginjwt.Config{})
	ctx := context.Background()
	hashes := map[string]string{"alice": "hash-1"} // the database
	unchanged := ginjwt.BoundBy(func(_ context.Context, identity string) ([]string, error) {
		return []string{hashes[identity]}, nil
	})

	reset := ginjwt.Purpose{Name: "reset-password"}
	token, err := mgr.CreatePurposeToken(ctx, reset, "alice", unchanged)
	if err != nil {
		log.Fatal(err)
	}
	_, err = mgr.PeekPurposeToken(ctx, reset, token, unchanged)
	fmt.Println("same password:", err)

	hashes["alice"] = "hash-2"
	_, err = mgr.PeekPurposeToken(ctx, reset, token, unchanged)
	fmt.Println("new password:", errors.Is(err, ginjwt.ErrNotBound))
	// Output:
	// same password: <nil>
	// new password: true
}
