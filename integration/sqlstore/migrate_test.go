package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/faults"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// lines are what Check says, with the prefix of the tables instead of {}.
func lines(prefix string, problems ...string) string {
	var all []string
	for _, p := range problems {
		all = append(all, "sqlstore: "+strings.ReplaceAll(p, "{}", prefix))
	}
	return strings.Join(all, "\n")
}

// requireMended says that all is there after Migrate, and was not before.
func (d *database) requireMended(t *testing.T, prefix string, problems ...string) {
	t.Helper()
	store, text := d.openAt(t, prefix), lines(prefix, problems...)
	require.EqualError(t, store.Check(t.Context()), text)
	require.EqualError(t, store.Ready(t.Context()), text)
	require.NoError(t, store.Migrate(t.Context()))
	require.NoError(t, store.Check(t.Context()))
	require.NoError(t, store.Ready(t.Context()))
}

// problemsOfVersion1 are those of the tables of version 1.
var problemsOfVersion1 = []string{
	"table {}sessions: column realm is missing; call Migrate",
	"table {}sessions: column ends is missing; call Migrate",
	"table {}sessions: column key_hash is missing; call Migrate",
	"table {}sessions: column data is missing; call Migrate",
	"table {}sessions: column upstream_iss is missing; call Migrate",
	"table {}sessions: column upstream_sid is missing; call Migrate",
	"table {}sessions: column upstream_sub is missing; call Migrate",
	"table {}sessions: column jkt is missing; call Migrate",
	"table {}sessions: index {}sessions_user is missing; call Migrate",
	"table {}blocklist_head: column epoch is missing; call Migrate",
	"table {}blocklist_head: column restoring is missing; call Migrate",
	"table {}blocklist_head: column giver is missing; call Migrate",
	"table {}blocklist_roll is missing; call Migrate",
	"table {}schema is missing; call Migrate",
	"table {}once is missing; call Migrate",
}

func TestCheckNamesWhatIsMissing(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		d.requireMended(t, "no_",
			"table {}sessions is missing; call Migrate",
			"table {}blocklist is missing; call Migrate",
			"table {}blocklist_head is missing; call Migrate",
			"table {}blocklist_roll is missing; call Migrate",
			"table {}schema is missing; call Migrate",
			"table {}once is missing; call Migrate")

		d.newOfVersion(t, 1, "old_")
		d.requireMended(t, "old_", problemsOfVersion1...)
		d.newPrevious(t, "previous_")
		d.requireMended(t, "previous_",
			"table {}once is missing; call Migrate",
			"the schema has version 2, and this code needs version 3; call Migrate")

		d.newStore(t, sqlstore.Options{Prefix: "c_", Timeout: patient.Timeout})
		onTable := func(table string) string {
			return map[sqlstore.Dialect]string{sqlstore.MySQL: " ON " + table}[d.dialect]
		}
		for statement, problem := range map[string]string{
			"DROP INDEX c_blocklist_id" + onTable("c_blocklist"): "table {}blocklist: index {}blocklist_id is missing; call Migrate",
			"ALTER TABLE c_sessions DROP COLUMN data":            "table {}sessions: column data is missing; call Migrate",
			"DELETE FROM c_blocklist_head":                       "table {}blocklist_head: its row is missing; call Migrate",
			"DELETE FROM c_schema":                               "the schema has version 1, and this code needs version 3; call Migrate",
			"UPDATE c_schema SET version = 1, oldest = 1":        "the schema has version 1, and this code needs version 3; call Migrate",
			"UPDATE c_schema SET version = 2, oldest = 1":        "the schema has version 2, and this code needs version 3; call Migrate",
			"DROP TABLE c_once":                                  "table {}once is missing; call Migrate",
			"DROP INDEX c_once_expires" + onTable("c_once"):      "table {}once: index {}once_expires is missing; call Migrate",
			"DROP TABLE c_blocklist":                             "table {}blocklist is missing; call Migrate",
		} {
			d.exec(t, statement)
			d.requireMended(t, "c_", problem)
		}
		assert.Equal(t, [][]string{{"1", "3", "2"}}, d.query(t, "SELECT id, version, oldest FROM c_schema"))
	})
}

