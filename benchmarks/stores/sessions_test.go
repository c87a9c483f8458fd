package stores

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/page"
)

// stores are those of sessions, as they are set up.
var stores = []struct {
	name  string
	start func(tb testing.TB) process
}{
	{"memory", func(testing.TB) process { return process{sessions: &ginjwt.MemorySessions{}} }},
	{"SQLite, WAL", func(tb testing.TB) process { return startSQLite(tb, connections).connect(tb, 0) }},
	{"SQLite, WAL, one connection", func(tb testing.TB) process { return startSQLite(tb, 1).connect(tb, 0) }},
	{"PostgreSQL, fsync off", func(tb testing.TB) process { return startPostgres(tb, "fsync=off").connect(tb, 0) }},
	{"PostgreSQL, fsync on", func(tb testing.TB) process { return startPostgres(tb, "fsync=on").connect(tb, 0) }},
	{"MariaDB, flushed each second", func(tb testing.TB) process {
		return startMariaDB(tb, "", "--innodb-flush-log-at-trx-commit=2").connect(tb, 0)
	}},
	{"the same, `interpolateParams=true`", func(tb testing.TB) process {
		return startMariaDB(tb, "?interpolateParams=true", "--innodb-flush-log-at-trx-commit=2").connect(tb, 0)
	}},
	{"MariaDB, flushed on commit", func(tb testing.TB) process {
		return startMariaDB(tb, "", "--innodb-flush-log-at-trx-commit=1").connect(tb, 0)
	}},
	{"Redis, appendfsync everysec", func(tb testing.TB) process { return startRedis(tb, "everysec").connect(tb, 0) }},
	{"Redis, appendfsync always", func(tb testing.TB) process { return startRedis(tb, "always").connect(tb, 0) }},
}

// user logs in, and trades one refresh token after the other.
type user struct {
	tb      testing.TB
	manager *ginjwt.JWTManager
	name    string
	refresh string
}

// managerOf returns a manager with a blocklist in memory, so that all round trips
// are those of sessions; asking a replicated one takes none either.
func managerOf(tb testing.TB, sessions ginjwt.SessionStore) *ginjwt.JWTManager {
	tb.Helper()
	manager := ginjwt.New(ginjwt.Config{
		SecretKey: "a secret of the benchmark, 32 bytes at least",
		Sessions:  sessions,
		Blocklist: &ginjwt.MemoryBlocklist{},
	})
	require.NoError(tb, manager.InitApp(nil))
	return manager
}

func (u *user) logIn() {
	pair, err := u.manager.CreateTokenPair(context.Background(), u.name)
	require.NoError(u.tb, err)
	u.refresh = pair.RefreshToken
}

func (u *user) rotate() {
	ctx := context.Background()
	token, err := u.manager.DecodeToken(ctx, u.refresh)
	require.NoError(u.tb, err)
	pair, err := u.manager.RotateTokens(ctx, token)
	require.NoError(u.tb, err)
	u.refresh = pair.RefreshToken
}

func usersOf(tb testing.TB, sessions ginjwt.SessionStore, n int) []*user {
	manager, users := managerOf(tb, sessions), make([]*user, n)
	for i := range users {
		users[i] = &user{tb: tb, manager: manager, name: fmt.Sprint("someone ", i)}
		users[i].logIn()
	}
	return users
}

// pace returns a function that lets all users work for a moment, and returns
// the time of one piece of work, were they one after the other.
func pace(users []*user, work func(*user)) func() time.Duration {
	return func() time.Duration {
		most := size(500*time.Millisecond, 5*time.Millisecond)
		began := time.Now()
		var group sync.WaitGroup
		done := make([]int, len(users))
		for i, u := range users {
			group.Go(func() {
				for time.Since(began) < most {
					work(u)
					done[i]++
				}
			})
		}
		group.Wait()
		total := 0
		for _, n := range done {
			total += n
		}
		return time.Since(began) / time.Duration(total)
	}
}

func perSecond(d time.Duration) string { return page.Significant(float64(time.Second) / float64(d)) }

