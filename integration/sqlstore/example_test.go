package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "app.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)")
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
		SecretKey: "an example of a secret that is long enough",
		Sessions:  store.Sessions(),
		Blocklist: store.Blocklist(ctx),
	})
	if err := jwt.InitApp(nil); err != nil {
		log.Fatal(err)
	}
	pair, err := jwt.CreateTokenPair(ctx, "alice")
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := store.Sessions().List(ctx, "", "alice")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sessions:", len(sessions))

	if err := jwt.EndSession(ctx, pair.SessionID); err != nil {
		log.Fatal(err)
	}
	_, err = jwt.VerifyToken(ctx, pair.AccessToken)
	fmt.Println("revoked:", errors.Is(err, ginjwt.ErrRevokedToken))
	// Output:
	// sessions: 1
	// revoked: true
}