// A prefix makes names that tables of another program have. Those are not touched, whether
// or not they have rows.
func TestTablesOfAnotherProgram(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		for i, row := range []string{"", "('a', 'b')"} {
			prefix := fmt.Sprintf("foreign%d_", i)
			d.exec(t, "CREATE TABLE "+prefix+"sessions (id VARCHAR(40) PRIMARY KEY, payload VARCHAR(40) NOT NULL)")
			if row != "" {
				d.exec(t, "INSERT INTO "+prefix+"sessions VALUES "+row)
			}
			store := d.openAt(t, prefix)
			want := "sqlstore: table " + prefix + "sessions belongs to another program, or somebody has dropped its column identity: " +
				"use another Prefix, or restore the table"
			for range 2 {
				require.EqualError(t, store.Migrate(t.Context()), want)
				require.EqualError(t, store.Check(t.Context()), want)
				require.EqualError(t, store.Ready(t.Context()), want)
			}
			d.exec(t, "INSERT INTO "+prefix+"sessions (id, payload) VALUES ('c', 'd')")
			require.Equal(t, 1+i, len(d.query(t, "SELECT * FROM "+prefix+"sessions")))
		}
	})
}

// A version that is too new is refused, and none is lowered.
func TestVersions(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		store := d.newStore(t, sqlstore.Options{Prefix: "v_", Timeout: patient.Timeout})
		asks := map[string]func(context.Context) error{
			"Migrate": store.Migrate, "Check": store.Check, "Ready": store.Ready, "Blocklist.Ready": d.newBlocklist(t, store).Ready,
		}
		note := func(version, oldest int) {
			d.exec(t, fmt.Sprintf("UPDATE v_schema SET version = %d, oldest = %d", version, oldest))
		}
		for name, ask := range asks {
			note(3, 2)
			require.NoError(t, ask(t.Context()), name)
			note(4, 3)
			require.NoError(t, ask(t.Context()), name)
			for _, tooNew := range [][2]int{{4, 4}, {5, 3}} {
				note(tooNew[0], tooNew[1])
				assert.EqualError(t, ask(t.Context()), fmt.Sprintf("sqlstore: the schema has version %d, which is too new for this code of version 3", tooNew[0]), name)
				assert.Equal(t, [][]string{{"1", fmt.Sprint(tooNew[0]), fmt.Sprint(tooNew[1])}}, d.query(t, "SELECT id, version, oldest FROM v_schema"))
			}
		}
		// What the next version does not need any more is not made again.
		note(4, 3)
		d.exec(t, "DROP INDEX v_sessions_user"+map[sqlstore.Dialect]string{sqlstore.MySQL: " ON v_sessions"}[d.dialect])
		require.NoError(t, store.Migrate(t.Context()))
		require.NoError(t, store.Check(t.Context()))
		note(3, 2)
		d.requireMended(t, "v_", "table {}sessions: index {}sessions_user is missing; call Migrate")
	})
}

// A migration may end after any of its statements.
func TestMigrateGoesOn(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		for version := 1; version <= 2; version++ {
			steps := d.stepsFrom(t, version, fmt.Sprintf("x%d_", version))
			for n := range len(steps) + 1 {
				prefix := fmt.Sprintf("n%d_%d_", version, n)
				old, store := d.newOfVersion(t, version, prefix), d.openAt(t, prefix)
				old.create(t, sessionID(1), graceOfBefore)
				for _, step := range steps[:n] {
					d.exec(t, strings.ReplaceAll(step, fmt.Sprintf("x%d_", version), prefix))
				}
				if n < len(steps) {
					assert.Error(t, store.Check(t.Context()))
				}
				require.NoError(t, store.Migrate(t.Context()))
				require.NoError(t, store.Check(t.Context()))
				assert.Equal(t, previousSession(sessionID(1)), get(t, store, sessionID(1)))
			}
		}
	})
}

// stepsFrom returns the statements of a migration that change anything.
func (d *database) stepsFrom(t *testing.T, version int, prefix string) (steps []string) {
	t.Helper()
	d.newOfVersion(t, version, prefix)
	pool, recorder := d.recording(t)
	require.NoError(t, newTested(t, pool, d.dialect, sqlstore.Options{Prefix: prefix}).Migrate(t.Context()))
	for _, s := range recorder.sent {
		if regexp.MustCompile(`^(ALTER|CREATE|INSERT) `).MatchString(s.text) {
			steps = append(steps, s.text)
		}
	}
	require.GreaterOrEqual(t, len(steps), 2, "a table, and the version")
	return steps
}