// trips is how often a piece of work asks the server.
func trips(p process, work func()) string {
	if p.trips == nil {
		return "–"
	}
	const times = 20
	work() // statements are prepared, scripts are known
	before := p.trips.Load()
	for range times {
		work()
	}
	return page.Significant(float64(p.trips.Load()-before) / times)
}

func TestSessions(t *testing.T) {
	out := table{
		note: "HS256. The users, the manager and the server share the cores. Medians of 7 rounds of half a second; all stores are measured in turn. " +
			"A rotation includes reading the refresh token. Round trips are counted for one operation.",
		head: []string{"store", "logins/s, 1 user", "32 users", "round trips", "rotations/s, 1 user", "32 users", "round trips"},
	}
	var measures []func() time.Duration
	var counts [][2]string
	for _, s := range stores {
		p := s.start(t)
		one, many := usersOf(t, p.sessions, 1), usersOf(t, p.sessions, 32)
		counts = append(counts, [2]string{trips(p, one[0].logIn), trips(p, one[0].rotate)})
		measures = append(measures,
			pace(one, (*user).logIn), pace(many, (*user).logIn), pace(one, (*user).rotate), pace(many, (*user).rotate))
	}
	times := interleaved(size(7, 1), measures...)
	for i, s := range stores {
		of := func(j int) string { return perSecond(median(times[4*i+j])) }
		out.add(s.name, of(0), of(1), counts[i][0], of(2), of(3), counts[i][1])
	}
	out.write(t, "sessions")
}

// Sessions of others, and sessions of one user.
func TestGrowth(t *testing.T) {
	stored := table{
		note: "The column *sessions* is the number of sessions in the store, each of another user. Medians of 5 rounds of half a second, measured in turn.",
		head: []string{"store", "sessions", "`Get`", "rotations/s, 1 user", "32 users"},
	}
	listing := table{
		note: "`List` for a user with 1, 10 or 1000 sessions, beside 1000 other users. Medians of 200 calls.",
		head: []string{"store", "1 session", "10", "1000"},
	}
	sizes := size([]int{1000, 100_000, 1_000_000}, []int{100})
	var measures []func() time.Duration
	for _, kind := range growing {
		cells := []string{kind.name}
		for i, n := range sizes {
			server := kind.start(t)
			server.fillSessions(t, n)
			p := server.connect(t, 0)
			measures = append(measures, gets(t, p.sessions, n),
				pace(usersOf(t, p.sessions, 1), (*user).rotate), pace(usersOf(t, p.sessions, 32), (*user).rotate))
			if i == 0 {
				cells = append(cells, lists(t, p.sessions)...)
			}
		}
		listing.add(cells...)
	}
	times := interleaved(size(5, 1), measures...)
	for i, kind := range growing {
		for j, n := range sizes {
			of := times[3*(i*len(sizes)+j):]
			stored.add(kind.name, count(n), milliseconds(median(of[0])), perSecond(median(of[1])), perSecond(median(of[2])))
		}
	}
	stored.write(t, "growth")
	listing.write(t, "list")
}

// gets returns a function that returns the median time of a Get, of sessions
// that are spread over all.
func gets(tb testing.TB, sessions ginjwt.SessionStore, n int) func() time.Duration {
	next := 0
	return func() time.Duration {
		var times []time.Duration
		for range size(1000, 10) {
			next += 7919
			id := idOf(1 + next%n)
			times = append(times, timed(func() {
				_, ok, err := sessions.Get(tb.Context(), id)
				require.NoError(tb, err)
				require.True(tb, ok)
			}))
		}
		return median(times)
	}
}

func lists(tb testing.TB, sessions ginjwt.SessionStore) (cells []string) {
	manager := managerOf(tb, sessions)
	for _, n := range []int{1, 10, size(1000, 20)} {
		name := fmt.Sprint("with ", n)
		for range n {
			_, err := manager.CreateTokenPair(tb.Context(), name)
			require.NoError(tb, err)
		}
		var times []time.Duration
		for range size(200, 3) {
			times = append(times, timed(func() {
				got, err := sessions.List(tb.Context(), "", name)
				require.NoError(tb, err)
				require.Len(tb, got, n)
			}))
		}
		cells = append(cells, milliseconds(median(times)))
	}
	return cells
}
