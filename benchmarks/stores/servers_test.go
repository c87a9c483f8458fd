package stores

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// server is where processes keep what they share. Its entries and sessions are
// numbered from 1, and are made in the documented layout of the stores, as
// making a million one by one would take long.
type server interface {
	connect(tb testing.TB, staleness time.Duration) process
	fillBlocklist(tb testing.TB, first, last int)
	fillSessions(tb testing.TB, n int)
}

// process is what one process has of a server: connections of its own.
type process struct {
	sessions  ginjwt.SessionStore
	blocklist func(ctx context.Context) follower
	trips     *atomic.Int64 // to the server and back; nil if there is no way
}

// follower is a replicated blocklist.
type follower interface {
	ginjwt.Blocklist
	Ready(ctx context.Context) error
}

// follow returns a blocklist that is complete.
func (p process) follow(tb testing.TB, ctx context.Context) follower {
	tb.Helper()
	list := p.blocklist(ctx)
	require.NoError(tb, list.Ready(ctx))
	return list
}

// named is a server and how it is set up.
type named struct {
	name  string
	start func(tb testing.TB) server
}

// replicated are the servers of replicated blocklists.
var replicated = []named{
	{"Redis", func(tb testing.TB) server { return startRedis(tb, "everysec") }},
	{"PostgreSQL", func(tb testing.TB) server { return startPostgres(tb, "fsync=off") }},
	{"MariaDB", func(tb testing.TB) server { return startMariaDB(tb, "") }},
	{"SQLite", func(tb testing.TB) server { return startSQLite(tb, connections) }},
}

// growing are those that are filled with sessions.
var growing = replicated[:2]

const (
	patience    = time.Minute
	connections = 32
)

var (
	expires = time.Now().Add(100 * time.Hour).Truncate(time.Second)
	created = time.Now().Truncate(time.Second)
)

// counted counts how often an answer was waited for.
type counted struct {
	*net.TCPConn
	trips *atomic.Int64
	asked atomic.Bool
}

func (c *counted) Write(b []byte) (int, error) {
	c.asked.Store(true)
	return c.TCPConn.Write(b)
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	if n > 0 && c.asked.Swap(false) {
		c.trips.Add(1)
	}
	return n, err
}

func dialer(trips *atomic.Int64) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &counted{TCPConn: conn.(*net.TCPConn), trips: trips}, nil
	}
}

type redisServer struct{ addr string }

func startRedis(tb testing.TB, fsync string) server {
	return redisServer{testserver.Redis(tb, "--appendfsync", fsync, "--auto-aof-rewrite-percentage", "0").Addr()}
}

func (s redisServer) client(tb testing.TB, trips *atomic.Int64) *redis.Client {
	client := redis.NewClient(&redis.Options{
		Addr: s.addr, Dialer: dialer(trips), PoolSize: connections,
		ContextTimeoutEnabled: true, ReadTimeout: patience, WriteTimeout: patience,
	})
	tb.Cleanup(func() { require.NoError(tb, client.Close()) })
	return client
}

func (s redisServer) connect(tb testing.TB, staleness time.Duration) process {
	var trips atomic.Int64
	store, err := redisstore.New(s.client(tb, &trips), redisstore.Options{Timeout: patience, MaxStaleness: staleness})
	require.NoError(tb, err)
	return process{store.Sessions(), func(ctx context.Context) follower { return store.Blocklist(ctx) }, &trips}
}

// fillBlocklist has the store itself add the first entry, and with it what else
// there has to be.
func (s redisServer) fillBlocklist(tb testing.TB, first, last int) {
	ctx, stop := context.WithCancel(tb.Context())
	defer stop()
	require.NoError(tb, s.connect(tb, 0).blocklist(ctx).Add(ctx, idOf(first), expires))
	s.pipelined(tb, first+1, last, func(pipe redis.Pipeliner, i int) {
		key := idset.KeyOf(idOf(i))
		pipe.ZAdd(tb.Context(), "{ginjwt}:blocklist", redis.Z{Score: float64(expires.Unix()), Member: string(key[:])})
	})
}