func TestUpgradesAtOnce(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		for n := range 5 {
			prefix := fmt.Sprintf("u%d_", n)
			old := d.newOfVersion(t, 1+n%2, prefix)
			for i := range 100 {
				old.create(t, sessionID(i), graceOfBefore)
			}
			var migrating sync.WaitGroup
			for range 8 {
				pool := open(t, d.driver, d.dsn)
				migrating.Go(func() {
					options := patient
					options.Prefix = prefix
					store, err := sqlstore.New(pool, d.dialect, options)
					if assert.NoError(t, err) && assert.NoError(t, store.Migrate(t.Context())) {
						assert.NoError(t, store.Check(t.Context()))
					}
				})
			}
			migrating.Wait()
			store := d.openAt(t, prefix)
			require.NoError(t, store.Check(t.Context()))
			all, err := store.Sessions().List(t.Context(), "", "alice")
			require.NoError(t, err)
			assert.Len(t, all, 100)
		}
	})
}

// With nothing to do, Migrate only reads.
func TestMigrateOnlyReadsWhereNothingIsMissing(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		d.newStore(t, sqlstore.Options{Prefix: "r_"})
		pool, recorder := d.recording(t)
		store := newTested(t, pool, d.dialect, sqlstore.Options{Prefix: "r_"})
		for _, ask := range []func(context.Context) error{store.Migrate, store.Check, store.Ready, store.Ready} {
			require.NoError(t, ask(t.Context()))
		}
		require.NotEmpty(t, recorder.sent)
		for _, s := range recorder.sent {
			if d.dialect == sqlstore.SQLite && s.text == "DELETE FROM r_schema WHERE id = 0" {
				continue // Check tries whether it could
			}
			assert.Regexp(t, `^(SELECT|WITH wanted) `, s.text)
			assert.NotRegexp(t, `(?i)advisory|for update|for share`, s.text)
		}
		last := recorder.sent[len(recorder.sent)-1]
		assert.Equal(t, store.db.Queries.Ready, last.text)
		assert.Len(t, regexp.MustCompile(`WITH wanted|information_schema\.columns|pragma_table_info`).FindAllString(texts(recorder.sent), -1), 2,
			"after Check, Ready asks for no catalog")
	})
}

func texts(sent []statement) string {
	var all []string
	for _, s := range sent {
		all = append(all, s.text)
	}
	return strings.Join(all, "\n")
}

// servers are the databases whose clients wait for each other's locks.
var servers = map[string]func(*testing.T) *database{"PostgreSQL": newPostgres, "MariaDB": newMariaDB}

// writing returns an open transaction that has written to the sessions of a prefix.
func (d *database) writing(t *testing.T, prefix string) *sql.Tx {
	t.Helper()
	tx, err := d.pool.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "UPDATE "+prefix+"sessions SET device = 'x' WHERE id = '"+sessionID(0)+"'")
	require.NoError(t, err)
	return tx
}

// An open transaction keeps nobody from starting who has nothing to migrate.
func TestMigrateBesideAnOpenTransaction(t *testing.T) {
	t.Parallel()
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			store := d.newStore(t, sqlstore.Options{Prefix: "o_", Timeout: patient.Timeout})
			create(t, store.Sessions(), newSession(sessionID(0), "alice"))
			tx := d.writing(t, "o_")
			require.NoError(t, faults.Within(t, slack, "Migrate", func() error { return store.Migrate(t.Context()) }))
			create(t, store.Sessions(), newSession(sessionID(2), "alice"))
			require.NoError(t, tx.Rollback())
		})
	}
}

// Where there is something to do, those who write wait no longer than the
// migration waits for the transaction, and it goes on when that has ended.
func TestMigrateKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			old, store := d.newOfVersion(t, 1, "w_"), d.openAt(t, "w_")
			old.create(t, sessionID(0), graceOfBefore)
			tx := d.writing(t, "w_")
			migrated := make(chan error, 1)
			go func() { migrated <- store.Migrate(t.Context()) }()

			own, longest := faults.NewOwnTime(t), time.Duration(0)
			began := time.Now()
			for i := 1; time.Since(began) < 5*time.Second; i++ {
				before := time.Now()
				old.create(t, sessionID(i), graceOfBefore)
				longest = max(longest, own.Since(before))
			}
			t.Logf("the longest wait was %v", longest)
			assert.Less(t, longest, time.Second+slack)
			require.Empty(t, migrated, "is not done, and has not given up")

			ended, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			assert.ErrorIs(t, store.Migrate(ended), context.DeadlineExceeded)
			require.NoError(t, tx.Commit())
			require.NoError(t, <-migrated)
			require.NoError(t, store.Check(t.Context()))
			assert.Equal(t, "x", get(t, store, sessionID(0)).Device)
		})
	}
}

