// Command jwks asks an issuer for its keys.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/gin-jwt-extended/ginjwt/jwks"
)

func main() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	remote, err := jwks.Discover(ctx, "https://accounts.example.com", jwks.Options{})
	if err != nil {
		log.Print(err)
		return
	}
	set, err := remote.KeySet(ctx, "2026")
	fmt.Println(set, err)
}