func (s redisServer) fillSessions(tb testing.TB, n int) {
	ctx := tb.Context()
	s.pipelined(tb, 1, n, func(pipe redis.Pipeliner, i int) {
		user := sha256.Sum256([]byte(userOf(i)))
		session, index := "ginjwt:session:"+idOf(i), "ginjwt:sessions:"+hex.EncodeToString(user[:])
		now := created.UnixMilli()
		pipe.HSet(ctx, session, "call", "1", "identity", userOf(i), "device", "", "created", now,
			"generation", 1, "rotated", now, "grace", now, "expires", expires.UnixMilli())
		pipe.PExpireAt(ctx, session, expires)
		pipe.ZAdd(ctx, index, redis.Z{Score: float64(expires.UnixMilli()), Member: idOf(i)})
		pipe.PExpireAt(ctx, index, expires)
	})
}

func (s redisServer) pipelined(tb testing.TB, first, last int, add func(redis.Pipeliner, int)) {
	client, next := s.client(tb, new(atomic.Int64)), first
	for next <= last {
		_, err := client.Pipelined(tb.Context(), func(pipe redis.Pipeliner) error {
			for ; next <= last && pipe.Len() < 4000; next++ {
				add(pipe, next)
			}
			return nil
		})
		require.NoError(tb, err)
	}
}

func userOf(i int) string { return fmt.Sprint("user ", i) }

type sqlServer struct {
	dialect sqlstore.Dialect
	most    int // connections of a process
	open    func(trips *atomic.Int64) *sql.DB
}

func startPostgres(tb testing.TB, settings ...string) server {
	config, err := pgx.ParseConfig(testserver.Postgres(tb, append(settings, "max_connections=200")...).DSN())
	require.NoError(tb, err)
	return migrated(tb, sqlServer{sqlstore.PostgreSQL, connections, func(trips *atomic.Int64) *sql.DB {
		own := config.Copy()
		own.DialFunc = dialer(trips)
		return stdlib.OpenDB(*own)
	}})
}

func startMariaDB(tb testing.TB, parameters string, args ...string) server {
	config, err := mysql.ParseDSN(testserver.MariaDB(tb, args...).DSN() + parameters)
	require.NoError(tb, err)
	return migrated(tb, sqlServer{sqlstore.MySQL, connections, func(trips *atomic.Int64) *sql.DB {
		own := config.Clone()
		own.DialFunc = dialer(trips)
		connector, err := mysql.NewConnector(own)
		require.NoError(tb, err)
		return sql.OpenDB(connector)
	}})
}

func startSQLite(tb testing.TB, most int) server {
	dsn := "file:" + filepath.Join(tb.TempDir(), "scale.db") + "?_pragma=busy_timeout(30000)&_pragma=journal_mode(wal)"
	return migrated(tb, sqlServer{sqlstore.SQLite, most, func(*atomic.Int64) *sql.DB {
		db, err := sql.Open("sqlite", dsn)
		require.NoError(tb, err)
		return db
	}})
}

func migrated(tb testing.TB, s sqlServer) server {
	store, _ := s.store(tb, 0)
	require.NoError(tb, store.Migrate(tb.Context()))
	return s
}

func (s sqlServer) db(tb testing.TB, trips *atomic.Int64) *sql.DB {
	db := s.open(trips)
	tb.Cleanup(func() { require.NoError(tb, db.Close()) })
	db.SetMaxOpenConns(s.most)
	db.SetMaxIdleConns(s.most)
	return db
}

func (s sqlServer) store(tb testing.TB, staleness time.Duration) (*sqlstore.Store, *atomic.Int64) {
	var trips atomic.Int64
	store, err := sqlstore.New(s.db(tb, &trips), s.dialect, sqlstore.Options{Timeout: patience, MaxStaleness: staleness})
	require.NoError(tb, err)
	return store, &trips
}

func (s sqlServer) connect(tb testing.TB, staleness time.Duration) process {
	store, trips := s.store(tb, staleness)
	if s.dialect == sqlstore.SQLite {
		trips = nil
	}
	return process{store.Sessions(), func(ctx context.Context) follower { return store.Blocklist(ctx) }, trips}
}

