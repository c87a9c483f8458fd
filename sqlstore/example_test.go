package sqlstore_test

import (
	"context"
	"database/sql"
	"log"
	"os"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// A process whose role may only read and write rows cannot migrate. At startup it checks
// that the tables are there.
func ExampleStore_Check() {
	db, err := sql.Open("pgx", os.Getenv("DATABASE_URL")) // github.com/jackc/pgx/v5/stdlib
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	store, err := sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := store.Check(ctx); err != nil {
		log.Fatal(err) // sqlstore: table ginjwt_sessions: column realm is missing; call Migrate
	}
}

// SQLite, with the driver modernc.org/sqlite: import it with the blank identifier.
func Example() {
	db, err := sql.Open("sqlite", "file:app.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := store.Migrate(ctx); err != nil {
		log.Fatal(err)
	}

	jwt := ginjwt.New(ginjwt.Config{
		SecretKey: os.Getenv("JWT_SECRET_KEY"),
		Sessions:  store.Sessions(),
		Blocklist: store.Blocklist(ctx),
	})
	if err := jwt.InitApp(nil); err != nil {
		log.Fatal(err)
	}
}
