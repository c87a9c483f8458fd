package testserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// PgBouncer starts a PgBouncer in front of a PostgreSQL server, which it asks as the
// superuser. Any number of clients share two connections, transaction by transaction.
// Settings are added to its configuration, as in "default_pool_size=5".
func PgBouncer(tb testing.TB, of *Server, settings ...string) *Server {
	tb.Helper()
	return run(tb, pgBouncerKind(tb, of, settings))
}

// The driver lib/pq sends extra_float_digits, which PgBouncer refuses unless told.
var pgBouncerSettings = []string{
	"listen_addr=" + loopback,
	"unix_socket_dir=",
	"pool_mode=transaction",
	"default_pool_size=2",
	"max_client_conn=1000",
	"auth_type=any",
	"ignore_startup_parameters=extra_float_digits",
	"server_login_retry=1",
}

func pgBouncerKind(tb testing.TB, of *Server, settings []string) kind {
	tb.Helper()
	program := Program(tb, "pgbouncer", "pgbouncer")
	return kind{
		name:    "pgbouncer",
		prepare: func(s *Server) error { return os.MkdirAll(s.data(), 0o755) },
		configure: func(s *Server) error {
			text := fmt.Sprintf("[databases]\n* = host=%s port=%d user=postgres\n[pgbouncer]\nlisten_port=%d\n%s\n%s\n",
				loopback, of.port(), s.port(), strings.Join(pgBouncerSettings, "\n"), strings.Join(settings, "\n"))
			return os.WriteFile(pgBouncerConfigFile(s), []byte(text), 0o644)
		},
		command: func(s *Server) *exec.Cmd {
			return asPostgres(exec.Command(program, pgBouncerConfigFile(s)), s.dir)
		},
		answers:     postgresAnswers,
		dsn:         of.kind.dsn,
		killed:      nothingLeft,
		deathSignal: syscall.SIGKILL,
	}
}

func pgBouncerConfigFile(s *Server) string { return filepath.Join(s.dir, "pgbouncer.ini") }
