// Command wire makes a JWTManager, its store and its routes by constructors that Wire can
// put together, and does so by hand.
package main

import (
	"context"
	"database/sql"
	"log"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	_ "modernc.org/sqlite" // the driver "sqlite", in Go

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		log.Fatal(err)
	}
	router, cleanup, err := newApplication(context.Background(), config, "app.db")
	if err != nil {
		log.Fatal(err)
	}
	err = router.Run("localhost:8080")
	cleanup()
	log.Fatal(err)
}

// databaseFile is a type of its own, as Wire tells values apart by their types.
type databaseFile string

func newDatabase(file databaseFile) (*sql.DB, func(), error) {
	db, err := sql.Open("sqlite", "file:"+string(file)+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)")
	if err != nil {
		return nil, nil, err
	}
	return db, func() { _ = db.Close() }, nil
}

func newStore(ctx context.Context, db *sql.DB) (*sqlstore.Store, error) {
	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{})
	if err != nil {
		return nil, err
	}
	return store, store.Migrate(ctx)
}

// newBlocklist starts to follow the blocklist. The cleanup stops it.
func newBlocklist(ctx context.Context, store *sqlstore.Store) (*sqlstore.Blocklist, func(), error) {
	following, stop := context.WithCancel(ctx)
	list := store.Blocklist(following)
	if err := list.Ready(ctx); err != nil {
		stop()
		return nil, nil, err
	}
	return list, stop, nil
}

func newManager(config ginjwt.Config, store *sqlstore.Store, list *sqlstore.Blocklist) (*ginjwt.JWTManager, error) {
	config.Sessions, config.Blocklist = store.Sessions(), list
	jwt := ginjwt.New(config)
	return jwt, jwt.InitApp(nil)
}

func newRouter(jwt *ginjwt.JWTManager) (*gin.Engine, error) {
	r := gin.New()
	if err := jwt.InitApp(r); err != nil { // only attaches: newManager has done the rest
		return nil, err
	}
	r.POST("/logout", jwt.LogoutHandler())
	r.GET("/me", jwt.JWTRequired(), func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c)})
	})
	return r, nil
}
