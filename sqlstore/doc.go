// Package sqlstore keeps ginjwt's sessions, revoked tokens and used IDs in
// PostgreSQL, MySQL, MariaDB or SQLite, by database/sql. It brings no driver.
//
//	db, err := sql.Open("pgx", "postgres://app@localhost/app") // github.com/jackc/pgx/v5/stdlib
//	…
//	store, err := sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Options{})
//	…
//	if err := store.Migrate(ctx); err != nil { // creates the tables that are missing
//		log.Fatal(err)
//	}
//	jwt := ginjwt.New(ginjwt.Config{
//		SecretKey: os.Getenv("JWT_SECRET_KEY"),
//		Sessions:  store.Sessions(),
//		Blocklist: store.Blocklist(ctx), // follows the database until ctx ends
//	})
//
// With MySQL or MariaDB:
//
//	db, err := sql.Open("mysql", "app@tcp(localhost:3306)/app") // github.com/go-sql-driver/mysql
//	…
//	store, err := sqlstore.New(db, sqlstore.MySQL, sqlstore.Options{})
//
// With SQLite, see the example:
//
//	db, err := sql.Open("sqlite", "file:app.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)") // modernc.org/sqlite
//	…
//	store, err := sqlstore.New(db, sqlstore.SQLite, sqlstore.Options{})
//
// # Connections
//
// PostgreSQL and MySQL need no parameters of their own. In MySQL
// interpolateParams=true saves a round trip for every statement, and makes
// rotations half as fast again; clientFoundRows, parseTime and the character set
// make no difference. SQLite needs busy_timeout, as only one connection can
// write at a time and the others fail at once without it; with
// journal_mode(wal) readers do not wait for the writer, and with
// SetMaxOpenConns(1) writers wait for each other in the pool, which is fastest.
//
// Give the pool limits (SetMaxOpenConns, SetMaxIdleConns, SetConnMaxLifetime).
// All questions have to go to the server that is written to: a replica that
// lags behind knows neither the newest generation of a session nor the newest
// revocation. The same holds for the nodes of a cluster that may be read from
// before they have what was written to another.
//
// No call takes longer than Options.Timeout, also if the server hangs or the
// pool is exhausted; the error is then [context.DeadlineExceeded], and whether
// a change was made is not known. [Store.Migrate] and [Store.Purge] take
// several steps, and end with their context.
//
// # Tables
//
// There are six: sessions, blocklist, blocklist_head, blocklist_roll, schema and once,
// all with Options.Prefix. The roll has a row for each process that follows the
// blocklist, and the table schema has the version of all. [Store.Migrate] makes them, and
// makes new versions of old ones while processes are at work; for tools that
// migrate there are [Store.Schema] and [Store.SchemaUpgrade], and [Store.Check] says
// what is missing. They hold no token and nothing that tokens can be made from. Call
// [Store.Purge] now and then, as nothing else deletes what has expired:
//
//	for range time.Tick(time.Hour) {
//		if _, err := store.Purge(ctx); err != nil {
//			log.Print(err)
//		}
//	}
//
// # What is used once
//
// A [Once] has a row for each ID that was claimed. It asks the database twice for each
// claim, and keeps no copy. A row stays until [Store.Purge] deletes it, and until then the
// ID cannot be claimed again, even if its time has passed.
//
// An ID is claimed once as long as the database keeps what it has committed. So that a
// crash loses no commit, leave synchronous_commit on in PostgreSQL,
// innodb_flush_log_at_trx_commit and sync_binlog at 1 in MySQL and MariaDB, and
// synchronous at FULL in SQLite. So that a failover loses none, the replica must have each
// commit before the client gets its answer; docs/stores.md says how.
//
// # How fresh a blocklist is
//
// A [Blocklist] answers from a local copy of all revoked IDs that is brought up
// to date four times in each Options.MaxStaleness. The process that revoked a
// token refuses it at once, the others within MaxStaleness. If the copy cannot
// be brought up to date for longer than that, lookups ask the database, and if
// that does not answer, requests are refused.
//
// The clocks of a process and of the database may differ by 30 seconds:
// [Blocklist.Ready] and [Store.Ready] fail if they differ by more. [Store.Purge] deletes
// what expired more than a minute ago by both.
//
// Revocations are numbered one after the other, by a lock on the one row of
// blocklist_head. In PostgreSQL a number is taken in one statement; in MySQL in
// a short transaction: should a client's machine vanish in the middle of it, no
// one can revoke until the server notices. Let it find lost clients soon, by
// the TCP keepalive of its system (tcp_keepalive_time in MariaDB).
//
// A database that was restored from a backup, or that failed over to a copy
// that lagged behind, has lost the last revocations. Processes notice that within a
// quarter of MaxStaleness, and give back what they know. No process trusts the list
// before all have done so, which takes MaxStaleness at least. Meanwhile a process
// refuses the IDs that it knows; for all others [Blocklist.Contains] fails once the
// copy is older than MaxStaleness. A process that is silent for longer than
// 4 × MaxStaleness is not waited for: what only that process knows is accepted until it
// is back. What only processes that have ended knew is lost.
//
// Sessions are as old as the backup: those that were
// rotated since then go on, as their refresh tokens prove it; who logged in
// since then has to log in again; and a session that was ended since then is
// back. If that matters, delete the sessions with the restore.
package sqlstore
