// Command sqlstore prints the tables that the store needs.
package main

import (
	"database/sql"
	"fmt"
	"log"

	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

func main() {
	db, err := sql.Open("pgx", "postgres://localhost/app") // with a driver of your choice
	if err != nil {
		log.Fatal(err)
	}
	kept, err := sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(kept.Schema())
}
