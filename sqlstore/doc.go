// Package sqlstore keeps ginjwt's sessions, revoked tokens and used IDs in
// PostgreSQL, MySQL, MariaDB or SQLite, through database/sql. You bring the driver.
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
// PostgreSQL and MySQL need no special parameters. In MySQL interpolateParams=true
// saves a round trip for every statement, and makes rotations about 1.5 times as fast.
// You can set clientFoundRows, parseTime and the character set as you like.
//
// SQLite needs busy_timeout: only one connection can write at a time, and without
// busy_timeout the other connections fail immediately. With journal_mode(wal) readers do
// not wait for the writer. With SetMaxOpenConns(1) writers wait for each other in the
// pool, which is fastest.
//
// Limit the pool (SetMaxOpenConns, SetMaxIdleConns, SetConnMaxLifetime). Connect to the
// primary. A database replica that lags behind does not know the newest generation of a
// session and the newest revocations. A node of a cluster does not know them either, if it
// serves reads before it has the writes of other nodes.
//
// Options.Timeout bounds each call, even if the server hangs or the pool is exhausted.
// The error is then [context.DeadlineExceeded], and it is not known whether a change
// was made. [Store.Migrate] and [Store.Purge] take several steps, and end with their
// context.
//
// # Tables
//
// There are six tables: sessions, blocklist, blocklist_head, blocklist_roll, schema and
// once. Options.Prefix begins their names. The table blocklist_roll has a row for each
// process that follows the blocklist. The table schema has the version of all tables.
// [Store.Migrate] creates the tables, and upgrades them while processes run. For
// migration tools there are [Store.Schema] and [Store.SchemaUpgrade]. [Store.Check]
// reports missing tables, columns and indexes. The tables contain no token, and nobody can
// make a token from their data. Call [Store.Purge] regularly, because nothing else
// deletes expired rows:
//
//	for range time.Tick(time.Hour) {
//		if _, err := store.Purge(ctx); err != nil {
//			log.Print(err)
//		}
//	}
//
// # Used IDs
//
// A [Once] has a row for each used ID, and no copy in the process. Each call of Claim is
// two queries. A row stays until [Store.Purge] deletes it. Until then the ID cannot be
// used again, even if it has expired.
//
// An ID is used only once as long as the database keeps what it committed. To lose
// no commit in a crash, configure the database:
//
//   - PostgreSQL: leave synchronous_commit on
//   - MySQL and MariaDB: set innodb_flush_log_at_trx_commit and sync_binlog to 1
//   - SQLite: leave synchronous at FULL
//
// To lose no commit in a failover, the standby must have each commit before the client
// gets its reply: docs/stores.md says how.
//
// # How fresh a blocklist is
//
// A [Blocklist] replies from a local copy of all revoked IDs. It updates the copy four
// times in each Options.MaxStaleness. The process that revoked a token refuses it
// immediately, the others within MaxStaleness. If the copy is older than MaxStaleness,
// lookups ask the database. If the database does not reply, requests are refused.
//
// The clocks of a process and of the database may differ by 30 seconds. If they differ
// by more, [Blocklist.Ready] and [Store.Ready] fail. [Store.Purge] deletes what expired
// more than a minute ago by both clocks. SQLite has no other clock than the machine's.
//
// Revocations get consecutive numbers, by a lock on the only row of blocklist_head.
// PostgreSQL assigns a number in one statement, MySQL in a short transaction. If a
// client's machine vanishes in the middle of that transaction, no process can revoke
// until the server notices. So set the TCP keepalive of the server's system to a short
// time (tcp_keepalive_time in MariaDB).
//
// If a database was restored from a backup, or failed over to a standby that lagged
// behind, it has lost the last revocations. The processes notice it within a quarter of
// MaxStaleness, and write back what they know. No process trusts the list before all
// processes have done so, which takes at least MaxStaleness. Until then a process
// refuses the IDs that it knows. For all other IDs [Blocklist.Contains] fails once the
// copy is older than MaxStaleness.
//
// The list does not wait for a process that is silent for longer than 4 × MaxStaleness.
// If only this process knows that a token is revoked, the others accept the token until
// the process is back. Revocations are lost if every process that knew them has ended.
//
// After such a restore the sessions are as old as the backup. A session that was
// rotated after the backup continues, because its refresh token proves the rotation.
// Users who logged in after the backup must log in again. A session that ended after
// the backup exists again. If that matters, delete the sessions when you restore.
package sqlstore
