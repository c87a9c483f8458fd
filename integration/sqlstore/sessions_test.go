package sqlstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

func newSession(id, identity string) ginjwt.Session {
	now := time.Now().UTC().Truncate(time.Millisecond)
	return ginjwt.Session{
		ID: id, Identity: identity, Device: "Firefox", Generation: 1,
		CreatedAt: now, RotatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
}

func create(t *testing.T, sessions *sqlstore.Sessions, s ginjwt.Session) {
	t.Helper()
	created, err := sessions.Create(t.Context(), s)
	require.NoError(t, err)
	require.True(t, created)
}

func TestSessions(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		for name, test := range map[string]func(*testing.T, *database, *tested){
			"identities are bytes":                testIdentities,
			"a replacement that changes nothing":  testChanged,
			"no row is a token, or has one in it": testNoTokens,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, d, d.newStore(t, patient))
			})
		}
	})
	t.Run("MariaDB/with other settings of the client", testClients)
}

func testIdentities(t *testing.T, _ *database, store *tested) {
	sessions := store.Sessions()
	identities := []string{
		"alice", "Alice", "alice ", "alice  ", "alicé", "alice\u0301", "straße", "strasse", "🙂", "🙃",
		strings.Repeat("x", 255), strings.Repeat("x", 254) + "y", strings.Repeat("🙂", 63) + "abc", `\`, `\\`, `'`, "\u00a0", "\ufeff",
	}
	for i, identity := range identities {
		create(t, sessions, newSession(sessionID(i), identity))
	}
	for i, identity := range identities {
		all, err := sessions.List(t.Context(), "", identity)
		require.NoError(t, err)
		require.Len(t, all, 1, "%q", identity)
		assert.Equal(t, sessionID(i), all[0].ID)
		assert.Equal(t, identity, all[0].Identity)
	}
}

// One column that changes is enough for a caller to be told so; none that
// changes is none that is told.
func testChanged(t *testing.T, _ *database, store *tested) {
	sessions := store.Sessions()
	s := newSession(sessionID(1), "alice")
	create(t, sessions, s)
	for range 3 {
		next := s
		next.HandedOutAt = s.HandedOutAt.Add(time.Millisecond)
		replaced, err := sessions.Replace(t.Context(), s, next)
		require.NoError(t, err)
		assert.True(t, replaced)
		replaced, err = sessions.Replace(t.Context(), s, next)
		require.NoError(t, err)
		assert.False(t, replaced)
		created, err := sessions.Create(t.Context(), next)
		require.NoError(t, err)
		assert.False(t, created)
		s = next
	}
	got, ok, err := sessions.Get(t.Context(), s.ID)
	require.NoError(t, err)
	require.True(t, ok)
	assert.Equal(t, s, got)
}

// Clients of MySQL choose what counts as an affected row, how parameters are
// sent, and the encoding of texts.
func testClients(t *testing.T) {
	t.Parallel()
	server := newMariaDB(t)
	for _, settings := range []string{
		"clientFoundRows=true", "interpolateParams=true", "charset=latin1", "charset=utf8mb3",
		"collation=utf8mb4_unicode_ci", "parseTime=true&loc=Local", "sql_mode=''&tx_isolation='SERIALIZABLE'",
	} {
		t.Run(settings, func(t *testing.T) {
			t.Parallel()
			dsn := server.dsn + "?" + settings
			d := &database{server.dialect, server.driver, dsn, server.server, open(t, "mysql", dsn)}
			testIdentities(t, d, d.newStore(t, patient))
			testChanged(t, d, d.newStore(t, patient))
			testPlaces(t, d, d.newStore(t, patient))
			testOrder(t, d, d.newStore(t, patient))
			testClaims(t, d, d.newStore(t, patient))
		})
	}
}

func TestStricterIsolation(t *testing.T) {
	t.Parallel()
	server := newPostgres(t)
	for _, isolation := range []string{"repeatable read", "serializable"} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			dsn := server.dsn + "&default_transaction_isolation=" + strings.ReplaceAll(isolation, " ", "%20")
			d := &database{server.dialect, server.driver, dsn, server.server, open(t, "pgx", dsn)}
			require.Equal(t, isolation, d.query(t, "SHOW transaction_isolation")[0][0])
			testChanged(t, d, d.newStore(t, patient))
			testOrder(t, d, d.newStore(t, patient))
			testClaims(t, d, d.newStore(t, patient))
		})
	}
}

func testNoTokens(t *testing.T, d *database, _ *tested) {
	options := patient
	options.MaxStaleness = time.Hour // or the copy might add what is being added, which would be there twice
	store := d.newStore(t, options)
	config := jwttest.Config(nil)
	config.Sessions, config.Blocklist = store.Sessions(), d.newBlocklist(t, store)
	mgr := ginjwt.New(config)
	require.NoError(t, mgr.InitApp(nil))
	first, err := mgr.CreateTokenPair(t.Context(), "alice")
	require.NoError(t, err)
	refresh, err := mgr.DecodeToken(t.Context(), first.RefreshToken)
	require.NoError(t, err)
	second, err := mgr.RotateTokens(t.Context(), refresh)
	require.NoError(t, err)
	require.NoError(t, mgr.RevokeToken(t.Context(), refresh))

	tokens := []string{first.AccessToken, first.RefreshToken, second.AccessToken, second.RefreshToken}
	tables := tablesOf(store)
	cells := 0
	for _, table := range []string{tables.sessions, tables.blocklist, tables.head, tables.roll, tables.schema, tables.once} {
		for _, row := range d.query(t, "SELECT * FROM "+table) {
			text := strings.Join(row, "\n")
			for _, token := range tokens {
				for part := range strings.SplitSeq(token, ".") {
					assert.NotContains(t, text, part)
				}
			}
			for _, cell := range row {
				cells++
				_, err := mgr.VerifyToken(t.Context(), cell)
				assert.Error(t, err, "%q", cell)
			}
		}
	}
	assert.Equal(t, 17+2*4+6+3+3, cells, "a session, two entries for what was revoked and why, and one row each: %v", tables)
}
