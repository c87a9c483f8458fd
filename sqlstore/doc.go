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
// clientFoundRows, parseTime and the character set make no difference.
//
// SQLite needs busy_timeout: only one connection can write at a time, and without it
// the others fail at once. With journal_mode(wal) readers do not wait for the writer.
// With SetMaxOpenConns(1) writers wait for each other in the pool, which is fastest.
//
// Limit the pool (SetMaxOpenConns, SetMaxIdleConns, SetConnMaxLifetime). Connect to the
// primary: a replica that lags behind does not know the newest generation of a session,
// nor the newest revocation. The same holds for nodes of a cluster that answer reads
// before they have the writes of other nodes.
//
// Options.Timeout bounds each call, even if the server hangs or the pool is exhausted.
// The error is then [context.DeadlineExceeded], and it is not known whether a change was
// made. [Store.Migrate] and [Store.Purge] take several steps, and end with their context.
//
// # Tables
//
// There are six tables: sessions, blocklist, blocklist_head, blocklist_roll, schema and
// once, all with Options.Prefix. The roll has a row for each process that follows the
// blocklist. The table schema has the version of all tables. [Store.Migrate] creates the
// tables, and upgrades them while processes run. For migration tools there are
// [Store.Schema] and [Store.SchemaUpgrade]. [Store.Check] reports what is missing.
// The tables contain no token, and nothing from which a token can be made. Call
// [Store.Purge] regularly, because nothing else deletes expired rows:
//
//	for range time.Tick(time.Hour) {
//		if _, err := store.Purge(ctx); err != nil {
//			log.Print(err)
//		}
//	}
//
// # What is used once
//
// A [Once] has a row for each claimed ID, and no copy in the process. Each claim is two
// queries. A row stays until [Store.Purge] deletes it. Until then the ID cannot be
// claimed again, even if its time has passed.
//
// An ID is claimed only once as long as the database keeps what it committed. To lose no
// commit in a crash, leave synchronous_commit on in PostgreSQL, set
// innodb_flush_log_at_trx_commit and sync_binlog to 1 in MySQL and MariaDB, and leave
// synchronous at FULL in SQLite. To lose no commit in a failover, the replica must have
// each commit before the client gets its answer: docs/stores.md says how.
//
// # How fresh a blocklist is
//
// A [Blocklist] answers from a local copy of all revoked IDs. It updates the copy four
// times in each Options.MaxStaleness. The process that revoked a token refuses it at
// once, the others within MaxStaleness. If the copy is older than MaxStaleness, lookups
// ask the database. If the database does not answer, requests are refused.
//
// The clocks of a process and of the database may differ by 30 seconds. If they differ
// by more, [Blocklist.Ready] and [Store.Ready] fail. [Store.Purge] deletes what expired
// more than a minute ago by both clocks.
//
// Revocations get consecutive numbers, by a lock on the one row of blocklist_head.
// PostgreSQL assigns a number in one statement, MySQL in a short transaction. If a
// client's machine vanishes in the middle of that transaction, no process can revoke
// until the server notices. Set the TCP keepalive of the server's system so that it
// notices soon (tcp_keepalive_time in MariaDB).
//
// A database that was restored from a backup, or that failed over to a replica that
// lagged behind, has lost the last revocations. The processes notice it within a quarter
// of MaxStaleness, and give back what they know. No process trusts the list before all
// have done so, which takes at least MaxStaleness. Meanwhile a process refuses the IDs
// that it knows. For all other IDs [Blocklist.Contains] fails once the copy is older
// than MaxStaleness. The list does not wait for a process that is silent for longer than
// 4 × MaxStaleness: a token that only this process knows to be revoked is accepted until
// the process is back. Revocations that only ended processes knew are lost.
//
// After such a restore the sessions are as old as the backup. A session that was rotated
// since then continues, because its refresh token proves the rotation. Users who logged
// in since then log in again. A session that ended since then exists again. If that
// matters, delete the sessions when you restore.
package sqlstore
