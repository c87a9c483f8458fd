// Command keys reads the keys in a file and publishes their public halves.
package main

import (
	"fmt"
	"log"
	"os"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

func main() {
	text, err := os.ReadFile("keys.json")
	if err != nil {
		log.Fatal(err)
	}
	list, err := keys.Parse(text)
	if err != nil {
		log.Fatal(err)
	}
	set, err := keys.NewSet(list...)
	if err != nil {
		log.Fatal(err)
	}
	published, err := set.MarshalPublic(time.Now())
	fmt.Printf("%s %v\n", published, err)
}
