// A program that creates the tables and deletes expired rows. A real program also
// imports a database driver.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

func main() {
	db, err := sql.Open("pgx", "postgres://app@localhost/app")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := maintain(context.Background(), db); err != nil {
		log.Print(err)
	}
}

func maintain(ctx context.Context, db *sql.DB) error {
	store, err := sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Options{Prefix: "auth_"})
	if err != nil {
		return err
	}
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	removed, err := store.Purge(ctx)
	fmt.Println("removed:", removed, "status:", store.Blocklist(ctx).Status())
	return err
}