func (s sqlServer) fillBlocklist(tb testing.TB, first, last int) {
	s.change(tb, func(tx *sql.Tx) error {
		const insert = `INSERT INTO ginjwt_blocklist (seq, mark, id, expires) `
		var err error
		switch s.dialect {
		case sqlstore.PostgreSQL:
			_, err = tx.Exec(fmt.Sprintf(insert+`SELECT i, 'mark', decode(md5('id ' || i), 'hex'), %d FROM generate_series(%d, %d) AS i`,
				expires.Unix(), first, last))
		case sqlstore.MySQL:
			_, err = tx.Exec(fmt.Sprintf(insert+`SELECT seq, 'mark', unhex(md5(concat('id ', seq))), %d FROM seq_%d_to_%d`,
				expires.Unix(), first, last))
		case sqlstore.SQLite:
			err = insertEach(tx, insert+`VALUES (?, 'mark', ?, ?)`, first, last)
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(fmt.Sprintf(`UPDATE ginjwt_blocklist_head SET seq = %d, mark = 'mark'`, last))
		return err
	})
}

func insertEach(tx *sql.Tx, query string, first, last int) error {
	insert, err := tx.Prepare(query)
	if err != nil {
		return err
	}
	for i := first; i <= last; i++ {
		key := idset.KeyOf(idOf(i))
		if _, err := insert.Exec(i, key[:], expires.Unix()); err != nil {
			return err
		}
	}
	return nil
}

// fillSessions is for PostgreSQL only.
func (s sqlServer) fillSessions(tb testing.TB, n int) {
	s.change(tb, func(tx *sql.Tx) error {
		now := created.UnixMilli()
		_, err := tx.Exec(fmt.Sprintf(
			`INSERT INTO ginjwt_sessions (id, identity, device, generation, created, rotated, grace, expires, changes) `+
				`SELECT md5('id ' || i)::uuid::text, 'user ' || i, '', 1, %d, %d, %d, %d, 0 FROM generate_series(1, %d) AS i`,
			now, now, now, expires.UnixMilli(), n))
		return err
	})
}

func (s sqlServer) change(tb testing.TB, change func(tx *sql.Tx) error) {
	tx, err := s.db(tb, new(atomic.Int64)).BeginTx(tb.Context(), nil)
	require.NoError(tb, err)
	require.NoError(tb, change(tx))
	require.NoError(tb, tx.Commit())
	if s.dialect == sqlstore.PostgreSQL {
		_, err := s.db(tb, new(atomic.Int64)).ExecContext(tb.Context(), `ANALYZE`)
		require.NoError(tb, err)
	}
}

// What is filled in is what the stores find.
func TestFilledBlocklists(t *testing.T) {
	for _, s := range replicated {
		server := s.start(t)
		server.fillBlocklist(t, 1, 1500)
		list := server.connect(t, 0).follow(t, t.Context())
		require.Equal(t, []bool{false, true, true, false}, contained(t, list, 0, 1, 1500, 1501), s.name)
		require.NoError(t, list.Add(t.Context(), idOf(0), expires))

		later := server.connect(t, 0).follow(t, t.Context())
		require.Equal(t, []bool{true, true, true, false}, contained(t, later, 0, 1, 1500, 1501), s.name)
	}
}

func contained(tb testing.TB, list ginjwt.Blocklist, numbers ...int) (all []bool) {
	tb.Helper()
	for _, i := range numbers {
		blocked, err := list.Contains(tb.Context(), idOf(i))
		require.NoError(tb, err)
		all = append(all, blocked)
	}
	return all
}

func TestFilledSessions(t *testing.T) {
	for _, s := range growing {
		server := s.start(t)
		server.fillSessions(t, 10)
		sessions := server.connect(t, 0).sessions
		want, ok, err := sessions.Get(t.Context(), idOf(7))
		require.NoError(t, err)
		require.True(t, ok)
		require.True(t, want.CreatedAt.Equal(created) && want.RotatedAt.Equal(created) && want.HandedOutAt.Equal(created.Add(-time.Minute)))
		require.True(t, want.ExpiresAt.Equal(expires))
		got, err := sessions.List(t.Context(), "", userOf(7))
		require.NoError(t, err)
		require.Equal(t, []ginjwt.Session{want}, got)
		replaced, err := sessions.Replace(t.Context(), want, ginjwt.Session{
			ID: want.ID, Identity: want.Identity, Generation: 2,
			CreatedAt: want.CreatedAt, RotatedAt: want.RotatedAt, HandedOutAt: want.HandedOutAt, ExpiresAt: want.ExpiresAt,
		})
		require.NoError(t, err)
		require.True(t, replaced)
	}
}
