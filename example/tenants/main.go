// Command tenants serves many tenants with one program. The host of a request chooses the
// tenant. Each tenant has its own keys, users, cookies and sessions; all share the stores.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"log"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/crypto/bcrypt"

	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

func main() {
	var o options
	flag.StringVar(&o.postgres, "postgres", "", "URL of PostgreSQL; empty: the file tenants.db")
	flag.StringVar(&o.redis, "redis", "", "URL of Redis for the sessions; empty: the database")
	flag.StringVar(&o.provider, "provider", "", "issuer of the identity provider; empty: none")
	suspend := flag.String("suspend", "", "host of a tenant to suspend")
	rotate := flag.String("rotate", "", "host of a tenant that gets a new key")
	flag.Parse()
	gin.SetMode(gin.ReleaseMode)
	ctx := context.Background()
	db, dialect, err := openDatabase(ctx, o.postgres)
	if err != nil {
		log.Fatal(err)
	}
	switch {
	case *suspend != "":
		err = tenants{db}.suspend(ctx, *suspend)
	case *rotate != "":
		err = tenants{db}.rotate(ctx, *rotate, time.Now().Add(10*time.Minute))
	default:
		err = o.serve(ctx, db, dialect)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// options are what to connect to.
type options struct{ postgres, redis, provider string }

func (o options) serve(ctx context.Context, db *sql.DB, dialect sqlstore.Dialect) error {
	handler, err := o.handler(ctx, db, dialect)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: "localhost:8080", Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServe()
}

// mostTenants is how many tenants may be in memory. The least recently used goes first.
const mostTenants = 10_000

// handler connects to everything that tenants share.
func (o options) handler(ctx context.Context, db *sql.DB, dialect sqlstore.Dialect) (http.Handler, error) {
	users, err := newUsers(db, bcrypt.DefaultCost)
	if err != nil {
		return nil, err
	}
	s := shared{users: users, mail: logMail, provider: o.provider}
	if err := s.openStores(ctx, db, dialect, o.redis); err != nil {
		return nil, err
	}
	if o.provider != "" {
		if s.providerKeys, err = jwks.Discover(ctx, o.provider, jwks.Options{}); err != nil {
			return nil, err
		}
	}
	if err := addDemo(ctx, db, s.users); err != nil {
		return nil, err
	}
	return newApps(tenants{db}, s.handler, mostTenants)
}

// handler is newRouter as apps needs it.
func (s shared) handler(t tenant) (http.Handler, error) { return s.newRouter(t) }

// logMail stands for a mail server.
func logMail(_ context.Context, to, link string) { log.Print("mail to ", to, ": ", link) }

// addDemo adds two tenants, each with a user alice, unless they are there.
func addDemo(ctx context.Context, db *sql.DB, u users) error {
	for id, password := range map[string]string{"acme": "correct horse", "globex": "battery staple"} {
		t, err := newTenant(id, id+".localhost")
		if err != nil {
			return err
		}
		switch _, err := (tenants{db}).tenant(ctx, t.Host); {
		case err == nil:
			continue
		case !errors.Is(err, errNoTenant):
			return err
		}
		if err := (tenants{db}).add(ctx, t); err != nil {
			return err
		}
		if err := (tenantUsers{u, id}).setPassword(ctx, "alice", password); err != nil {
			return err
		}
	}
	return nil
}
