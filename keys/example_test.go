package keys_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// How do I read a key from a PEM file?
func ExampleParseOne() {
	text := examplePEM() // os.ReadFile("private.pem"), in a real program
	key, err := keys.ParseOne("2026", "EdDSA", text)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key)

	_, err = keys.ParseOne("2026", "RS256", text)
	fmt.Println(err)
	// Output:
	// keys.Key{ID: "2026", Algorithm: "EdDSA", signs}
	// keys: needs a key for RSA, not an Ed25519 key (algorithm RS256)
}

func examplePEM() []byte {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		log.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		log.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
