package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	testserver.Configure()
	m.Run()
}

// listed is a directory in memory.
type listed struct {
	mu      sync.Mutex
	tenants map[string]tenant // by host
	err     error
	asked   int
}

func (d *listed) tenant(_ context.Context, host string) (tenant, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	t, ok := d.tenants[host]
	if d.err == nil && !ok {
		return tenant{}, errNoTenant
	}
	return t, d.err
}

func (d *listed) put(t tenant) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tenants[t.Host] = t
}

func (d *listed) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

// writes counts what is written to the stores that all tenants share.
type writes struct{ n atomic.Int64 }

type countedSessions struct {
	ginjwt.SessionStore
	*writes
}

func (s countedSessions) Create(ctx context.Context, session ginjwt.Session) (bool, error) {
	s.n.Add(1)
	return s.SessionStore.Create(ctx, session)
}

func (s countedSessions) Replace(ctx context.Context, old, next ginjwt.Session) (bool, error) {
	s.n.Add(1)
	return s.SessionStore.Replace(ctx, old, next)
}

func (s countedSessions) Delete(ctx context.Context, id string) (bool, error) {
	s.n.Add(1)
	return s.SessionStore.Delete(ctx, id)
}

type countedList struct {
	ginjwt.Blocklist
	*writes
}

func (l countedList) Add(ctx context.Context, id string, expires time.Time) error {
	l.n.Add(1)
	return l.Blocklist.Add(ctx, id, expires)
}

type countedOnce struct {
	ginjwt.Once
	*writes
}

func (o countedOnce) Claim(ctx context.Context, id string, until time.Time) (bool, error) {
	o.n.Add(1)
	return o.Once.Claim(ctx, id, until)
}

// world is the program with the tenants acme and globex.
type world struct {
	*apps
	writes    writes
	shared    shared
	directory *listed
	provider  *jwttest.Issuer
	mails     chan string
	visitor   credentials // of somebody with an account at globex
}

// storesOf fills the stores of s.
type storesOf func(t *testing.T, s *shared)

func inMemory(_ *testing.T, s *shared) {
	s.sessions, s.blocklist, s.once = &ginjwt.MemorySessions{}, &ginjwt.MemoryBlocklist{}, &ginjwt.MemoryOnce{}
}

// storeTimeout is long: many tests write to the disk of a busy machine at the same time.
const storeTimeout = time.Minute

func inSQLite(t *testing.T, s *shared) {
	t.Helper()
	store, err := sqlstore.New(s.users.db, sqlstore.SQLite, sqlstore.Options{Timeout: storeTimeout})
	require.NoError(t, err)
	require.NoError(t, store.Migrate(t.Context()))
	s.sessions, s.blocklist, s.once = store.Sessions(), store.Blocklist(t.Context()), store.Once()
}

// inRedis returns stores on one server, each with its own prefix.
func inRedis(t *testing.T) storesOf {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: testserver.Redis(t).Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return func(t *testing.T, s *shared) {
		t.Helper()
		prefix := strings.Map(func(r rune) rune {
			if strings.ContainsRune("abcdefghijklmnopqrstuvwxyz", r) {
				return r
			}
			return '-'
		}, strings.ToLower(t.Name()))
		store, err := redisstore.New(client, redisstore.Options{Prefix: prefix, Timeout: storeTimeout})
		require.NoError(t, err)
		require.NoError(t, store.Migrate(t.Context()))
		s.sessions, s.blocklist, s.once = store.Sessions(), store.Blocklist(t.Context()), store.Once()
	}
}

