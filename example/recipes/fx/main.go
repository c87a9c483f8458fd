// Command fx puts a JWTManager, its store and its routes into a container of Fx.
package main

import (
	"context"
	"database/sql"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/fx"
	_ "modernc.org/sqlite" // the driver "sqlite", in Go

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

func main() { fx.New(application).Run() }

// application is what main runs. Tests replace parts of it.
var application = fx.Options(
	fx.Supply(databaseFile("app.db"), listenAddress("localhost:8080")),
	fx.Provide(newConfig, newDatabase, newStore, newManager, newRouter),
	fx.Invoke(serve),
)

// Types of their own, as a container tells values apart by their types.
type (
	databaseFile  string
	listenAddress string
)

func newConfig() (ginjwt.Config, error) { return ginjwt.LoadConfig(os.LookupEnv) }

func newDatabase(lc fx.Lifecycle, file databaseFile) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+string(file)+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)")
	if err == nil {
		lc.Append(fx.StopHook(db.Close))
	}
	return db, err
}

// newStore creates missing tables, and starts to follow the blocklist.
func newStore(lc fx.Lifecycle, db *sql.DB) (*sqlstore.Store, *sqlstore.Blocklist, error) {
	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{})
	if err != nil {
		return nil, nil, err
	}
	if err := store.Migrate(context.Background()); err != nil {
		return nil, nil, err
	}
	ctx, stop := context.WithCancel(context.Background()) // the context of OnStart ends after the start
	list := store.Blocklist(ctx)
	lc.Append(fx.StartStopHook(list.Ready, stop))
	return store, list, nil
}

// newManager returns a manager that is ready. Loaders are registered before InitApp.
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

func serve(lc fx.Lifecycle, r *gin.Engine, address listenAddress) {
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	lc.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			listener, err := new(net.ListenConfig).Listen(ctx, "tcp", string(address))
			if err != nil {
				return err
			}
			go func() { _ = server.Serve(listener) }()
			return nil
		},
		OnStop: server.Shutdown,
	})
}