// What a migration sets for itself is not there for those who have the connection
// next.
func TestMigrateLeavesConnectionsAsTheyWere(t *testing.T) {
	t.Parallel()
	for name, setting := range map[string]string{
		"PostgreSQL": "SELECT current_setting('lock_timeout'), (SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory')",
		"MariaDB":    "SELECT @@SESSION.lock_wait_timeout",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := servers[name](t)
			pool := open(t, d.driver, d.dsn)
			pool.SetMaxOpenConns(1)
			one := &database{d.dialect, d.driver, d.dsn, d.server, pool}
			before := one.query(t, setting)
			one.newOfVersion(t, 1, "l_")
			store := one.openAt(t, "l_")
			one.exec(t, "INSERT INTO l_sessions VALUES ('"+sessionID(0)+"', 'alice', '', 1, 0, 0, 0, 0, 0)")
			tx := d.writing(t, "l_")
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			require.Error(t, store.Migrate(ctx))
			require.EventuallyWithT(t, func(c *assert.CollectT) { // the server may roll back after the client has given up
				assert.Equal(c, before, one.query(t, setting))
			}, time.Minute, 10*time.Millisecond)
			require.NoError(t, tx.Rollback())
			require.NoError(t, store.Migrate(t.Context()))
			assert.Equal(t, before, one.query(t, setting))
		})
	}
}

// A role that may read and write rows, and nothing else, can do all but migrate,
// and Migrate where nothing is to do.
func TestRoleWithoutDDL(t *testing.T) {
	t.Parallel()
	for name, role := range map[string]struct {
		superuser string
		make      []string
	}{
		"PostgreSQL": {"postgres@", []string{
			"CREATE ROLE app LOGIN", "REVOKE ALL ON SCHEMA public FROM PUBLIC", "GRANT USAGE ON SCHEMA public TO app",
			"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app",
		}},
		"MariaDB": {"test@", []string{
			"DELETE FROM mysql.db WHERE Db LIKE 'test%'", "FLUSH PRIVILEGES", // anybody may do anything in the database test
			"CREATE USER 'app'@'127.0.0.1'", "GRANT SELECT, INSERT, UPDATE, DELETE ON test.* TO 'app'@'127.0.0.1'",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := servers[name](t)
			d.newStore(t, sqlstore.Options{Prefix: "app_"})
			d.newOfVersion(t, 1, "old_")
			for _, statement := range role.make {
				d.exec(t, statement)
			}
			dsn := strings.Replace(d.dsn, role.superuser, "app@", 1)
			require.NotEqual(t, d.dsn, dsn)
			app := &database{d.dialect, d.driver, dsn, d.server, open(t, d.driver, dsn)}
			_, err := app.pool.ExecContext(t.Context(), "CREATE TABLE mine (id INTEGER)")
			require.Error(t, err)

			store := app.openAt(t, "app_")
			for _, ask := range []func(context.Context) error{store.Migrate, store.Check, store.Ready, app.newBlocklist(t, store).Ready} {
				require.NoError(t, ask(t.Context()))
			}
			useSessionsOnce(t, store)
			add(t, store.log, entry(1))
			_, err = store.Purge(t.Context())
			require.NoError(t, err)

			old := app.openAt(t, "old_")
			assert.EqualError(t, old.Check(t.Context()), lines("old_", problemsOfVersion1...))
			err = faults.Within(t, slack, "Migrate, which tries again what is not allowed,", func() error { return old.Migrate(t.Context()) })
			assert.ErrorContains(t, err, "sqlstore: migrating: ")
		})
	}
}

func useSessionsOnce(t *testing.T, store *tested) {
	t.Helper()
	s := newSession(sessionID(1), "alice")
	create(t, store.Sessions(), s)
	next := s
	next.Generation++
	require.True(t, replace(t, store, s, next))
	require.Equal(t, next, get(t, store, s.ID))
	deleted, err := store.Sessions().Delete(t.Context(), s.ID)
	require.NoError(t, err)
	require.True(t, deleted)
}

// An index that PostgreSQL could not finish is there, and of no use.
func TestBrokenIndex(t *testing.T) {
	t.Parallel()
	d := newPostgres(t)
	store := d.newStore(t, sqlstore.Options{Prefix: "b_", Timeout: patient.Timeout})
	create(t, store.Sessions(), newSession(sessionID(1), "alice"))
	d.exec(t, "UPDATE pg_index SET indisvalid = FALSE WHERE indexrelid = 'b_sessions_user'::regclass")
	d.requireMended(t, "b_", "table {}sessions: index {}sessions_user is broken; call Migrate")
}
