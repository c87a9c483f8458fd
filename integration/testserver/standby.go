package testserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// PostgresStandby starts a standby of a PostgreSQL server, which answers questions and
// takes no writes. It returns when it has all that the primary had.
func PostgresStandby(tb testing.TB, of *Server, settings ...string) *Server {
	tb.Helper()
	k := postgresKind(tb, settings)
	initdb, err := filepath.EvalSymlinks(Program(tb, "initdb", "postgresql"))
	if err != nil {
		tb.Fatalf("testserver: %v", err)
	}
	k.name = "postgres-standby" // begins as the names of those whose memory is cleared
	k.prepare = func(s *Server) error {
		if err := os.Mkdir(s.data(), 0o700); err != nil {
			return err
		}
		if uid, gid, other := postgresUser(); other {
			if err := os.Chown(s.data(), uid, gid); err != nil {
				return err
			}
		}
		return output(asPostgres(exec.Command(filepath.Join(filepath.Dir(initdb), "pg_basebackup"),
			"--host", loopback, "--port", strconv.Itoa(of.port()), "--username", "postgres", "--pgdata", s.data(),
			"--write-recovery-conf", "--checkpoint", "fast", "--no-sync"), s.dir))
	}
	return run(tb, k)
}
