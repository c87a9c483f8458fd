// Command service is the service of package after, with stores for one process.
package main

import (
	"log"
	"os"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/fromginjwt/after"
)

func main() {
	config := after.NewConfig(os.Getenv("JWT_SECRET_KEY"), &ginjwt.MemoryBlocklist{}, &ginjwt.MemorySessions{})
	router, err := after.NewRouter(after.NewManager(config))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(router.Run("localhost:8080"))
}