// newWorld returns the program. With sameKeys both tenants have the same keys, by mistake.
func newWorld(t *testing.T, stores storesOf, sameKeys bool) *world {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "tenants.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)")
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.ExecContext(t.Context(), schema)
	require.NoError(t, err)
	users, err := newUsers(db, bcrypt.MinCost)
	require.NoError(t, err)
	w := &world{directory: &listed{tenants: map[string]tenant{}}, mails: make(chan string, 10), provider: jwttest.NewIssuer(t, nil)}
	w.shared = shared{users: users, provider: w.provider.URL, mail: func(_ context.Context, _, link string) { w.mails <- link }}
	w.shared.providerKeys, err = jwks.Discover(t.Context(), w.provider.URL, jwks.Options{AllowLoopbackHTTP: true})
	require.NoError(t, err)
	stores(t, &w.shared)
	w.shared.sessions = countedSessions{w.shared.sessions, &w.writes}
	w.shared.blocklist = countedList{w.shared.blocklist, &w.writes}
	w.shared.once = countedOnce{w.shared.once, &w.writes}
	keys := ""
	for id, password := range passwords {
		added, err := newTenant(id, id+".test")
		require.NoError(t, err)
		if keys = or(keys, added.Keys); sameKeys {
			added.Keys = keys
		}
		added.ClientID = id + "-client"
		w.directory.put(added)
		require.NoError(t, (tenantUsers{users, id}).setPassword(t.Context(), "alice", password))
	}
	w.apps, err = newApps(w.directory, w.shared.handler, 10)
	require.NoError(t, err)
	return w
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

var passwords = map[string]string{"acme": "correct horse", "globex": "battery staple"}

func (w *world) do(at, method, path string, opts ...jwttest.RequestOption) *httptest.ResponseRecorder {
	return jwttest.Do(w, method, "https://"+at+".test"+path, opts...)
}

// credentials are everything that a tenant gives to a user.
type credentials struct {
	tenant                   tenant
	access, refresh, session string
	ticket, link             string
	provider, logout         string
	cookies                  *httptest.ResponseRecorder
	password                 string
}

type pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func (w *world) login(t *testing.T, at string) (p pair) {
	t.Helper()
	got := w.do(at, "POST", "/login", jwttest.JSON(`{"name":"alice","password":"`+passwords[at]+`"}`))
	require.Equal(t, 200, got.Code, got.Body)
	require.NoError(t, json.Unmarshal(got.Body.Bytes(), &p))
	return p
}

const backChannelEvent = "http://schemas.openid.net/event/backchannel-logout"

func (w *world) credentials(t *testing.T, at string) (c credentials) {
	t.Helper()
	w.directory.mu.Lock()
	c.tenant, c.password = w.directory.tenants[at+".test"], passwords[at]
	w.directory.mu.Unlock()
	pair := w.login(t, at)
	c.access, c.refresh = pair.Access, pair.Refresh
	var list struct {
		Sessions []struct {
			ID string `json:"id"`
		} `json:"sessions"`
	}
	sessions := w.do(at, "GET", "/sessions", jwttest.Bearer(c.access))
	require.NoError(t, json.Unmarshal(sessions.Body.Bytes(), &list), sessions.Body)
	require.Len(t, list.Sessions, 1)
	c.session = list.Sessions[0].ID

	var bought struct{ Ticket string }
	order := w.do(at, "POST", "/ticket", jwttest.Bearer(c.access), jwttest.JSON(`{"url":"/download"}`))
	require.NoError(t, json.Unmarshal(order.Body.Bytes(), &bought), order.Body)
	c.ticket = bought.Ticket
	require.Equal(t, 202, w.do(at, "POST", "/password/link", jwttest.JSON(`{"name":"alice"}`)).Code)
	link, err := url.Parse(<-w.mails)
	require.NoError(t, err)
	require.Equal(t, at+".test", link.Host)
	c.link = link.Query().Get("token")

	client := ginjwt.Claims{"aud": at + "-client", "sid": "at the provider"}
	c.provider = w.provider.Token("bob", client)
	maps.Copy(client, ginjwt.Claims{"jti": at, "events": map[string]any{backChannelEvent: map[string]any{}}})
	c.logout = w.provider.Token("bob", client)
	c.cookies = w.do(at, "POST", "/web/login", jwttest.JSON(`{"name":"alice","password":"`+c.password+`"}`))
	require.Equal(t, 204, c.cookies.Code, c.cookies.Body)
	return c
}

// csrf returns a cookie's value.
func (c credentials) csrf(name string) string {
	for _, cookie := range c.cookies.Result().Cookies() {
		if cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}
