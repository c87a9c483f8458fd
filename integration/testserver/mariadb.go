package testserver

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// MariaDB starts a MariaDB server with the database test and, for connections
// from this machine, the user test, who may do everything and has no password.
// The arguments are added to its command line, as in "--max-connections=20".
//
// What was committed survives Kill, since the kernel has it by then, but is not
// forced to the disk: "--innodb-flush-log-at-trx-commit=1" would do that.
func MariaDB(tb testing.TB, args ...string) *Server {
	tb.Helper()
	return run(tb, mariadbKind(tb, args))
}

var mariadbTemplate template

const mariadbUser = `CREATE DATABASE IF NOT EXISTS test;
CREATE USER IF NOT EXISTS 'test'@'127.0.0.1';
GRANT ALL PRIVILEGES ON *.* TO 'test'@'127.0.0.1' WITH GRANT OPTION;
`

var mariadbSettings = []string{
	"--bind-address=127.0.0.1",
	"--socket=mariadb.sock", // in the data directory: the path may be too long
	"--pid-file=mariadb.pid",
	"--skip-name-resolve",
	"--skip-log-bin",
	"--innodb-log-file-size=8M",
	"--innodb-buffer-pool-size=32M",
	"--innodb-flush-log-at-trx-commit=2",
}

func mariadbKind(tb testing.TB, args []string) kind {
	tb.Helper()
	install := Program(tb, "mariadb-install-db", "mariadb-server")
	program := Program(tb, "mariadbd", "mariadb-server")
	mariadbTemplate.fill(tb, "mariadb", func(parent string) error { return initialiseMariaDB(install, parent) })
	return kind{
		name: "mariadb",
		prepare: func(s *Server) error {
			if err := os.WriteFile(initFile(s.dir), []byte(mariadbUser), 0o644); err != nil {
				return err
			}
			return mariadbTemplate.copyTo(s.data())
		},
		configure: nothing,
		command: func(s *Server) *exec.Cmd {
			all := append(mariadbArgs(s.dir), "--port="+strconv.Itoa(s.port()), "--init-file="+initFile(s.dir))
			all = append(append(all, mariadbSettings...), args...)
			return in(s.dir, exec.Command(program, all...))
		},
		answers:     mariadbAnswers,
		dsn:         func(addr string) string { return "test@tcp(" + addr + ")/test" },
		killed:      nothingLeft,
		deathSignal: syscall.SIGKILL,
	}
}

func initialiseMariaDB(install, parent string) error {
	args := append(mariadbArgs(parent), "--auth-root-authentication-method=normal",
		"--skip-name-resolve", "--innodb-log-file-size=8M")
	return output(in(parent, exec.Command(install, args...)))
}

// mariadbArgs allows it to run as root, which it refuses unless told, and gives
// it a directory for temporary tables: at its start it deletes those of others.
func mariadbArgs(dir string) []string {
	args := []string{"--no-defaults", "--datadir=" + filepath.Join(dir, "data"), "--tmpdir=" + dir}
	if os.Geteuid() == 0 {
		args = append(args, "--user=root")
	}
	return args
}

func initFile(dir string) string { return filepath.Join(dir, "init.sql") }

// mariadbAnswers reads the greeting: a length of three bytes, a number, and
// the version of the protocol, or 255 if the server refuses us.
func mariadbAnswers(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, answerTimeout)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(answerTimeout))
	var greeting [5]byte
	if _, err := io.ReadFull(conn, greeting[:]); err != nil {
		return err
	}
	if greeting[4] != 10 {
		return errors.New("mariadb refuses the connection")
	}
	return nil
}
