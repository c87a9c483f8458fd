package keys_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log"
	"time"

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

// How do I rotate keys? The first active key signs, and all keys verify.
func ExampleSet() {
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	old := keys.Key{ID: "old", Sign: []byte("bUvXqzT5nS3Jp8aWm1Ld7RkEy6Hc0FgQ"), NotAfter: now.AddDate(0, 1, 0)}
	next := keys.Key{ID: "next", Sign: []byte("tK9wZ2cVxN4Gh6PbQeYr5Ua7Md1Sj8Lf"), NotBefore: now.AddDate(0, 0, 7)}
	set, err := keys.NewSet(next, old)
	if err != nil {
		log.Fatal(err)
	}
	for _, day := range []int{0, 7} {
		at := now.AddDate(0, 0, day)
		fmt.Println(set.SigningKey("access", at, at.Add(15*time.Minute)).ID(), "signs")
	}
	key, err := keys.NewSet(old)
	fmt.Println(key, err)
	// Output:
	// old signs
	// next signs
	// keys.Set{1 keys} <nil>
}

// How do I read the JWK Set of an identity provider from a file? Keys that cannot be used
// are skipped, and reported.
func ExampleParseSet() {
	text := `{"keys":[
		{"kty":"EC","kid":"2026","use":"sig","alg":"ES256","crv":"P-256",
			"x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},
		{"kty":"RSA","kid":"enc","use":"enc","alg":"RSA-OAEP","n":"AQAB","e":"AQAB"}
	]}` // os.ReadFile("keycloak.json"), in a real program
	list, problems, err := keys.ParseSet([]byte(text))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(list) // Issuer.Keys
	for _, problem := range problems {
		fmt.Println(problem)
	}
	// Output:
	// [keys.Key{ID: "2026", Algorithm: "ES256", verifies}]
	// number 2 of the set, "kid" "enc": is for the use "enc"
}
