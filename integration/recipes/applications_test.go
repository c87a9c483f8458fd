package recipes_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// application is one that may share a store with others.
type application struct{ *ginjwt.JWTManager }

// newApplication makes one. All have the same key, as one would by mistake.
func newApplication(t *testing.T, realm string, sessions ginjwt.SessionStore, list ginjwt.Blocklist, audience []string) application {
	t.Helper()
	mgr := ginjwt.New(ginjwt.Config{
		SecretKey: "one secret for all applications of this test", Realm: realm,
		Sessions: sessions, Blocklist: list, EncodeAudience: audience, DecodeAudience: audience,
	})
	require.NoError(t, mgr.InitApp(nil))
	return application{mgr}
}

func (a application) logIn(t *testing.T, identity string) ginjwt.TokenPair {
	t.Helper()
	pair, err := a.CreateTokenPair(t.Context(), identity)
	require.NoError(t, err)
	return pair
}

func (a application) accepts(t *testing.T, access string) bool {
	t.Helper()
	_, err := a.VerifyToken(t.Context(), access)
	if err != nil {
		require.NotErrorIs(t, err, ginjwt.ErrUnavailable)
	}
	return err == nil
}

// refreshes reports whether a refresh token is traded.
func (a application) refreshes(t *testing.T, refresh string) bool {
	t.Helper()
	token, err := a.DecodeToken(t.Context(), refresh)
	if err == nil {
		_, err = a.RotateTokens(t.Context(), token)
	}
	return err == nil
}

func (a application) sessions(t *testing.T, identity string) (ids []string) {
	t.Helper()
	sessions, err := a.Sessions(t.Context(), identity)
	require.NoError(t, err)
	for _, s := range sessions {
		ids = append(ids, s.ID)
	}
	return ids
}

// opened are the stores of one application.
type opened struct {
	sessions ginjwt.SessionStore
	list     ginjwt.Blocklist
	ready    func(context.Context) error
}

// shared are servers that applications share; an empty prefix is that of the package.
var shared = map[string]func(t *testing.T) func(prefix string) opened{
	"Redis": func(t *testing.T) func(string) opened {
		client := redis.NewClient(&redis.Options{Addr: testserver.Redis(t).Addr(), ContextTimeoutEnabled: true})
		t.Cleanup(func() { _ = client.Close() })
		return func(prefix string) opened {
			store, err := redisstore.New(client, redisstore.Options{Prefix: prefix})
			require.NoError(t, err)
			require.NoError(t, store.Migrate(t.Context()))
			return opened{store.Sessions(), store.Blocklist(t.Context()), store.Ready}
		}
	},
	"PostgreSQL": func(t *testing.T) func(string) opened {
		db, err := sql.Open("pgx", testserver.Postgres(t).DSN())
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		return sqlStores(t, db, sqlstore.PostgreSQL)
	},
	"SQLite": func(t *testing.T) func(string) opened { return sqlStores(t, openSQLite(t), sqlstore.SQLite) },
}

func openSQLite(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "app.db")+"?_pragma=busy_timeout(60000)&_pragma=journal_mode(wal)")
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func sqlStores(t *testing.T, db *sql.DB, d sqlstore.Dialect) func(string) opened {
	return func(prefix string) opened {
		store, err := sqlstore.New(db, d, sqlstore.Options{Prefix: prefix})
		require.NoError(t, err)
		require.NoError(t, store.Migrate(t.Context()))
		return opened{store.Sessions(), store.Blocklist(t.Context()), store.Ready}
	}
}

// apart are the ways to keep two applications apart on one server.
var apart = map[string]func(t *testing.T, open func(prefix string) opened, audience func(string) []string) (shop, blog application){
	"prefixes": func(t *testing.T, open func(string) opened, audience func(string) []string) (application, application) {
		shop, blog := open("shop_"), open("blog_")
		return newApplication(t, "", shop.sessions, shop.list, audience("shop")), newApplication(t, "", blog.sessions, blog.list, audience("blog"))
	},
	"realms": func(t *testing.T, open func(string) opened, audience func(string) []string) (application, application) {
		both := open("")
		return newApplication(t, "shop", both.sessions, both.list, audience("shop")), newApplication(t, "blog", both.sessions, both.list, audience("blog"))
	},
}

func onEachServer(t *testing.T, test func(t *testing.T, way string, open func(prefix string) opened)) {
	t.Parallel()
	for server, start := range shared {
		for way := range apart {
			t.Run(server+", "+way, func(t *testing.T) {
				t.Parallel()
				test(t, way, start(t))
			})
		}
	}
}

// The two have the same key, and still neither sees nor ends what is the other's.
func TestTwoApplicationsOnOneStore(t *testing.T) {
	onEachServer(t, func(t *testing.T, way string, open func(string) opened) {
		shop, blog := apart[way](t, open, func(string) []string { return nil })
		inShop, inBlog := shop.logIn(t, "alice"), blog.logIn(t, "alice")
		assert.Equal(t, []string{inShop.SessionID}, shop.sessions(t, "alice"))
		assert.Equal(t, []string{inBlog.SessionID}, blog.sessions(t, "alice"))
		assert.False(t, blog.refreshes(t, inShop.RefreshToken), "its session is not here")

		require.NoError(t, blog.EndSessions(t.Context(), "alice"))
		assert.False(t, blog.accepts(t, inBlog.AccessToken))
		assert.Empty(t, blog.sessions(t, "alice"))
		assert.True(t, shop.accepts(t, inShop.AccessToken))
		assert.True(t, shop.refreshes(t, inShop.RefreshToken))

		require.NoError(t, blog.EndSession(t.Context(), inShop.SessionID))
		assert.Equal(t, []string{inShop.SessionID}, shop.sessions(t, "alice"))
		assert.True(t, shop.accepts(t, inShop.AccessToken))
		assert.True(t, shop.refreshes(t, inShop.RefreshToken))
	})
}

// What keeps stores apart keeps no tokens apart: that is for keys and audiences.
func TestTwoApplicationsWithOneKey(t *testing.T) {
	onEachServer(t, func(t *testing.T, way string, open func(string) opened) {
		shop, blog := apart[way](t, open, func(string) []string { return nil })
		assert.True(t, blog.accepts(t, shop.logIn(t, "alice").AccessToken), "alice of the shop is alice of the blog")
		shop, blog = apart[way](t, open, func(name string) []string { return []string{name} })
		pair := shop.logIn(t, "alice")
		assert.True(t, shop.accepts(t, pair.AccessToken))
		assert.False(t, blog.accepts(t, pair.AccessToken))
	})
}
